"""The numbers of a collected panel as a printed table, with heads that people read."""

import re
from collections.abc import Sequence
from math import floor, isfinite, log10

from aemodels.codes import planes
from aemodels.language import N_, _, number, sentences, with_interval
from aemodels.report.document import Table
from aemodels.report.panels import Panel, Row, columns

MAX_ROWS, MAX_COLUMNS = 12, 8  # of more rows the CSV is the place; of more columns the first are shown
HEADS = {
    "axis": N_("axis"),
    "bce_nats": N_("BCE / nats a pixel"),
    "channel": N_("channel"),
    "class_of_nearest_code": N_("class of the nearest code"),
    "denser_than_codes": N_("denser than this share of the codes"),
    "detail": N_("mean difference between pixels, grey levels"),
    "distance_to_nearest_code": N_("distance to the nearest code"),
    "grid_pixel_entropy_nats": N_("entropy of the grid, nats a pixel"),
    "hole_share": N_("hole share of the box"),
    "hole_share_wide": N_("hole share of the wide box"),
    "kl_nats": N_("KL divergence / nats"),
    "made_by": N_("made by"),
    "mean_square": N_("mean square of the code"),
    "model": N_("model"),
    "name": N_("name"),
    "nearest_code": N_("nearest code"),
    "neighbour_accuracy": N_("nearest code of the same class"),
    "noise": N_("noise"),
    "noise_factor": N_("noise factor"),
    "noise_seed": N_("seed of the noise"),
    "noise_variance": N_("noise variance"),
    "normal_hole_share": N_("draws of N(0, I) in a hole"),
    "picture": N_("picture"),
    "place": N_("place"),
    "psnr_db": N_("PSNR / dB"),
    "rms_to_nearest_image_cross_fade": N_("from the nearest test image, cross-fade"),
    "rms_to_nearest_image_walk": N_("from the nearest test image, walk"),
    "sample": N_("sample"),
    "seed": N_("seed"),
    "sigma": N_("standard deviation"),
    "spread_z1": N_("spread of z₁"),
    "spread_z2": N_("spread of z₂"),
    "stage": N_("stage"),
    "step": N_("step"),
    "variance_share": N_("share of the variance"),
    "way": N_("way"),
    "weight_rms": N_("root mean square of the weights"),
    "z1": "z₁",
    "z2": "z₂",
}
_OF_CHANNEL = re.compile(r"channel_(\d+)_mean_square")
_AT_VARIANCE = re.compile(r"psnr_db_at_variance_([\d.]+)")
_INTERVAL = "_ci95"  # ends the key of the half-width of a mean's 95% interval, which is printed after the mean


def table_of(panel: Panel) -> Table | None:
    """The panel's numbers; None where it has none, or more rows than a reader of a document would look at."""
    if not 0 < len(panel.rows) <= MAX_ROWS:
        return None
    every = columns(panel.rows)
    keys = [key for key in every if key.removesuffix(_INTERVAL) not in every or not key.endswith(_INTERVAL)]
    shown = keys[:MAX_COLUMNS]
    caption = _("Numbers of “{title}”.").format(title=panel.title)
    if len(shown) < len(keys):
        more = _("Shown are {shown} of {all} columns; the CSV file has them all.")
        caption = sentences([caption, more.format(shown=len(shown), all=len(keys))])
    decimals = {key: 2 if "_db" in key else _decimals([row.get(key) for row in panel.rows]) for key in shown}
    rows = tuple(tuple(_cell(key, row, decimals[key]) for key in shown) for row in panel.rows)
    return Table(panel.name, caption, tuple(map(_head, shown)), rows)


def _head(key: str) -> str:
    if of_channel := _OF_CHANNEL.fullmatch(key):
        return _("mean square of channel {number}").format(number=of_channel[1])
    if at := _AT_VARIANCE.fullmatch(key):
        variance = float(at[1])
        return (
            _("PSNR / dB at variance {variance}").format(variance=number(variance, 2))
            if variance
            else _("PSNR / dB without noise")
        )
    return _(HEADS[key]) if key in HEADS else key.replace("_", " ")


def _decimals(values: Sequence[object]) -> int | None:
    """With how many decimals a column is printed: its largest number has four digits, fewer where all end sooner. None where one number
    of decimals does not suit them all."""
    sizes = [abs(value) for value in values if isinstance(value, float) and isfinite(value) and value]
    if not sizes or max(sizes) > 1e3 * min(sizes) or not 1e-4 < max(sizes) < 1e6:
        return None
    most = max(len(f"{size:.4g}".partition(".")[2]) for size in sizes)
    return min(most, max(0, 3 - floor(log10(max(sizes)))))


def _cell(key: str, row: Row, decimals: int | None) -> str:
    value, interval = row.get(key), row.get(f"{key}{_INTERVAL}")
    told = _told(key, value, decimals)
    return told if interval is None else with_interval(told, _told(key, interval, decimals))


def _told(key: str, value: object, decimals: int | None) -> str:
    if value is None or value != value:
        return "–"
    if isinstance(value, float):
        return (f"{value:.4g}" if decimals is None else number(value, decimals)).replace("-", "−")
    if key == "place" and value in planes.KINDS_OF_PLACE:
        return _(planes.KINDS_OF_PLACE[str(value)])
    return str(value)
