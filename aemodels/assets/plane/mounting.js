// What stands in an element of the page between two calls. Streamlit calls a component anew whenever its data or the theme change, and
// cleans up when the element goes. Where the script was still loading at a change, it also cleans up after the call that was overtaken,
// once the later one has drawn: then all must stay.
const calls = new WeakMap() // element -> how many so far
const mounted = new WeakMap() // element -> {update(data), unmount()}

function unlessCalledAgain(element, cleanUp) {
  const call = (calls.get(element) ?? 0) + 1
  calls.set(element, call)
  return () => calls.get(element) === call && cleanUp()
}

// Mounts at the first call, updates at each; returns what cleans up.
function present(element, data, mount) {
  let shown = mounted.get(element)
  if (!shown) mounted.set(element, (shown = mount()))
  shown.update(data)
  return unlessCalledAgain(element, () => {
    shown.unmount()
    mounted.delete(element)
  })
}

// The element that css finds, as often as wanted; what an earlier mount has left is used again.
function copies(root, css, count) {
  const [first, ...others] = root.querySelectorAll(css)
  others.slice(count - 1).forEach((one) => one.remove())
  for (let k = others.length + 1; k < count; k++) first.after(first.cloneNode(true))
  return [...root.querySelectorAll(css)]
}

// Whether Python has begun a new visit, which knows nothing of the moves made here: the browser lost the server and found it again. Within a visit
// the number of the last move that it has answered only grows.
const answers = new WeakMap() // element -> that number

function isNewVisit(element, answered) {
  const before = answers.get(element) ?? 0
  answers.set(element, answered)
  return answered < before
}

// A page that is left stands until the next one is drawn, and may still get answers. What it sends by then would come after the next page's run,
// which knows nothing of it, and leave the page blank: so it sends nothing.
const LINKS = "[data-testid=stSidebarNavLink], [data-testid=stPageLink-NavLink]"
const way = (globalThis.latentLabWay ??= watchLinks()) // {from, to}: between which paths the link leads that was clicked last

function watchLinks() {
  const way = {}
  document.addEventListener("click", (event) => {
    const link = event.target.closest(LINKS)
    if (link && !(event.ctrlKey || event.metaKey || event.shiftKey)) Object.assign(way, { from: location.pathname, to: link.pathname })
  }, true)
  window.addEventListener("popstate", () => (way.from = null))
  return way
}

// Sends while the visitor is on this page and not on the way to another one. page: the last part of its path; none in a file without Python.
function unlessLeft(page, send) {
  const goal = () => (way.from === location.pathname ? way.to : location.pathname).match(/([^/]*)\/*$/)[1]
  return (...message) => {
    if ((page ?? null) === null || goal() === page) send(...message)
  }
}
