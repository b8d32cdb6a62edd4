"""M2, M4, M5: the plane of 2-D codes, any place of it decoded, its uniform sampling, and what each L2 changed."""

from math import sqrt

import numpy as np
import streamlit as st
import torch
from PIL import Image

from aemodels import figures, latents
from pages.parts import controls, export, loaders, plane

NUM_SAMPLES = 10  # a side
COLOURS = {"supported": "green", "sparse": "orange", "hole": "red"}
RULE = (
    "A place is lonelier the farther its 10th nearest test code is. It is **supported** where at least "
    f"{latents.SPARSE_BELOW:.0%} of the codes are lonelier than it, **sparse** where fewer are, and a **hole** where "
    f"fewer than {latents.HOLE_BELOW:.0%} are."
)


def enlarge(tile: np.ndarray, side_px: int) -> Image.Image:
    return Image.fromarray(tile).resize((side_px, side_px), Image.Resampling.NEAREST)


def pick(z1: float | None, z2: float | None) -> None:
    st.session_state.z1, st.session_state.z2 = z1, z2


@st.fragment  # a click decodes one place and leaves the rest of the page alone
def show_plane(name: str, seed: int) -> None:
    ckpt, measured, (digits, labels) = loaders.checkpoint(name), plane.measure(name), loaders.test_digits()
    default = ckpt.codes[torch.randint(len(ckpt.codes), (), generator=torch.Generator().manual_seed(seed))]
    left, right = st.columns([11, 9], gap="medium")
    answer = right.container()  # above the widgets that it depends on
    columns = right.columns([3, 3, 4], vertical_alignment="bottom")
    kept = {
        "value": None,
        "step": 0.1,
        "format": "%.3f",
        "min_value": -1e6,
        "max_value": 1e6,
        "bind": "query-params",
        "persist_state": "session",
    }
    z1 = columns[0].number_input("z₁", key="z1", placeholder=f"{default[0]:.3f}", **kept)
    z2 = columns[1].number_input("z₂", key="z2", placeholder=f"{default[1]:.3f}", **kept)
    is_picked = z1 is not None and z2 is not None
    columns[2].button("Seed's digit", key="unpick", on_click=pick, args=(None, None), disabled=not is_picked)
    z = torch.tensor([[z1, z2]]) if is_picked else default[None]

    index, distance = latents.nearest(ckpt.codes, z)
    label, x = labels[index].item(), digits[index].float() / 255
    share = latents.support(ckpt.codes, z).item()
    kind = latents.kind_of_place(share)
    x_hat = ckpt.model.decode(torch.cat([z, ckpt.model.encode(x)]))
    decoded, again, original = figures.to_tiles(torch.cat([x_hat, x]))
    with answer:
        st.markdown(f"#### :{COLOURS[kind]}[{kind.capitalize()}]")
        st.markdown(f"**{share:.1%}** of the test codes are lonelier than this place.", help=RULE)
        large, small = st.columns([9, 4])
        with large:
            export.show(enlarge(decoded, 448), alt=f"Image decoded at z = ({z[0, 0]:.3f}, {z[0, 1]:.3f})")
            st.markdown(f"Decoded at z = ({z[0, 0]:.3f}, {z[0, 1]:.3f})")
        with small:
            export.show(enlarge(original, 224), alt=f"Nearest test digit, a {label}")
            st.markdown(f"Nearest: **{label}**, at {distance.item():.2g}")
            export.show(enlarge(again, 224), alt=f"Reconstruction of the nearest test digit, a {label}")
            st.markdown("Reconstructed")
    with left:
        z1, z2 = z[0].tolist()
        plane.show(measured["points"], measured["view"], measured["box"], (z1, z2), pick, key="plane")
        st.caption("Click, drag, or use the arrow keys. Dashed: the box of the central 98 % of the codes on each axis.")


controls.header(
    "Latent plane",
    "An autoencoder with a two-dimensional code, trained with binary cross-entropy, puts every digit on a plane. "
    "Pick any place, on a code or between codes, and see what the decoder makes of it.",
)
kept = {"bind": "query-params", "persist_state": "session"}
with controls.row():
    name = controls.choose("Model", loaders.MNIST_MODELS, key="mnist_model")
    seed = controls.seed_control()
    side = st.slider("Images a side of the grid", 10, 30, 20, key="side", width=200, **kept)
loaders.checkpoint(name)
if st.session_state.setdefault("plane_model", name) != name:  # another model's plane has another scale
    st.session_state.plane_model = name
    pick(None, None)
show_plane(name, seed)

