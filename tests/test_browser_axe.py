"""What axe-core, the checker of web pages for people who see, hear or move differently, says of every page, light and dark."""

import pytest
from browser import REPO, WAIT_MS, needs_browser, running_app, settle

sync_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")  # carries axe-core, at the version that it names
pytestmark = [pytest.mark.release, needs_browser]

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
# Further states of pages, in which other widgets stand on them.
STATES = ["mnist-denoise?digits=Draw+one", "mnist-denoise?digits=Upload+one", "dogs-reconstruct?photos=Your+own"]
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
    settle(page)
    if not page.evaluate("'axe' in window"):
        page.evaluate(axe.Axe().axe_script)
    return page.evaluate(CHECK, SCHEMES[scheme])


@pytest.fixture(scope="module")
def of_streamlit(browser, tmp_path_factory):
    """What axe-core finds on a page that is empty but for what Streamlit brings."""
    folder, found = tmp_path_factory.mktemp("empty"), set()
    (folder / "empty.py").write_text(EMPTY_APP)
    with running_app(folder, folder / "empty.py") as (url, _):
        page = browser.new_page()
        page.set_default_timeout(WAIT_MS)
        page.goto(url)
        for scheme in SCHEMES:
            found |= {(fault["rule"], fault["place"]) for fault in check(page, scheme)}
        page.close()
    return found


def faults_of(page, name, of_streamlit):
    """What axe-core finds on the page, in both schemes, that an empty page of Streamlit has not. The one that the page is in comes
    first: for the other, it is drawn again."""
    faults = []
    is_dark = page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
    for scheme in sorted(SCHEMES, reverse=not is_dark):
        found = check(page, scheme)
        assert page.get_by_test_id("stAlertContentError").count() == 0, f"{name} shows an error"
        new = [fault for fault in found if (fault["rule"], fault["place"]) not in of_streamlit]
        faults += [f"{name}, {scheme}: {fault['rule']}: {fault['selector']}\n{fault['why']}" for fault in new]
    return faults


def test_axe_finds_only_what_an_empty_streamlit_page_has_too(new_page, app_url_with_photos, of_streamlit):
    page, faults = new_page(), []

    def look(name):
        faults.extend(faults_of(page, name, of_streamlit))

    page.goto(app_url_with_photos)
    settle(page)
    links = page.get_by_test_id("stSidebarNavLink")
    addresses = links.evaluate_all("links => links.map(link => link.href)")
    assert len(addresses) == len([file for file in (REPO / "pages").glob("*/*.py") if file.parent.name != "parts"])
    look("home")
    for i, address in enumerate(addresses[1:], 1):  # from page to page as a visitor goes, who does not load all anew
        links.nth(i).click()
        page.wait_for_url(f"{address}**")
        look(address.removeprefix(app_url_with_photos))
    for state in STATES:
        page.goto(f"{app_url_with_photos}/{state}")
        look(state)

    page.goto(addresses[1])
    page.get_by_role("button", name="Add to report").click()
    sync_api.expect(page.get_by_test_id("stToast")).to_be_visible()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Report", exact=True).click()
    sync_api.expect(page.get_by_label("Caption")).to_be_visible()
    look("report, with a panel")
    page.get_by_role("button", name="The lab's report").click()
    sync_api.expect(page.locator("[class*=st-key-section_]")).to_have_count(10)
    look("report, with the lab's sections")
    assert not faults, "\n\n".join(faults)
