// Asks Python for its next step a pause after the last one is drawn; shows nothing. Python sends data {step, pause_ms}; step is a
// number that is new each time.
// Every message carries the values of all widgets, as the browser knows them. While a pick waits for its answer those are the
// old ones, and Python would believe them: so this waits too.
// A page that is left stands until the next one is drawn, and may still get the answer to its last step. A step that it asks for by
// then would come after the next page's run, which knows nothing of it, and leave the page blank: so a page that is left asks for none.

const RETRY_MS = 50
const LINKS = "[data-testid=stSidebarNavLink], [data-testid=stPageLink-NavLink]"

const pacers = new WeakMap() // one entry a mounted component

export default function ({ data, parentElement, setTriggerValue }) {
  const pacer = pacers.get(parentElement) ?? { path: location.pathname }
  pacers.set(parentElement, pacer)
  const ask = () => {
    if (globalThis.latentLabUnanswered?.size) pacer.timer = setTimeout(ask, RETRY_MS)
    else if (!pacer.isLeft) setTriggerValue("next", data.step)
  }
  const stop = () => clearTimeout(pacer.timer)
  const leaveFor = (path) => {
    stop()
    pacer.isLeft = path !== pacer.path
  }
  const goBack = () => leaveFor(location.pathname)
  const click = (event) => {
    const link = event.target.closest(LINKS)
    if (link && !(event.ctrlKey || event.metaKey || event.shiftKey)) leaveFor(link.pathname)
  }
  const cleanUp = unlessCalledAgain(parentElement, stop)
  stop()
  pacer.timer = setTimeout(ask, data.pause_ms)
  window.addEventListener("popstate", goBack)
  document.addEventListener("click", click, true)
  return () => {
    window.removeEventListener("popstate", goBack)
    document.removeEventListener("click", click, true)
    cleanUp()
  }
}
