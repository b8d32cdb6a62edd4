"""What the digits' items show, in sentences drawn from measured figures: other figures make other sentences."""

from collections.abc import Sequence
from math import hypot, isfinite

import numpy as np

from aemodels.codes import planes
from aemodels.codes.planes import PlaneStats
from aemodels.codes.survey import Survey
from aemodels.codes.twins import relative_width
from aemodels.language import _, number, percent
from aemodels.report.psnr_matrix import Score

SAME_WIDTH = 0.03  # of a width, and of a share of holes: what differs by less is called the same


def of_nine(psnr: Sequence[float]) -> str:
    """Which of a few rebuilt images is best and which worst."""
    best, worst = int(np.argmax(psnr)), int(np.argmin(psnr))
    return _(
        "Of the images shown, number {best} is rebuilt best ({high} dB) and number {worst} worst ({low} dB)."
    ).format(best=best + 1, high=number(psnr[best], 1), worst=worst + 1, low=number(psnr[worst], 1))


def of_classes(neighbour_accuracy: float, mixed: tuple[str, str, float] | None, class_: str) -> list[str]:
    """How well a plane tells the classes apart.

    mixed  the two classes that lie among each other most, and their share of all codes whose nearest one is of another class
    """
    found = [
        _(
            "For {share} of the test codes, the nearest other code is of the same {class_}, though the network never saw a label."
        ).format(share=percent(neighbour_accuracy, 1), class_=class_)
    ]
    if mixed:
        found.append(
            _(
                "The different classes that are most often neighbours are {a} and {b}: {share} of all such pairs."
            ).format(a=mixed[0], b=mixed[1], share=percent(mixed[2]))
        )
    return found


def denoised(before: float, after: float, factor: float, num: int) -> str:
    """What a denoiser makes of the images shown; PSNRs in dB."""
    gain = round(after, 1) - round(before, 1)
    text = (
        _("Noise of σ = {factor} leaves the {num} images shown {before} dB; the network gives {after} dB, {gain} dB more.")
        if gain > 0
        else _("Noise of σ = {factor} leaves the {num} images shown {before} dB; the network gives {after} dB, no more than that: it does not help.")
    )  # fmt: skip
    return text.format(
        factor=f"{factor:g}", num=number(num), before=number(before, 1), after=number(after, 1), gain=number(gain, 1)
    )


def against_linear(network: float, linear: float) -> str:
    """A denoiser beside the best linear one; PSNRs in dB."""
    gap = round(network, 2) - round(linear, 2)
    text = (
        _("The best linear denoiser (Wiener filter [@kay1993]) reaches {linear} dB, the network {network} dB: {gap} dB more. What makes the difference is not linear.")
        if gap > 0
        else _("The best linear denoiser (Wiener filter [@kay1993]) reaches {linear} dB, the network {network} dB: {gap} dB less, so the network brings nothing here.")
    )  # fmt: skip
    return text.format(linear=number(linear, 2), network=number(network, 2), gap=number(abs(gap), 2))


def of_bottleneck(wide: tuple[str, float], narrow: tuple[str, float]) -> str:
    """Two denoisers of different codes, each with its name and its PSNR in dB."""
    gap = round(wide[1], 2) - round(narrow[1], 2)
    text = (
        _("{narrow} reaches {low} dB, {gap} dB less than {wide}: the smaller code keeps less of the image.")
        if gap > 0
        else _("{narrow} reaches {low} dB, {gap} dB more than {wide}: the larger code does not help.")
    )  # fmt: skip
    return text.format(narrow=narrow[0], wide=wide[0], low=number(narrow[1], 2), gap=number(abs(gap), 2))


