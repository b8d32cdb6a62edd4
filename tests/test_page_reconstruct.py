"""The page Reconstruct as its script draws it; what needs a browser is in test_browser_cells.py."""

import io
import json
import re
from functools import partial

import apptest
import numpy as np
import pytest
import torch
from apptest import UPLOADS, collected, notice, numbers, pictures, png_file
from broken_models import quick, save
from PIL import Image

import aemodels

pytestmark = pytest.mark.usefixtures("without_photos", "quickly")
open_page = partial(apptest.open_page, "dogs/reconstruct", seed=4)


@pytest.fixture
def x(dogs):
    """The nine test photos of seed 4, float (9, 3, 128, 128); the app sees them too."""
    order = torch.randperm(len(dogs.test_index), generator=torch.Generator().manual_seed(4))
    return dogs.images[dogs.test_index[order[:9]]].float() / 255


@pytest.fixture
def trained(checkpoint_folder):
    """The page has a trained network, which photos come through."""
    save("dog-ae", checkpoint_folder, model_of=quick)


def set_part(app, photo, scale, **place):
    app.number_input(key="photo").set_value(photo)
    app.slider(key="gain").set_value(scale)
    app.segmented_control(key="part").set_value("channel" if "channel" in place else "cell").run()
    if "channel" in place:
        app.number_input(key="channel").set_value(place["channel"])
    else:
        app.selectbox(key="cell").set_value((place["row"] - 1, place["column"] - 1))
    app.run()
    assert not app.exception


def shown(app):
    """The figures below the four pictures, by their labels, as (value, change)."""
    return {metric.label.replace("\xa0", " "): (metric.value, metric.delta) for metric in app.metric}


def leading(text):
    return float(re.match(r"[+−-]?[\d.]+", text)[0].replace("−", "-"))


def by_hand(ckpt, z, scale, **place):
    """The picture of one code with a part scaled about the mean of the reference codes, element by element."""
    mean, scaled = ckpt.codes.numpy().mean(0), z.numpy().copy()
    for c, r, k in np.ndindex(16, 8, 8):
        if place.get("channel", c + 1) == c + 1 and (place.get("row", r + 1), place.get("column", k + 1)) == (
            r + 1,
            k + 1,
        ):
            scaled[0, c, r, k] = mean[c, r, k] + scale * (scaled[0, c, r, k] - mean[c, r, k])
    return ckpt.model.decode(torch.from_numpy(scaled)).numpy()


def test_a_part_is_scaled(x):
    app, ckpt = open_page(), aemodels.load_checkpoint("dog-ae")
    for photo, scale, place in [
        (1, 0.0, {"channel": 1}),
        (9, -2.0, {"channel": 16}),
        (3, 0.0, {"row": 1, "column": 8}),
        (2, 2.5, {"row": 5, "column": 3}),
    ]:
        set_part(app, photo, scale, **place)
        z, original = ckpt.model.encode(x[photo - 1 : photo]), x[photo - 1].numpy()
        whole, changed = ckpt.model.decode(z).numpy()[0], by_hand(ckpt, z, scale, **place)[0]
        square, figures = np.square(changed - whole), shown(app)
        psnr = [-10 * np.log10(np.square(original - picture).mean()) for picture in (whole, changed)]
        assert leading(figures["The picture changes by (RMS)"][0]) == pytest.approx(
            255 * square.mean() ** 0.5, abs=0.06
        )
        value, change = figures["PSNR against the photo"]
        assert leading(value) == pytest.approx(psnr[1], abs=0.006)
        assert leading(change) == pytest.approx(psnr[1] - psnr[0], abs=0.006)
        own = figures.get("Of the squared change, in its own 16×16 px")
        if "row" in place:
            top, left = 16 * (place["row"] - 1), 16 * (place["column"] - 1)
            share = square[:, top : top + 16, left : left + 16].sum() / square.sum()
            assert leading(own[0]) == pytest.approx(100 * share, abs=0.6)
        else:
            assert own is None


@pytest.mark.parametrize("place", [{"channel": 3}, {"row": 2, "column": 2}])
def test_at_scale_one_nothing_changes(place, x):
    app = open_page()
    before = pictures(app)[0]
    set_part(app, 1, 1.0, **place)
    figures = shown(app)
    assert figures["The picture changes by (RMS)"][0] == "0.0 of 255"
    assert abs(leading(figures["PSNR against the photo"][1])) == 0
    assert pictures(app)[0] == before


def test_codes_alone_suffice():
    app = open_page()
    set_part(app, 2, 0.0, row=3, column=3)
    assert set(shown(app)) == {"The picture changes by (RMS)", "Of the squared change, in its own 16×16 px"}
    assert leading(shown(app)["The picture changes by (RMS)"][0]) > 0


