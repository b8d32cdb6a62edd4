"""The plane in a real browser: touched, dragged, boxed, walked; what it decodes is held against torch."""

import base64
import io
import re
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from browser import IDLE, needs_browser, query, still
from PIL import Image

import aemodels
from aemodels.codes import planes
from aemodels.data import mnist

sync_api = pytest.importorskip("playwright.sync_api")
pytestmark = [pytest.mark.release, needs_browser]

MODELS = ("mnist-ae", "mnist-ae-l2-code", "mnist-ae-l2-weights", "mnist-vae")
LEFT, RIGHT, TOP, BOTTOM = 46, 10, 10, 44  # around the plot of a plane, in px


@pytest.fixture
def visit(new_page, app_url):
    """visit(path) -> the page, cold, once its models have arrived."""

    def visit(path):
        page = new_page(viewport={"width": 1440, "height": 1000})
        page.received = []
        page.on("websocket", lambda socket: socket.on("framereceived", lambda frame: page.received.append(len(frame))))
        page.goto(f"{app_url}/{path}")
        page.wait_for_function("[...(globalThis.latentLab?.keys() ?? [])].some(name => name.startsWith('mnist-'))")
        page.wait_for_selector("canvas.digit[aria-label]")  # before, the planes do not listen
        settle(page)
        return page

    return visit


@pytest.fixture(scope="module")
def ckpts():
    return {name: aemodels.load_checkpoint(name) for name in MODELS}


def settle(page):
    """Waits until Python has answered every change made in the page."""
    page.wait_for_function("[...document.querySelectorAll('*')].every(e => !e.shadowRoot?.querySelector('.stale'))")
    page.wait_for_selector(IDLE)


def in_url(page, key):
    return query(page).get(key, "")


def numbers(text):
    return [float(number) for number in re.findall(r"-?\d+\.?\d*", text.replace("−", "-"))]


def wait_for_url(page, key):
    page.wait_for_function("key => new URLSearchParams(location.search).get(key)", arg=key)
    settle(page)


def whole(ckpt):
    """What is seen of a plane that is not zoomed."""
    return planes.widen(planes.box(ckpt.codes, 0.998))


def point(canvas, view, z):
    """Where on the screen a place of the plane is."""
    box = canvas.bounding_box()
    x1, x2, y1, y2 = view
    width, height = box["width"] - LEFT - RIGHT, box["height"] - TOP - BOTTOM
    return (
        box["x"] + LEFT + (z[0] - x1) / (x2 - x1) * width,
        box["y"] + TOP + (y2 - z[1]) / (y2 - y1) * height,
    )


def pixels(canvas):
    """The grey levels (28, 28) of a canvas that shows one digit, and whether it is grey and opaque."""
    shown = canvas.evaluate("c => [...c.getContext('2d').getImageData(0, 0, c.width, c.height).data]")
    rgba = np.array(shown, dtype=int).reshape(28, 28, 4)
    assert (rgba[..., :3] == rgba[..., :1]).all()
    assert (rgba[..., 3] == 255).all()
    return rgba[..., 0]


def decoded(ckpt, z):
    return 255 * ckpt.model.decode(torch.tensor([z]))[0, 0].numpy()


def difference(canvas, expected):
    """The largest difference in grey levels; what is shown is a whole number, which alone can be half a level."""
    return np.abs(pixels(canvas) - expected).max()


def test_image_follows_the_mouse_while_it_is_held_and_is_torchs(visit, ckpts):
    page = visit("mnist-latent-plane")
    ckpt, canvas, image = ckpts["mnist-ae"], page.locator("#codes"), page.locator("#decoded")
    view = whole(ckpt)
    x_min, x_max, y_min, y_max = view
    shares = [(0.2, 0.8), (0.5, 0.5), (0.8, 0.9), (0.25, 0.2), (0.95, 0.05)]
    places = [(x_min + a * (x_max - x_min), y_min + b * (y_max - y_min)) for a, b in shares]
    page.mouse.move(*point(canvas, view, places[0]))
    page.mouse.down()
    shown = []
    for place in places:
        page.mouse.move(*point(canvas, view, place))
        z = numbers(page.locator("#place").inner_text())
        assert z == pytest.approx(place, abs=0.05)
        assert difference(image, decoded(ckpt, z)) <= 1
        shown.append(pixels(image))
        assert "stale" in page.locator(".readout").get_attribute("class")  # Python has not been asked
    assert in_url(page, "z") == ""
    assert all(np.abs(a - b).max() > 100 for a, b in pairwise(shown))
    page.mouse.up()
    wait_for_url(page, "z")
    assert numbers(in_url(page, "z")) == pytest.approx(z, abs=1e-6)


