"""Trainings that are watched: in processes of their own, one after the other; how they end; nothing broken is left behind."""

import errno
import os
import re
import subprocess
import sys
import time
from itertools import count
from types import SimpleNamespace

import psutil
import pytest
import torch

import aemodels
from aemodels.data import shipped
from aemodels.errors import ConfigError, FileError, LatentLabError
from aemodels.models import autoencoders
from aemodels.quality import metrics
from aemodels.training import live, live_jobs, live_queue, live_recipes, loop, moments
from aemodels.training.live_jobs import Job
from aemodels.training.recipes import Recipe

WAIT_S = 120  # for a process to start; the machine may have other things to do


def recipe(minutes=0.02, learning_rate=4e-3, code_size=2, kind="plain", numbers=None, data=shipped.CONFIG) -> Recipe:
    return live_recipes.recipe(kind, numbers or {}, code_size, (32,), learning_rate, minutes, 1, data)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_MODELS", str(tmp_path))
    monkeypatch.setattr(live_queue, "NICENESS", 0)
    yield tmp_path
    for job in live_queue._jobs():
        job.kill()


@pytest.fixture
def alone(folder, monkeypatch, tmp_path):
    """alone(recipe) -> a job whose process is this one."""
    monkeypatch.setattr(live_queue, "_start", lambda job: None)
    return lambda of: live_queue.submit(of, "me", tmp_path)


def wait_for(job: Job, *states: str) -> str:
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        live_queue.tend(job)
        if (state := job.state()[0]) in states:
            return state
        time.sleep(0.05)
    raise AssertionError(f"{job.state()}: {(job.folder / 'log.txt').read_text()}")


def wait_for_moment(job: Job) -> moments.Moment:
    """Until it has taken a step."""
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        live_queue.tend(job)
        if (moment := job.moment()) and len(moment.curve) > 1:
            return moment
        time.sleep(0.05)
    raise AssertionError(f"{job.state()}: {(job.folder / 'log.txt').read_text()}")


def test_two_visitors_train_one_after_the_other_and_a_killed_process_holds_nobody_up(folder):
    first = live_queue.submit(recipe(5), "one", folder)
    assert len(first.moment().curve) == 1  # its answer has not waited for a step
    second = live_queue.submit(recipe(5, code_size=3), "two", folder)
    assert live_queue.submit(recipe(5), "one", folder) == first  # not twice at a time
    assert first.state()[0] == live_jobs.TRAINING
    assert second.state()[0] == live_jobs.WAITING
    assert live_queue.before(second) == [(first, live_jobs.TRAINING)]
    assert live_queue.before(first) == []
    live_queue.tend(second)
    assert second.state()[0] == live_jobs.WAITING
    moment = wait_for_moment(first)
    assert moment.curve[-1, 0] > 0
    assert moment.curve[-1, 3] < moment.curve[0, 3]
    first.stop()
    assert wait_for(first, live_jobs.DONE)
    ckpt = aemodels.load_checkpoint("model", first.folder)
    assert ckpt.provenance["finished"]
    assert ckpt.metrics["num_images"] == len(ckpt.codes) == 2000
    assert ckpt.metrics["bce"] == pytest.approx(first.moment().bce, rel=1e-2)  # but for float16

    assert wait_for(second, live_jobs.TRAINING)
    pid = live_jobs.read(second.folder / "process.json")["pid"]
    assert os.getpgid(pid) == pid
    second.kill()
    assert wait_for(second, live_jobs.KILLED)
    third = live_queue.submit(recipe(5), "three", folder)
    assert third.state()[0] == live_jobs.TRAINING
    live_queue.withdraw(third)
    assert not third.folder.exists()
    assert live_queue.of_visitor("three") is None
    assert aemodels.list_checkpoints(folder) == []


def test_the_process_is_after_all_others(folder, monkeypatch):
    monkeypatch.setattr(live_queue, "NICENESS", 10)
    job = live_queue.submit(recipe(5), "me", folder)
    process = psutil.Process(live_jobs.read(job.folder / "process.json")["pid"])
    assert process.nice() == min(19, os.getpriority(os.PRIO_PROCESS, 0) + 10)
    live_queue.withdraw(job)
    assert not job.folder.exists()


