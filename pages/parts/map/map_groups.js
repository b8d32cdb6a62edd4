// Groups of codes on a map: what is drawn around them by hand, and how they are shown.
const MOST_CORNERS = 24 // of a lasso: they stand in the address

// What was drawn, {shape, points: [[x, y], …]}: of a box [x_min, x_max, y_min, y_max], of a lasso its corners [x, y, x, y, …].
function outlineOf({ shape, points }, most) {
  if (shape === "box") {
    const [from, to] = [points[0], points.at(-1)]
    return [0, 1].flatMap((i) => [Math.min(from[i], to[i]), Math.max(from[i], to[i])])
  }
  const every = Math.max(1, Math.ceil(points.length / most)), corners = points.filter((_point, i) => i % every === 0)
  while (corners.length < 3) corners.push(points.at(-1)) // four numbers would be a box
  return corners.flat()
}

// Whether a box has an inside, on both axes: less is a slip of the hand.
function isLarge(pane, outline) {
  if (outline.length !== 4) return true
  const [x_min, x_max, y_min, y_max] = outline
  return pane.toX(x_max) - pane.toX(x_min) > 8 && pane.toY(y_min) - pane.toY(y_max) > 8
}

function drawGroup(ctx, pane, outline, letter) {
  pane.drawOutline(ctx, outline)
  const corners = Array.from({ length: outline.length / 2 }, (_, i) => [pane.toX(outline[2 * i]), pane.toY(outline[2 * i + 1])])
  const [x, y] = outline.length === 4 ? [pane.toX(outline[0]), pane.toY(outline[3])] : corners.reduce((a, b) => (b[1] < a[1] ? b : a))
  drawLetter(ctx, pane, letter, x, y)
}

// A ring around each of the codes at these places, the letter at the first.
function drawRings(ctx, pane, places, letter) {
  const at = places.map(([x, y]) => [pane.toX(x), pane.toY(y)])
  pane.stroke(ctx, () => at.forEach(([x, y]) => {
    ctx.moveTo(x + 6, y)
    ctx.arc(x, y, 6, 0, 2 * Math.PI)
  }), 1.5)
  drawLetter(ctx, pane, letter, at[0][0] + 6, at[0][1] - 6)
}

function drawLetter(ctx, pane, letter, x, y) {
  const left = Math.min(Math.max(x, 0), pane.width - 22), top = Math.min(Math.max(y - 22, 0), pane.height - 22)
  ctx.font = `700 17px ${pane.theme("--st-font") || "sans-serif"}`
  ctx.fillStyle = pane.theme("--st-background-color")
  ctx.fillRect(left, top, 22, 22)
  ctx.fillStyle = pane.theme("--st-text-color")
  ctx.fillText(letter.toUpperCase(), left + 5, top + 17)
}
