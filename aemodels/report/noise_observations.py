"""What noise on the codes of photos does, in sentences drawn from measured figures: other figures make other sentences."""

from collections.abc import Mapping, Sequence

from aemodels.language import _, list_of, number, percent, pgettext
from aemodels.report.psnr_matrix import AVIF, LINEAR, VVC, Curve, Gap, gap


def of_patches(coarse: float, block_px: int) -> str:
    """coarse: the share of the change's energy that is left when blocks of block_px × block_px pixels are averaged; of noise of
    independent pixels, one in as many as a block has is left."""
    grain = 1 / block_px**2
    text = (
        _("Averaged over blocks of {block}×{block} px, {coarse} of the change's energy is left; of independent pixel noise it would be {grain}. So the change is patches, not grain: one element of the code moves many pixels together.")
        if coarse > 3 * grain
        else _("Averaged over blocks of {block}×{block} px, {coarse} of the change's energy is left; of independent pixel noise it would be {grain}. So the change is mostly grain.")
    )  # fmt: skip
    return text.format(block=block_px, coarse=percent(coarse), grain=percent(grain))


def of_variances(measured: Mapping[str, Sequence[float]], variances: Sequence[float], many: str) -> str:
    """PSNRs in dB of samples and photos at the first and the last variance."""
    figures = {
        f"{kind}_{end}": number(values[i], 1)
        for kind, values in measured.items()
        for end, i in (("low", 0), ("high", -1))
    }
    return _(
        "From variance {low} to {high}, the samples' PSNR goes from {samples_low} to {samples_high} dB and that of {many} from {photos_low} to "
        "{photos_high} dB."
    ).format(low=f"{variances[0]:g}", high=f"{variances[-1]:g}", many=many, **figures)


def price(noisy: Mapping[float, Curve], plain: Curve, title: str) -> list[str]:
    """What training with noise costs without noise, and brings under it, beside the plain model; noisy: by the variance while training,
    title: what the plain model is called, in a sentence."""
    clean = {v: gap(curve[0.0], plain[0.0]) for v, curve in noisy.items() if 0.0 in curve and 0.0 in plain}
    under = {v: gap(curve[v], plain[v]) for v, curve in noisy.items() if v in curve and v in plain}
    found = []
    if clean:
        text = (
            _("Tested without noise, every model trained with noise is worse than {plain} (in brackets the variance in training): {gaps}.")
            if all(g.db < 0 for g in clean.values())
            else _("Tested without noise, no model trained with noise is worse than {plain} (in brackets the variance in training): {gaps}.")
            if all(g.db >= 0 for g in clean.values())
            else _("Tested without noise, some models trained with noise are worse than {plain}, and others are not (in brackets the variance in training): {gaps}.")
        )  # fmt: skip
        found.append(text.format(plain=title, gaps=_listed(clean)))
    if under:
        text = (
            _("Tested under the noise of its own training, every model is better than {plain}: {gaps}.")
            if all(g.db > 0 for g in under.values())
            else _("Tested under the noise of its own training, no model is better than {plain}: {gaps}.")
            if all(g.db <= 0 for g in under.values())
            else _("Tested under the noise of their own training, only some models are better than {plain}: {gaps}.")
        )  # fmt: skip
        found.append(text.format(plain=title, gaps=_listed(under)))
    return found


def against_baselines(noisy: Mapping[float, Curve], baselines: Mapping[str, Curve]) -> list[str]:
    """The noise-regularised models, by their variance, at their own variance beside each baseline: a sentence for all baselines of which
    the same can be said."""
    names = {
        LINEAR: _("the optimal linear code [@lee1976]"),
        AVIF: _("AVIF at the channel's capacity [@shannon1949]"),
        VVC: _("VVC at the channel's capacity [@bross2021]"),
    }
    found: dict[str, list[str]] = {}
    for label, baseline in baselines.items():
        gaps = {v: gap(curve[v], baseline[v]) for v, curve in noisy.items() if v in curve and v in baseline}
        if gaps:
            text = (
                _("Every model is better at its own variance {comparisons}.")
                if all(g.is_better for g in gaps.values())
                else _("No model is better at its own variance {comparisons}.")
                if not any(g.is_better for g in gaps.values())
                else _("Only some models are better at their own variance {comparisons}.")
            )
            than = _("than {baseline}: {gaps}").format(baseline=names[label], gaps=_listed(gaps))
            found.setdefault(text, []).append(than)
    between = pgettext("between items that are lists themselves", "; ")
    return [text.format(comparisons=between.join(told)) for text, told in found.items()]


def _listed(gaps: Mapping[float, Gap]) -> str:
    return list_of(
        _("{gap} dB ({variance})").format(gap=of_model, variance=number(v, 2)) for v, of_model in gaps.items()
    )


def of_sampling(distances: Mapping[str, float], plain: str, many: str) -> str:
    """Whether noise in training brought Gaussian samples nearer to photos: the samples' Fréchet distance by model."""
    others = [distance for title, distance in distances.items() if title != plain]
    text = (
        _("Noise in training brings Gaussian samples nearer to real {many}; their Fréchet distance: {distances}.")
        if max(others) < 0.95 * distances[plain]
        else _("Noise in training takes Gaussian samples farther from real {many}; their Fréchet distance: {distances}.")
        if min(others) > 1.05 * distances[plain]
        else _("Noise in training does not bring all Gaussian samples nearer to real {many}; their Fréchet distance: {distances}.")
    )  # fmt: skip
    listed = [_("{distance} ({title})").format(distance=number(d), title=title) for title, d in distances.items()]
    return text.format(many=many, distances=list_of(listed))


def of_audit(asked: Mapping[str, float], measured: Mapping[str, float], powers: Mapping[str, float]) -> str:
    """Whether the noise was what was asked for: asked and measured variance per unit of power, and the codes' power, by model."""
    off = max(abs(measured[m] / asked[m] - 1) for m in asked)
    text = (
        _("Power audit: the noise had the variance that was asked for ({pairs}), and the normalised codes a power of {powers}.")
        if off < 0.01
        else _("Power audit: the noise did not have the variance that was asked for ({pairs}); the codes had a power of {powers}. Look for a mistake.")
    )  # fmt: skip
    pairs = [
        _("{measured} for {asked}").format(measured=number(measured[m], 4), asked=number(asked[m], 2)) for m in asked
    ]
    return text.format(pairs=list_of(pairs), powers=list_of(dict.fromkeys(number(p, 4) for p in powers.values())))
