"""The plane of 2-D codes; any place of it decoded, its manifold grid, and uniform random samples."""

from collections.abc import Sequence

import numpy as np
import streamlit as st
import torch
from PIL import Image

from aemodels.codes import planes
from aemodels.data import words
from aemodels.export import wording
from aemodels.language import _, number, sentences
from aemodels.report import figures, plane_figures
from aemodels.storage import catalogue
from pages.parts.plane import address, canvas, findings, plane, taking
from pages.parts.shared import ahead, controls, export, fields, loaders, models

NUM_SAMPLES = 10  # a side
SAMPLERS = {"uniform": _("Uniform"), "normal": "N(0, I)"}


def change(event: dict) -> None:
    st.session_state.z = address.join(event["z"])
    whole = st.session_state.plane_whole  # not measured here: somebody may have removed the model since
    st.session_state.box = "" if np.allclose(event["box"], whole, rtol=1e-4) else address.join_box(event["box"])


def decoded(z: Sequence[float], readout: dict, is_inside: bool) -> str:
    """What is said below the picture of a place; is_inside: whether it lies in the box in view, where a cross marks it."""
    z1, z2 = (number(value, 3).replace("-", "−") for value in z)
    said = (
        _("Decoded at the cross, z = ({z1}, {z2}); {kind}: denser than {share} of codes")
        if is_inside
        else _("Decoded at z = ({z1}, {z2}), outside the box; {kind}: denser than {share} of codes")
    )
    return said.format(z1=z1, z2=z2, kind=wording.kind_of_place(readout["kind"]), share=readout["share"])


def nearest_two(one: str, readout: dict) -> list[str]:
    """What is said below the test images nearest to the place, of which there may be fewer than two."""
    sayings = (
        _("Nearest test {one}: {label}, distance {distance}"),
        _("Second nearest: {label}, distance {distance}"),
    )
    return [
        said.format(one=one, label=image["label"], distance=image["distance"])
        for said, image in zip(sayings, readout["nearest"], strict=False)
    ]


