import ast
import json
import re
from dataclasses import replace

import pytest
from apptest import name_of, numbers, open_page, text
from browser import REPO, copy_photos
from safetensors import safe_open
from safetensors.torch import save_file

import aemodels
from aemodels.data import photo_sets
from aemodels.storage import checkpoints, histories
from pages.parts.shared import models

TITLES = {"mnist": "MNIST", "dog": "Stanford Dogs"}
SHIPPED = REPO / "checkpoints"

pytestmark = pytest.mark.usefixtures("without_photos")


def link(folder, names):
    for name in names:
        (folder / f"{name}.safetensors").symlink_to(checkpoints.checkpoint_path(name, SHIPPED))


def trainings(name):
    return checkpoints.trainings(name, checkpoints.read_header(name))


def autoencoders():
    """All models that come with the project, but those that draw codes for one of them."""
    names = aemodels.list_checkpoints()
    return [name for name in names if checkpoints.read_header(name)["model_config"]["variant"] != "flow"]


def tables(app):
    """The cells of the page's tables, but that of all trainings, as (row, column) -> text."""
    shown = [t.value for t in app.table if "starts from" not in t.value.columns]
    cells = {(str(r), name_of(str(c))): table.loc[r, c] for table in shown for r in table.index for c in table.columns}
    for element in app.markdown:
        if element.value.startswith("|"):
            header, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in element.value.splitlines()]
            cells |= {(row[0], column): cell for row in rows for column, cell in zip(header, row, strict=True)}
    return cells


def pages_in_router():
    """The page files that the router names, relative to its folder."""
    tree = ast.parse((REPO / "pages/router.py").read_text(encoding="utf-8"))
    strings = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    return {s for s in strings if re.fullmatch(r"\w+/\w+\.py", s)}


def test_router_names_every_page():
    sections = [folder for folder in (REPO / "pages").iterdir() if folder.is_dir() and folder.name != "parts"]
    files = {file.relative_to(REPO / "pages").as_posix() for folder in sections for file in folder.glob("*.py")}
    assert pages_in_router() == files


def test_home_shows_the_figures_of_every_checkpoint():
    cells = tables(open_page("about/home"))
    assert {row for row, _ in cells} == set(aemodels.list_checkpoints())
    for name in autoencoders():
        metrics = aemodels.load_checkpoint(name).metrics
        shown = {column: value for (row, column), value in cells.items() if row == name}
        assert shown["PSNR, dB"] == f"{metrics['psnr_db']:.2f}\xa0±\xa0{metrics['psnr_db_ci95']:.2f}"
        assert shown["test images"] == f"{metrics['num_images']:,}"
        assert shown["BCE, nats a pixel"] == (f"{metrics['bce']:.4f}" if name.startswith("mnist") else "–")
        num_epochs = sum(training["history"][-1]["epoch"] for training in trainings(name))
        assert shown["epochs"] == f"{num_epochs:.1f}"


def test_home_says_that_there_are_no_photos():
    app = open_page("about/home")
    assert "`python train.py --download`" in "\n".join(info.value for info in app.info)
    assert "photos: " not in "\n".join(success.value for success in app.success)


@pytest.mark.parametrize(("num_broken", "skipped"), [(0, ""), (1, ", 1 file skipped"), (2, ", 2 files skipped")])
def test_home_counts_the_photos(num_broken, skipped, data_folder, tmp_path, monkeypatch):
    folder = copy_photos(data_folder, tmp_path, 1)
    monkeypatch.setenv("LATENT_LAB_DATA", str(folder))
    for i in range(num_broken):
        (folder / "stanford-dogs" / "Images" / f"broken-{i}.jpg").write_bytes(b"no photo")
    shown = text(open_page("about/home"), "success", "info")
    dogs = photo_sets.load_dogs(folder)
    assert f"{len(dogs.paths):,} photos" in shown
    assert f"{len(dogs.train_index):,} for training" in shown
    assert f"{len(dogs.test_index):,} for testing{skipped}." in shown


@pytest.mark.parametrize("page", ["home", "training"])
def test_no_checkpoints(page, checkpoint_folder):
    app = open_page(f"about/{page}")
    assert not app.error
    assert not tables(app)
    assert "`python train.py`" in "\n".join(info.value for info in app.info)


