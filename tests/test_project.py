"""What the project promises as a whole: finished checkpoints, a README that tells their figures, no photo in it."""

import ast
import math
import re
import subprocess
from dataclasses import replace
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

import pytest
import torch

import aemodels
from aemodels.codes import planes
from aemodels.models.flow import is_prior
from aemodels.quality.metrics import psnr_db
from aemodels.report import psnr_matrix
from aemodels.storage import checkpoints, measurements, priors
from aemodels.training import recipes

ROOT = Path(__file__).parent.parent
EVERY = recipes.of_the_lab()
LAB = {name: recipe for name, recipe in EVERY.items() if not is_prior(recipe.model)}
PRIORS = sorted(EVERY.keys() - LAB.keys())
# What a model must reach on the test split to be shown: BCE in nats a pixel, under its own noise.
BCE_AT_MOST = {"mnist-ae": 0.1656, "mnist-dae": 0.087, "mnist-vae": 0.16}


def test_all_checkpoints_are_there():
    assert aemodels.list_checkpoints() == sorted(EVERY)


@pytest.mark.parametrize("name", PRIORS)
def test_a_prior_is_finished_belongs_to_its_autoencoder_and_knows_more_than_a_gaussian(name):
    ckpt = aemodels.load_checkpoint(name)
    autoencoder = priors.autoencoder_of(ckpt)
    assert ckpt.provenance["finished"]
    assert (autoencoder.name, ckpt.train_config.codes_of) == (EVERY[name].training.codes_of,) * 2
    assert (ckpt.title, ckpt.data.config, ckpt.model_config) == (EVERY[name].title, EVERY[name].data, EVERY[name].model)
    assert ckpt.metrics["num_images"] == len(autoencoder.codes)
    assert ckpt.metrics["velocity_loss"] + ckpt.metrics["velocity_loss_ci95"] < ckpt.metrics["gaussian_loss"]
    assert checkpoints.checkpoint_path(name).stat().st_size <= 25e6


@pytest.mark.parametrize("name", sorted(LAB))
def test_checkpoint_is_finished_and_measured_on_the_whole_test_split(name):
    ckpt = aemodels.load_checkpoint(name)
    assert ckpt.provenance["finished"]
    assert ckpt.metrics["num_images"] == (10_000 if name.startswith("mnist") else 1_886)
    counted = ckpt.data.num_images
    left_out = 5_949 if ckpt.data.config.leave_out == ("9",) else 0  # that many nines are among MNIST's training digits
    assert counted["train"] + counted["validation"] + left_out == (60_000 if name.startswith("mnist") else 17_114)
    assert ckpt.provenance["num_train_images"] == counted["train"]
    assert (ckpt.title, ckpt.data.config) == (LAB[name].title, LAB[name].data)
    assert len(ckpt.codes) == (10_000 if name.startswith("mnist") else 1_024)
    trained_by_its_logarithm = ckpt.model_config.reconstruction == "log_mse"  # older than the rule that it is the MSE
    assert ckpt.model_config == (
        replace(LAB[name].model, reconstruction="log_mse") if trained_by_its_logarithm else LAB[name].model
    )


@pytest.mark.parametrize(("name", "limit"), BCE_AT_MOST.items())
def test_bce_is_low_enough(name, limit):
    assert checkpoints.read_header(name)["metrics"]["bce"] <= limit


def test_the_codes_of_the_vae_lie_as_draws_from_the_normal_distribution_do():
    codes = aemodels.load_checkpoint("mnist-vae").codes
    assert codes.std(0).tolist() == pytest.approx([1, 1], abs=0.1)
    assert planes.normal_hole_share(codes) < 0.03
    for radius in planes.RINGS:
        assert planes.share_within(codes, radius) == pytest.approx(1 - math.exp(-(radius**2) / 2), abs=0.05)


@pytest.mark.parametrize("name", ["mnist-ae-l2-code", "mnist-ae-l2-weights"])
def test_l2_twins_stay_within_three_percent(name):
    plain = checkpoints.read_header("mnist-ae")["metrics"]["bce"]
    assert checkpoints.read_header(name)["metrics"]["bce"] <= 1.03 * plain