def measured(app):
    """Runs the page until the slow charts are there: (channel chart, reach chart)."""
    for _ in range(40):
        charts = app.get("plotly_chart")
        if charts:
            return [json.loads(chart.proto.spec)["data"][0] for chart in charts]
        app.run()
    raise AssertionError("the charts never came")


@pytest.mark.parametrize(
    ("name", "label", "helpers"),
    [
        pytest.param(
            "dog-ae", "none", "5 learned steps along .*, then 2 steps of plain descent", marks=pytest.mark.release
        ),
        (
            "dog-noise-0.10",
            "0.10",
            "a corrector that compares .*, then 3 learned steps along .*, then 1 step of plain descent",
        ),
    ],
)
def test_says_what_the_encoder_alone_would_give(name, label, helpers, x, lab_models):
    app, model = open_page(model=label), aemodels.load_checkpoint(name).model
    before, after = (aemodels.psnr_db(x, model.decode(z)).mean().item() for z in (model.first_code(x), model.encode(x)))
    found = re.search(rf"would give \*\*([\d.]+) dB\*\* here; with {helpers} .* it is \*\*([\d.]+) dB", notice(app))
    assert [float(n) for n in found.groups()] == pytest.approx([before, after], abs=0.006)
    assert after > before


def test_says_how_much_of_the_error_is_fine_detail(x, trained):
    model = aemodels.load_checkpoint("dog-ae").model
    error = (x - model.decode(model.encode(x))).numpy()
    variation = x.numpy() - x.numpy().mean((2, 3), keepdims=True)
    expected = []
    for images in (error, variation):
        means = images.reshape(9, 3, 32, 4, 32, 4).mean((3, 5))
        expected.append(100 * (1 - np.square(means).mean() / np.square(images).mean()))
    shown = numbers(
        r"\*\*(\d+)%\*\* of the squared error is detail .* makes up (\d+)%: fine detail is lost first", open_page()
    )
    assert shown == pytest.approx(expected, abs=0.6)


def dots():
    """A photo all of whose variation is finer than 4 px."""
    pixels = np.zeros((128, 128, 3), np.uint8)
    pixels[::2, ::2] = 255
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.mark.parametrize("photo", [dots(), png_file()], ids=["all of it fine", "none of it fine"])
def test_what_is_not_lost_first_is_not_said_to_be(photo):
    app = open_page(photos="Your own")
    upload(app, [("photo.png", photo)])
    in_error, in_photo = numbers(r"\*\*(\d+)%\*\* of the squared error is detail .* makes up (\d+)%", app)
    assert in_error <= max(in_photo, 50)
    assert "lost first" not in notice(app)


def test_says_which_channels_work_hardest_and_least():
    ckpt = aemodels.load_checkpoint("dog-ae")
    z = ckpt.codes[torch.randperm(len(ckpt.codes), generator=torch.Generator().manual_seed(4))[:9]].numpy()
    shares = 100 * np.square(z).mean((0, 2, 3)) / np.square(z).mean((0, 2, 3)).sum()
    shown = numbers(
        r"channel (\d+) carries the most, ([\d.]+)%, and channel (\d+) the least, ([\d.]+)%; an equal", open_page()
    )
    assert shown[::2] == [shares.argmax() + 1, shares.argmin() + 1]
    assert shown[1] == pytest.approx(shares.max(), abs=0.06)
    assert shown[3] == pytest.approx(shares.min(), abs=0.06)


def test_the_panel_in_the_report_says_what_it_shows(x):
    app = open_page()
    app.button(key="add_to_report").click().run()
    (panel,) = collected(app)
    assert panel.alt == "Original, what “No noise” rebuilds, error map and code of 9 photos"
    assert panel.caption.startswith(f"{panel.alt}. Code: one map for each channel.")
    assert "model: dog-ae · seed: 4 · photos: test split" in panel.caption


def test_channels_are_ranked_by_the_psnr_they_cost(x):
    worth, _ = measured(open_page())
    ckpt = aemodels.load_checkpoint("dog-ae")
    z = ckpt.model.encode(x)
    before = aemodels.psnr_db(x, ckpt.model.decode(z))
    assert sorted(worth["x"], key=int) == [str(i) for i in range(1, 17)]
    assert worth["y"] == sorted(worth["y"], reverse=True)
    for index in (0, 7, 15):
        without = z.clone()
        without[:, index] = ckpt.codes[:, index].mean(0)
        cost = (before - aemodels.psnr_db(x, ckpt.model.decode(without))).mean().item()
        assert worth["y"][worth["x"].index(str(index + 1))] == pytest.approx(cost, abs=1e-3)


