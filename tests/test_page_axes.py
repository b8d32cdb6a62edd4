"""The page Axes: walks along the strongest directions of the codes, and the figures that it says."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from apptest import notice, numbers, open_page, pictures, text
from broken_models import DOGS, save
from browser import REPO

import aemodels
from aemodels.storage import checkpoints
from pages.parts.shared import cores

pytestmark = pytest.mark.usefixtures("without_photos")


@pytest.mark.parametrize(("name", "label"), [("dog-ae", "none"), ("dog-noise-0.10", "0.10")])
def test_it_says_the_share_of_variance_of_its_axes(name, label):
    app = open_page("dogs/axes", seed=3, model=label, axis=5)
    codes = aemodels.load_checkpoint(name).codes.flatten(1).double()
    variances = torch.linalg.eigvalsh(torch.cov(codes.T)).flip(0)
    share = variances / variances.sum()
    first, last, held, strongest, half = numbers(
        r"Axes (\d+) to (\d+) hold \*\*([\d.]+)%\*\* .* strongest holds ([\d.]+)%\. It takes \*\*(\d+)\*\* of", app
    )
    assert (first, last) == (5, 8)
    assert held == pytest.approx(100 * float(share[4:8].sum()), abs=0.06)
    assert strongest == pytest.approx(100 * float(share[0]), abs=0.06)
    assert share[: int(half)].sum() >= 0.5 > share[: int(half) - 1].sum()


def test_the_start_is_shown_before_the_walks_are_decoded(monkeypatch):
    app = open_page("dogs/axes")
    monkeypatch.setattr(cores, "rows", lambda *args: [][0])
    app.number_input(key="seed").set_value(5151).run()  # of which nothing is kept
    assert app.exception
    assert len(pictures(app)) == 1


def test_it_says_how_far_and_how_coarsely_one_sigma_moves_the_picture():
    app = open_page("dogs/axes")
    ckpt = aemodels.load_checkpoint("dog-ae")
    codes = ckpt.codes.flatten(1).double()
    _, values, axes = torch.linalg.svd(codes - codes.mean(0), full_matrices=False)
    expected = []
    for axis in (0, 511):
        step = values[axis] / 1023**0.5 * axes[axis]
        before, after = (ckpt.model.decode((codes[:8] + sign * step / 2).float().view(8, 16, 8, 8)) for sign in (-1, 1))
        change = (after - before).numpy()
        means = change.reshape(8, 3, 8, 16, 8, 16).mean((3, 5))
        expected += [255 * np.sqrt(np.square(change).mean()), 100 * np.square(means).mean() / np.square(change).mean()]
    shown = numbers(
        r"along axis 1 changes the picture by ([\d.]+) of 255 grey levels\*\* \(RMS\)\. (\d+)% of .* Along axis 512 it is "
        r"([\d.]+) grey levels, and (\d+)% in such",
        app,
    )
    assert shown[::2] == pytest.approx(expected[::2], abs=0.06)
    assert shown[1::2] == pytest.approx(expected[1::2], abs=0.6)


def test_it_says_what_the_mean_code_decodes_to():
    app = open_page("dogs/axes")
    ckpt = aemodels.load_checkpoint("dog-ae")
    mean = ckpt.codes.mean(0, keepdim=True)
    contrast, photos, power, photos_power = numbers(
        r"of \*\*(\d+)\*\* grey levels .* codes have (\d+)\. The mean square of the mean code is ([\d.]+), that of the real codes ([\d.]+)\.",
        app,
    )
    assert contrast == pytest.approx(255 * float(ckpt.model.decode(mean).std()), abs=0.6)
    assert contrast < 0.5 * photos
    assert power == pytest.approx(float(mean.square().mean()), abs=0.006)
    assert photos_power == pytest.approx(float(ckpt.codes.square().mean()), abs=0.006)


def test_start_axis_and_model_each_change_the_picture():
    app = open_page("dogs/axes", seed=3)
    shown = [pictures(app)[0]]
    app.segmented_control(key="start").set_value("mean").run()
    shown.append(pictures(app)[0])
    assert "from the mean code" in app.get("image")[0].proto.imgs[0].alt
    app.number_input(key="axis").set_value(9).run()
    shown.append(pictures(app)[0])
    assert "axes 9 to 12" in app.get("image")[0].proto.imgs[0].alt
    app.segmented_control(key="model").set_value("dog-noise-0.05").run()
    shown.append(pictures(app)[0])
    assert not app.exception
    assert len(set(shown)) == 4


@pytest.mark.parametrize("name", ["dog-ae", "dog-noise-0.15"])
def test_the_field_ends_where_the_axes_do(name):
    app = open_page("dogs/axes", model="none" if name == "dog-ae" else "0.15")
    codes = aemodels.load_checkpoint(name).codes.flatten(1).double()
    rank = torch.linalg.matrix_rank(codes - codes.mean(0)).item()
    assert rank - 3 == 1020
    app.number_input(key="axis").set_value(1021).run()
    assert [toast.value for toast in app.toast] == [
        "“First axis shown” takes a number from 1 to 1,020, so 1,021 was not taken."
    ]
    app.number_input(key="axis").set_value(rank - 3).run()
    assert not app.exception
    assert numbers(r"Axes (\d+) to (\d+)", app) == [rank - 3, rank]
    assert f"of {rank:,} axes" in text(app)


def test_an_axis_that_another_model_lacks_gives_way(checkpoint_folder):
    for name in DOGS:
        save(name, checkpoint_folder, num_codes=9 if name == "dog-noise-0.10" else 64)
    app = open_page("dogs/axes", axis=60)
    assert numbers(r"Axes (\d+) to (\d+)", app) == [60, 63]
    app.segmented_control(key="model").set_value("dog-noise-0.10").run()
    assert not app.exception
    assert numbers(r"Axes (\d+) to (\d+)", app) == [5, 8]


def test_a_single_axis_is_told_once(checkpoint_folder):
    """Two codes differ along one line alone."""
    c = aemodels.load_checkpoint("dog-ae", REPO / "checkpoints")
    two = {key: getattr(c, key)[:2] for key in ("codes", "labels", "index")}
    checkpoints.save_checkpoint(replace(c, **two), checkpoint_folder)
    app = open_page("dogs/axes")
    assert "The 2 codes vary along one axis only." in notice(app)
    assert notice(app).count("along axis") == 1
    assert "Axes 1 to 1" not in notice(app)
    assert "along the only axis" in app.get("image")[0].proto.imgs[0].alt
