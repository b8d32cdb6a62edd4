"""What each regulariser did to the plane, beside the plain autoencoder, under one cursor."""

from functools import partial

import numpy as np
import streamlit as st
import torch
from PIL import Image

from aemodels import Checkpoint
from aemodels.codes import planes, twins
from aemodels.data import words
from aemodels.report import figures, plane_figures
from aemodels.storage import catalogue
from pages.parts.plane import address, canvas, plane
from pages.parts.shared import ahead, controls, export, loaders, models

GRID, NUM_SAMPLES = 20, 10  # a side
MAX_TWINS = 6
ROWS = {
    "Spread of the codes along z₁ (standard deviation)": ("spread_z1", "{:.3f}"),
    "Spread along z₂": ("spread_z2", "{:.3f}"),
    "Holes in the dashed box (central 98\u00a0% of the codes on each axis), share of its area": (
        "hole_share",
        "{:.1%}",
    ),
    "Holes in the box of the central 99.8\u00a0%, share of its area": ("hole_share_wide", "{:.1%}"),
    "Codes whose nearest other code is of the same class": ("neighbour_accuracy", "{:.1%}"),
    "Draws from N(0, I) that fall into a hole": ("normal_hole_share", "{:.1%}"),
    "Binary cross-entropy on the test images, nats a pixel": ("bce_nats", "{:.4f}"),
    "Mean PSNR of the test images, dB": ("psnr_db", "{:.2f}"),
    "KL divergence of each image's Gaussian from N(0, I), nats": ("kl_nats", "{:.2f}"),
    "– its part along z₁": ("kl_nats_z1", "{:.2f}"),
    "– its part along z₂": ("kl_nats_z2", "{:.2f}"),
    "Root mean square of the weights": ("weight_rms", "{:.4f}"),
    "Pixel entropy of the grid's images, nats (higher means greyer)": ("grid_pixel_entropy_nats", "{:.4f}"),
}


def change(event: dict) -> None:
    st.session_state.twins_z = address.join(event["z"])


@st.fragment  # the cursor moves and leaves the panel alone
def show_planes(seed: int, scale: str, link: str) -> None:
    views = [union if scale == "same" else plane.whole(name) for name in measures]
    codes = [ckpt.codes for ckpt in ckpts.values()]
    default = codes[0][torch.randint(len(codes[0]), (), generator=torch.Generator().manual_seed(seed))].tolist()
    picture = st.container()  # above the field that it depends on
    z = address.place(f"Cursor in the {of_first} plane: z₁, z₂", "twins_z", default)
    places = twins.places(torch.tensor(z), codes, views, link)
    shown = [
        {
            "name": name,
            "title": group.titles[name],
            "facts": [
                f"Spread {row['spread_z1']:.2f} × {row['spread_z2']:.2f} · hole {row['hole_share']:.0%}",
                f"Same-{kind.class_} neighbour {row['neighbour_accuracy']:.1%} · {loss_name} {row[loss]:.{num_decimals}f}",
            ],
            "view": view,
            "box": box,
            "rings": plane_figures.rings(ckpts[name]),
            "readout": plane.read(name, place),
        }
        for name, row, view, box, place in zip(ckpts, numbers, views, boxes.values(), places, strict=True)
    ]
    with picture:
        canvas.twins(f"twins-{len(shown)}", {"planes": shown, "link": link, "z": z} | canvas.legend(first), change)
        st.caption(
            "The dashed box holds the central 98\u00a0% of the codes on each axis. Inside it, holes are red and sparse places yellow. Click, drag or use the "
            "arrow keys in any of the planes."
            + (" Rings: N(0, I), at 1, 2 and 3 standard deviations." if with_prior else "")
        )


controls.header(
    "Twins",
    "Models with a code of two numbers, trained in several ways: plain; with L2 on the code, a penalty on z²; with L2 on the weights (weight decay); or as a "
    "variational autoencoder (VAE), where each code is a Gaussian with a penalty for differing from N(0, I). Move the cursor in one plane, and it moves in all.",
)
canvas.frame()
with controls.row():
    group = models.choose_group(catalogue.PLANE, key="mnist_data")
    kind = words.of(group.data.config)
    scale = controls.choose("Axes", {"same": "Same scale", "own": "Each its own"}, key="scale")
    link = controls.choose("Cursor", {"place": "Same place", "digit": f"Same {kind.one}"}, key="link")
    seed = controls.seed_control()
