"""What the page on noise says of its channel: gaps to the baselines, findings and the power audit, all from measured figures."""

from collections.abc import Mapping, Sequence
from typing import Any

from aemodels.language import N_, _, all_of, list_of, number, sentences
from aemodels.noise import snr_db
from aemodels.report import psnr_matrix
from aemodels.report.psnr_matrix import AVIF, BASELINES, LAB_VARIANCES, LINEAR, VVC, Curve, Gap, Score, gap
from pages.parts.shared import markdown

ABOUT_PSNR = {
    "psnr_db": N_(
        "PSNR = 10·log10(max(x)² / MSE), max(x) = 1.0, MSE over all pixels and channels of one {one}; the mean over {number} test {many}."
    ),
    "psnr_of_mean_mse_db": N_(
        "PSNR = 10·log10(max(x)² / MSE), max(x) = 1.0, MSE over all pixels and channels of all {number} test {many} together."
    ),
}
GAPS = {LINEAR: N_("{gap} linear"), AVIF: N_("{gap} AVIF"), VVC: N_("{gap} VVC")}

Evaluations = Sequence[Mapping[str, Any]]


def about_baselines(baselines: Mapping[str, Any], num_uses: int) -> str:
    """What the baselines are and on what they were measured, for those that are there, a paragraph each; num_uses: numbers of a code."""
    linear, at_capacity = [], []
    if baselines.get("linear_code"):
        linear.append(
            _(
                "{baseline}: no network, but the best linear encoder and decoder for this noise. It keeps {number} "
                "principal components of the training images, and shares out the power among them so that the error is smallest (water-filling)."
            ).format(baseline=_(LINEAR), number=number(baselines["num_components"]))
        )
        powers = [row["code_power"] for row in baselines["linear_code"] if row.get("noise_power")]
        if powers:
            linear.append(
                _("Its power is 1 on the training images, and {least} to {most} on the test images.").format(
                    least=number(min(powers), 3), most=number(max(powers), 3)
                )
            )
    codecs = [label for label in (AVIF, VVC) if baselines.get(BASELINES[label])]
    if codecs:
        at = {row["noise_variance"]: row for row in baselines[BASELINES[codecs[0]]]}
        variances = [v for v in LAB_VARIANCES if v in at]
        at_capacity.append(
            _(
                "{baselines}: the codec stores each image as the best picture that it can make in as many bytes as the channel can carry "
                "without error. A code of {num_uses} numbers uses the channel {num_uses} times. That makes {budgets} bytes at noise "
                "variance {variances}. Bytes that are the same for every image, such as a header, are not counted."
            ).format(
                baselines=all_of(map(_, codecs)),
                num_uses=number(num_uses),
                budgets=list_of(str(at[v]["budget_bytes"]) for v in variances),
                variances=list_of(number(v, 2) for v in variances),
            )
        )
    at_capacity += psnr_matrix.measured_in_part(baselines)
    return "\n\n".join(sentences(paragraph) for paragraph in (linear, at_capacity) if paragraph)


def cell(score: Score | None, references: Mapping[str, Curve], variance: float) -> str:
    """A model's score at one variance, and how far it is above each baseline there, of the figures as they are shown; where the window
    is narrow, no line ends within one of them."""
    if score is None:
        return "–"
    gaps = [
        _together(_(GAPS[label]).format(gap=gap(score, scores[variance])))
        for label, scores in references.items()
        if variance in scores
    ]
    score = _together(str(score))
    return _("**{score}** ({gaps})").format(score=score, gaps=list_of(gaps)) if gaps else f"**{score}**"


def _together(text: str) -> str:
    return text.replace(" ", "\xa0")


def findings(
    models: Mapping[str, Curve], references: Mapping[str, Curve], own: Mapping[str, float], plain_name: str | None
) -> list[str]:
    """Sentences for "What to notice"; `own` is the variance that each noise-regularised model was trained at, plain_name the model
    without noise that they are held against; all by what they are called on the page."""
    points = []
    if not own:
        return points
    if _each_best_at_its_own(models, own):
        points.append(_("**Each model is the best one under the noise that it was trained with.**"))
    plain = {plain_name: models[plain_name]} if plain_name in models else {}
    lines = []
    for label, scores in {**references, **plain}.items():
        gaps = {m: gap(models[m][v], scores[v]) for m, v in own.items() if v in scores and v in models[m]}
        if gaps:
            other = markdown.literal(f"“{label}”" if label in plain else psnr_matrix.name(label))
            lines.append(_("{name}: {value}").format(name=other, value=_listed(gaps, own)))
    if lines:
        at_own = _(
            "Each model under the noise of its training (in brackets the variance of that noise), compared with:"
        )
        points.append("\n    - ".join([at_own, *lines]))
    for label, scores in plain.items():
        prices = {m: gap(models[m][0.0], scores[0.0]) for m in own}
        points.append(
            _("Tested without noise, each model compared with “{other}”: {prices}.").format(
                other=markdown.literal(label), prices=_listed(prices, own)
            )
        )
    if len(own) == 1:
        return points
    middle, variance = sorted(own.items(), key=lambda item: item[1])[len(own) // 2]
    behind = {
        m: gap(models[middle][v], models[m][v])
        for m, v in own.items()
        if m != middle and v in models[middle] and v in models[m]
    }
    if not behind:
        return points
    points.append(
        _(
            "Is one model enough? The one trained at variance {variance} is tested at the other variances, against "
            "the model that was trained at each: {gaps}."
        ).format(variance=number(variance, 2), gaps=_listed(behind, own))
    )
    return points


def _each_best_at_its_own(models: Mapping[str, Curve], own: Mapping[str, float]) -> bool:
    others = [(m, v, other) for m, v in own.items() for other in models if other != m and v in models[other]]
    return bool(others) and all(
        v in models[m] and models[m][v].psnr_db > models[other][v].psnr_db for m, v, other in others
    )


def audit(evaluations: Evaluations) -> dict[str, str]:
    """E[z²] and the measured noise variance at the lab's variances, as evaluated on the test images."""
    at = {row["noise_variance"]: row for row in evaluations if row.get("code_power")}
    powers = [number(at[v]["code_power"], 4) for v in LAB_VARIANCES if v in at]
    return {"E[z²]": powers[0] if powers else "–"} | {
        _("noise variance, asked {variance}").format(variance=number(v, 2)): number(
            at[v]["noise_power"] / at[v]["code_power"], 4
        )
        if v in at
        else "–"
        for v in LAB_VARIANCES
    }


def numbers(measured: Mapping[str, Evaluations], references: Mapping[str, Evaluations]) -> list[dict[str, Any]]:
    """Every figure of every evaluation as one line, for the CSV."""
    return [
        {"model": name, "snr_db": snr_db(row["noise_variance"]) if row["noise_variance"] else None} | dict(row)
        for name, rows in [*measured.items(), *references.items()]
        for row in rows
    ]


def _listed(gaps: Mapping[str, Gap], variances: Mapping[str, float]) -> str:
    """Gaps of models, each with the variance of the model's noise."""
    return list_of(
        _("**{gap} dB** ({variance})").format(gap=of_model, variance=number(variances[model], 2))
        for model, of_model in gaps.items()
    )
