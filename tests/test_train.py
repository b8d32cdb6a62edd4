import dataclasses
import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import urllib.request
from math import isfinite
from types import SimpleNamespace

import pytest
import torch
from browser import REPO, copy_digits, copy_photos
from failing import fails, sentence, sentences
from filelock import FileLock
from safetensors import safe_open
from safetensors.torch import load_file
from safetensors.torch import save as save_tensors
from small_trainings import same
from test_checkpoints import save

import aemodels
import train
from aemodels import console
from aemodels.data import photo_sets, sources
from aemodels.errors import LatentLabError
from aemodels.models import autoencoders
from aemodels.models.config import TrainConfig
from aemodels.storage import checkpoints, digests
from aemodels.training import autoencoding, duration, filming, making, recipes, request, resuming, table
from aemodels.training.request import Request

DAE = "mnist-dae-2d"
LAB = recipes.of_the_lab()
# No time limit: the result depends on the seed alone.
SMALL = ["--quick", "--epochs", "4", "--device", "cpu"]


def command(*arguments):
    return [sys.executable, "train.py", *map(str, arguments)]


@pytest.fixture(autouse=True)
def one_thread_and_own_cache(monkeypatch, tmp_path):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(duration, "how_long", lambda *_: "")  # test_forecast.py tests it


@pytest.fixture(scope="module")
def small_data(data_folder, tmp_path_factory):
    """Some of MNIST's digits, and one photo of every breed."""
    folder = copy_photos(data_folder, tmp_path_factory.mktemp("data"), 1)
    return copy_digits(data_folder, folder, 600, 200)


@pytest.fixture(scope="module")
def mnist(data_folder, tmp_path_factory):
    """So many of MNIST's digits that an epoch has three steps."""
    return copy_digits(data_folder, tmp_path_factory.mktemp("digits"), 1700, 300)


@pytest.fixture(scope="module")
def uninterrupted(mnist, tmp_path_factory):
    out = tmp_path_factory.mktemp("uninterrupted")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duration, "how_long", lambda *_: "")
        assert train.main(["--only", DAE, *SMALL, "--data", str(mnist), "--out", str(out)]) == 0
    return out


@pytest.fixture
def unfinished(mnist, tmp_path, monkeypatch):
    """A folder where training of DAE stopped after its first epoch."""
    save_state = resuming.save_state

    def save_and_stop(path, state):
        save_state(path, state)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(resuming, "save_state", save_and_stop)
        assert train.main(["--only", DAE, *SMALL, "--data", str(mnist), "--out", str(tmp_path)]) == 130
    return tmp_path


def change_recipe(monkeypatch, name, **changes):
    """The lab's recipe of that name as another: changes are those of its table, such as training={"seed": 1}."""
    tables = {table: dataclasses.replace(getattr(LAB[name], table), **values) for table, values in changes.items()}
    changed = recipes.of_the_lab() | {name: dataclasses.replace(LAB[name], **tables)}
    monkeypatch.setattr(recipes, "of_the_lab", lambda: changed)


@pytest.mark.release
def test_quick_makes_every_checkpoint_and_a_second_run_leaves_them_alone(small_data, tmp_path, capsys):
    out = tmp_path / "out"
    arguments = ["--quick", "--epochs", "1", "--data", small_data, "--out", out, "--device", "cpu"]
    asked = Request(LAB, out, quick=True, epochs=1)
    assert train.main([str(a) for a in arguments]) == 0
    said = capsys.readouterr().out
    assert aemodels.list_checkpoints(out) == sorted(LAB)
    assert not list(out.glob(".*.part"))
    assert not list((out / ".resume").glob("*.pt"))
    first = said.splitlines()[0]
    dtype = re.fullmatch(
        r"CPU: .*: trains in (bfloat16|float32), which is fastest here, and measures in float32\.", first
    )[1]
    for name in LAB:
        recipe = asked.as_asked(LAB[name])
        train_config = recipe.training
        ckpt = aemodels.load_checkpoint(name, out)
        assert ckpt.model_config == recipe.model
        assert (ckpt.title, ckpt.data.config) == (recipe.title, recipe.data)
        assert ckpt.data.num_images["validation"] > 0
        assert len(ckpt.labels) == len(ckpt.index) == len(ckpt.codes)
        assert ckpt.train_config == train_config
        evaluations = ckpt.metrics.pop("evaluations", [])  # a prior has none
        for figures in [ckpt.metrics, *evaluations]:
            assert figures["num_images"] > 0
            numbers = [v for value in figures.values() for v in (value if isinstance(value, list) else [value])]
            assert all(map(isfinite, numbers))
        made = ckpt.provenance
        assert made["finished"] is True
        assert made["device"].startswith("CPU")
        assert made["precision"] == dtype
        assert made["images_per_s"] > 0  # the seconds of so short a training may round to 0
        assert made["steps"] == ckpt.history[-1]["step"] > 0
        assert re.fullmatch("[0-9a-f]{32}", made["data_fingerprint"])
        assert made["seed"] == train_config.seed
        assert made["num_train_images"] > 0
        assert made["torch"] == torch.__version__
        assert {"python", "numpy"} <= made.keys()
        start = train_config.start_from
        before = checkpoints.trainings(start, checkpoints.read_header(start, out)) if start else []
        assert made.get("earlier", []) == before
        assert checkpoints.trainings(name, checkpoints.read_header(name, out))[:-1] == before
        row = re.search(
            rf"^{re.escape(name)} +\S+ +(\S+) +\S+ +(\d+) .* finished(?:, velocity loss (\S+))?$", said, re.M
        )
        if train_config.codes_of:
            assert (row[1], float(row[3])) == ("–", pytest.approx(ckpt.metrics["velocity_loss"], abs=6e-5))
        else:
            assert float(row[1]) == pytest.approx(ckpt.metrics["psnr_db"], abs=0.006)
        assert int(row[2]) == made["steps"]

    before = {path: path.stat().st_mtime_ns for path in out.glob("*.safetensors")}
    assert train.main([str(a) for a in arguments]) == 0
    assert {path: path.stat().st_mtime_ns for path in out.glob("*.safetensors")} == before
    table = capsys.readouterr().out
    assert table.startswith("\ncheckpoint")
    assert said.endswith(table)


