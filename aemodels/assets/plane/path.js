// Two test digits on the plane and the line between them: the walk in the code beside the cross-fade in pixels.
// data: {name, view, ends: [i, j], labels, digits: [base64 of 784 bytes, …], classes, colours, words, answered}; sends "change": {ends, number}.

export default function ({ data, parentElement, setTriggerValue }) {
  return present(parentElement, data, () => mount(parentElement, unlessLeft(data.page, setTriggerValue)))
}

function mount(root, setTriggerValue) {
  const find = (css) => root.querySelector(css)
  const exchange = new Exchange(setTriggerValue), slider = find("#step")
  let data, ends, held = 0, only = null
  const model = () => globalThis.latentLab?.get(data.name)
  const mix = (a, b) => Array.from(a, (v, i) => v + slider.value * (b[i] - v))
  const pane = new Pane(find("#codes"), (ctx) => {
    if (!model()) return
    const [a, b] = ends.map((i) => codeOf(model(), i)), t = mix(a, b)
    pane.stroke(ctx, () => (ctx.moveTo(pane.toX(a[0]), pane.toY(a[1])), ctx.lineTo(pane.toX(b[0]), pane.toY(b[1]))))
    ctx.font = `700 17px ${pane.theme("--st-font") || "sans-serif"}`
    ctx.textAlign = "center"
    for (const [z, letter, end] of [[a, "A", 0], [b, "B", 1]]) {
      ctx.beginPath()
      ctx.arc(pane.toX(z[0]), pane.toY(z[1]), 14, 0, 2 * Math.PI)
      ctx.fillStyle = pane.theme(end === held ? "--st-primary-color" : "--st-text-color")
      ctx.fill()
      ctx.fillStyle = pane.theme("--st-background-color")
      ctx.fillText(letter, pane.toX(z[0]), pane.toY(z[1]) + 6)
    }
    pane.stroke(ctx, () => ctx.arc(pane.toX(t[0]), pane.toY(t[1]), 7, 0, 2 * Math.PI))
  })

  function draw() {
    pane.look = { view: data.view, colours: data.colours, only, model: model() }
    pane.draw()
    const { words } = data, percent = Math.round(100 * slider.value)
    const walked = model()?.decode(mix(...ends.map((i) => codeOf(model(), i))))
    paint(find("#walk"), walked, fill(words.walked, { percent }))
    const [a, b] = data.digits.map((digit) => Uint8Array.from(atob(digit), (c) => c.charCodeAt(0)))
    const faded = mix(a, b).map((v) => v / 255)
    paint(find("#fade"), faded, fill(words.faded, { percent }))
    ;[["#a", a], ["#b", b]].forEach(([css, digit], end) => paint(find(css), Array.from(digit, (v) => v / 255), `${"AB"[end]}: ${data.labels[end]}`))
    find("#how-far").textContent = fill(words.how_far, { percent })
    find(".steps").classList.toggle("stale", exchange.moves > data.answered)
    legend(find(".legend"), data, only, (digit) => ((only = digit), draw()))
  }

  function take(i) {
    if (i < 0 || i === ends[held]) return
    ends = ends.map((end, k) => (k === held ? i : end))
    exchange.hold()
    draw()
  }

  const { canvas } = pane
  const follow = (event) => model() && take(nearestCode(model(), pane.toPlace(event)))
  canvas.onpointerdown = (event) => {
    if (event.button !== 0 || !model()) return
    canvas.setPointerCapture(event.pointerId)
    const at = canvas.getBoundingClientRect()
    const far = ends.map((i) => codeOf(model(), i)).map((z) => Math.hypot(pane.toX(z[0]) - event.clientX + at.left, pane.toY(z[1]) - event.clientY + at.top))
    held = far[0] <= far[1] ? 0 : 1 // the nearer end moves
    follow(event)
  }
  canvas.onpointermove = (event) => canvas.hasPointerCapture(event.pointerId) && follow(event)
  canvas.onpointerup = canvas.onpointercancel = () => exchange.change({ ends })
  canvas.onkeydown = (event) => {
    if (["a", "b"].includes(event.key)) return (held = "ab".indexOf(event.key)), draw()
    const direction = STEPS[event.key]
    if (!direction || !model() || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    take(nearestCode(model(), codeOf(model(), ends[held]), direction))
    exchange.change({ ends }, 150)
  }
  slider.oninput = draw
  const arrived = () => draw()
  window.addEventListener("latent-lab", arrived)

  return {
    update(fresh) {
      data = fresh
      if (exchange.accepts(data)) ends = data.ends
      setWords(root, data.words)
      canvas.setAttribute("aria-label", data.words.plane)
      draw()
    },
    unmount() {
      clearTimeout(exchange.timer)
      window.removeEventListener("latent-lab", arrived)
      pane.resized.disconnect()
    },
  }
}
