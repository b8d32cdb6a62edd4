"""How long training will take, said before it begins, and --minutes shared among several models."""

import dataclasses
import json
import re
from types import SimpleNamespace

import pytest
import torch
from browser import copy_digits
from failing import fails

import aemodels
import train
from aemodels.data import sources
from aemodels.quality import evaluation
from aemodels.training import duration, filming, forecast, making, recipes
from aemodels.training.workplace import Workplace

LAB = recipes.of_the_lab()
TWO = ["mnist-ae", "mnist-dae-2d"]


@pytest.fixture(scope="module")
def digits(data_folder, tmp_path_factory):
    return copy_digits(data_folder, tmp_path_factory.mktemp("digits"), 1200, 200)


def load(name, digits):
    return sources.load(LAB[name].data, digits)


@pytest.mark.parametrize(
    ("minutes", "needs", "shares"),
    [
        (30, {"a": 100, "b": 100, "c": 100}, {"a": 10, "b": 10, "c": 10}),
        (30, {"a": 2, "b": 100, "c": 100}, {"a": 2, "b": 14, "c": 14}),
        (30, {"a": 100, "b": 6, "c": 2}, {"a": 22, "b": 6, "c": 2}),
        (30, {"a": 6, "b": 4}, {"a": 18, "b": 12}),
        (30, {"a": 100}, {"a": 30}),
        (30, {}, {}),
    ],
)
def test_nobody_gets_more_than_he_needs_and_all_others_as_much_as_each_other(minutes, needs, shares):
    assert forecast.share_out(minutes, needs) == pytest.approx(shares)


@pytest.mark.parametrize(
    ("seconds", "words"), [(0.2, "1 s"), (4.4, "4 s"), (89, "89 s"), (100, "2 min"), (5000, "83 min"), (9000, "2.5 h")]
)
def test_seconds_in_words(seconds, words):
    assert forecast.in_words(seconds) == words


