"""axe-core, the checker of web pages for people who see, hear or move differently: what it finds on a page, light and dark."""

from pathlib import Path

from browser import WAIT_MS, running_app, settle, still

# What Streamlit shows by itself: a navigation with sections, a title, the widget for files, a message that goes by itself.
EMPTY_APP = """
import streamlit as st

def empty():
    st.title("Empty")
    st.file_uploader("Files")
    st.toast("Hello", duration="infinite")

def page(name):
    return st.Page(empty, title=name, url_path=name)

st.navigation({"": [page("home")], "A": [page("a1"), page("a2")], "B": [page("b1"), page("b2")]}).run()
"""
TALL = {"width": 1440, "height": 6000}  # axe-core looks at the colours of what is in the window alone
# Each element that breaks a rule: the rule, the element's shortest selector, and its place, which is the same on every page: the
# nearest element around it that Streamlit names, and the tags from there.
CHECK = """async (rules) => {
    const place = (element) => {
        let tags = ""
        for (; element && !element.dataset.testid; element = element.parentElement ?? element.getRootNode().host)
            tags = ` ${element.localName}${tags}`
        return `${element?.dataset.testid}${tags}`
    }
    const only = rules.length ? { runOnly: { type: "rule", values: rules } } : {}
    const { violations } = await axe.run(document, { resultTypes: ["violations"], elementRef: true, ...only })
    return violations.flatMap(({ id, nodes }) => nodes.map(({ element, target, failureSummary }) =>
        ({ rule: id, place: place(element), selector: target.flat().join(" "), why: failureSummary })))
}"""
# Rules of axe-core for each scheme: the light pages are held against all, the dark ones against those that know colours.
SCHEMES = {"light": [], "dark": ["color-contrast", "link-in-text-block"]}


def check(page, scheme):
    """What axe-core finds on the page in this scheme once all of it is drawn and unfolded."""
    from axe_playwright_python.sync_playwright import Axe  # carries axe-core, at the version that it names

    page.set_viewport_size(TALL)
    page.emulate_media(color_scheme=scheme)
    page.wait_for_function(
        "dark => { const app = document.querySelector('[data-testid=stApp]');"
        " return app && (getComputedStyle(app).backgroundColor !== 'rgb(255, 255, 255)') === dark }",
        arg=scheme == "dark",
    )
    settle(page)
    page.wait_for_function("!document.querySelector('[data-testid=stSkeleton], [data-testid=stProgress]')")
    folded = page.locator("details:not([open]) > summary")
    while folded.count():
        folded.first.click()
    still(page)  # colours too go over from one scheme to the other
    if not page.evaluate("'axe' in window"):
        page.evaluate(Axe().axe_script)
    return page.evaluate(CHECK, SCHEMES[scheme])


def of_streamlit(browser, folder: Path) -> set[tuple[str, str]]:
    """What axe-core finds on a page that is empty but for what Streamlit brings: rules and places. The folder is for its app."""
    found = set()
    (folder / "empty.py").write_text(EMPTY_APP)
    with running_app(folder, folder / "empty.py") as (url, _):
        page = browser.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(url)
        for scheme in SCHEMES:
            found |= {(fault["rule"], fault["place"]) for fault in check(page, scheme)}
        page.close()
    return found


def faults_of(page, of_streamlit: set[tuple[str, str]]) -> list[str]:
    """What axe-core finds on the page, in both schemes, that an empty page of Streamlit has not. The one that the page is in comes
    first: for the other, it is drawn again."""
    faults = []
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    for scheme in sorted(SCHEMES, reverse=not is_dark):
        found = check(page, scheme)
        assert page.get_by_test_id("stAlertContentError").count() == 0
        new = [fault for fault in found if (fault["rule"], fault["place"]) not in of_streamlit]
        faults += [f"{scheme}: {fault['rule']}: {fault['selector']}\n{fault['why']}" for fault in new]
    return faults
