"""What a checkpoint says of itself beside its configurations: its figures, its history, how it was made. It is checked where a file is read
and where one is written, so that whoever shows it meets no text in a number's place."""

from collections.abc import Mapping
from math import prod
from typing import Any

from aemodels.config import is_number
from aemodels.models.config import ModelConfig
from aemodels.models.flow import is_prior
from aemodels.storage.kinds import Kinds, has, is_count, is_figure, is_real, list_of, or_none, wrong
from aemodels.text import is_text

_is_measured = or_none(is_real)  # the logarithm of an error may be below 0

FIGURES: Kinds = {"psnr_db": is_number, "psnr_db_ci95": is_figure, "num_images": is_count}
ROW: Kinds = {**FIGURES, "noise_factor": is_number, "noise_variance": is_number}
FIGURES_OF_PRIOR: Kinds = {
    "velocity_loss": is_number,
    "velocity_loss_ci95": is_figure,
    "gaussian_loss": is_number,
    "num_images": is_count,
}
EPOCH: Kinds = {"epoch": is_number, "step": is_number, "seconds": is_number}
MADE: Kinds = {
    "finished": lambda value: type(value) is bool,
    "device": is_text,
    "wall_s": is_number,
    "steps": is_count,
    "images_per_s": is_number,
    "num_train_images": is_count,
    "data_fingerprint": is_text,
    "seed": is_count,
}
CODES_OF: Kinds = {"codes_of": has({"name": is_text, "digest": is_text})}
MADE_BY_SOME: Kinds = {
    "precision": is_text,
    "webp_quality": or_none(is_count),
    "averaged_with": is_text,
}
TRAINED: Kinds = {"reconstruction": lambda value: value in ("bce", "mse", "log_mse")}
TRAINED_WITH: Kinds = {"learning_rate": is_number, "batch_size": is_count}


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
    if key := wrong(made, {**MADE, **CODES_OF} if of_prior else MADE, {**MADE_BY_SOME, **CODES_OF}):
        return "provenance", key
    earlier = made.get("earlier", [])
    is_right = isinstance(earlier, list) and all(_is_training(training, of_prior) for training in earlier)
    return None if is_right else ("provenance", "earlier")


def _wrong_figures(metrics: object, config: ModelConfig) -> str | None:
    if is_prior(config):
        return wrong(metrics, FIGURES_OF_PRIOR, others=is_figure)
    num_codes = prod(config.latent_shape)

    def are_rows(rows: object) -> bool:
        are_figures = isinstance(rows, list) and not any(wrong(row, ROW, others=is_figure) for row in rows)
        # Every model is judged without noise, whatever else it is judged under.
        return are_figures and any(row["noise_factor"] == row["noise_variance"] == 0 for row in rows)

    return wrong(metrics, {**FIGURES, "evaluations": are_rows}, {"kl_nats": list_of(is_number, num_codes)}, is_figure)


def _wrong_epoch(history: object) -> str | None:
    if not isinstance(history, list):
        return min(EPOCH)
    return next((key for epoch in history if (key := wrong(epoch, EPOCH, others=_is_measured))), None)


def _is_training(training: object, of_prior: bool) -> bool:
    """Whether this is one as `checkpoints.trainings` gives it, of which not all is shown."""
    kinds: Kinds = {
        "name": is_text,
        "psnr_db": _is_measured if of_prior else is_number,
        "model_config": has(TRAINED),
        "train_config": has(TRAINED_WITH),
        "history": lambda value: _wrong_epoch(value) is None,
        "provenance": has(MADE, MADE_BY_SOME),
    }
    return wrong(training, kinds) is None
