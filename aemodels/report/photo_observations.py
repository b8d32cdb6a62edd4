"""What the photos' items show, in sentences drawn from measured figures: other figures make other sentences."""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from aemodels.data.words import Words
from aemodels.language import _, list_of, number, percent, signed
from aemodels.quality import generation
from aemodels.report.psnr_matrix import AVIF, LINEAR, Curve

EVEN = 0.05  # of a share: what differs by less is called the same


def against_pca(psnr: float, pca: float, num_components: int) -> str:
    """A model beside principal components, without noise; PSNRs in dB over the test images."""
    gap = round(psnr, 2) - round(pca, 2)
    text = (
        _("The best linear code of {num} numbers (principal components) reaches {pca} dB, the network {psnr} dB: {gap} dB more.")
        if gap > 0
        else _("The best linear code of {num} numbers (principal components) reaches {pca} dB, the network {psnr} dB: {gap} dB less. The network brings nothing.")
    )  # fmt: skip
    return text.format(num=number(num_components), pca=number(pca, 2), psnr=number(psnr, 2), gap=number(abs(gap), 2))


def of_refinement(first: float, whole: float, num: int) -> str:
    """PSNRs in dB of the images shown, from the encoder's first code and from the improved one."""
    gain = round(whole, 2) - round(first, 2)
    text = (
        _("On the {num} images shown, the encoder's first code gives {first} dB, the improved code {whole} dB: {gain} dB come from improving it.")
        if gain > 0
        else _("On the {num} images shown, the encoder's first code gives {first} dB, the improved code {whole} dB: improving it brings nothing here.")
    )  # fmt: skip
    return text.format(num=number(num), first=number(first, 2), whole=number(whole, 2), gain=number(gain, 2))


def of_detail(share: float, fine_error: float, block_px: int) -> str:
    """share: the rebuilt images' step between neighbouring pixels over the originals'; fine_error: what share of the error's energy is
    finer than blocks of block_px."""
    what = (
        _("fine detail is lost")
        if share < 1 - EVEN
        else _("fine detail is added that was not there")
        if share > 1 + EVEN
        else _("there is as much fine detail as in the originals")
    )
    return _(
        "The step between neighbouring pixels is {share} of the originals': {what}. Of the error's energy, {fine} is finer than blocks of "
        "{block}×{block} px."
    ).format(share=percent(share), what=what, fine=percent(fine_error), block=block_px)


def of_channels(power: Tensor) -> str:
    """Which channel of the codes is strongest; power (C,) is each one's mean square."""
    shares = power / power.sum()
    top = int(shares.argmax())
    even = 1 / len(shares)
    text = (
        _("The channels are used unevenly: channel {top} carries {share} of the codes' power; with all alike it would be {even}.")
        if shares[top] > 1.5 * even
        else _("The channels are used evenly: the strongest, channel {top}, carries {share} of the codes' power; with all alike it would be {even}.")
    )  # fmt: skip
    return text.format(top=top + 1, share=percent(shares[top].item()), even=percent(even))


def of_gaussian(rank: int, num_elements: int, num_codes: int, effective: float, kurtosis: float) -> list[str]:
    """What a Gaussian knows of codes: its rank, over how many equal directions they are spread in effect, and their mean excess
    kurtosis."""
    found = (
        _("{num} codes span only {rank} of the {all} directions: the covariance has no full rank, and every sample lies in the space that these codes span.")
        if rank < num_elements
        else _("{num} codes span all {all} directions: the covariance has full rank.")
    )  # fmt: skip
    form = (
        _("Single elements have heavier tails than a Gaussian: their mean excess kurtosis is {kurtosis} (0 for a Gaussian).")
        if kurtosis > 0.1
        else _("Single elements have lighter tails than a Gaussian: their mean excess kurtosis is {kurtosis} (0 for a Gaussian).")
        if kurtosis < -0.1
        else _("Each single element is nearly Gaussian (mean excess kurtosis {kurtosis}, 0 for a Gaussian), so what is missing is how elements go together beyond pairs.")
    )  # fmt: skip
    return [
        found.format(num=number(num_codes), rank=number(rank), all=number(num_elements)),
        _("The codes' variance is spread as over {effective} equal directions (participation ratio).").format(
            effective=number(effective)
        ),
        form.format(kurtosis=signed(kurtosis, 2)),
    ]


def of_distance(distance: float, spacing: float) -> str:
    """How far samples are from the nearest real code, beside how far real codes are from one another (Euclidean distances)."""
    text = (
        _("A sample lies {distance} from the nearest of the real codes; these lie {spacing} from each other. So samples are farther from real codes than real codes are.")
        if distance > spacing * (1 + EVEN)
        else _("A sample lies {distance} from the nearest of the real codes; these lie {spacing} from each other. So samples are nearer to real codes than real codes are.")
        if distance < spacing * (1 - EVEN)
        else _("A sample lies {distance} from the nearest of the real codes; these lie {spacing} from each other. By distance alone, samples look like real codes.")
    )  # fmt: skip
    return text.format(distance=number(distance, 1), spacing=number(spacing, 1))


def of_sample_detail(share: float) -> str:
    """Fine detail of samples, as a share of that of decoded real codes."""
    text = (
        _("Samples have less fine detail than decoded real codes: {share} of it.")
        if share < 1 - EVEN
        else _("Samples have more fine detail than decoded real codes: {share} of it. It belongs to no object.")
        if share > 1 + EVEN
        else _("Samples have as much fine detail as decoded real codes ({share}), so it is not detail that they lack.")
    )
    return text.format(share=percent(share))


