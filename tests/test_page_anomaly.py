"""The page Anomaly as its script draws it."""

import io
import re
from functools import partial
from types import SimpleNamespace

import apptest
import numpy as np
import pytest
import torch
from apptest import go_to, notice, numbers, pictures, start, text
from broken_models import BROKEN, save
from foreign_models import FOREIGN, save_foreign
from PIL import Image

import aemodels
from aemodels.codes import clusters
from aemodels.data.mnist import load_mnist_test_digits
from aemodels.quality import anomaly
from pages.parts.anomaly import charts, findings, scoring

open_page = partial(apptest.open_page, "any/anomaly", seed=4)
RATES = r"\*\*([\d.]+)%\*\* of the test images \([\d,]+ of [\d,]+\) are flagged by mistake, and \*\*([\d.]+)%\*\* of the strange"


def order():
    return torch.randperm(10_000, generator=torch.Generator().manual_seed(4))[:1000]


def digits():
    return load_mnist_test_digits()[0][order()].float() / 255


def test_the_rates_are_those_of_the_threshold(without_photos):
    app, model, x = open_page(model="mnist-ae", against="turned"), aemodels.load_checkpoint("mnist-ae").model, digits()
    usual, strange = (
        anomaly.score(model, images, anomaly.rebuild(model, images)) for images in (x, x.rot90(1, (2, 3)))
    )
    for flagged in (5, 30, 0, 100):
        app.slider(key="flag").set_value(flagged).run()
        largest = usual.topk(10 * flagged).values  # of a thousand
        missed = 100 * float(((strange < largest[-1]) if flagged else (strange <= usual.max())).float().mean())
        assert numbers(RATES, app) == pytest.approx([flagged, missed], abs=0.11)
    assert anomaly.roc(usual, strange).area == pytest.approx(
        numbers(r"hardest: “turned by 90°”.*? curve are [\d.]+ and ([\d.]+)", app)[0], abs=6e-4
    )


def test_the_pictures_are_shown_before_the_charts_are_drawn(without_photos, monkeypatch):
    app = open_page(model="mnist-ae")
    monkeypatch.setattr(charts, "histogram", lambda *args: [][0])
    app.number_input(key="seed").set_value(5151).run()
    assert app.exception
    assert len(pictures(app)) == 1


def test_kinds_whose_areas_read_the_same_are_named_together():
    usual = torch.arange(100.0)
    nearly = usual + 1000
    nearly[0] = 98.5  # below one of the usual ones
    curves = {kind: anomaly.roc(usual, scores) for kind, scores in {"a": nearly, "b": usual, "c": usual + 1000}.items()}
    told = findings.of_areas(curves, {kind: kind for kind in curves}, 100)
    assert told.startswith("**The easiest to tell from the usual pictures: “a”, “c”. The hardest: “b”.** ")
    assert "are 1.000 and 0.500" in told


def test_what_cannot_be_tried_is_said(without_photos):
    app = open_page(model="mnist-vae")
    (advised,) = re.findall("Choose “(.+?)” above: it has not seen every class", notice(app))
    assert advised in app.selectbox(key="model").options  # by the name that is listed there
    assert "another data set are on this computer, so that test is left out" in notice(app)
    assert app.segmented_control(key="against").options == ["noise", "turned by 90°"]


def test_a_class_that_was_left_out_is_told_by_its_error(without_photos):
    app, ckpt = open_page(model="mnist-without-9"), aemodels.load_checkpoint("mnist-without-9")
    assert app.segmented_control(key="against").value == "left-out"
    images, labels = load_mnist_test_digits()
    shuffled = torch.randperm(10_000, generator=torch.Generator().manual_seed(4))
    seen, unseen = (shuffled[(labels[shuffled] == 9) == is_nine][:1000] for is_nine in (False, True))
    usual, strange = (
        anomaly.score(ckpt.model, x, anomaly.rebuild(ckpt.model, x)) for x in (images[seen] / 255, images[unseen] / 255)
    )
    area, share = numbers(
        r"from other digits with an area of \*\*([\d.]+)\*\*.* \*\*([\d.]+)%\*\* of their codes lie nearest", app
    )
    assert area == pytest.approx(anomaly.roc(usual, strange).area, abs=6e-4)
    assert area > 0.55
    assert share > 20
    assert "nearest to the code of a 4" in notice(app)


