"""The straight line between the codes of two images, decoded, against the cross-fade of their pixels."""

import base64
from dataclasses import dataclass, replace
from functools import partial

import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from aemodels.codes import latents, planes
from aemodels.data import words
from aemodels.export import wording
from aemodels.language import _, number, sentences
from aemodels.noise import seeded_order
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.plane import canvas, plane, walk_findings
from pages.parts.shared import ahead, controls, export, fields, loaders, markdown, models

NUM_STEPS = 9


@dataclass(frozen=True)
class Scene:
    """Codes z on the line and both rows of images; of each place its density, its kind and the class of its nearest code; how
    far each image of both rows is from the nearest test image; and the panel's PNG file."""

    z: Tensor
    walk: Tensor
    fade: Tensor
    shares: Tensor
    kinds: list[str]
    near: list[str]
    apart: list[list[float]]
    panel: bytes = b""


def draw(scene: Scene, width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    places = [
        label if kind == "supported" else f"{label} · {wording.kind_of_place(kind)}"
        for label, kind in zip(scene.near, scene.kinds, strict=True)
    ]
    notes = [[number(d, 3) for d in row] for row in scene.apart]
    rows = [figures.to_tiles(x) for x in (scene.walk, scene.fade)]
    stages = [_("Walk in the code"), _("Cross-fade in pixels")]
    return figures.panel(rows, stages, notes, places, caption, width_px, ink)


def change(event: dict) -> None:
    st.session_state.a, st.session_state.b = map(int, event["ends"])


def random_pair(labels: torch.Tensor, seed: int) -> tuple[int, int]:
    """Two test images, of different classes where there are such."""
    order = seeded_order(len(labels), seed).tolist()
    return order[0], next((i for i in order if labels[i] != labels[order[0]]), order[1])


def let_go() -> None:
    st.session_state.a = st.session_state.b = None


@st.fragment
def show_path(name: str, seed: int) -> None:
    plane.require_codes(name)
    ckpt, images = loaders.checkpoint(name), plane.images(name)
    labels, kind = ckpt.labels, words.of(ckpt.data.config)
    pair = random_pair(labels, seed)
    picture = st.container()  # above the fields that it depends on
    with controls.row():
        ends = [
            fields.number(
                _("Test {one} {letter}, its number").format(one=kind.one, letter=letter.upper()),
                0,
                len(labels) - 1,
                letter,
                None,
                placeholder=str(drawn),
                width=220,
            )
            for letter, drawn in zip("ab", pair, strict=True)
        ]
        st.button(_("Back to the seed's pair"), on_click=let_go, disabled=ends == [None, None])
    picked, ends = ends, [drawn if end is None else end for end, drawn in zip(ends, pair, strict=True)]
    classes = [called(name, end) for end in ends]

    def compute(seed: int) -> Scene:
        pair = [drawn if end is None else end for end, drawn in zip(picked, random_pair(labels, seed), strict=True)]
        z = latents.lerp(*ckpt.codes[pair], NUM_STEPS)
        walk, fade = ckpt.model.decode(z), latents.lerp(*images[pair] / 255, NUM_STEPS)
        shares = plane.support(name, z)
        kinds = [planes.kind_of_place(share) for share in shares.tolist()]
        near = [plane.label(name, i) for i in latents.nearest(ckpt.codes, z)[0].tolist()]
        apart = planes.distance_to_images(torch.cat([walk, fade]), images, pair).view(2, NUM_STEPS).tolist()
        scene = Scene(z, walk, fade, shares, kinds, near, apart)
        return replace(scene, panel=export.on_screen(draw, scene))

    # The panel before the plane above it: the browser fetches it while the rest is made.
    scene = ahead.scene(compute, seed, "path", loaders.version(name), tuple(picked), export.is_dark())
    alt = _(
        "{number} steps from {start} to {end}: above, the walk in the code; below, the cross-fade in pixels"
    ).format(number=number(NUM_STEPS), start=classes[0], end=classes[1])
    export.show(scene.panel, alt)
    with picture:
        data = {
            "name": name,
            "view": plane.whole(name),
            "ends": ends,
            "labels": classes,
            "digits": [base64.b64encode(images[end].numpy().tobytes()).decode() for end in ends],
        }
        canvas.path("path", ckpt, data, change)
    about = _(
        "Above each image: the {class_} of the nearest test code, and “sparse” or “hole” where the place is not supported. Below it: how far the image is "
        "from the most similar other test {one} (root mean square over pixels)."
    ).format(class_=kind.class_, one=kind.one)
    st.caption(sentences([about, plane.about_images(name)]))
    controls.notice(
        models.notes(name)
        + walk_findings.of_walk(
            kind, [*map(markdown.literal, classes)], scene.near, scene.kinds, scene.apart, scene.walk, scene.fade
        )
    )
    numbers = [
        {
            "step": i / (NUM_STEPS - 1),
            "z1": float(scene.z[i, 0]),
            "z2": float(scene.z[i, 1]),
            "class_of_nearest_code": scene.near[i],
            "place": scene.kinds[i],
            "denser_than_codes": float(scene.shares[i]),
            "rms_to_nearest_image_walk": scene.apart[0][i],
            "rms_to_nearest_image_cross_fade": scene.apart[1][i],
        }
        for i in range(NUM_STEPS)
    ]
    settings = {
        _("model"): name,
        "A": _("{number} ({class_})").format(number=ends[0], class_=classes[0]),
        "B": _("{number} ({class_})").format(number=ends[1], class_=classes[1]),
        _("seed"): seed,
    }
    export.export_row(
        f"path-{name}-{ends[0]}-{ends[1]}-{seed}", partial(draw, scene), numbers, settings, alt, legend=about
    )


def called(name: str, index: int) -> str:
    """ "a 3", "an 8", "“Trouser”" or "number 17"."""
    ckpt, label = loaders.checkpoint(name), plane.label(name, index)
    if ckpt.data.config.source == "mnist":
        return (_("an {digit}") if label == "8" else _("a {digit}")).format(digit=label)
    return f"“{label}”" if ckpt.labels[index] >= 0 else label


controls.header(
    _("Path"),
    _(
        "Two pictures, A and B, and the straight line between their codes. Places on the line are decoded. For comparison, the two "
        "pictures are faded into each other pixel by pixel."
    ),
)
canvas.frame()
with controls.row():
    name, _group = models.choose_model(catalogue.PLANE, key="mnist_model", data_key="mnist_data")
    seed = controls.seed_control()
if st.session_state.again:  # the button was clicked, and what was picked by hand would hide the new seed's pair
    let_go()
loaders.checkpoint(name)
show_path(name, seed)
canvas.store_model(name)  # last: the pictures need not wait until it is hashed
