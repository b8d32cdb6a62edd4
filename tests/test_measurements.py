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
from aemodels.quality import curves
from aemodels.storage import checkpoints, measurements, photo_errors

MADE = {"data_fingerprint": "0123", "seed": 0, "steps": 9, "wall_s": 1.5}  # what tells a training from others
MEASURED = {key: [1.0, 0.5] for key in ("frechet", "density", "coverage", "nearest", "nearest_of_all")}


def generation_of(*names, num_samples=8):
    """What generation.json holds of these models."""
    rows = [{"source": source, "model": name} | MEASURED for name in names for source in ("reconstructions", "full")]
    counts = {"num_samples": num_samples, "num_reference": 9, "num_known": 9, "seeds": [0]}
    of_models = {"num_fitted": dict.fromkeys(names, 5), "checkpoints": dict.fromkeys(names, MADE), "priors": {}}
    return {**counts, **of_models, "rows": [{"source": "photos", "model": None} | MEASURED, *rows]}


# Of each file: what a process keeps there of its own, time and again, by the number of the process.
KEPT = {
    "curves.json": f'measurements.save_curves({{"models": {{f"model-{{me}}-{{i}}": {{"identity": {MADE}}}}}}}, folder)',
    "baselines.json": 'measurements.save_baselines({"num_components": 1, "linear_code": []}, f"data-{me}-{i}", folder)',
    "generation.json": 'measurements.save_generation(generation_of(f"model-{me}-{i}"), "0123", folder)',
    "baselines.npz": 'photo_errors.save_baselines(f"codec-{i}", {0.1: torch.ones(3)}, f"data-{me}", folder)',
}
NUM_PROCESSES, NUM_EACH = 3, 15


def test_processes_that_keep_figures_at_once_lose_none(tmp_path):
    lines = ["import multiprocessing, sys, torch", "from aemodels.storage import measurements, photo_errors"]
    lines += ["from test_measurements import generation_of"]
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
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(Path(__file__).parent), *sys.path])}
    subprocess.run(
        [sys.executable, "-c", "\n".join(lines), tmp_path],
        cwd=Path(__file__).parents[1],
        env=environment,
        check=True,
    )
    found = {
        "curves.json": measurements.read_curves(tmp_path)["models"],
        "baselines.json": measurements.read_all_baselines(tmp_path),
        "generation.json": measurements.read_generation("0123", tmp_path)["checkpoints"],
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
    denoised = {"none": {"psnr_db": [9.0] * len(curves.FACTORS), "ssim": [1.0] * len(curves.FACTORS)}}
    measurements.save_curves({"denoisers": denoised}, tmp_path)
    for name in "ab":
        measurements.save_curves({"models": {name: {"identity": MADE}}}, tmp_path)
    models = {name: {"identity": MADE} for name in "ab"}
    assert measurements.read_curves(tmp_path) == {"models": models, "denoisers": denoised}


def test_rows_of_other_models_stay_where_they_were_measured_alike(tmp_path):
    """As those of one's own model beside those of the lab, which train.py measures alone."""
    for names in ("ab", "bc"):
        measurements.save_generation(generation_of(*names), "0123", tmp_path)
    found = measurements.read_generation("0123", tmp_path)
    for key in ("checkpoints", "num_fitted"):
        assert found[key].keys() == {*"abc"}
    rows = [(row["model"], row["source"]) for row in found["rows"]]
    assert len(rows) == len(set(rows)) == 1 + 2 * 3
    measurements.save_generation(generation_of("a", num_samples=99), "0123", tmp_path)
    assert measurements.read_generation("0123", tmp_path)["checkpoints"].keys() == {"a"}


SHIPPED = ["baselines.json", "curves.json", "generation.json", "separate_coding.json"]
READ = {
    "baselines.json": measurements.read_all_baselines,
    "curves.json": measurements.read_curves,
    "generation.json": lambda folder: measurements.read_generation("0123", folder),
    "separate_coding.json": measurements.read_separate_coding,
}
WRONG = ["soon", None, [], {}, True, float("nan"), -float("inf")]
NAN = WRONG[5]
MAY_STAND = {  # by the key
    "model": ["soon", None],
    "clusters": [None],
    "pca": [None],
    "psnr_db_ci95": [NAN],
    "psnr_of_mean_mse_db": [NAN],
    "psnr_of_mean_mse_db_ci95": [NAN],
    "mean_payload_bytes": [NAN],
}


def places(value, path=()):
    """Paths of the values in a JSON object; of lists, those in the first of their items."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value[:1]) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def changed(value, path, put):
    """A copy of the object with another value at the path."""
    if not path:
        return put
    copy = value.copy()
    copy[path[0]] = changed(value[path[0]], path[1:], put)
    return copy


def is_refused(file, results, folder):
    (folder / file).write_text(json.dumps(results))
    try:
        READ[file](folder)
    except CheckpointError as error:
        return f"{file} is broken or incomplete" in str(error)
    return False


@pytest.mark.parametrize("put", WRONG, ids=repr)
@pytest.mark.parametrize("file", SHIPPED)
def test_what_is_of_another_kind_anywhere_in_a_file_is_one_sentence(file, put, tmp_path):
    whole = json.loads((checkpoints.CHECKPOINT_FOLDER / file).read_text())
    assert not is_refused(file, whole, tmp_path)
    of_others = {type(put)} if put in ([], {}, "soon") else set()
    for path in places(whole):
        value = whole
        for key in path:
            value = value[key]
        if type(value) in of_others or put in MAY_STAND.get(path[-1] if path else "", ()):
            continue
        assert is_refused(file, changed(whole, path, put), tmp_path), path


def test_a_list_that_is_too_short_is_one_sentence(tmp_path):
    for file in ("curves.json", "generation.json"):
        whole = json.loads((checkpoints.CHECKPOINT_FOLDER / file).read_text())
        for path in places(whole):
            value = whole
            for key in path:
                value = value[key]
            if type(value) is list and (file == "curves.json" or path[-1] in MEASURED):
                assert is_refused(file, changed(whole, path, value[:-1]), tmp_path), path


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
