// How a map is drawn: every code a dot on a plane that was computed for it, and pictures where there is room for them.
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

  // A box [x_min, x_max, y_min, y_max], or a line around [x, y, x, y, …].
  drawOutline(ctx, outline) {
    if (outline.length === 4) return this.drawBox(ctx, outline)
    ctx.setLineDash([7, 6])
    this.stroke(ctx, () => {
      for (let i = 0; i < outline.length; i += 2) ctx.lineTo(this.toX(outline[i]), this.toY(outline[i + 1]))
      ctx.closePath()
    })
    ctx.setLineDash([])
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