def test_without_photos_channels_are_ranked_by_the_change():
    worth, reach = measured(open_page())
    ckpt = aemodels.load_checkpoint("dog-ae")
    z = ckpt.codes[torch.randperm(len(ckpt.codes), generator=torch.Generator().manual_seed(4))[:9]]
    index = int(worth["x"][0]) - 1
    without = z.clone()
    without[:, index] = ckpt.codes[:, index].mean(0)
    change = (ckpt.model.decode(without) - ckpt.model.decode(z)).square().flatten(1).mean(1).sqrt().mean()
    assert worth["y"][0] == max(worth["y"]) == pytest.approx(255 * change.item(), rel=1e-3)
    assert sum(reach["y"]) == pytest.approx(100, abs=1e-3)
    assert len(reach["y"]) == 8


def test_the_captions_below_the_charts_say_what_they_show(x, trained):
    app = open_page()
    worth, reach = measured(app)
    first, best, last, least = numbers(r"Channel (\d+) is worth \*\*([\d.]+) dB\*\*, channel (\d+) ([\d.]+) dB", app)
    assert [first, last] == [int(worth["x"][0]), int(worth["x"][-1])]
    assert [best, least] == pytest.approx([worth["y"][0], worth["y"][-1]], abs=0.006)
    own, near = numbers(r"\*\*(\d+)%\*\* of the squared change lies in .* pixels, and ([\d.]+)% there or", app)
    assert own == pytest.approx(reach["y"][0], abs=0.6)
    assert near == pytest.approx(sum(reach["y"][:2]), abs=0.06)


def test_the_code_as_one_picture_is_another_picture():
    app = open_page()
    maps = pictures(app)[0]
    app.segmented_control(key="code").set_value("colours").run()
    assert not app.exception
    assert pictures(app)[0] != maps
    share = float(re.search(r"carry (\d+)% of the variance", "\n".join(c.value for c in app.caption))[1])
    cells = aemodels.load_checkpoint("dog-ae").codes.permute(0, 2, 3, 1).reshape(-1, 16).numpy()
    variances = np.linalg.svd(cells - cells.mean(0), compute_uv=False) ** 2
    assert share == pytest.approx(100 * variances[:3].sum() / variances.sum(), abs=0.6)


@pytest.mark.parametrize(
    ("key", "value"),
    [("channel", "99"), ("gain", "7"), ("cell", "9, 9"), ("photo", "-1"), ("part", "nonsense"), ("photos", "mirror")],
)
def test_a_broken_address_shows_the_default(key, value):
    app = open_page(**{key: value})
    assert pictures(app)
    assert app.slider(key="gain").value == 0


def upload(app, files):
    app.file_uploader(key=UPLOADS).set_value([(name, content, "image/png") for name, content in files]).run()
    assert not app.exception


def test_a_picture_that_is_gone_is_no_longer_picked():
    app = open_page(photos="Your own")
    app.number_input(key="photo").set_value(9).run()
    upload(app, [("a.png", png_file()), ("b.png", png_file((20, 90, 200)))])
    assert app.number_input(key="photo").value == 2


@pytest.mark.parametrize("source", ["Your own", "Camera"])
def test_without_a_photo_of_the_user_it_says_what_is_shown_instead(source):
    app = open_page(photos=source)
    assert "nine codes that come with the model" in app.info[0].value
    if source == "Your own":
        upload(app, [("a.png", png_file())])
        assert not app.info


def test_after_the_twins_and_another_draw(x):
    """Both pages keep values across pages under their widgets' keys."""
    app = apptest.open_page("mnist/twins")
    app.button(key="again").click().run()
    apptest.go_to(app, "dogs/reconstruct")
    assert app.slider(key="gain").value == 0
    apptest.go_to(app, "mnist/twins")
    apptest.go_to(app, "dogs/reconstruct")


def test_a_broken_upload_leaves_the_others_and_the_scene_as_they_are():
    app = open_page(photos="Your own")
    before = pictures(app)
    upload(app, [("broken.png", png_file()[:100])])
    assert [warning.value.split(" is ")[0] for warning in app.warning] == ["broken.png"]
    assert pictures(app) == before
    upload(app, [("a.png", png_file())])
    set_part(app, 1, 0.0, channel=5)
    before = pictures(app)[0], shown(app)
    upload(app, [("a.png", png_file()), ("broken.png", png_file()[:100])])
    assert [warning.value.split(" is ")[0] for warning in app.warning] == ["broken.png"]
    assert (pictures(app)[0], shown(app)) == before
