"""Of which kinds the values are in the files that `measurements` keeps beside the checkpoints: on these their readers count."""

from collections.abc import Mapping
from typing import Any

from aemodels.config import is_number
from aemodels.storage.kinds import (
    Kind,
    Kinds,
    each,
    has,
    has_only,
    is_count,
    is_figure,
    is_level,
    is_real,
    list_of,
    or_none,
    wrong,
)
from aemodels.text import is_text

NUM_FACTORS = 11  # of noise, at which denoisers are measured
RECONSTRUCTIONS = "reconstructions"  # source of a row of generation.json

IDENTITY: Kinds = {"data_fingerprint": is_text, "seed": is_count, "steps": is_count, "wall_s": is_number}
PRIOR_IDENTITY: Kinds = {**IDENTITY, "num_steps": is_count, "guidance": is_number}

# baselines.json
_ROW: Kinds = {"noise_variance": is_number, "psnr_db": is_number, "psnr_db_ci95": is_figure, "num_images": is_count}
_ROW_OF_SOME: Kinds = {
    **dict.fromkeys(("psnr_of_mean_mse_db", "psnr_of_mean_mse_db_ci95", "mean_payload_bytes"), is_figure),
    **dict.fromkeys(("mse", "code_power", "noise_power"), is_number),
    **dict.fromkeys(("num_test_images", "budget_bytes"), is_count),
    "beside": is_text,
}
_ROWS = list_of(has(_ROW, _ROW_OF_SOME))
are_baselines = has(
    {"num_components": is_count, "linear_code": _ROWS},
    {"num_train_images": is_count, "data_fingerprint": is_text, "avif": _ROWS, "avif_quick": _ROWS, "vvc": _ROWS},
)

# generation.json


def _is_measure(value: Any) -> bool:
    """A mean and a standard deviation, which is NaN of one seed."""
    return isinstance(value, list) and len(value) == 2 and is_real(value[0]) and is_figure(value[1])


_ROW_OF_PICTURES: Kinds = {
    "source": is_text,
    "model": or_none(is_text),
    **dict.fromkeys(("frechet", "density", "coverage", "nearest", "nearest_of_all"), _is_measure),
}
_DISTANCES = each(is_real)  # by features
_SHARES: Kinds = {**dict.fromkeys(("top1", "top1_ci95", "top5", "top5_ci95"), is_number), "num_images": is_count}
_COPIES: Kinds = {
    **dict.fromkeys(("num_samples", "num_unseen"), is_count),
    **dict.fromkeys(("smallest_sample", "smallest_unseen", "near_at", "near", "near_ci95"), is_number),
    "smallest_of_equal": each(is_number),
}
_OF_OTHERS: Kinds = {"others": each(has({RECONSTRUCTIONS: is_real, "gaussian": is_real}))}
_GUIDANCE: Kinds = {"guidance": is_number, "frechet": _DISTANCES, "told": each(has(_SHARES))}
_TRAINING: Kinds = {"steps": is_count, "wall_s": is_number, "velocity_loss": is_number, "frechet": _DISTANCES}
_CURVES: Kinds = {
    "guidance": list_of(has(_GUIDANCE)),
    "steps": list_of(has({"num_steps": is_count, "frechet": _DISTANCES})),
    "training": list_of(has(_TRAINING)),
}
_LEARNED: Kinds = {
    "prior": has(PRIOR_IDENTITY),
    **dict.fromkeys(("num_samples", "num_known", "num_classes", "num_compared"), is_count),
    "copies": has(_COPIES),
    "frechet": each(has(dict.fromkeys(("unseen", RECONSTRUCTIONS, "gaussian", "samples"), is_real))),
    "told": each(has({RECONSTRUCTIONS: has(_SHARES), "samples": has(_SHARES)})),
}
_SMALL_PRIOR: Kinds = {
    "model": is_text,
    "identity": has(IDENTITY),
    "num_photos": is_count,
    "num_steps": is_count,
    "frechet": is_real,
}
_GENERATION: Kinds = {
    **dict.fromkeys(("num_samples", "num_reference", "num_known"), is_count),
    "seeds": list_of(is_count),
    "num_fitted": each(is_count),
    "checkpoints": each(has(IDENTITY)),
    "rows": list_of(has(_ROW_OF_PICTURES)),
}
_GENERATION_OF_SOME: Kinds = {
    "priors": each(has(PRIOR_IDENTITY)),
    "learned": each(has(_LEARNED, {"curves": has(_OF_OTHERS, _CURVES)})),
    **dict.fromkeys(("spaces", "photos"), list_of(has(_SMALL_PRIOR))),
}


def is_generation(values: object) -> bool:
    """What generation.json holds of a data set: each of its models has a row of reconstructions and one of samples at least."""
    if wrong(values, _GENERATION, _GENERATION_OF_SOME) is not None:
        return False
    sources = [(row["model"], row["source"] == RECONSTRUCTIONS) for row in values["rows"]]
    return all((name, kind) in sources for name in values["checkpoints"] for kind in (True, False))


# separate_coding.json
_TRIAL: Kinds = {"snr_db": is_real, "num_blocks": is_count, "num_failed": is_count}


def _is_trial(values: Any) -> bool:
    return has_only(_TRIAL)(values) and values["num_failed"] <= values["num_blocks"] > 0


_CODE: Kinds = {
    "noise_variance": lambda value: is_number(value) and value > 0,
    "num_bytes": is_count,
    "bits_per_symbol": is_count,
    "trials": list_of(_is_trial),
}
are_codes = has({"codes": list_of(has_only(_CODE))})

# curves.json
_DENOISED = has_only({"psnr_db": list_of(is_level, NUM_FACTORS), "ssim": list_of(is_real, NUM_FACTORS)})
_CLUSTERS: Kinds = {"k": is_count, "n": is_count, "purity": is_number, "chance": is_number}
_AXES: Kinds = {
    "axes": list_of(is_count),
    "grey_levels": list_of(is_number),
    "coarse": list_of(is_number),
    "mean_contrast": is_number,
    "photos_contrast": is_number,
}
_SHAPED: Kinds = {"variances": list_of(is_number), "psnr_db": list_of(is_level), "num_images": is_count}
_SCORES: Kinds = {"psnr_db": list_of(is_level), "mse": list_of(is_number), "bce": list_of(is_number)}
_SIZES: Kinds = {
    "k": list_of(is_count),
    "network": has_only(_SCORES),
    "pca": or_none(has_only(_SCORES)),
    "mean_picture_mse": is_number,
    "num_images": is_count,
}


def _lengths(values: Mapping[str, Any]) -> set[int]:
    return {len(value) for value in values.values() if isinstance(value, list)}


def _as_long(kinds: Kinds, *parts: str) -> Kind:
    """A dictionary of these keys alone whose lists, those in its parts too, are all of one length."""

    def is_right(values: Any) -> bool:
        return has_only(kinds)(values) and len(_lengths(values).union(*(_lengths(values[p] or {}) for p in parts))) == 1

    return is_right


_OF_MODEL: Kinds = {
    "clusters": or_none(has_only(_CLUSTERS)),  # None where the codes form none
    "axes": _as_long(_AXES),
    "shaped": _as_long(_SHAPED),
    "denoising": _DENOISED,
    "sizes": _as_long(_SIZES, "network", "pca"),
}
are_curves = has({"models": each(has({"identity": has(IDENTITY)}, _OF_MODEL)), "denoisers": each(_DENOISED)})