def test_a_picture_of_ones_own_has_a_score(without_photos):
    app = open_page(model="dog-ae")  # without photos there are no scores to compare it with
    assert not app.file_uploader
    app = open_page(model="mnist-ae")
    ramp = np.tile(np.linspace(0, 255, 28), (28, 1)).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(np.pad(ramp[8:20, 8:20], 8)).save(buffer, "PNG")
    app.file_uploader[0].upload("mine.png", buffer.getvalue(), "image/png").run()
    assert not app.exception
    score, share = numbers(r"Its score is \*\*([\d.]+)\*\*: ([\d.]+)% of the test digits have a smaller one", app)
    assert score > 0.3
    assert share > 90
    assert "it would be **flagged**" in text(app)


def test_scores_have_the_same_number_of_decimals(without_photos):
    threshold = re.search(r"At the threshold ([\d.]+) ", text(open_page(model="mnist-ae", flag=30)))[1]
    assert len(threshold.partition(".")[2]) == 3


def test_clusters_are_measured_against_chance(without_photos):
    app, ckpt = open_page(model="mnist-ae"), aemodels.load_checkpoint("mnist-ae")
    expected = clusters.cluster(ckpt.codes, ckpt.labels, seed=0)
    assert numbers(
        r"\*\*([\d.]+)% of the codes have the commonest digit .* it would be ([\d.]+)%", app
    ) == pytest.approx([100 * expected.purity, 100 * expected.chance], abs=0.06)
    assert expected.purity > 2 * expected.chance


def test_photos_against_digits(with_photos):
    app = open_page(model="dog-ae")
    assert not app.info
    assert app.segmented_control(key="against").value == "other"
    assert "pictures of MNIST" in text(app)
    assert "first code" in text(app)
    first = pictures(app)
    app.segmented_control(key="against").set_value("noise").run()
    assert not app.exception
    assert pictures(app) != first
    digits_app = open_page(model="mnist-ae")
    assert "pictures of Stanford Dogs" in text(digits_app)


def test_without_photos_it_says_what_is_missing_and_clusters_codes(without_photos):
    app = open_page(model="dog-noise-0.10")
    assert without_photos.name in app.info[0].value
    assert re.search(r"k-means finds \d+ clusters among 1,024 codes", notice(app))


def test_the_panel_in_the_report_and_the_address(without_photos):
    app = open_page(model="mnist-ae", against="noise", flag=20)
    assert app.slider(key="flag").value == 20
    app.button(key="add_to_report").click().run()
    (entry,) = app.session_state["notebook"].entries()
    assert "largest error by “Plain”" in entry.panel.alt
    assert len(entry.panel.rows) == 3000
    assert entry.panel.rows[0].keys() == {"kind", "picture", "error_bce_nats"}


@pytest.mark.parametrize(("key", "value"), [("flag", "-3"), ("flag", "x"), ("against", "nonsense"), ("model", "none")])
def test_a_broken_address_shows_the_default(key, value, without_photos):
    app = open_page(**{key: value})
    assert not app.exception
    assert pictures(app)


@pytest.mark.parametrize("fault", BROKEN)
def test_codes_that_went_wrong(fault, checkpoint_folder, without_photos):
    save("mnist-ae", checkpoint_folder, BROKEN[fault], 200)
    app = open_page()
    assert not app.error
    assert not re.search(r"\b(nan|inf|None)\b", text(app))
    assert ("No clusters" in notice(app)) == (fault in ("equal", "zero"))


def test_the_names_below_the_pictures_are_in_the_language_spoken(without_photos):
    """What is kept for all visitors was measured for one who spoke another."""
    panels = {}
    for language in ("zh", "en", "zh"):
        app = open_page(model="mnist-ae", lang=language)
        app.button(key="add_to_report").click().run()
        (entry,) = app.session_state["notebook"].entries()
        panels.setdefault(language, []).append(entry.panel.png)
    assert panels["zh"][0] == panels["zh"][1] != panels["en"][0]
    assert scoring.usual(aemodels.load_checkpoint("mnist-ae"), 4)[:2].tolist() == [int(i) for i in order()[:2]]


@pytest.mark.parametrize("name", FOREIGN)
def test_models_of_others(name, checkpoint_folder, without_photos):
    save_foreign(name, checkpoint_folder)
    app = go_to(start(), "any/anomaly")
    assert not app.error
    assert not re.search(r"\b(nan|inf|None)\b", text(app))
    assert app.info  # their images are not here


def test_without_any_model_it_says_so_in_short(checkpoint_folder):
    assert open_page().info[0].value.startswith("There is no autoencoder yet. `python train.py` makes some")


def test_what_shows_the_same_figure_is_not_called_better():
    scored = {
        kind: SimpleNamespace(psnr_db=psnr) for kind, psnr in (("usual", 9.46), ("noise", 9.51), ("turned", 9.64))
    }
    (said,) = findings.of_easy(scored, {"noise": "noise", "turned": "turned"})
    assert "“turned” is rebuilt better than the model's own test images: 9.6 against 9.5" in said