def of_noise_in_training(title: str, clean: float, noisy: float, factor: float) -> str:
    """PSNRs in dB over the test images of a denoiser, without noise and with that of its training."""
    drop = round(clean, 2) - round(noisy, 2)
    text = (
        _("{title} reaches {clean} dB on images without noise and {noisy} dB under noise of σ = {factor}: the noise costs {drop} dB.")
        if drop > 0
        else _("{title} reaches {clean} dB on images without noise and {noisy} dB under noise of σ = {factor}: the noise costs nothing.")
    )  # fmt: skip
    return text.format(
        title=title, clean=number(clean, 2), noisy=number(noisy, 2), factor=f"{factor:g}", drop=number(abs(drop), 2)
    )


def uniform_sampling(
    survey: Survey, holes_hit: int, num_samples: int, classes: Sequence[str], test_shares: np.ndarray
) -> list[str]:
    """What uniform sampling of a plane gives, and where it fails.

    holes_hit    how many of the samples shown fall into a hole
    test_shares  (K,) share of the test images that are of each class
    """
    found = [
        _(
            "{share} of the box is hole: hardly a code lies there. Of the {num} uniform samples shown, {hit} fall into a hole."
        ).format(share=percent(survey.hole_share), num=number(num_samples), hit=number(holes_hit))
    ]
    dense, hole = survey.entropy["supported"], survey.entropy["hole"]
    if isfinite(dense) and isfinite(hole):
        text = (
            _("Pictures decoded in holes are less clear: their pixels have an entropy of {hole} nats, those of supported places {dense} (0 is pure black and white).")
            if hole > planes.GREYER_BY * dense
            else _("Pictures decoded in holes are as clear as others: their pixels have an entropy of {hole} nats, those of supported places {dense} (0 is pure black and white).")
        )  # fmt: skip
        found.append(text.format(hole=number(hole, 3), dense=number(dense, 3)))
    if not isfinite(survey.border_share):
        return found
    border, inside = survey.border_entropy, survey.inside_entropy
    if isfinite(border) and isfinite(inside):
        text = (
            _("{share} of the box lies between classes: of the ten nearest codes, fewer than eight are of one. There pictures are mixtures, and less clear ({border} nats, elsewhere {inside}).")
            if border > planes.GREYER_BY * inside
            else _("{share} of the box lies between classes: of the ten nearest codes, fewer than eight are of one. There pictures are as clear as elsewhere ({border} nats, elsewhere {inside}).")
        )  # fmt: skip
        found.append(
            text.format(share=percent(survey.border_share), border=number(border, 3), inside=number(inside, 3))
        )
    most, least = int(survey.class_shares.argmax()), int(survey.class_shares.argmin())
    found.append(
        _(
            "Uniform samples are not as the data are: {most} takes {most_share} of the box and is {most_test} of the test images, {least} takes "
            "{least_share} and is {least_test}."
        ).format(
            most=classes[most],
            most_share=percent(survey.class_shares[most]),
            most_test=percent(test_shares[most]),
            least=classes[least],
            least_share=percent(survey.class_shares[least]),
            least_test=percent(test_shares[least]),
        )
    )
    return found


def width(title: str, stats: PlaneStats, of_plain: PlaneStats) -> str:
    """How wide a cloud of codes is beside the plain model's."""
    spread, plain = stats.spread, of_plain.spread
    figures = {"title": title, **{key: number(v, 2) for key, v in zip("abcd", (*spread, *plain), strict=True)}}
    times = relative_width(spread, plain)
    if not isfinite(times):
        return _(
            "{title}: the codes spread {a} × {b} (standard deviations), those of the plain model {c} × {d}."
        ).format(**figures)
    text = (
        _("{title}: the codes spread {a} × {b} (standard deviations) instead of {c} × {d}: the plane is narrower, {times} times as wide.")
        if times < 1 - SAME_WIDTH
        else _("{title}: the codes spread {a} × {b} (standard deviations) instead of {c} × {d}: the plane is wider, {times} times as wide.")
        if times > 1 + SAME_WIDTH
        else _("{title}: the codes spread {a} × {b} (standard deviations) instead of {c} × {d}: the plane is as wide as before ({times} times).")
    )  # fmt: skip
    return text.format(times=number(times, 2), **figures)


