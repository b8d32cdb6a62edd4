"""What the benchmarks are asked on the command line is done or refused."""

import argparse
import importlib
import os
import runpy
import sys

import pytest

from aemodels.errors import LatentLabError
from benchmarks import nine_samples

PATHS = {
    "app_latency": ["--cache"],
    "codecs": ["--data", "--out"],
    "generation": ["--data", "--out", "--states"],
    "nine_samples": ["--out"],
    "priors": ["--data", "--out"],
    "separate_coding": ["--data", "--out"],
    "train_throughput": ["--data"],
}


@pytest.mark.parametrize(("benchmark", "options"), PATHS.items())
def test_a_path_that_is_empty_is_not_the_folder_that_one_is_in(benchmark, options, monkeypatch, capsys):
    """ "$FOLDER" is, where no FOLDER is set."""
    module = importlib.import_module(f"benchmarks.{benchmark}")
    for option in options:
        arguments = ["avif"] if benchmark == "codecs" else []
        monkeypatch.setattr(sys, "argv", [f"{benchmark}.py", *arguments, option, ""])
        with pytest.raises(SystemExit) as ended:
            module.main()
        assert ended.value.code == 2
        assert f"argument {option}: is empty; write . for the folder that you are in" in capsys.readouterr().err


@pytest.mark.parametrize(("benchmark", "options"), PATHS.items())
def test_a_folder_whose_name_begins_with_a_dash(benchmark, options, tmp_path, monkeypatch, capsys):
    (tmp_path / "-start").mkdir()
    module = importlib.import_module(f"benchmarks.{benchmark}")
    monkeypatch.chdir(tmp_path)
    for option in options:
        arguments = ["avif"] if benchmark == "codecs" else []
        monkeypatch.setattr(sys, "argv", [f"{benchmark}.py", *arguments, option, "-start"])
        with pytest.raises(SystemExit):
            module.main()
        assert f"for what is here under that name, write {os.path.join('.', '-start')}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("benchmark", "options"),
    {
        "codecs": ["--minutes"],
        "generation": ["--samples"],
        "priors": ["--steps"],
        "train_throughput": ["--batch-size", "--steps", "--rounds"],
    }.items(),
)
@pytest.mark.parametrize("number", ["0", "-3", "nan", "many"])
def test_numbers_are_above_zero(benchmark, options, number, capsys):
    module = importlib.import_module(f"benchmarks.{benchmark}")
    for option in options:
        if (option, number) == ("--minutes", "0"):  # no photo at all; see test_codecs.py
            continue
        with pytest.raises(SystemExit) as ended:
            module.main([*(["avif"] if benchmark == "codecs" else []), f"{option}={number}"])
        assert ended.value.code == 2
        assert f"argument {option}: '{number}' is no" in capsys.readouterr().err


def test_a_folder_without_priors_is_said(tmp_path):
    with pytest.raises(LatentLabError, match=f"There is no prior in {tmp_path}; "):
        nine_samples.main(["--out", str(tmp_path)])


@pytest.mark.parametrize(
    "benchmark", ["codecs", "generation", "nine_samples", "priors", "separate_coding", "train_throughput"]
)
@pytest.mark.filterwarnings("ignore:.*found in sys.modules")
def test_a_benchmark_that_is_stopped_says_so(benchmark, monkeypatch, capsys):
    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(argparse.ArgumentParser, "parse_args", interrupt)
    with pytest.raises(SystemExit) as ended:
        runpy.run_module(f"benchmarks.{benchmark}", run_name="__main__")
    assert (ended.value.code, capsys.readouterr().err.strip()) == (130, "Stopped; what is in its file by now stays.")
