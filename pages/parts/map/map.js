// A map: every code a dot on a plane that was computed for it, and pictures where there is room for them, more as one zooms in.
// data: {photos, view, whole, picked, a, b, only, names, colours, scale, detail, words, answered}; sends "change": {picked, view, a, b, number}.
const MOST_ZOOM = 400 // times the whole map
const mounted = new WeakMap()

class MapPane extends Pane {
  get left() { return 0 }
  get right() { return 0 }
  get top() { return 0 }
  get bottom() { return 0 }

  drawBase(ctx) {
    const { points, pictures, side, sheet } = this.look
    if (!points) return
    const { codes } = points
    this.drawDots(ctx)
    if (!sheet) return
    ctx.lineWidth = 2
    for (const i of pictures) this.drawPicture(ctx, i, this.toX(codes[2 * i]), this.toY(codes[2 * i + 1]), side)
  }

  // Pixel by pixel: 10,000 rectangles would take ten times as long.
  drawDots(ctx) {
    const { points: { codes, labels }, paints, only, colours } = this.look, [x1, x2, y1, y2] = this.look.view
    const { width, height } = this.base, kx = width / (x2 - x1), ky = height / (y2 - y1)
    if (this.dots?.width !== width || this.dots.height !== height) this.dots = ctx.createImageData(width, height)
    const pixels = new Uint32Array(this.dots.data.buffer)
    pixels.fill(0)
    const size = Math.round((this.width > 500 ? 3.4 : 2.6) * (width / this.width)), half = size >> 1
    const plain = this.theme("--st-primary-color")
    const inks = paints.groups.map((group, paint) => pixelOf(ctx, colours[paint] ?? plain))
    for (const isOut of only === null ? [false] : [true, false]) {
      for (let i = 0; i < labels.length; i++) {
        if (only !== null && isOut === (labels[i] === only)) continue
        const left = Math.round((codes[2 * i] - x1) * kx) - half, top = Math.round((y2 - codes[2 * i + 1]) * ky) - half
        if (left < 0 || top < 0 || left + size > width || top + size > height) continue
        const ink = (inks[paints.of[i]] | ((isOut ? 32 : 200) << 24)) >>> 0
        for (let y = top; y < top + size; y++) pixels.fill(ink, y * width + left, y * width + left + size)
      }
    }
    ctx.putImageData(this.dots, 0, 0)
  }

  // The picture of a code around (x, y), in a frame of its colour.
  drawPicture(ctx, i, x, y, side) {
    const { sheet: { sheet, tile, columns }, paints, colours } = this.look, half = side / 2
    if (x < -half || y < -half || x > this.width + half || y > this.height + half) return
    ctx.drawImage(sheet, (i % columns) * tile, Math.floor(i / columns) * tile, tile, tile, x - half, y - half, side, side)
    ctx.strokeStyle = colours[paints.of[i]] ?? this.theme("--st-border-color")
    ctx.strokeRect(x - half, y - half, side, side)
  }
}

// A colour as ImageData holds it, without its alpha.
function pixelOf(ctx, colour) {
  ctx.fillStyle = colour
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(ctx.fillStyle.slice(at, at + 2), 16))
  return (b << 16) | (g << 8) | r
}

// Codes whose pictures, `side` px wide, do not overlap where a unit is at least `scale` px long: those of `first`, then the densest.
function choosePictures(points, only, spacing, first) {
  const cells = new Map(), chosen = []
  const key = (column, row) => column * 1e6 + row
  function take(i) {
    const x = points.codes[2 * i], y = points.codes[2 * i + 1]
    const column = Math.floor(x / spacing), row = Math.floor(y / spacing)
    for (let c = column - 1; c <= column + 1; c++) {
      for (let r = row - 1; r <= row + 1; r++) {
        for (const j of cells.get(key(c, r)) ?? []) {
          if (Math.abs(points.codes[2 * j] - x) < spacing && Math.abs(points.codes[2 * j + 1] - y) < spacing) return
        }
      }
    }
    const here = key(column, row)
    if (cells.has(here)) cells.get(here).push(i)
    else cells.set(here, [i])
    chosen.push(i)
  }
  first.forEach(take)
  for (const i of points.order) if (only === null || points.labels[i] === only) take(i)
  return chosen
}

// Which paint each code has, and the codes of each paint, so that a colour is set once for all of them.
function paintCodes(points, scale) {
  const n = points.labels.length, of = new Int32Array(n), groups = []
  for (let i = 0; i < n; i++) {
    const share = scale ? (points.values[scale.value][i] - scale.low) / (scale.high - scale.low || 1) : 0
    of[i] = scale ? Math.max(0, Math.min(scale.colours.length - 1, Math.floor(share * scale.colours.length) || 0)) : Math.max(0, points.labels[i])
    ;(groups[of[i]] ??= []).push(i)
  }
  return { of, groups }
}

