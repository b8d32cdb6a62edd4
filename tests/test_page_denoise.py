"""The page "Denoise" and its drawing, run without a browser against the checkpoints of the project."""

import hashlib
import io
from dataclasses import replace
from functools import partial

import apptest
import numpy as np
import pytest
import torch
from apptest import pictures
from PIL import Image, ImageDraw

import aemodels
from aemodels.data import digits, mnist
from aemodels.quality import denoising
from aemodels.quality.metrics import psnr_db, with_noise
from aemodels.storage import measurements
from pages.parts.digits import sketch
from pages.parts.shared import export, streamlit_internals

SEVEN = "3025552270206033504545654085-355060506555"  # two strokes
NETWORKS = {"2-D code": "mnist-dae-2d", "64-D code": "mnist-dae"}


open_page = partial(apptest.open_page, "mnist/denoise")


def notice(app) -> list[str]:
    return apptest.notice(app).splitlines()[2:]


def of_these(app) -> str:
    """What the notice says of the pictures that are shown."""
    return next(point for point in notice(app) if ", on average: " in point)


def minus(number: str) -> str:
    return number.replace("-", "−")


@pytest.fixture(scope="module")
def denoisers():
    def network(name):
        model = aemodels.load_checkpoint(name).model
        return lambda y, factor: model.decode(model.encode(y))

    plain = {"Noisy (clipped)": lambda y, factor: y.clamp(0, 1), "Best linear": denoising.load_linear()}
    return plain | {label: network(name) for label, name in NETWORKS.items()}


@pytest.mark.parametrize(("seed", "factor"), [(1, 0.4), (7, 0.75)])
def test_says_psnr_and_ssim_of_the_pictures(seed, factor, denoisers):
    app = open_page(seed=str(seed), noise_factor=str(factor))
    assert app.slider(key="noise_factor").value == factor
    digits, _ = mnist.load_mnist_test_digits()
    x = digits[torch.randperm(10000, generator=torch.Generator().manual_seed(seed))[:9]].float() / 255
    noise = [torch.randn(1, 28, 28, generator=torch.Generator().manual_seed(1000 * seed + i)) for i in range(9)]
    y = x + factor * torch.stack(noise)
    for label, denoise in denoisers.items():
        x_hat = denoise(y, factor)
        expected = f"{label} **{psnr_db(x, x_hat).mean():.2f} dB** (SSIM {denoising.ssim(x, x_hat).mean():.2f})"
        assert expected in of_these(app)
    assert f"Unclipped, as the networks see them, the noisy ones have {psnr_db(x, y).mean():.2f} dB" in of_these(app)


@pytest.mark.parametrize("query", [{}, {"seed": "3", "noise_factor": "0.8"}, {"digits": "Draw one"}])
def test_says_what_each_model_reaches_on_all_test_digits(query):
    (point,) = (line for line in notice(open_page(**query)) if "All 10,000 test digits, at factor 0.4" in line)
    for label, name in NETWORKS.items():
        metrics = aemodels.load_checkpoint(name).metrics
        assert metrics["noise_factor"] == 0.4
        assert metrics["num_images"] == 10_000
        assert f"{label} **{metrics['psnr_db']:.2f} ± {metrics['psnr_db_ci95']:.2f} dB**" in point


