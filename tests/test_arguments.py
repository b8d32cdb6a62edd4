"""What takes a path or a stream says so of anything else that it is given."""

import gc
import io
import shutil
import warnings
from pathlib import Path

import pytest
import torch
from PIL import Image

import aemodels
from aemodels import console
from aemodels.data import sources
from aemodels.data.pictures import open_photo, open_picture
from aemodels.errors import CheckpointError, DataError
from aemodels.report import notebook
from aemodels.storage import own_models
from aemodels.storage.checkpoints import checkpoint_path


class Unseekable(io.RawIOBase):
    def readable(self):
        return True


class Entry:
    """A path, as os.DirEntry is one."""

    def __init__(self, path):
        self.path = path

    def __fspath__(self):
        return str(self.path)


@pytest.fixture
def digit(tmp_path):
    image = Image.new("L", (28, 28))
    image.paste(255, (11, 4, 17, 24))
    image.save(tmp_path / "digit.png")
    return tmp_path / "digit.png"


def a_closed_stream():
    stream = io.BytesIO(b"content")
    stream.close()
    return stream


@pytest.mark.parametrize("read", [aemodels.read_digit, open_picture, lambda file: open_photo(file, 8)])
@pytest.mark.parametrize(
    ("thing", "said"),
    [
        (b"\x89PNG", r"^file is a picture's content; give io\.BytesIO\(content\), or the path of a file\.$"),
        (bytearray(b"\x89PNG"), r"give io\.BytesIO\(content\)"),
        (memoryview(b"\x89PNG"), r"give io\.BytesIO\(content\)"),
        (None, "a NoneType, but"),
        (3, "an? int, but"),
        ([Path("digit.png")], "a list, but"),
        (torch.zeros(1, 28, 28), "a Tensor, but"),
        (Image.new("L", (28, 28)), "an? Image, but"),
        (io.StringIO("text"), "a StringIO, but"),
        (a_closed_stream(), "closed; open it again"),
        (Unseekable(), r"cannot go back.*io\.BytesIO\(file\.read\(\)\)"),
    ],
)
def test_what_is_no_file_is_not_called_broken(read, thing, said):
    with pytest.raises(ValueError, match=said):
        read(thing)


@pytest.mark.parametrize("folder", [None, 3, b"photos", ["photos"]], ids=repr)
def test_what_is_no_folder_is_not_called_missing(folder):
    with pytest.raises(ValueError, match=r"^folder is .+, but must be a path\.$"):
        aemodels.load_photos(folder, 8)


@pytest.mark.parametrize("size", [None, "8", 8.5], ids=repr)
def test_a_size_that_is_no_whole_number_is_named(size, digit):
    with pytest.raises(ValueError, match=r"^size is .+, but must be a whole number of pixels\.$"):
        aemodels.load_photos(digit.parent, size)


def test_a_file_in_a_folder_s_place_is_called_one(digit):
    with pytest.raises(DataError, match=r"digit\.png is a file; give the folder of the pictures"):
        aemodels.load_photos(digit, 8)


def test_a_tilde_is_the_home_folder_where_no_shell_has_said_so(digit, tmp_path, monkeypatch):
    """In Python, in the environment, in --out=~/models."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LATENT_LAB_CACHE", "~/cache")
    _images, paths = aemodels.load_photos("~", 8)
    assert paths == [digit]
    assert list((tmp_path / "cache").glob("*.npy"))
    assert torch.equal(aemodels.read_digit("~/digit.png"), aemodels.read_digit(digit))
    (tmp_path / "models").mkdir()
    shutil.copy(checkpoint_path("mnist-ae"), tmp_path / "models")
    monkeypatch.setenv("LATENT_LAB_CHECKPOINTS", "~/models")
    assert aemodels.list_checkpoints() == aemodels.list_checkpoints("~/models") == ["mnist-ae"]
    assert aemodels.load_checkpoint("mnist-ae", "~/models").name == "mnist-ae"
    for name, folder in (("DATA", sources.data_root), ("REPORTS", notebook.folder), ("MODELS", own_models.folder)):
        monkeypatch.setenv(f"LATENT_LAB_{name}", "~/there")
        assert folder() == tmp_path / "there"
    assert console.path("~/models") == tmp_path / "models"
    assert not (tmp_path / "~").exists()


def test_no_file_stays_open_once_photos_are_loaded(digit, tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        images, _paths = aemodels.load_photos(digit.parent, 8)
        gc.collect()
    assert not [str(warning.message) for warning in warned]
    assert images[0].max() > 0


def test_what_stands_for_a_path_is_one(digit):
    assert torch.equal(aemodels.read_digit(Entry(digit)), aemodels.read_digit(digit))
    with pytest.raises(DataError, match=r"^none\.png|/none\.png cannot be opened"):
        aemodels.read_digit(Entry(digit.with_name("none.png")))


def test_a_path_that_can_be_none_is_one_sentence():
    with pytest.raises(DataError, match=r"a⟨U\+0000⟩b\.png cannot be opened \(embedded null byte\)"):
        aemodels.read_digit("a\0b.png")


@pytest.mark.parametrize("name", [Path("checkpoints/mnist-ae.safetensors"), Path("mnist-ae"), b"mnist-ae", 3, None, []])
def test_what_is_no_name_of_a_checkpoint_is_one_sentence(name):
    with pytest.raises(CheckpointError, match=r"is not a checkpoint name; names look like dog-ae\."):
        aemodels.load_checkpoint(name)


@pytest.mark.parametrize("ask", ["encode", "decode"])
def test_a_prior_that_is_asked_for_an_autoencoder_s_part_says_whose_that_is(ask):
    model = aemodels.load_checkpoint("mnist-prior").model
    with pytest.raises(ValueError, match="names the autoencoder of its codes"):
        getattr(model, ask)(torch.zeros(1, 1, 28, 28))


@pytest.mark.parametrize(
    ("given", "hint"),
    [(["--out", "-models"], "; if that is to be a name, write ./-models"), (["--out"], ""), (["-out", "models"], "")],
)
def test_a_name_with_a_dash_of_what_is_not_there_yet(given, hint, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    parser = console.Parser()
    parser.add_argument("--out", type=console.path)
    with pytest.raises(SystemExit):
        parser.parse_args(given)
    error = capsys.readouterr().err.rstrip()
    assert error.endswith(
        ("expected one argument" if given[0] == "--out" else "unrecognized arguments: -out models") + hint
    )