# Ctrl-C comes in the middle of the epoch after the first one that is kept.
INTERRUPTED = """
import os, signal, sys
signal.signal(signal.SIGINT, signal.default_int_handler)  # what a shell starts with & ignores it
import train
from aemodels.training import loop, resuming

kept, keep, update_ema = [], resuming.keep, loop.update_ema

def keep_and_count(*arguments):
    keep(*arguments)
    kept.append(arguments)

def update_and_interrupt(*arguments):
    update_ema(*arguments)
    if len(kept) == 2:  # the first one was at the start
        os.kill(os.getpid(), signal.SIGINT)

resuming.keep, loop.update_ema = keep_and_count, update_and_interrupt
sys.exit(train.main(sys.argv[1:]))
"""


@pytest.mark.release
def test_interrupted_training_goes_on_and_ends_as_if_it_had_never_stopped(mnist, uninterrupted, tmp_path, capsys):
    arguments = ["--only", DAE, *SMALL, "--data", str(mnist), "--out", str(tmp_path)]
    resume = tmp_path / ".resume" / f"{DAE}.pt"
    asked = [sys.executable, "-c", INTERRUPTED, *arguments]
    running = subprocess.run(asked, cwd=REPO, capture_output=True, text=True, timeout=300, check=False)
    error = running.stderr
    assert running.returncode == 130, error
    assert sentence(error) == "Stopped; run the same command again to go on from the last saved epoch."
    stopped = aemodels.load_checkpoint(DAE, tmp_path)
    assert stopped.provenance["finished"] is False
    assert 0 < stopped.metrics["psnr_db"] < 100
    epochs = len(stopped.history)
    assert resume.exists()

    capsys.readouterr()
    assert train.main(arguments) == 0
    after = re.search(rf"{DAE}: goes on after epoch (\d+)", "".join(capsys.readouterr()))
    assert int(after[1]) == epochs == 1
    assert not resume.exists()
    resumed, whole = aemodels.load_checkpoint(DAE, tmp_path), aemodels.load_checkpoint(DAE, uninterrupted)
    assert same(resumed.model.state_dict(), whole.model.state_dict())
    assert torch.equal(resumed.codes, whole.codes)
    assert resumed.metrics == whole.metrics
    assert [e["step"] for e in resumed.history] == [e["step"] for e in whole.history]
    assert resumed.provenance["finished"] is True
    assert resumed.provenance["steps"] == whole.provenance["steps"]
    assert error.endswith(sentence(error) + "\n")  # the sentence stands below the progress bar


def test_short_epochs_are_saved_seldom_enough_to_take_a_tenth_of_the_time(mnist, tmp_path, monkeypatch):
    clock, saved, save = SimpleNamespace(now=0.0), [], autoencoding.save

    def slow_save(recipe, ema, state, dataset, args):
        clock.now += 10
        saved.append(state.epoch)
        save(recipe, ema, state, dataset, args)

    def fit(state, images, config, on_epoch, on_step, accelerator, measuring_s, labels):
        for state.epoch in range(1, 13):
            clock.now += 30
            state.finished = state.epoch == 12
            state.history.append(
                {"epoch": state.epoch, "step": state.epoch, "seconds": clock.now, "reconstruction": 0.5}
            )
            on_step(state, 1, torch.tensor(0.5))
            on_epoch(state)

    monkeypatch.setattr(making, "time", SimpleNamespace(monotonic=lambda: clock.now))
    monkeypatch.setattr(autoencoding, "save", slow_save)
    monkeypatch.setattr(making.loop, "fit", fit)
    assert train.main(["--only", DAE, *SMALL, "--data", str(mnist), "--out", str(tmp_path)]) == 0
    assert saved == [1, 4, 7, 10, 12]
    history = aemodels.load_checkpoint(DAE, tmp_path).history
    assert [epoch["epoch"] for epoch in history] == list(range(1, 13))
    assert [epoch["epoch"] for epoch in history if "psnr_db" in epoch] == saved