@pytest.mark.parametrize("page", ["home", "training"])
def test_a_broken_checkpoint_is_named_and_the_others_are_shown(page, checkpoint_folder):
    link(checkpoint_folder, ["mnist-ae", "mnist-dae", "dog-ae"])
    content = (SHIPPED / "mnist-ae-l2-code.safetensors").read_bytes()
    (checkpoint_folder / "mnist-ae-l2-code.safetensors").write_bytes(content[:1000])
    app = open_page(f"about/{page}")
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
    app = open_page(f"about/{page}")
    assert {"mnist-ae", "mnist-dae"} <= {part for cell in tables(app) for part in cell}


@pytest.mark.parametrize("group", ["mnist", "dog"])
def test_training_shows_what_made_each_checkpoint(group):
    app = open_page("about/training")
    app.segmented_control(key="data").set_value(TITLES[group]).run()
    assert not app.exception
    assert not app.error
    assert len(app.get("plotly_chart")) == (3 if group == "mnist" else 2)  # one more of what L2 on the code costs
    names = [name for name in autoencoders() if name.startswith(group)]
    cells = tables(app)
    assert {column for _, column in cells} == set(names)
    (same,) = (
        dict(part.split(": ", 1) for part in e.value.split(" · ")) for e in app.markdown if ": **" in e.value[:60]
    )
    for name in names:
        ckpt = aemodels.load_checkpoint(name)
        shown = {key: value.strip("*") for key, value in same.items()}
        shown |= {row: value for (row, column), value in cells.items() if column == name}
        assert shown["PSNR on test images, dB"] == f"{ckpt.metrics['psnr_db']:.2f}"
        assert shown["steps"] == f"{ckpt.provenance['steps']:,}"
        assert shown["seed"] == str(ckpt.provenance["seed"])
        assert shown["device"] == ckpt.provenance["device"]
        assert shown["training images"] == f"{ckpt.provenance['num_train_images']:,}"
        assert ckpt.provenance["data_fingerprint"].startswith(shown["data fingerprint"])
        assert float(shown["weight decay"]) == ckpt.train_config.weight_decay
        assert float(shown["learning rate, peak"]) == ckpt.train_config.learning_rate
        own = ckpt.model_config.settings
        for key, words in [
            ("noise_factor", "noise on the input, σ"),
            ("noise_variance", "noise on the code, variance"),
        ]:
            assert shown.get(words, "none") == (f"{own[key]:g}" if key in own else "none")
        assert shown["starts from"] == (ckpt.train_config.start_from or "random weights")


@pytest.mark.parametrize("group", ["mnist", "dog"])
@pytest.mark.parametrize(
    ("words", "is_named"),
    [
        ("Trained several times", lambda ckpt: ckpt.train_config.start_from),
        ("mean of the weights before and after", lambda ckpt: "averaged_with" in ckpt.provenance),
    ],
    ids=["went on from another checkpoint", "weights are a mean"],
)
def test_training_names_those_whose_weights_need_explaining(group, words, is_named):
    app = open_page("about/training")
    app.segmented_control(key="data").set_value(TITLES[group]).run()
    sentences = [line for e in app.markdown for line in e.value.splitlines() if words in line]
    expected = {n for n in autoencoders() if n.startswith(group) and is_named(aemodels.load_checkpoint(n))}
    assert {*map(name_of, re.findall("“(.+?)”", " ".join(sentences)))} == expected


def test_training_says_what_averaging_weights_brought():
    app = open_page("about/training")
    app.segmented_control(key="data").set_value("Stanford Dogs").run()
    averaged = [n for n in autoencoders() if "averaged_with" in aemodels.load_checkpoint(n).provenance]
    assert averaged
    for name in averaged:
        *_, start, last = trainings(name)
        expected = f"“{models.title(name)}” **{last['psnr_db']:.2f} dB** on the test images, {start['psnr_db']:.2f} at its start"
        before, after = (t["model_config"]["descent_steps"] for t in (start, last))
        assert before != after
        expected += f" with {before} plain gradient steps in place of {after}"
        assert expected in text(app)


