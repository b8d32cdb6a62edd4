// A training that one watches: a dot a code, which glides to where the next moment has it; the loss so far; some digits rebuilt.
// data: {moment, places, labels, view, axes, curve, originals, rebuilt, names, colours, words}; arrays of bytes come in base64.
const GLIDE_MS = 900

class LivePane extends Pane {
  get names() { return this.look.axes }
}

// Lines in the same frame as the plane.
class LossPane extends Pane {
  get names() { return this.look.names }
  get left() { return 58 }
  drawBase(ctx) {
    ctx.lineWidth = 1
    this.drawAxes(ctx)
    ctx.lineWidth = 3
    ctx.lineJoin = "round"
    for (const { points, colour } of this.look.lines) {
      ctx.strokeStyle = colour
      ctx.beginPath()
      points.forEach(([x, y], i) => (i ? ctx.lineTo : ctx.moveTo).call(ctx, this.toX(x), this.toY(y)))
      ctx.stroke()
    }
  }
}

const bytes = (base64) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))

export default function ({ data, parentElement }) {
  return present(parentElement, data, () => mount(parentElement))
}

function mount(root) {
  const find = (css) => root.querySelector(css)
  const plane = new LivePane(find("#codes"), () => {}), loss = new LossPane(find("#loss"), () => {})
  const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches
  let shown = null, from = null, to = null, began = 0, frame = 0, frames = 0

  function update(data) {
    if (data.moment === to?.moment && data.run === to?.run) return paint(data)
    const next = { moment: data.moment, run: data.run, codes: new Float32Array(bytes(data.places).buffer), view: data.view }
    from = shown && shown.run === data.run && !isStill ? { codes: shown.codes.slice(), view: shown.view } : next
    to = next
    began = performance.now()
    paint(data)
    cancelAnimationFrame(frame)
    frame = requestAnimationFrame(glide)
  }

  function paint(data) {
    setWords(root, data.words)
    const labels = bytes(data.labels)
    Object.assign(plane, { look: { ...plane.look, axes: data.axes, colours: data.colours, only: null, labels } })
    const key = find(".legend")
    key.replaceChildren(...data.names.map((name, i) => {
      const span = document.createElement("span"), dot = document.createElement("i")
      dot.style.background = data.colours[i]
      span.append(dot, name)
      return span
    }))
    const { seconds, held_out, training } = data.curve, zip = (values) => seconds.map((x, i) => [x, values[i]]).filter(([, y]) => y !== null)
    const lines = [{ points: zip(held_out), colour: data.colours[0] }, { points: zip(training), colour: data.colours[1] }]
    find("#held-out i").style.background = lines[0].colour
    find("#training i").style.background = lines[1].colour
    const all = lines.flatMap(({ points }) => points.map(([, y]) => y)), low = Math.min(...all), high = Math.max(...all)
    const room = 0.06 * (high - low || high)
    loss.look = { view: [0, Math.max(5, seconds.at(-1)), low - room, high + room], names: [data.words.seconds, ""], lines,
      stamp: [data.moment, data.run, data.words.seconds].join() }
    loss.draw()
    digits(bytes(data.originals), bytes(data.rebuilt))
    find("#codes").setAttribute("aria-label", data.words.plane)
    find("#loss").setAttribute("aria-label", data.words.loss)
    find("#digits").setAttribute("aria-label", data.words.rebuilt)
    if (shown) draw()
  }

  function digits(above, below) {
    const n = 10, side = Math.sqrt(above.length / n), canvas = find("#digits")
    const image = new ImageData(n * side, 2 * side)
    for (const [row, pixels] of [above, below].entries()) {
      for (let i = 0; i < pixels.length; i++) {
        const digit = Math.floor(i / (side * side)), y = Math.floor(i / side) % side, x = i % side
        const at = 4 * ((row * side + y) * n * side + digit * side + x)
        image.data.set([pixels[i], pixels[i], pixels[i], 255], at)
      }
    }
    Object.assign(canvas, { width: n * side, height: 2 * side })
    canvas.getContext("2d").putImageData(image, 0, 0)
  }

  function glide() {
    const share = Math.min(1, (performance.now() - began) / GLIDE_MS)
    const mix = (a, b) => a + share * (b - a)
    shown = { run: to.run, codes: to.codes.map((v, i) => mix(from.codes[i], v)), view: to.view.map((v, i) => mix(from.view[i], v)) }
    draw()
    if (share < 1 && from !== to) frame = requestAnimationFrame(glide)
  }

  function draw() {
    const { labels } = plane.look
    plane.look = { ...plane.look, view: shown.view, model: { codes: shown.codes, labels }, stamp: (frames += 1) }
    plane.draw()
    find("#codes").dataset.moment = to.moment
  }

  function unmount() {
    cancelAnimationFrame(frame)
    plane.resized.disconnect()
    loss.resized.disconnect()
  }

  return { update, unmount }
}