def test_another_seed_gives_other_weights(mnist, uninterrupted, tmp_path, monkeypatch):
    change_recipe(monkeypatch, DAE, training={"seed": 1})
    assert train.main(["--only", DAE, *SMALL, "--data", str(mnist), "--out", str(tmp_path)]) == 0
    other, first = aemodels.load_checkpoint(DAE, tmp_path), aemodels.load_checkpoint(DAE, uninterrupted)
    assert other.provenance["seed"] == 1
    assert not same(other.model.state_dict(), first.model.state_dict())


@pytest.mark.parametrize(
    "arguments",
    [
        ["--only"],
        ["--minutes", "0"],
        ["--minutes", "-1"],
        ["--minutes", "nan"],
        ["--minutes", "soon"],
        ["--epochs", "0"],
        ["--epochs", "1.5"],
        ["--epochs", "nan"],
        ["--epochs", "abc"],
        ["--epochs", "1e400"],
        ["--epochs", "1" + "0" * 400],
        ["--minutes", "inf"],
        ["--minutes", "1e400"],
        ["--minutes", "1e300"],
        ["--device", "abacus"],
        ["--fast"],
    ],
)
def test_a_wrong_command_line_ends_with_2(arguments, tmp_path, capsys):
    with pytest.raises(SystemExit) as stopped:
        train.main([*arguments, "--out", str(tmp_path / "out")])
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert "error: argument" in error or arguments == ["--fast"]
    assert "parse_" not in error
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--list", "--evaluate"],
        ["--list", "--pack", "a.pack"],
        ["--pack", "a.pack", "--evaluate"],
        ["--list", "--download"],
        ["--evaluate", "--epochs", "3"],
        ["--evaluate", "--minutes", "3"],
        ["--evaluate", "--compile"],
        ["--quality", "50"],
        ["--out", ""],
        ["--photos", "", "--like", "dog-ae"],
        ["--data", ""],
        ["--device", "meta"],
    ],
)
def test_what_would_be_passed_over_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        train.main(arguments)
    assert stopped.value.code == 2
    assert arguments[0] in capsys.readouterr().err.splitlines()[-1]


def test_out_of_a_name_that_no_folder_can_have(tmp_path, capsys):
    """As of one in a folder that may not be entered, the system tells nothing of it."""
    message = fails(capsys, "--list", "--out", tmp_path / ("a" * 300))
    assert message.endswith("cannot be opened (File name too long); check path and permissions.")


