"""Names of files in letters of all languages, whatever the locale says."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

REPO = Path(__file__).parents[1]
ASCII = {"PYTHONUTF8": "0", "LC_ALL": "C"}  # Python takes the names of files for ASCII


def run(*arguments):
    done = subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=REPO,
        env=os.environ | ASCII,
        capture_output=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are UTF-8 there")
def test_a_recipe_named_in_chinese_is_found_under_the_c_locale(tmp_path):
    shutil.copy(REPO / "recipes" / "mnist-ae.toml", tmp_path / "犬.toml")
    status, said, _ = run("train.py", "--recipe", tmp_path / "犬.toml", "--list", "--out", tmp_path)
    assert status == 0
    assert any(line.split()[0] == "犬" and line.endswith("missing") for line in said.splitlines() if line)


@pytest.mark.release
@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names of files are UTF-8 there")
def test_the_plane_of_a_model_named_in_chinese_is_written_under_the_c_locale(tmp_path):
    shutil.copy(REPO / "checkpoints" / "mnist-ae.safetensors", tmp_path / "犬.safetensors")
    file = tmp_path / "狗.html"
    status, _, error = run("-m", "aemodels.export", file, "--checkpoints", tmp_path)
    assert (status, error) == (0, "")
    assert file.stat().st_size > 100_000
