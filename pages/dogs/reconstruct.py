"""Nine photos, their reconstructions, error maps and latent codes; what a channel or a cell of the code holds."""

from dataclasses import dataclass
from functools import partial
from math import prod

import numpy as np
import streamlit as st
from PIL import Image
from torch import Tensor

from aemodels.codes import probing
from aemodels.data import words
from aemodels.language import _, number, percent, sentences
from aemodels.noise import seeded_order
from aemodels.quality.metrics import psnr_db
from aemodels.report import figures, photo_observations
from aemodels.storage import catalogue
from pages.parts.anomaly import pools
from pages.parts.photos import probes, rebuilding, selection, through_models, touch
from pages.parts.shared import ahead, controls, cores, export, loaders, models, originals

VIEWS = {"maps": _("Channels"), "colours": _("One picture")}

sentence = controls.header(
    _("Reconstruct"), _("Each photo is squeezed into a short code and rebuilt from that code alone.")
)
with controls.row():
    name, group = models.choose_model(catalogue.MAPS)
    seed = controls.seed_control()
    source = selection.choose_source(group.data)
    view = controls.choose(_("Code shown as"), VIEWS, key="code")
controls.note_drawn("data", "model", "seed", "photos", "code")
ckpt = loaders.checkpoint(name)
image_shape, latent_shape, picture = (
    ckpt.model_config.image_shape,
    ckpt.model_config.latent_shape,
    words.of(ckpt.data.config),
)
sentence.markdown(
    _(
        "Each {one} of {size} numbers is squeezed into a code of {code_size} ({num_channels} channels of {height}×{width}) and rebuilt from it."
    ).format(
        one=picture.one,
        size=number(prod(image_shape)),
        code_size=number(prod(latent_shape)),
        num_channels=latent_shape[0],
        height=latent_shape[1],
        width=latent_shape[2],
    )
)
photos = selection.from_source(source, ckpt)
has_photos = photos is not None


@dataclass(frozen=True)
class Scene:
    """Codes z (n, C, h, w), their pictures x_hat and, for photos, the originals x and the PSNR of each in dB; the limit of the code's
    colour scale; the panel's rows of tiles by name, the texts below them, and its PNG file."""

    z: Tensor
    x_hat: Tensor
    x: Tensor | None
    psnr: Tensor | None
    labels: list[str]
    limit: float
    rows: dict[str, list[np.ndarray]]
    notes: dict[str, list[str]]
    panel: bytes


def compute(seed: int) -> Scene:
    if has_photos:
        pictures = photos(seed)
        x, labels = pictures.x, pictures.names
        z = selection.encode(ckpt, pictures)
        x_hat = cores.rows(ckpt.model.decode, z)
        psnr = psnr_db(x, x_hat)
    else:
        picked = seeded_order(len(ckpt.codes), seed)[:9]
        x, psnr, z = None, None, ckpt.codes[picked]
        x_hat, labels = ckpt.model.decode(z), [_("code {number}").format(number=i) for i in picked.tolist()]
    limit = float(z.abs().quantile(0.995))
    if view == "maps":
        codes = [figures.channel_maps(code, limit) for code in z]
    else:
        codes = [probing.as_colours(code, colour_mean, colour_axes) for code in z]
    rebuilt, code = _("Rebuilt"), _("Code")
    rows, notes = {rebuilt: figures.to_tiles(x_hat), code: codes}, {rebuilt: labels}
    if has_photos:
        error = figures.heat((x - x_hat).abs().mean(1).numpy(), limit=rebuilding.ERROR_LIMIT)
        original = _("Original")
        rows = {original: figures.to_tiles(x), rebuilt: rows[rebuilt], _("Error"): list(error), code: codes}
        notes = {original: labels, rebuilt: [f"{number(p, 1)} dB" for p in psnr.tolist()]}
    return Scene(z, x_hat, x, psnr, labels, limit, rows, notes, export.on_screen(draw, rows, notes))


def say(num_pictures: int) -> str:
    if has_photos:
        what = _("Original, what {model} rebuilds, error map and code of {photos}")
        return what.format(model=models.quoted(name), photos=picture.count(num_pictures))
    what = _("{number} codes that come with {model}, and what it rebuilds from them")
    return what.format(number=num_pictures, model=models.quoted(name))