def test_whoever_reads_the_output_may_stop_reading():
    with subprocess.Popen(command("--list"), cwd=REPO, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as listing:
        listing.stdout.close()
        assert listing.stderr.read() == b""
    assert listing.returncode == 1


@pytest.mark.parametrize("name", [DAE, "dog-ae"])
def test_missing_data(name, tmp_path, capsys):
    empty, out = tmp_path / "empty", tmp_path / "out"
    empty.mkdir()
    message = fails(capsys, "--only", name, "--data", empty, "--out", out)
    assert str(empty) in message
    assert "train.py --download" in message
    assert not out.exists()


def test_out_that_cannot_be_a_folder(mnist, tmp_path, capsys):
    file = tmp_path / "file"
    file.write_text("in the way")
    message = fails(capsys, "--only", DAE, *SMALL, "--data", mnist, "--out", file / "out")
    assert str(file / "out") in message
    assert "--out" in message
    assert file.read_text() == "in the way"


@pytest.mark.parametrize("command", [["--list"], ["--evaluate"], ["--only", "dog-ae"]])
def test_out_that_is_a_file(command, tmp_path, capsys):
    file = tmp_path / "mnist-ae.safetensors"
    file.touch()
    message = fails(capsys, *command, "--data", tmp_path, "--out", file)
    assert message == f"{file} is a file; give --out a folder."


def test_broken_checkpoint_to_start_from(small_data, tmp_path, capsys):
    (tmp_path / "dog-ae.safetensors").write_bytes(b"not a checkpoint")
    message = fails(capsys, "--only", "dog-noise-0.05", "--quick", "--data", small_data, "--out", tmp_path)
    assert "dog-ae.safetensors is broken" in message
    assert "train.py --only dog-ae" in message


def test_missing_checkpoint_to_start_from(small_data, tmp_path, capsys):
    message = fails(capsys, "--only", "dog-noise-0.05", "--quick", "--data", small_data, "--out", tmp_path)
    assert f"no checkpoint dog-ae in {tmp_path}" in message
    assert "train.py --only dog-ae" in message


def test_a_model_to_start_from_is_missed_before_any_is_trained(small_data, tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(making, "make", lambda *_: pytest.fail("trained"))
    names = ["dog-ae", "dog-noise-0.10", "dog-prior"]  # which starts from dog-noise-0.05
    message = fails(capsys, "--only", *names, "--quick", "--data", small_data, "--out", tmp_path)
    assert f"no checkpoint dog-noise-0.05 in {tmp_path}" in message


def second(model_config):
    """A recipe that starts from the checkpoint "first"."""
    config = TrainConfig(epochs=1, batch_size=2, learning_rate=1e-3, start_from="first")
    return dataclasses.replace(LAB["dog-ae"], name="second", model=model_config, training=config)


def test_a_recipe_with_a_corrector_starts_from_a_checkpoint_without_one(conv_config, tmp_path):
    first, _ = save(tmp_path, conv_config, "first")
    model = autoencoding.initial_model(second(dataclasses.replace(conv_config, corrector_depths=(1, 1))), tmp_path)
    x = torch.rand(2, *conv_config.image_shape)
    torch.testing.assert_close(model.encode(x), first.encode(x), atol=1e-2, rtol=1e-2)  # stored in float16


def test_a_recipe_of_another_network_than_it_starts_from(conv_config, tmp_path):
    save(tmp_path, conv_config, "first")
    wider = dataclasses.replace(conv_config, widths=tuple(2 * width for width in conv_config.widths))
    with pytest.raises(LatentLabError, match=r"second cannot start from first, .*\(first at encoder") as error:
        autoencoding.initial_model(second(wider), tmp_path)
    assert "\n" not in str(error.value)


def test_a_resumed_training_keeps_the_start_that_it_had(small_data, tmp_path, monkeypatch):
    """The checkpoint that it started from may have become another one in between."""
    small = {"widths": (8, 16), "encoder_depths": (1, 1), "decoder_depths": (1, 1)}
    for name in ("dog-ae", "dog-noise-0.05"):
        change_recipe(monkeypatch, name, model=small)
    arguments = ["--quick", "--epochs", "1", "--device", "cpu", "--data", str(small_data), "--out", str(tmp_path)]
    assert train.main(["--only", "dog-ae", *arguments]) == 0
    before = checkpoints.trainings("dog-ae", checkpoints.read_header("dog-ae", tmp_path))
    keep = resuming.keep

    def keep_and_stop(*args):
        keep(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(resuming, "keep", keep_and_stop)
        assert train.main(["--only", "dog-noise-0.05", *arguments]) == 130
    (tmp_path / "dog-ae.safetensors").unlink()
    assert train.main(["--only", "dog-ae", *arguments]) == 0
    assert train.main(["--only", "dog-noise-0.05", *arguments]) == 0
    assert checkpoints.read_header("dog-noise-0.05", tmp_path)["provenance"]["earlier"] == before


def test_the_index_of_a_quick_run_points_to_the_photos_of_its_codes(small_data):
    dogs, quick = photo_sets.load_dogs(small_data), sources.load(LAB["dog-ae"].data, small_data, quick=True)
    assert torch.equal(dogs.test[quick.reference_index], quick.reference)
    assert torch.equal(dogs.labels[dogs.test_index][quick.reference_index], quick.reference_labels)
    assert len(quick.record.label_names) == 120
    assert quick.record.label_names[0] == "Chihuahua"


@pytest.mark.release
def test_terminated_training_leaves_no_half_written_file(mnist, tmp_path):
    """As a batch system or a container ends it, in the middle of writing."""
    code = (
        "import os, pathlib, runpy, signal, sys\n"
        "def write_bytes(path, content):\n"
        "    open(path, 'wb').write(content[:1000])\n"
        "    os.kill(os.getpid(), signal.SIGTERM)\n"
        "pathlib.Path.write_bytes = write_bytes\n"
        "sys.argv[0] = 'train.py'\n"
        "runpy.run_path('train.py', run_name='__main__')\n"
    )
    arguments = ["--only", DAE, *SMALL, "--data", mnist, "--out", tmp_path]
    done = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 130, done.stderr
    assert sentence(done.stderr).startswith("Stopped; run the same command again")
    assert [path.name for path in tmp_path.iterdir()] == [".resume"]


def test_another_program_that_trains_the_same_model_is_not_disturbed(mnist, tmp_path, capsys):
    (tmp_path / ".resume").mkdir()
    with FileLock(tmp_path / ".resume" / f"{DAE}.lock"):
        message = fails(capsys, "--only", DAE, *SMALL, "--data", mnist, "--out", tmp_path)
    assert message.startswith(f"{DAE} is being trained into {tmp_path} by another program; ")
    assert [path.name for path in (tmp_path / ".resume").iterdir()] == [f"{DAE}.lock"]


@pytest.mark.parametrize("folder", ["out", "\udcfc" if sys.platform == "linux" else "ü"])
def test_training_stopped_while_its_film_is_made_gets_it_at_the_next_run(folder, mnist, tmp_path, monkeypatch):
    """Also in a folder whose name is in no encoding."""
    arguments = ["--only", DAE, *SMALL, "--epochs", "1", "--data", str(mnist), "--out", str(tmp_path / folder)]

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(filming, "develop", stop)
        assert train.main(arguments) == 130
    film, waits = tmp_path / folder / f"{DAE}.film", tmp_path / folder / ".resume"
    assert not film.exists()
    assert train.main(arguments) == 0
    assert film.exists()
    assert {path.name for path in waits.iterdir()} <= {".lock", f"{DAE}.lock", "forecast.json"}


def test_a_film_that_another_program_is_making_is_left_to_it(mnist, tmp_path, monkeypatch):
    arguments = ["--only", DAE, *SMALL, "--epochs", "1", "--data", str(mnist), "--out", str(tmp_path)]

    def stop(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(filming, "develop", stop)
        assert train.main(arguments) == 130
    moments = filming.folder_of(DAE, tmp_path)
    with FileLock(tmp_path / ".resume" / f"{DAE}.lock"):
        assert train.main(arguments) == 0
        assert train.main(["--evaluate", "--only", DAE, "--data", str(mnist), "--out", str(tmp_path)]) == 0
    assert moments.exists()
    assert not (tmp_path / f"{DAE}.film").exists()


def test_a_broken_checkpoint_is_made_again(mnist, tmp_path):
    """Its error message says so: train it with `python train.py --only NAME`."""
    (tmp_path / f"{DAE}.safetensors").write_bytes(b"not a checkpoint")
    arguments = ["--only", DAE, *SMALL, "--epochs", "1", "--data", str(mnist), "--out", str(tmp_path)]
    assert train.main(arguments) == 0
    assert aemodels.load_checkpoint(DAE, tmp_path).provenance["finished"] is True


def of_a_newer_version(path):
    """The file as it would be with a setting that this version does not know."""
    tensors = load_file(path)
    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    metadata["train_config"] = json.dumps(json.loads(metadata["train_config"]) | {"new": 1})
    path.write_bytes(save_tensors(tensors, digests.sealed(metadata, tensors)))


@pytest.mark.parametrize("why", ["a newer version", "a folder in its place"])
def test_a_model_that_may_be_sound_and_cannot_be_read_is_not_replaced(why, tmp_path, capsys):
    path = tmp_path / f"{DAE}.safetensors"
    if why == "a newer version":
        shutil.copy(checkpoints.CHECKPOINT_FOLDER / path.name, path)
        of_a_newer_version(path)
        before = path.read_bytes()
    else:  # as one that only another user may read; root may read all
        path.mkdir()
    message = fails(capsys, "--only", DAE, *SMALL, "--data", tmp_path, "--out", tmp_path)
    assert ("update Latent Lab to read this file" if why == "a newer version" else "cannot be read") in message
    assert message.endswith(f"To have {DAE} trained, move {path} away.")
    assert path.is_dir() or path.read_bytes() == before


def test_a_finished_model_that_is_not_of_the_recipe_is_left_and_named(uninterrupted, mnist, monkeypatch, capsys):
    monkeypatch.setenv("LATENT_LAB_DATA", str(mnist))
    change_recipe(monkeypatch, DAE, model={"widths": (32,)})
    path = uninterrupted / f"{DAE}.safetensors"
    before = path.read_bytes()
    assert train.main(["--only", DAE, *SMALL, "--out", str(uninterrupted)]) == 0
    assert (
        sentence(capsys.readouterr().err)
        == f"{path} is not of the network in {DAE}'s recipe; move it away to have that trained."
    )
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", ["cut", "foreign", "list"])
def test_corrupt_resume_file(content, unfinished, mnist, capsys):
    path = unfinished / ".resume" / f"{DAE}.pt"
    if content == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    else:
        torch.save({"foreign": {"a": 1}, "list": [1]}[content], path)
    message = fails(capsys, "--only", DAE, *SMALL, "--data", mnist, "--out", unfinished)
    assert str(path) in message
    assert "delete it" in message


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"weight_decay": 0.5}, "weight_decay 0.0 in place of 0.5"),
        ({"batch_size": 64, "seed": 3}, "batch_size 512 in place of 64, seed 0 in place of 3"),
    ],
)
def test_a_setting_changed_after_an_interruption_is_named(changed, said, unfinished, mnist, monkeypatch, capsys):
    change_recipe(monkeypatch, DAE, training=changed)
    message = fails(capsys, "--only", DAE, *SMALL, "--data", mnist, "--out", unfinished)
    path = unfinished / ".resume" / f"{DAE}.pt"
    assert message == f"{path} was made with {said}; set that back, or delete the file to train {DAE} from the start."


