// A box to draw in. Python sends data {strokes, answered, maxLength, words, page}; this sends back "drawn": {strokes, number} after each
// stroke. The text form of strokes is described in sketch.py.
// `number` counts the changes. Python echoes the last one it has seen as `answered`, so that a late answer to an earlier
// stroke never wipes out a later one.

const PEN = 0.085 // of the box's side
const sketches = new WeakMap() // one entry a mounted component

export default function ({ data, parentElement, setTriggerValue }) {
  const canvas = parentElement.querySelector("canvas")
  const [undo, clear] = ["#undo", "#clear"].map((id) => parentElement.querySelector(id))
  canvas.setAttribute("aria-label", data.words.box)
  undo.textContent = data.words.undo
  clear.textContent = data.words.clear
  let sketch = sketches.get(parentElement)
  if (!sketch) {
    sketch = { changes: data.answered, strokes: [], current: null } // the pointer that draws; a mouse's number is 0 in Firefox
    sketches.set(parentElement, sketch)
  }
  if (data.answered >= sketch.changes && sketch.current === null) {
    sketch.strokes = data.strokes ? data.strokes.split("-") : []
    sketch.changes = data.answered
  }

  function draw() {
    const side = canvas.clientWidth * (window.devicePixelRatio || 1)
    canvas.width = canvas.height = side
    const ctx = canvas.getContext("2d")
    ctx.strokeStyle = "#fff"
    ctx.lineWidth = PEN * side
    ctx.lineCap = ctx.lineJoin = "round"
    for (const stroke of sketch.strokes) {
      const places = stroke.match(/.{4}/g).map((p) => [p.slice(0, 2), p.slice(2)].map((n) => ((Number(n) + 0.5) / 100) * side))
      ctx.beginPath()
      ctx.moveTo(...places[0])
      places.forEach(([x, y], i) => {
        const [nextX, nextY] = places[i + 1] ?? [x, y]
        ctx.quadraticCurveTo(x, y, (x + nextX) / 2, (y + nextY) / 2) // smooth, through the middles between places
      })
      ctx.stroke()
    }
    undo.disabled = clear.disabled = !sketch.strokes.length
  }

  function send() {
    sketch.changes += 1
    unlessLeft(data.page, setTriggerValue)("drawn", { strokes: sketch.strokes.join("-"), number: sketch.changes })
    draw()
  }

  function place(event) {
    const at = canvas.getBoundingClientRect()
    const share = (offset, length) => Math.min(99, Math.max(0, Math.floor((100 * offset) / length)))
    const [x, y] = [share(event.clientX - at.left, at.width), share(event.clientY - at.top, at.height)]
    return [x, y].map((n) => String(n).padStart(2, "0")).join("")
  }

  canvas.onpointerdown = (event) => {
    const start = place(event)
    if (event.button !== 0 || sketch.current !== null || sketch.strokes.join("-").length + 5 > data.maxLength) return
    canvas.setPointerCapture(event.pointerId)
    sketch.current = event.pointerId
    sketch.strokes.push(start)
    draw()
  }
  canvas.onpointermove = (event) => {
    if (sketch.current !== event.pointerId) return
    const next = place(event), last = sketch.strokes.length - 1
    if (sketch.strokes[last].endsWith(next) || sketch.strokes.join("-").length + 4 > data.maxLength) return
    sketch.strokes[last] += next
    draw()
  }
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (sketch.current !== event.pointerId) return
    sketch.current = null
    send()
  }
  undo.onclick = () => {
    sketch.strokes.pop()
    send()
  }
  clear.onclick = () => {
    sketch.strokes = []
    send()
  }

  draw()
  return unlessCalledAgain(parentElement, () => sketches.delete(parentElement))
}
