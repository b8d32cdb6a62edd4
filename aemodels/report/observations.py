"""What the digits' items show, in sentences drawn from measured figures: other figures make other sentences."""

from collections.abc import Mapping, Sequence
from math import hypot, isfinite

import numpy as np

from aemodels.codes import planes
from aemodels.codes.planes import PlaneStats
from aemodels.codes.survey import Survey
from aemodels.codes.twins import relative_width
from aemodels.language import _, figures_of, ngettext, number, percent
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


def denoised(title: str, before: float, after: float, factor: float, num: int) -> str:
    """What a denoiser makes of the images shown; PSNRs in dB. Here and below: title as in a sentence."""
    gain = round(after, 1) - round(before, 1)
    text = (
        _("With noise of σ = {factor} the {num} images shown have {before} dB; {title} brings them to {after} dB, {gain} dB more.")
        if gain > 0
        else _("With noise of σ = {factor} the {num} images shown have {before} dB; after {title} they have {after} dB, no more than before: it does not help.")
    )  # fmt: skip
    return text.format(
        title=title,
        factor=f"{factor:g}",
        num=number(num),
        before=number(before, 1),
        after=number(after, 1),
        gain=number(gain, 1),
    )


def against_linear(title: str, network: float, linear: float) -> str:
    """A denoiser beside the best linear one; PSNRs in dB."""
    gap = round(network, 2) - round(linear, 2)
    text = (
        _("On one test image in twenty, the best linear denoiser (Wiener filter [@kay1993]) reaches {linear} dB, {title} {network} dB: {gap} dB more.")
        if gap > 0
        else _("On one test image in twenty, the best linear denoiser (Wiener filter [@kay1993]) reaches {linear} dB, {title} {network} dB: {gap} dB less.")
    )  # fmt: skip
    return text.format(title=title, linear=number(linear, 2), network=number(network, 2), gap=number(abs(gap), 2))