without_noise = [model.name for model in group.models if not model.noise_factor]
names = without_noise or group.names  # what a denoiser reaches, it reaches under noise
ckpts = models.present(names[:MAX_TWINS])
if len(names) > MAX_TWINS:
    st.caption(f"The first {MAX_TWINS} of {len(names)} models are shown.")
first = next(iter(ckpts.values()))
plane.require_codes(*ckpts)
titles = [group.titles[name] for name in ckpts]
of_first = first.title
with_prior = [name for name, ckpt in ckpts.items() if ckpt.model.has_prior]
measures = {name: plane.measure(name) for name in ckpts}
grids = {name: plane.decode_grid(name, measures[name]["box"], GRID) for name in ckpts}
versions = tuple(map(loaders.version, ckpts))


def divergences(ckpt: Checkpoint) -> dict[str, float]:
    """What a variational autoencoder's codes cost; nothing for another."""
    of_axes = ckpt.metrics.get("kl_nats")
    return {"kl_nats": sum(of_axes), "kl_nats_z1": of_axes[0], "kl_nats_z2": of_axes[1]} if of_axes else {}


has_bce = all("bce" in ckpt.metrics for ckpt in ckpts.values())
loss, loss_name, num_decimals = ("bce_nats", "BCE", 4) if has_bce else ("psnr_db", "PSNR", 2)
loss_of_means = "The cross-entropies" if has_bce else "The PSNRs"
numbers = [
    {
        "model": name,
        "spread_z1": m["stats"].spread[0],
        "spread_z2": m["stats"].spread[1],
        "hole_share": plane.hole_share(name, m["box"]),
        "hole_share_wide": plane.hole_share(name, m["cloud"]),
        "neighbour_accuracy": m["stats"].neighbour_accuracy,
        "normal_hole_share": m["normal_hole_share"],
        **({"bce_nats": ckpts[name].metrics["bce"]} if has_bce else {"psnr_db": ckpts[name].metrics["psnr_db"]}),
        "weight_rms": m["weight_rms"],
        "grid_pixel_entropy_nats": float(grids[name]["entropy"].mean()),
        **divergences(ckpts[name]),
    }
    for name, m in measures.items()
]
boxes = {name: m["box"] for name, m in measures.items()}
clouds = zip(*(m["cloud"] for m in measures.values()), strict=True)
union = planes.widen([f(ends) for f, ends in zip((min, max, min, max), clouds, strict=True)])


def versus_plain(key: str, row: dict) -> str:
    if row is numbers[0] or not numbers[0].get(key):
        return ""
    return f" ({row[key] / numbers[0][key] - 1:+.1%})".replace("-", "−")


def cell(row: dict, key: str, form: str) -> str:
    return form.format(row[key]) + ("" if "%" in form else versus_plain(key, row)) if key in row else "–"


Rows = dict[str, list[np.ndarray]]


