"""What may stand after `streamlit run app.py --`."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from browser import REPO

from pages.parts.shared import arguments, loaders


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--chekpoints", "models"], "unrecognized arguments: --chekpoints models"),
        (["--check", "models"], "unrecognized arguments: --check models"),
        (["pictures"], "unrecognized arguments: pictures"),
        (["--data", ""], "argument --data: is empty; write . for the folder that you are in"),
        (["--data"], "argument --data: expected one argument"),
    ],
)
def test_what_is_no_option_ends_the_program_in_a_sentence(given, said, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["app.py", *given])
    with pytest.raises(SystemExit, match="2"):
        arguments.check()
    assert capsys.readouterr().err.splitlines()[-1] == f"streamlit run app.py --: error: {said}"


@pytest.mark.parametrize("option", ["--data", "--checkpoints"])
def test_a_folder_whose_name_begins_with_a_dash(option, tmp_path, monkeypatch, capsys):
    (tmp_path / "-start").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["app.py", option, "-start"])
    with pytest.raises(SystemExit, match="2"):
        arguments.check()
    written = os.path.join(".", "-start")
    said = f"argument {option}: expected one argument; for what is here under that name, write {written}\n"
    assert capsys.readouterr().err.endswith(said)
    monkeypatch.setattr(sys, "argv", ["app.py", option, written])
    arguments.check()


def test_the_folders_are_those_given(monkeypatch):
    monkeypatch.setattr(sys, "argv", ["app.py", "--data", "photos", "--checkpoints=models"])
    arguments.check()
    assert (loaders.data_folder(), loaders.checkpoint_folder()) == (Path("photos"), Path("models"))


@pytest.mark.release
def test_streamlit_ends_with_it():
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.headless", "true", "--", "pictures"]
    ended = subprocess.run(command, cwd=REPO, capture_output=True, text=True, timeout=300)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].endswith("error: unrecognized arguments: pictures")
