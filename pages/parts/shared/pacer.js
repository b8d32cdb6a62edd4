// Asks Python for its next step a pause after the last one is drawn; shows nothing. Python sends data {step, pause_ms}; step is a
// number that is new each time.
// Every message carries the values of all widgets, as the browser knows them. While a pick waits for its answer those are the
// old ones, and Python would believe them: so this waits too.
// A page that is left stands until the next one is drawn. A step that it asks for by then would come after the next page's run, which
// knows nothing of it, and leave the page blank: so a page that is left asks for none.

const RETRY_MS = 50
const LINKS = "[data-testid=stSidebarNavLink], [data-testid=stPageLink-NavLink]"

const timers = new WeakMap() // one entry a mounted component

export default function ({ data, parentElement, setTriggerValue }) {
  const ask = () => {
    if (globalThis.latentLabUnanswered?.size) timers.set(parentElement, setTimeout(ask, RETRY_MS))
    else setTriggerValue("next", data.step)
  }
  const stop = () => clearTimeout(timers.get(parentElement))
  const leave = (click) => click.target.closest(LINKS) && !(click.ctrlKey || click.metaKey || click.shiftKey) && stop()
  const cleanUp = unlessCalledAgain(parentElement, stop)
  stop()
  timers.set(parentElement, setTimeout(ask, data.pause_ms))
  window.addEventListener("popstate", stop)
  document.addEventListener("click", leave, true)
  return () => {
    window.removeEventListener("popstate", stop)
    document.removeEventListener("click", leave, true)
    cleanUp()
  }
}
