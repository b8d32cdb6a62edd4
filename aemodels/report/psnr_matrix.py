"""PSNR against the noise variance while testing: one curve a model, one a baseline, as a chart."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import sqrt
from typing import Any

from torch import Tensor

from aemodels.language import N_, _, list_of, number, sentences, signed, with_interval
from aemodels.noise import snr_db
from aemodels.quality import pairs
from aemodels.report.charts import plotly_text
from aemodels.report.figures import LIGHT, PALETTE, Ink

# Key of an evaluation's figure -> what it is called.
CONVENTIONS = {"psnr_db": N_("Mean of the photos' PSNRs"), "psnr_of_mean_mse_db": N_("PSNR of the mean MSE")}
LAB_VARIANCES = (0.05, 0.10, 0.15)
LINEAR, AVIF, VVC = N_("PCA, optimal linear code"), N_("AVIF at channel capacity"), N_("VVC at channel capacity")
BASELINES = {LINEAR: "linear_code", AVIF: "avif", VVC: "vvc"}  # label -> key in baselines.json
# Key -> what carries the figures of a part of the images over to all.
CARRIERS = {"linear_code": N_("the linear code"), "avif_quick": N_("the faster AVIF encoder")}
LINES = {LINEAR: (PALETTE[8], "dash"), AVIF: (PALETTE[9], "dot"), VVC: (PALETTE[7], "dashdot")}
LABEL_SHARE = 0.12  # of the axis: the least distance of two numbers on it


@dataclass(frozen=True)
class Score:
    """PSNR in dB and the half-width of its 95% interval.

    errors      mean squared error (N,) of each image, where that was kept
    convention  a key of CONVENTIONS
    """

    psnr_db: float
    ci95: float
    errors: Tensor | None = field(default=None, repr=False, compare=False)
    convention: str = "psnr_db"

    def __str__(self) -> str:
        return with_interval(f"{self.psnr_db:.2f}", f"{self.ci95:.2f}")


Curve = Mapping[float, Score]  # by noise variance, rising


@dataclass(frozen=True)
class Gap:
    """By how many dB one score is above another, and the half-width of its 95% interval; None where the errors of single images were
    not kept of both."""

    db: float
    ci95: float | None = None

    @property
    def is_better(self) -> bool:
        """Whether the first score is above the other by more than may be chance."""
        return self.db > (self.ci95 or 0)

    def __str__(self) -> str:
        db = signed(self.db, 2)
        return db if self.ci95 is None else with_interval(db, number(self.ci95, 2))


def gap(score: Score, other: Score) -> Gap:
    """Of the figures rounded as they are shown, what a reader gets who subtracts them; of the images in common where one of the two was
    measured on fewer."""
    shown = round(score.psnr_db, 2) - round(other.psnr_db, 2)
    if score.errors is None or other.errors is None:
        return Gap(shown)
    common = pairs.in_common(score.errors, other.errors)
    if common.sum() < 2:
        return Gap(shown)
    db, ci95 = pairs.difference(score.errors, other.errors, score.convention)
    return Gap(shown if common.all() else db, ci95)


def about_gaps(curves: Mapping[str, Curve], photos: str) -> str:
    """What stands behind the ± of gaps between these, in sentences; empty where no two can be compared image by image."""
    errors = [[score.errors for score in scores.values() if score.errors is not None] for scores in curves.values()]
    if sum(map(bool, errors)) < 2:
        return ""
    text = [
        _(
            "± after a difference is the 95% interval of that difference. Both are tested on the same {photos} and compared one by one, so it is "
            "narrower than those of the means."
        )
    ]
    if any(e.isnan().any() for of_one in errors for e in of_one):
        text.append(
            _("Where one of the two was measured on a part of the {photos}, it is the difference on that part.")
        )
    return sentences(part.format(photos=photos) for part in text)


def curve(
    evaluations: Sequence[Mapping[str, Any]], convention: str, errors: Mapping[float, Tensor] | None = None
) -> Curve:
    """What evaluations of metrics.evaluate without noise on the input say in this convention, a key of CONVENTIONS.

    errors  by noise variance, the mean squared error of each image, where they were kept
    """
    rows = sorted((row for row in evaluations if not row.get("noise_factor")), key=lambda row: row["noise_variance"])
    errors = errors or {}
    return {
        row["noise_variance"]: Score(
            row[convention], row[f"{convention}_ci95"], errors.get(row["noise_variance"]), convention
        )
        for row in rows
    }


def baseline_curves(
    baselines: Mapping[str, Any], convention: str, errors: Mapping[str, Mapping[float, Tensor]] | None = None
) -> dict[str, Curve]:
    """Those of the baselines, as baselines.json holds them, that have been measured, by their label, a key of BASELINES.

    errors  those of each baseline, by its key in baselines.json
    """
    curves = {
        label: curve(baselines.get(key, []), convention, (errors or {}).get(key)) for label, key in BASELINES.items()
    }
    return {label: scores for label, scores in curves.items() if scores}


def measured_in_part(baselines: Mapping[str, Any]) -> list[str]:
    """What of the baselines, as baselines.json holds them, was not measured on every test image: a sentence or two for all that were
    measured alike."""
    alike: dict[tuple[str | None, int], list[str]] = {}
    for label, key in BASELINES.items():
        row = next(iter(baselines.get(key, [])), {})
        if row.get("num_images", 0) < (total := row.get("num_test_images", 0)):
            part = _("{baseline} on {number}").format(baseline=_(label), number=number(row["num_images"]))
            alike.setdefault((row.get("beside"), total), []).append(part)
    told = []
    for (beside, total), parts in alike.items():
        text = (
            _(
                "Measured on only some of the {total} test images, drawn at random: {parts}. The mean over all is an estimate: on "
                "these images each codec is compared with {other}, which was measured on all, and the difference is added to the mean of {other} over all."
            )
            if beside
            else _("Measured on only some of the {total} test images, drawn at random: {parts}.")
        )
        other = _(CARRIERS[beside]) if beside else ""
        told.append(text.format(total=number(total), parts=list_of(parts), other=other))
    return told


def name(label: str) -> str:
    """What a model or baseline is called where people read it: a baseline in the language that is spoken."""
    return _(label) if label in BASELINES else label


def table(curves: Mapping[str, Curve]) -> list[dict[str, str | float | None]]:
    """PSNR in dB without noise and at the lab's variances, and the half-width of its 95% interval, one line a model or baseline."""
    rows = []
    for label, scores in curves.items():
        row: dict[str, str | float | None] = {"model": name(label)}
        for variance in (0.0, *LAB_VARIANCES):
            key, score = f"psnr_db_at_variance_{variance:.2f}", scores.get(variance)
            row |= {key: score and score.psnr_db, f"{key}_ci95": score and score.ci95}
        rows.append(row)
    return rows