def test_compares_each_network_with_the_linear_denoiser_on_the_test_set():
    """By the figures that are kept, which test_curves.py measures again."""
    points = "\n".join(notice(open_page()))
    kept, factors = measurements.read_curves(), [i / 10 for i in range(11)]
    at = {label: kept["models"][name]["denoising"] for label, name in NETWORKS.items()}
    at["Best linear"] = kept["denoisers"]["linear"]
    linear = at["Best linear"]
    said = []
    for label in NETWORKS:
        gain = at[label]["psnr_db"][4] - linear["psnr_db"][4]
        similarity = at[label]["ssim"][4] - linear["ssim"][4]
        ahead = [f for f, a, b in zip(factors, at[label]["psnr_db"], linear["psnr_db"], strict=True) if a > b]
        where = (
            f"It has the higher PSNR at {len(ahead)} of the 11 factors measured, from {ahead[0]:g} to {ahead[-1]:g}."
            if ahead
            else "Its PSNR is lower at every factor measured."
        )
        how = f"{'better' if gain > 0 else 'worse'} than the best linear map**: by {abs(gain):.2f} dB at factor 0.4"
        assert minus(f"{how} (SSIM {similarity:+.2f}). {where}") in points
        said.append(bool(ahead))
    assert said == [False, True]  # both words have been tried
    small, large = (at[label]["psnr_db"] for label in NETWORKS)
    assert (
        f"instead of 2 changes the mean PSNR of these 500 test digits by {large[0] - small[0]:+.2f} dB without noise"
        in points
    )
    assert (
        f"by **{large[4] - small[4]:+.2f} dB** at factor 0.4, and by {large[10] - small[10]:+.2f} dB at factor 1"
        in points
    )
    assert f"Without noise the networks reach {small[0]:.2f} and {large[0]:.2f} dB" in points


def test_starts_at_the_factor_of_training_and_marks_it():
    app = open_page()
    trained_at = aemodels.load_checkpoint("mnist-dae").model_config.settings["noise_factor"]
    assert app.slider(key="noise_factor").value == trained_at == 0.4
    assert app.slider(key="noise_factor").label == "Noise factor (trained at 0.4)"


def test_pictures_change_with_seed_and_factor_and_the_test_set_does_not():
    app = open_page()
    shown, first = [pictures(app)[0]], of_these(app)
    rest = [point for point in notice(app) if point != first]
    app.slider(key="noise_factor").set_value(0.7).run()
    shown.append(pictures(app)[0])
    assert of_these(app) != first
    assert [point for point in notice(app) if point != of_these(app)] == rest
    app.button(key="again").click().run()
    shown.append(pictures(app)[0])
    assert [point for point in notice(app) if point != of_these(app)] == rest
    assert len(set(shown)) == 3


def test_without_noise():
    app = open_page(noise_factor="0.0")
    text = "\n".join(notice(app))
    assert "inf" not in text
    assert "nan" not in text
    assert "Noisy" not in text  # its PSNR is infinite


def test_a_drawing_comes_from_the_address_and_is_denoised(denoisers):
    app = open_page(digits="Draw one", sketch=SEVEN)
    assert not app.warning
    x = digits.as_mnist_digit(sketch.rasterise(SEVEN), "").expand(3, -1, -1, -1)
    y = with_noise(x, 0.4, [1000, 1001, 1002])
    for label, denoise in denoisers.items():
        assert f"{label} **{psnr_db(x, denoise(y, 0.4)).mean():.2f} dB**" in of_these(app)


def test_back_and_forward_bring_the_drawing_of_the_address(monkeypatch):
    app = open_page(digits="draw", sketch=SEVEN)
    shown = pictures(app)
    this_run = streamlit_internals.this_run
    monkeypatch.setattr(streamlit_internals, "this_run", lambda: replace(this_run(), is_history_navigation=True))
    for strokes in (SEVEN.partition("-")[0], SEVEN):
        app.query_params["sketch"] = strokes
        app.run()
        assert app.query_params["sketch"] == strokes
        assert (pictures(app) == shown) == (strokes == SEVEN)
    del app.query_params["sketch"]  # before the first stroke
    app.run()
    assert "sketch" not in app.query_params
    assert not pictures(app)


@pytest.fixture
def exported(monkeypatch):
    """The rows and the settings that the page last handed to its export row."""
    calls = []
    monkeypatch.setattr(
        export, "export_row", lambda name, draw, rows, settings, *_words, **_more: calls.append((rows, settings))
    )
    return calls


