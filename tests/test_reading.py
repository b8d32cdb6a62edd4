"""Training on images that stay in their file, or out of the device's memory: to the bit what training on resident ones gives."""

import os
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from PIL import Image
from small_trainings import Stop, build, colour_images, same, train, weights

from aemodels import memory
from aemodels.data import sources
from aemodels.data.stored_images import StoredImages, open_images
from aemodels.errors import DataError
from aemodels.models.config import TrainConfig
from aemodels.storage.checkpoints import load_checkpoint
from aemodels.training import reading, recipes, resuming
from aemodels.training.loop import fit, start
from aemodels.training.resuming import load_state, save_state
from train import main

CONFIG = TrainConfig(epochs=3, batch_size=4, learning_rate=2e-3, flips=True, shift_px=2, warp_px=0.5)


def store(images, path):
    np.save(path, images.numpy())
    return open_images(path)


@pytest.fixture
def images():
    return colour_images(46)  # eleven batches an epoch, more than are read ahead, and two images left over


@pytest.fixture
def stored(images, tmp_path):
    """Every second image of a file that holds the images between others."""
    between = torch.stack([images, 255 - images], dim=1).flatten(0, 1)
    return store(between, tmp_path / "images.npy")[::2]


@pytest.fixture
def noisy(conv_config):
    return replace(conv_config, variant="noisy-code", settings={"noise_variance": 0.1})


def readers():
    return [thread for thread in threading.enumerate() if thread.name.startswith("reading images")]


@pytest.fixture(autouse=True)
def no_thread_is_left():
    yield
    assert not readers()


def assert_alike(first, second):
    assert same(weights(first.model), weights(second.model))
    assert same(weights(first.ema), weights(second.ema))
    for epoch in first.history + second.history:
        epoch.pop("seconds")
    assert first.history == second.history


def test_stored_images_teach_the_same_to_the_bit(noisy, images, stored):
    assert_alike(train(noisy, stored, CONFIG), train(noisy, images, CONFIG))


def test_training_resumed_on_stored_images_ends_on_the_same_bits(noisy, images, stored, tmp_path):
    def stop(state):
        if state.epoch == 1:
            save_state(tmp_path / "state.pt", state.state_dict())
            raise Stop

    with pytest.raises(Stop):
        train(noisy, stored, CONFIG, on_epoch=stop)
    resumed = start(build(noisy, seed=123), CONFIG, "cpu")
    resumed.load_state_dict(load_state(tmp_path / "state.pt"))
    assert_alike(fit(resumed, stored, CONFIG), train(noisy, images, CONFIG))


def test_an_epoch_that_a_time_limit_cuts_ends_on_the_same_bits_and_its_thread_with_it(noisy, images, stored, clock):
    def learn(images):
        def cut(state, *_):
            if state.step == 15:
                clock.now += 61

        state = train(noisy, images, replace(CONFIG, minutes=1), on_step=cut)
        assert (state.step, state.epoch, state.finished) == (15, 1, True)
        assert not readers()
        return state

    assert_alike(learn(stored), learn(images))


def test_the_next_batches_are_read_while_one_is_learnt_from(mlp_config, tmp_path):
    """Some of them: memory holds no more."""
    images = torch.zeros(40, 1, 28, 28, dtype=torch.uint8)
    read, ahead = [], []

    class Noting:
        shape, __len__ = images.shape, images.__len__

        def __getitem__(self, places):
            read.append(threading.current_thread().name)
            return images[places]

    def wait(state, *_):
        """Gives the thread a second to read as far ahead as it goes."""
        if state.step == 1:
            threading.Event().wait(1)
            ahead.append(len(read) - state.step)

    config = replace(CONFIG, batch_size=2, epochs=1, shift_px=0, warp_px=0)
    train(mlp_config, Noting(), config, on_step=wait)
    assert ahead == [reading.NUM_AHEAD]
    assert len(read) == 20
    assert {name.partition("_")[0] for name in read} == {"reading images"}


