// Films of trainings under one clock: the step, on a logarithmic scale.
// data: {films: [{name, title, values: [[of each moment] of each chart]}], charts: [{title, log, share}], view, step, classes, colours, words,
// answered}; view: what all scatters show, or null: each the box of its moment. Sends "change": {step, number}.
const SECONDS = 15 // from the first moment to the last
const PAUSE_MS = 600 // at each moment, for those who want nothing to move
const PLAY = "M6 4v16l14-8z", PAUSE = "M5 4h5v16h-5zM14 4h5v16h-5z" // drawn: not every system has letters for them
const DASHES = [[], [9, 5], [2, 4], [12, 4, 2, 4], [5, 3], [1, 2]]

class FilmPane extends Pane {
  drawBase(ctx) {
    const { cloud, layers, view } = this.look
    this.drawAxes(ctx)
    ctx.save()
    ctx.beginPath()
    ctx.rect(this.left, this.top, this.width, this.height)
    ctx.clip()
    for (const { image, box: [x1, x2, y1, y2], alpha } of layers ?? []) {
      ctx.globalAlpha = alpha
      ctx.imageSmoothingEnabled = image.width > this.width * (window.devicePixelRatio || 1)
      ctx.drawImage(image, this.toX(x1), this.toY(y2), this.toX(x2) - this.toX(x1), this.toY(y1) - this.toY(y2))
    }
    ctx.globalAlpha = 1
    if (cloud) this.drawCloud(ctx, cloud, view)
    ctx.restore()
  }

  // Pixel by pixel: rectangles would take ten times as long.
  drawCloud(ctx, { codes, labels }, [x1, x2, y1, y2]) {
    const { only, colours } = this.look, ratio = window.devicePixelRatio || 1
    const width = Math.max(1, Math.floor(this.width * ratio)), height = Math.max(1, Math.floor(this.height * ratio))
    if (this.dots?.width !== width || this.dots.height !== height) {
      this.dots = ctx.createImageData(width, height)
      this.sheet = new OffscreenCanvas(width, height)
    }
    const pixels = new Uint32Array(this.dots.data.buffer), kx = width / (x2 - x1), ky = height / (y2 - y1)
    pixels.fill(0)
    const size = Math.max(2, Math.round(2.2 * ratio)), half = size >> 1
    const inks = colours.map((colour) => pixelOf(ctx, colour)), plain = pixelOf(ctx, this.theme("--st-primary-color"))
    for (const isOut of only === null ? [false] : [true, false]) {
      for (let i = 0; i < labels.length; i++) {
        if (only !== null && isOut === (labels[i] === only)) continue
        const left = Math.round((codes[2 * i] - x1) * kx) - half, top = Math.round((y2 - codes[2 * i + 1]) * ky) - half
        if (!(left >= 0 && top >= 0 && left + size <= width && top + size <= height)) continue
        const ink = ((inks[labels[i]] ?? plain) | ((isOut ? 32 : 220) << 24)) >>> 0
        for (let y = top; y < top + size; y++) pixels.fill(ink, y * width + left, y * width + left + size)
      }
    }
    const sheet = this.sheet.getContext("2d")
    sheet.putImageData(this.dots, 0, 0)
    ctx.drawImage(this.sheet, this.left, this.top, width / ratio, height / ratio)
  }
}

// A colour as ImageData holds it, without its alpha.
function pixelOf(ctx, colour) {
  ctx.fillStyle = colour
  const [r, g, b] = [1, 3, 5].map((at) => parseInt(ctx.fillStyle.slice(at, at + 2), 16))
  return (b << 16) | (g << 8) | r
}

// Between which moments a step lies, and how far; on the clock's scale.
function locate(steps, step) {
  let i = 0
  while (i < steps.length - 2 && steps[i + 1] <= step + 1e-6) i++
  const [a, b, at] = [steps[i], steps[i + 1], step].map(Math.log1p)
  return [i, Math.max(0, Math.min(1, (at - a) / (b - a)))]
}

const mix = (a, b, share) => a + (b - a) * share

