// A plane without Python: hands the components what Streamlit hands them in the app, and answers what they send.
const DATA = JSON.parse(document.getElementById("data").textContent)
const SIDE = 20 // of the manifold grid, in images
const NUM_NEAREST = 3, CROWD = 10 // nearest pictures shown; the neighbour whose distance tells how dense a place is
const AWAY = 1e6 // as far as one may zoom out
const byId = (id) => document.getElementById(id)
const models = new Map(DATA.models.map((model) => [model.name, model]))
let language = (navigator.language || "").toLowerCase().startsWith("zh") ? "zh" : "en"
const words = () => DATA.words[language]
const fill = (message, values) => message.replace(/\{(\w+)\}/g, (field, name) => values[name])
const number = (n) => n.toLocaleString(words().tag)
const percent = (share) => share.toLocaleString(words().tag, { style: "percent", minimumFractionDigits: 1, maximumFractionDigits: 1 })
const widen = ([x1, x2, y1, y2], share = 0.03) => {
  const dx = share * (x2 - x1), dy = share * (y2 - y1)
  return [x1 - dx, x2 + dx, y1 - dy, y2 + dy]
}
const shelf = (name) => globalThis.latentLab.get(name)

// A place on the page for a component; show(data) hands it data, and changed(event) hears what it sends.
function host(element, component, kind, changed) {
  const root = element.attachShadow({ mode: "open" })
  root.innerHTML = `<style>${DATA.css}</style>${DATA.html[kind]}`
  let answered = 0
  const setTriggerValue = (_name, event) => {
    answered = event.number
    changed(event)
  }
  return (data) =>
    component({
      data: { ...data, classes: DATA.classes, colours: DATA.colours, words: words()[kind], answered },
      parentElement: root,
      setTriggerValue,
    })
}

async function unpack(packed) {
  const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0))
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))
  return new Uint8Array(await new Response(stream).arrayBuffer())
}

// The codes nearest to a place, [index, distance] each, nearest first.
function neighbours({ codes, labels }, z, count) {
  const [x, y] = z.map(Math.fround), found = []
  let least = Infinity
  for (let i = 0; i < labels.length; i++) {
    const dx = codes[2 * i] - x, dy = codes[2 * i + 1] - y, distance = dx * dx + dy * dy
    if (distance >= least) continue
    let at = found.length
    while (at && found[at - 1][1] > distance) at--
    found.splice(at, 0, [i, distance])
    if (found.length > count) found.pop()
    if (found.length === count) least = found[count - 1][1]
  }
  return found.map(([i, distance]) => [i, Math.sqrt(distance)])
}

// What is known of a place: planes.Support, planes.kind_of_place and plane.read, in JavaScript.
function read(name, z) {
  const model = shelf(name), { thresholds } = models.get(name)
  const near = neighbours(model, z, Math.min(CROWD, model.labels.length - 1))
  const lonely = near[near.length - 1][1]
  const share = 1 - thresholds.filter((d) => d < lonely).length / thresholds.length
  const kind = share < DATA.hole_below ? "hole" : share < DATA.sparse_below ? "sparse" : "supported"
  const nearest = near.slice(0, NUM_NEAREST).map(([i, distance]) => ({
    label: DATA.classes[model.labels[i]] ?? fill(words().unlabelled, { index: i }),
    distance: distance > 1e-4 ? String(Number(distance.toPrecision(2))) : "0",
    picture: picture(model.decode([model.codes[2 * i], model.codes[2 * i + 1]])),
  }))
  return { kind, verdict: words().kinds[kind], share: percent(share), nearest }
}

// Pixels as a tile: grey, or red, green and blue one after the other.
function tile(pixels) {
  const isGrey = Number.isInteger(Math.sqrt(pixels.length)), size = isGrey ? pixels.length : pixels.length / 3
  const image = new ImageData(Math.sqrt(size), Math.sqrt(size))
  for (let i = 0; i < size; i++) {
    for (let c = 0; c < 3; c++) image.data[4 * i + c] = Math.round(255 * pixels[isGrey ? i : c * size + i])
    image.data[4 * i + 3] = 255
  }
  return image
}

// A PNG file in base64.
function picture(pixels) {
  const image = tile(pixels), canvas = document.createElement("canvas")
  canvas.width = canvas.height = image.width
  canvas.getContext("2d").putImageData(image, 0, 0)
  return canvas.toDataURL("image/png").split(",")[1]
}

// The manifold grid of a box, put on the shelf while it grows, so that the page answers meanwhile.
let growing = 0
async function growGrid(name, [x1, x2, y1, y2]) {
  const mine = ++growing, model = shelf(name), canvas = document.createElement("canvas"), ctx = canvas.getContext("2d")
  for (let row = 0, shown = performance.now(); row < SIDE; row++) {
    for (let column = 0; column < SIDE; column++) {
      const image = tile(model.decode([x1 + ((column + 0.5) / SIDE) * (x2 - x1), y2 - ((row + 0.5) / SIDE) * (y2 - y1)]))
      if (!canvas.dataset.side) canvas.width = canvas.height = SIDE * (canvas.dataset.side = image.width)
      ctx.putImageData(image, column * image.width, row * image.height)
    }
    if (row + 1 < SIDE && performance.now() - shown < 60) continue
    shown = performance.now()
    globalThis.latentLab.set("grid", { image: canvas, model: name, extent: [x1, x2, y1, y2] })
    window.dispatchEvent(new Event("latent-lab"))
    await new Promise((resolve) => setTimeout(resolve))
    if (mine !== growing) return
  }
}

