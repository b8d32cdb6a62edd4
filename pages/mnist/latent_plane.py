"""M2, M4: the plane of 2-D codes; any place of it decoded, its manifold grid, and uniform random samples."""

import numpy as np
import streamlit as st
import torch
from PIL import Image

from aemodels.codes import planes
from aemodels.report import figures, plane_figures
from pages.parts.plane import address, canvas, plane
from pages.parts.shared import ahead, controls, export, loaders, models

NUM_SAMPLES = 10  # a side


def change(event: dict) -> None:
    st.session_state.z = address.join(event["z"])
    whole = plane.whole(st.session_state.mnist_model)
    st.session_state.box = "" if np.allclose(event["box"], whole, rtol=1e-4) else address.join(event["box"])


@st.fragment  # a click reads one place, or draws again, and leaves the page's frame alone
def show_plane() -> None:
    kept = {"bind": "query-params", "persist_state": "session"}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name = controls.choose("Model", loaders.MNIST_MODELS, key="mnist_model")
        seed = controls.seed_control()
        side = st.slider("Images a side of the grid", 10, 40, 20, key="side", width=160, **kept)
        fades = st.toggle("Fade by density", key="fade", **kept)
    if st.session_state.setdefault("plane_model", name) != name:  # another model's plane has another scale
        st.session_state.plane_model, st.session_state.z, st.session_state.box = name, "", ""
    plane.require_codes(name)
    ckpt, whole, dashed = loaders.checkpoint(name), plane.whole(name), plane.measure(name)["box"]
    default = ckpt.codes[torch.randint(len(ckpt.codes), (), generator=torch.Generator().manual_seed(seed))]
    picture = st.container()  # above the fields that it depends on
    with controls.row():
        z = address.place("Place: z₁, z₂", "z", default.tolist())
        box = address.box("Box: z₁ from, to, z₂ from, to", "box", dashed)
    view, which = (whole, "the dashed box") if box == dashed else (box, "the box in view")
    left, right = st.columns([4, 5], gap="medium")

    def draw_samples(seed: int) -> tuple[dict, bytes]:
        samples = plane.decode_uniform(name, box, NUM_SAMPLES, seed)
        return samples, figures.png(Image.fromarray(samples["picture"]))

    samples, samples_png = ahead.scene(draw_samples, seed, "latent plane", loaders.version(name), box)
    with left.container(key="samples"):  # before the rest is made: the browser fetches it meanwhile
        st.header("Uniform random samples", anchor=False)
        export.show(samples_png, f"{NUM_SAMPLES**2} images decoded from uniform random codes")
        st.markdown(f"{NUM_SAMPLES**2} codes drawn uniformly from {which}, seed {seed}. Draw again: key N.")

    grid = plane.decode_grid(name, box, side)
    manifold, manifold_base64 = plane.manifold(name, box, side, fades)
    readout = plane.read(name, torch.tensor(z))
    num_codes, num_in_box = len(ckpt.codes), planes.num_inside(ckpt.codes, box)
    titles = {
        "codes": f"{planes.num_inside(ckpt.codes, view):,} of {num_codes:,} test codes",
        "grid": f"Manifold grid of {which}",
    }
    with picture:
        data = {
            "name": name,
            "view": view,
            "whole": whole,
            "dashed": dashed,
            "z": z,
            "readout": readout,
            "titles": titles,
        }
        canvas.touch("plane", data, change)
        st.markdown(f"**Supported, sparse or hole?** {plane.RULE}")
        if box == dashed:
            st.markdown(
                "**Dashed**: the central 98 % of the codes along each axis, "
                f"{num_in_box:,} of all {num_codes:,}. The grid and the random samples are of this box."
            )
    canvas.store_picture("grid", name, manifold_base64, box)
    with right:
        controls.notice(models.notes(name) + notice(ckpt.labels, which, plane.hole_share(name, box), grid, samples))

    def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
        cloud = figures.scatter_tile(ckpt.codes.numpy(), ckpt.labels.numpy(), box, width_px // 3, ink)
        shown = plane_figures.over(manifold, ink.background)
        place = figures.to_tiles(ckpt.model.decode(torch.tensor([z])))[0]
        near = [plane.digit_tile(digit["index"]) for digit in readout["nearest"][:2]]
        notes = [f"{readout['kind']}: denser than {readout['share']} of the codes"]
        notes += [f"{digit['label']} at {digit['distance']}" for digit in readout["nearest"][:2]]
        top = [
            f"{num_in_box:,} of {num_codes:,} test codes",
            f"Manifold grid, {side} × {side}",
            f"{NUM_SAMPLES**2} uniform samples",
        ]
        below = [f"Decoded at z = ({z[0]:.3f}, {z[1]:.3f})", "Nearest test digit", "Second nearest"]
        rows = [[cloud, shown, samples["picture"]], [place, *near]]
        notes = [
            top,
            [f"{a}; {b}" if i == 0 else f"{a}, {b}" for i, (a, b) in enumerate(zip(below, notes, strict=True))],
        ]
        return figures.panel(rows, [], notes, [], caption, width_px, ink)

    cells = zip(planes.cells(box, side).tolist(), grid["shares"], grid["digits"], grid["entropy"], strict=True)
    numbers = [
        {
            "z1": z1,
            "z2": z2,
            "denser_than_codes": float(share),
            "place": planes.kind_of_place(share),
            "digit_of_nearest_code": int(digit),
            "pixel_entropy_nats": float(entropy),
        }
        for (z1, z2), share, digit, entropy in cells
    ]
    settings = {
        "model": name, "z": address.join(z, 3), "box": address.join(box, 3), "grid": f"{side} × {side}",
        "faded": "yes" if fades else "no", "seed": seed,
    }  # fmt: skip
    alt = (
        f"Test codes on the plane, {side} × {side} places of it decoded, {NUM_SAMPLES**2} uniform samples; below them the image "
        "decoded at the picked place and the two test digits nearest to it"
    )
    export.export_row(f"latent-plane-{side}-{seed}", draw, numbers, settings, alt)
    canvas.store_model(name)  # last: the pictures need not wait until it is hashed
    ahead.prepare_next()


def notice(labels: torch.Tensor, which: str, hole_share: float, grid: dict, samples: dict) -> list[str]:
    kinds, sampled = (np.array([planes.kind_of_place(s) for s in places["shares"]]) for places in (grid, samples))
    in_holes, supported = kinds == "hole", kinds == "supported"
    points = [
        f"Uniform sampling asks for places, not for digits: **{hole_share:.0%}** of {which} is hole, and "
        f"**{(sampled == 'hole').mean():.0%}** of the random places lie in holes; {supported.mean():.0%} of the grid's places "
        "are supported. The decoder draws something at every one of them."
    ]
    if in_holes.any() and supported.any():
        hole, well = grid["entropy"][in_holes].mean(), grid["entropy"][supported].mean()
        points.append(
            f"Images decoded in holes are {'greyer' if hole > well else 'no greyer'} than those at supported places: "
            f"pixel entropy {hole:.3f} against {well:.3f} nats."
        )
    shares = np.bincount(grid["digits"], minlength=10) / len(grid["digits"])
    real = np.bincount(labels, minlength=10) / len(labels)
    most = shares.argmax()
    points.append(
        f"Room for each digit: the nearest code is a **{most}** at {shares[most]:.0%} of the grid's places; among the "
        f"test digits {real[most]:.0%} are {most}s."
    )
    if (shares == 0).any():
        points.append(f"Nowhere on this grid nearest: {', '.join(map(str, np.flatnonzero(shares == 0)))}.")
    return points


st.html("<style>.st-key-samples img { image-rendering: pixelated; }</style>")
canvas.frame()
controls.header(
    "Latent plane",
    "An autoencoder with a two-number code, trained with binary cross-entropy, puts every digit on a plane. "
    "Touch any place, on a code or between codes, and see what the decoder makes of it.",
)
show_plane()
