import io
import json
import re
from dataclasses import replace

import apptest
import pytest
import torch
from apptest import UPLOADS, numbers, pictures, png_file, text
from browser import REPO

import aemodels
from aemodels.codes import latents
from aemodels.data import photos
from aemodels.storage import checkpoints

PAGES = {
    "reconstruct": "Reconstruct",
    "sample": "Sample",
    "axes": "Axes",
    "interpolate": "Interpolate",
    "perturb": "Perturb",
    "noise_regularised": "Noise-regularised",
}
FEW = ("reconstruct", "sample")  # of photos and of codes
OTHERS = [pytest.param(page, marks=pytest.mark.release) for page in PAGES if page not in FEW]
MODELS = ["dog-ae", "dog-noise-0.05", "dog-noise-0.10", "dog-noise-0.15"]

pytestmark = pytest.mark.usefixtures("quickly")


def open_page(page, seed=1, **chosen):
    """The page in a new session, with this seed in its URL and these values chosen one after the other; its samples, where it has views."""
    app = apptest.open_page(f"dogs/{page}", seed=seed, noise_view="samples")
    for key, value in chosen.items():
        app.segmented_control(key=key).set_value(value).run()
    return app


def number(pattern, app):
    """The number in the page's text that the pattern's first group matches."""
    return numbers(pattern, app)[0]


def nine_photos(dogs, seed):
    """The test photos of a scene, float (9, 3, 128, 128)."""
    order = torch.randperm(len(dogs.test_index), generator=torch.Generator().manual_seed(seed))
    return dogs.images[dogs.test_index[order[:9]]].float() / 255


@pytest.mark.parametrize("page", PAGES)
def test_with_photos(page, with_photos):
    app = open_page(page)
    assert not app.exception
    assert not app.error
    assert not app.info
    assert [title.value for title in app.title] == [PAGES[page]]
    assert pictures(app)
    assert "What to notice" in text(app)
    assert len(app.download_button) == 2


@pytest.mark.parametrize("page", PAGES)
def test_without_photos(page, without_photos):
    app = open_page(page)
    assert not app.exception
    assert not app.error
    assert [title.value for title in app.title] == [PAGES[page]]
    assert pictures(app)
    if page in ("reconstruct", "perturb"):
        assert without_photos.name in app.info[0].value
        assert "train.py --download" in app.info[0].value
    else:  # these need codes alone, and those come with the models
        assert not app.info


@pytest.mark.parametrize("page", [*FEW, *OTHERS])
def test_a_seed_is_a_picture(page, with_photos):
    app = open_page(page)
    assert app.number_input(key="seed").value == 1
    first = pictures(app)
    app.button(key="again").click().run()
    assert app.number_input(key="seed").value == 2
    second = pictures(app)
    assert second[0] != first[0]
    app.number_input(key="seed").set_value(1).run()
    assert pictures(app) == first
    assert pictures(open_page(page, seed=2)) == second
    assert not app.exception


def test_the_last_seed_is_followed_by_the_first(without_photos):
    app = open_page("sample", seed=999999)
    assert app.number_input(key="seed").value == 999_999
    app.button(key="again").click().run()
    assert app.number_input(key="seed").value == 0
    assert not app.exception


def test_seed_and_model_are_kept_across_pages(without_photos):
    app = open_page("reconstruct")
    app.number_input(key="seed").set_value(7).run()
    app.segmented_control(key="model").set_value("dog-noise-0.10").run()
    for page in PAGES:
        app.switch_page(f"dogs/{page}.py").run()
        assert app.number_input(key="seed").value == 7
        if page != "noise_regularised":  # which shows all models
            assert app.segmented_control(key="model").value == "dog-noise-0.10"


@pytest.mark.parametrize(
    "page", [*FEW, *(pytest.param(p, marks=pytest.mark.release) for p in ("axes", "interpolate", "perturb"))]
)
def test_every_model_has_a_picture_of_its_own(page, without_photos):
    app = open_page(page)
    shown = {name: pictures(app.segmented_control(key="model").set_value(name).run())[0] for name in MODELS}
    assert not app.exception
    different = {tuple(aemodels.load_checkpoint(name).codes.flatten()[:100].tolist()) for name in MODELS}
    assert len(set(shown.values())) >= len(different)


@pytest.mark.parametrize("name", ["dog-ae", "dog-noise-0.15"])
def test_reconstruct_says_the_psnr_of_its_photos(name, dogs):
    app = open_page("reconstruct", seed=4, model=name)
    model, x = aemodels.load_checkpoint(name).model, nine_photos(dogs, seed=4)
    psnr = aemodels.psnr_db(x, model.decode(model.encode(x)))
    assert number(r"These 9 reach ([\d.]+) dB", app) == pytest.approx(psnr.mean().item(), abs=0.006)
    assert f"number {psnr.argmin() + 1} " in text(app)
    assert number(r"the easiest ([\d.]+) dB", app) == pytest.approx(psnr.max().item(), abs=0.06)


