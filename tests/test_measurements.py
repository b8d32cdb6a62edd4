"""What several programs measure at once of models in one folder: each keeps its own beside what the others keep."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from aemodels import files
from aemodels.errors import CheckpointError
from aemodels.storage import measurements, photo_errors

GENERATION = {"num_samples", "seeds", "num_reference", "num_known", "num_fitted", "checkpoints"}
# Of each file: what a process keeps there of its own, time and again, by the number of the process.
KEPT = {
    "curves.json": 'measurements.save_curves({"models": {f"model-{me}-{i}": {"identity": me}}}, folder)',
    "baselines.json": 'measurements.save_baselines({"num_components": 1, "linear_code": []}, f"data-{me}-{i}", folder)',
    "generation.json": f'measurements.save_generation({dict.fromkeys(sorted(GENERATION))} | {{"rows": []}}, f"data-{{me}}-{{i}}", folder)',
    "baselines.npz": 'photo_errors.save_baselines(f"codec-{i}", {0.1: torch.ones(3)}, f"data-{me}", folder)',
}
NUM_PROCESSES, NUM_EACH = 3, 15


def test_processes_that_keep_figures_at_once_lose_none(tmp_path):
    lines = ["import multiprocessing, sys, torch", "from aemodels.storage import measurements, photo_errors"]
    lines += ["def keep(folder, me, together):"]
    for keep in KEPT.values():
        lines += ["    together.wait(120)", f"    for i in range({NUM_EACH}):", f"        {keep}"]
    lines += [
        "fork = multiprocessing.get_context('fork')",  # the libraries are imported once
        f"together = fork.Barrier({NUM_PROCESSES})",
        f"processes = [fork.Process(target=keep, args=(sys.argv[1], me, together)) for me in range({NUM_PROCESSES})]",
        "for process in processes: process.start()",
        "for process in processes: process.join()",
        "sys.exit(any(process.exitcode for process in processes))",
    ]
    subprocess.run([sys.executable, "-c", "\n".join(lines), tmp_path], cwd=Path(__file__).parents[1], check=True)
    found = {
        "curves.json": measurements.read_curves(tmp_path)["models"],
        "baselines.json": measurements.read_all_baselines(tmp_path),
        "generation.json": json.loads((tmp_path / "generation.json").read_text()),
        "baselines.npz": [
            key for me in range(NUM_PROCESSES) for key in photo_errors.read_baselines(f"data-{me}", tmp_path)
        ],
    }
    assert {file: len(kept) for file, kept in found.items()} == dict.fromkeys(KEPT, NUM_PROCESSES * NUM_EACH)


def test_figures_of_one_data_set_that_two_programs_keep_stand_side_by_side(tmp_path):
    """As those of train.py and of the benchmarks of codecs."""
    linear, avif = {"num_components": 1, "linear_code": []}, {"avif": []}
    for of_one in (linear, avif):
        measurements.save_baselines(of_one, "0123", tmp_path)
    assert measurements.read_baselines("0123", tmp_path) == linear | avif
    measurements.save_curves({"denoisers": {"none": {"psnr_db": [], "ssim": []}}}, tmp_path)
    measurements.save_curves({"models": {"a": {"identity": 1}}}, tmp_path)
    measurements.save_curves({"models": {"b": {"identity": 2}}}, tmp_path)
    assert measurements.read_curves(tmp_path) == {
        "models": {"a": {"identity": 1}, "b": {"identity": 2}},
        "denoisers": {"none": {"psnr_db": [], "ssim": []}},
    }


ROW = {"noise_variance": 0.05, "psnr_db": 22.8, "psnr_db_ci95": 0.1, "num_images": 1886}


@pytest.mark.parametrize("key", ROW)
@pytest.mark.parametrize("value", ["soon", None, [], True, float("inf"), -1])
def test_a_baseline_that_is_no_number_is_one_sentence(tmp_path, key, value):
    baselines = {"0123": {"num_components": 1, "linear_code": [ROW], "vvc": [ROW | {key: value}]}}
    (tmp_path / "baselines.json").write_text(json.dumps(baselines))
    with pytest.raises(CheckpointError, match=r"^baselines\.json is broken or incomplete"):
        measurements.read_baselines("0123", tmp_path)


def test_figures_are_kept_where_there_are_no_locks(tmp_path, monkeypatch):
    def refuse(*_, **__):
        raise NotImplementedError

    monkeypatch.setattr(files.FileLock, "acquire", refuse)
    photo_errors.save_baselines("avif", {0.1: torch.ones(3)}, "0123", tmp_path)
    assert os.listdir(tmp_path) == ["baselines.npz"]