def spoil(monkeypatch, epoch, spoilt=lambda terms: {name: term * float("nan") for name, term in terms.items()}):
    """Has the loss of an epoch's second step come out as `spoilt` says, until the context ends."""
    forward, calls = autoencoders.Autoencoder.forward, []

    def spoilt_forward(model, x, generator):
        calls.append(None)
        terms = forward(model, x, generator)
        return spoilt(terms) if len(calls) == (epoch - 1) * 3 + 2 else terms

    monkeypatch.setattr(autoencoders.Autoencoder, "forward", spoilt_forward)


@pytest.mark.parametrize("spoilt", ["loss", pytest.param("gradients", marks=pytest.mark.release)])
def test_training_that_diverges_keeps_its_last_good_epoch_and_goes_on_from_it(
    spoilt, mnist, uninterrupted, tmp_path, monkeypatch, capsys
):
    change = {
        "loss": lambda terms: {name: term * float("nan") for name, term in terms.items()},
        # The root of nothing is finite, its derivative is not.
        "gradients": lambda terms: {name: term + (term - term.detach()).abs().sqrt() for name, term in terms.items()},
    }[spoilt]
    arguments = ["--only", DAE, *SMALL, "--data", mnist, "--out", tmp_path]
    with monkeypatch.context() as patched:
        patched.setattr(
            making, "time", SimpleNamespace(monotonic=lambda: 0.0)
        )  # saving takes no time: each epoch is saved
        spoil(patched, 3, change)
        message = fails(capsys, *arguments)
    assert message.startswith(f"{DAE}: Training diverged at step 8, at a learning rate of 0.0")
    assert message.endswith(
        "lower learning_rate in its recipe and run the same command, which goes on after epoch 2, the last that is kept."
    )
    kept = aemodels.load_checkpoint(DAE, tmp_path)
    assert kept.history[-1]["epoch"] == 2
    saved = resuming.load_state(tmp_path / ".resume" / f"{DAE}.pt")
    assert saved["epoch"] == 2
    assert all(w.isfinite().all() for part in ("model", "ema") for w in saved[part].values())

    assert train.main([str(a) for a in arguments]) == 0
    ended, expected = aemodels.load_checkpoint(DAE, tmp_path), aemodels.load_checkpoint(DAE, uninterrupted)
    assert same(ended.model.state_dict(), expected.model.state_dict())


