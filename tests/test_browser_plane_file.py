"""The plane's file in a real browser, opened from the disk without a network; what it decodes and says is held against Python."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch
from browser import WAIT_MS, needs_browser, wait_until
from foreign_models import save_foreign
from test_browser_plane import numbers, point

import aemodels
from aemodels.codes import planes
from aemodels.export import __main__ as command

pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.release, needs_browser]

LAB = ("mnist-ae", "mnist-ae-l2-code", "mnist-ae-l2-weights", "mnist-vae")
GREY_LEVELS = 2.5  # rounded weights, and half a level of what is shown


def write(monkeypatch, *arguments):
    monkeypatch.setattr("sys.argv", ["export", *map(str, arguments)])
    return command.main()


@pytest.fixture(scope="module")
def lab_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "plane.html"
    with pytest.MonkeyPatch.context() as monkeypatch:
        assert write(monkeypatch, path) == 0
    return path


@pytest.fixture
def visit(browser):
    """visit(path, **options) -> the file in a browser that has no network, once its grid is whole; page.seen has what it asked
    for, and what went wrong."""
    contexts = []

    def visit(path, **options):
        contexts.append(browser.new_context(offline=True, **options))
        page = contexts[-1].new_page()
        page.set_default_timeout(WAIT_MS)
        page.seen = []
        page.on("request", lambda request: page.seen.append(request.url))
        page.on("pageerror", lambda error: page.seen.append(str(error)))
        page.goto(path.as_uri())
        page.wait_for_function("globalThis.latentLab?.get('grid')")
        return page

    yield visit
    for context in contexts:
        context.close()


def pixels(canvas):
    """What a canvas shows, grey levels (H, W)."""
    shown, width = canvas.evaluate("c => [[...c.getContext('2d').getImageData(0, 0, c.width, c.height).data], c.width]")
    return np.array(shown, dtype=int).reshape(-1, width, 4)[..., 0]


def off(canvas, ckpt, z):
    """The largest difference, in grey levels, between what a canvas shows and what torch decodes at z."""
    return np.abs(pixels(canvas) - 255 * ckpt.model.decode(torch.tensor([z]))[0, 0].numpy()).max()


def test_the_labs_file_is_small_holds_four_models_and_is_touched_without_any_request(lab_file, visit):
    assert lab_file.stat().st_size <= 3_000_000
    page = visit(lab_file, viewport={"width": 1440, "height": 1000}, locale="en-GB")
    assert page.locator("#model option").all_inner_texts() == ["Plain", "L2 on the code", "L2 on the weights", "VAE"]
    ckpt = aemodels.load_checkpoint("mnist-ae")
    view = planes.widen(planes.box(ckpt.codes, 0.998))
    canvas, image, place = page.locator("#touch #codes"), page.locator("#touch #decoded"), page.locator("#touch #place")
    coloured = canvas.evaluate(
        "c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0;"
        "for (let i = 0; i < d.length; i += 4) n += Math.abs(d[i] - d[i + 2]) > 60; return n }"
    )
    assert coloured > 10_000  # dots of classes
    support = planes.Support(ckpt.codes)
    before = None
    for aim in ((2.5, 1.5), (-4.0, 3.0), (0.2, -1.4)):
        page.mouse.click(*point(canvas, view, aim))
        z = numbers(place.inner_text())
        assert z == pytest.approx(aim, abs=0.05)
        assert off(image, ckpt, z) <= GREY_LEVELS
        share = support(torch.tensor([z])).item()
        word = {"supported": "Supported", "sparse": "Sparse", "hole": "Hole"}[planes.kind_of_place(share)]
        page.wait_for_function("() => !document.querySelector('#touch').shadowRoot.querySelector('.stale')")
        assert page.locator("#touch #verdict").first.inner_text() == word
        assert numbers(page.locator("#touch #share").first.inner_text())[0] == pytest.approx(100 * share, abs=0.11)
        index = planes.nearest_k(ckpt.codes, torch.tensor(z), 3)[0]
        labels = [str(int(ckpt.labels[i])) for i in index]
        assert page.locator("#touch #nearest b").all_inner_texts() == labels
        assert before is None or np.abs(pixels(image) - before).max() > 50
        before = pixels(image)
    x, y = point(canvas, view, (0.2, -1.4))
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 90, y - 120)
    moved = numbers(place.inner_text())
    assert moved[0] > 0.5
    assert off(image, ckpt, moved) <= GREY_LEVELS
    page.mouse.up()
    assert np.abs(pixels(image) - before).max() > 50
    assert page.seen == [lab_file.as_uri()]


def test_a_box_zooms_into_both_pictures_and_the_whole_plane_comes_back(lab_file, visit):
    page = visit(lab_file, viewport={"width": 1440, "height": 1000}, locale="en-GB")
    ckpt = aemodels.load_checkpoint("mnist-ae")
    view = planes.widen(planes.box(ckpt.codes, 0.998))
    canvas, title = page.locator("#touch #codes"), page.locator("#touch .title").first
    whole = title.inner_text()
    assert whole == f"{planes.num_inside(ckpt.codes, view):,} of 10,000 test codes"
    page.locator("#touch #box").click()
    page.mouse.move(*point(canvas, view, (-1.0, -1.0)))
    page.mouse.down()
    page.mouse.move(*point(canvas, view, (1.0, 1.0)))
    page.mouse.up()
    page.wait_for_function(
        "() => latentLab.get('grid').extent.every(v => Math.abs(Math.abs(v) - 1) < 0.05)"  # the grid is of the box
    )
    found = int(numbers(title.inner_text().replace(",", ""))[0])
    extent = page.evaluate("latentLab.get('grid').extent")
    assert found == pytest.approx(planes.num_inside(ckpt.codes, extent), abs=2)
    assert page.locator("#touch .title").nth(1).inner_text() == "Manifold grid of the box in view"
    page.locator("#touch #reset").click()
    page.wait_for_function(
        "text => document.querySelector('#touch').shadowRoot.querySelector('.title').textContent === text", arg=whole
    )
    page.wait_for_function("() => Math.abs(latentLab.get('grid').extent[0]) > 2")


@pytest.mark.parametrize("link", ["place", "digit"])
def test_the_cursor_moves_in_all_planes(lab_file, visit, link):
    page = visit(lab_file, viewport={"width": 1440, "height": 1000}, locale="en-GB")
    ckpts = [aemodels.load_checkpoint(name) for name in LAB]
    page.locator("#link").select_option(link)
    page.locator("#scale").select_option("same")
    assert page.locator("#twins-rings").is_visible()  # of the VAE
    figures = page.locator("#twins figure").all()
    assert len(figures) == len(LAB)
    ends = torch.tensor([planes.box(ckpt.codes, 0.998) for ckpt in ckpts])
    union = planes.widen([f(ends[:, i].tolist()) for i, f in enumerate((min, max, min, max))])
    canvas = figures[1].locator("canvas.plane")
    canvas.scroll_into_view_if_needed()
    page.mouse.click(*point(canvas, union, (0.4, -0.6)))
    page.wait_for_function("() => !document.querySelector('#twins').shadowRoot.querySelector('.stale')")
    places = [numbers(figure.locator(".place").inner_text()) for figure in figures]
    if link == "place":
        assert all(place == pytest.approx((0.4, -0.6), abs=0.06) for place in places)
    else:
        index = planes.nearest_k(ckpts[1].codes, torch.tensor([0.4, -0.6]), 30)[0]
        same = [i for i in index if ckpts[1].codes[i].tolist() == pytest.approx(places[1], abs=2e-3)]
        assert any(
            all(c.codes[i].tolist() == pytest.approx(p, abs=2e-3) for c, p in zip(ckpts, places, strict=True))
            for i in same
        )
    for figure, ckpt, place in zip(figures, ckpts, places, strict=True):
        assert (
            off(figure.locator("canvas.digit"), ckpt, place) <= GREY_LEVELS + 1
        )  # the place is said to three decimals
        kind = planes.kind_of_place(planes.support(ckpt.codes, torch.tensor([place])).item())
        assert figure.locator("#verdict").get_attribute("class") == kind


def test_planes_stay_level_beside_a_title_of_several_lines(lab_file, visit):
    page = visit(lab_file, viewport={"width": 1440, "height": 1000}, locale="en-GB")
    page.locator("#twins .title").first.evaluate("title => (title.textContent = 'long name '.repeat(9))")
    tops = {canvas.bounding_box()["y"] for canvas in page.locator("#twins canvas.plane").all()}
    assert len(tops) == 1


def test_it_speaks_as_the_browser_does_and_as_the_switch_says(lab_file, visit):
    page = visit(lab_file, viewport={"width": 390, "height": 844}, locale="zh-CN", color_scheme="dark", has_touch=True)
    assert page.locator("h1").inner_text() == "隐平面"
    assert page.evaluate("document.documentElement.lang") == "zh-Hans"
    read = "() => document.body.innerText + [...document.querySelectorAll('#touch, #twins')].map(e => [...e.shadowRoot.children].slice(1).map(c => c.innerText).join(' ')).join(' ')"
    left = set(re.findall(r"\b[a-z]{4,}\b", page.evaluate(read))) - {"mnist", "weights", "code"}
    assert left <= {"mnist"}, left
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.get_by_role("button", name="English").click()
    assert page.locator("h1").inner_text() == "Latent plane"
    assert not re.search("[一-鿿]", page.evaluate(read).replace("简体中文", ""))
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.emulate_media(color_scheme="light")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") != background
    box = page.locator("#touch #codes").bounding_box()
    before = page.locator("#touch #place").inner_text()
    page.touchscreen.tap(box["x"] + 150, box["y"] + 100)
    assert page.locator("#touch #place").inner_text() != before


def test_axe_finds_nothing(lab_file, visit):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    for options in ({"color_scheme": "light", "locale": "en-GB"}, {"color_scheme": "dark", "locale": "zh-CN"}):
        page = visit(lab_file, viewport={"width": 1440, "height": 2500}, **options)
        found = axe.Axe().run(page).response["violations"]
        assert [(fault["id"], fault["nodes"][0]["target"]) for fault in found] == []


def test_paper_is_white_and_holds_the_colours_of_the_classes_and_no_buttons(lab_file, visit):
    page = visit(lab_file, viewport={"width": 1000, "height": 900}, locale="en-GB", color_scheme="dark")
    canvas = page.locator("#touch #codes")
    letters = """c => { const d = c.getContext("2d").getImageData(0, 0, 46, c.height).data; let sum = 0, n = 0
        for (let i = 0; i < d.length; i += 4) if (d[i + 3] > 200) { sum += d[i]; n++ }
        return sum / n }"""  # the grey of the numbers beside the axis
    assert canvas.evaluate(letters) > 150
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    wait_until(page, lambda: canvas.evaluate(letters) < 100)  # it is drawn anew with the next frame
    swatch = page.locator("#touch .legend i").first
    assert swatch.evaluate("i => getComputedStyle(i).printColorAdjust") == "exact"
    assert page.get_by_role("button", name="Zoom out").is_hidden()
    assert page.get_by_role("button", name="English").is_hidden()


def test_foreign_planes_grey_and_in_colour(tmp_path, visit, monkeypatch):
    for name in ("fashion-plane", "shapes-plane"):
        save_foreign(name, tmp_path, title="</script><b>two</b>")
    for data, name in (("FashionMNIST", "fashion-plane"), ("Shapes", "shapes-plane")):
        path = tmp_path / f"{name}.html"
        assert write(monkeypatch, path, "--data", data, "--checkpoints", tmp_path) == 0
        page = visit(path, viewport={"width": 1000, "height": 900}, locale="en-GB")
        ckpt = aemodels.load_checkpoint(name, tmp_path)
        z = numbers(page.locator("#touch #place").inner_text())
        shown = page.locator("#touch #decoded").evaluate(
            "c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]"
        )
        size = ckpt.model_config.image_shape[-1]
        rgb = np.array(shown).reshape(size, size, 4)[..., :3]
        expected = 255 * ckpt.model.decode(torch.tensor([z]))[0].expand(3, size, size).permute(1, 2, 0).numpy()
        assert np.abs(rgb - expected).max() <= 1.5
        assert page.locator("#side-by-side").is_hidden()  # there is one model
        assert page.locator("#model option").all_inner_texts() == ["</script><b>two</b>"]
        assert page.seen == [path.as_uri()]


def test_what_cannot_be_written_is_one_sentence(tmp_path, capsys, monkeypatch):
    (tmp_path / "empty").mkdir()
    assert write(monkeypatch, tmp_path / "plane.html", "--checkpoints", tmp_path / "empty") == 1
    assert "There is no model with a code of two numbers in" in capsys.readouterr().err
    save_foreign("fashion-plane", tmp_path)
    (tmp_path / "file").write_text("")
    assert write(monkeypatch, tmp_path / "file" / "plane.html", "--checkpoints", tmp_path) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "could not be written" in said
    assert write(monkeypatch, tmp_path / "plane.html", "--checkpoints", tmp_path, "--data", "Shapes") == 1
    assert "FashionMNIST" in capsys.readouterr().err
    assert not Path(tmp_path / "plane.html").exists()
