// One plane on a canvas: axes, a dot a code or a picture, marks on top; and what the mouse and the keys do in it.
const LEFT = 46, RIGHT = 10, TOP = 10, BOTTOM = 44 // px around the plot, for the numbers on the axes
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }

class Pane {
  // look   what is shown: {view: [x_min, x_max, y_min, y_max], colours, model, picture, overview, only}; stamp: what else the dots depend on
  // marks  draws on top: (ctx, pane) => …
  constructor(canvas, marks) {
    this.canvas = canvas
    this.marks = marks
    this.look = null
    this.resized = new ResizeObserver(() => this.draw())
    this.resized.observe(canvas)
  }

  // Another kind of pane may have other margins.
  get left() { return LEFT }
  get right() { return RIGHT }
  get top() { return TOP }
  get bottom() { return BOTTOM }
  get names() { return ["z₁", "z₂"] } // of the axes
  get width() { return this.canvas.clientWidth - this.left - this.right }
  get height() { return this.canvas.clientHeight - this.top - this.bottom }
  toX(z1) { return this.left + ((z1 - this.look.view[0]) / (this.look.view[1] - this.look.view[0])) * this.width }
  toY(z2) { return this.top + ((this.look.view[3] - z2) / (this.look.view[3] - this.look.view[2])) * this.height }
  theme(name) { return getComputedStyle(this.canvas).getPropertyValue(name).trim() }

  // The place under the pointer, kept inside the view.
  toPlace(event) {
    const at = this.canvas.getBoundingClientRect(), [x1, x2, y1, y2] = this.look.view
    return this.clamp([
      x1 + ((event.clientX - at.left - this.left) / this.width) * (x2 - x1),
      y2 - ((event.clientY - at.top - this.top) / this.height) * (y2 - y1),
    ])
  }

  // Decimals beyond a thousandth of the view would only lengthen the address.
  clamp([z1, z2]) {
    const [x1, x2, y1, y2] = this.look.view
    const digits = (low, high) => Math.max(0, 3 - Math.floor(Math.log10(high - low)))
    const trim = (v, low, high) => Number(Math.min(high, Math.max(low, v)).toFixed(digits(low, high)))
    return [trim(z1, x1, x2), trim(z2, y1, y2)]
  }

  // z moved by an arrow key, or null for another key; with Shift five times as far.
  step(event, z) {
    const step = STEPS[event.key]
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return null
    event.preventDefault()
    const share = event.shiftKey ? 0.05 : 0.01, [x1, x2, y1, y2] = this.look.view
    return this.clamp([z[0] + step[0] * share * (x2 - x1), z[1] + step[1] * share * (y2 - y1)])
  }