def test_training_goes_on_at_the_lower_learning_rate_that_it_asked_for(mnist, tmp_path, monkeypatch, capsys):
    arguments = ["--only", DAE, *SMALL, "--data", str(mnist), "--out", str(tmp_path)]
    with monkeypatch.context() as patched:
        spoil(patched, 2)
        fails(capsys, *arguments)
    change_recipe(monkeypatch, DAE, training={"learning_rate": 1e-3})
    assert train.main(arguments) == 0
    assert f"{DAE}: goes on after epoch 1, at a learning rate of 0.001 in place of 0.004" in capsys.readouterr().out
    ended = aemodels.load_checkpoint(DAE, tmp_path)
    assert ended.train_config.learning_rate == 1e-3
    assert ended.history[0]["learning_rate"] > 1e-3 > ended.history[1]["learning_rate"]


def test_a_learning_rate_far_too_high_keeps_nothing(mnist, tmp_path, monkeypatch, capsys):
    """Here the losses stay finite, and the weights grow too large for the file."""
    change_recipe(monkeypatch, DAE, training={"learning_rate": 2e5})
    message = fails(capsys, "--only", DAE, *SMALL, "--data", mnist, "--out", tmp_path)
    assert "at a learning rate of" in message
    assert message.endswith("run the same command, which begins again.")
    assert aemodels.list_checkpoints(tmp_path) == []
    assert resuming.load_state(tmp_path / ".resume" / f"{DAE}.pt")["epoch"] == 0


def test_other_images_after_an_interruption_are_named(unfinished, data_folder, tmp_path, capsys):
    fewer = copy_digits(data_folder, tmp_path / "fewer", 1000, 200)
    message = fails(capsys, "--only", DAE, *SMALL, "--data", fewer, "--out", unfinished)
    assert "was made with other images; set that back" in message


