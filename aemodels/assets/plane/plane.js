// One latent plane to touch: its codes, the manifold grid of a box of it, the image decoded at the cross (here, while it
// moves), and what Python says of the place once it rests: verdict, density, the nearest real digits.
// In the whole plane the grid's box is a dashed part of what is seen; once zoomed, the box is all that is seen.
// data: {name, view, whole, dashed, rings, z, readout, titles, nearest, classes, colours, words, answered}; sends "change":
// {z, box, number}, where box is the view.

export default function ({ data, parentElement, setTriggerValue }) {
  return present(parentElement, data, () => mount(parentElement, unlessLeft(data.page, setTriggerValue)))
}

function mount(root, setTriggerValue) {
  const find = (css) => root.querySelector(css)
  const exchange = new Exchange(setTriggerValue)
  let data, z, view, said, only = null, boxing = false, rubber = null
  const marks = (ctx, pane) => {
    if (pane === codes) pane.drawRings(ctx, data.rings)
    if (pane === codes && !isZoomed()) pane.drawBox(ctx, data.dashed)
    pane.drawCross(ctx, z)
    if (rubber?.pane === pane) pane.drawBox(ctx, [rubber.from[0], rubber.to[0], rubber.from[1], rubber.to[1]])
  }
  const panes = ["#codes", "#grid"].map((css) => new Pane(find(css), marks))
  const [codes, grid] = panes
  const isZoomed = () => data.whole.some((v, i) => Math.abs(v - view[i]) > 1e-4 * (data.whole[1] - data.whole[0]))

  function draw() {
    const model = globalThis.latentLab?.get(data.name), picture = globalThis.latentLab?.get("grid")
    const shared = { colours: data.colours, only }
    codes.look = { ...shared, view, model, overview: model && isZoomed() && data.whole }
    grid.look = { ...shared, view: isZoomed() ? view : data.dashed, picture: picture?.model === data.name ? picture : null }
    panes.forEach((pane) => pane.draw())
    paint(find("#decoded"), model?.decode(z), fill(data.words.image_decoded, { z: placeText(z) }))
    find("#place").textContent = fill(data.words.decoded, { z: placeText(z) })
    find(".readout").classList.toggle("stale", exchange.moves > data.answered)
    find("#box").setAttribute("aria-pressed", boxing)
    legend(find(".legend"), data, only, (digit) => ((only = digit), draw()))
  }

  function say({ readout, nearest, words }) {
    const verdict = find("#verdict")
    verdict.textContent = readout.verdict
    verdict.className = readout.kind
    find("#what").textContent = nearest
    find("#share").innerHTML = fill(words.denser, { share: `<b>${readout.share}</b>` })
    find("#nearest").replaceChildren(...readout.nearest.map(({ label, distance, picture }) => {
      const item = document.createElement("figure")
      item.innerHTML = `<img src="data:image/png;base64,${picture}"><figcaption><b></b> ${distance}</figcaption>`
      item.querySelector("img").alt = fill(words.test_picture, { label })
      item.querySelector("b").textContent = label
      return item
    }))
  }

  function drag(place) {
    z = place
    exchange.hold()
    draw()
  }

  function zoom(box) {
    view = box
    boxing = false
    exchange.change({ z, box: view })
    draw()
  }

  panes.forEach((pane) => {
    const { canvas } = pane
    canvas.onpointerdown = (event) => {
      if (event.button !== 0) return
      canvas.setPointerCapture(event.pointerId)
      const place = pane.toPlace(event)
      if (boxing || event.shiftKey) rubber = { pane, from: place, to: place }
      else drag(place)
    }
    canvas.onpointermove = (event) => {
      if (!canvas.hasPointerCapture(event.pointerId)) return
      if (rubber) (rubber.to = pane.toPlace(event)), draw()
      else drag(pane.toPlace(event))
    }
    canvas.onpointerup = canvas.onpointercancel = () => {
      if (!rubber) return exchange.change({ z, box: view })
      const { from, to } = rubber, box = [0, 1].flatMap((i) => [Math.min(from[i], to[i]), Math.max(from[i], to[i])])
      rubber = null
      boxing = false
      const isLarge = Math.abs(pane.toX(to[0]) - pane.toX(from[0])) > 8 && Math.abs(pane.toY(to[1]) - pane.toY(from[1])) > 8
      if (isLarge) zoom(box)
      else draw()
    }
    canvas.onkeydown = (event) => {
      if (event.key === "Escape") return (rubber = null), (boxing = false), draw()
      const place = pane.step(event, z)
      if (!place) return
      drag(place)
      exchange.change({ z, box: view }, 150)
    }
  })
  find("#box").onclick = () => ((boxing = !boxing), draw())
  find("#out").onclick = () => {
    const [x1, x2, y1, y2] = view, dx = (x2 - x1) / 4, dy = (y2 - y1) / 4
    zoom([x1 - dx, x2 + dx, y1 - dy, y2 + dy])
  }
  find("#reset").onclick = () => zoom(data.whole)
  const arrived = () => draw()
  window.addEventListener("latent-lab", arrived)

  return {
    update(fresh) {
      data = fresh
      if (exchange.accepts(data)) [z, view] = [data.z, data.view]
      setWords(root, data.words)
      if (said !== (said = JSON.stringify([data.readout, data.nearest, data.words]))) say(data)
      for (const { canvas } of panes) {
        canvas.previousElementSibling.textContent = data.titles[canvas.id]
        canvas.setAttribute("aria-label", fill(data.words.plane, { title: data.titles[canvas.id], z: placeText(z) }))
      }
      draw()
    },
    unmount() {
      clearTimeout(exchange.timer)
      window.removeEventListener("latent-lab", arrived)
      panes.forEach((pane) => pane.resized.disconnect())
    },
  }
}
