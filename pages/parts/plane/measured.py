"""What is measured of several planes side by side, and the table of it."""

from collections.abc import Mapping, Sequence

from aemodels import Checkpoint
from aemodels.language import N_, _, number, percent, signed
from pages.parts.plane import plane

SHARES = {"hole_share", "hole_share_wide", "neighbour_accuracy", "normal_hole_share"}  # told in per cent
# What the table shows -> key in a row, and its number of decimals: the same as above the planes and in "What to notice".
MEASURES = {
    N_("Spread along z₁ (standard deviation)"): ("spread_z1", 2),
    N_("Spread along z₂"): ("spread_z2", 2),
    N_("Holes, share of the dashed box"): ("hole_share", 0),
    N_("Holes, share of the box of the central 99.8%"): ("hole_share_wide", 0),
    N_("Nearest other code is of the same class"): ("neighbour_accuracy", 1),
    N_("Draws from N(0, I) that fall into a hole"): ("normal_hole_share", 1),
    N_("BCE on the test images, nats a pixel"): ("bce_nats", 4),
    N_("Mean PSNR of the test images, dB"): ("psnr_db", 2),
    N_("KL divergence from N(0, I), nats per image"): ("kl_nats", 2),
    N_("– its part along z₁"): ("kl_nats_z1", 2),
    N_("– its part along z₂"): ("kl_nats_z2", 2),
    N_("Root mean square of the weights"): ("weight_rms", 3),
    N_("Pixel entropy of the grid, nats (more is greyer)"): ("grid_pixel_entropy_nats", 3),
}


def of_planes(ckpts: Mapping[str, Checkpoint], grids: Mapping[str, Mapping]) -> list[dict]:
    """A row of figures for each model.

    grids  the decoded grid of each, see `plane.decode_grid`
    """
    has_bce = all("bce" in ckpt.metrics for ckpt in ckpts.values())
    return [_of_plane(ckpt, grids[name], "bce" if has_bce else "psnr_db") for name, ckpt in ckpts.items()]


def _of_plane(ckpt: Checkpoint, grid: Mapping, loss: str) -> dict:
    m = plane.measure(ckpt.name)
    return {
        "model": ckpt.name,
        "spread_z1": m["stats"].spread[0],
        "spread_z2": m["stats"].spread[1],
        "hole_share": plane.hole_share(ckpt.name, m["box"]),
        "hole_share_wide": plane.hole_share(ckpt.name, m["cloud"]),
        "neighbour_accuracy": m["stats"].neighbour_accuracy,
        "normal_hole_share": m["normal_hole_share"],
        {"bce": "bce_nats"}.get(loss, loss): ckpt.metrics[loss],
        "weight_rms": m["weight_rms"],
        "grid_pixel_entropy_nats": float(grid["entropy"].mean()),
        **_divergences(ckpt),
    }


def _divergences(ckpt: Checkpoint) -> dict[str, float]:
    """What a variational autoencoder's codes cost; nothing for another."""
    of_axes = ckpt.metrics.get("kl_nats")
    return {"kl_nats": sum(of_axes), "kl_nats_z1": of_axes[0], "kl_nats_z2": of_axes[1]} if of_axes else {}


def loss(row: Mapping) -> str:
    """The error that all rows tell, in short."""
    return f"BCE {number(row['bce_nats'], 4)}" if "bce_nats" in row else f"PSNR {number(row['psnr_db'], 2)}"


def table(rows: Sequence[Mapping], titles: Sequence[str]) -> dict[str, list[str]]:
    """A column for each model, by its title, with what differs from the first; a line for each measure that one of the models has."""
    measures = {label: of for label, of in MEASURES.items() if any(of[0] in row for row in rows)}
    columns = {
        title: [_cell(row, rows[0], *of) for of in measures.values()] for title, row in zip(titles, rows, strict=True)
    }
    return {_("measure"): [_(label) for label in measures]} | columns


def _cell(row: Mapping, first: Mapping, key: str, num_decimals: int) -> str:
    if key not in row:
        return "–"
    if key in SHARES:
        return percent(row[key], num_decimals)
    change = "" if row is first or not first.get(key) else f" ({signed(100 * (row[key] / first[key] - 1), 1)}%)"
    return number(row[key], num_decimals) + change