def baseline(kind):
    """PSNR in dB of "linear_code", "avif" or "vvc" by noise variance; empty where it is not measured."""
    photos = aemodels.load_checkpoint("dog-ae").data.fingerprint
    return {e["noise_variance"]: e["psnr_db"] for e in measurements.read_baselines(photos).get(kind, [])}


@pytest.mark.parametrize(
    ("name", "gain_db"), [("dog-ae", 1.3), ("dog-noise-0.05", 1.2), ("dog-noise-0.10", 1.2), ("dog-noise-0.15", 1.2)]
)
def test_a_network_beats_the_best_linear_code_at_its_own_noise(name, gain_db):
    metrics = checkpoints.read_header(name)["metrics"]
    assert metrics["psnr_db"] >= baseline("linear_code")[metrics["noise_variance"]] + gain_db


@pytest.mark.parametrize("name", ["dog-noise-0.05", "dog-noise-0.10", "dog-noise-0.15"])
def test_a_network_beats_avif_at_channel_capacity(name):
    metrics = checkpoints.read_header(name)["metrics"]
    assert metrics["psnr_db"] >= baseline("avif")[metrics["noise_variance"]]


@pytest.mark.parametrize("name", [name for name in sorted(LAB) if name.startswith("dog")])
def test_a_picture_of_one_colour_which_no_train_photo_is_like_is_rebuilt(name):
    model = aemodels.load_checkpoint(name).model
    colours = torch.tensor([[0.0, 0, 0], [1, 1, 1], [0.5, 0.5, 0.5], [1, 0, 0], [0.2, 0.4, 0.9]])
    x = colours.view(-1, 3, 1, 1).expand(-1, *model.config.image_shape)
    assert psnr_db(x, model.decode(model.encode(x))).min() > 20


@pytest.mark.parametrize("variance", [0.05, 0.15])
def test_one_network_is_nearly_as_good_as_the_one_trained_at_the_tested_noise(variance):
    elsewhere = {
        e["noise_variance"]: e["psnr_db"] for e in checkpoints.read_header("dog-noise-0.10")["metrics"]["evaluations"]
    }
    specialist = checkpoints.read_header(f"dog-noise-{variance:.2f}")["metrics"]["psnr_db"]
    assert elsewhere[variance] >= specialist - 0.3


@pytest.mark.release
def test_metrics_belong_to_the_stored_weights():
    """mnist-ae evaluated again, on the digits that ship with the project, gives the figures in its header."""
    from aemodels.data import mnist
    from aemodels.quality import metrics

    ckpt = aemodels.load_checkpoint("mnist-ae")
    digits, _ = mnist.load_mnist_test_digits()
    again = metrics.evaluate(ckpt.model, digits)
    assert again["bce"] == pytest.approx(ckpt.metrics["bce"], rel=1e-4)
    assert again["psnr_db"] == pytest.approx(ckpt.metrics["psnr_db"], abs=1e-2)


def test_checkpoints_weigh_under_90_mb():
    assert sum(path.stat().st_size for path in checkpoints.CHECKPOINT_FOLDER.iterdir() if path.is_file()) < 90e6


