"""What was measured beside the checkpoints, as JSON files in their folder: the baselines, whether sampling generates, and curves."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aemodels.errors import CheckpointError
from aemodels.files import alone_in, replacing
from aemodels.language import N_, _
from aemodels.storage import checkpoints
from aemodels.storage.records import is_figure

# What every reader may count on.
_BASELINE = {"noise_variance", "psnr_db", "psnr_db_ci95", "num_images"}
_GENERATION = {"num_samples", "seeds", "num_reference", "num_known", "num_fitted", "checkpoints", "rows"}
_OF_MODEL = {  # what curves.json may hold of a model
    "axes": {"axes", "grey_levels", "coarse", "mean_contrast", "photos_contrast"},
    "clusters": {"k", "n", "purity", "chance"},
    "shaped": {"variances", "psnr_db", "num_images"},
    "sizes": {"k", "network", "pca", "mean_picture_mse", "num_images"},
}
_GENERATION_ROW = {"source", "model", "frechet", "density", "coverage", "nearest", "nearest_of_all"}

_CODE = {"noise_variance", "num_bytes", "bits_per_symbol", "trials"}
_TRIAL = {"snr_db", "num_blocks", "num_failed"}
_LEARNED = {"prior", "num_samples", "num_known", "num_classes", "num_compared", "copies", "frechet", "told"}
_SMALL_PRIOR = {"model", "identity", "num_photos", "num_steps", "frechet"}

BASELINES_REMEDY = N_("delete it and measure the baselines again with `python train.py --evaluate`")
GENERATION_REMEDY = N_("delete it and measure again with `python -m benchmarks.generation`")
SEPARATE_REMEDY = N_("delete it and measure again with `python -m benchmarks.separate_coding`")
CURVES_REMEDY = N_("delete it and measure the curves again with `python train.py --evaluate`")


def save_baselines(baselines: dict[str, Any], fingerprint: str, folder: str | Path | None = None) -> None:
    """Keeps what baselines.measure gives of the data set with this fingerprint in baselines.json of a folder (default:
    `checkpoint_folder()`), beside what is there under other keys and of other data sets, atomically, whatever other processes keep there."""
    _add({fingerprint: baselines}, "baselines.json", folder, read_all_baselines)


def read_baselines(fingerprint: str, folder: str | Path | None = None) -> dict[str, Any] | None:
    """What save_baselines kept of the data set with this fingerprint: "linear_code" and, where they are measured, "avif" and
    "vvc"; None where there is none. Raises CheckpointError for a broken file."""
    return read_all_baselines(folder).get(fingerprint)


def read_all_baselines(folder: str | Path | None = None) -> dict[str, dict[str, Any]]:
    """What save_baselines kept of each data set, by fingerprint; empty where there is none. Raises CheckpointError as
    read_baselines does."""
    return _read_sets("baselines.json", folder, _baselines_are_complete, BASELINES_REMEDY)


def _baselines_are_complete(baselines: dict[str, Any]) -> bool:
    rows = baselines["linear_code"] + baselines.get("avif", []) + baselines.get("vvc", [])
    return "num_components" in baselines and all(is_figure(row[key]) for row in rows for key in _BASELINE)


def save_generation(generation: dict[str, Any], fingerprint: str, folder: str | Path | None = None) -> None:
    """Keeps what generation.measure_generation gives of a data set in generation.json, as save_baselines does. With it may stand what
    learned.measure gives of priors, "learned", by the names of the models whose codes they draw, and rows of small priors, "spaces" and
    "photos"."""
    _add({fingerprint: generation}, "generation.json", folder, _read_all_generation)


def read_generation(fingerprint: str, folder: str | Path | None = None) -> dict[str, Any] | None:
    """What save_generation kept of a data set; None where there is none. Raises CheckpointError for a broken file."""
    return _read_all_generation(folder).get(fingerprint)


def _read_all_generation(folder: str | Path | None) -> dict[str, dict[str, Any]]:
    return _read_sets("generation.json", folder, _generation_is_complete, GENERATION_REMEDY)


def _generation_is_complete(generation: dict[str, Any]) -> bool:
    small = [row for table in ("spaces", "photos") for row in generation.get(table, [])]
    return (
        generation.keys() >= _GENERATION
        and all(row.keys() >= _GENERATION_ROW for row in generation["rows"])
        and all(of_prior.keys() >= _LEARNED for of_prior in generation.get("learned", {}).values())
        and all(row.keys() >= _SMALL_PRIOR for row in small)
    )


def save_separate_coding(codes: list[dict[str, Any]], folder: str | Path | None = None) -> None:
    """Writes channel codes, each as `dataclasses.asdict` gives a separate.ChannelCode, to separate_coding.json, as save_baselines
    does."""
    _save({"codes": codes}, "separate_coding.json", folder)


def read_separate_coding(folder: str | Path | None = None) -> list[dict[str, Any]]:
    """What save_separate_coding wrote; empty where nothing was. Raises CheckpointError for a broken file."""

    def is_complete(results: dict[str, Any]) -> bool:
        codes = results["codes"]
        trials = [trial for code in codes for trial in code["trials"]]
        return all(code.keys() == _CODE for code in codes) and all(trial.keys() == _TRIAL for trial in trials)

    return (_read("separate_coding.json", folder, is_complete, SEPARATE_REMEDY) or {"codes": []})["codes"]


def save_curves(curves: dict[str, Any], folder: str | Path | None = None) -> None:
    """Keeps {"models": {name: what curves.measure gives}, "denoisers": what curves.measure_references gives}, or one of the two, in
    curves.json, as save_baselines does."""
    _add(curves, "curves.json", folder, read_curves)


def read_curves(folder: str | Path | None = None) -> dict[str, Any]:
    """What save_curves wrote; nothing in either where there is none. Raises CheckpointError for a broken file."""

    def is_complete(curves: dict[str, Any]) -> bool:
        denoised = [*curves["denoisers"].values()]
        for results in curves["models"].values():
            found = results | {"clusters": results.get("clusters") or {}}  # null where the codes form none
            if "identity" not in results or any(
                found.get(key, {}).keys() not in (set(), expected) for key, expected in _OF_MODEL.items()
            ):
                return False
            denoised += [results["denoising"]] if "denoising" in results else []
        return all(of.keys() == {"psnr_db", "ssim"} for of in denoised)

    return _read("curves.json", folder, is_complete, CURVES_REMEDY) or {"models": {}, "denoisers": {}}


def _read_sets(
    name: str, folder: str | Path | None, is_complete: Callable[[dict[str, Any]], bool], remedy: str
) -> dict[str, dict[str, Any]]:
    """What a file holds of each data set, by fingerprint; empty where there is no file."""
    return _read(name, folder, lambda sets: all(is_complete(of_set) for of_set in sets.values()), remedy) or {}


def _add(
    results: dict[str, dict[str, Any]],
    name: str,
    folder: str | Path | None,
    read: Callable[[str | Path | None], dict[str, dict[str, Any]]],
) -> None:
    """Puts the results into a file, in place of those of the same two keys, beside all others there, which `read` gives."""
    with alone_in(checkpoints.checkpoint_folder(folder)):
        known = read(folder)
        _save(known | {key: known.get(key, {}) | new for key, new in results.items()}, name, folder)


def _save(results: dict[str, Any], name: str, folder: str | Path | None) -> None:
    with replacing(checkpoints.checkpoint_folder(folder) / name) as temporary:
        temporary.write_text(json.dumps(results, indent=1), encoding="utf-8")


def _read(
    name: str, folder: str | Path | None, is_complete: Callable[[dict[str, Any]], bool], remedy: str
) -> dict[str, Any] | None:
    path = checkpoints.checkpoint_folder(folder) / name
    if not path.is_file():
        return None
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        if not is_complete(results):
            raise KeyError("figures")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            _("{file} is broken or incomplete ({reason}); {what_to_do}.").format(
                file=name, reason=type(error).__name__, what_to_do=_(remedy)
            )
        ) from error
    return results