  draw() {
    if (!this.look || !this.canvas.clientWidth) return
    const ratio = window.devicePixelRatio || 1, { look } = this
    // The 10,000 dots are drawn again only where they would look different, not for every move of the cross.
    const seen = [look.view, look.only, look.stamp, this.canvas.clientWidth, ratio, this.theme("--st-text-color")].join()
    if (seen !== this.seen || look.model !== this.model || look.picture !== this.picture) {
      Object.assign(this, { seen, model: look.model, picture: look.picture })
      const width = Math.floor(this.canvas.clientWidth * ratio), height = Math.floor(this.canvas.clientHeight * ratio)
      if (this.base?.width !== width || this.base.height !== height) {
        this.base = new OffscreenCanvas(width, height)
        Object.assign(this.canvas, { width, height })
      }
      const ctx = this.base.getContext("2d")
      ctx.setTransform(1, 0, 0, 1, 0, 0)
      ctx.clearRect(0, 0, width, height)
      ctx.scale(ratio, ratio)
      this.drawBase(ctx)
    }
    const ctx = this.canvas.getContext("2d")
    ctx.setTransform(1, 0, 0, 1, 0, 0)
    ctx.clearRect(0, 0, this.canvas.width, this.canvas.height)
    ctx.drawImage(this.base, 0, 0)
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0)
    this.marks(ctx, this)
  }

  drawBase(ctx) {
    const { view, model, picture, overview } = this.look
    this.drawAxes(ctx)
    ctx.save()
    ctx.beginPath()
    ctx.rect(this.left, this.top, this.width, this.height)
    ctx.clip()
    if (picture) {
      const [x1, x2, y1, y2] = picture.extent
      ctx.imageSmoothingEnabled = picture.image.width > this.width * (window.devicePixelRatio || 1)
      ctx.drawImage(picture.image, this.toX(x1), this.toY(y2), this.toX(x2) - this.toX(x1), this.toY(y1) - this.toY(y2))
    }
    if (model) this.drawDots(ctx, model, view, [this.left, this.top, this.width, this.height], this.width > 500 ? 3.4 : 2.6)
    ctx.restore()
    if (overview) this.drawOverview(ctx, overview)
  }

  drawDots(ctx, model, [x1, x2, y1, y2], [left, top, width, height], size) {
    const { only, colours } = this.look
    for (let i = 0; i < model.labels.length; i++) {
      const x = (model.codes[2 * i] - x1) / (x2 - x1), y = (model.codes[2 * i + 1] - y1) / (y2 - y1)
      if (x < 0 || x > 1 || y < 0 || y > 1) continue
      const digit = model.labels[i]
      ctx.globalAlpha = only === null || only === digit ? 0.75 : 0.08
      ctx.fillStyle = colours[digit] ?? this.theme("--st-primary-color") // more classes than colours, or none
      ctx.fillRect(left + x * width - size / 2, top + (1 - y) * height - size / 2, size, size)
    }
    ctx.globalAlpha = 1
  }

  // The whole cloud in a corner, and where in it the view lies.
  drawOverview(ctx, whole) {
    const side = Math.round(this.width / 4), left = this.left + this.width - side - 6, top = this.top + this.height - side - 6
    const [x1, x2, y1, y2] = whole, [a, b, c, d] = this.look.view
    ctx.fillStyle = this.theme("--st-background-color")
    ctx.fillRect(left, top, side, side)
    this.drawDots(ctx, this.look.model, whole, [left, top, side, side], 1)
    ctx.strokeStyle = this.theme("--st-text-color")
    ctx.strokeRect(left, top, side, side)
    ctx.save()
    ctx.beginPath()
    ctx.rect(left, top, side, side)
    ctx.clip()
    ctx.lineWidth = 2.5
    const scale = (v, low, high) => (side * (v - low)) / (high - low)
    ctx.strokeRect(left + scale(a, x1, x2), top + side - scale(d, y1, y2), scale(b - a, 0, x2 - x1), scale(d - c, 0, y2 - y1))
    ctx.restore()
  }

  drawAxes(ctx) {
    const [x1, x2, y1, y2] = this.look.view
    const line = (...points) => (ctx.beginPath(), ctx.moveTo(points[0], points[1]), ctx.lineTo(points[2], points[3]), ctx.stroke())
    ctx.font = `16px ${this.theme("--st-font") || "sans-serif"}`
    ctx.fillStyle = this.theme("--st-text-color")
    ctx.strokeStyle = this.theme("--st-border-color")
    ctx.textAlign = "center"
    for (const t of ticks(x1, x2, this.width / 70)) {
      line(this.toX(t), this.top, this.toX(t), this.top + this.height)
      ctx.fillText(minus(t), this.toX(t), this.top + this.height + 20)
    }
    ctx.textBaseline = "bottom" // with room for the subscript
    ctx.fillText(this.names[0], this.left + this.width / 2, this.canvas.clientHeight - 1)
    ctx.textBaseline = "alphabetic"
    ctx.textAlign = "right"
    let name = this.top + this.height / 2 // the name's height, moved off a number that is as high
    const middle = name
    for (const t of ticks(y1, y2, this.height / 60)) {
      const y = this.toY(t)
      line(this.left, y, this.left + this.width, y)
      ctx.fillText(minus(t), this.left - 6, y + 5)
      if (Math.abs(y - middle) < 20) name = y + (y > middle ? -20 : 20)
    }
    ctx.textAlign = "left"
    ctx.fillText(this.names[1], 2, name + 5)
  }

  // Twice, a broad one in the colour of the background below, so that a mark stands out from any dots.
  stroke(ctx, path, width = 2.5) {
    for (const [colour, factor] of [["--st-background-color", 2.4], ["--st-text-color", 1]]) {
      ctx.strokeStyle = this.theme(colour)
      ctx.lineWidth = factor * width
      ctx.beginPath()
      path()
      ctx.stroke()
    }
  }

  drawBox(ctx, [x1, x2, y1, y2]) {
    ctx.setLineDash([7, 6])
    this.stroke(ctx, () => ctx.rect(this.toX(x1), this.toY(y2), this.toX(x2) - this.toX(x1), this.toY(y1) - this.toY(y2)))
    ctx.setLineDash([])
  }

  // Circles around the origin: how N(0, I) lies.
  drawRings(ctx, radii) {
    const x = this.toX(0), y = this.toY(0)
    ctx.save()
    ctx.beginPath()
    ctx.rect(this.left, this.top, this.width, this.height)
    ctx.clip()
    this.stroke(ctx, () => radii.forEach((r) => {
      ctx.moveTo(this.toX(r), y)
      ctx.ellipse(x, y, this.toX(r) - x, y - this.toY(r), 0, 0, 2 * Math.PI)
    }), 1.5)
    ctx.restore()
  }

  // Nothing where z lies outside the view.
  drawCross(ctx, z) {
    const x = this.toX(z[0]), y = this.toY(z[1])
    if (x < this.left - 1 || x > this.left + this.width + 1 || y < this.top - 1 || y > this.top + this.height + 1) return
    this.stroke(ctx, () => {
      ctx.arc(x, y, 10, 0, 2 * Math.PI)
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        ctx.moveTo(x + 10 * dx, y + 10 * dy)
        ctx.lineTo(x + 24 * dx, y + 24 * dy)
      }
    })
  }
}

