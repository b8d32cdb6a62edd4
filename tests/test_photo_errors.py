"""What is kept of single images beside checkpoints and baselines."""

import errno
import os
import shutil

import pytest
import torch
from browser import REPO

from aemodels.errors import FileError
from aemodels.storage import checkpoints, photo_errors

ERRORS = {0.0: torch.tensor([0.25, 0.5]).double(), 0.05: torch.tensor([0.5, torch.nan]).double()}


@pytest.fixture
def name(checkpoint_folder):
    shutil.copy(REPO / "checkpoints" / "mnist-without-9.safetensors", checkpoint_folder)
    return "mnist-without-9"


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[v].nan_to_num(9), b[v].nan_to_num(9)) for v in a)


def test_a_models_errors_come_back(name):
    assert photo_errors.read(name) == {}
    photo_errors.save(name, ERRORS)
    assert same(photo_errors.read(name), ERRORS)


def test_those_of_other_weights_do_not(name, monkeypatch):
    photo_errors.save(name, ERRORS)
    monkeypatch.setattr(checkpoints, "read_weights_digest", lambda name, folder: "0" * 32)
    assert photo_errors.read(name) == {}


@pytest.mark.parametrize("content", [b"", b"PK", b"no archive"])
def test_a_broken_file_counts_as_none(name, content):
    photo_errors.errors_path(name).write_bytes(content)
    photo_errors.baselines_path().write_bytes(content)
    assert photo_errors.read(name) == {}
    assert photo_errors.read_baselines("0123") == {}
    photo_errors.save_baselines("avif", ERRORS, "0123")
    assert same(photo_errors.read_baselines("0123")["avif"], ERRORS)


def test_baselines_stand_beside_those_of_other_kinds_and_photos(checkpoint_folder):
    old, new = {0.1: torch.ones(3)}, {0.1: torch.full((3,), 0.5)}
    for key, fingerprint in (("avif", "a"), ("linear_code", "a"), ("avif", "b")):
        photo_errors.save_baselines(key, old, fingerprint)
    photo_errors.save_baselines("avif", new, "a")
    assert photo_errors.read_baselines("a")["avif"][0.1].tolist() == [0.5] * 3
    for key, fingerprint in (("linear_code", "a"), ("avif", "b")):
        assert photo_errors.read_baselines(fingerprint)[key][0.1].tolist() == [1] * 3
    assert photo_errors.read_baselines("c") == {}


def test_what_cannot_be_read_now_is_not_replaced(checkpoint_folder, monkeypatch):
    """It may be of another user, or on a disk that fails."""

    def refuse(*_, **__):
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    photo_errors.save_baselines("vvc", ERRORS, "0123")
    before = photo_errors.baselines_path().read_bytes()
    monkeypatch.setattr(photo_errors.np, "load", refuse)
    with pytest.raises(FileError, match=r"baselines\.npz could not be written: Permission denied"):
        photo_errors.save_baselines("avif", ERRORS, "0123")
    assert photo_errors.baselines_path().read_bytes() == before
    assert photo_errors.read_baselines("0123") == {}