def test_every_decoder_is_torchs_to_a_grey_level(visit, ckpts):
    page = visit("mnist-twins")
    script = "([name, z]) => z.map(place => [...globalThis.latentLab.get(name).decode(place)])"
    for model, ckpt in ckpts.items():
        page.wait_for_function("name => globalThis.latentLab?.get(name)", arg=model)
        z = torch.cat([planes.cells(planes.box(ckpt.codes), 8), torch.tensor([[30.0, -30.0], [0.0, 0.0]])])
        images = np.array(page.evaluate(script, [model, z.tolist()]))
        assert images == pytest.approx(ckpt.model.decode(z).flatten(1).numpy(), abs=1e-4)


def test_click_on_empty_plane_is_answered_with_neighbours_density_and_verdict(visit, ckpts):
    page = visit("mnist-latent-plane")
    codes, labels = ckpts["mnist-ae"].codes, ckpts["mnist-ae"].labels
    loneliest = planes.cells(planes.box(codes), 30)
    loneliest = loneliest[planes.support(codes, loneliest).argmin()]
    assert max(page.received) > 1_000_000  # the weights have come
    page.received.clear()
    page.mouse.click(*point(page.locator("#codes"), whole(ckpts["mnist-ae"]), loneliest.tolist()))
    wait_for_url(page, "z")
    z = torch.tensor(numbers(in_url(page, "z")))
    assert z.tolist() == pytest.approx(loneliest.tolist(), abs=0.05)
    share = planes.support(codes, z[None]).item()
    sync_api.expect(page.locator("#verdict")).to_have_text(planes.kind_of_place(share).capitalize())
    sync_api.expect(page.locator("#share")).to_have_text(f"Denser than {share:.1%} of the test codes")
    distance = (codes - z).square().sum(1).sqrt()
    for item, index in zip(page.locator("#nearest figure").all(), distance.argsort().tolist(), strict=False):
        assert item.locator("b").inner_text() == str(labels[index].item())
        assert float(item.inner_text().split()[-1]) == pytest.approx(distance[index].item(), rel=0.06)
        assert item.locator("img").get_attribute("alt") == f"Test digit: {labels[index]}"
        assert item.locator("img").evaluate("i => i.naturalWidth") == 28
    assert page.locator("#nearest figure").count() == 3
    assert max(page.received) < 100_000  # and do not come again


def test_drawn_box_fills_both_pictures_and_the_grid_decodes_it(visit, ckpts):
    page = visit("mnist-latent-plane?side=12")
    ckpt, canvas = ckpts["mnist-ae"], page.locator("#codes")
    view = whole(ckpt)
    page.mouse.move(*point(canvas, view, (-2.0, 1.0)))
    page.keyboard.down("Shift")
    page.mouse.down()
    page.mouse.move(*point(canvas, view, (0.0, 0.0)))
    page.mouse.move(*point(canvas, view, (1.0, -3.0)))
    page.mouse.up()
    page.keyboard.up("Shift")
    wait_for_url(page, "box")
    assert in_url(page, "z") != ""  # the cross has not moved, but its place is now part of the scene
    box = numbers(in_url(page, "box"))
    assert box == pytest.approx([-2, 1, -3, 1], abs=0.05)

    page.wait_for_function("low => Math.abs(globalThis.latentLab.get('grid')?.extent[0] - low) < 1e-4", arg=box[0])
    encoded = page.evaluate("globalThis.latentLab.get('grid').image.src")
    picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(encoded.partition(",")[2])))).astype(int)
    images = 255 * ckpt.model.decode(planes.cells(tuple(box), 12)).reshape(12, 12, 28, 28).numpy()
    assert np.abs(picture[..., 0] - images.transpose(0, 2, 1, 3).reshape(336, 336)).max() <= 1

    # The same axes: a click on a cell of the grid picks the place that the cell was decoded at.
    for row, column in ((2, 9), (8, 3)):
        place = planes.cells(tuple(box), 12)[12 * row + column].tolist()
        page.mouse.click(*point(page.locator("#grid"), box, place))
        page.wait_for_timeout(50)
        assert numbers(page.locator("#place").inner_text()) == pytest.approx(place, abs=0.02)
        assert np.abs(pixels(page.locator("#decoded")) - images[row, column]).mean() < 6
    settle(page)

    page.get_by_role("button", name="Whole plane").click()
    page.wait_for_function("!new URLSearchParams(location.search).get('box')")


