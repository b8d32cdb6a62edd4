// What is large and rarely changes (a decoder's weights, a plane's codes, the picture of a grid) travels in components of
// its own, which show nothing: Streamlit sends it once, and again only when it has changed. It waits here under its name.
// Pictures are there only when the browser has decoded them, a small one before a large one that was sent earlier: what is asked for last stays.
const shelf = (globalThis.latentLab ??= new Map())
const asked = (globalThis.latentLabAsked ??= new Map()) // name -> {version, owner: the element that asked for it}

export default function ({ data, parentElement }) {
  const isBinary = data instanceof Uint8Array, thing = isBinary ? readHeader(data) : data
  const version = isBinary ? thing.version : data
  asked.set(thing.name, { version, owner: parentElement })
  if (shelf.get(thing.name)?.version !== version) {
    if (!isBinary) keepPicture(thing)
    else if (thing.kind === "sheet") keepSheet(thing, data)
    else if (thing.kind === "film") keepFilm(thing, data)
    else keep(thing.name, version, thing.kind === "map" ? makeMap(thing, data) : makeModel(thing, data))
  }
  return unlessCalledAgain(parentElement, () => {
    if (asked.get(thing.name)?.owner !== parentElement) return // where the page has changed, its successor may own the thing already
    asked.delete(thing.name)
    shelf.delete(thing.name)
  })
}

function keep(name, version, value) {
  if (asked.get(name)?.version !== version) return
  shelf.set(name, { version, ...value })
  window.dispatchEvent(new Event("latent-lab"))
}

// See pack and pack_rounded in packing.py.
function readHeader(data) {
  const length = new DataView(data.buffer, data.byteOffset).getUint32(0, true)
  return { ...JSON.parse(new TextDecoder().decode(data.subarray(4, 4 + length))), start: 4 + length }
}

function makeModel({ layers, num_weights, num_codes, num_whole, start }, data) {
  const take = (num_bytes) => data.slice(start, (start += num_bytes)).buffer
  const weights = float32(new Uint16Array(take(2 * num_weights)))
  const codes = new Float32Array(take(8 * num_codes)) // z1, z2 of each code, one after the other
  const labels = new Uint8Array(take(num_codes))
  return { decode: makeDecoder(layers, weights, new Int8Array(take(num_whole))), codes, labels }
}

// See points in map/canvas.py.
function makeMap({ num_codes: n, num_neighbours: k, values, start }, data) {
  const take = (type, count) => new type(data.slice(start, (start += 4 * count)).buffer)
  return {
    codes: take(Float32Array, 2 * n), // where each code lies on the map
    labels: take(Int32Array, n),
    order: take(Int32Array, n), // the densest places first
    neighbours: take(Int32Array, n * k),
    distances: take(Float32Array, n * k),
    values: Object.fromEntries(values.map((name) => [name, take(Float32Array, n)])),
    num_neighbours: k,
  }
}

// All pictures in one, so that the browser decodes one file.
async function keepSheet({ name, version, tile, columns, start }, data) {
  const sheet = await createImageBitmap(new Blob([data.subarray(start)]))
  keep(name, version, { sheet, tile, columns })
}

// See _film in film/canvas.py: codes of each moment in 16 bits over its range, and a picture of each.
async function keepFilm({ name, version, steps, num_codes: n, low, high, boxes, sizes, start }, data) {
  const take = (type, count, size) => new type(data.slice(start, (start += count * size)).buffer)
  const places = take(Int16Array, 2 * n * steps.length, 2), labels = take(Int32Array, n, 4)
  const blobs = sizes.map((size) => new Blob([data.slice(start, (start += size))]))
  const pictures = await Promise.all(blobs.map((blob) => createImageBitmap(blob)))
  keep(name, version, { steps, places, labels, low, high, boxes, pictures })
}

function keepPicture(data) {
  const image = new Image()
  image.onload = () => keep(data.name, data, { image, model: data.model, extent: data.extent })
  image.src = `data:image/png;base64,${data.picture}`
}