def test_a_training_is_as_many_steps_as_its_epochs_have_and_what_is_measured(digits, tmp_path, monkeypatch):
    asked = []

    def step_of(state, images, config, size):
        asked.append(size)
        return 1 + 0.01 * size

    monkeypatch.setattr(forecast, "_step_of", step_of)
    monkeypatch.setattr(evaluation, "seconds_to_measure", lambda *_: 20.0)
    monkeypatch.setattr(filming, "seconds_to_develop", lambda *_: 3.0)
    found, data = forecast.Forecast(Workplace(tmp_path, "cpu", torch.float32)), load("mnist-ae", digits)
    num_steps = 50 * (len(data.train) // 512)
    assert found.seconds(LAB["mnist-ae"], data) == pytest.approx(1.1 * num_steps * 6.12 + 23)
    assert asked == [16, 64]  # a line through these tells how long 512 take
    assert found.seconds(LAB["mnist-ae"], data) > 0
    assert forecast.Forecast(Workplace(tmp_path, "cpu", torch.float32)).seconds(LAB["mnist-ae"], data) > 0
    assert asked == [16, 64]  # kept, and in the file too
    limited = dataclasses.replace(LAB["mnist-ae"], training=dataclasses.replace(LAB["mnist-ae"].training, minutes=1.0))
    assert found.seconds(limited, data) == found.seconds(LAB["mnist-ae"], data)
    assert asked == [16, 64]
    longer = dataclasses.replace(LAB["mnist-ae"], training=dataclasses.replace(LAB["mnist-ae"].training, epochs=51))
    found.seconds(longer, data)
    assert len(asked) == 4


def test_a_short_step_is_measured_with_its_whole_batch(digits, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(forecast, "_step_of", lambda state, images, config, size: asked.append(size) or 0.001 * size)
    forecast.Forecast(Workplace(tmp_path, "cpu", torch.float32)).seconds(LAB["mnist-dae"], load("mnist-dae", digits))
    assert asked == [16, 64, 512]


def test_steps_with_a_refiner_count_for_their_share(data_folder, tmp_path, monkeypatch):
    recipe = LAB["dog-ae"]
    seen = []

    def step_of(state, images, config, size):
        seen.append(config.refine_from)
        return 7.0 if config.refine_from == 0 else 2.0

    monkeypatch.setattr(forecast, "_step_of", step_of)
    monkeypatch.setattr(evaluation, "seconds_to_measure", lambda *_: 0.0)
    images = torch.zeros(256, 3, 128, 128, dtype=torch.uint8)
    data = type("Data", (), {"train": images, "test": images, "reference": images})
    found = forecast.Forecast(Workplace(tmp_path, "cpu", torch.float32)).seconds(recipe, data)
    assert found == pytest.approx(1.1 * 200 * (0.7 * 2 + 0.3 * 7))
    assert set(seen) == {0.0, forecast.NEVER}


def test_a_prior_counts_the_codes_that_it_needs(digits, tmp_path):
    recipe, encoder = LAB["mnist-prior"], LAB["mnist-dae"].model
    found = forecast.Forecast(Workplace(tmp_path, "cpu", torch.float32))
    assert found.seconds(recipe, load("mnist-prior", digits), encoder) > 0


@pytest.fixture(scope="module")
def shared(digits, tmp_path_factory):
    """Two models trained with half a minute between them, and the command that did it."""
    out = tmp_path_factory.mktemp("out")
    arguments = ["--quick", "--device", "cpu", "--data", str(digits), "--out", str(out), "--only", *TWO]
    assert train.main([*arguments, "--epochs", "1", "--minutes", "0.5"]) == 0
    return out, arguments


@pytest.mark.release
def test_minutes_are_shared_among_several_models(shared, capsys):
    out, arguments = shared
    shares = [aemodels.load_checkpoint(name, out).train_config.minutes for name in TWO]
    assert sum(shares) == pytest.approx(0.5, abs=0.02)
    before = {path: path.stat().st_mtime_ns for path in out.glob("*.safetensors")}
    assert train.main([*arguments, "--epochs", "1", "--minutes", "0.5"]) == 0
    assert {path: path.stat().st_mtime_ns for path in out.glob("*.safetensors")} == before
    assert "This will take" not in capsys.readouterr().out


@pytest.mark.release
def test_other_minutes_than_finished_models_had_are_refused(shared, capsys):
    out, arguments = shared
    capsys.readouterr()
    assert train.main([*arguments, "--epochs", "1", "--minutes", "1"]) == 1
    error = capsys.readouterr().err
    for name in TWO:
        had = aemodels.load_checkpoint(name, out).train_config.minutes
        assert re.search(rf"{name} is finished \(trained for at most {had:g} minutes, not [\d.]+, ", error)


def test_models_trained_without_a_limit_are_left_and_take_no_share(digits, tmp_path, capsys):
    arguments = ["--quick", "--device", "cpu", "--data", str(digits), "--out", str(tmp_path), "--epochs", "1"]
    assert train.main([*arguments, "--only", "mnist-ae"]) == 0
    before = (tmp_path / "mnist-ae.safetensors").read_bytes()
    assert train.main([*arguments, "--only", *TWO, "--minutes", "0.3"]) == 0
    assert aemodels.load_checkpoint("mnist-dae-2d", tmp_path).train_config.minutes == 0.3
    assert (tmp_path / "mnist-ae.safetensors").read_bytes() == before


def test_how_long_it_will_take_is_said_before_training(digits, tmp_path, capsys):
    arguments = ["--device", "cpu", "--data", str(digits), "--out", str(tmp_path), "--quick", "--epochs", "1"]
    assert train.main([*arguments, "--only", *TWO]) == 0
    said = capsys.readouterr().out
    assert re.search(r"^This will take about \d+ (s|min) \(mnist-ae .+, mnist-dae-2d .+\); --minutes sets", said, re.M)
    assert json.loads((tmp_path / ".resume" / "forecast.json").read_text()).keys()


@pytest.mark.parametrize("names", [TWO[:1], TWO])
def test_the_minutes_count_the_time_that_it_takes_to_tell_how_long_it_will_take(
    names, digits, tmp_path, monkeypatch, capsys
):
    left_s, step_s, clock = [], 0.4, SimpleNamespace(now=0.0)
    # What else happens takes no time on this clock, however busy the machine is.
    for module in (duration, making):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: clock.now))

    def step_of(state, *_):
        clock.now += step_s
        return 1.0

    def fit(state, images, config, on_epoch, on_step, accelerator, measuring_s, labels):
        left_s.append(measuring_s)
        return state

    monkeypatch.setattr(forecast, "_step_of", step_of)
    monkeypatch.setattr(evaluation, "seconds_to_measure", lambda *_: 0.0)
    monkeypatch.setattr(filming, "seconds_to_develop", lambda *_: 0.0)
    monkeypatch.setattr(making.loop, "fit", fit)
    arguments = ["--device", "cpu", "--data", str(digits), "--out", str(tmp_path), "--minutes", "30"]
    train.main([*arguments, "--only", *names])
    assert len(left_s) == len(names)
    if len(names) == 1:  # it has all minutes, however long it would take
        assert left_s == [0]
        assert "Without --minutes" not in capsys.readouterr().out
    else:
        assert left_s == pytest.approx([3 * step_s] * 2)  # three batches of each are timed, once


@pytest.mark.parametrize(
    "found",
    [
        '{"a": "soon", "b": 2.5, "c": null, "d": NaN, "e": 0, "f": -1}',
        '{"b": 2.5}',
        "[1]",
        '"b"',
        "{",
        "",
        pytest.param("[" * 10**5, id="nested"),
    ],
)
def test_what_stands_in_the_file_and_is_no_time_is_measured_again(found, tmp_path):
    path = tmp_path / ".resume" / "forecast.json"
    path.parent.mkdir()
    path.write_text(found)
    known = forecast.Forecast(Workplace(tmp_path, "cpu", torch.float32)).known
    assert known == ({"b": 2.5} if "2.5" in found else {})


def test_a_folder_that_cannot_be_written_is_said_before_steps_are_timed(digits, tmp_path, monkeypatch, capsys):
    timed = []
    monkeypatch.setattr(forecast, "_step_of", lambda *_: timed.append(1) or 1.0)
    (tmp_path / "file").touch()
    arguments = ["--only", "mnist-ae", "--device", "cpu", "--data", digits, "--out", tmp_path / "file/inside"]
    assert "could not be written" in fails(capsys, *arguments)
    assert not timed


def test_a_network_that_does_not_fit_into_memory_is_refused_before_its_steps_are_timed(
    digits, tmp_path, monkeypatch, capsys
):
    huge = dataclasses.replace(LAB["mnist-ae"], model=dataclasses.replace(LAB["mnist-ae"].model, widths=(4096,) * 64))
    monkeypatch.setattr(recipes, "of_the_lab", lambda: LAB | {"mnist-ae": huge})
    monkeypatch.setattr("aemodels.memory.free_bytes", lambda device: 10**9)
    assert "needs" in fails(capsys, "--only", "mnist-ae", "--device", "cpu", "--data", digits, "--out", tmp_path)