def test_box_button_draws_a_box_without_a_key_and_is_let_go_by_a_drag_that_gives_none(visit, ckpts):
    page = visit("mnist-latent-plane?side=10")
    button, canvas, view = page.locator("#box"), page.locator("#codes"), whole(ckpts["mnist-ae"])
    box = canvas.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 3
    from_zero, to_two = point(canvas, view, (0.0, 0.0)), point(canvas, view, (2.0, 2.0))
    for start, end, gives_box in [
        ((x, y), (x, y), False),
        ((x, y), (x + 3, y + 200), False),
        (from_zero, to_two, True),
    ]:
        button.click()
        sync_api.expect(button).to_have_attribute("aria-pressed", "true")
        page.mouse.move(*start)
        page.mouse.down()
        page.mouse.move(*end)
        page.mouse.up()
        if gives_box:
            wait_for_url(page, "box")
            assert numbers(in_url(page, "box")) == pytest.approx([0, 2, 0, 2], abs=0.05)
        sync_api.expect(button).to_have_attribute("aria-pressed", "false")
        assert bool(in_url(page, "box")) == gives_box


def test_arrow_keys_move_the_place(visit, ckpts):
    page = visit("mnist-latent-plane?z=0.5%2C-1")
    x1, x2, y1, y2 = whole(ckpts["mnist-ae"])
    page.locator("#codes").focus()
    for key in ("ArrowRight", "ArrowRight", "Shift+ArrowUp"):
        page.keyboard.press(key)
    page.wait_for_function("!new URLSearchParams(location.search).get('z').startsWith('0.5,')")
    settle(page)
    expected = [0.5 + 0.02 * (x2 - x1), -1 + 0.05 * (y2 - y1)]
    # Each press rounds to about a thousandth of the view.
    assert numbers(in_url(page, "z")) == pytest.approx(expected, abs=1e-3 * (x2 - x1))


def test_scene_is_found_again_by_its_url(visit):
    page = visit("mnist-latent-plane")
    box = page.locator("#codes").bounding_box()
    page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.6 * box["height"])
    wait_for_url(page, "z")
    page.get_by_role("button", name="Zoom out").click()
    wait_for_url(page, "box")
    page.get_by_text("Fade by density").click()
    wait_for_url(page, "fade")
    again = visit(page.url.rpartition("/")[2])
    for css in ("#place", "#verdict", "#share", "#nearest"):
        assert again.locator(css).inner_text() == page.locator(css).inner_text()
    assert (pixels(again.locator("#decoded")) == pixels(page.locator("#decoded"))).all()
    grids = []
    for tab in (page, again):
        tab.wait_for_function("globalThis.latentLab.get('grid')?.image.complete")
        grids.append(
            tab.evaluate("[globalThis.latentLab.get('grid').image.src, globalThis.latentLab.get('grid').extent]")
        )
    assert grids[0] == grids[1]
    assert Image.open(io.BytesIO(base64.b64decode(grids[0][0].partition(",")[2]))).mode == "RGBA"


def test_twins_share_one_cursor(visit, ckpts):
    page = visit("mnist-twins")
    page.wait_for_function("globalThis.latentLab.size >= 6")
    figures = page.locator("figure").all()
    clouds = np.array([planes.box(ckpt.codes, 0.998) for ckpt in ckpts.values()])
    x1, x2, y1, y2 = clouds[:, 0].min(), clouds[:, 1].max(), clouds[:, 2].min(), clouds[:, 3].max()
    view = (x1 - 0.03 * (x2 - x1), x2 + 0.03 * (x2 - x1), y1 - 0.03 * (y2 - y1), y2 + 0.03 * (y2 - y1))
    page.mouse.click(*point(figures[1].locator("canvas.plane"), view, (0.4, -0.6)))
    wait_for_url(page, "twins_z")
    for figure, ckpt in zip(figures, ckpts.values(), strict=True):
        z = numbers(figure.locator(".place").inner_text())
        assert z == pytest.approx([0.4, -0.6], abs=0.06)
        assert difference(figure.locator("canvas.digit"), decoded(ckpt, z)) <= 1
        share = planes.support(ckpt.codes, torch.tensor([z])).item()
        assert figure.locator("#verdict").inner_text() == planes.kind_of_place(share).capitalize()

    place = figures[0].locator(".place")
    same_place = place.inner_text()
    page.get_by_text("Same digit", exact=True).click()
    sync_api.expect(place).not_to_have_text(same_place)  # the address changes before Python has answered
    plain = torch.tensor(numbers(in_url(page, "twins_z")))
    index = (ckpts["mnist-ae"].codes - plain).square().sum(1).argmin()
    for figure, ckpt in zip(figures, ckpts.values(), strict=True):
        sync_api.expect(figure.locator("#near")).to_have_text(f"Nearest digit: {ckpt.labels[index]}")
        assert numbers(figure.locator(".place").inner_text()) == pytest.approx(ckpt.codes[index].tolist(), abs=6e-4)