(x_min, x_max, y_min, y_max) = plane.measure(name)["box"]
left, right = st.columns(2, gap="medium")
with left:
    st.subheader("Manifold grid", anchor=False)
    manifold = plane.decode_grid(name, side)
    export.show(enlarge(manifold["picture"], 28 * side * (40 // side)), alt=f"{side} × {side} decoded places")
    st.markdown(
        f"A regular grid over the dashed box: z₁ from {x_min:.2f} (left) to {x_max:.2f}, "
        f"z₂ from {y_min:.2f} (bottom) to {y_max:.2f}."
    )
with right:
    st.subheader("Uniform random samples", anchor=False)
    samples = plane.decode_uniform(name, NUM_SAMPLES, seed)
    export.show(enlarge(samples["picture"], 1120), alt=f"{NUM_SAMPLES**2} images decoded from uniform random codes")
    st.markdown(f"{NUM_SAMPLES**2} codes drawn uniformly from that box, seed {seed}. Draw again: key N.")

st.subheader("The three models side by side", anchor=False)
ckpts = {model: loaders.checkpoint(model) for model in loaders.MNIST_MODELS}
measures = {model: plane.measure(model) for model in ckpts}
grids = {model: plane.decode_grid(model, side) for model in ckpts}
draws = {model: plane.decode_uniform(model, NUM_SAMPLES, seed) for model in ckpts}


def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    clouds = [
        figures.scatter_tile(c.codes.numpy(), c.labels.numpy(), measures[model]["box"], width_px // 3, ink)
        for model, c in ckpts.items()
    ]
    decoded = [[places[model]["picture"] for model in ckpts] for places in (grids, draws)]
    labels = ["Test codes", "Manifold grid", "Uniform samples"]
    return figures.panel([clouds, *decoded], labels, [], list(loaders.MNIST_MODELS.values()), caption, width_px, ink)


export.show(draw(export.SCREEN_PX, export.ink()), alt="Codes, manifold grid and uniform samples of the three models")
numbers = [
    {
        "model": model,
        "bce_nats": c.metrics["bce"],
        "spread_z1": measures[model]["stats"].spread[0],
        "spread_z2": measures[model]["stats"].spread[1],
        "empty_cells": measures[model]["stats"].hole_fraction,
        "neighbour_accuracy": measures[model]["stats"].neighbour_accuracy,
        "grid_places_in_holes": float((grids[model]["kinds"] == "hole").mean()),
        "grid_pixel_entropy_nats": float(grids[model]["entropy"].mean()),
        "weight_rms": measures[model]["weight_rms"],
    }
    for model, c in ckpts.items()
]
ROWS = {
    "Binary cross-entropy on the test digits, nats a pixel": ("bce_nats", "{:.4f}"),
    "Spread of the codes along z₁ (standard deviation)": ("spread_z1", "{:.3f}"),
    "Spread along z₂": ("spread_z2", "{:.3f}"),
    "Empty cells of a 32 × 32 grid over the box": ("empty_cells", "{:.1%}"),
    "Codes whose nearest other code is of the same digit": ("neighbour_accuracy", "{:.1%}"),
    f"Places of the {side} × {side} manifold grid in holes": ("grid_places_in_holes", "{:.1%}"),
    "Pixel entropy of the grid's images, nats (grey raises it)": ("grid_pixel_entropy_nats", "{:.4f}"),
    "Root mean square of the weights": ("weight_rms", "{:.4f}"),
}
st.table({"": list(ROWS)} | {
    label: [form.format(row[key]) for key, form in ROWS.values()]
    for label, row in zip(loaders.MNIST_MODELS.values(), numbers, strict=True)
})  # fmt: skip


def change(key: str, row: dict) -> str:
    ratio = row[key] / numbers[0][key] - 1 if numbers[0][key] else 0
    return f"{ratio:+.1%}".replace("-", "−")


def versus_plain(row: dict) -> str:
    spread = sqrt(row["spread_z1"] * row["spread_z2"] / (numbers[0]["spread_z1"] * numbers[0]["spread_z2"]))
    return (
        f"**{loaders.MNIST_MODELS[row['model']]}** against plain: spread × **{spread:.2f}** (geometric mean of both "
        f"axes), root mean square weight {change('weight_rms', row)}, binary cross-entropy {change('bce_nats', row)}; "
        f"empty cells {numbers[0]['empty_cells']:.1%} → {row['empty_cells']:.1%}, nearest other code of the same digit "
        f"{numbers[0]['neighbour_accuracy']:.1%} → {row['neighbour_accuracy']:.1%}."
    )


in_holes, supported = manifold["kinds"] == "hole", manifold["kinds"] == "supported"
shares = np.bincount(manifold["digits"], minlength=10) / side**2
real = np.bincount(ckpts[name].labels, minlength=10) / len(ckpts[name].labels)
points = [
    f"Uniform sampling asks for places, not for digits: **{in_holes.mean():.0%}** of the grid's places lie in holes and "
    f"{supported.mean():.0%} are supported. The decoder draws something at every one of them."
]
if in_holes.any() and supported.any():
    hole, well = manifold["entropy"][in_holes].mean(), manifold["entropy"][supported].mean()
    points.append(
        f"Images decoded in holes are {'greyer' if hole > well else 'no greyer'} than those at supported places: pixel "
        f"entropy {hole:.3f} against {well:.3f} nats."
    )
points.append(
    f"Room for each digit: the nearest code is a **{shares.argmax()}** at {shares.max():.0%} of the places "
    f"and a **{shares.argmin()}** at {shares.min():.0%}; among the test digits they are {real[shares.argmax()]:.0%} "
    f"and {real[shares.argmin()]:.0%}."
)
controls.notice([*points, *map(versus_plain, numbers[1:])])
settings = {"model": name, "seed": seed, "grid": f"{side} × {side}", "uniform samples": NUM_SAMPLES**2}
export.export_row(f"latent-plane-{side}-{seed}", draw, numbers, settings)
