// A map: every code a dot, and pictures where there is room for them, more as one zooms in; groups of codes drawn by hand.
// data: {photos, view, whole, picked, a, b, near, only, names, colours, scale, detail, words, answered}
// sends "change": {picked, view, a, b, only, number}; a and b: the outline of a group, or the code whose nearest it shall be, or [] for none; only:
// the class that was clicked, or -1 for all. Null: as it was. Each change tells all that Python has not answered, for of several that wait it
// hears the last one alone.
const MOST_ZOOM = 400 // times the whole map

export default function ({ data, parentElement, setTriggerValue }) {
  return present(parentElement, data, () => mount(parentElement, unlessLeft(data.page, setTriggerValue)))
}

function mount(root, setTriggerValue) {
  const find = (css) => root.querySelector(css)
  const exchange = new Exchange(setTriggerValue), tools = [...root.querySelectorAll("[data-shape]")] // that draw outlines of groups
  let data, view, picked, outlines, only = null, hovered = -1, tool = null, drawn = null, waiting = false
  let points = null, sheet = null, levels = [], levelsOf = "", paints, paintsOf = ""
  const pointers = new Map() // id -> [x, y] of those that are down
  let moved = 0, frames = 0
  const pane = new MapPane(find("#codes"), marks), { canvas } = pane
  const side = () => (pane.width > 500 ? 1 : 0.8) * (data.photos ? 60 : 36)
  const schedule = () => {
    if (!waiting) requestAnimationFrame(() => ((waiting = false), draw()))
    waiting = true
  }
  pane.resized.disconnect()
  const resized = new ResizeObserver(() => data && ((view = fit(view)), schedule()))
  resized.observe(canvas)

  // The box, widened so that a unit is as long on both axes.
  function fit([x1, x2, y1, y2]) {
    if (!pane.width) return [x1, x2, y1, y2]
    const scale = Math.min(pane.width / (x2 - x1), pane.height / (y2 - y1))
    const dx = pane.width / scale / 2, dy = pane.height / scale / 2, x = (x1 + x2) / 2, y = (y1 + y2) / 2
    return [x - dx, x + dx, y - dy, y + dy]
  }

  function pictures() {
    const whole = fit(data.whole), unit = pane.width / (whole[1] - whole[0])
    const about = [points.version, data.only, unit, side()].join()
    if (about !== levelsOf) [levels, levelsOf] = [[], about]
    const zoom = (whole[1] - whole[0]) / (view[1] - view[0])
    const spacingAt = (zoom) => (side() + 4) / (unit * zoom)
    if (zoom < 0.999) return choosePictures(points, data.only, spacingAt(zoom), [])
    const level = Math.max(0, Math.floor(2 * Math.log2(zoom) + 1e-9))
    // Each level keeps the pictures of the one before: none goes away as one zooms in.
    while (levels.length <= level) {
      levels.push(choosePictures(points, data.only, spacingAt(2 ** (levels.length / 2)), levels.at(-1) ?? []))
    }
    return levels[level]
  }

  function draw() {
    const shelf = globalThis.latentLab
    points = shelf?.get("map") ?? null
    sheet = shelf?.get("map-sheet") ?? null
    if (!data || !pane.width) return
    frames += 1
    canvas.dataset.frames = frames
    const colours = data.scale?.colours ?? data.colours
    if (points) {
      const about = JSON.stringify([points.version, data.scale])
      if (about !== paintsOf) [paints, paintsOf] = [paintCodes(points, data.scale), about]
    }
    const shown = points ? inView(pictures()) : []
    pane.look = { view, points, paints, colours, only: data.only, sheet, side: side(), pictures: shown, model: points, picture: sheet,
      stamp: [paintsOf, colours, side()].join() }
    pane.draw()
    canvas.dataset.shown = shown.length
    for (const button of tools) button.setAttribute("aria-pressed", button === tool)
    canvas.classList.toggle("choosing", tool !== null)
    find(".readout").classList.toggle("stale", exchange.moves > data.answered)
  }

  // Those of the codes whose pictures are seen.
  function inView(chosen) {
    const [x1, x2, y1, y2] = view, { codes } = points
    const margin = side() / 2 / pane.width * (x2 - x1)
    return chosen.filter((i) => codes[2 * i] > x1 - margin && codes[2 * i] < x2 + margin && codes[2 * i + 1] > y1 - margin && codes[2 * i + 1] < y2 + margin)
  }

  const place = (i) => [points.codes[2 * i], points.codes[2 * i + 1]]
  const isInView = (i) => {
    const [x, y] = place(i)
    return x >= view[0] && x <= view[1] && y >= view[2] && y <= view[3]
  }
  const near = (i) => {
    const k = points.num_neighbours
    return [...points.neighbours.subarray(i * k, i * k + k)].slice(0, 8)
  }

  function marks(ctx) {
    if (!points) return
    const at = (i) => [pane.toX(points.codes[2 * i]), pane.toY(points.codes[2 * i + 1])]
    if (picked < points.labels.length) {
      const [x, y] = at(picked)
      pane.stroke(ctx, () => {
        for (const i of near(picked)) {
          const to = at(i)
          ctx.moveTo(x, y)
          ctx.lineTo(...to)
          ctx.moveTo(to[0] + 4, to[1])
          ctx.arc(...to, 4, 0, 2 * Math.PI)
        }
      }, 1.5)
      if (sheet) pane.drawPicture(ctx, picked, x, y, 1.3 * side())
      pane.stroke(ctx, () => ctx.rect(x - 0.65 * side(), y - 0.65 * side(), 1.3 * side(), 1.3 * side()), 2)
    }
    for (const letter of ["a", "b"]) {
      if (outlines[letter]?.length) drawGroup(ctx, pane, outlines[letter], letter)
      if (data.near[letter].length) drawRings(ctx, pane, data.near[letter].map(place), letter)
    }
    if (drawn) pane.drawOutline(ctx, outlineOf(drawn, Infinity))
    const own = data.own
    if (own) pane.stroke(ctx, () => (ctx.arc(pane.toX(own[0]), pane.toY(own[1]), 12, 0, 2 * Math.PI), ctx.moveTo(pane.toX(own[0]) - 18, pane.toY(own[1])), ctx.lineTo(pane.toX(own[0]) + 18, pane.toY(own[1]))), 3.5)
    if (hovered >= 0 && sheet && hovered !== picked) {
      const large = Math.max(2.6 * side(), 96), [x, y] = at(hovered), room = large / 2 + 4
      const [cx, cy] = [Math.min(Math.max(x, room), pane.width - room), Math.min(Math.max(y, room), pane.height - room - 20)]
      pane.drawPicture(ctx, hovered, cx, cy, large)
      ctx.fillStyle = pane.theme("--st-background-color")
      ctx.fillRect(cx - large / 2, cy + large / 2, large, 22)
      ctx.fillStyle = pane.theme("--st-text-color")
      ctx.font = `700 17px ${pane.theme("--st-font") || "sans-serif"}`
      ctx.textAlign = "center"
      ctx.fillText(name(hovered), cx, cy + large / 2 + 17, large - 6)
      ctx.textAlign = "left"
    }
  }

  const name = (i) => data.names[points.labels[i]] ?? `${i}`

  // The code whose picture or dot is under the pointer; -1 for none.
  function under(event) {
    if (!points) return -1
    const box = canvas.getBoundingClientRect(), x = event.clientX - box.left, y = event.clientY - box.top
    for (const i of pane.look.pictures) {
      if (Math.max(Math.abs(pane.toX(points.codes[2 * i]) - x), Math.abs(pane.toY(points.codes[2 * i + 1]) - y)) < side() / 2) return i
    }
    const i = nearestCode(points, pane.toPlace(event))
    return i >= 0 && Math.hypot(pane.toX(points.codes[2 * i]) - x, pane.toY(points.codes[2 * i + 1]) - y) < 12 ? i : -1
  }

  function tileOn(target, i, alt) {
    const { tile, columns } = sheet
    target.width = target.height = tile
    target.getContext("2d").drawImage(sheet.sheet, (i % columns) * tile, Math.floor(i / columns) * tile, tile, tile, 0, 0, tile, tile)
    target.setAttribute("aria-label", alt)
  }

  // What is known of the picked code, at once; the picture at full size and the original when Python has sent them.
  function say() {
    if (!points || !sheet || picked >= points.labels.length) return
    const { words } = data, detail = data.detail?.picked === picked ? data.detail : null
    tileOn(find("#tile"), picked, fill(words.decoded_picture, { label: name(picked) }))
    for (const [css, picture] of [["#decoded", detail?.decoded], ["#original", detail?.original]]) {
      find(css).hidden = !picture
      if (picture) find(css).src = `data:image/png;base64,${picture}`
    }
    find("#tile").hidden = !!detail
    find("#decoded").alt = fill(words.decoded_picture, { label: name(picked) })
    find("#original").alt = fill(words.original_picture, { label: name(picked) })
    find("#original").closest("figure").hidden = !detail?.original
    find("#who").textContent = fill(words.who, { number: picked, label: name(picked) })
    const psnr = points.values.psnr?.[picked]
    find("#psnr").textContent = psnr >= 0 ? fill(words.psnr, { psnr: psnr.toFixed(1) }) : ""
    const k = points.num_neighbours
    find("#neighbours").replaceChildren(...near(picked).map((i, j) => {
      const button = document.createElement("button")
      button.type = "button"
      button.innerHTML = '<canvas class="digit" role="img"></canvas><span></span><span></span>'
      tileOn(button.firstChild, i, fill(words.neighbour, { label: name(i) }))
      button.children[1].textContent = name(i)
      const distance = points.distances[picked * k + j]
      button.children[2].textContent = distance < 10 ? distance.toPrecision(2) : distance.toFixed(0)
      button.onclick = () => pick(i)
      return button
    }))
  }

  const send = (delay_ms = 0) => exchange.change({ picked, view, ...outlines, only }, delay_ms)

  function pick(i, delay_ms = 0) {
    picked = i
    const [x, y] = place(i)
    if (!isInView(i)) shift(x - (view[0] + view[1]) / 2, y - (view[2] + view[3]) / 2)
    send(delay_ms)
    say()
    schedule()
  }

  function shift(dx, dy) {
    view = [view[0] + dx, view[1] + dx, view[2] + dy, view[3] + dy]
  }

  // By a factor (above 1: nearer) about a point of the canvas, px.
  function zoom(factor, x = pane.width / 2, y = pane.height / 2) {
    const whole = fit(data.whole), span = (whole[1] - whole[0]) / (view[1] - view[0])
    const f = Math.max(Math.min(1, 1 / span), Math.min(factor, MOST_ZOOM / span))
    const px = view[0] + (x / pane.width) * (view[1] - view[0]), py = view[3] - (y / pane.height) * (view[3] - view[2])
    view = [px + (view[0] - px) / f, px + (view[1] - px) / f, py + (view[2] - py) / f, py + (view[3] - py) / f]
    send(400)
    schedule()
  }

  canvas.onpointerdown = (event) => {
    if (event.button !== 0 || !points) return
    canvas.setPointerCapture(event.pointerId)
    pointers.set(event.pointerId, [event.clientX, event.clientY])
    if (pointers.size === 1) moved = 0
    const { shape, letter } = tool?.dataset ?? (event.shiftKey ? { shape: "box", letter: "a" } : {})
    drawn = shape && pointers.size === 1 ? { shape, letter, points: [pane.toPlace(event)] } : null
  }
  canvas.onpointermove = (event) => {
    if (!points) return
    const before = pointers.get(event.pointerId)
    if (!before) {
      const i = under(event)
      if (i !== hovered) (hovered = i), schedule()
      return
    }
    const others = [...pointers].filter(([id]) => id !== event.pointerId).map(([, at]) => at)
    const now = [event.clientX, event.clientY]
    moved += Math.hypot(now[0] - before[0], now[1] - before[1])
    pointers.set(event.pointerId, now)
    hovered = -1
    if (drawn) drawn.points.push(pane.toPlace(event))
    else if (others.length) {
      const box = canvas.getBoundingClientRect(), [other] = others
      const far = (p) => Math.hypot(p[0] - other[0], p[1] - other[1])
      zoom(far(now) / Math.max(1, far(before)), (now[0] + other[0]) / 2 - box.left, (now[1] + other[1]) / 2 - box.top)
    } else if (moved > 4) {
      shift(((before[0] - now[0]) / pane.width) * (view[1] - view[0]), ((now[1] - before[1]) / pane.height) * (view[3] - view[2]))
      exchange.hold()
    }
    schedule()
  }
  canvas.onpointerup = canvas.onpointercancel = (event) => {
    if (!pointers.delete(event.pointerId)) return
    if (drawn) {
      const outline = outlineOf(drawn, MOST_CORNERS)
      if (moved > 8 && isLarge(pane, outline)) outlines = { ...outlines, [drawn.letter]: outline }
      drawn = tool = null
      send()
    } else if (moved <= 4 && event.type === "pointerup") {
      const i = under(event)
      if (i >= 0) pick(i)
    } else send(200)
    schedule()
  }
  canvas.onpointerleave = () => ((hovered = -1), schedule())
  canvas.onwheel = (event) => {
    event.preventDefault()
    const box = canvas.getBoundingClientRect()
    zoom(1.0018 ** -(event.deltaY * (event.deltaMode ? 33 : 1)), event.clientX - box.left, event.clientY - box.top)
  }
  canvas.onkeydown = (event) => {
    if (!points || event.ctrlKey || event.metaKey || event.altKey) return
    if (event.key === "Escape") return (drawn = tool = null), schedule()
    if (["+", "=", "-", "0"].includes(event.key)) {
      event.preventDefault()
      if (event.key === "0") return whole()
      return zoom(event.key === "-" ? 1 / 1.5 : 1.5, ...(isInView(picked) ? [pane.toX(place(picked)[0]), pane.toY(place(picked)[1])] : []))
    }
    if (["a", "b"].includes(event.key)) {
      outlines = { ...outlines, [event.key]: picked }
      return send()
    }
    const direction = STEPS[event.key]
    if (!direction) return
    event.preventDefault()
    const i = nearestCode(points, place(picked), direction)
    if (i >= 0) pick(i, 250)
  }
  const whole = () => ((view = fit(data.whole)), send(), schedule())
  for (const button of tools) button.onclick = () => ((tool = tool === button ? null : button), schedule())
  find("#nearer").onclick = () => zoom(2)
  find("#out").onclick = () => zoom(0.5)
  find("#reset").onclick = whole
  find("#no-groups").onclick = () => ((outlines = { a: [], b: [] }), send(), schedule())
  const arrived = () => data && (draw(), say())
  window.addEventListener("latent-lab", arrived)

  return {
    update(fresh) {
      data = fresh
      if (exchange.accepts(data)) {
        view = fit(data.view)
        picked = data.picked
        outlines = { a: data.a, b: data.b }
        only = null
      }
      setWords(root, data.words)
      for (const button of tools) button.title = button.getAttribute("aria-label")
      find(".map").classList.toggle("photos", data.photos)
      const { scale, words } = data
      find(".scale").hidden = !scale
      if (scale) {
        find("#low").textContent = scale.from
        find("#high").textContent = scale.to
        find(".scale i").style.background = `linear-gradient(to right, ${scale.colours.join()})`
      }
      find(".legend").replaceChildren(...(scale ? [] : data.colours).map((colour, label) => {
        const key = document.createElement("button")
        key.type = "button"
        key.innerHTML = `<i style="background:${colour}"></i>`
        key.append(data.names[label])
        key.title = fill(words.alone, { name: data.names[label] })
        key.setAttribute("aria-pressed", data.only === label)
        key.onclick = () => ((only = data.only === label ? -1 : label), send())
        return key
      }))
      canvas.setAttribute("aria-label", fill(words.map, { number: data.picked }))
      draw()
      say()
    },
    unmount() {
      clearTimeout(exchange.timer)
      window.removeEventListener("latent-lab", arrived)
      resized.disconnect()
    },
  }
}
