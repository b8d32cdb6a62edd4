"""The plane of 2-D codes; any place of it decoded, its manifold grid, and uniform random samples."""

import numpy as np
import streamlit as st
import torch
from PIL import Image

from aemodels import Checkpoint
from aemodels.codes import planes
from aemodels.data import words
from aemodels.report import figures, plane_figures
from aemodels.storage import catalogue
from pages.parts.plane import address, canvas, plane
from pages.parts.shared import ahead, controls, export, loaders, models

NUM_SAMPLES = 10  # a side
MAX_NAMED = 12
SAMPLERS = {"uniform": "Uniform", "normal": "N(0, I)"}


def change(event: dict) -> None:
    st.session_state.z = address.join(event["z"])
    whole = plane.whole(st.session_state.plane_model)
    st.session_state.box = "" if np.allclose(event["box"], whole, rtol=1e-4) else address.join(event["box"])


@st.fragment  # a click reads one place, or draws again, and leaves the page's frame alone
def show_plane() -> None:
    kept = {"bind": "query-params", "persist_state": "session"}
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name, group = models.choose_model(catalogue.PLANE, "mnist_model", "mnist_data")
        seed = controls.seed_control()
        side = st.slider("Images a side of the grid", 10, 40, 20, key="side", width=160, **kept)
        fades = st.toggle("Fade by density", key="fade", **kept)
        sampler = controls.choose("Random samples", SAMPLERS, key="drawn_from")
    if st.session_state.setdefault("plane_model", name) != name:  # another model's plane has another scale
        st.session_state.plane_model, st.session_state.z, st.session_state.box = name, "", ""
    plane.require_codes(name)
    ckpt, whole, dashed = loaders.checkpoint(name), plane.whole(name), plane.measure(name)["box"]
    default = ckpt.codes[torch.randint(len(ckpt.codes), (), generator=torch.Generator().manual_seed(seed))]
    kind = words.of(group.data.config)
    picture = st.container()  # above the fields that it depends on
    with controls.row():
        z = address.place("Place: z₁, z₂", "z", default.tolist())
        box = address.box("Box: z₁ from, to, z₂ from, to", "box", dashed)
    view, which = (whole, "the dashed box") if box == dashed else (box, "the box in view")
    drawn = (
        "codes drawn from N(0, I), also outside the box"
        if sampler == "normal"
        else f"codes drawn uniformly from {which}"
    )
    left, right = st.columns([4, 5], gap="medium")

    def draw_samples(seed: int) -> tuple[dict, bytes]:
        is_normal = sampler == "normal"
        samples = (
            plane.decode_normal(name, NUM_SAMPLES, seed)
            if is_normal
            else plane.decode_uniform(name, box, NUM_SAMPLES, seed)
        )
        return samples, figures.png(Image.fromarray(samples["picture"]))

    samples, samples_png = ahead.scene(draw_samples, seed, "latent plane", loaders.version(name), box, sampler)
    with left.container(key="samples"):  # before the rest is made: the browser fetches it meanwhile
        st.header(f"{SAMPLERS[sampler]} random samples", anchor=False)
        export.show(
            samples_png,
            f"{NUM_SAMPLES**2} images decoded from {'N(0, I)' if sampler == 'normal' else 'uniform'} random codes",
        )
        st.markdown(f"{NUM_SAMPLES**2} {drawn}, seed {seed}. Draw again: key N.")

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
            "rings": plane_figures.rings(ckpt),
            "z": z,
            "readout": readout,
            "titles": titles,
            "nearest": f"Nearest test {kind.many}{', rebuilt' if plane.are_rebuilt(name) else ''}, distance",
        } | canvas.legend(ckpt)
        canvas.touch("plane", data, change)
        st.markdown(f"**Supported, sparse or hole?** {plane.RULE}")
        if box == dashed:
            st.markdown(
                "**Dashed**: the central 98 % of the codes along each axis, "
                f"{num_in_box:,} of all {num_codes:,}. The grid and the uniform samples are of this box."
            )
        if ckpt.model.has_prior:
            st.markdown(
                "**Rings**: N(0, I), at 1, 2 and 3 standard deviations. The model was trained to spread its codes like this."
            )
        if about := plane.about_images(name):
            st.caption(about)
    canvas.store_picture("grid", name, manifold_base64, box)
    with right:
        points = notice(ckpt, kind, which, plane.hole_share(name, box), grid, samples if sampler == "uniform" else None)
        controls.notice(
            [*models.notes(name), *points[:1], *of_normal(ckpt, samples if sampler == "normal" else None), *points[1:]]
        )

    def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
        cloud = figures.scatter_tile(
            ckpt.codes.numpy(),
            ckpt.labels.numpy(),
            ckpt.data.label_names,
            box,
            width_px // 3,
            ink,
            plane_figures.rings(ckpt),
        )
        shown = plane_figures.over(manifold, ink.background)
        place = figures.to_tiles(ckpt.model.decode(torch.tensor([z])))[0]
        near = [plane.tile(name, digit["index"]) for digit in readout["nearest"][:2]]
        notes = [f"{readout['kind']}: denser than {readout['share']} of the codes"]
        notes += [f"{digit['label']} at {digit['distance']}" for digit in readout["nearest"][:2]]
        top = [
            f"{num_in_box:,} of {num_codes:,} test codes",
            f"Manifold grid, {side} × {side}",
            f"{NUM_SAMPLES**2} {'N(0, I)' if sampler == 'normal' else 'uniform'} samples",
        ]
        below = [f"Decoded at z = ({z[0]:.3f}, {z[1]:.3f})", f"Nearest test {kind.one}", "Second nearest"]
        rows = [[cloud, shown, samples["picture"]], [place, *near]]
        notes = [
            top,
            [f"{a}; {b}" if i == 0 else f"{a}, {b}" for i, (a, b) in enumerate(zip(below, notes, strict=True))],
        ]
        return figures.panel(rows, [], notes, [], caption, width_px, ink)

    cells = zip(planes.cells(box, side).tolist(), grid["shares"], grid["classes"], grid["entropy"], strict=True)
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
        "faded": "yes" if fades else "no", "samples": SAMPLERS[sampler], "seed": seed,
    }  # fmt: skip
    alt = (
        f"Test codes on the plane, {side} × {side} places of it decoded, {NUM_SAMPLES**2} {drawn}; below them the image "
        "decoded at the picked place and the two test images nearest to it"
    )
    export.export_row(f"latent-plane-{side}-{seed}", draw, numbers, settings, alt)
    canvas.store_model(name)  # last: the pictures need not wait until it is hashed
    ahead.prepare_next()