export default function ({ data, parentElement, setTriggerValue }) {
  let map = mounted.get(parentElement)
  if (!map) mounted.set(parentElement, (map = mount(parentElement, setTriggerValue)))
  map.update(data)
  return () => {
    map.unmount()
    mounted.delete(parentElement)
  }
}

function mount(root, setTriggerValue) {
  const find = (css) => root.querySelector(css)
  const exchange = new Exchange(setTriggerValue)
  let data, view, picked, boxes, hovered = -1, boxing = null, rubber = null, waiting = false
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
    for (const name of ["a", "b"]) find(`#${name}`).setAttribute("aria-pressed", boxing === name)
    canvas.classList.toggle("boxing", boxing !== null)
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
    ctx.font = `700 17px ${pane.theme("--st-font") || "sans-serif"}`
    for (const name of ["a", "b"]) {
      if (!boxes[name]) continue
      pane.drawBox(ctx, boxes[name])
      const [x, y] = [pane.toX(boxes[name][0]), pane.toY(boxes[name][3])]
      ctx.fillStyle = pane.theme("--st-background-color")
      ctx.fillRect(x, y - 22, 22, 22)
      ctx.fillStyle = pane.theme("--st-text-color")
      ctx.fillText(name.toUpperCase(), x + 5, y - 5)
    }
    if (rubber) pane.drawBox(ctx, asBox(rubber))
    const own = data.own
    if (own) pane.stroke(ctx, () => (ctx.arc(pane.toX(own[0]), pane.toY(own[1]), 12, 0, 2 * Math.PI), ctx.moveTo(pane.toX(own[0]) - 18, pane.toY(own[1])), ctx.lineTo(pane.toX(own[0]) + 18, pane.toY(own[1]))), 3.5)
    if (hovered >= 0 && sheet && hovered !== picked) {
      const large = Math.max(2.6 * side(), 96), [x, y] = at(hovered), room = large / 2 + 4
      const [cx, cy] = [Math.min(Math.max(x, room), pane.width - room), Math.min(Math.max(y, room), pane.height - room - 20)]
      pane.drawPicture(ctx, hovered, cx, cy, large)
      ctx.fillStyle = pane.theme("--st-background-color")
      ctx.fillRect(cx - large / 2, cy + large / 2, large, 22)
      ctx.fillStyle = pane.theme("--st-text-color")
      ctx.textAlign = "center"
      ctx.fillText(name(hovered), cx, cy + large / 2 + 17, large - 6)
      ctx.textAlign = "left"
    }
  }

  const name = (i) => data.names[points.labels[i]] ?? `${i}`
  const asBox = ({ from, to }) => [0, 1].flatMap((i) => [Math.min(from[i], to[i]), Math.max(from[i], to[i])])

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
      button.children[2].textContent = Number(points.distances[picked * k + j].toPrecision(2))
      button.onclick = () => pick(i)
      return button
    }))
  }

  const send = (delay_ms = 0) => exchange.change({ picked, view, ...boxes }, delay_ms)

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
    const box = boxing ?? (event.shiftKey ? "a" : null)
    if (box && pointers.size === 1) rubber = { name: box, from: pane.toPlace(event), to: pane.toPlace(event) }
    else rubber = null
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
    if (rubber) rubber.to = pane.toPlace(event)
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
    if (rubber) {
      const box = asBox(rubber)
      if (moved > 8) boxes = { ...boxes, [rubber.name]: box }
      rubber = boxing = null
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
    if (event.key === "Escape") return (rubber = boxing = null), schedule()
    if (["+", "=", "-", "0"].includes(event.key)) {
      event.preventDefault()
      if (event.key === "0") return whole()
      return zoom(event.key === "-" ? 1 / 1.5 : 1.5, ...(isInView(picked) ? [pane.toX(place(picked)[0]), pane.toY(place(picked)[1])] : []))
    }
    const direction = STEPS[event.key]
    if (!direction) return
    event.preventDefault()
    const i = nearestCode(points, place(picked), direction)
    if (i >= 0) pick(i, 250)
  }
  const whole = () => ((view = fit(data.whole)), send(), schedule())
  for (const name of ["a", "b"]) find(`#${name}`).onclick = () => ((boxing = boxing === name ? null : name), schedule())
  find("#nearer").onclick = () => zoom(2)
  find("#out").onclick = () => zoom(0.5)
  find("#reset").onclick = whole
  find("#no-boxes").onclick = () => ((boxes = { a: null, b: null }), send(), schedule())
  const arrived = () => data && (draw(), say())
  window.addEventListener("latent-lab", arrived)

  return {
    update(fresh) {
      data = fresh
      if (exchange.accepts(data)) {
        view = fit(data.view)
        picked = data.picked
        boxes = { a: data.a, b: data.b }
      }
      setWords(root, data.words)
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
        key.onclick = () => exchange.change({ picked, view, ...boxes, only: data.only === label ? -1 : label })
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