def test_a_quick_look_at_few_photos_takes_as_many_steps_as_it_needs(small_data, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(making.loop, "fit", lambda state, images, config, *_: asked.append((len(images), config)))
    assert train.main(["--quick", "--only", "dog-ae", "--data", str(small_data), "--out", str(tmp_path)]) == 0
    ((num_images, config),) = asked
    assert config.epochs * (num_images // config.batch_size) >= request.QUICK_STEPS


OTHERWISE = [["--epochs", "2"], ["--epochs", "4", "--minutes", "30"]]


@pytest.mark.parametrize(
    "longer", [["--epochs", "5"], *(pytest.param(o, marks=pytest.mark.release) for o in OTHERWISE)]
)
def test_an_interrupted_training_goes_on_for_other_epochs_or_minutes(longer, unfinished, mnist):
    arguments = ["--quick", "--device", "cpu", "--data", str(mnist), "--out", str(unfinished)]
    assert train.main(["--only", DAE, *arguments, *longer]) == 0
    ckpt = aemodels.load_checkpoint(DAE, unfinished)
    assert ckpt.provenance["finished"] is True
    limits = dict(zip(longer[::2], longer[1::2], strict=True))
    minutes = float(limits["--minutes"]) if "--minutes" in limits else None
    asked = Request(LAB, unfinished, quick=True, epochs=int(limits["--epochs"]), minutes=minutes)
    assert ckpt.train_config == asked.as_asked(LAB[DAE]).training
    assert ckpt.history[-1]["epoch"] == ckpt.train_config.epochs


def test_what_an_interrupted_training_has_behind_it_cannot_be_asked_for(unfinished, mnist, capsys):
    arguments = ["--only", DAE, "--quick", "--device", "cpu", "--data", mnist, "--out", unfinished]
    resume = unfinished / ".resume" / f"{DAE}.pt"
    state = resuming.load_state(resume)
    state |= {"epoch": 2, "seconds": 600.0}
    resuming.save_state(resume, state)
    assert fails(capsys, *arguments, "--epochs", "2") == f"{DAE} has 2 epochs behind it already; give it more --epochs."
    message = fails(capsys, *arguments, "--epochs", "4", "--minutes", "5")
    assert message == f"{DAE} has 10.0 minutes behind it already; give it more --minutes."
    assert resume.exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--epochs", "5"], "trained for 4 epochs, not 5"),
        (["--minutes", "0.5"], "trained for any number of minutes, not 0.5"),
        (
            ["--epochs", "1", "--minutes", "7"],
            "trained for 4 epochs, not 1 and trained for any number of minutes, not 7",
        ),
        ("fewer digits", "trained on other images"),
        ("fewer digits, by the environment", "trained on other images"),
    ],
)
def test_a_finished_model_is_not_passed_off_as_what_was_asked_for(
    asked, said, uninterrupted, mnist, data_folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("LATENT_LAB_DATA", str(mnist))
    path = uninterrupted / f"{DAE}.safetensors"
    before = path.read_bytes()
    if isinstance(asked, str):
        fewer = copy_digits(data_folder, tmp_path / "fewer", 1000, 200)
        if "environment" in asked:
            monkeypatch.setenv("LATENT_LAB_DATA", str(fewer))
            asked = []
        else:
            asked = ["--data", fewer]
    message = fails(capsys, "--only", DAE, "--quick", "--out", uninterrupted, *asked)
    psnr_db = aemodels.load_checkpoint(DAE, uninterrupted).metrics["psnr_db"]
    assert message == (
        f"{DAE} is finished ({said}, {psnr_db:.2f} dB): move {path} away, or give another folder with --out, to have it "
        "trained as asked."
    )
    assert path.read_bytes() == before


def test_a_finished_model_that_is_what_was_asked_for_is_left(uninterrupted, mnist, capsys):
    before = (uninterrupted / f"{DAE}.safetensors").read_bytes()
    assert train.main(["--only", DAE, *SMALL, "--data", str(mnist), "--out", str(uninterrupted)]) == 0
    assert capsys.readouterr().err == ""
    assert (uninterrupted / f"{DAE}.safetensors").read_bytes() == before


def test_a_folder_without_digits_asks_for_no_other_digits(uninterrupted, photo_folder, capsys):
    assert train.main(["--only", DAE, "--quick", "--data", str(photo_folder), "--out", str(uninterrupted)]) == 0


def test_photos_without_digits_train_the_models_of_photos(photo_folder, tmp_path, monkeypatch, capsys):
    trained = []
    monkeypatch.setattr(making, "make", lambda recipe, *_: trained.append(recipe.name))
    assert train.main(["--quick", "--data", str(photo_folder), "--out", str(tmp_path / "out")]) == 1
    assert trained == [name for name in LAB if name.startswith("dog")]
    first, last = sentences(capsys.readouterr().err)
    digits = ", ".join(name for name in LAB if name.startswith("mnist"))
    assert "MNIST" in first
    assert first.endswith(f" Left out: {digits}.")
    assert last == f"Not trained, for want of images that fit: {digits}."


def test_photos_without_breeds_train_all_but_the_prior_that_knows_breeds(photo_folder, tmp_path, monkeypatch, capsys):
    """Which is told before the others take hours."""
    flat, trained = tmp_path / "flat", []
    flat.mkdir()
    for i, photo in enumerate(sorted(photo_folder.rglob("*.jpg"))):
        shutil.copy(photo, flat / f"{i}.jpg")
    monkeypatch.setattr(making, "make", lambda recipe, *_: trained.append(recipe.name))
    assert train.main(["--quick", "--data", str(flat), "--out", str(tmp_path / "out")]) == 1
    assert trained == [name for name in LAB if name.startswith("dog") and name != "dog-prior"]
    said = sentences(capsys.readouterr().err)
    number = "dog-prior is for another number of classes than 0; write that as num_labels into its recipe."
    assert f"{number} Left out: dog-prior." in said
    assert said[-1].startswith("Not trained, for want of images that fit: ")
    assert "dog-prior" in said[-1]
    (tmp_path / "out").mkdir()
    shutil.copy(checkpoints.checkpoint_path("dog-noise-0.10"), tmp_path / "out")
    assert fails(capsys, "--only", "dog-prior", "--data", flat, "--out", tmp_path / "out") == number


def test_digits_and_photos_may_lie_in_two_places(photo_folder, mnist, tmp_path, monkeypatch):
    trained = []
    monkeypatch.setattr(making, "make", lambda recipe, *_: trained.append(recipe.name))
    assert train.main(["--quick", "--data", str(photo_folder), str(mnist), "--out", str(tmp_path / "out")]) == 0
    assert trained == list(LAB)


def test_a_model_cut_by_its_time_limit_is_not_called_finished_without_a_word(mnist, tmp_path, capsys):
    arguments = ["--only", DAE, "--device", "cpu", "--data", str(mnist), "--out", str(tmp_path)]
    assert train.main([*arguments, "--minutes", "0.03"]) == 0
    said = capsys.readouterr().out
    ckpt = aemodels.load_checkpoint(DAE, tmp_path)
    steps, epochs = ckpt.provenance["steps"], ckpt.history[-1]["epoch"]
    assert re.search(rf" finished by its time limit, after {epochs:.3g} of 50 epochs$", said, re.M)
    assert re.search(rf"{DAE} ended after {steps} steps?, too few to learn much from", said)
    assert re.search(
        rf"{DAE} does not reconstruct: {ckpt.metrics['psnr_db']:.2f} dB, where one and the same grey", said
    )
    measured = re.search(rf"{DAE}: of 0\.03 minutes, about (\d+) s are for measuring\.", said)
    if longer := re.search(r"so it takes about (\d+) s\.", said):
        assert int(longer[1]) == pytest.approx(int(measured[1]) + 0.9, abs=1.1)


def test_a_time_limit_too_short_for_a_step_is_refused(mnist, tmp_path, capsys):
    message = fails(capsys, "--only", DAE, "--device", "cpu", "--data", mnist, "--out", tmp_path, "--minutes", "1e-9")
    assert message == f"{DAE} had no time for a single step; give it more --minutes."
    assert not (tmp_path / f"{DAE}.safetensors").exists()


@pytest.mark.parametrize("encoding", ["cp932", "cp949", "cp850", "ascii", "cp1252", "gbk", "utf-16"])
def test_the_table_is_printed_in_every_encoding(encoding, tmp_path, monkeypatch):
    """As into a file or pipe on a Windows of another country; a name may be in none."""
    out = io.TextIOWrapper(io.BytesIO(), encoding=encoding)
    monkeypatch.setattr(sys, "stdout", out)
    console.accept_any_text()
    table.show(["dog-ae"], tmp_path)
    print("missing-\udce9")
    out.flush()
    said = out.buffer.getvalue().decode(encoding)
    assert "dog-ae" in said
    assert "missing-?" in said


@pytest.fixture
def own_opener():
    """urllib keeps the first opener that it makes, with the proxies of that moment, for as long as the process lives."""
    urllib.request.install_opener(None)
    yield
    urllib.request.install_opener(None)


def test_download_without_a_network(tmp_path, monkeypatch, capsys, own_opener):
    for key in [key for key in os.environ if key.lower().endswith("_proxy")]:
        monkeypatch.delenv(key)
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: it refuses
        for key in ("http_proxy", "https_proxy"):
            monkeypatch.setenv(key, f"http://127.0.0.1:{taken.getsockname()[1]}")
        assert train.main(["--download", "--data", str(tmp_path / "data"), "--out", str(tmp_path / "out")]) == 1
    said = capsys.readouterr()
    message = sentence(said.err)
    assert message.startswith("No network: could not fetch MNIST")
    assert "train.py --download" in message
    assert said.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["cache"]


def test_training_and_models_import_no_more_than_they_need():
    """Nothing of the app; nor PyTorch's compiler, which takes 150 MB and a second, which whoever opens the app would wait."""
    code = """
import sys, torch, aemodels, train
from aemodels.codes import flows, latents
from aemodels.data import sources
from aemodels.report import figures
from aemodels.training import recipes

recipes.of_the_lab()
autoencoder, prior = (aemodels.load_checkpoint(name).model for name in ("dog-noise-0.10", "dog-prior"))
with torch.no_grad():
    autoencoder.encode(autoencoder.decode(flows.sample(prior, [0])))
print(*sorted({"streamlit", "plotly", "pandas", "torch._dynamo"} & sys.modules.keys()))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stdout) == (0, "\n"), done.stderr


def test_a_computer_without_the_apps_packages_trains():
    """A rented GPU's has PyTorch and what comes with it."""
    lacking = (
        "babel",
        "isal",
        "streamlit",
        "plotly",
        "pandas",
        "platformdirs",
        "openTSNE",
        "docx",
        "psutil",
    )
    code = f"import sys; sys.modules.update(dict.fromkeys({lacking})); import train; train.main(['--list']); from aemodels import language; "
    code += "print(language.number(1234.5, 1), language.percent(0.25))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("1,234.5 25%\n")