def holes(title: str, share: float, of_plain: float) -> str:
    """The share of a plane's box that is hole, beside the plain model's."""
    figures = {"title": title, "before": percent(of_plain), "after": percent(share)}
    text = (
        _("{title}: less of the box is hole, {after} instead of {before}, so fewer uniform samples fall into one.")
        if share < of_plain - SAME_WIDTH
        else _("{title}: more of the box is hole, {after} instead of {before}, so more uniform samples fall into one.")
        if share > of_plain + SAME_WIDTH
        else _("{title}: about as much of the box is hole, {after} instead of {before}: uniform sampling gains nothing.")
    )  # fmt: skip
    return text.format(**figures)


def separation(title: str, accuracy: float, of_plain: float, class_: str) -> str:
    """The share of codes whose nearest other one is of the same class, beside the plain model's."""
    gap = round(accuracy, 3) - round(of_plain, 3)
    text = (
        _("{title}: the nearest other code is more often of the same {class_}, {after} instead of {before}.")
        if gap > 0.005
        else _("{title}: the nearest other code is less often of the same {class_}, {after} instead of {before}.")
        if gap < -0.005
        else _("{title}: the nearest other code is of the same {class_} as often as before, {after} instead of {before}.")
    )  # fmt: skip
    return text.format(title=title, class_=class_, after=percent(accuracy, 1), before=percent(of_plain, 1))


def fidelity(title: str, score: Score, of_plain: Score) -> str:
    """The mean PSNR beside the plain model's, and whether the intervals tell them apart."""
    gap = round(score.psnr_db, 2) - round(of_plain.psnr_db, 2)
    margin = hypot(score.ci95, of_plain.ci95)
    figures = {
        "title": title,
        "after": number(score.psnr_db, 2),
        "before": number(of_plain.psnr_db, 2),
        "gap": number(abs(gap), 2),
        "margin": number(margin, 2),
    }
    text = (
        _("{title}: reconstructions are worse by {gap} dB ({after} instead of {before} dB): regularising has its price.")
        if gap < -margin
        else _("{title}: reconstructions are better by {gap} dB ({after} instead of {before} dB).")
        if gap > margin
        else _("{title}: reconstructions are as good as before, {after} instead of {before} dB; the 95% intervals allow a difference of {margin} dB by chance.")
    )  # fmt: skip
    return text.format(**figures)


def weights(title: str, rms: float, of_plain: float, num_scale_free: int, num_matrices: int) -> str:
    """The size of the weights beside the plain model's, and how many of the matrices have a scale that counts for nothing."""
    figures = {
        "title": title,
        "after": number(rms, 3),
        "before": number(of_plain, 3),
        "followed": number(num_scale_free),
        "num": number(num_matrices),
    }
    text = (
        _(
            "{title}: the weights are smaller, {after} instead of {before} (root mean square). But {followed} of the {num} weight matrices are "
            "followed by a LayerNorm, which divides their scale out again [@laarhoven2017]."
        )
        if round(rms, 3) < round(of_plain, 3)
        else _("{title}: the weights are no smaller, {after} instead of {before} (root mean square).")
    )
    return text.format(**figures)


def of_prior(title: str, hole_share: float, of_plain: float, kl_nats: float, one: str) -> str:
    """How a model with a prior is sampled from N(0, I), beside the plain model; kl_nats: what its codes cost."""
    figures = {"title": title, "after": percent(hole_share, 1), "before": percent(of_plain, 1), "one": one}
    text = (
        _("{title}: of the draws from N(0, I), {after} fall into a hole; of the plain model's plane {before}. So one can sample without a box. The price is a KL divergence of {kl} nats per {one}.")
        if hole_share < of_plain
        else _("{title}: of the draws from N(0, I), {after} fall into a hole; of the plain model's plane {before}. So the prior brings nothing, though it costs a KL divergence of {kl} nats per {one}.")
    )  # fmt: skip
    return text.format(kl=number(kl_nats, 2), **figures)
