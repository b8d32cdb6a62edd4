import ast
import json

import pytest
from browser import REPO, copy_photos
from safetensors import safe_open
from safetensors.torch import save_file
from streamlit.testing.v1 import AppTest

import aemodels
from aemodels import checkpoints, data

SHIPPED = REPO / "checkpoints"


@pytest.fixture(scope="module")
def photo_folder(data_folder, tmp_path_factory):
    """One photo of every breed."""
    return copy_photos(data_folder, tmp_path_factory.mktemp("data"), 1)


@pytest.fixture(autouse=True)
def without_photos(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_DATA", str(tmp_path / "no photos"))
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))


def open_page(page):
    app = AppTest.from_file(str(REPO / "app.py"), default_timeout=120).run()
    if page != "home":
        app.switch_page(f"pages/about/{page}.py").run()
    assert not app.exception
    return app


def text(app):
    return "\n".join(element.value for kind in ("markdown", "caption", "success", "info") for element in app.get(kind))


def link(folder, names):
    for name in names:
        (folder / f"{name}.safetensors").symlink_to(checkpoints.checkpoint_path(name, SHIPPED))


def tables(app):
    """The cells of the page's tables, as (row, column) -> text."""
    return {(str(r), str(c)): t.value.loc[r, c] for t in app.table for r in t.value.index for c in t.value.columns}


def pages_in_router():
    """The page files that app.py names."""
    tree = ast.parse((REPO / "app.py").read_text(encoding="utf-8"))
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {s for s in strings if s.startswith("pages/") and s.endswith(".py")}


def test_router_names_every_page():
    sections = [folder for folder in (REPO / "pages").iterdir() if folder.is_dir() and folder.name != "parts"]
    files = {file.relative_to(REPO).as_posix() for folder in sections for file in folder.glob("*.py")}
    assert pages_in_router() == files


def test_home_links_to_every_page():
    app = open_page("home")
    assert [title.value for title in app.title] == ["Latent Lab"]
    assert not app.error
    links = [element.proto.page for element in app.get("page_link")]
    assert len(links) == len(set(links)) == len(pages_in_router()) - 1


def test_home_shows_the_figures_of_every_checkpoint():
    cells = tables(open_page("home"))
    names = aemodels.list_checkpoints()
    assert {row for row, _ in cells} == set(names)
    for name in names:
        metrics = aemodels.load_checkpoint(name).metrics
        shown = {column: value for (row, column), value in cells.items() if row == name}
        assert shown["PSNR, dB"] == f"{metrics['psnr_db']:.2f} ± {metrics['psnr_db_ci95']:.2f}"
        assert shown["test images"] == f"{metrics['num_images']:,}"


def test_home_says_that_there_are_no_photos():
    app = open_page("home")
    assert "`python train.py --download`" in "\n".join(info.value for info in app.info)
    assert "photos: " not in "\n".join(success.value for success in app.success)


def test_home_counts_the_photos(photo_folder, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_DATA", str(photo_folder))
    broken = next((photo_folder / "stanford-dogs" / "Images").iterdir()) / "broken.jpg"
    broken.write_bytes(b"no photo")
    try:
        shown = text(open_page("home"))
        dogs = data.load_dogs(photo_folder)
    finally:
        broken.unlink()
    assert f"{len(dogs.paths):,} photos" in shown
    assert f"{len(dogs.train_index):,} for training" in shown
    assert f"{len(dogs.test_index):,} for testing" in shown
    assert "1 files skipped" in shown or "1 file skipped" in shown


@pytest.mark.parametrize("page", ["home", "training"])
def test_no_checkpoints(page, checkpoint_folder):
    app = open_page(page)
    assert not app.error
    assert not app.table
    assert "`python train.py`" in "\n".join(info.value for info in app.info)


@pytest.mark.parametrize("page", ["home", "training"])
def test_a_broken_checkpoint_is_named_and_the_others_are_shown(page, checkpoint_folder):
    link(checkpoint_folder, ["mnist-ae", "mnist-dae", "dog-ae"])
    content = (SHIPPED / "mnist-ae-l2-code.safetensors").read_bytes()
    (checkpoint_folder / "mnist-ae-l2-code.safetensors").write_bytes(content[:1000])
    app = open_page(page)
    assert len(app.error) == 1
    assert app.error[0].value.startswith("mnist-ae-l2-code.safetensors is broken or incomplete")
    assert "`python train.py --only mnist-ae-l2-code`" in app.error[0].value
    shown = {part for cell in tables(app) for part in cell}
    assert {"mnist-ae", "mnist-dae"} <= shown
    assert "mnist-ae-l2-code" not in shown


@pytest.mark.parametrize("page", ["home", "training"])
@pytest.mark.parametrize("field", ["metrics", "provenance", "model_config", "train_config"])
def test_a_checkpoint_whose_header_lacks_something(field, page, checkpoint_folder):
    """The file is sound, and what the page shows of it is not in it."""
    link(checkpoint_folder, ["mnist-ae", "mnist-dae"])
    with safe_open(SHIPPED / "mnist-ae-l2-code.safetensors", framework="pt") as file:
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
        header = file.metadata() | {field: json.dumps({})}
    save_file(tensors, checkpoint_folder / "mnist-ae-l2-code.safetensors", header)
    app = open_page(page)
    assert {"mnist-ae", "mnist-dae"} <= {part for cell in tables(app) for part in cell}


@pytest.mark.parametrize("group", ["mnist", "dog"])
def test_training_shows_what_made_each_checkpoint(group):
    app = open_page("training")
    app.segmented_control(key="group").set_value(group).run()
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) == 2
    cells = tables(app)
    names = [name for name in aemodels.list_checkpoints() if name.startswith(group)]
    assert {column for _, column in cells} == set(names)
    for name in names:
        ckpt = aemodels.load_checkpoint(name)
        shown = {row: value for (row, column), value in cells.items() if column == name}
        assert shown["steps"] == f"{ckpt.provenance['steps']:,}"
        assert shown["seed"] == str(ckpt.provenance["seed"])
        assert shown["device"] == ckpt.provenance["device"]
        assert shown["train images"] == f"{ckpt.provenance['num_train_images']:,}"
        assert ckpt.provenance["data_fingerprint"].startswith(shown["data fingerprint"])
        assert float(shown["weight decay"]) == ckpt.train_config.weight_decay
        assert float(shown["learning rate, peak"]) == ckpt.train_config.learning_rate
        assert float(shown["noise on the input, σ"]) == ckpt.model_config.noise_factor
        assert float(shown["noise on the code, variance"]) == ckpt.model_config.noise_variance
        assert shown["starts from"] == (ckpt.train_config.start_from or "random weights")


def test_training_draws_each_checkpoint_s_own_history():
    charts = [json.loads(chart.proto.spec) for chart in open_page("training").get("plotly_chart")]
    names = [name for name in aemodels.list_checkpoints() if name.startswith("mnist")]
    for chart, value in zip(charts, ["reconstruction", "psnr_db"], strict=True):
        assert [trace["name"] for trace in chart["data"]] == names
        for trace in chart["data"]:
            history = aemodels.load_checkpoint(trace["name"]).history
            assert list(trace["y"]) == [epoch.get(value) for epoch in history]
