"""The page Size of the code as its script draws it."""

import json
import re
from dataclasses import replace
from functools import partial

import apptest
import pytest
import torch
from apptest import collected, notice, numbers, pictures, png_file, text
from browser import REPO, copy_digits
from foreign_models import COLOUR, FASHION, FOREIGN, MLP, save_foreign
from untrained import build

import aemodels
import train
from aemodels.data.mnist import load_mnist_test_digits
from aemodels.models import building
from aemodels.models.autoencoders import keep_first
from aemodels.quality import code_sizes
from aemodels.quality.code_sizes import Scores, Sizes
from aemodels.storage import checkpoints
from pages.parts.sizes import findings, measured
from pages.parts.sizes.rivals import Rival

open_page = partial(apptest.open_page, "any/code_size", seed=4)
SEVEN = "3025552270206033504545654085-355060506555"  # two strokes


@pytest.fixture
def few_images(monkeypatch):
    """What is measured on the page takes a moment."""
    monkeypatch.setattr(measured, "MAX_IMAGES", 50)


@pytest.fixture
def fresh(checkpoint_folder, few_images, monkeypatch):
    """A nested model of MNIST's digits that nothing is kept of, and mnist-ae."""
    ckpt = aemodels.load_checkpoint("mnist-ae", REPO / "checkpoints")
    config = replace(ckpt.model_config, variant="nested", latent_shape=(6,), widths=(16,))
    model = build(config)
    nested = replace(ckpt, name="nested", title="mine", model=model, codes=torch.randn(10_000, 6))
    fewer = replace(ckpt.data, config=replace(ckpt.data.config, leave_out=("9",)))
    without_nines = replace(ckpt, name="without-nines", title="without nines", data=fewer)  # not on the same digits
    for each in (nested, ckpt, without_nines):
        checkpoints.save_checkpoint(each, checkpoint_folder)
    return aemodels.load_checkpoint("nested", checkpoint_folder)


def chart(app):
    (found,) = (json.loads(chart.proto.spec) for chart in app.get("plotly_chart"))
    return {line["name"]: line for line in found["data"]}


def test_the_curve_and_the_sentences_tell_what_is_measured(fresh, without_photos):
    app = open_page()
    digits = load_mnist_test_digits()[0][::200]
    found = code_sizes.measure(fresh.model, digits, code_sizes.mnist_pca(6))
    lines = chart(app)
    assert lines["Mine"]["y"] == pytest.approx(found.network.psnr_db, abs=1e-4)
    assert lines["PCA"]["y"] == pytest.approx(found.pca.psnr_db, abs=1e-4)
    assert lines["trained for one size"]["x"] == [2]
    alone = checkpoints.read_header("mnist-ae", REPO / "checkpoints")["metrics"]
    assert lines["trained for one size"]["y"] == [alone["psnr_db"]]
    said = numbers(r"With 2 numbers it reaches \*\*([\d.]+) dB\*\*, and “Plain”, .* alone, ([\d.]+) dB", app)
    assert said == pytest.approx([found.network.psnr_db[1], alone["psnr_db"]], abs=0.006)
    app.segmented_control(key="size_measure").set_value("bce").run()
    assert chart(app)["Mine"]["y"] == pytest.approx(found.network.bce, abs=1e-5)
    assert chart(app)["PCA"]["y"] == pytest.approx(found.pca.bce, abs=1e-5)


def test_the_slider_rebuilds_the_pictures_from_so_many_numbers(fresh, without_photos):
    app = open_page(k=3)
    assert app.slider(key="k").value == 3
    order = torch.randperm(10_000, generator=torch.Generator().manual_seed(4))[:9]
    x = load_mnist_test_digits()[0][order].float() / 255
    first = pictures(app)
    assert "first 3 of 6 numbers" in text(app)
    app.slider(key="k").set_value(1).run()
    assert pictures(app)[0] != first[0]
    app.button(key="add_to_report").click().run()
    (panel,) = collected(app)
    model, pca = fresh.model, code_sizes.mnist_pca(6)
    for k in (1, 2, 4, 6):
        network = aemodels.psnr_db(x, model.decode(keep_first(model.encode(x), k)))
        components = aemodels.psnr_db(x, code_sizes.project(pca, x, k))
        of_k = {row["rebuilt_by"]: [] for row in panel.rows if row.get("picture")}
        for row in panel.rows:
            if row.get("picture") and row["numbers"] == k:
                of_k[row["rebuilt_by"]].append(row["psnr_db"])
        assert of_k["Network"] == pytest.approx(network.tolist(), abs=1e-3)
        assert of_k["PCA"] == pytest.approx(components.tolist(), abs=1e-3)
    assert sum(row["name"] == "mean" for row in panel.rows) == 12
    assert panel.rows[-1].keys() == {"name", "numbers", "rebuilt_by", "psnr_db", "mse", "bce_nats"}