def share_in_holes(samples: dict) -> float:
    return float((samples["shares"] < planes.HOLE_BELOW).mean())


def of_normal(ckpt: Checkpoint, samples: dict | None) -> list[str]:
    """What N(0, I) has to do with this plane: nothing where its draws are not shown and the model does not know of it."""
    points = []
    if samples or ckpt.model.has_prior:
        shown = f"; **{share_in_holes(samples):.0%}** of those shown do" if samples else ""
        points.append(
            f"Of all draws from N(0, I), **{plane.measure(ckpt.name)['normal_hole_share']:.1%}** fall into holes of this plane{shown}."
        )
    if ckpt.model.has_prior:
        within = [f"{planes.share_within(ckpt.codes, r):.0%}" for r in planes.RINGS]
        of_draws = [f"{1 - np.exp(-(r**2) / 2):.0%}" for r in planes.RINGS]
        points.append(
            f"The three rings hold {', '.join(within[:-1])} and {within[-1]} of the test codes. Of draws from N(0, I) they hold {', '.join(of_draws[:-1])} and {of_draws[-1]}."
        )
    return points


def notice(
    ckpt: Checkpoint, kind: words.Words, which: str, hole_share: float, grid: dict, samples: dict | None
) -> list[str]:
    """samples: the uniform ones, where they are shown"""
    kinds = np.array([planes.kind_of_place(s) for s in grid["shares"]])
    in_holes, supported = kinds == "hole", kinds == "supported"
    points = [
        f"Uniform sampling picks places without asking whether {kind.many} are there: **{hole_share:.0%}** of the area of {which} is holes"
        + (f", and **{share_in_holes(samples):.0%}** of the random places lie in holes" if samples else "")
        + f". {supported.mean():.0%} of the grid's places are supported. The decoder draws a picture at every place all the same."
    ]
    if in_holes.any() and supported.any():
        hole, well = grid["entropy"][in_holes].mean(), grid["entropy"][supported].mean()
        points.append(
            f"Images decoded in holes are {'greyer' if hole > well else 'no greyer'} than those at supported places: "
            f"pixel entropy {hole:.3f} against {well:.3f} nats."
        )
    names, labels = ckpt.data.label_names, ckpt.labels[ckpt.labels >= 0]
    nearest = grid["classes"][grid["classes"] >= 0]
    if not len(nearest):
        return points
    shares, real = (np.bincount(found, minlength=len(names)) / len(found) for found in (nearest, labels))
    most = shares.argmax()
    points.append(
        f"The room is shared unequally: **{controls.literal(names[most])}** is the {kind.class_} of the nearest code at {shares[most]:.0%} of the grid's "
        f"places, and of {real[most]:.0%} of the test {kind.many}."
    )
    if (shares == 0).any():
        absent = [controls.literal(names[i]) for i in np.flatnonzero(shares == 0)]
        more = f" and {len(absent) - MAX_NAMED} more" if len(absent) > MAX_NAMED else ""
        points.append(f"Never the nearest on this grid: {', '.join(absent[:MAX_NAMED])}{more}.")
    return points


st.html("<style>.st-key-samples img { image-rendering: pixelated; }</style>")
canvas.frame()
controls.header(
    "Latent plane",
    "An autoencoder with a code of two numbers puts every picture on a plane. "
    "Touch any place, on a code or between codes, and see what the decoder makes of it.",
)
show_plane()
