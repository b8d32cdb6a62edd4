"""What a checkpoint says of itself beside its configurations: its figures, its history, how it was made. It is checked where a file is read
and where one is written, so that whoever shows it meets no text in a number's place."""

import math
from collections.abc import Callable, Mapping
from math import prod
from types import MappingProxyType
from typing import Any

from aemodels.config import MAX_NUMBER, is_number
from aemodels.models.config import ModelConfig
from aemodels.models.flow import is_prior
from aemodels.text import is_text

Kinds = Mapping[str, Callable[[Any], bool]]  # whether a value may stand under a key
NONE: Kinds = MappingProxyType({})


def _is_count(value: object) -> bool:
    return type(value) is int and 0 <= value <= MAX_NUMBER


def is_figure(value: object) -> bool:
    """A number, or NaN, which is the confidence interval of one image alone."""
    return is_number(value) or (type(value) is float and math.isnan(value))


def _is_measured(value: object) -> bool:
    """A finite number, or None where it was not measured; the logarithm of an error may be below 0."""
    return value is None or (type(value) in (int, float) and is_number(abs(value)))


FIGURES: Kinds = {"psnr_db": is_number, "psnr_db_ci95": is_figure, "num_images": _is_count}
ROW: Kinds = {**FIGURES, "noise_factor": is_number, "noise_variance": is_number}
FIGURES_OF_PRIOR: Kinds = {
    "velocity_loss": is_number,
    "velocity_loss_ci95": is_figure,
    "gaussian_loss": is_number,
    "num_images": _is_count,
}
EPOCH: Kinds = {"epoch": is_number, "step": is_number, "seconds": is_number}
MADE: Kinds = {
    "finished": lambda value: type(value) is bool,
    "device": is_text,
    "wall_s": is_number,
    "steps": _is_count,
    "images_per_s": is_number,
    "num_train_images": _is_count,
    "data_fingerprint": is_text,
    "seed": _is_count,
}
CODES_OF: Kinds = {"codes_of": lambda value: _wrong(value, {"name": is_text, "digest": is_text}) is None}
MADE_BY_SOME: Kinds = {
    "precision": is_text,
    "webp_quality": lambda value: value is None or _is_count(value),
    "averaged_with": is_text,
}
TRAINED: Kinds = {"reconstruction": lambda value: value in ("bce", "mse", "log_mse")}
TRAINED_WITH: Kinds = {"learning_rate": is_number, "batch_size": _is_count}


def fault(header: Mapping[str, Any], config: ModelConfig) -> tuple[str, str] | None:
    """Of a checkpoint's "metrics", "history" and "provenance" the first that is not right, and the key in it whose value is missing or of the
    wrong kind; None where all are right.

    config  of its model
    """
    made, of_prior = header["provenance"], is_prior(config)
    if key := _wrong_figures(header["metrics"], config):
        return "metrics", key
    if key := _wrong_epoch(header["history"]):
        return "history", key
    if key := _wrong(made, {**MADE, **CODES_OF} if of_prior else MADE, {**MADE_BY_SOME, **CODES_OF}):
        return "provenance", key
    earlier = made.get("earlier", [])
    is_right = isinstance(earlier, list) and all(_is_training(training, of_prior) for training in earlier)
    return None if is_right else ("provenance", "earlier")


def _wrong(
    values: object, required: Kinds, optional: Kinds = NONE, others: Callable[[Any], bool] = lambda value: True
) -> str | None:
    """The first key that `values`, a dictionary, lacks, or that has a value which it cannot have; `others` says of those of all other keys
    whether they can be."""
    if not isinstance(values, dict):
        return min(required)
    if missing := required.keys() - values.keys():
        return min(missing)
    kinds = {**optional, **required}
    return next((key for key, value in values.items() if not (is_text(key) and kinds.get(key, others)(value))), None)


def _wrong_figures(metrics: object, config: ModelConfig) -> str | None:
    if is_prior(config):
        return _wrong(metrics, FIGURES_OF_PRIOR, others=is_figure)
    num_codes = prod(config.latent_shape)

    def are_rows(rows: object) -> bool:
        are_figures = isinstance(rows, list) and not any(_wrong(row, ROW, others=is_figure) for row in rows)
        # Every model is judged without noise, whatever else it is judged under.
        return are_figures and any(row["noise_factor"] == row["noise_variance"] == 0 for row in rows)

    def are_of_the_code(values: object) -> bool:
        return isinstance(values, list) and len(values) == num_codes and all(map(is_number, values))

    return _wrong(metrics, {**FIGURES, "evaluations": are_rows}, {"kl_nats": are_of_the_code}, is_figure)


def _wrong_epoch(history: object) -> str | None:
    if not isinstance(history, list):
        return min(EPOCH)
    return next((key for epoch in history if (key := _wrong(epoch, EPOCH, others=_is_measured))), None)


def _is_training(training: object, of_prior: bool) -> bool:
    """Whether this is one as `checkpoints.trainings` gives it, of which not all is shown."""
    kinds: Kinds = {
        "name": is_text,
        "psnr_db": _is_measured if of_prior else is_number,
        "model_config": lambda value: _wrong(value, TRAINED) is None,
        "train_config": lambda value: _wrong(value, TRAINED_WITH) is None,
        "history": lambda value: _wrong_epoch(value) is None,
        "provenance": lambda value: _wrong(value, MADE, MADE_BY_SOME) is None,
    }
    return _wrong(training, kinds) is None