def of_bottleneck(wide: tuple[str, float], narrow: tuple[str, float]) -> str:
    """Two denoisers of different codes, each with its name and its PSNR in dB."""
    gap = round(wide[1], 2) - round(narrow[1], 2)
    text = (
        _("{narrow} reaches {low} dB, {gap} dB less than {wide}.")
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


def greyness(hole: float, supported: float) -> str:
    """How grey the pictures decoded in holes of a plane are beside those at supported places: the mean entropy of their pixels, in nats."""
    hole, supported = round(hole, 3), round(supported, 3)
    text = (
        _("Images decoded in holes are greyer than those at supported places: pixel entropy {hole} against {well} nats (0 is pure black and white).")
        if hole > planes.GREYER_BY * supported
        else _("Images decoded in holes are less grey than those at supported places: pixel entropy {hole} against {well} nats (0 is pure black and white).")
        if supported > planes.GREYER_BY * hole
        else _("Images decoded in holes are about as grey as those at supported places: pixel entropy {hole} against {well} nats (0 is pure black and white).")
    )  # fmt: skip
    return text.format(hole=number(hole, 3), well=number(supported, 3))


def uniform_sampling(
    survey: Survey, holes_hit: int, num_samples: int, classes: Sequence[str], test_shares: np.ndarray
) -> list[str]:
    """What uniform sampling of a plane gives, and where it fails.

    holes_hit    how many of the samples shown fall into a hole
    test_shares  (K,) share of the test images that are of each class
    """
    found = [
        ngettext(
            "{share} of the box is hole: hardly a code lies there. Of the {num} uniform samples shown, {hit} falls into a hole.",
            "{share} of the box is hole: hardly a code lies there. Of the {num} uniform samples shown, {hit} fall into a hole.",
            holes_hit,
        ).format(share=percent(survey.hole_share), num=number(num_samples), hit=number(holes_hit))
    ]
    dense, hole = survey.entropy["supported"], survey.entropy["hole"]
    if isfinite(dense) and isfinite(hole):
        found.append(greyness(hole, dense))
    if not isfinite(survey.border_share):
        return found
    border, inside = survey.border_entropy, survey.inside_entropy
    if isfinite(border) and isfinite(inside):
        text = (
            _("{share} of the box lies between classes: there, fewer than eight of the ten nearest codes are of one class. Pictures decoded there are less clear ({border} nats, elsewhere {inside}).")
            if border > planes.GREYER_BY * inside
            else _("{share} of the box lies between classes: there, fewer than eight of the ten nearest codes are of one class. Pictures decoded there are as clear as elsewhere ({border} nats, elsewhere {inside}).")
        )  # fmt: skip
        found.append(
            text.format(share=percent(survey.border_share), border=number(border, 3), inside=number(inside, 3))
        )
    most, least = int(survey.class_shares.argmax()), int(survey.class_shares.argmin())
    found.append(
        _(
            "“{most}” takes the most room: at {most_share} of the places on a fine grid over the box the nearest code is of this class; "
            "{most_test} of the test images are. “{least}” takes the least: {least_share} of the places, {least_test} of the test images."
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


def widths(stats: Mapping[str, PlaneStats], of_plain: PlaneStats) -> list[str]:
    """How wide each cloud of codes is, by what its model is called, beside the plain model's. Here and below: one sentence for all that
    differ from it alike."""
    found: dict[str, dict[str, str]] = {}
    for title, of_model in stats.items():
        times = relative_width(of_model.spread, of_plain.spread)
        text = (
            _("The codes of the plain model spread {plain} (standard deviations), those of the others: {models}.")
            if not isfinite(times)
            else _(
                "Planes narrower than the plain model's, whose codes spread {plain} (standard deviations): {models}."
            )
            if times < 1 - SAME_WIDTH
            else _("Planes wider than the plain model's, whose codes spread {plain} (standard deviations): {models}.")
            if times > 1 + SAME_WIDTH
            else _(
                "Planes about as wide as the plain model's, whose codes spread {plain} (standard deviations): {models}."
            )
        )
        figure = _("{times} times as wide at {size}") if isfinite(times) else "{size}"
        found.setdefault(text, {})[title] = figure.format(size=_size(of_model), times=number(times, 2))
    return _told(found, plain=_size(of_plain))


def _size(stats: PlaneStats) -> str:
    return " × ".join(number(value, 2) for value in stats.spread)


def _told(found: Mapping[str, Mapping[str, str]], **figures: str) -> list[str]:
    """Each sentence with the figures of its models, by what they are called."""
    return [text.format(models=figures_of(of), **figures) for text, of in found.items()]


def holes(shares: Mapping[str, float], of_plain: float) -> list[str]:
    """The share of each plane's box that is hole, beside the plain model's."""
    found: dict[str, dict[str, str]] = {}
    for title, share in shares.items():
        text = (
            _("Less of the box is hole than in the plain model's plane ({plain}), so fewer uniform samples fall into one: {models}.")
            if share < of_plain - SAME_WIDTH
            else _("More of the box is hole than in the plain model's plane ({plain}), so more uniform samples fall into one: {models}.")
            if share > of_plain + SAME_WIDTH
            else _("About as much of the box is hole as in the plain model's plane ({plain}), so uniform sampling gains nothing: {models}.")
        )  # fmt: skip
        found.setdefault(text, {})[title] = percent(share)
    return _told(found, plain=percent(of_plain))


def separation(accuracies: Mapping[str, float], of_plain: float, class_: str) -> list[str]:
    """The share of codes whose nearest other one is of the same class, beside the plain model's."""
    found: dict[str, dict[str, str]] = {}
    for title, accuracy in accuracies.items():
        gap = round(accuracy, 3) - round(of_plain, 3)
        text = (
            _("The nearest other code is of the same {class_} more often than in the plain model's plane ({plain}): {models}.")
            if gap > 0.005
            else _("The nearest other code is of the same {class_} less often than in the plain model's plane ({plain}): {models}.")
            if gap < -0.005
            else _("The nearest other code is of the same {class_} about as often as in the plain model's plane ({plain}): {models}.")
        )  # fmt: skip
        found.setdefault(text, {})[title] = percent(accuracy, 1)
    return _told(found, plain=percent(of_plain, 1), class_=class_)


def fidelity(scores: Mapping[str, Score], of_plain: Score) -> list[str]:
    """Each mean PSNR beside the plain model's, and whether the intervals tell them apart."""
    found: dict[str, dict[str, str]] = {}
    for title, score in scores.items():
        gap, margin = round(score.psnr_db, 2) - round(of_plain.psnr_db, 2), hypot(score.ci95, of_plain.ci95)
        text = (
            _("Reconstructions are worse than the plain model's ({plain} dB): {models}.")
            if gap < -margin
            else _("Reconstructions are better than the plain model's ({plain} dB): {models}.")
            if gap > margin
            else _("Reconstructions are as good as the plain model's ({plain} dB), for the 95% intervals do not tell them apart: {models}.")
        )  # fmt: skip
        found.setdefault(text, {})[title] = _("{psnr} dB").format(psnr=number(score.psnr_db, 2))
    return _told(found, plain=number(of_plain.psnr_db, 2))


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
            "{title}: the weights are smaller, {after} instead of {before} (root mean square). But a LayerNorm after a weight matrix divides its "
            "scale out again [@laarhoven2017], and one stands after {followed} of the {num} matrices."
        )
        if round(rms, 3) < round(of_plain, 3)
        else _("{title}: the weights are no smaller, {after} instead of {before} (root mean square).")
    )
    return text.format(**figures)


def of_prior(title: str, hole_share: float, of_plain: float, kl_nats: float, one: str) -> str:
    """How a model with a prior is sampled from N(0, I), beside the plain model; kl_nats: what its codes cost."""
    figures = {"title": title, "after": percent(hole_share, 1), "before": percent(of_plain, 1), "one": one}
    text = (
        _("{title}: of the draws from N(0, I), {after} fall into a hole; in the plain model's plane {before} do. So one can sample without a box. The price is a KL divergence of {kl} nats per {one}.")
        if round(hole_share, 3) < round(of_plain, 3)
        else _("{title}: of the draws from N(0, I), {after} fall into a hole; in the plain model's plane {before} do. So by this measure the prior brings nothing, though it costs a KL divergence of {kl} nats per {one}.")
    )  # fmt: skip
    return text.format(kl=number(kl_nats, 2), **figures)
