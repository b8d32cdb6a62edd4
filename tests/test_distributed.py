import json
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch
from browser import REAL_DATA, copy_digits

from aemodels.errors import ConfigError, LatentLabError
from aemodels.storage.checkpoints import checkpoint_path, list_checkpoints, load_checkpoint
from aemodels.training import processes
from aemodels.training.loop import fit, start
from tests import two_processes

ROOT = Path(__file__).parent.parent


def launch(*command) -> str:
    """What a program says that runs in two processes; `accelerate launch` starts GPUs' processes through this same launcher.

    They write to a terminal, for there train.py shows its progress twice a second.
    """
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    ours, theirs = os.openpty()
    process = subprocess.Popen(
        [*launcher, *command],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=theirs,
        stderr=theirs,
    )
    os.close(theirs)
    said = b""
    with suppress(OSError):  # raised once nobody writes to the terminal any more
        while chunk := os.read(ours, 4096):
            said += chunk
    os.close(ours)
    assert process.wait() == 0, said.decode()
    return said.decode()


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """What each of two processes that trained a model of each network has to say. The first has a model already, in a folder of its own."""
    folder = tmp_path_factory.mktemp("processes")
    (folder / "models-0").mkdir()
    (folder / "models-0" / "mnist-ae.safetensors").write_bytes(checkpoint_path("mnist-ae").read_bytes())
    launch("-m", "tests.two_processes", folder, *([REAL_DATA] if REAL_DATA.is_dir() else []))
    return [json.loads((folder / f"{rank}.json").read_text()) for rank in (0, 1)]


@pytest.mark.release
@pytest.mark.parametrize("network", two_processes.MODELS)
def test_two_processes_follow_the_loss_curve_of_one(results, network):
    alone, _ = two_processes.train(network, None)
    losses = [epoch["reconstruction"] for epoch in alone.history]
    assert results[0][network]["loss"] == pytest.approx(losses, rel=2e-3)
    assert losses[0] - losses[-1] > 20 * 2e-3 * abs(losses[-1])  # the tolerance could not hide a curve that stays


@pytest.mark.release
@pytest.mark.parametrize("network", two_processes.MODELS)
def test_two_processes_end_with_the_same_weights_and_losses(results, network):
    first, second = (result[network] for result in results)
    assert first["weights"] == second["weights"]
    assert first["loss"] == second["loss"]


@pytest.mark.release
@pytest.mark.parametrize("network", two_processes.MODELS)
def test_one_process_alone_writes(results, network):
    assert [result[network]["written"] for result in results] == [[1, 2, 3, 4], []]


@pytest.mark.release
def test_processes_that_see_other_folders_train_the_same_models(results, data_folder):
    """Of two machines that do not share --out, one may have a model that the other lacks."""
    assert [result["names"] for result in results] == [["mnist-dae-2d"]] * 2


@pytest.mark.release
def test_no_thread_of_the_process_group_outlives_it(results):
    for result in results:
        assert result["threads"]
        assert not [name for name in result["threads"] if "gloo" in name]


def test_a_batch_that_processes_cannot_share_is_refused(mlp_config):
    config = replace(two_processes.TRAINING, batch_size=31)
    state = start(two_processes.building.build(mlp_config), config, "cpu")
    with pytest.raises(ConfigError, match="31 images cannot be shared evenly by 2 processes"):
        fit(state, None, config, accelerator=SimpleNamespace(process_index=0, num_processes=2))


def test_processes_that_would_go_on_from_different_epochs_are_stopped():
    def seen(*epochs):
        return SimpleNamespace(device="cpu", gather=lambda mine: torch.tensor(epochs))

    processes.agree_on_epoch(3, seen(3, 3))
    with pytest.raises(LatentLabError, match=r"after different epochs \(3, 0\); give them all one folder"):
        processes.agree_on_epoch(3, seen(3, 0))


@pytest.fixture(scope="module")
def digits(data_folder, tmp_path_factory):
    return copy_digits(data_folder, tmp_path_factory.mktemp("digits"), 1200, 200)


@pytest.mark.release
def test_train_py_in_two_processes_makes_one_checkpoint(digits, tmp_path):
    only = ("mnist-ae", "mnist-dae-2d")
    brief = ("--quick", "--epochs", "2", "--minutes", "60", "--device", "cpu")
    said = launch("train.py", *brief, "--data", digits, "--out", tmp_path, "--only", *only)
    assert list_checkpoints(tmp_path) == sorted(only)
    for name in only:
        checkpoint = load_checkpoint(name, tmp_path)
        assert checkpoint.provenance["finished"]
        assert checkpoint.provenance["device"].startswith("2 × CPU")
        assert len(checkpoint.history) == 2  # progress was shown after an epoch, too
    assert said.count("checkpoint ") == 1  # one table
    assert not list((tmp_path / ".resume").glob("*.pt"))