def test_settings_tell_one_drawing_from_another_and_the_numbers_hold_its_strokes(exported):
    for strokes in (SEVEN, SEVEN.replace("-", ""), SEVEN):
        open_page(digits="Draw one", sketch=strokes)
        rows = exported[-1][0]
        assert [row["sketch"] for row in rows if "sketch" in row] == [strokes]
    (_, one), (_, other), (_, again) = exported
    assert one == again != other
    assert {key for key in one if one[key] != other[key]} == {"drawing"}
    open_page()
    assert not any("sketch" in row for row in exported[-1][0])
    assert exported[-1][1].keys() == one.keys() - {"drawing"}


def test_settings_tell_one_photo_from_another(exported):
    app = open_page(digits="Upload one")
    for width in (20, 30):
        photo, buffer = Image.new("RGB", (400, 300), "white"), io.BytesIO()
        ImageDraw.Draw(photo).line((180, 60, 230, 240), "black", width)
        photo.save(buffer, "PNG")
        app.file_uploader(key="digit_file").set_value(("seven.png", buffer.getvalue(), "image/png")).run()
        assert not app.exception
        assert hashlib.sha256(buffer.getvalue()).hexdigest()[:12] in exported[-1][1]["photo"]


def test_the_test_set_stands_below_an_empty_box():
    app = open_page(digits="Draw one")
    assert not pictures(app)
    assert [caption.value for caption in app.header] == ["500 test digits, against the noise factor"]
    assert "the best linear map**: by" in notice(app)[0]


@pytest.mark.parametrize("broken", ["123", "12345", "1234-", "-1234", "12a4", "<script>", "1234--1234", "1234" * 1001])
def test_a_broken_drawing_in_the_address_is_one_sentence(broken):
    app = open_page(digits="Draw one", sketch=broken)
    assert len(app.warning) == 1
    assert "draw again" in app.warning[0].value
    assert not pictures(app)


@pytest.mark.parametrize("strokes", ["", "0000", "9999", "1234-5678", SEVEN, "1234" * 1000])
def test_strokes_are_told_from_other_text(strokes):
    assert sketch.is_strokes(strokes)


@pytest.mark.parametrize("strokes", [SEVEN, "5010508050909950", "4949", "10109090", "1234" * 1000])
def test_a_drawing_looks_as_mnist_shows_digits(strokes):
    picture = sketch.rasterise(strokes)
    assert picture.shape == (3, 280, 280)
    assert picture.dtype == torch.uint8
    assert int(picture[:, :20].max()) == int(picture[:, -20:].max()) == 0
    digit = digits.as_mnist_digit(picture, "")[0]
    rows, columns = (digit > 0).any(1).nonzero(), (digit > 0).any(0).nonzero()
    assert max(rows.max() - rows.min(), columns.max() - columns.min()) + 1 == 20
    assert digit.max() > 0.9


def test_the_size_of_a_drawing_does_not_matter():
    small = np.array([[40, 40], [50, 40], [44, 50]])
    large = 3 * (small - 40) + 10
    drawings = ["".join(f"{x:02}{y:02}" for x, y in places) for places in (small, large)]
    assert torch.equal(*(sketch.rasterise(strokes) for strokes in drawings))


def test_own_digit_is_shown_as_mnist_shows_digits_and_a_bad_file_is_named():
    photo = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(photo).line((180, 60, 230, 240), "black", 20)
    buffer = io.BytesIO()
    photo.save(buffer, "PNG")
    app = open_page(digits="Upload one")
    assert not pictures(app)
    app.file_uploader(key="digit_file").set_value(("seven.png", buffer.getvalue(), "image/png")).run()
    assert not app.exception
    assert not app.error
    assert pictures(app)
    empty = io.BytesIO()
    Image.new("L", (90, 90), 200).save(empty, "PNG")
    app.file_uploader(key="digit_file").set_value(("empty.png", empty.getvalue(), "image/png")).run()
    assert [warning.value for warning in app.warning] == [
        "empty.png shows no digit: nothing stands out from the background."
    ]
    app.file_uploader(key="digit_file").set_value(("notes.txt", b"no picture", "text/plain")).run()
    assert len(app.warning) == 1
    assert "notes.txt" in app.warning[0].value
