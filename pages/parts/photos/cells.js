// A picture under a grid of cells, one of them framed.
// Python sends data {picture, grid: [rows, columns], pick, active, marked, words, names, answered, page}; this sends back
// "pick": {cell, number}, or, where `marked` is a list of cells and not null, "mark": {cells, number}, all that are marked now.
// `number` counts the moves of the frame, or the marks. Python echoes the last one it has seen as `answered`, so that a late answer
// to an earlier one never takes a later one back.

const SEND_EVERY_MS = 120

const grids = new WeakMap() // one entry a mounted component
const unanswered = (globalThis.latentLabUnanswered ??= new Set()) // those whose last move Python has not answered; see pacer.js

export default function ({ data, parentElement, setTriggerValue }) {
  const canvas = parentElement.querySelector("canvas"), trigger = unlessLeft(data.page, setTriggerValue)
  let grid = grids.get(parentElement)
  if (!grid) {
    grid = { moves: data.answered, timer: null, lastSent: 0, image: new Image() }
    grids.set(parentElement, grid)
    grid.resized = new ResizeObserver(() => grid.draw())
    grid.resized.observe(canvas)
    grid.image.onload = () => grid.draw()
  }
  const isNew = isNewVisit(parentElement, data.answered)
  if (data.answered >= grid.moves || isNew) {
    unanswered.delete(parentElement)
    grid.pick = data.pick
    grid.moves = data.answered
    grid.active = data.active
    grid.marked = data.marked && new Set(data.marked.map(([row, column]) => row * data.grid[1] + column))
    if (data.marked) grid.pick = grid.frame ?? data.pick // the frame is the browser's own
  }
  if (grid.image.src !== data.picture) grid.image.src = data.picture // drawn when it has loaded; till then the old one stays

  const [rows, columns] = data.grid
  canvas.style.aspectRatio = `${columns} / ${rows}`
  const theme = (name) => getComputedStyle(canvas).getPropertyValue(name).trim()

  function draw() {
    const size = canvas.clientWidth
    if (!size || !grid.image.complete) return
    const ratio = window.devicePixelRatio || 1
    const height = (size * rows) / columns
    canvas.width = Math.round(size * ratio)
    canvas.height = Math.round(height * ratio)
    const ctx = canvas.getContext("2d")
    ctx.scale(ratio, ratio)
    ctx.imageSmoothingEnabled = grid.image.width > 64 // a map's cells have edges, a photo's pixels have none
    ctx.imageSmoothingQuality = "high"
    ctx.drawImage(grid.image, 0, 0, size, height)
    const step = size / columns
    ctx.beginPath()
    for (let i = 1; i < columns; i++) {
      ctx.moveTo(i * step, 0)
      ctx.lineTo(i * step, height)
    }
    for (let i = 1; i < rows; i++) {
      ctx.moveTo(0, i * step)
      ctx.lineTo(size, i * step)
    }
    for (const [colour, thickness] of [["rgba(0,0,0,.45)", 2], ["rgba(255,255,255,.55)", 1]]) {
      ctx.strokeStyle = colour
      ctx.lineWidth = thickness
      ctx.stroke()
    }
    ctx.font = `600 ${Math.max(13, Math.round(step / 4.5))}px ${theme("--st-font") || "sans-serif"}`
    ctx.textBaseline = "top"
    ctx.lineWidth = 3
    ctx.lineJoin = "round"
    ctx.strokeStyle = "rgba(255,255,255,.9)"
    ctx.fillStyle = "#111"
    data.names.forEach((name, i) => {
      const x = (i % columns) * step + 5, y = Math.floor(i / columns) * step + 5
      ctx.strokeText(name, x, y)
      ctx.fillText(name, x, y)
    })
    for (const i of grid.marked ?? []) {
      const x = (i % columns) * step, y = Math.floor(i / columns) * step
      ctx.fillStyle = "rgba(0,0,0,.72)"
      ctx.fillRect(x + 1, y + 1, step - 2, step - 2)
      ctx.strokeStyle = "rgba(255,255,255,.8)"
      ctx.lineWidth = 1.5
      ctx.beginPath()
      ctx.moveTo(x + 0.3 * step, y + 0.3 * step)
      ctx.lineTo(x + 0.7 * step, y + 0.7 * step)
      ctx.moveTo(x + 0.7 * step, y + 0.3 * step)
      ctx.lineTo(x + 0.3 * step, y + 0.7 * step)
      ctx.stroke()
    }
    const [row, column] = grid.pick
    ctx.setLineDash(grid.active ? [] : [6, 5])
    // A broad frame below a narrow one, so that it stands out from any picture.
    for (const [colour, thickness] of [["#000", grid.active ? 7 : 3], ["#ffd400", grid.active ? 4 : 2]]) {
      ctx.strokeStyle = colour
      ctx.lineWidth = thickness
      ctx.strokeRect(column * step, row * step, step, step)
    }
    const name = data.names[row * columns + column]
    const isMarked = grid.marked?.has(row * columns + column)
    const words = grid.marked ? data.words[isMarked ? "marked" : "unmarked"] : data.words.place
    const place = words.replace("{0}", row + 1).replace("{1}", column + 1)
    canvas.setAttribute("aria-label", name ? data.words.number.replace("{0}", name) : place)
  }

  const clamp = (i, most) => Math.min(most - 1, Math.max(0, i))

  function move(row, column) {
    const pick = [clamp(row, rows), clamp(column, columns)]
    if (data.names.length && pick[0] * columns + pick[1] >= data.names.length) return // an empty place of the last row
    if (grid.active && pick[0] === grid.pick[0] && pick[1] === grid.pick[1]) return
    grid.pick = pick
    grid.active = true
    tell()
  }

  // Moves the frame there, and marks the cell or takes its mark away; for null the cell stays as it is.
  function mark(row, column, isMarked) {
    grid.frame = grid.pick = [clamp(row, rows), clamp(column, columns)]
    grid.active = true
    const i = grid.pick[0] * columns + grid.pick[1]
    if (isMarked === null || grid.marked.has(i) === isMarked) return draw()
    if (isMarked) grid.marked.add(i)
    else grid.marked.delete(i)
    tell()
  }

  function tell() {
    grid.moves += 1
    unanswered.add(parentElement)
    draw()
    if (grid.timer === null) grid.timer = setTimeout(send, Math.max(0, grid.lastSent + SEND_EVERY_MS - Date.now()))
  }

  function send() {
    grid.timer = null
    grid.lastSent = Date.now()
    if (!grid.marked) return trigger("pick", { cell: grid.pick, number: grid.moves })
    const cells = [...grid.marked].sort((a, b) => a - b).map((i) => [Math.floor(i / columns), i % columns])
    trigger("mark", { cells, number: grid.moves })
  }

  function cellAt(event) {
    const at = canvas.getBoundingClientRect()
    const row = Math.floor(((event.clientY - at.top) / at.height) * rows)
    const column = Math.floor(((event.clientX - at.left) / at.width) * columns)
    return [clamp(row, rows), clamp(column, columns)]
  }

  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return
    canvas.setPointerCapture(event.pointerId)
    const [row, column] = cellAt(event)
    if (!grid.marked) return move(row, column)
    grid.paints = !grid.marked.has(row * columns + column) // what is drawn over becomes as the first cell does
    mark(row, column, grid.paints)
  }
  canvas.onpointermove = (event) => {
    if (!canvas.hasPointerCapture(event.pointerId)) return
    if (grid.marked) mark(...cellAt(event), grid.paints)
    else move(...cellAt(event))
  }
  canvas.onkeydown = (event) => {
    const step = {
      ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Enter: [0, 0], " ": [0, 0],
    }[event.key]
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    const [row, column] = [grid.pick[0] + step[0], grid.pick[1] + step[1]]
    if (!grid.marked) return move(row, column)
    mark(row, column, step[0] || step[1] ? null : !grid.marked.has(row * columns + column))
  }

  grid.draw = draw
  draw()
  return unlessCalledAgain(parentElement, () => {
    clearTimeout(grid.timer)
    grid.resized.disconnect()
    grids.delete(parentElement)
    unanswered.delete(parentElement)
  })
}