def test_readme_tells_the_figures_of_the_checkpoints():
    rows = re.findall(r"^\| `([\w.-]+)` \|(.*)\|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert [name for name, _ in rows] == list(LAB)
    for name, cells in rows:
        header = checkpoints.read_header(name)
        m = header["metrics"]
        assert f"{m['psnr_db']:.2f} ± {m['psnr_db_ci95']:.2f}" in cells
        assert ("bce" not in m) or f"{m['bce']:.4f}" in cells
        num_epochs = sum(t["history"][-1]["epoch"] for t in checkpoints.trainings(name, header))
        assert cells.endswith(f" {num_epochs:.1f} ")


def test_readme_tells_the_figures_of_the_priors():
    text = (ROOT / "README.md").read_text()
    for name in PRIORS:
        header = checkpoints.read_header(name)
        m = header["metrics"]
        of = header["provenance"]["codes_of"]["name"]
        assert (
            f"`{name}` (codes of `{of}`): {m['velocity_loss']:.3f}, its Gaussian alone {m['gaussian_loss']:.3f}" in text
        )


def test_readme_tells_the_psnr_matrix():
    lines = re.findall(
        r"^\| (\S[^|`]*) \| (\S+) \| (\S+) \| (\S+) \| (\S+) \|$", (ROOT / "README.md").read_text(), re.MULTILINE
    )
    found = {name.strip(): figures for name, *figures in lines if set("".join(figures)) <= set("0123456789.–")}
    dogs = [name for name in LAB if name.startswith("dog")]
    assert list(found) == [*dogs, *(label for label, kind in psnr_matrix.BASELINES.items() if baseline(kind))]
    for name, figures in found.items():
        if name in dogs:
            rows = checkpoints.read_header(name)["metrics"]["evaluations"]
            psnr = {row["noise_variance"]: row["psnr_db"] for row in rows}
        else:
            psnr = baseline(psnr_matrix.BASELINES[name])
        assert figures == [f"{psnr[v]:.2f}" if v in psnr else "–" for v in (0.0, 0.05, 0.10, 0.15)]


# The rooms of the library from the ground up: what stands in one may use those before it.
ROOMS = ["", "data", "models", "storage", "codes", "quality", "training", "report", "export"]


@cache
def imports(file):
    """Dotted names of all that a file imports, anywhere in it."""
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def library():
    """Each module of aemodels by its dotted name, with the other modules of it that it imports."""
    files = {
        ".".join(file.relative_to(ROOT).with_suffix("").parts): file
        for file in (ROOT / "aemodels").rglob("*.py")
        if "assets" not in file.parts and file.name != "__init__.py"
    }
    return {
        module: {
            other
            for other in files
            if other != module and any(f"{name}.".startswith(f"{other}.") for name in imports(file))
        }
        for module, file in files.items()
    }


def room(module):
    """Number of the room that a module stands in, from the ground up."""
    _, *rooms, _ = module.split(".")
    return ROOMS.index(".".join(rooms))


def test_the_library_imports_one_way_and_no_page():
    modules = library()
    assert len(modules) > 40
    list(TopologicalSorter(modules).static_order())  # raises CycleError where there is no order
    assert not [(m, other) for m, used in modules.items() for other in used if room(other) > room(m)]
    outside = {file: imports(file) for file in (ROOT / "aemodels").rglob("*.py")}
    assert not [
        file
        for file, used in outside.items()
        if {name.split(".")[0] for name in used} & {"streamlit", "pages", "train"}
    ]


def test_one_file_alone_uses_the_inside_of_streamlit():
    """Its modules other than `streamlit` itself, and attributes that begin with an underscore. Tests need more of it: what its
    websocket says, and the search for components, which they spare themselves."""
    pages = [ROOT / "app.py", *(ROOT / "pages").rglob("*.py")]
    inside = {
        file.name
        for file in [*pages, *(ROOT / "tests").glob("*.py")]
        if [name for name in imports(file) if re.match(r"streamlit\.(?!testing\.v1\.)", name)]
    } | {
        file.name
        for file in pages
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.Attribute) and re.match(r"_(?!_)", node.attr) and ast.unparse(node.value) != "self"
    }
    assert inside == {"streamlit_internals.py", "visiting.py", "conftest.py"}


def test_one_file_alone_imports_plotly():
    """It imports pandas first, see there."""
    files = [*(ROOT / "aemodels").rglob("*.py"), *(ROOT / "pages").rglob("*.py")]
    assert {file.name for file in files if [name for name in imports(file) if re.match(r"plotly\b", name)]} == {
        "plotly_objects.py"
    }


def test_only_screenshots_are_committed_as_pictures():
    """No photo may come with the project: the only pictures are those listed here, and none of them shows a dog."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout")
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    pictures = {f for f in tracked if Path(f).suffix.lower() in {".jpg", ".jpeg", ".png", ".webp", ".avif", ".gif"}}
    assert pictures == {"docs/experiments/prior-states.webp", "docs/latent-plane.png", "pages/parts/icon.png"}