def test_a_drawn_digit_comes_first(fresh, without_photos):
    app = open_page(digits="draw", sketch=SEVEN)
    assert "yours" in text(app)
    app.button(key="add_to_report").click().run()
    (panel,) = collected(app)
    assert [row["name"] for row in panel.rows[:2]] == ["yours", "digit 8"]
    assert panel.rows[-13]["sketch"] == SEVEN
    without = pictures(open_page())
    assert pictures(app)[0] != without[0]


def test_an_uploaded_digit_comes_first(fresh, without_photos):
    app = open_page(digits="own")
    assert "yours" not in text(app)
    app.file_uploader(key="digit_file").set_value(("a.png", png_file(), "image/png")).run()
    assert not app.exception


@pytest.mark.parametrize(
    ("key", "value"),
    [("k", "99"), ("k", "0"), ("k", "x"), ("which", "77"), ("size_measure", "nonsense"), ("model", "none")],
)
def test_a_broken_address_shows_the_default(key, value, fresh, without_photos):
    app = open_page(**{key: value})
    assert not app.exception
    assert len(pictures(app)) == 2


def test_a_model_with_a_shorter_code_after_one_with_a_longer(fresh, checkpoint_folder, without_photos):
    config = replace(fresh.model_config, latent_shape=(3,))
    short = replace(fresh, name="short", model=building.build(config).eval(), codes=torch.randn(10_000, 3))
    checkpoints.save_checkpoint(short, checkpoint_folder)
    app = open_page(model="nested", k=6)
    app.segmented_control(key="model").set_value("short").run()
    assert not app.exception
    assert app.slider(key="k").value <= 3


def test_without_a_nested_model_it_says_so(checkpoint_folder, without_photos):
    app = open_page()
    assert "no model with a code whose first numbers are a code too" in app.info[0].value


@pytest.mark.parametrize("data", [FASHION, COLOUR], ids=lambda data: data.name)
@pytest.mark.parametrize("longest", [1, 70])
def test_models_of_others_without_their_images(data, longest, checkpoint_folder, without_photos, monkeypatch):
    reconstruction = "bce" if data is FASHION else "mse"
    config = {**MLP, "variant": "nested", "latent_shape": (longest,), "reconstruction": reconstruction}
    monkeypatch.setitem(FOREIGN, "other", ("other", data, config))
    save_foreign("other", checkpoint_folder)
    app = open_page()
    assert app.info
    assert "PCA is left out" in notice(app)
    assert not app.get("plotly_chart")
    assert not re.search(r"\b(nan|inf|None)\b", text(app))
    assert len(pictures(app)) == 2


def test_a_recipe_of_ones_own_is_measured_with_its_train_images(
    data_folder, checkpoint_folder, tmp_path, few_images, monkeypatch
):
    """FashionMNIST's files hold digits here."""
    digits = copy_digits(data_folder, tmp_path / "data", 400, 60)
    (digits / "MNIST").rename(digits / "FashionMNIST")
    monkeypatch.setenv("LATENT_LAB_DATA", str(digits))
    recipe = tmp_path / "mine.toml"
    text_of = (REPO / "recipes/mnist-nested.toml").read_text()
    for old, new in (
        ('source = "mnist"', 'source = "fashion-mnist"'),
        ('name = "MNIST"', 'name = "Mine"'),
        ("epochs = 30", "epochs = 1"),
        ("[384, 256]", "[16]"),
        ("batch_size = 512", "batch_size = 50"),
    ):
        assert old in text_of
        text_of = text_of.replace(old, new)
    recipe.write_text(text_of)
    arguments = ["--recipe", recipe, "--data", digits, "--out", checkpoint_folder, "--device", "cpu"]
    assert train.main([str(a) for a in arguments]) == 0
    assert aemodels.load_checkpoint("mine", checkpoint_folder).model.is_nested
    app = open_page()
    assert not app.info
    assert len(chart(app)["PCA"]["y"]) == len(chart(app)["Nested code"]["y"]) == 64
    assert chart(app)["PCA"]["y"] == sorted(chart(app)["PCA"]["y"])


def test_one_model_for_all_sizes_has_a_price_only_where_each_other_one_is_ahead():
    network = Scores(*3 * [[1.0, 2.0, 3.0]])
    sizes = Sizes(k=[1, 2, 3], num_images=9, network=network, pca=None, mean_picture_mse=9.0)
    ahead, behind = (Rival("a", "A", 2, psnr_db, None) for psnr_db in (2.5, 1.5))
    assert "has its price" in findings.of(sizes, [ahead], False)[-1]
    assert "has its price" not in findings.of(sizes, [behind], False)[-1]
    assert "from 2 to 3" not in findings.of(sizes, [ahead], False)[0]  # which is no doubling
