"""What the page Perturb says of noise on codes: PSNR with it, what it looks like, and how fast PSNR falls, all from measured figures."""

from collections.abc import Mapping, Sequence

from torch import Tensor

from aemodels.language import _, number, sentences
from aemodels.noise import snr_db
from pages.parts.shared import models


def on_these(psnr: Mapping[str, Tensor], variance: float, reference: str, pictures: str) -> str:
    """PSNR in dB of the pictures shown, by kind of noise; reference: what it is taken against, pictures: how many they are, in words."""
    if not variance:
        return _("**At variance 0 nothing is added**: move the slider to see what noise does.")
    if not psnr["white"].isfinite().any():
        return _("The noise changes nothing: it is proportional to each code's mean square, which is 0 here.")
    if "shaped" in psnr:
        message = _(
            "Against {reference}, these {nine} have a PSNR of {white} dB at variance {variance} with white noise "
            "and {shaped} dB with shaped noise of the same power (SNR {snr} dB)."
        )
    else:
        message = _(
            "Against {reference}, these {nine} have a PSNR of {white} dB at variance {variance} with white noise (SNR {snr} dB)."
        )
    means = {kind: number(of_kind.mean().item(), 2) for kind, of_kind in psnr.items()}
    return message.format(
        reference=reference, nine=pictures, variance=number(variance, 2), snr=number(snr_db(variance), 1), **means
    )


def on_the_eye(steps: Mapping[str, float], block_px: int, photo: str) -> str:
    """What the noise looks like; steps: `detail.mean_step` by kind of noise, block_px: side of the square that a cell of the code
    stands for."""
    looks = _(
        "**White noise shows as patches and false edges, not as grain**, for one element of the code affects {side}×{side} px and more. "
        "Shaped noise changes a code in the ways in which codes differ from {photo} to {photo}."
    ).format(side=block_px, photo=photo)
    if "shaped" in steps:
        message = _(
            "The mean difference between neighbouring pixels is {none} grey levels without noise, {white} with white and {shaped} with shaped noise."
        )
    else:
        message = _(
            "The mean difference between neighbouring pixels is {none} grey levels without noise, {white} with white."
        )
    return sentences([looks, message.format(**{kind: number(step, 1) for kind, step in steps.items()})])


def directions(name: str, num_codes: int, size: int, dimensions: Mapping[str, float]) -> str:
    """How unevenly `num_codes` codes of `size` numbers fill their directions; dimensions: of each model, `variance_curves.effective_dimensions`."""
    all_models = models.with_figures({model: number(effective) for model, effective in dimensions.items()})
    return _(
        "The {num} test codes of {model} use their {size} directions unevenly. The participation ratio says how many directions of equal "
        "variance would do: **{effective}**. Shaped noise is uneven in the same way; white noise is equal in all. By model: {all_models}."
    ).format(
        num=number(num_codes),
        model=models.said(name),
        size=number(size),
        effective=number(dimensions[name]),
        all_models=all_models,
    )


def fall(white: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> str:
    """By how much white noise lowers mean PSNR, in the models where it does so most and least; white: see
    `variance_curves.Curves`."""
    drops = {model: round(psnr[0], 2) - round(psnr[-1], 2) for model, (_variances, psnr) in white.items()}
    most, least = max(drops, key=drops.get), min(drops, key=drops.get)
    if len(drops) > 1:
        message = _(
            "From no noise to white noise of variance {variance}, mean PSNR falls by **{drop} dB** for {model} and by {least_drop} dB for {least}."
        )
    else:
        message = _(
            "From no noise to white noise of variance {variance}, mean PSNR falls by **{drop} dB** for {model}."
        )
    return message.format(
        variance=f"{white[most][0][-1]:g}",
        drop=number(drops[most], 2),
        model=models.said(most),
        least_drop=number(drops[least], 2),
        least=models.said(least),
    )