def test_own_photos(without_photos):
    app = open_page("reconstruct", photos="own")
    assert not app.exception
    before = pictures(app)
    app.file_uploader(key=UPLOADS).set_value([("sunset.png", png_file(), "image/png")]).run()
    assert not app.exception
    assert pictures(app)[0] != before[0]
    model, x = (
        aemodels.load_checkpoint("dog-ae").model,
        photos.open_photo(io.BytesIO(png_file()), 128)[None].float() / 255,
    )
    psnr = aemodels.psnr_db(x, model.decode(model.encode(x))).item()
    assert number(r"This photo \(sunset.png\) reaches ([\d.]+) dB", app) == pytest.approx(psnr, abs=0.006)


def test_more_photos_than_a_panel_holds(without_photos):
    app = open_page("reconstruct", photos="own")
    files = [(f"{i}.png", png_file((20 * i, 100, 50)), "image/png") for i in range(12)]
    app.file_uploader(key=UPLOADS).set_value(files).run()
    assert not app.exception
    assert [warning.value for warning in app.warning] == ["The first 9 photos are shown; 3 more files are left out."]
    app.number_input(key="photo").set_value(10).run()
    assert "“Picture” takes a number from 1 to 9, so 10 was not taken." in [toast.value for toast in app.toast]


@pytest.mark.parametrize("page", [*FEW, *OTHERS])
def test_fewer_than_nine_test_photos(page, dogs, tmp_path, monkeypatch):
    for path in dogs.test_paths[:3] + dogs.train_paths[:5]:
        (tmp_path / path.name).write_bytes(path.read_bytes())
    monkeypatch.setenv("LATENT_LAB_DATA", str(tmp_path))
    app = open_page(page)
    assert not app.exception
    assert pictures(app)


@pytest.mark.parametrize("page", [*FEW, *OTHERS])
def test_models_that_come_with_few_codes(page, checkpoint_folder, without_photos):
    """As training on a small folder of photos makes them, or `train.py --quick`."""
    for name in MODELS:
        ckpt = aemodels.load_checkpoint(name, REPO / "checkpoints")
        two = {key: getattr(ckpt, key)[:2] for key in ("codes", "labels", "index")}
        checkpoints.save_checkpoint(replace(ckpt, **two), checkpoint_folder)
    app = open_page(page)
    assert not app.exception
    assert pictures(app)
    assert "256 codes" not in text(app)
    if page == "sample":
        assert number(r"rank \*\*([\d,]+)\*\*", app) == 1
        for sampler in latents.SAMPLERS:
            app.segmented_control(key="sampler").set_value(sampler).run()
            assert not app.exception


@pytest.mark.parametrize("page", [*FEW, *OTHERS])
def test_missing_checkpoints(page, checkpoint_folder, with_photos):
    app = open_page(page)
    assert not app.exception
    assert [title.value for title in app.title] == [PAGES[page]]
    assert not app.error
    assert len(app.info) == 1
    assert app.info[0].value.startswith("There is no model with a code of channels × height × width")
    assert "`python train.py`" in app.info[0].value


@pytest.mark.parametrize("page", [*FEW, *OTHERS])
def test_broken_checkpoint(page, checkpoint_folder, without_photos):
    for name in MODELS:
        (checkpoint_folder / f"{name}.safetensors").symlink_to(checkpoints.checkpoint_path(name, REPO / "checkpoints"))
    broken = checkpoint_folder / "dog-ae.safetensors"
    content = broken.read_bytes()
    broken.unlink()
    broken.write_bytes(content[: len(content) // 2])
    app = open_page(page)
    assert not app.exception
    assert [title.value for title in app.title] == [PAGES[page]]
    assert not app.error
    assert pictures(app)
    assert "`dog-ae`. Home says why." in apptest.notice(app)


@pytest.mark.release
def test_a_key_that_is_kept_across_pages_is_one_kind_of_widget():
    """Streamlit hands a page the value that another page's widget of the same key left, whatever it is."""
    kinds = ["button", "number_input", "segmented_control", "select_slider", "selectbox", "slider", "text_input"]
    seen = {}
    app = apptest.start()
    for path in sorted((REPO / "pages").glob("[!p]*/*.py")):
        apptest.go_to(app, f"{path.parent.name}/{path.stem}")
        for kind in kinds:
            for widget in app.get(kind):
                if (
                    widget.key
                ):  # controls.choose makes a list of many options and a row of few; either holds one of them
                    same = "one of several" if kind in ("segmented_control", "selectbox") else kind
                    seen.setdefault(widget.key, set()).add((same, widget.label))
    assert {"seed", "model", "gain", "scale"} <= set(seen)
    assert {key: widgets for key, widgets in seen.items() if len(widgets) > 1} == {}


def test_a_model_is_called_as_in_the_selector_in_charts_tables_and_words(without_photos):
    titles = open_page("axes").segmented_control(key="model").options
    for page in ("axes", "perturb"):
        chart = json.loads(open_page(page).get("plotly_chart")[0].proto.spec)
        assert [line["name"] for line in chart["data"] if line["type"] == "scatter"][: len(titles)] == titles
    sample = open_page("sample")
    assert list(sample.table[0].value.columns) == titles
    for app in (sample, open_page("perturb"), open_page("noise_regularised")):
        assert not re.search(r"\bdog-(ae|noise)", "\n".join(element.value for element in app.markdown))