def plane_rows(width_px: int, ink: figures.Ink) -> Rows:
    """What does not depend on the seed: the codes on two scales, and the grids."""
    same_scale, own_scale = (
        [plane.scatter(name, extent, width_px // len(ckpts), ink) for name, extent in extents.items()]
        for extents in (dict.fromkeys(ckpts, union), boxes)
    )
    grid_row = [grid["picture"] for grid in grids.values()]
    return {"Test codes, same scale": same_scale, "Central 98% of them": own_scale, "Grid of that box": grid_row}


def samples(seed: int) -> Rows:
    pictures = [plane.decode_uniform(name, box, NUM_SAMPLES, seed)["picture"] for name, box in boxes.items()]
    return {f"{NUM_SAMPLES**2} uniform samples": pictures}


def panel(rows: Rows, titles: list[str], width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    return export.models_panel(rows, titles, width_px, ink, caption)


def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    return panel(plane_rows(width_px, ink) | samples(seed), titles, width_px, ink, caption)


@st.cache_resource(max_entries=4, show_spinner=False)
def plane_rows_on_screen(versions: tuple[tuple[str, int], ...], ink: figures.Ink) -> bytes:
    return export.on_screen(partial(panel, plane_rows(export.SCREEN_PX, ink), titles))


def samples_on_screen(seed: int) -> bytes:
    return export.on_screen(panel, samples(seed), [""] * len(titles))


above = st.container()
shown = ahead.scene(samples_on_screen, seed, "twins", versions, export.is_dark())
export.show(
    shown, alt=f"Uniform samples of {', '.join(titles)}"
)  # first: the browser fetches it while the rest is made
with above:
    show_planes(seed, scale, link)
    st.header("Measured", anchor=False)
    rows = {label: of for label, of in ROWS.items() if any(of[0] in row for row in numbers)}
    st.table({"measure": list(rows)} | {
        label: [cell(row, key, form) for key, form in rows.values()]
        for label, row in zip(titles, numbers, strict=True)
    })  # fmt: skip
    export.show(plane_rows_on_screen(versions, export.ink()), alt=f"Codes and manifold grid of {', '.join(titles)}")
for name, m in measures.items():  # last: no picture needs to wait until the models are hashed
    canvas.store_model(name)
    canvas.store_picture(f"holes-{name}", name, m["holes"], m["box"])


def compare(row: dict) -> list[str]:
    plain, label = numbers[0], group.titles[row["model"]]
    spread, of_plain = (measures[r["model"]]["stats"].spread for r in (row, plain))
    times = f", a plane **{twins.relative_width(spread, of_plain):.2f}** times as wide" if all(of_plain) else ""
    points = [
        f"**{label}** against {of_first}: the codes spread {spread[0]:.2f} × {spread[1]:.2f} instead of {of_plain[0]:.2f} × "
        f"{of_plain[1]:.2f} (standard deviations){times}; nearest other code of the same {kind.class_} "
        f"{plain['neighbour_accuracy']:.1%} → {row['neighbour_accuracy']:.1%}, {'cross-entropy' if has_bce else 'PSNR'} "
        f"{plain[loss]:.{num_decimals}f} → {row[loss]:.{num_decimals}f}.",
        f"{label}, hole: {plain['hole_share']:.0%} → {row['hole_share']:.0%} of the dashed box, "
        f"{plain['hole_share_wide']:.0%} → {row['hole_share_wide']:.0%} of the box of the central 99.8%"
        + (
            "."
            if (row["hole_share"] > plain["hole_share"]) == (row["hole_share_wide"] > plain["hole_share_wide"])
            else ": whether it is more or less depends on the box."
        ),
    ]
    if "kl_nats" in row:
        points.append(
            f"{label}: **{row['normal_hole_share']:.1%}** of draws from N(0, I) fall into a hole of its plane; for {of_first} it is {plain['normal_hole_share']:.1%}. "
            f"The price is a KL divergence of {row['kl_nats']:.2f} nats per {kind.one}: {row['kl_nats_z1']:.2f} along z₁ and "
            f"{row['kl_nats_z2']:.2f} along z₂. {loss_of_means} are measured at the mean of each code's Gaussian."
        )
    if ckpts[row["model"]].train_config.weight_decay:
        followed, num_matrices = twins.num_scale_free(ckpts[row["model"]].model)
        points.append(
            f"{label}, size of the weights (root mean square): {plain['weight_rms']:.3f} → {row['weight_rms']:.3f}. But smaller weights alone change little: "
            f"{followed} of the {num_matrices} weight matrices are followed by a LayerNorm, which divides their scale out again."
        )
    return points


alone = [f"There is nothing to compare: {controls.literal(group.title)} has one such model."] if len(ckpts) == 1 else []
controls.notice([*models.notes(*ckpts), *alone, *(point for row in numbers[1:] for point in compare(row))])
export.export_row(
    f"twins-{seed}",
    draw,
    numbers,
    {"models": ", ".join(ckpts), "seed": seed, "grid": f"{GRID} × {GRID}"},
    f"Codes on two scales, manifold grid and uniform samples, a column a model: {', '.join(titles)}",
)
