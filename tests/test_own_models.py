"""Models that visitors keep: names that collide with nothing, nothing lost without a question."""

import shutil

import pytest
from filelock import FileLock

import aemodels
from aemodels.errors import CheckpointError, FileError
from aemodels.storage import checkpoints, own_models
from aemodels.storage.own_models import NameTaken

LAB = ["mnist-ae", "dog-ae"]
FILE = checkpoints.checkpoint_path("mnist-ae")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_MODELS", str(tmp_path / "models"))
    return tmp_path / "models"


def test_a_kept_model_is_a_checkpoint(folder):
    assert own_models.names() == []
    own_models.keep(FILE, "Mine", LAB)
    assert own_models.names() == ["Mine"]
    assert aemodels.load_checkpoint("Mine", folder).metrics == aemodels.load_checkpoint("mnist-ae").metrics
    own_models.remove("Mine")
    own_models.remove("Mine")
    assert own_models.names() == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "Give your model a name"),
        ("  ", "Give your model a name"),
        ("\u200b\u2060", "Give your model a name"),  # nothing to be seen
        ("mnist\u200b-ae", "model of the lab"),  # looks like it
        ("x" * 41, "at most 40 letters"),
        ("../mine", "not a checkpoint name"),
        (".mine", "not a checkpoint name"),
        ("a\\b", "not a checkpoint name"),
        ("con", "not a checkpoint name"),
        ("a:b", "not a checkpoint name"),
        ("MNIST-AE", "model of the lab"),
    ],
)
def test_names_that_cannot_be(folder, name, message):
    with pytest.raises(CheckpointError, match=message):
        own_models.keep(FILE, name, LAB)
    assert own_models.names() == []


@pytest.mark.parametrize(("kept", "alike"), [("Pl\xe4ne", "pla\u0308ne"), ("mine", "\u2060mine"), ("GROSS", "gro\xdf")])
def test_names_that_look_alike_are_one(folder, kept, alike):
    own_models.keep(FILE, kept, LAB)
    with pytest.raises(NameTaken, match=kept):
        own_models.keep(FILE, alike, LAB)
    assert own_models.free_name(alike, LAB) == f"{alike}-2"
    assert own_models.keep(FILE, alike, LAB, replaces=True) == kept
    assert own_models.names() == [kept]


def test_no_model_is_replaced_without_a_question(folder):
    own_models.keep(FILE, "mine", LAB)
    before = (folder / "mine.safetensors").read_bytes()
    other = checkpoints.checkpoint_path("mnist-vae")
    with pytest.raises(NameTaken, match="There is a model mine already"):
        own_models.keep(other, "Mine", LAB)
    assert (folder / "mine.safetensors").read_bytes() == before
    own_models.keep(other, "Mine", LAB, replaces=True)
    assert own_models.names() == ["mine"]
    assert (folder / "mine.safetensors").read_bytes() == other.read_bytes()
    with pytest.raises(CheckpointError, match="model of the lab"):
        own_models.keep(other, "dog-ae", LAB, replaces=True)


def test_a_full_disk_leaves_no_half_model(folder, monkeypatch):
    def full(source, target):
        target.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(OSError, match="No space left"):
        own_models.keep(FILE, "mine", LAB)
    assert [path.name for path in folder.iterdir()] == [".lock"]


def test_so_many_and_no_more(folder, monkeypatch):
    monkeypatch.setattr(own_models, "MAX_MODELS", 1)
    own_models.keep(FILE, "one", LAB)
    with pytest.raises(CheckpointError, match="remove one first"):
        own_models.keep(FILE, "two", LAB)
    own_models.keep(FILE, "one", LAB, replaces=True)


def test_a_free_name(folder):
    own_models.keep(FILE, "my-vae", LAB)
    assert own_models.free_name("my-vae", LAB) == "my-vae-2"
    assert own_models.free_name("dog-ae", LAB) == "dog-ae-2"
    assert own_models.free_name("new", LAB) == "new"


def test_what_cannot_be_kept_or_removed_is_said_in_a_sentence(folder, tmp_path, monkeypatch):
    own_models.keep(FILE, "mine", LAB)
    monkeypatch.setattr(own_models, "LOCK_S", 0)
    with FileLock(own_models.folder() / ".lock"), pytest.raises(FileError, match="could not be written"):
        own_models.keep(FILE, "other", LAB)
    path = checkpoints.checkpoint_path("mine", own_models.folder())
    path.unlink()
    (path / "now-a-folder").mkdir(parents=True)
    with pytest.raises(FileError, match=r"mine\.safetensors could not be written"):
        own_models.remove("mine")
    (tmp_path / "a-file").touch()
    monkeypatch.setenv("LATENT_LAB_MODELS", str(tmp_path / "a-file"))
    with pytest.raises(FileError, match="a-file could not be written"):
        own_models.keep(FILE, "mine", LAB)