def test_time_ends_a_training(alone, monkeypatch):
    moments_looked = count()
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: 0.01 * next(moments_looked)))
    job = alone(recipe())
    live.run(job)
    assert job.state()[0] == live_jobs.DONE
    history = aemodels.load_checkpoint("model", job.folder).history
    assert history[-1]["seconds"] == pytest.approx(1.2, abs=0.1)
    assert history[-1]["psnr_db"] > 0


def test_it_ends_and_keeps_nothing_when_nobody_watches(alone):
    job = alone(recipe(5))
    os.utime(job.folder / "beat", (0, time.time() - live_jobs.ALONE_S - 1))
    live.run(job)
    assert job.state()[0] == live_jobs.LEFT
    assert not job.model_path.exists()


def test_what_is_stopped_before_its_first_step_keeps_nothing(alone, monkeypatch):
    job = alone(recipe())
    monkeypatch.setattr(loop, "fit", lambda *args: None)
    live.run(job)
    assert job.state()[0] == live_jobs.TOO_SHORT
    assert not job.model_path.exists()


@pytest.mark.parametrize("every_s", [1, 0])
def test_a_training_that_diverges_says_so_and_keeps_nothing(alone, every_s, monkeypatch):
    """Also where a moment is due before the loop has looked at its numbers."""
    monkeypatch.setattr(live, "EVERY_S", every_s)
    job = alone(recipe(5, learning_rate=1e6))
    live.run(job)
    assert job.state()[0] == live_jobs.DIVERGED
    assert not job.model_path.exists()