def chart(models: Mapping[str, Curve], baselines: Mapping[str, Curve], y_title: str, ink: Ink = LIGHT):
    """Curves with 95% intervals over the noise variance, below, and the channel's SNR, on top. Returns a plotly Figure.

    The axis is spaced by σ, which keeps small variances apart and still has a place for none. Variances too near to the one
    before have a line but no number, so that the numbers have room on a phone.
    """
    from aemodels.report.plotly_objects import go

    figure = go.Figure()
    for i, (key, scores) in enumerate([*models.items(), *baselines.items()]):
        is_model = key in models
        legend = plotly_text(name(key))
        colour, dash = (PALETTE[i % 8], "solid") if is_model else LINES[key]
        figure.add_scatter(
            x=[sqrt(variance) for variance in scores],
            y=[score.psnr_db for score in scores.values()],
            error_y={"array": [score.ci95 for score in scores.values()], "thickness": 2, "width": 6},
            text=[
                _("{noise}: {psnr} dB").format(noise=label(variance), psnr=score) for variance, score in scores.items()
            ],
            hovertemplate=f"%{{text}}<extra>{legend}</extra>",
            name=legend,
            mode="lines+markers" if is_model else "lines",
            line={"color": colour, "width": 3, "dash": dash},
            marker={"size": 9, "symbol": ("circle", "square", "diamond", "triangle-up")[i % 4]},
        )
    variances = sorted({variance for scores in [*models.values(), *baselines.values()] for variance in scores})
    ticks = [sqrt(variance) for variance in variances]
    numbered: list[float] = []
    for variance, tick in zip(variances, ticks, strict=True):
        if not numbered or tick - sqrt(numbered[-1]) > LABEL_SHARE * ticks[-1]:
            numbered.append(variance)
    axis = {
        "range": [-0.03 * ticks[-1], 1.04 * ticks[-1]],
        "tickvals": ticks,
        "tickfont": {"size": 15, "color": ink.text},
        "tickangle": 0,
        "title": {"font": {"size": 17, "color": ink.text}},
        "zeroline": False,
    }
    figure.add_scatter(x=[None], y=[None], xaxis="x2", showlegend=False)  # plotly draws no axis without a trace
    figure.update_layout(
        height=510,
        margin={"l": 8, "r": 8, "t": 8, "b": 8},
        xaxis=axis | {"ticktext": [f"{v:g}" if v in numbered else "" for v in variances]},
        xaxis2=axis
        | {
            "ticktext": [_snr(v) if v in numbered else "" for v in variances],
            "overlaying": "x",
            "side": "top",
        },
        yaxis={key: axis[key] for key in ("tickfont", "title")},
        legend={
            "font": {"size": 16, "color": ink.text},
            "orientation": "h",
            "yref": "container",
            "yanchor": "bottom",
            "y": 0,
            "x": 0,
        },
        hovermode="closest",
    )
    figure.layout.yaxis.title.text = y_title
    figure.layout.xaxis.title.text = _("noise variance while testing")
    figure.layout.xaxis2.title.text = _("channel SNR / dB")
    return figure


def label(variance: float) -> str:
    """ "variance 0.05 (13.0 dB)", or "no noise"."""
    if not variance:
        return _("no noise")
    return _("variance {variance} ({snr} dB)").format(variance=number(variance, 2), snr=_snr(variance))


def _snr(variance: float) -> str:
    """In dB."""
    return number(snr_db(variance), 1) if variance else "∞"
