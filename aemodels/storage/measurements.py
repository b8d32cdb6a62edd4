"""What was measured beside the checkpoints, as JSON files in their folder: the baselines, whether sampling generates, and curves."""

import json
import operator
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aemodels.errors import CheckpointError
from aemodels.files import alone_in, is_file, replacing
from aemodels.language import N_, _
from aemodels.storage import checkpoints, measured_kinds
from aemodels.storage.kinds import each

Results = dict[str, Any]
IsRight = Callable[[Any], bool]
# Keys of generation.json: where these are alike its rows go together, and those hold something by the names of models.
MEASURED_ALIKE = ("num_samples", "seeds", "num_reference", "num_known")
OF_MODELS = ("num_fitted", "checkpoints", "priors")

BASELINES_REMEDY = N_("delete it and measure the baselines again with `python train.py --evaluate`")
GENERATION_REMEDY = N_("delete it and measure again with `python -m benchmarks.generation`")
SEPARATE_REMEDY = N_("delete it and measure again with `python -m benchmarks.separate_coding`")
CURVES_REMEDY = N_("delete it and measure the curves again with `python train.py --evaluate`")


def save_baselines(baselines: Results, fingerprint: str, folder: str | Path | None = None) -> None:
    """Keeps what baselines.measure gives of the data set with this fingerprint in baselines.json of a folder (default:
    `checkpoint_folder()`), beside what is there under other keys and of other data sets, atomically, whatever other processes keep there.
    Raises CheckpointError where a value is no figure, or what is there is broken, which would be lost."""
    _add({fingerprint: baselines}, "baselines.json", folder)


def read_baselines(fingerprint: str, folder: str | Path | None = None) -> Results | None:
    """What save_baselines kept of the data set with this fingerprint: "linear_code" and, where they are measured, "avif" and
    "vvc"; None where there is none. Raises CheckpointError for a broken file."""
    return read_all_baselines(folder).get(fingerprint)


def read_all_baselines(folder: str | Path | None = None) -> dict[str, Results]:
    """What save_baselines kept of each data set, by fingerprint; empty where there is none. Raises CheckpointError as
    read_baselines does."""
    return _read("baselines.json", folder) or {}


def save_generation(generation: Results, fingerprint: str, folder: str | Path | None = None) -> None:
    """Keeps what generation.measure_generation gives of a data set in generation.json, as save_baselines does, and beside it what is there of
    other models that were measured alike. With it may stand what learned.measure gives of priors, "learned", by the names of the models whose
    codes they draw, and rows of small priors, "spaces" and "photos"."""
    _add({fingerprint: generation}, "generation.json", folder, _with_other_models)


def _with_other_models(known: Results, new: Results) -> Results:
    """What generation.json is to hold of a data set, of what it holds and what is new."""
    together = known | new
    if "learned" in new:
        together["learned"] = known.get("learned", {}) | new["learned"]
    if "rows" in new and all(known.get(key) == new.get(key) for key in MEASURED_ALIKE):
        others = known["checkpoints"].keys() - new["checkpoints"].keys()
        for key in OF_MODELS:
            of_others = {name: value for name, value in known.get(key, {}).items() if name in others}
            together[key] = of_others | new.get(key, {})
        together["rows"] = new["rows"] + [row for row in known["rows"] if row["model"] in others]
    return together


def read_generation(fingerprint: str, folder: str | Path | None = None) -> Results | None:
    """What save_generation kept of a data set; None where there is none. Raises CheckpointError for a broken file."""
    return (_read("generation.json", folder) or {}).get(fingerprint)


def save_separate_coding(codes: list[Results], folder: str | Path | None = None) -> None:
    """Writes channel codes, each as `dataclasses.asdict` gives a separate.ChannelCode, to separate_coding.json, as save_baselines
    does."""
    _save({"codes": codes}, "separate_coding.json", folder)


def read_separate_coding(folder: str | Path | None = None) -> list[Results]:
    """What save_separate_coding wrote; empty where nothing was. Raises CheckpointError for a broken file."""
    return (_read("separate_coding.json", folder) or {"codes": []})["codes"]


def save_curves(curves: Results, folder: str | Path | None = None) -> None:
    """Keeps {"models": {name: what curves.measure gives}, "denoisers": what curves.measure_references gives}, or one of the two, in
    curves.json, as save_baselines does."""
    _add({"models": {}, "denoisers": {}} | curves, "curves.json", folder)


def read_curves(folder: str | Path | None = None) -> Results:
    """What save_curves wrote; nothing in either where there is none. Raises CheckpointError for a broken file."""
    return _read("curves.json", folder) or {"models": {}, "denoisers": {}}


# Of each file: whether its values are of the kinds that readers count on, and what to do where they are not.
_FILES: dict[str, tuple[IsRight, str]] = {
    "baselines.json": (each(measured_kinds.are_baselines), BASELINES_REMEDY),
    "generation.json": (each(measured_kinds.is_generation), GENERATION_REMEDY),
    "separate_coding.json": (measured_kinds.are_codes, SEPARATE_REMEDY),
    "curves.json": (measured_kinds.are_curves, CURVES_REMEDY),
}


def _add(
    results: dict[str, Results],
    name: str,
    folder: str | Path | None,
    together: Callable[[Results, Results], Results] = operator.or_,
) -> None:
    """Puts the results into a file, in place of those of the same two keys, beside all others there.

    together  gives what is kept under a key, of what is known and what is new
    """
    with alone_in(checkpoints.checkpoint_folder(folder)):
        known = _read(name, folder) or {}
        _save(known | {key: together(known.get(key, {}), new) for key, new in results.items()}, name, folder)


def _save(results: Results, name: str, folder: str | Path | None) -> None:
    is_right, _remedy = _FILES[name]
    text = json.dumps(results, indent=1)
    if not is_right(json.loads(text)):
        raise CheckpointError(
            _("What was measured is not kept in {file}, for not all of it are numbers; train the model again.").format(
                file=name
            )
        )
    with replacing(checkpoints.checkpoint_folder(folder) / name) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _read(name: str, folder: str | Path | None) -> Results | None:
    path = checkpoints.checkpoint_folder(folder) / name
    is_right, remedy = _FILES[name]
    if not is_file(path):
        return None
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
        if not is_right(results):
            raise ValueError("values of other kinds")
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(
            _("{file} is broken or incomplete ({reason}); {what_to_do}.").format(
                file=name, reason=type(error).__name__, what_to_do=_(remedy)
            )
        ) from error
    return results
