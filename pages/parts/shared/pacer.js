// Asks Python for its next step a pause after the last one is drawn; shows nothing. Python sends data {step, pause_ms, page}; step is a
// number that is new each time.
// Every message carries the values of all widgets, as the browser knows them. While a pick waits for its answer those are the
// old ones, and Python would believe them: so this waits too.

const RETRY_MS = 50

const timers = new WeakMap() // one entry a mounted component

export default function ({ data, parentElement, setTriggerValue }) {
  const trigger = unlessLeft(data.page, setTriggerValue)
  const ask = () => {
    if (globalThis.latentLabUnanswered?.size) timers.set(parentElement, setTimeout(ask, RETRY_MS))
    else trigger("next", data.step)
  }
  const stop = () => clearTimeout(timers.get(parentElement))
  stop()
  timers.set(parentElement, setTimeout(ask, data.pause_ms))
  return unlessCalledAgain(parentElement, stop)
}