def test_of_several_processes_each_reads_its_share_alone(mlp_config):
    images = torch.zeros(40, 1, 28, 28, dtype=torch.uint8)

    def read_by(rank):
        places = []

        class Noting:
            shape, __len__ = images.shape, images.__len__

            def __getitem__(self, batch):
                places.append(batch.tolist())
                return images[batch]

        accelerator = SimpleNamespace(
            process_index=rank,
            num_processes=2,
            prepare=lambda network: network,
            reduce=lambda totals, how: totals,
            wait_for_everyone=lambda: None,
            free_memory=lambda: None,
        )
        train(mlp_config, Noting(), replace(CONFIG, epochs=1), accelerator=accelerator)
        return places

    first, second = read_by(0), read_by(1)
    assert {len(batch) for batch in first + second} == {2}
    assert sorted(place for batch in first + second for place in batch) == list(range(40))


def test_a_thread_ends_where_training_is_stopped_within_an_epoch(noisy, stored):
    def stop(state, *_):
        assert len(readers()) == 1
        raise Stop

    with pytest.raises(Stop) as stopped:
        train(noisy, stored, CONFIG, on_step=stop)
    assert not readers(), stopped


def test_a_file_cut_while_training_is_one_sentence_and_the_epochs_before_it_count(noisy, images, stored, tmp_path):
    def cut(state):
        save_state(tmp_path / "state.pt", state.state_dict())
        with open(tmp_path / "images.npy", "r+b") as file:
            file.truncate(5000)

    with pytest.raises(
        DataError, match=r"images.npy can no longer be read \(it is shorter than it was\); start again"
    ) as raised:
        train(noisy, stored, CONFIG, on_epoch=cut)
    assert not readers(), raised
    resumed = start(build(noisy), CONFIG, "cpu")
    resumed.load_state_dict(load_state(tmp_path / "state.pt"))
    assert resumed.epoch == 1
    again = store(images, tmp_path / "again.npy")
    assert_alike(fit(resumed, again, CONFIG), train(noisy, images, CONFIG))


@pytest.mark.parametrize("free", [10**9, 100_000])
def test_what_is_in_memory_goes_to_the_device_if_that_can_hold_it(images, monkeypatch, free):
    monkeypatch.setattr(memory, "can_hold", lambda num_bytes, device: num_bytes <= free)
    placed = reading.place(images, torch.device("meta"))
    assert placed.device.type == ("meta" if free > 100_000 else "cpu")
    batch = next(reading.batches(placed, [torch.arange(4)], torch.device("meta")))
    assert (batch.device.type, batch.shape) == ("meta", (4, 3, 32, 32))


TRAIN_UNDER_A_LIMIT = """
import resource, statistics, sys, torch
from aemodels import memory
from aemodels.data.stored_images import open_images
from aemodels.models import building
from aemodels.models.config import ModelConfig, TrainConfig
from aemodels.training.loop import fit, start

def used(field):
    return memory._fields(memory.PROC / "self/status")[field] * 1024

torch.set_num_threads(1)
shape = (1, 256, 256)
model = ModelConfig("plain", "mlp", shape, latent_shape=(2,), widths=(2,), reconstruction="bce")
config = TrainConfig(epochs=1, batch_size=16, learning_rate=1e-3)
state = start(building.build(model), config, "cpu")
stored = open_images(sys.argv[1])
fit(start(building.build(model), config, "cpu"), stored[:160], config)  # libraries take theirs
resource.setrlimit(resource.RLIMIT_AS, (used("VmSize") + stored.nbytes // 2,) * 2)
assert not memory.can_hold(stored.nbytes)
try:
    stored.in_memory()
except RuntimeError as error:
    assert "can't allocate memory" in str(error)
else:
    raise AssertionError("the limit does not hold")
sizes = []
fit(state, stored, config, on_step=lambda *_: sizes.append(used("RssAnon")))
early, late = (statistics.median(part) for part in (sizes[40:80], sizes[120:]))
print(len(sizes), (late - early) / stored.nbytes)
"""


@pytest.mark.release
@pytest.mark.skipif(sys.platform != "linux", reason="Linux alone holds such a limit and tells what is in use")
def test_a_set_larger_than_the_memory_that_may_be_used_trains_without_growing(tmp_path):
    images = np.lib.format.open_memmap(tmp_path / "images.npy", "w+", np.uint8, (2560, 1, 256, 256))  # 168 MB
    rng = np.random.default_rng(0)
    for block in np.split(images, 20):
        block[:] = rng.integers(0, 256, block.shape, np.uint8)
    del images
    said = subprocess.run(
        [sys.executable, "-c", TRAIN_UNDER_A_LIMIT, tmp_path / "images.npy"],
        cwd=Path(__file__).parent.parent,
        env=os.environ | {"MALLOC_MMAP_THRESHOLD_": "65536"},  # what is freed goes back to the system at once
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        timeout=300,
    ).stdout
    num_steps, growth = said.split()
    assert num_steps == "160"
    assert float(growth) < 0.2  # while half of the set is read: it would be 0.5 if that were kept


