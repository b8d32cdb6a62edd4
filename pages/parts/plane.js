// The latent plane: a canvas with one dot a code, and a cross at the picked place.
// Python sends data {points, view, box, colours, pick, answered}; this sends back "pick": {z, number}.
// `number` counts the moves of the cross. Python echoes the last one it has seen as `answered`, so that a late answer
// to an earlier move never pulls the cross back.

const LEFT = 62, RIGHT = 12, TOP = 12, BOTTOM = 52 // px around the plot, for the numbers on the axes
const SEND_EVERY_MS = 120

const planes = new WeakMap() // one entry a mounted component

export default function ({ data, parentElement, setTriggerValue }) {
  const canvas = parentElement.querySelector("canvas")
  let plane = planes.get(parentElement)
  if (!plane) {
    plane = { moves: data.answered, only: null, timer: null, lastSent: 0 }
    planes.set(parentElement, plane)
    plane.resized = new ResizeObserver(() => plane.draw())
    plane.resized.observe(canvas)
  }
  plane.data = data
  if (plane.encoded !== data.points) {
    plane.encoded = data.points
    plane.points = new Uint16Array(Uint8Array.from(atob(data.points), (c) => c.charCodeAt(0)).buffer)
  }
  if (data.answered >= plane.moves) {
    plane.pick = data.pick
    plane.moves = data.answered
  }

  const style = getComputedStyle(canvas)
  const theme = (name) => style.getPropertyValue(name).trim()
  const [xMin, xMax, yMin, yMax] = data.view
  const width = () => canvas.clientWidth - LEFT - RIGHT
  const height = () => canvas.clientHeight - TOP - BOTTOM
  const toX = (z1) => LEFT + ((z1 - xMin) / (xMax - xMin)) * width()
  const toY = (z2) => TOP + ((yMax - z2) / (yMax - yMin)) * height()

  function drawAll() {
    if (!canvas.clientWidth) return
    const ratio = window.devicePixelRatio || 1
    // The 10,000 dots are drawn again only where they would look different, not for every move of the cross.
    const look = [data.points, data.view, data.box, plane.only, canvas.clientWidth, ratio, theme("--st-text-color")].join()
    if (look === plane.look) return drawCross()
    plane.look = look
    plane.cloud = new OffscreenCanvas(canvas.clientWidth * ratio, canvas.clientHeight * ratio)
    const ctx = plane.cloud.getContext("2d")
    ctx.scale(ratio, ratio)
    drawAxes(ctx)
    ctx.save()
    ctx.beginPath()
    ctx.rect(LEFT, TOP, width(), height())
    ctx.clip()
    const size = canvas.clientWidth > 900 ? 3.4 : 2.8
    for (let i = 0; i < plane.points.length; i += 3) {
      const digit = plane.points[i + 2]
      ctx.globalAlpha = plane.only === null || plane.only === digit ? 0.75 : 0.08
      ctx.fillStyle = data.colours[digit]
      const x = LEFT + (plane.points[i] / 65535) * width(), y = TOP + (1 - plane.points[i + 1] / 65535) * height()
      ctx.fillRect(x - size / 2, y - size / 2, size, size)
    }
    ctx.restore()
    canvas.width = plane.cloud.width
    canvas.height = plane.cloud.height
    drawCross()
  }

  function drawAxes(ctx) {
    const text = theme("--st-text-color")
    ctx.font = `16px ${theme("--st-font") || "sans-serif"}`
    ctx.fillStyle = text
    ctx.lineWidth = 1
    const line = (x1, y1, x2, y2) => (ctx.beginPath(), ctx.moveTo(x1, y1), ctx.lineTo(x2, y2), ctx.stroke())
    ctx.strokeStyle = theme("--st-border-color")
    ctx.textAlign = "center"
    for (const t of ticks(xMin, xMax, width() / 80)) {
      line(toX(t), TOP, toX(t), TOP + height())
      ctx.fillText(label(t), toX(t), TOP + height() + 22)
    }
    ctx.fillText("z₁", LEFT + width() / 2, canvas.clientHeight - 8)
    ctx.textAlign = "right"
    for (const t of ticks(yMin, yMax, height() / 60)) {
      line(LEFT, toY(t), LEFT + width(), toY(t))
      ctx.fillText(label(t), LEFT - 8, toY(t) + 5)
    }
    ctx.textAlign = "left"
    ctx.fillText("z₂", 4, TOP + height() / 2 + 5)
    const [x1, x2, y1, y2] = data.box
    ctx.strokeStyle = text
    ctx.setLineDash([7, 6])
    ctx.strokeRect(toX(x1), toY(y2), toX(x2) - toX(x1), toY(y1) - toY(y2))
    ctx.setLineDash([])
  }

  function drawCross() {
    const ctx = canvas.getContext("2d")
    const ratio = window.devicePixelRatio || 1
    ctx.setTransform(1, 0, 0, 1, 0, 0)
    ctx.clearRect(0, 0, canvas.width, canvas.height)
    ctx.drawImage(plane.cloud, 0, 0)
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0)
    const x = toX(plane.pick[0]), y = toY(plane.pick[1])
    // Twice, a broad one in the colour of the background below, so that it stands out from any dots.
    for (const [colour, thickness] of [[theme("--st-background-color"), 6], [theme("--st-text-color"), 2.5]]) {
      ctx.strokeStyle = colour
      ctx.lineWidth = thickness
      ctx.beginPath()
      ctx.arc(x, y, 10, 0, 2 * Math.PI)
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        ctx.moveTo(x + 10 * dx, y + 10 * dy)
        ctx.lineTo(x + 26 * dx, y + 26 * dy)
      }
      ctx.stroke()
    }
  }

  function move(z1, z2) {
    // Decimals beyond a thousandth of the view would only lengthen the address.
    const decimals = Math.max(0, 3 - Math.floor(Math.log10(xMax - xMin)))
    const trim = (v, low, high) => Number(Math.min(high, Math.max(low, v)).toFixed(decimals))
    plane.pick = [trim(z1, xMin, xMax), trim(z2, yMin, yMax)]
    plane.moves += 1
    drawCross()
    if (plane.timer === null) plane.timer = setTimeout(send, Math.max(0, plane.lastSent + SEND_EVERY_MS - Date.now()))
  }

  function send() {
    plane.timer = null
    plane.lastSent = Date.now()
    setTriggerValue("pick", { z: plane.pick, number: plane.moves })
  }

  function moveTo(event) {
    const at = canvas.getBoundingClientRect()
    const x = event.clientX - at.left, y = event.clientY - at.top
    move(xMin + ((x - LEFT) / width()) * (xMax - xMin), yMax - ((y - TOP) / height()) * (yMax - yMin))
  }

  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return
    canvas.setPointerCapture(event.pointerId)
    moveTo(event)
  }
  canvas.onpointermove = (event) => canvas.hasPointerCapture(event.pointerId) && moveTo(event)
  canvas.onkeydown = (event) => {
    const step = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key]
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    const share = event.shiftKey ? 0.05 : 0.01
    move(plane.pick[0] + step[0] * share * (xMax - xMin), plane.pick[1] + step[1] * share * (yMax - yMin))
  }

  const legend = parentElement.querySelector("#legend")
  if (!legend.childElementCount) {
    data.colours.forEach((colour, digit) => {
      const button = document.createElement("button")
      button.type = "button"
      button.innerHTML = `<i style="background:${colour}"></i>${digit}`
      button.title = `Show the ${digit}s alone`
      legend.append(button)
    })
  }
  ;[...legend.children].forEach((button, digit) => {
    button.setAttribute("aria-pressed", plane.only === digit)
    button.onclick = () => {
      plane.only = plane.only === digit ? null : digit
      ;[...legend.children].forEach((other, i) => other.setAttribute("aria-pressed", plane.only === i))
      drawAll()
    }
  })
  canvas.setAttribute("aria-label", `Latent plane of ${plane.points.length / 3} codes. ` +
    `Picked: z1 ${plane.pick[0]}, z2 ${plane.pick[1]}. Arrow keys move the place, with Shift in larger steps.`)

  plane.draw = drawAll
  drawAll()
  return () => {
    clearTimeout(plane.timer)
    plane.resized.disconnect()
    planes.delete(parentElement)
  }
}

// Round numbers (1, 2 or 5 times a power of ten) between low and high, about `count` of them.
function ticks(low, high, count) {
  const rough = (high - low) / Math.max(count, 2)
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = [1, 2, 5, 10].map((f) => f * power).find((s) => s >= rough)
  const result = []
  for (let i = Math.ceil(low / step); i * step <= high; i++) result.push(i * step)
  return result
}

function label(value) {
  return String(Number(value.toPrecision(6))).replace("-", "−")
}
