"""Measuring a codec photo by photo: what is measured stays, whatever stops the program, and nothing is measured twice."""

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
import torch

from aemodels.errors import FileError, LatentLabError
from aemodels.quality.codec import Encoding
from aemodels.quality.metrics import summarise
from aemodels.report import psnr_matrix
from aemodels.storage import measurements, photo_errors
from benchmarks import codecs

IMAGES = torch.arange(20, dtype=torch.uint8).view(20, 1, 1, 1).expand(20, 3, 16, 16)
PHOTOS = SimpleNamespace(images=IMAGES, test_index=torch.arange(5, 17), fingerprint="f" * 32)


class Counting:
    """A codec whose error tells the photo; after `last` photos it fails."""

    def __init__(self, last=99):
        self.photos, self.last = [], last

    def __call__(self, photo, budgets):
        if len(self.photos) == self.last:
            raise KeyboardInterrupt
        self.photos.append(int(photo[0, 0, 0]))
        return [Encoding(b, (self.photos[-1] + 1) / b, (0.5, 40)) for b in budgets] + [Encoding(999, 0.99, (1, 1))]

    def codec(self):
        return codecs.Codec(self, (0.05, 0.10), (100,), {"preset": "slower"})


def test_a_stopped_run_goes_on_where_it_was(tmp_path):
    path, once = tmp_path / "vvc.jsonl", Counting()
    codecs.measure(once.codec(), PHOTOS, tmp_path / "whole.jsonl")
    first, second = Counting(last=5), Counting()
    with pytest.raises(KeyboardInterrupt):
        codecs.measure(first.codec(), PHOTOS, path)
    with open(path, "a") as file:
        file.write('{"photo": 3, "enc')  # the power failed
    assert len(codecs.read(path, PHOTOS.fingerprint)) == 5
    codecs.measure(second.codec(), PHOTOS, path)
    assert first.photos + second.photos == once.photos
    assert sorted(once.photos) == list(range(5, 17))
    assert once.photos != sorted(once.photos)  # in random order
    found = codecs.read(path, PHOTOS.fingerprint)
    assert found == codecs.read(tmp_path / "whole.jsonl", PHOTOS.fingerprint)
    # Photo 0 of the test photos is photo 5 of all. What another encoding beats is left out.
    assert found[0] == [Encoding(b, float(f"{6 / b:.6g}"), (0.5, 40)) for b in (100, 221, 281)]


def test_two_shares_are_all_photos(tmp_path):
    shares = Counting(), Counting()
    for i, share in enumerate(shares):
        codecs.measure(share.codec(), PHOTOS, tmp_path / "vvc.jsonl", first=i, number=2)
    assert [len(share.photos) for share in shares] == [6, 6]
    assert codecs.read(tmp_path / "vvc.jsonl", PHOTOS.fingerprint).keys() == set(range(12))


def test_a_new_folder_is_made_and_one_that_cannot_be_is_one_sentence(tmp_path):
    codecs.measure(Counting().codec(), PHOTOS, tmp_path / "new" / "vvc.jsonl", seconds=0)
    assert (tmp_path / "new" / "vvc.jsonl").exists()
    (tmp_path / "file").touch()
    with pytest.raises(FileError, match=r"file/vvc\.jsonl could not be written"):
        codecs.measure(Counting().codec(), PHOTOS, tmp_path / "file" / "vvc.jsonl", seconds=0)


def test_no_photo_is_begun_after_the_time(tmp_path):
    codec = Counting()
    codecs.measure(codec.codec(), PHOTOS, tmp_path / "vvc.jsonl", seconds=0)
    assert codec.photos == []


def test_a_file_of_other_photos_or_settings_is_refused(tmp_path):
    path = tmp_path / "vvc.jsonl"
    codecs.measure(Counting().codec(), PHOTOS, path)
    before = path.read_bytes()
    with pytest.raises(LatentLabError, match="is of other photos"):
        codecs.measure(Counting().codec(), SimpleNamespace(**{**vars(PHOTOS), "fingerprint": "0" * 32}), path)
    other = replace(Counting().codec(), settings={"preset": "slow"})
    with pytest.raises(LatentLabError, match="other settings"):
        codecs.measure(other, PHOTOS, path)
    assert path.read_bytes() == before