SMALL = """
[data]
name = "Noise"
source = "photos"
folder = {folder!r}
image_shape = [3, 32, 32]
[model]
variant = "plain"
network = "conv"
latent_shape = [64, 2, 2]
widths = [8, 16]
encoder_depths = [1, 1]
decoder_depths = [1, 1]
reconstruction = "mse"
[training]
epochs = 2
batch_size = 8
learning_rate = 2e-3
flips = true
"""


@pytest.fixture
def recipe(tmp_path, monkeypatch):
    """A recipe for a folder of forty photos of noise."""
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))
    folder = tmp_path / "photos"
    folder.mkdir()
    rng = np.random.default_rng(0)
    for i in range(40):
        Image.fromarray(rng.integers(0, 256, (40, 40, 3), dtype=np.uint8)).save(folder / f"{i}.png")
    path = tmp_path / "small.toml"
    path.write_text(SMALL.format(folder=str(folder)))
    return recipes.read(path), path


@pytest.mark.parametrize("free", [10**9, 200_000])
def test_photos_stay_in_memory_where_they_take_at_most_half_of_it_and_a_line_says_so(recipe, monkeypatch, free):
    recipe, _ = recipe
    monkeypatch.setattr(memory, "free_bytes", lambda device: free)
    dataset = sources.load(recipe.data, Path(), False)
    parts = (dataset.train, dataset.validation, dataset.test, dataset.reference)
    num_mb = sum(part.nbytes for part in parts) / 1e6
    assert {type(part) for part in parts} == {torch.Tensor if free == 10**9 else StoredImages}
    assert dataset.summary.splitlines()[-1].endswith(
        f" They stay in memory, where they take {num_mb:.1f} MB."
        if free == 10**9
        else f" They are read from disk as they are needed: they take {num_mb:.1f} MB, and of memory images may take 0.1 MB, half of "
        "what is free."
    )


def test_train_py_makes_the_same_checkpoint_of_photos_that_memory_cannot_hold(recipe, tmp_path, monkeypatch, capsys):
    _, path = recipe
    checkpoints = []
    for share in (0.5, 0):
        monkeypatch.setattr(memory, "SHARE", share)
        out = tmp_path / f"out-{share}"
        command = ["--recipe", str(path), "--out", str(out), "--device", "cpu"]
        assert main(command) == 0, capsys.readouterr().err
        assert ("read from disk as they are needed" in capsys.readouterr().out) == (share == 0)
        checkpoints.append(load_checkpoint("small", out))
    in_memory, from_disk = checkpoints
    assert same(weights(in_memory.model), weights(from_disk.model))
    assert torch.equal(in_memory.codes, from_disk.codes)
    assert in_memory.metrics == from_disk.metrics
    assert [epoch["psnr_db"] for epoch in in_memory.history] == [epoch["psnr_db"] for epoch in from_disk.history]


def test_train_py_says_in_a_sentence_that_the_file_was_cut_and_goes_on_from_the_last_epoch(
    recipe, tmp_path, monkeypatch, capsys
):
    _, path = recipe
    monkeypatch.setattr(memory, "SHARE", 0)
    command = ["--recipe", str(path), "--out", str(tmp_path), "--device", "cpu"]
    whole, keep = [], resuming.keep

    def cut_once(state, *rest):
        keep(state, *rest)
        if state.epoch == 1 and not whole:
            (file,) = (tmp_path / "cache").glob("*.npy")
            whole.append(file)
            with open(file, "r+b") as images:
                images.truncate(1000)

    monkeypatch.setattr(resuming, "keep", cut_once)
    assert main(command) == 1
    said = capsys.readouterr().err
    assert said.rstrip().endswith("start again to have its pictures decoded anew.")
    assert "Traceback" not in said
    assert main(command) == 0
    assert "goes on after epoch 1" in "".join(capsys.readouterr())
    assert load_checkpoint("small", tmp_path).provenance["finished"]