// The codes of a film at a step, mixed of two moments.
function codesAt(film, i, share) {
  const n = film.labels.length, codes = new Float32Array(2 * n)
  for (let axis = 0; axis < 2; axis++) {
    const [s, t] = [i, i + 1].map((m) => (film.high[m][axis] - film.low[m][axis]) / 65535)
    const a = film.places.subarray(2 * n * i, 2 * n * (i + 1)), b = film.places.subarray(2 * n * (i + 1), 2 * n * (i + 2))
    const a0 = film.low[i][axis] + 32768 * s, b0 = film.low[i + 1][axis] + 32768 * t
    for (let k = axis; k < 2 * n; k += 2) codes[k] = mix(a0 + a[k] * s, b0 + b[k] * t, share)
  }
  return codes
}

const widened = ([x1, x2, y1, y2]) => [x1 - 0.03 * (x2 - x1), x2 + 0.03 * (x2 - x1), y1 - 0.03 * (y2 - y1), y2 + 0.03 * (y2 - y1)]

// A value of each film along the clock, with a mark where the clock stands.
class Chart {
  constructor(canvas, scrub) {
    this.canvas = canvas
    const at = (event) => {
      const box = canvas.getBoundingClientRect()
      return Math.max(0, Math.min(1, (event.clientX - box.left - LEFT) / (box.width - LEFT - RIGHT)))
    }
    canvas.onpointerdown = (event) => event.button === 0 && (canvas.setPointerCapture(event.pointerId), scrub(at(event)))
    canvas.onpointermove = (event) => canvas.hasPointerCapture(event.pointerId) && scrub(at(event))
  }

  draw({ title, log, share }, curves, last, step) {
    const { canvas } = this, ratio = window.devicePixelRatio || 1
    const width = canvas.clientWidth, height = canvas.clientHeight, bottom = height - 22
    if (!width) return
    const theme = (name) => getComputedStyle(canvas).getPropertyValue(name).trim()
    Object.assign(canvas, { width: Math.floor(width * ratio), height: Math.floor(height * ratio) })
    const ctx = canvas.getContext("2d")
    ctx.scale(ratio, ratio)
    const all = curves.flatMap((curve) => curve.values).filter(Number.isFinite)
    const scale = log ? Math.log10 : (v) => v
    let [low, high] = [Math.min(...all), Math.max(...all)].map(scale)
    if (!(high > low)) [low, high] = [low - 0.5, high + 0.5]
    const toX = (s) => LEFT + (Math.log1p(s) / Math.log1p(last)) * (width - LEFT - RIGHT)
    const toY = (v) => bottom - 4 - ((scale(v) - low) / (high - low)) * (bottom - 12)
    ctx.font = `14px ${theme("--st-font") || "sans-serif"}`
    ctx.strokeStyle = theme("--st-border-color")
    ctx.fillStyle = theme("--st-text-color")
    ctx.textAlign = "center"
    const line = (x, y, to_x, to_y) => (ctx.beginPath(), ctx.moveTo(x, y), ctx.lineTo(to_x, to_y), ctx.stroke())
    let end = 0 // of the number before, beside which the next one has to find room
    for (let tick = 0; tick <= last; tick = tick ? 10 * tick : 1) {
      line(toX(tick), 4, toX(tick), bottom)
      const half = ctx.measureText(tick).width / 2
      if (toX(tick) - half < end + 6 || toX(tick) > width - 20) continue
      ctx.fillText(tick, toX(tick), height - 5)
      end = toX(tick) + half
    }
    ctx.textAlign = "right"
    const marks = log ? logTicks(10 ** low, 10 ** high) : ticks(low, high, 3)
    for (const tick of marks) {
      line(LEFT, toY(tick), width - RIGHT, toY(tick))
      ctx.fillText(share ? `${Math.round(100 * tick)}%` : minus(tick), LEFT - 5, toY(tick) + 5)
    }
    ctx.strokeStyle = theme("--st-text-color")
    ctx.lineWidth = 2
    curves.forEach(({ steps, values }, k) => {
      ctx.setLineDash(DASHES[k % DASHES.length])
      ctx.beginPath()
      steps.forEach((s, i) => ctx[i ? "lineTo" : "moveTo"](toX(s), toY(values[i])))
      ctx.stroke()
    })
    ctx.setLineDash([])
    ctx.strokeStyle = ctx.fillStyle = theme("--st-primary-color")
    line(toX(step), 2, toX(step), bottom)
    for (const { steps, values } of curves) {
      const [i, part] = locate(steps, step), value = mix(values[i], values[i + 1], part)
      if (!Number.isFinite(value)) continue
      ctx.beginPath()
      ctx.arc(toX(Math.min(step, steps.at(-1))), toY(value), 4.5, 0, 2 * Math.PI)
      ctx.fill()
    }
  }
}

