"""Scores of the pictures that Anomaly draws from, measured before a page asks for them."""

import pytest
import streamlit as st
import torch
from conftest import REPO

import aemodels
from aemodels.quality import anomaly
from aemodels.storage import scores
from pages.parts.anomaly import pools, scoring


@pytest.fixture
def one_model(checkpoint_folder, tmp_path, monkeypatch, without_photos):
    """mnist-ae alone, in an empty cache."""
    name = "mnist-ae.safetensors"
    (checkpoint_folder / name).symlink_to(REPO / "checkpoints" / name)
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))
    return aemodels.load_checkpoint("mnist-ae", checkpoint_folder)


def num_rebuilt(monkeypatch, ckpt, seed):
    """What `scoring.measure` gives of a seed, and how many pictures it rebuilds for that."""
    rebuild, counts = anomaly.rebuild, []

    def count(model, x):
        counts.append(len(x))
        return rebuild(model, x)

    with monkeypatch.context() as patched:
        patched.setattr(anomaly, "rebuild", count)
        st.cache_resource.clear()  # which keeps what was asked for before
        return scoring.measure(ckpt, seed, scoring.kinds(ckpt)[0]), sum(counts)


def test_what_was_scored_before_is_not_rebuilt_again(one_model, monkeypatch):
    anew, num_anew = num_rebuilt(monkeypatch, one_model, 4)
    for step in pools.steps():
        step()
    known, num_known = num_rebuilt(monkeypatch, one_model, 4)
    assert (num_anew, num_known) == (3000, 3 * 9)  # of the nine that are shown
    assert list(known) == list(anew)
    for kind in anew:
        torch.testing.assert_close(known[kind].scores, anew[kind].scores)
        assert known[kind].psnr_db == pytest.approx(anew[kind].psnr_db)
        assert known[kind].places == anew[kind].places
        assert torch.equal(known[kind].x, anew[kind].x)
        torch.testing.assert_close(known[kind].x_hat, anew[kind].x_hat, rtol=0, atol=1e-4)
    assert not list(pools.steps())  # nothing is left


def test_the_encoders_psnr_is_looked_up_where_it_was_measured(one_model, monkeypatch):
    index = torch.tensor([7, 0, 9_999])
    x = pools.of_test_images(one_model).at(index)
    anew = pools.encoder_psnr_db(one_model, x, index)
    for step in pools.steps():
        step()
    monkeypatch.setattr(one_model.model, "first_code", lambda x: pytest.fail("it is measured anew"))
    torch.testing.assert_close(pools.encoder_psnr_db(one_model, x, index), anew, rtol=0, atol=1e-3)


def test_a_step_that_failed_leaves_no_scores(one_model, monkeypatch):
    _first, *others = list(pools.steps())
    for step in others:
        step()
    assert not pools.known(one_model, pools.of_test_images(one_model))


def test_a_model_that_is_replaced_meanwhile_has_no_scores_of_the_one_before(one_model, checkpoint_folder):
    first, *others = list(pools.steps())
    first()
    file = checkpoint_folder / "mnist-ae.safetensors"
    file.unlink()
    file.symlink_to(REPO / "checkpoints" / "mnist-ae-l2-code.safetensors")
    for step in others:
        step()
    assert not pools.known(one_model, pools.of_test_images(one_model))


@pytest.mark.parametrize("content", [b"", b"no zip", None])
def test_scores_that_cannot_be_read_count_as_missing(content, tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path))
    scores.save("a", "usual", torch.rand(5), torch.rand(5))
    assert scores.read("a", "usual", 5)
    (file,) = tmp_path.iterdir()
    file.unlink() if content is None else file.write_bytes(content)
    assert scores.read("a", "usual", 5) is None


def test_scores_of_another_number_of_pictures_count_as_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path))
    scores.save("a", "usual", torch.rand(5), torch.rand(5))
    assert scores.read("a", "usual", 6) is None