def test_the_figures_go_beside_the_other_baselines(tmp_path, monkeypatch, capsys):
    codec = Counting().codec()
    monkeypatch.setitem(codecs.CODECS, "vvc", codec)
    codecs.measure(codec, PHOTOS, tmp_path / "vvc.jsonl")
    with pytest.raises(LatentLabError, match=r"train.py --evaluate"):
        codecs.keep("vvc", PHOTOS.fingerprint, 12, tmp_path)
    known = {"num_components": 1024, "linear_code": []}
    measurements.save_baselines(known, PHOTOS.fingerprint, tmp_path)
    codecs.keep("vvc", PHOTOS.fingerprint, 12, tmp_path)
    kept = measurements.read_baselines(PHOTOS.fingerprint, tmp_path)
    rows = kept.pop("vvc")
    assert kept == known
    assert [(row["budget_bytes"], row["num_images"]) for row in rows] == [(281, 12), (221, 12)]
    assert rows[0]["mse"] == pytest.approx(sum(i + 1 for i in range(5, 17)) / 12 / 281, rel=1e-5)
    assert "12 photos, variance 0.05" in capsys.readouterr().out


def test_while_some_photos_are_measured_the_figures_are_of_all_by_the_linear_codes_errors(tmp_path, monkeypatch):
    """Each photo's error is a quarter above the linear code's: so is the mean, whichever are measured."""
    measurements.save_baselines({"num_components": 1024, "linear_code": []}, PHOTOS.fingerprint, tmp_path)
    codec = Counting(last=4).codec()
    monkeypatch.setitem(codecs.CODECS, "vvc", codec)
    with pytest.raises(KeyboardInterrupt):
        codecs.measure(codec, PHOTOS, tmp_path / "vvc.jsonl")
    codecs.keep("vvc", PHOTOS.fingerprint, 12, tmp_path)
    row = measurements.read_baselines(PHOTOS.fingerprint, tmp_path)["vvc"][0]
    assert (row["num_images"], row["num_test_images"], "beside" in row) == (4, 12, False)

    errors = torch.tensor([(i + 1) / 281 for i in range(5, 17)])
    photo_errors.save_baselines("linear_code", {0.05: 0.8 * errors}, PHOTOS.fingerprint, tmp_path)
    codecs.keep("vvc", PHOTOS.fingerprint, 12, tmp_path)
    row = measurements.read_baselines(PHOTOS.fingerprint, tmp_path)["vvc"][0]
    assert (row["num_images"], row["num_test_images"], row["beside"]) == (4, 12, "linear_code")
    assert row["psnr_db"] == pytest.approx(summarise(errors)["psnr_db"], abs=1e-4)
    kept = photo_errors.read_baselines(PHOTOS.fingerprint, tmp_path)["vvc"][0.05]
    assert int(kept.isfinite().sum()) == 4
    assert torch.allclose(kept[kept.isfinite()].float(), errors[kept.isfinite()], rtol=1e-5)


def test_no_minutes_give_the_figures_of_what_is_measured_alone(tmp_path, monkeypatch, capsys):
    counting = Counting()
    monkeypatch.setitem(codecs.CODECS, "vvc", counting.codec())
    monkeypatch.setattr(codecs.photo_sets, "load_dogs", lambda root: PHOTOS)
    codecs.measure(counting.codec(), PHOTOS, tmp_path / "vvc.jsonl", first=0, number=2)
    measurements.save_baselines({"num_components": 1024, "linear_code": []}, PHOTOS.fingerprint, tmp_path)
    done = list(counting.photos)
    codecs.main(["vvc", "--minutes=0", f"--out={tmp_path}"])
    assert counting.photos == done
    assert "6 photos, variance 0.05" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["2/2", "-1/2", "1", "a/b"])
def test_a_share_that_is_none_is_refused(text, capsys):
    with pytest.raises(SystemExit):
        codecs.main(["vvc", f"--share={text}"])
    assert "--share" in capsys.readouterr().err


@pytest.mark.release
def test_a_run_that_is_killed_loses_one_photo_at_most(tmp_path):
    script = f"""
import time
from pathlib import Path
from benchmarks import codecs
from tests.test_codecs import PHOTOS, Counting

class Slow(Counting):
    def __call__(self, photo, budgets):
        if len(self.photos) == 5:
            time.sleep(1000)
        return super().__call__(photo, budgets)

codecs.measure(Slow().codec(), PHOTOS, Path({str(tmp_path / "vvc.jsonl")!r}))
"""
    path = tmp_path / "vvc.jsonl"
    here = Path(__file__).parents[1]
    with subprocess.Popen([sys.executable, "-c", script], cwd=here, stderr=subprocess.PIPE) as run:
        end = time.monotonic() + 300
        while not (path.exists() and path.read_text().count("\n") > 3):
            assert time.monotonic() < end, run.stderr.read()
            time.sleep(0.02)
        os.kill(run.pid, signal.SIGTERM)
    lines = path.read_text().splitlines()
    assert all(json.loads(line) for line in lines)
    assert 3 <= len(codecs.read(path, PHOTOS.fingerprint)) == len(lines) - 1 <= 5


def test_whatever_carries_figures_over_to_all_photos_has_a_name_on_the_page():
    assert set(codecs.NEAREST) == psnr_matrix.CARRIERS.keys()