@pytest.mark.parametrize("group", ["mnist", "dog"])
def test_training_explains_its_loss_and_its_words_where_they_stand(group):
    app = open_page("about/training")
    app.segmented_control(key="data").set_value(TITLES[group]).run()
    captions = " ".join(caption.value for caption in app.caption)
    by_logarithm = [
        name
        for name in autoencoders()
        if aemodels.load_checkpoint(name).model_config.reconstruction == "log_mse" and name.startswith(group)
    ]
    told = ", ".join(map(models.said, by_logarithm))
    assert (f"The last training of {told} used the logarithm of the MSE" in captions) == bool(by_logarithm)
    for words in ("The loss “log MSE” is the logarithm of each image’s MSE", "Corrector: ", "the refiner, "):
        assert (words in captions) == (group == "dog")
    assert "chosen by figures on test images" in captions


def test_training_says_no_gain_that_rounds_to_nothing(checkpoint_folder):
    ckpt = checkpoints.load_checkpoint("dog-noise-0.15", SHIPPED)
    history = [epoch | {"psnr_db": 23.9} for epoch in ckpt.history]
    history[-1]["psnr_db"] += 0.004
    assert 0 < histories.last_tenth_gain_db(history) < 0.005
    checkpoints.save_checkpoint(replace(ckpt, history=history), checkpoint_folder)
    app = open_page("about/training")
    app.segmented_control(key="data").set_value("Stanford Dogs").run()
    assert "0.00 dB" not in text(app)
    assert "None of these gains as much as 0.01 dB" in text(app)


@pytest.mark.parametrize("group", ["mnist", "dog"])
def test_training_lists_what_differs_and_says_once_what_does_not(group):
    app = open_page("about/training")
    app.segmented_control(key="data").set_value(TITLES[group]).run()
    rows = {}
    for (row, _), value in tables(app).items():
        rows.setdefault(row, set()).add(value)
    assert all(len(values) > 1 for values in rows.values())
    noises = {"mnist": "noise on the input, σ", "dog": "noise on the code, variance"}
    assert noises.pop(group) in rows
    assert not set(noises.values()) & set(rows)


def test_training_draws_each_checkpoint_s_own_history():
    charts = [json.loads(chart.proto.spec) for chart in open_page("about/training").get("plotly_chart")[:2]]
    names = [name for name in autoencoders() if name.startswith("mnist")]
    for chart, value in zip(charts, ["reconstruction", "psnr_db"], strict=True):
        assert [name_of(trace["name"]) for trace in chart["data"]] == names
        for trace in chart["data"]:
            history = aemodels.load_checkpoint(name_of(trace["name"])).history
            assert list(trace["y"]) == [epoch[value] for epoch in history if value in epoch]


@pytest.mark.parametrize(("along", "of"), [("step", lambda e: e["step"]), ("minutes", lambda e: e["seconds"] / 60)])
def test_training_draws_its_curves_along_another_axis(along, of):
    app = open_page("about/training")
    app.segmented_control(key="along").set_value(along).run()
    assert not app.exception
    for chart, value in zip(app.get("plotly_chart"), ["reconstruction", "psnr_db"], strict=False):
        for trace in json.loads(chart.proto.spec)["data"]:
            history = aemodels.load_checkpoint(name_of(trace["name"])).history
            assert list(trace["x"]) == pytest.approx([of(epoch) for epoch in history if value in epoch])


def test_training_draws_the_trainings_before_one_after_another():
    app = open_page("about/training")
    app.segmented_control(key="data").set_value("Stanford Dogs").run()
    app.segmented_control(key="along").set_value("step").run()
    _, psnr = [json.loads(chart.proto.spec) for chart in app.get("plotly_chart")]
    for trace in psnr["data"]:
        expected, steps = {}, 0
        for training in trainings(name := name_of(trace["name"])):
            if training["name"] == name:
                expected |= {steps + e["step"]: e["psnr_db"] for e in training["history"] if "psnr_db" in e}
            steps += training["provenance"]["steps"]
        drawn = {x: y for x, y in zip(trace["x"], trace["y"], strict=True) if y is not None}
        assert drawn == expected
        assert max(drawn) == steps
    # Another model's training never stands between two of its own.
    assert not [trace["name"] for trace in psnr["data"] if None in trace["y"]]


def traces(app, chart=0):
    """The curves of one of the page's charts, by name, in the order in which they are listed."""
    return {name_of(trace["name"]): trace for trace in json.loads(app.get("plotly_chart")[chart].proto.spec)["data"]}


