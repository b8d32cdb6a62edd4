// A picture under a grid of cells, one of them framed.
// Python sends data {picture, grid: [rows, columns], pick, active, words, names, answered}; this sends back "pick": {cell, number}.
// `number` counts the moves of the frame. Python echoes the last one it has seen as `answered`, so that a late answer to an
// earlier move never pulls the frame back.

const SEND_EVERY_MS = 120

const grids = new WeakMap() // one entry a mounted component
const unanswered = (globalThis.latentLabUnanswered ??= new Set()) // those whose last move Python has not answered; see pacer.js

export default function ({ data, parentElement, setTriggerValue }) {
  const canvas = parentElement.querySelector("canvas")
  let grid = grids.get(parentElement)
  if (!grid) {
    grid = { moves: data.answered, timer: null, lastSent: 0, image: new Image() }
    grids.set(parentElement, grid)
    grid.resized = new ResizeObserver(() => grid.draw())
    grid.resized.observe(canvas)
    grid.image.onload = () => grid.draw()
  }
  if (data.answered >= grid.moves) {
    unanswered.delete(parentElement)
    grid.pick = data.pick
    grid.moves = data.answered
    grid.active = data.active
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
    const [row, column] = grid.pick
    ctx.setLineDash(grid.active ? [] : [6, 5])
    // A broad frame below a narrow one, so that it stands out from any picture.
    for (const [colour, thickness] of [["#000", grid.active ? 7 : 3], ["#ffd400", grid.active ? 4 : 2]]) {
      ctx.strokeStyle = colour
      ctx.lineWidth = thickness
      ctx.strokeRect(column * step, row * step, step, step)
    }
    const name = data.names[row * columns + column]
    const place = data.words.place.replace("{0}", row + 1).replace("{1}", column + 1)
    canvas.setAttribute("aria-label", name ? data.words.number.replace("{0}", name) : place)
  }

  function move(row, column) {
    const clamp = (i, most) => Math.min(most - 1, Math.max(0, i))
    const pick = [clamp(row, rows), clamp(column, columns)]
    if (data.names.length && pick[0] * columns + pick[1] >= data.names.length) return // an empty place of the last row
    if (grid.active && pick[0] === grid.pick[0] && pick[1] === grid.pick[1]) return
    grid.pick = pick
    grid.active = true
    grid.moves += 1
    unanswered.add(parentElement)
    draw()
    if (grid.timer === null) grid.timer = setTimeout(send, Math.max(0, grid.lastSent + SEND_EVERY_MS - Date.now()))
  }

  function send() {
    grid.timer = null
    grid.lastSent = Date.now()
    setTriggerValue("pick", { cell: grid.pick, number: grid.moves })
  }

  function moveTo(event) {
    const at = canvas.getBoundingClientRect()
    move(Math.floor(((event.clientY - at.top) / at.height) * rows), Math.floor(((event.clientX - at.left) / at.width) * columns))
  }

  canvas.onpointerdown = (event) => {
    if (event.button !== 0) return
    canvas.setPointerCapture(event.pointerId)
    moveTo(event)
  }
  canvas.onpointermove = (event) => canvas.hasPointerCapture(event.pointerId) && moveTo(event)
  canvas.onkeydown = (event) => {
    const step = {
      ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0], Enter: [0, 0], " ": [0, 0],
    }[event.key]
    if (!step || event.ctrlKey || event.metaKey || event.altKey) return
    event.preventDefault()
    move(grid.pick[0] + step[0], grid.pick[1] + step[1])
  }

  grid.draw = draw
  draw()
  return () => {
    clearTimeout(grid.timer)
    grid.resized.disconnect()
    grids.delete(parentElement)
    unanswered.delete(parentElement)
  }
}