def test_path_is_walked_between_two_picked_digits(visit, ckpts):
    page = visit("mnist-path?a=3&b=8&mnist_model=L2+on+the+code")
    page.wait_for_function("globalThis.latentLab.get('mnist-ae-l2-code')")
    ckpt, (digits, _) = ckpts["mnist-ae-l2-code"], mnist.load_mnist_test_digits()

    def check(a, b):
        for t in (0.0, 0.37, 1.0):
            page.locator("#step").evaluate("(s, t) => { s.value = t; s.dispatchEvent(new Event('input')) }", t)
            z = torch.lerp(ckpt.codes[a], ckpt.codes[b], t).tolist()
            assert difference(page.locator("#walk"), decoded(ckpt, z)) <= 1
            faded = torch.lerp(digits[a, 0].float(), digits[b, 0].float(), t).numpy()
            assert difference(page.locator("#fade"), faded) <= 0.51

    check(3, 8)
    view = whole(ckpt)
    target = (ckpt.codes[8] + 0.3 * (ckpt.codes[8] - ckpt.codes[3])).tolist()  # nearer to B than to A
    page.mouse.click(*point(page.locator("#codes"), view, target))
    page.wait_for_function("new URLSearchParams(location.search).get('b') !== '8'")
    settle(page)
    b = int(in_url(page, "b"))
    assert in_url(page, "a") == "3"
    least = (ckpt.codes - torch.tensor(target)).square().sum(1).sqrt().min()
    assert (ckpt.codes[b] - torch.tensor(target)).norm() <= least + 0.02
    check(3, b)

    page.locator("#codes").focus()
    page.keyboard.press("a")
    page.keyboard.press("ArrowLeft")
    page.wait_for_function("new URLSearchParams(location.search).get('a') !== '3'")
    settle(page)
    a = int(in_url(page, "a"))
    assert ckpt.codes[a, 0] < ckpt.codes[3, 0]
    check(a, b)


def test_path_draws_a_new_pair_after_one_was_picked(visit):
    page = visit("mnist-path?a=3&b=8&seed=5")
    page.locator("h1").click()  # the key N is for the page, not for a field
    page.keyboard.press("n")
    page.wait_for_function("location.search.includes('seed=6') && !/[?&][ab]=/.test(location.search)")
    settle(page)
    fields = page.get_by_label(re.compile("Test digit ., its number"))
    assert [field.get_attribute("placeholder") for field in fields.all()] != ["3", "8"]
    assert [field.input_value() for field in fields.all()] == ["", ""]


def test_whole_plane_has_the_grids_box_as_a_part_and_the_grid_fills_its_own(visit, ckpts):
    page, ckpt = visit("mnist-latent-plane?side=10"), ckpts["mnist-ae"]
    page.wait_for_function("globalThis.latentLab.has('grid')")
    box = planes.box(ckpt.codes)
    for row, column in ((2, 7), (6, 1)):
        place = planes.cells(box, 10)[10 * row + column].tolist()
        page.mouse.click(*point(page.locator("#grid"), box, place))
        assert numbers(page.locator("#place").inner_text()) == pytest.approx(place, abs=0.05)
        page.mouse.click(*point(page.locator("#codes"), whole(ckpt), place))
        assert numbers(page.locator("#place").inner_text()) == pytest.approx(place, abs=0.05)
    settle(page)
    assert in_url(page, "box") == ""
    page.get_by_role("button", name="Zoom out").click()
    wait_for_url(page, "box")
    x1, x2, y1, y2 = whole(ckpt)
    dx, dy = (x2 - x1) / 4, (y2 - y1) / 4
    assert numbers(in_url(page, "box")) == pytest.approx([x1 - dx, x2 + dx, y1 - dy, y2 + dy], rel=1e-4)


LEAST_PX = {390: 300, 1024: 260, 1280: 270, 1440: 265}  # width of the window -> of each plane
FOUR_IN_A_ROW_PX = {1024: 175, 1280: 235}  # on a projector all four are seen at once