@pytest.mark.parametrize("at", ["moment.npz", "model.safetensors"])
def test_a_full_disk_ends_it_and_leaves_no_half_file(alone, monkeypatch, at):
    job = alone(recipe())
    replace = os.replace

    def full(source, target):
        if str(target).endswith(at):
            raise OSError(errno.ENOSPC, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", full)
    live.run(job)
    assert job.state()[0] == live_jobs.NO_ROOM
    assert not job.model_path.exists()
    assert not list(job.folder.glob("*.part")) + list(job.folder.glob(".*"))


def test_a_full_disk_at_the_start_leaves_nothing(folder, monkeypatch):
    def full(source, target):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", full)
        with pytest.raises(FileError, match="No space left on device"):
            live_queue.submit(recipe(), "me", folder)
    assert [path.name for path in live_queue.folder().iterdir()] in ([], ["lock"])


def test_a_process_that_cannot_start_is_not_blamed_on_the_folder(folder, monkeypatch):
    def limited(*args, **options):
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    with monkeypatch.context() as patch:
        patch.setattr(subprocess, "Popen", limited)
        with pytest.raises(LatentLabError, match="No process can be started for the training: Resource temporarily"):
            live_queue.submit(recipe(), "me", folder)


def test_a_fault_in_a_variant_is_told(alone, monkeypatch, capsys):
    job = alone(recipe())

    def loss(self, x, generator):
        raise ValueError("shapes do not fit")

    monkeypatch.setattr(autoencoders.Autoencoder, "loss", loss)
    live.run(job)
    state, said = job.state()
    assert state == live_jobs.FAILED
    assert re.fullmatch(r"ValueError: shapes do not fit \(test_live\.py:\d+\)", said["reason"])
    assert "Traceback" in capsys.readouterr().err  # in the job's log.txt
    assert not job.model_path.exists()


LOGS = {
    "no Python": (["def loss(:"], "SyntaxError: invalid syntax (mine.py:1)"),
    "a name that is not there": (["import torch", "torch.zeros(VERY_LONG)"], "NameError: name 'VERY_LONG' is not defined (mine.py:2)"),
    "within a package": (["import torch", "torch.zeros(-1)"], "RuntimeError: "),
}  # fmt: skip


@pytest.mark.parametrize(("lines", "reason"), LOGS.values(), ids=LOGS)
def test_a_process_that_could_not_begin_for_a_variant_says_where(alone, lines, reason, tmp_path):
    job = alone(recipe())
    live_jobs.write(job.folder / "process.json", {"pid": 2**22 + 1, "created": 0})
    assert job.state() == (live_jobs.KILLED, {})
    (tmp_path / "mine.py").write_text("\n".join(lines))
    with open(job.folder / "log.txt", "wb") as log:
        subprocess.run([sys.executable, tmp_path / "mine.py"], stderr=log)
    state, said = job.state()
    assert state == live_jobs.FAILED
    assert said["reason"].startswith(reason)
    assert said["reason"].endswith(f"(mine.py:{len(lines)})")


def test_a_variant_that_breaks_the_contract_waits_in_no_queue(monkeypatch, folder):
    monkeypatch.setattr(autoencoders.Autoencoder, "loss", lambda self, x, generator: self.encode(x))
    with pytest.raises(ConfigError, match=r"The loss of variant 'plain' \(autoencoders\.py:\d+\) is a tensor"):
        live_queue.submit(recipe(), "me", folder)
    assert not live_queue.of_visitor("me")


def test_mnist_that_is_gone(alone):
    job = alone(recipe(data=live_recipes.MNIST))
    live.run(job)
    assert job.state()[0] == live_jobs.NO_DATA


def test_it_learns_from_mnist_where_that_is(data_folder, alone):
    assert live_recipes.data_in(data_folder) == live_recipes.MNIST
    assert live_recipes.data_in(live_queue.folder()) == shipped.CONFIG


def test_who_waits_and_leaves_loses_the_place(alone):
    job = alone(recipe())
    other = live_queue.submit(recipe(), "other", job.folder)
    assert live_queue.before(other) == [(job, live_jobs.WAITING)]
    os.utime(job.folder / "beat", (0, time.time() - live_jobs.ALONE_S - 1))
    live_queue.tend(other)
    assert live_queue.before(other) == []
    assert live_queue.of_visitor("me") is None


def test_results_without_a_name_go_after_a_while(alone, monkeypatch):
    job = alone(recipe())
    job.end(live_jobs.DONE)
    other = live_queue.submit(recipe(), "other", job.folder)
    assert live_queue.of_visitor("me") == job
    monkeypatch.setattr(live_queue, "KEPT_S", -1)
    live_queue.tend(other)
    assert live_queue.of_visitor("me") is None


def test_held_out_digits_are_not_trained_on():
    dataset = shipped.load()
    assert (len(dataset.train), len(dataset.test)) == (8000, 2000)
    train = {x.numpy().tobytes() for x in dataset.train}
    assert not any(x.numpy().tobytes() in train for x in dataset.test)
    assert torch.equal(dataset.test, shipped.held_out()[0])


@pytest.mark.parametrize("kind", live_recipes.kinds())
def test_every_kind_can_be_trained(kind, alone):
    numbers = {name: live_recipes.DEFAULTS[name][0] for name in live_recipes.kinds()[kind]}
    job = alone(recipe(0.005, code_size=3, kind=kind, numbers=numbers))
    live.run(job)
    assert job.state()[0] == live_jobs.DONE
    ckpt, moment = aemodels.load_checkpoint("model", job.folder), job.moment()
    assert bool(ckpt.train_config.weight_decay) == (kind == live_recipes.L2_WEIGHTS)
    assert moment.places.shape == (2000, 2)
    assert 0.3 < moment.share <= 1
    # The plane of more than two numbers: the same distances as on the first two principal axes.
    x = ckpt.codes.double() - ckpt.codes.double().mean(0)
    squared = torch.linalg.svdvals(x).square()
    assert moment.share == pytest.approx(float(squared[:2].sum() / squared.sum()), abs=0.02)
    assert live_recipes.from_dict(live_recipes.to_dict(job.recipe())) == job.recipe()


def test_the_plane_turns_no_more_than_it_must():
    codes = torch.randn(500, 5, generator=torch.Generator().manual_seed(0)) * torch.tensor([3.0, 2, 1, 1, 1])
    before, _share = moments.on_plane(codes, None)
    mirrored = codes * torch.tensor([-1.0, 1, 1, 1, 1])
    after, _share = moments.on_plane(mirrored, before)
    assert abs(after - before).max() < 1e-3


def test_figures_are_those_of_the_model_under_its_own_noise():
    model = aemodels.load_checkpoint("mnist-dae-2d").model
    moment = moments.measure(model)
    figures = metrics.evaluate(model, shipped.held_out()[0], noise_factor=0.4)
    assert (moment.bce, moment.psnr_db) == (figures["bce"], figures["psnr_db"])