def samples_distance(results: Mapping[str, Any] | None, name: str, provenance: Mapping[str, Any]) -> float | None:
    """The Fréchet distance of a model's full-covariance samples; None where it was not measured since the model was trained."""
    if results is None or results["checkpoints"].get(name) != generation.identity(provenance):
        return None
    rows = {(row["source"], row["model"]): row for row in results["rows"]}
    return rows["full", name]["frechet"][0] if ("full", name) in rows else None


def of_generation(
    results: Mapping[str, Any] | None, name: str, provenance: Mapping[str, Any], pictures: Words
) -> list[str]:
    """How far a model's full-covariance samples are from photos; nothing where it was not measured since the model was trained."""
    if results is None or samples_distance(results, name, provenance) is None:
        return []
    rows = {(row["source"], row["model"]): row for row in results["rows"]}
    if (generation.RECONSTRUCTIONS, name) not in rows:
        return []
    drawn, rebuilt = rows["full", name], rows[generation.RECONSTRUCTIONS, name]
    ratio = drawn["frechet"][0] / rebuilt["frechet"][0]
    figures = {
        "many": pictures.many,
        "dogs": pictures.what_many,
        "num": number(results["num_samples"]),
        "samples": number(drawn["frechet"][0]),
        "rebuilt": number(rebuilt["frechet"][0]),
        "covered": percent(drawn["coverage"][0], 1),
        "rebuilt_covered": percent(rebuilt["coverage"][0], 1),
        "ratio": number(ratio, 1),
    }
    distance = (
        _("The Fréchet distance [@dowson1982; @heusel2017] of {num} samples from real {many} is {samples}, that of reconstructions {rebuilt}: {ratio} times as far.")
        if ratio > 1.1
        else _("The Fréchet distance [@dowson1982; @heusel2017] of {num} samples from real {many} is {samples}, that of reconstructions {rebuilt}: samples are as near.")
    )  # fmt: skip
    coverage = (
        _("Only {covered} of real {many} have a sample near them, {rebuilt_covered} a reconstruction (coverage [@naeem2020]): most samples do not look like {dogs}.")
        if drawn["coverage"][0] < 0.5 * rebuilt["coverage"][0]
        else _("{covered} of real {many} have a sample near them, {rebuilt_covered} a reconstruction (coverage [@naeem2020]): many samples look like {dogs}.")
    )  # fmt: skip
    return [distance.format(**figures), coverage.format(**figures)]


def of_patches(coarse: float, grain: float, block_px: int) -> str:
    """coarse: the share of the change's energy that is left when it is averaged over blocks as large as a quarter of a code's cell;
    grain: that share for noise of independent pixels."""
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


def price(noisy: Mapping[float, Curve], plain: Curve) -> list[str]:
    """What training with noise costs without noise, and brings under it, beside the plain model; noisy: by the variance while training."""
    clean = {v: _gap(curve, plain, 0.0) for v, curve in noisy.items() if 0.0 in curve and 0.0 in plain}
    under = {v: _gap(curve, plain, v) for v, curve in noisy.items() if v in curve and v in plain}
    found = []
    if clean:
        text = (
            _("Tested without noise, training with noise costs: against the plain model {gaps} (by the variance in training).")
            if all(gap < 0 for gap in clean.values())
            else _("Tested without noise, training with noise costs nothing: against the plain model {gaps} (by the variance in training).")
            if all(gap >= 0 for gap in clean.values())
            else _("Tested without noise, training with noise costs some models and helps others: against the plain model {gaps} (by the variance in training).")
        )  # fmt: skip
        found.append(text.format(gaps=_listed(clean)))
    if under:
        text = (
            _("Tested under noise, training with noise pays: each model at its own variance, against the plain model {gaps}.")
            if all(gap > 0 for gap in under.values())
            else _("Tested under noise, training with noise brings nothing: each model at its own variance, against the plain model {gaps}.")
            if all(gap <= 0 for gap in under.values())
            else _("Tested under noise, training with noise pays for some models only: each model at its own variance, against the plain model {gaps}.")
        )  # fmt: skip
        found.append(text.format(gaps=_listed(under)))
    return found


def against_baselines(noisy: Mapping[float, Curve], baselines: Mapping[str, Curve]) -> list[str]:
    """The noise-regularised models, by their variance, at their own variance beside each baseline."""
    names = {LINEAR: _("the optimal linear code [@lee1976]"), AVIF: _("AVIF at the channel's capacity [@shannon1949]")}
    found = []
    for label, baseline in baselines.items():
        gaps = {v: _gap(curve, baseline, v) for v, curve in noisy.items() if v in curve and v in baseline}
        if gaps:
            text = (
                _("Every model is better than {baseline} at its own variance: {gaps}.")
                if all(gap > 0 for gap in gaps.values())
                else _("No model is better than {baseline} at its own variance: {gaps}.")
                if all(gap <= 0 for gap in gaps.values())
                else _("Some models are better than {baseline} at their own variance, others are not: {gaps}.")
            )
            found.append(text.format(baseline=names[label], gaps=_listed(gaps)))
    return found


def _gap(curve: Curve, other: Curve, variance: float) -> float:
    """In dB, of the figures rounded as they are shown."""
    return round(curve[variance].psnr_db, 2) - round(other[variance].psnr_db, 2)


def _listed(gaps: Mapping[float, float]) -> str:
    return list_of(
        _("{gap} dB ({variance})").format(gap=signed(gap, 2), variance=number(v, 2)) for v, gap in gaps.items()
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


def coarse_share(change: Tensor, block_px: int) -> tuple[float, float]:
    """The share of a change's energy (B, C, H, W) that is left when blocks of block_px × block_px are averaged, and that of independent
    pixels."""
    energy = change.square().mean()
    pooled = torch.nn.functional.avg_pool2d(change, block_px).square().mean()
    return (float(pooled / energy) if energy else 0.0), 1 / block_px**2
