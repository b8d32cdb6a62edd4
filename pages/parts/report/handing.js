// Hands a file to the browser, once, and tells Python when that is done; shows nothing. Python sends one line of JSON {token, name, mime, page}
// and then the file's bytes, or null while there is no file; a token is new with each file.

const handed = (globalThis.latentLabHanded ??= new Set()) // tokens; Python may send a file again before it hears of this

export default function ({ data, setTriggerValue }) {
  if (!data) return
  const end = data.indexOf(10)
  const { token, name, mime, page } = JSON.parse(new TextDecoder().decode(data.subarray(0, end)))
  unlessLeft(page, setTriggerValue)("handed", token) // again too: where the page was left meanwhile, Python has not heard of it
  if (handed.has(token)) return
  handed.add(token)
  const link = document.createElement("a")
  link.href = URL.createObjectURL(new Blob([data.subarray(end + 1)], { type: mime }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000) // a phone may ask its user first
}
