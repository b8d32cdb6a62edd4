// Hands a file to the browser, once, and tells Python when that is done; shows nothing. Python sends data {token, name, mime, base64},
// or null while there is no file; a token is new with each file.

const handed = new Set() // tokens; Python may send a file again before it hears of this

export default async function ({ data, setTriggerValue }) {
  if (!data || handed.has(data.token)) return
  handed.add(data.token)
  const blob = await (await fetch(`data:${data.mime};base64,${data.base64}`)).blob()
  const link = document.createElement("a")
  link.href = URL.createObjectURL(blob)
  link.download = data.name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000) // a phone may ask its user first
  setTriggerValue("handed", data.token)
}