// Where one side speaks while the other is still answering: `moves` counts the changes made here, and Python echoes the
// last one it has seen as `answered`, so that a late answer to an earlier change never undoes a later one.
class Exchange {
  constructor(setTriggerValue) {
    this.moves = 0
    this.send = setTriggerValue
  }

  // Whether Python has seen every change made here, or those of this visit.
  accepts(data) {
    const isNew = isNewVisit(this, data.answered)
    if (data.answered < this.moves && !isNew) return false
    this.moves = data.answered
    return true
  }

  // A change that Python need not hear of yet, as while the mouse is held.
  hold() {
    this.moves += 1
    clearTimeout(this.timer)
  }

  change(value, delay_ms = 0) {
    this.hold()
    this.timer = setTimeout(() => this.send("change", { ...value, number: this.moves }), delay_ms)
  }
}

// The index of the code nearest to z; in a direction [dx, dy] the nearest of those that lie within 45° of it.
function nearestCode(model, z, direction = null) {
  let best = -1, least = Infinity
  for (let i = 0; i < model.labels.length; i++) {
    const dx = model.codes[2 * i] - z[0], dy = model.codes[2 * i + 1] - z[1], distance = dx * dx + dy * dy
    if (distance >= least) continue
    if (direction) {
      const along = dx * direction[0] + dy * direction[1]
      if (along <= 0 || 2 * along * along < distance) continue
    }
    best = i
    least = distance
  }
  return best
}

const codeOf = (model, i) => [model.codes[2 * i], model.codes[2 * i + 1]]

// Pixels in [0, 1] of a square image on a canvas: grey, or red, green and blue one after the other; none while the model that makes them is on
// its way.
function paint(canvas, pixels, alt) {
  canvas.setAttribute("aria-label", alt)
  if (!pixels) return
  const isGrey = Number.isInteger(Math.sqrt(pixels.length)), size = isGrey ? pixels.length : pixels.length / 3
  const side = Math.sqrt(size), image = new ImageData(side, side)
  for (let i = 0; i < size; i++) for (let c = 0; c < 3; c++) image.data[4 * i + c] = Math.round(255 * pixels[isGrey ? i : c * size + i])
  for (let i = 3; i < image.data.length; i += 4) image.data[i] = 255
  canvas.width = canvas.height = side
  canvas.getContext("2d").putImageData(image, 0, 0)
}

// Puts words where the page shows them, data-text, and where a screen reader says them, data-label.
function setWords(root, words) {
  for (const element of root.querySelectorAll("[data-text]")) element.textContent = words[element.dataset.text]
  for (const element of root.querySelectorAll("[data-label]")) element.setAttribute("aria-label", words[element.dataset.label])
}

// "Decoded at z = {z}" with the values of its fields.
const fill = (message, values) => message.replace(/\{(\w+)\}/g, (field, name) => values[name])

// The key of classes above the planes; a click shows one alone.
function legend(element, { colours, classes, words }, only, choose) {
  const shown = [words.alone, ...classes].join()
  if (element.dataset.shown !== shown) {
    element.dataset.shown = shown
    element.replaceChildren(...colours.map((colour, digit) => {
      const button = document.createElement("button")
      button.type = "button"
      button.innerHTML = `<i style="background:${colour}"></i>`
      button.append(classes[digit])
      button.title = fill(words.alone, { name: classes[digit] })
      return button
    }))
  }
  ;[...element.children].forEach((button, digit) => {
    button.setAttribute("aria-pressed", only === digit)
    button.onclick = () => choose(only === digit ? null : digit)
  })
}

// Round numbers (1, 2 or 5 times a power of ten) between low and high, about `count` of them and at least two.
function ticks(low, high, count) {
  const rough = (high - low) / Math.max(count, 2)
  const power = 10 ** Math.floor(Math.log10(rough))
  const steps = [0.5, 1, 2, 5, 10].map((f) => f * power)
  const multiples = (step) => { // by their number: far from 0, adding 1 may change nothing
    const first = Math.ceil(low / step), length = Math.max(0, Math.floor(high / step) - first + 1) || 0
    return Array.from({ length }, (_, i) => (first + i) * step)
  }
  const coarse = steps.findIndex((step) => step >= rough), found = multiples(steps[coarse])
  return found.length > 1 ? found : multiples(steps[coarse - 1])
}

function minus(value) {
  return String(Number(value.toPrecision(6))).replace("-", "−")
}

const placeText = (z) => `(${z.map((v) => v.toFixed(3).replace("-", "−")).join(",\u00a0")})` // on one line