// What the page "Latent plane" does.
let name = DATA.models[0].name, z = DATA.models[0].z, box = null // null: the whole plane, its grid of the dashed box
const showTouch = host(byId("touch"), TOUCH, "touch", (event) => {
  z = event.z
  const whole = widen(models.get(name).cloud), isWhole = whole.every((v, i) => Math.abs(v - event.box[i]) <= 1e-4 * Math.abs(v))
  const before = String(box)
  if (isWhole) box = null
  else if (event.box.every((v) => Math.abs(v) <= AWAY)) box = event.box
  touch(String(box) !== before)
})

function touch(isNew) {
  const { cloud, box: dashed, rings, facts, notes } = models.get(name), model = shelf(name), text = words()
  const whole = widen(cloud), view = box ?? whole, [x1, x2, y1, y2] = view
  let shown = 0
  for (let i = 0; i < model.labels.length; i++) {
    const x = model.codes[2 * i], y = model.codes[2 * i + 1]
    shown += x >= x1 && x <= x2 && y >= y1 && y <= y2
  }
  showTouch({
    name, view, whole, dashed, rings, z,
    readout: read(name, z),
    titles: {
      codes: fill(text.codes, { shown: number(shown), number: number(model.labels.length) }),
      grid: fill(text.grid, { box: box ? text.box_in_view : text.box_dashed }),
    },
    nearest: text.nearest,
  })
  const lines = [...facts[language], ...notes[language]]
  byId("facts").replaceChildren(...lines.map((line) => Object.assign(document.createElement("li"), { innerHTML: line })))
  byId("rings").hidden = !rings.length
  if (isNew) growGrid(name, box ?? dashed)
}

// What the page "Twins" does.
let twinsZ = models.get(DATA.twins[0]).z
const showTwins = host(byId("twins"), TWINS, "twins", (event) => {
  twinsZ = event.z
  twins()
})

function twins() {
  const all = DATA.twins.map((each) => models.get(each)), link = byId("link").value
  const ends = [Math.min, Math.max, Math.min, Math.max].map((end, i) => end(...all.map(({ cloud }) => cloud[i])))
  const views = all.map(({ cloud }) => widen(byId("scale").value === "same" ? ends : cloud))
  const digit = neighbours(shelf(all[0].name), twinsZ, 1)[0][0]
  const planes = all.map((model, k) => {
    const { codes } = shelf(model.name), [a, b] = [views[0], views[k]]
    const place = link === "digit" ? [codes[2 * digit], codes[2 * digit + 1]]
      : [0, 2].map((i, axis) => b[i] + ((twinsZ[axis] - a[i]) / (a[i + 1] - a[i])) * (b[i + 1] - b[i]))
    const { name, box, rings, titles, facts } = model
    return { name, view: views[k], box, rings, title: titles[language], facts: facts[language], readout: read(name, place) }
  })
  showTwins({ planes, link, z: twinsZ })
  byId("twins-rings").hidden = !planes.some(({ rings }) => rings.length)
}

function speak() {
  const text = words()
  document.documentElement.lang = text.tag
  for (const element of document.querySelectorAll("[data-text]")) element.textContent = text[element.dataset.text]
  for (const element of document.querySelectorAll("[data-html]")) element.innerHTML = text[element.dataset.html]
  for (const element of document.querySelectorAll("[data-label]")) element.setAttribute("aria-label", text[element.dataset.label])
  byId("languages").replaceChildren(...Object.entries(DATA.languages).map(([key, title]) => {
    const button = Object.assign(document.createElement("button"), { type: "button", textContent: title, lang: DATA.words[key].tag })
    button.setAttribute("aria-pressed", key === language)
    button.onclick = () => {
      language = key
      speak()
      show(false)
    }
    return button
  }))
  byId("model").replaceChildren(...DATA.models.map((model) => new Option(model.titles[language], model.name, false, model.name === name)))
}

function show(isNew) {
  touch(isNew)
  if (!byId("side-by-side").hidden) twins()
}

async function start() {
  speak()
  for (const { name, packed, holes, box } of DATA.models) {
    STORE({ data: await unpack(packed), parentElement: {} })
    STORE({ data: { name: `holes-${name}`, model: name, picture: holes, extent: box }, parentElement: {} })
  }
  byId("side-by-side").hidden = DATA.twins.length < 2
  byId("model").onchange = () => {
    name = byId("model").value
    z = models.get(name).z
    box = null
    touch(true)
  }
  byId("scale").onchange = byId("link").onchange = twins
  // The canvases have the theme's colours.
  matchMedia("screen and (prefers-color-scheme: dark)").addEventListener("change", () => window.dispatchEvent(new Event("latent-lab")))
  show(true)
}

start().catch((error) => {
  byId("too-old").hidden = false
  throw error
})
