"""The two MNIST pages, run without a browser against the checkpoints of the project."""

import io
from pathlib import Path

import pytest
import torch
from PIL import Image, ImageDraw
from streamlit.testing.v1 import AppTest

import aemodels
from aemodels import checkpoints, data, latents
from aemodels.metrics import psnr_db, reconstruct

ROOT = Path(__file__).parents[1]
MODELS = ("mnist-ae", "mnist-ae-l2-code", "mnist-ae-l2-weights")


def open_page(name: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    app.run().switch_page(f"pages/mnist/{name}.py").run()
    assert not app.exception
    return app


def text(app: AppTest) -> str:
    return "\n".join(str(element.value) for element in app.markdown)


def notice(app: AppTest) -> str:
    return next(element.value for element in app.markdown if "What to notice" in str(element.value))


@pytest.fixture(scope="module")
def codes():
    return {name: aemodels.load_checkpoint(name).codes for name in MODELS}


@pytest.mark.parametrize("page", ["latent_plane", "denoise"])
def test_missing_checkpoint_is_one_sentence(page, monkeypatch, tmp_path):
    monkeypatch.setattr(checkpoints, "CHECKPOINT_FOLDER", tmp_path)
    app = open_page(page)
    assert len(app.error) == 1
    assert "There is no checkpoint mnist-" in app.error[0].value


def test_plane_starts_at_the_code_of_the_seeds_digit(codes):
    app = open_page("latent_plane")
    index = torch.randint(10000, (), generator=torch.Generator().manual_seed(1))
    z1, z2 = codes["mnist-ae"][index].tolist()
    assert app.number_input(key="z1").value is None
    assert f"z = ({z1:.3f}, {z2:.3f})" in text(app)
    assert "at 0" in text(app)


def test_plane_says_how_a_picked_place_is_supported(codes):
    app = open_page("latent_plane")
    for place in ([0.0, 0.0], [50.0, 50.0]):
        for key, value in zip(("z1", "z2"), place, strict=True):
            app.number_input(key=key).set_value(value)
        app.run()
        share = latents.support(codes["mnist-ae"], torch.tensor([place])).item()
        assert f"**{share:.1%}** of the test codes" in text(app)
        assert f"[{latents.kind_of_place(share).capitalize()}]" in text(app)
    assert latents.kind_of_place(share) == "hole"


@pytest.mark.parametrize("z1", ["nan", "inf", "1e300", "abc", ""])
def test_plane_survives_any_place_in_the_address(z1):
    open_page("latent_plane", z1=z1, z2="0.5", side="99", mnist_model="none")


def test_plane_opens_at_the_place_in_the_address():
    app = open_page("latent_plane", z1="0.25", z2="-0.5", mnist_model="L2 on the weights", side="12")
    assert "z = (0.250, -0.500)" in text(app)
    assert app.segmented_control(key="mnist_model").value == "mnist-ae-l2-weights"
    assert app.slider(key="side").value == 12


def test_plane_pick_stays_through_a_new_seed_and_goes_with_the_model():
    app = open_page("latent_plane")
    app.number_input(key="z1").set_value(0.25)
    app.number_input(key="z2").set_value(-0.5)
    app.run()
    before = notice(app)
    app.button(key="again").click().run()
    assert app.number_input(key="seed").value == 2
    assert app.number_input(key="z1").value == 0.25
    assert notice(app) == before  # the grid and the table do not depend on the seed
    app.segmented_control(key="mnist_model").set_value("mnist-ae-l2-code").run()
    assert app.number_input(key="z1").value is None
    assert not app.exception


def test_plane_grid_follows_its_slider_and_leaves_the_pick():
    app = open_page("latent_plane")
    place = next(element.value for element in app.markdown if "Decoded at" in str(element.value))
    app.slider(key="side").set_value(10).run()
    assert place in text(app)
    assert "Places of the 10 × 10 manifold grid" in app.table[0].value.to_string()


def test_plane_table_holds_the_librarys_numbers(codes):
    app = open_page("latent_plane")
    shown = app.table[0].value.to_string()
    for name in MODELS:
        ckpt = aemodels.load_checkpoint(name)
        stats = latents.plane_stats(ckpt.codes, ckpt.labels)
        for number in (f"{ckpt.metrics['bce']:.4f}", f"{stats.spread[0]:.3f}", f"{stats.neighbour_accuracy:.1%}"):
            assert number in shown
        grid = latents.grid(latents.box(ckpt.codes), 20)
        kinds = [latents.kind_of_place(share) for share in latents.support(ckpt.codes, grid).tolist()]
        assert f"{kinds.count('hole') / len(kinds):.1%}" in shown


def test_denoise_shows_the_librarys_psnr():
    app = open_page("denoise")
    assert app.slider(key="noise_factor").value == 0.4
    digits, _ = data.load_mnist_test_digits()
    x = digits[torch.randperm(10000, generator=torch.Generator().manual_seed(1))[:9]].float() / 255
    for name in ("mnist-dae", "mnist-dae-2d"):
        x_noisy, _, x_hat = reconstruct(aemodels.load_checkpoint(name).model, x, 0.4, seeds=range(1000, 1009))
        assert f"**{psnr_db(x, x_hat).mean():.1f} dB**" in notice(app)
    assert f"noisy **{psnr_db(x, x_noisy).mean():.1f} dB**" in notice(app)


def test_denoise_changes_with_seed_and_factor_and_the_curve_does_not():
    app = open_page("denoise")
    first, *curve = notice(app).splitlines()[2:]
    app.slider(key="noise_factor").set_value(0.7).run()
    second, *same = notice(app).splitlines()[2:]
    assert second != first
    assert same == curve
    app.button(key="again").click().run()
    third, *same = notice(app).splitlines()[2:]
    assert third != second
    assert same == curve


def test_denoise_without_noise():
    app = open_page("denoise")
    app.slider(key="noise_factor").set_value(0.0).run()
    assert not app.exception
    assert "inf" not in text(app)


def test_own_digit_is_shown_as_mnist_shows_digits_and_a_bad_file_is_named():
    photo = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(photo).line((180, 60, 230, 240), "black", 20)
    buffer = io.BytesIO()
    photo.save(buffer, "PNG")
    app = open_page("denoise")
    app.segmented_control(key="digits").set_value("own").run()
    assert not app.exception
    assert "What to notice" not in text(app)
    uploader = app.file_uploader(key="digit_file")
    uploader.set_value(("seven.png", buffer.getvalue(), "image/png")).run()
    assert not app.exception
    assert not app.error
    assert "What to notice" in text(app)
    empty = io.BytesIO()
    Image.new("L", (90, 90), 200).save(empty, "PNG")
    app.file_uploader(key="digit_file").set_value(("empty.png", empty.getvalue(), "image/png")).run()
    assert [error.value for error in app.error] == ["empty.png shows no digit: nothing stands out from the background."]
    app.file_uploader(key="digit_file").set_value(("notes.txt", b"no picture", "text/plain")).run()
    assert len(app.error) == 1
    assert "notes.txt" in app.error[0].value