def to_numbers(box: planes.Extent, side: int, grid: dict) -> list[dict]:
    """The measured figures of each place of the grid, as `plane.decode_grid` gives them."""
    cells = zip(planes.cells(box, side).tolist(), grid["shares"], grid["classes"], grid["entropy"], strict=True)
    return [
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


@st.fragment  # a click reads one place, or draws again, and leaves the page's frame alone
def show_plane() -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        name, group = models.choose_model(catalogue.PLANE, key="mnist_model", data_key="mnist_data")
        seed = controls.seed_control()
        side = st.slider(_("Grid: images a side"), 10, 40, 20, key="side", width=140, **fields.BOUND)
        fades = st.toggle(_("Fade by density"), key="fade", **fields.BOUND)
    if st.session_state.setdefault("plane_model", name) != name:  # another model's plane has another scale
        st.session_state.plane_model, st.session_state.z, st.session_state.box = name, "", ""
    plane.require_codes(name)
    ckpt, whole, dashed = loaders.checkpoint(name), plane.whole(name), plane.measure(name)["box"]
    default = ckpt.codes[torch.randint(len(ckpt.codes), (), generator=torch.Generator().manual_seed(seed))]
    st.session_state.plane_whole = whole
    kind = words.of(group.data.config)
    picture = st.container()  # above the fields that it depends on
    with controls.row():
        z = address.place(_("Place: z₁, z₂"), "z", default.tolist())
        box = address.box(_("Box: z₁ from, to, z₂ from, to"), "box", dashed)
        sampler = controls.choose(_("Random samples"), SAMPLERS, key="drawn_from")
    view, which = (whole, _("the dashed box")) if box == dashed else (box, _("the box in view"))
    is_normal, num_samples = sampler == "normal", number(NUM_SAMPLES**2)
    drawn = (
        _("{number} codes drawn from N(0, I), also outside the box")
        if is_normal
        else _("{number} codes drawn uniformly from {box}")
    ).format(number=num_samples, box=which)
    left, right = st.columns([4, 5], gap="medium")

    def draw_samples(seed: int) -> tuple[dict, bytes]:
        samples = (
            plane.decode_normal(name, NUM_SAMPLES, seed)
            if is_normal
            else plane.decode_uniform(name, box, NUM_SAMPLES, seed)
        )
        return samples, figures.png(Image.fromarray(samples["picture"]))

    samples, samples_png = ahead.scene(draw_samples, seed, "latent plane", loaders.version(name), box, sampler)
    with left.container(key="samples"):  # before the rest is made: the browser fetches it meanwhile
        st.header(_("N(0, I) random samples") if is_normal else _("Uniform random samples"), anchor=False)
        alt = (
            _("{number} images decoded from N(0, I) random codes")
            if is_normal
            else _("{number} images decoded from uniform random codes")
        )
        export.show(samples_png, alt.format(number=num_samples))
        st.markdown(_("{codes}, seed {seed}. Draw again: key N.").format(codes=drawn, seed=seed))

    grid = plane.decode_grid(name, box, side)
    manifold, manifold_base64 = plane.manifold(name, box, side, fades)
    readout = plane.read(name, torch.tensor(z))
    num_codes, num_in_box = len(ckpt.codes), planes.num_inside(ckpt.codes, box)
    titles = {
        "codes": _("{shown} of {number} test codes").format(
            shown=number(planes.num_inside(ckpt.codes, view)), number=number(num_codes)
        ),
        "grid": _("Manifold grid of {box}").format(box=which),
    }
    nearest = (
        _("Nearest test {many}, rebuilt, distance") if plane.are_rebuilt(name) else _("Nearest test {many}, distance")
    )
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
            "nearest": nearest.format(many=kind.many),
        }
        canvas.touch("plane", ckpt, data, change)
        st.markdown(sentences([_("**Supported, sparse or hole?**"), wording.rule()]))
        if box == dashed:
            st.markdown(
                _(
                    "**Dashed**: the central 98% of the codes along each axis, {inside} of all {number}. "
                    "The grid and the uniform samples are of this box."
                ).format(inside=number(num_in_box), number=number(num_codes))
            )
        if ckpt.model.has_prior:
            st.markdown(wording.rings())
        if about := plane.about_images(name):
            st.caption(about)
    canvas.store_picture("grid", name, manifold_base64, box)
    with right:
        points = findings.of_grid(ckpt, kind, which, plane.hole_share(name, box), grid, None if is_normal else samples)
        normal = findings.of_normal(ckpt, samples if is_normal else None)
        first = [*normal, *points[:1]] if is_normal else [*points[:1], *normal]
        controls.notice([*models.notes(name), *first, *points[1:]])

    def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
        cloud = plane_figures.scatter_tile(
            ckpt.codes.numpy(),
            ckpt.labels.numpy(),
            ckpt.data.label_names,
            box,
            width_px // 3,
            ink,
            plane_figures.rings(ckpt),
            place=z,
        )
        shown = plane_figures.with_cross(plane_figures.over(manifold, ink.background), box, z, ink)
        place = figures.to_tiles(ckpt.model.decode(torch.tensor([z])))[0]
        near = [plane.tile(name, digit["index"]) for digit in readout["nearest"][:2]]
        top = [
            _("{shown} of {number} test codes").format(shown=number(num_in_box), number=number(num_codes)),
            _("Manifold grid, {side} × {side}").format(side=side),
            (_("{number} N(0, I) samples") if is_normal else _("{number} uniform samples")).format(number=num_samples),
        ]
        below = [
            decoded(z, readout, is_inside=bool(planes.num_inside(torch.tensor([z]), box))),
            *nearest_two(kind.one, readout),
        ]
        rows = [[cloud, shown, samples["picture"]], [place, *near]]
        return figures.panel(rows, [], [top, below], [], caption, width_px, ink)

    settings = {
        _("model"): name, "z": address.join(z, 3), _("box"): address.told(box), _("grid"): f"{side} × {side}",
        _("faded"): _("yes") if fades else _("no"), _("samples"): SAMPLERS[sampler], _("seed"): seed,
    }  # fmt: skip
    alt = _(
        "Test codes on the plane, {side} × {side} places of it decoded, {codes}; below them the image "
        "decoded at the picked place and the two test images nearest to it"
    ).format(side=side, codes=drawn)
    export.export_row(f"latent-plane-{name}-{side}-{seed}", draw, to_numbers(box, side, grid), settings, alt)
    taking.offer(group, ckpt)
    canvas.store_model(name)  # last: the pictures need not wait until it is hashed
    ahead.prepare_next()


st.html("<style>.st-key-samples img { image-rendering: pixelated; }</style>")
canvas.frame()
controls.header(
    _("Latent plane"),
    _(
        "An autoencoder with a code of two numbers puts every picture on a plane. "
        "Touch any place, on a code or between codes, and see what the decoder makes of it."
    ),
)
show_plane()