def show_photos() -> None:
    """The photos at once, and room for what the model makes of them."""
    if not has_photos:
        return
    shown = photos(seed)
    blank = figures.blank(image_shape, export.ink())
    rows = {_("Original"): figures.to_tiles(shown.x)}
    rows |= {row: [blank] * len(shown.x) for row in (_("Rebuilt"), _("Error"), _("Code"))}
    notes = {_("Original"): shown.names, _("Rebuilt"): ["…"] * len(shown.x)}
    with place:
        export.show(export.on_screen(draw, rows, notes), say(len(shown.x)))


def encoder_alone(seed: int) -> Tensor:
    """The PSNR of the same photos in dB, from the encoder's first codes: told below the panel, which does not wait for it."""
    pictures = photos(seed)
    return pools.encoder_psnr_db(ckpt, pictures.x, pictures.index)


def draw(
    rows: dict[str, list[np.ndarray]], notes: dict[str, list[str]], width_px: int, ink: figures.Ink, caption: str = ""
) -> Image.Image:
    texts = [notes.get(row, []) for row in rows]
    return export.pictures_panel(list(rows.values()), list(rows), texts, width_px, ink, caption)


through_all = partial(through_models.show, group, photos, seed, source)
if is_for_comparison := through_models.comes_first():
    through_all()
    st.header(_("What this model rebuilds"), anchor=False)
place = st.empty()
colour_mean, colour_axes, colour_share = probes.colour_axes(name)
if source == "test":
    depends_on = (loaders.version(name), view, has_photos, export.is_dark())
    scene = ahead.scene(compute, seed, "reconstruct", *depends_on, meanwhile=show_photos)
else:
    scene = compute(seed)
z, x_hat, x, psnr, labels, limit = scene.z, scene.x_hat, scene.x, scene.psnr, scene.labels, scene.limit
alt = say(len(z))
with place:
    export.show(scene.panel, alt)
if view == "maps":
    legend = _(
        "Code: one map for each channel. Blue is −{limit}, white 0, red {limit}, on the same scale for all."
    ).format(limit=number(limit, 1))
else:
    legend = _(
        "Code: red, green and blue are the three strongest directions among the {num_channels} channels (principal components), which carry "
        "{share} of the variance of the cells."
    ).format(num_channels=latent_shape[0], share=percent(colour_share))
in_colour, about_error = image_shape[0] == 3, rebuilding.about_error(image_shape)
others = originals.about_others(ckpt.data) if source == "test" else ""
about_error = about_error if has_photos else ""
st.caption(sentences([legend, others, about_error]))

st.header(_("What a part of the code holds"), anchor=False)
touch.show(name, z, x_hat, x, limit)
st.caption(
    sentences(
        [
            _(
                "Scaling starts from the mean of the {number} codes that come with the model: a part that is knocked out takes the value that "
                "it has on average over {many}."
            ).format(number=number(len(ckpt.codes)), many=picture.many),
            _("“What changed” is the absolute difference, averaged over the colours: black is 0, white the largest.")
            if in_colour
            else _("“What changed” is the absolute difference: black is 0, white the largest."),
        ]
    )
)

channel_power = probing.channel_power(z)
points = [*models.notes(name), rebuilding.of_model(ckpt)]
if has_photos:
    if source == "test":
        encoder_psnr = ahead.scene(encoder_alone, seed, "encoder alone", loaders.version(name))
    else:
        encoder_psnr = encoder_alone(seed)
    points += rebuilding.of_photos(ckpt, x, x_hat, psnr, encoder_psnr, labels)
points += photo_observations.of_channels(channel_power)
controls.notice(points)

settings = {
    _("model"): name,
    _("seed"): seed,
    _("photos"): _(selection.SOURCES[source]) if has_photos else _("reference codes"),
    _("code"): VIEWS[view],
}
numbers = [
    {"picture": i + 1, "name": label, "psnr_db": float(psnr[i]) if has_photos else None}
    | {f"channel_{c + 1}_mean_square": float(p) for c, p in enumerate(channel_power[i])}
    for i, label in enumerate(labels)
]
printed, legend = partial(draw, scene.rows, scene.notes), sentences([legend, about_error])
export.export_row(f"reconstruct-{name}-{seed}", printed, numbers, settings, alt, legend=legend)

if not is_for_comparison:
    through_all()
probes.show(name, z, x_hat, x)
