// Asks Python for its next step as soon as the last one is drawn; shows nothing. Python sends data: any number, new each time.
// Every message carries the values of all widgets, as the browser knows them. While a pick waits for its answer those are the
// old ones, and Python would believe them: so this waits too.

const PAUSE_MS = 50

const timers = new WeakMap() // one entry a mounted component

export default function ({ data, parentElement, setTriggerValue }) {
  const ask = () => {
    if (globalThis.latentLabUnanswered?.size) timers.set(parentElement, setTimeout(ask, PAUSE_MS))
    else setTriggerValue("next", data)
  }
  clearTimeout(timers.get(parentElement))
  timers.set(parentElement, setTimeout(ask, PAUSE_MS))
  return () => clearTimeout(timers.get(parentElement))
}
