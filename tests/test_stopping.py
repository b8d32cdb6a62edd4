"""Ctrl-C at any time ends a command of the README with one line."""

import subprocess
import sys
from pathlib import Path

import pytest

import train

REPO = Path(__file__).parents[1]
# Ctrl-C comes when the import of this module begins.
INTERRUPTED = """
import os, runpy, signal, sys

class Interrupting:
    def find_spec(self, name, *_):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

sys.meta_path.insert(0, Interrupting())
sys.argv = ["command", "--help"]
runpy.run_{kind}({command!r}, run_name="__main__")
"""


@pytest.mark.parametrize(
    "module", ["argparse", "torch", pytest.param("aemodels.storage.checkpoints", marks=pytest.mark.release)]
)
@pytest.mark.parametrize(
    ("kind", "command", "said"),
    [("path", "train.py", train.STOPPED), ("module", "aemodels.export", "Stopped; nothing was written.")],
)
def test_a_command_is_stopped_while_it_imports_what_it_needs(kind, command, said, module):
    code = INTERRUPTED.format(module=module, kind=kind, command=command)
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr.strip()) == (130, said)


def test_a_command_is_stopped_while_it_looks_for_devices(monkeypatch, capsys):
    def interrupt(**_):
        raise KeyboardInterrupt

    monkeypatch.setattr(train.torch.accelerator, "current_accelerator", interrupt)
    assert train.main(["--list"]) == 130
    assert capsys.readouterr().err.strip() == train.STOPPED


def test_a_command_that_is_to_ignore_it_does():
    code = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)" + INTERRUPTED.format(
        module="torch", kind="path", command="train.py"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=REPO, capture_output=True, text=True, timeout=300, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")
