"""What the photos' items show, in sentences drawn from measured figures: other figures make other sentences."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from aemodels.data.words import Words
from aemodels.language import _, ngettext, number, percent, signed
from aemodels.quality import generation

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
        "The difference between neighbouring pixels is {share} of that in the originals: {what}. Of the error's "
        "energy, {fine} is finer than blocks of {block}×{block} px."
    ).format(share=percent(share), what=what, fine=percent(fine_error), block=block_px)


def of_channels(power: Tensor) -> list[str]:
    """Which channels carry most and least of the power of codes, the mean square (num_codes, C) of each channel; nothing where there is
    one channel, or no power."""
    num_codes, num_channels = power.shape
    shares = power.mean(0) / power.mean(0).sum()
    if num_channels < 2 or not shares.isfinite().all():
        return []
    return [
        ngettext(
            "Of the power of this code, channel {strongest} carries the most, {most}, and channel {weakest} the least, {least}; an equal share "
            "would be {equal}.",
            "Of the power of {num} codes, channel {strongest} carries the most, {most}, and channel {weakest} the least, {least}; an equal share "
            "would be {equal}.",
            num_codes,
        ).format(
            num=number(num_codes),
            strongest=int(shares.argmax()) + 1,
            most=percent(shares.max().item(), 1),
            weakest=int(shares.argmin()) + 1,
            least=percent(shares.min().item(), 1),
            equal=percent(1 / num_channels, 1),
        )
    ]


def of_gaussian(rank: int, num_elements: int, num_codes: int, effective: float, kurtosis: float) -> list[str]:
    """What a Gaussian knows of codes: its rank, over how many equal directions they are spread in effect, and their mean excess
    kurtosis."""
    found = (
        _("{num} codes span only {rank} of the {all} directions: the covariance is not of full rank, and every sample lies in the space that these codes span.")
        if rank < num_elements
        else _("{num} codes span all {all} directions: the covariance has full rank.")
    )  # fmt: skip
    form = (
        _("Single elements of these {num} codes have heavier tails than a Gaussian: their mean excess kurtosis is {kurtosis} (0 for a Gaussian).")
        if kurtosis > 0.1
        else _("Single elements of these {num} codes have lighter tails than a Gaussian: their mean excess kurtosis is {kurtosis} (0 for a Gaussian).")
        if kurtosis < -0.1
        else _("Each single element of these {num} codes is nearly Gaussian (mean excess kurtosis {kurtosis}, 0 for a Gaussian), so what is missing is how elements go together beyond pairs.")
    )  # fmt: skip
    return [
        found.format(num=number(num_codes), rank=number(rank), all=number(num_elements)),
        (
            _("The variance of these {num} codes lies along one direction alone, in effect (participation ratio 1).")
            if round(effective) == 1
            else _(
                "The variance of these {num} codes is spread as over {effective} equal directions (participation ratio)."
            )
        ).format(num=number(num_codes), effective=number(effective)),
        form.format(num=number(num_codes), kurtosis=signed(kurtosis, 2)),
    ]


def of_distance(distance: float, spacing: float) -> str:
    """How far samples are from the nearest real code, beside how far real codes are from one another (Euclidean distances)."""
    text = (
        _("A sample lies {distance} from the nearest real code, and a real code {spacing} from its nearest other one. So a sample is farther from real codes than they are from each other.")
        if distance > spacing * (1 + EVEN)
        else _("A sample lies {distance} from the nearest real code, and a real code {spacing} from its nearest other one. So a sample is nearer to real codes than they are to each other.")
        if distance < spacing * (1 - EVEN)
        else _("A sample lies {distance} from the nearest real code, and a real code {spacing} from its nearest other one. By distance alone, samples look like real codes.")
    )  # fmt: skip
    return text.format(distance=number(distance, 1), spacing=number(spacing, 1))


def of_sample_detail(share: float) -> str:
    """Fine detail of samples, as a share of that of decoded real codes."""
    text = (
        _("Samples have less fine detail than decoded real codes: {share} of it.")
        if share < 1 - EVEN
        else _("Samples have more fine detail than decoded real codes: {share} of it.")
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
    coverage = _(
        "{covered} of real {many} have a sample near them, {rebuilt_covered} have a reconstruction near them (coverage [@naeem2020])."
    )
    return [distance.format(**figures), coverage.format(**figures)]