@pytest.mark.parametrize(
    "path",
    ["mnist-twins", "mnist-latent-plane", "mnist-path"],
)
def test_planes_are_large_enough_to_read_and_nothing_is_cut(path, visit):
    page = visit(path)
    for width, least_px in (LEAST_PX | (FOUR_IN_A_ROW_PX if path == "mnist-twins" else {})).items():
        page.set_viewport_size({"width": width, "height": 800})
        still(page)
        planes_shown = [canvas.bounding_box() for canvas in page.locator("canvas.plane").all()]
        assert min(box["width"] for box in planes_shown) >= least_px, width
        digit = page.locator("canvas.digit").first.bounding_box()
        assert digit["width"] < planes_shown[0]["width"], width
        tops = {button.bounding_box()["y"] for button in page.locator("button.tool").all()}
        assert len(tops) <= 1, width  # the tools stand in one row
        main = page.get_by_test_id("stMain")
        assert main.evaluate("m => m.scrollWidth <= m.clientWidth"), width


def test_axes_have_two_ticks_at_least_and_not_too_many(new_page):
    page = new_page()
    page.set_content("<p></p>")
    page.add_script_tag(path=Path(__file__).parents[1] / "aemodels" / "assets" / "plane" / "pane.js")
    rng = np.random.default_rng(0)
    ends = [(low, low + width) for low, width in zip(rng.normal(size=60), 10 ** rng.uniform(-4, 4, 60), strict=True)]
    axes = [(low, high, width_px / 70) for width_px in (138, 250, 400) for low, high in ends]
    drawn = page.evaluate("axes => axes.map(axis => ticks(...axis))", axes)
    for (low, high, _most), found in zip(axes, map(np.array, drawn), strict=True):
        assert 2 <= len(found) <= 6
        assert (low <= found).all()
        assert (found <= high).all()
        step = found[1] - found[0]
        assert np.diff(found) == pytest.approx(step)
        mantissa = step / 10 ** np.floor(np.log10(step * 1.0001))
        assert min(abs(mantissa - m) for m in (1, 2, 5)) < 1e-6 * 5


def test_planes_survive_a_change_of_page(visit, ckpts):
    page = visit("mnist-latent-plane")
    for title, css in (("Path", "#walk"), ("Twins", ".twins canvas.digit"), ("Latent plane", "#decoded")):
        page.get_by_test_id("stSidebarNav").get_by_role("link", name=title, exact=True).click()
        sync_api.expect(page.locator("h1")).to_have_text(title)
        page.wait_for_selector(f"{css}[aria-label]")
        settle(page)
    page.wait_for_function("globalThis.latentLab.has('grid')")
    box = page.locator("#codes").bounding_box()
    page.mouse.click(box["x"] + 0.6 * box["width"], box["y"] + 0.6 * box["height"])
    wait_for_url(page, "z")
    z = numbers(page.locator("#place").inner_text())
    assert difference(page.locator("#decoded"), decoded(ckpts["mnist-ae"], z)) <= 1


def test_a_plane_on_the_screen_changes_its_language(visit):
    page = visit("mnist-latent-plane")
    says = {
        "#out": ("Zoom out", "缩小"),
        "#share": ("of the test codes", "的测试编码"),
        "#what": ("Nearest test digits", "最近的测试数字图片"),
    }
    for language, k in (("English", 0), ("简体中文", 1), ("English", 0)):
        page.locator(".st-key-language").get_by_text(language).click()
        for css, words in says.items():
            sync_api.expect(page.locator(css)).to_contain_text(words[k])
        sync_api.expect(page.locator("#codes")).to_have_attribute("aria-label", re.compile(("Arrow keys", "方向键")[k]))
        sync_api.expect(page.locator("#decoded")).to_have_attribute("aria-label", re.compile(("Image", "图片")[k]))
        title = page.locator(".legend button").first
        sync_api.expect(title).to_have_attribute("title", ("Show “0” alone", "只显示“0”")[k])
        box = page.locator("#codes").bounding_box()
        page.mouse.click(box["x"] + box["width"] * (0.3 + 0.2 * k), box["y"] + 0.3 * box["height"])
        settle(page)  # a fragment has answered
        sync_api.expect(page.locator("#place")).to_contain_text(("Decoded at", "处解码")[k])
        sync_api.expect(page.locator("#share")).to_contain_text(says["#share"][k])


def test_the_planes_are_taken_along_as_one_file(visit, tmp_path):
    page = visit("mnist-latent-plane?lang=zh")
    with page.expect_download(timeout=240_000) as download:
        page.get_by_role("button", name="随身携带").click()
    path = tmp_path / download.value.suggested_filename
    download.value.save_as(path)
    assert path.name == "latent-plane-MNIST.html"
    assert path.stat().st_size <= 3_000_000
    text = path.read_text(encoding="utf-8")
    assert all(f'"name": "{model}"' in text for model in MODELS)
    assert "Manifold grid of" in text
    assert "流形网格" in text