def test_the_route_s_model_stands_out_of_the_curves_of_training():
    app = open_page("about/training", group="MNIST", emphasised="mnist-ae")
    for chart in (0, 1):  # in all that show it
        of = traces(app, chart)
        others = [trace for name, trace in of.items() if name != "mnist-ae"]
        assert all(of["mnist-ae"]["zorder"] > trace.get("zorder", 0) for trace in others)
        assert all(of["mnist-ae"]["line"]["width"] > trace["line"]["width"] for trace in others)
        assert all(trace["opacity"] < 1 for trace in others)
    app = open_page("about/training", group="MNIST")
    assert not any("zorder" in trace or "opacity" in trace for trace in traces(app).values())


def test_a_model_has_one_colour_on_all_pages():
    training = open_page("about/training", group="MNIST")
    colours = {name: trace["line"]["color"] for name, trace in traces(training).items()}
    assert len(set(colours.values())) == len(colours)
    further = {name_of(name.split(",")[0]): trace["line"]["color"] for name, trace in traces(training, 2).items()}
    assert set(further) == {"mnist-ae-l2-code", "mnist-vae"}
    assert further == {name: colours[name] for name in further}
    for chart in (0, 1):
        denoise = traces(open_page("mnist/denoise"), chart)  # among denoisers none is said to be one
        assert denoise["64-D code"]["line"]["color"] == colours["mnist-dae"]
        assert denoise["2-D code"]["line"]["color"] == colours["mnist-dae-2d"]
    sizes = traces(open_page("any/code_size"))
    assert sizes["mnist-nested"]["line"]["color"] == colours["mnist-nested"]


def test_training_lists_every_training_once():
    app = open_page("about/training")
    assert not any("starts from" in table.value.columns for table in app.table)  # the digits' are one each
    app.segmented_control(key="data").set_value("Stanford Dogs").run()
    (table,) = (table.value for table in app.table if "starts from" in table.value.columns)
    for name in autoencoders():
        if name.startswith("dog"):
            expected = [(t["name"], f"{t['psnr_db']:.2f}") for t in trainings(name)]
            is_last = table["model"].eq(name) & table["PSNR / dB"].eq(expected[-1][1])
            number, ends = table.index[is_last][-1], []
            while not ends or number is not None:
                ends.insert(0, (table.loc[number, "model"], table.loc[number, "PSNR / dB"]))
                start = re.fullmatch(r"the end of (\d+)", table.loc[number, "starts from"])
                number = int(start[1]) if start else None
            assert ends == expected
    assert not table.duplicated().any()


@pytest.mark.parametrize("group", ["mnist", "dog"])
def test_training_says_how_long_all_trainings_took_together(group):
    app = open_page("about/training")
    app.segmented_control(key="data").set_value(TITLES[group]).run()
    names = [name for name in autoencoders() if name.startswith(group)]
    different = {json.dumps(t, sort_keys=True): t["provenance"]["wall_s"] for name in names for t in trainings(name)}
    (shown,) = numbers(r"These \d+ models took ([\d,]+) minutes together", app)
    assert shown == pytest.approx(sum(different.values()) / 60, abs=0.51)


def test_training_says_which_model_still_gained_most():
    app = open_page("about/training")
    gains = {}
    for name in autoencoders():
        history = aemodels.load_checkpoint(name).history
        if name.startswith("mnist"):
            steps, psnr = zip(*((e["step"], e["psnr_db"]) for e in history if "psnr_db" in e), strict=True)
            at = 0.9 * steps[-1]
            after = next(i for i, step in enumerate(steps) if step >= at)
            share = (at - steps[after - 1]) / (steps[after] - steps[after - 1])
            gains[name] = psnr[-1] - (psnr[after - 1] + share * (psnr[after] - psnr[after - 1]))
    most = max(gains, key=gains.get)
    gain = f"{gains[most]:+.2f} dB".replace("-", "−")
    assert f"There {models.said(most)} gains the most, **{gain}**" in text(app)


def test_training_without_models_of_one_data_set(checkpoint_folder):
    link(checkpoint_folder, ["mnist-ae"])
    app = open_page("about/training")
    assert len(app.get("plotly_chart")) == 2
    assert app.segmented_control(key="data").options == ["MNIST"]


def test_variants_networks_and_computers_are_told_in_the_readers_language():
    shown = {lang: open_page("about/training", lang=lang).table[0].value.to_string() for lang in ("en", "zh")}
    assert "Plain, fully connected" in shown["en"]
    assert "普通、全连接" in shown["zh"]
    assert "cores" in shown["en"]
    assert "cores" not in shown["zh"]