// 1, 2 and 5 times powers of ten; the powers alone where those are many.
function logTicks(low, high) {
  const found = []
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) for (const f of [1, 2, 5]) found.push(f * 10 ** power)
  const inside = found.filter((v) => v >= low && v <= high)
  return inside.length > 4 ? inside.filter((v) => Number.isInteger(Math.round(1e6 * Math.log10(v)) / 1e6)) : inside
}

export default function ({ data, parentElement, setTriggerValue }) {
  return present(parentElement, data, () => mount(parentElement, data, unlessLeft(data.page, setTriggerValue)))
}

function mount(root, first, setTriggerValue) {
  const find = (css) => root.querySelector(css)
  const exchange = new Exchange(setTriggerValue)
  const figures = copies(root, ".films figure", first.films.length), charts = copies(root, ".charts figure", first.charts.length)
  const panes = figures.map((figure) => ["codes", "grid"].map((part) => new FilmPane(figure.querySelector(`.${part}`), () => {})))
  const graphs = charts.map((figure) => new Chart(figure.querySelector("canvas"), (u) => (stop(), seek(u))))
  const still = window.matchMedia("(prefers-reduced-motion: reduce)")
  let data, u = 1, only = null, playing = false, frame = 0, began = 0
  const slider = find("#time"), button = find("#play")
  const film = (k) => globalThis.latentLab?.get(`film-${data.films[k].name}`)
  const last = () => Math.max(...data.films.map(({ steps }) => steps.at(-1)))
  const stepAt = (share) => Math.expm1(share * Math.log1p(last()))
  const shareOf = (step) => Math.log1p(step) / Math.log1p(last())
  const moments = () => [...new Set(data.films.flatMap(({ steps }) => steps))].sort((a, b) => a - b)

  function draw() {
    if (!data) return
    const step = stepAt(u), { words } = data
    data.films.forEach((about, k) => {
      const shown = film(k), [codes, grid] = panes[k]
      if (shown) {
        const [i, share] = locate(shown.steps, step)
        const box = shown.boxes[i].map((edge, end) => mix(edge, shown.boxes[i + 1][end], share))
        const view = data.view ?? widened(box), stamp = [step, data.films.length].join()
        const layers = [{ image: shown.pictures[i], box, alpha: 1 }, { image: shown.pictures[i + 1], box, alpha: share }]
        codes.look = { view, stamp, only, colours: data.colours, model: shown, cloud: { codes: codesAt(shown, i, share), labels: shown.labels } }
        grid.look = { view, stamp, only: null, model: shown, layers }
        codes.draw()
        grid.draw()
        figures[k].dataset.moment = i
      }
      const [i, share] = locate(about.steps, step)
      const said = data.charts.map((chart, c) => {
        const value = mix(about.values[c][i], about.values[c][i + 1], share)
        return fill(chart.fact, { value: ((chart.share ? 100 : 1) * value).toFixed(chart.decimals) })
      })
      figures[k].querySelector("p").textContent = said.join(" · ")
    })
    graphs.forEach((graph, c) => graph.draw(data.charts[c], data.films.map(({ steps, values }) => ({ steps, values: values[c] })), last(), step))
    slider.value = u
    find("#when").textContent = fill(words.when, { step: Math.round(step).toLocaleString("en") })
    slider.setAttribute("aria-valuetext", find("#when").textContent)
    button.querySelector("path").setAttribute("d", playing ? PAUSE : PLAY)
    button.setAttribute("aria-label", playing ? words.pause : words.play)
    button.setAttribute("aria-pressed", playing)
    legend(find(".legend"), data, only, (digit) => ((only = digit), draw()))
  }

  const send = (delay_ms) => exchange.change({ step: Math.round(stepAt(u)) }, delay_ms)

  function seek(share) {
    u = share
    send(300)
    draw()
  }

  function play() {
    if (u >= 1) u = 0
    playing = true
    began = performance.now() - u * SECONDS * 1000
    exchange.hold()
    if (still.matches) frame = setTimeout(nextMoment, PAUSE_MS)
    else frame = requestAnimationFrame(run)
    draw()
  }

  function run(now) {
    if (!playing) return
    u = Math.min(1, (now - began) / (SECONDS * 1000))
    if (u >= 1) return stop()
    draw()
    frame = requestAnimationFrame(run)
  }

  function nextMoment() {
    if (!playing) return
    const next = moments().find((step) => shareOf(step) > u + 1e-9)
    u = next === undefined ? 1 : shareOf(next)
    if (u >= 1) return stop()
    draw()
    frame = setTimeout(nextMoment, PAUSE_MS)
  }

  function stop() {
    if (!playing) return
    playing = false
    cancelAnimationFrame(frame)
    clearTimeout(frame)
    send(0)
    draw()
  }

  button.onclick = () => (playing ? stop() : play())
  slider.oninput = () => (stop(), seek(Number(slider.value)))
  slider.onkeydown = (event) => { // by moments, not by thousandths
    const way = { ArrowLeft: -1, ArrowDown: -1, ArrowRight: 1, ArrowUp: 1 }[event.key]
    if (!way || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    stop()
    const shares = moments().map(shareOf)
    seek(way > 0 ? shares.find((s) => s > u + 1e-6) ?? 1 : shares.findLast((s) => s < u - 1e-6) ?? 0)
  }
  // Wherever the focus is, but for what takes the space bar itself.
  const onKey = (event) => {
    const target = event.composedPath()[0]
    if (event.code !== "Space" || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return
    if (target.matches?.('input:not([type="range"]), textarea, select, button, a, [contenteditable="true"], [role="radio"], [role="option"]')) return
    event.preventDefault()
    button.onclick()
  }
  window.addEventListener("keydown", onKey)
  const arrived = () => draw()
  window.addEventListener("latent-lab", arrived)
  const resized = new ResizeObserver(() => draw())
  resized.observe(find(".charts"))

  return {
    update(fresh) {
      data = fresh
      if (exchange.accepts(data) && !playing) u = shareOf(Math.min(data.step, last()))
      setWords(root, data.words)
      data.films.forEach(({ title }, k) => {
        figures[k].querySelector(".name").textContent = title
        for (const [part, words] of [[".codes", data.words.codes], [".grid", data.words.grid]]) {
          figures[k].querySelector(part).setAttribute("aria-label", fill(words, { title }))
        }
        dash(figures[k].querySelector(".dash"), k)
      })
      data.charts.forEach(({ title }, c) => {
        charts[c].querySelector("figcaption").textContent = title
        charts[c].querySelector("canvas").setAttribute("aria-label", fill(data.words.chart, { title }))
      })
      draw()
    },
    unmount() {
      playing = false
      cancelAnimationFrame(frame)
      clearTimeout(frame)
      clearTimeout(exchange.timer)
      window.removeEventListener("keydown", onKey)
      window.removeEventListener("latent-lab", arrived)
      resized.disconnect()
      panes.flat().forEach((pane) => pane.resized.disconnect())
    },
  }

  // How the charts draw this film.
  function dash(canvas, k) {
    const ratio = window.devicePixelRatio || 1
    Object.assign(canvas, { width: 44 * ratio, height: 12 * ratio })
    const ctx = canvas.getContext("2d")
    ctx.scale(ratio, ratio)
    ctx.strokeStyle = getComputedStyle(canvas).getPropertyValue("--st-text-color").trim()
    ctx.lineWidth = 2.5
    ctx.setLineDash(DASHES[k % DASHES.length])
    ctx.beginPath()
    ctx.moveTo(0, 6)
    ctx.lineTo(44, 6)
    ctx.stroke()
  }
}
