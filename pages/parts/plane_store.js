// What is large and rarely changes (a decoder's weights, a plane's codes, the picture of a grid) travels in components of
// its own, which show nothing: Streamlit sends it once, and again only when it has changed. It waits here under its name.
const shelf = (globalThis.latentLab ??= new Map())

export default function ({ data }) {
  if (shelf.get(data.name)?.data !== data) {
    if (data.picture) keepPicture(data)
    else keep(data, makeModel(data))
  }
  // Where the page has changed, its successor may have put its own thing here already.
  return () => shelf.get(data.name)?.data === data && shelf.delete(data.name)
}

function keep(data, value) {
  shelf.set(data.name, { data, ...value })
  window.dispatchEvent(new Event("latent-lab"))
}

function makeModel(data) {
  return {
    codes: new Float32Array(bytes(data.codes).buffer), // z1, z2 of each code, one after the other
    labels: bytes(data.labels),
    decode: makeDecoder(data.layers, float32(new Uint16Array(bytes(data.weights).buffer))),
  }
}

function keepPicture(data) {
  const image = new Image()
  image.onload = () => keep(data, { image, model: data.model, extent: data.extent })
  image.src = `data:image/png;base64,${data.picture}`
}

function bytes(base64) {
  return Uint8Array.from(atob(base64), (c) => c.charCodeAt(0))
}
