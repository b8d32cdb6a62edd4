// Planes, as many as there are models, under one cursor: at the same place of each, or at the same test digit.
// data: {planes: [{name, view, box, rings, readout, title, facts}], link: "place" | "digit", z, classes, colours, words, answered}; z is in the first
// plane.
// Sends "change": {z, number}.

export default function ({ data, parentElement, setTriggerValue }) {
  return present(parentElement, data, () => mount(parentElement, data, unlessLeft(data.page, setTriggerValue)))
}

function mount(root, first, setTriggerValue) {
  const exchange = new Exchange(setTriggerValue)
  let data, z, only = null
  const figures = copies(root, "figure", first.planes.length)
  const panes = figures.map((figure, k) => new Pane(figure.querySelector("canvas.plane"), (ctx, pane) => {
    pane.drawRings(ctx, data.planes[k].rings)
    pane.drawBox(ctx, data.planes[k].box)
    pane.drawCross(ctx, placeIn(k))
  }))
  const model = (k) => globalThis.latentLab?.get(data.planes[k].name)

  // The cursor's place in plane `to`, when it is at p in plane `from`.
  function carry(p, from, to) {
    if (from === to && data.link === "place") return p
    if (data.link === "digit") return codeOf(model(to), nearestCode(model(from), p))
    const a = data.planes[from].view, b = data.planes[to].view
    return [0, 2].map((i, axis) => b[i] + ((p[axis] - a[i]) / (a[i + 1] - a[i])) * (b[i + 1] - b[i]))
  }
  const placeIn = (k) => (data.planes.every((_, i) => model(i)) ? carry(z, 0, k) : z)

  function draw() {
    panes.forEach((pane, k) => {
      const { name, view } = data.planes[k], place = placeIn(k)
      pane.look = { view, colours: data.colours, only, model: model(k), picture: globalThis.latentLab?.get(`holes-${name}`) }
      pane.draw()
      paint(figures[k].querySelector("canvas.digit"), model(k)?.decode(place), fill(data.words.decoded, { z: placeText(place) }))
      figures[k].querySelector(".place").textContent = placeText(place)
      figures[k].querySelector(".readout").classList.toggle("stale", exchange.moves > data.answered)
    })
    legend(root.querySelector(".legend"), data, only, (digit) => ((only = digit), draw()))
  }

  function drag(k, place) {
    z = carry(place, k, 0)
    exchange.hold()
    draw()
  }

  panes.forEach((pane, k) => {
    const { canvas } = pane
    canvas.onpointerdown = (event) => {
      if (event.button !== 0) return
      canvas.setPointerCapture(event.pointerId)
      drag(k, pane.toPlace(event))
    }
    canvas.onpointermove = (event) => canvas.hasPointerCapture(event.pointerId) && drag(k, pane.toPlace(event))
    canvas.onpointerup = canvas.onpointercancel = () => exchange.change({ z })
    canvas.onkeydown = (event) => {
      const here = placeIn(k), place = pane.step(event, here)
      if (!place || !model(k)) return
      if (data.link === "digit") { // to the next digit in that direction, however far it is
        const next = nearestCode(model(k), here, STEPS[event.key])
        if (next >= 0) drag(k, codeOf(model(k), next))
      } else drag(k, place)
      exchange.change({ z }, 150)
    }
  })
  const arrived = () => draw()
  window.addEventListener("latent-lab", arrived)

  return {
    update(fresh) {
      data = fresh
      if (exchange.accepts(data)) z = data.z
      setWords(root, data.words)
      data.planes.forEach(({ title, facts, readout }, k) => {
        const find = (css) => figures[k].querySelector(css)
        find(".title").textContent = title
        find(".facts").replaceChildren(...facts.map((fact) => Object.assign(document.createElement("span"), { textContent: fact })))
        find("#verdict").textContent = readout.verdict
        find("#verdict").className = readout.kind
        find("#share").textContent = fill(data.words.denser, { share: readout.share })
        find("#near").textContent = fill(data.words.nearest, { label: readout.nearest[0].label })
        panes[k].canvas.setAttribute("aria-label", fill(data.words.plane, { title }))
      })
      draw()
    },
    unmount() {
      clearTimeout(exchange.timer)
      window.removeEventListener("latent-lab", arrived)
      panes.forEach((pane) => pane.resized.disconnect())
    },
  }
}
