"""The chart of trained codes beside VVC over real channel codes, for the screen and for print, and its numbers."""

from collections.abc import Sequence

from PIL import Image

from aemodels.language import _, number, percent
from aemodels.noise import snr_db
from aemodels.report import charts, curves, figures
from aemodels.report.plotly_objects import go
from pages.parts.photos.cliff import Cliff
from pages.parts.shared.models import title

GREY = "#808080"

Line = tuple[Sequence[float], Sequence[float]]  # SNRs and PSNRs, in dB


def interactive(cliff: Cliff) -> go.Figure:
    """On the screen: solid lines with dots for models, dashed ones for codes in the colour of the model of their noise."""
    models, codes, bound = _models(cliff), _codes(cliff), _bound(cliff)
    colours, hover = _colours(cliff), "%{x:.1f} dB: %{y:.2f} dB"
    chart = charts.lines(models | codes | bound, _("channel SNR / dB"), _("mean PSNR / dB"))
    for line, name in zip(chart.data, [*models, *codes, *bound], strict=True):
        line.update(line_color=colours[name], marker_size=9, hovertemplate=f"{hover}<extra>{line.name}</extra>")
        if name in codes:
            line.update(line_dash="dash", mode="lines")
        if name in bound:
            line.update(line_dash="dot", marker_symbol="diamond")
    for line, failing in zip(chart.data[len(models) :], _failing(cliff), strict=False):
        line.update(text=failing, hovertemplate=f"{hover}, %{{text}}<extra>{line.name}</extra>")
    below = {"yref": "container", "yanchor": "bottom", "y": 0, "x": 0}
    chart.update_layout(height=510, hovermode="closest", legend=below)
    return chart


def panel(cliff: Cliff, width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    """The same for a file."""
    drawn = curves.Chart(
        _models(cliff) | _codes(cliff) | _bound(cliff),
        _("channel SNR / dB"),
        _("mean PSNR / dB"),
        dashed=frozenset([*_codes(cliff), *_bound(cliff)]),
        colours=_colours(cliff),
    )
    return curves.panel(drawn, width_px, ink, caption)


def rows(cliff: Cliff) -> list[dict[str, object]]:
    """Every point, a line of the CSV each."""
    models = [
        {"curve": name, "snr_db": snr_db(v), "psnr_db": score.psnr_db, "psnr_db_ci95": score.ci95}
        for name, curve in cliff.models.items()
        for v, score in curve.items()
    ]
    codes = [
        {
            "curve": _name_of_code(code.snr_db),
            "snr_db": trial.snr_db,
            "psnr_db": score.psnr_db,
            "psnr_db_ci95": score.ci95,
            "block_bytes": code.num_bytes,
            "blocks": trial.num_blocks,
            "failed_blocks": trial.num_failed,
        }
        for code in cliff.codes
        for trial, score in zip(code.trials, cliff.falls[code.noise_variance].values(), strict=True)
    ]
    bound = [
        {"curve": _name_of_bound(), "snr_db": snr_db(v), "psnr_db": score.psnr_db, "psnr_db_ci95": score.ci95}
        for v, score in cliff.bound.items()
    ]
    return models + codes + bound


def _models(cliff: Cliff) -> dict[str, Line]:
    return {
        title(name): ([snr_db(v) for v in curve], [score.psnr_db for score in curve.values()])
        for name, curve in cliff.models.items()
    }


def _codes(cliff: Cliff) -> dict[str, Line]:
    """From end to end of the axis: below the trials all blocks fail, above them hardly any."""
    ends = [snr for line in _models(cliff).values() for snr in line[0]]
    lines = {}
    for code in cliff.codes:
        fall = cliff.falls[code.noise_variance]
        snrs, psnrs = [*fall], [score.psnr_db for score in fall.values()]
        low, high = min([*ends, *snrs]), max([*ends, *snrs])
        lines[_name_of_code(code.snr_db)] = ([low, *snrs, high], [psnrs[0], *psnrs, psnrs[-1]])
    return lines


def _bound(cliff: Cliff) -> dict[str, Line]:
    points = [(snr_db(v), score.psnr_db) for v, score in cliff.bound.items()]
    return {_name_of_bound(): tuple(map(list, zip(*points, strict=True)))}


def _failing(cliff: Cliff) -> list[list[str]]:
    """What is said at each point of `_codes`."""
    rates = ([trial.rate for trial in code.trials] for code in cliff.codes)
    return [
        [_("{share} of blocks fail").format(share=percent(rate, 1)) for rate in (of[0], *of, of[-1])] for of in rates
    ]


def _colours(cliff: Cliff) -> dict[str, str]:
    """Of every line: a code has the colour of the model that was trained at its noise."""
    colours = dict(zip(_models(cliff), figures.PALETTE * 9, strict=False))
    spare = iter(figures.PALETTE[::-1])
    own = {v: colours[title(name)] for name, v in cliff.own.items() if name in cliff.models}
    codes = {_name_of_code(code.snr_db): own.get(code.noise_variance) or next(spare) for code in cliff.codes}
    return colours | codes | {_name_of_bound(): GREY}


def _name_of_code(snr: float) -> str:
    return _("VVC, real code for {snr} dB").format(snr=number(snr, 1))


def _name_of_bound() -> str:
    return _("VVC, best code of this length")
