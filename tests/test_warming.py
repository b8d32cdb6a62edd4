"""What the app makes ready while it has nothing else to do."""

import sys
import time
from contextlib import ExitStack
from types import SimpleNamespace

import pytest
import streamlit as st
import torch
import visiting
from browser import REPO

from aemodels import noise
from aemodels.storage import catalogue, encoded, kept
from pages.parts.film import reel
from pages.parts.map import atlas
from pages.parts.photos import encoding, selection
from pages.parts.shared import garbage, loaders, originals, thumbnails, turns, warming


@pytest.fixture
def idle(monkeypatch):
    """Turns that nobody has had yet."""
    monkeypatch.setattr(turns, "of_pages", turns.Turns(2))


def test_no_step_begins_while_a_page_is_on_its_way_nor_soon_after(monkeypatch):
    now, begun, visit = 0.0, [], ExitStack()

    def sleep(seconds):
        nonlocal now
        now += seconds
        if now >= 7:
            visit.close()  # the page stands

    def step():
        begun.append(now)
        if len(begun) == 1:  # someone comes meanwhile
            visit.enter_context(turns.of_pages.take())

    clock = SimpleNamespace(monotonic=lambda: now, sleep=sleep)
    for module in (warming, turns):
        monkeypatch.setattr(module, "time", clock)
    monkeypatch.setattr(turns, "of_pages", turns.Turns(2))
    warming._run(iter([step, step, step]), 2)
    assert begun == [2, 10, 10]  # the page stood at 8


def test_a_step_that_fails_keeps_no_other_one_from_being_done(idle, caplog):
    done = []

    def fail():
        raise RuntimeError("no such luck")

    warming._run(iter([fail, lambda: done.append(1)]), 0)
    assert done == [1]
    assert "no such luck" in caplog.text


def test_what_a_step_took_of_memory_goes_back_though_nobody_comes(idle, monkeypatch):
    done = []
    monkeypatch.setattr(garbage, "freeze", lambda: done.append("given back"))
    warming._run(iter([lambda: done.append("first"), lambda: done.append("second")]), 0)
    assert done == ["first", "given back", "second", "given back"]


def test_home_finds_its_pictures_ready(monkeypatch, without_photos):
    for step in warming._steps():
        step()
    monkeypatch.setattr(loaders, "load", lambda name: pytest.fail("a picture is drawn"))
    assert all(thumbnails.jpeg(page, is_dark) for page in thumbnails.THUMBNAILS for is_dark in (False, True))


def test_photos_that_were_not_there_are_looked_for_again(tmp_path, monkeypatch, photo_folder):
    data = next(group.data for group in loaders.read_catalogue().groups if group.data.config.source != "mnist")
    place = tmp_path / "photos"
    monkeypatch.setenv("LATENT_LAB_DATA", str(place))
    originals.look_for(data)
    time.sleep(0.5)  # its thread has found nothing
    place.symlink_to(photo_folder)
    assert originals.of(data) is not None


def test_test_photos_are_encoded_before_a_page_asks(with_photos, quickly, tmp_path, monkeypatch):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path))
    encoded.recent.clear()
    ckpt = loaders.load(loaders.read_catalogue().of_kind(catalogue.MAPS)[0].names[0])
    photos = selection.random_test_photos(ckpt.data, 1)
    z = ckpt.model.encode(photos.x)
    for step in encoding.steps():
        step()
    monkeypatch.setattr(ckpt.model, "encode", lambda x: pytest.fail("a photo is encoded anew"))
    torch.testing.assert_close(selection.encode(ckpt, photos), z, rtol=0, atol=1e-4)


def test_map_and_film_are_measured_before_a_page_asks(checkpoint_folder, tmp_path, monkeypatch, without_photos):
    for file in ("mnist-without-9.safetensors", "mnist-ae.safetensors", "mnist-ae.film"):
        (checkpoint_folder / file).symlink_to(REPO / "checkpoints" / file)
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))
    for step in (*atlas.steps(), *reel.steps()):
        step()
    st.cache_resource.clear()
    once = kept.once

    def kept_before(digest, part, _compute, **options):
        return once(digest, part, lambda: pytest.fail("it is measured"), **options)

    monkeypatch.setattr(kept, "once", kept_before)
    assert atlas.accuracies("mnist-without-9")[0].nearest > 0.5
    assert len(atlas.shared("mnist-without-9")) > 2
    assert reel.moments("mnist-ae")[0].step == 0


def test_a_model_that_is_replaced_meanwhile_gets_a_map_of_its_own(
    checkpoint_folder, tmp_path, monkeypatch, without_photos
):
    monkeypatch.setenv("LATENT_LAB_CACHE", str(tmp_path / "cache"))
    file = checkpoint_folder / "mnist-without-9.safetensors"
    file.symlink_to(REPO / "checkpoints" / file.name)
    first, *_others = list(atlas.steps())
    file.unlink()
    file.symlink_to(REPO / "checkpoints" / "mnist-nested.safetensors")
    first()
    st.cache_resource.clear()
    torch.testing.assert_close(
        torch.from_numpy(atlas.pictures(file.stem).power), noise.power(loaders.load(file.stem).codes)
    )


def test_what_takes_minutes_waits_longer_than_the_rest(idle, monkeypatch):
    monkeypatch.setattr(warming, "REST_S", 0.1)
    monkeypatch.setattr(warming, "LONG_REST_S", 1.0)
    monkeypatch.setattr(warming, "_steps", lambda: iter([lambda: done.append(("short", turns.of_pages.idle_s()))]))
    done = []
    warming._make_ready([lambda: iter([lambda: done.append(("long", turns.of_pages.idle_s()))])])
    assert [kind for kind, _idle_s in done] == ["short", "long"]
    assert done[0][1] >= 0.1
    assert done[1][1] >= 1.0


def test_what_cannot_be_looked_through_keeps_nothing_else_from_being_measured(idle, monkeypatch, caplog):
    monkeypatch.setattr(warming, "REST_S", 0.0)
    monkeypatch.setattr(warming, "LONG_REST_S", 0.0)
    monkeypatch.setattr(warming, "_steps", lambda: iter([]))
    done = []

    def gone():
        yield lambda: done.append("first")
        raise OSError("the folder has gone")

    warming._make_ready([gone, lambda: iter([lambda: done.append("other")])])
    assert done == ["first", "other"]
    assert "the folder has gone" in caplog.text


@pytest.mark.parametrize(("words", "num_long"), [([], 4), (["--only-when-asked"], 0)])
def test_nothing_that_takes_minutes_begins_where_that_is_not_wanted(monkeypatch, words, num_long):
    monkeypatch.setattr(sys, "argv", ["app.py", *words])
    import app

    begun = []
    monkeypatch.setattr(warming, "start", lambda *long: begun.append(len(long)))
    monkeypatch.setattr(loaders, "load_all", lambda: None)

    async def start():
        async with app.ready(app.app):
            pass

    visiting.run(start())
    assert begun == [num_long]
