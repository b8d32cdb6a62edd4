"""Gaussian noise is added to nine codes; what the decoder makes of it, and how PSNR falls with the variance."""

import itertools
from dataclasses import dataclass
from functools import partial
from math import isfinite

import numpy as np
import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from aemodels.data import words
from aemodels.language import _, list_of, number, sentences
from aemodels.noise import perturb, seeded_order
from aemodels.quality import detail
from aemodels.quality.generation import LEARNED
from aemodels.quality.metrics import psnr_db
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.photos import noise_effects, sampling, selection, variance_curves
from pages.parts.shared import ahead, controls, cores, export, fields, loaders, models, originals

STRIP = (0.0, 0.05, 0.1, 0.15, 0.3, 0.5, 0.8, 1.2, 2.0)
SOURCES = {"photos": _("Nine pictures"), "samples": _("Nine Gaussian samples"), "learned": _("Nine learned samples")}
NOISES = {"none": _("Without noise"), "white": _("White noise"), "shaped": _("Shaped noise")}


def noise_seeds(seed: int) -> list[int]:
    """Of the nine noises: the nine seeds before these draw the samples, and a seed is the same noise everywhere."""
    return controls.image_seeds(seed, 18)[9:]


def in_db(psnr: Tensor) -> list[str]:
    return [f"{number(p, 1)} dB" if isfinite(p) else "" for p in psnr.tolist()]


controls.header(
    _("Perturb"),
    _(
        "Gaussian noise is added to nine codes before they are decoded. **White** noise is equally strong in every direction. **Shaped** noise "
        "has the covariance of the codes themselves, scaled to the same total power. A variance of 0.1 means a tenth of the code's mean square."
    ),
)
with controls.row():
    name, group = models.choose_model(catalogue.MAPS)
    seed = controls.seed_control()
    sources = {key: title for key, title in SOURCES.items() if key != "learned" or loaders.prior_of(name)}
    source = controls.choose(_("Codes of"), sources, key="codes")
    variance = st.slider(_("Noise variance"), 0.0, 2.0, 0.1, 0.05, key="variance", width=260, **fields.BOUND)
ckpt = loaders.checkpoint(name)
if source != "photos" and not models.varying([name]):
    st.stop()
picture_words = words.of(group.data.config)
has_photos = source == "photos" and originals.of(group.data) is not None
if source == "photos" and not has_photos:
    until_then = _("Until then these are codes of test {photos} that come with the model.")
    st.info(sentences([originals.why_none(group.data), until_then.format(photos=picture_words.many)]))


@dataclass(frozen=True)
class Scene:
    """Codes z (n, C, h, w), what PSNR is taken against, and the noise of each kind; PSNR in dB and the mean step between
    neighbouring pixels by kind, a key of NOISES; the panel's rows of tiles and notes by name, and its PNG file."""

    z: Tensor
    reference: Tensor
    noises: dict[str, Tensor]
    psnr: dict[str, Tensor]
    steps: dict[str, float]
    rows: dict[str, tuple[list[np.ndarray], list[str]]]
    panel: bytes


def label(kind: str) -> str:
    return NOISES[kind] if kind == "none" else f"{NOISES[kind]} {number(variance, 2)}"


def compute(seed: int) -> Scene:
    x = None
    if source != "photos":
        sampler = LEARNED if source == "learned" else "full"
        z = sampling.sample_codes(name, 256, sampler, controls.image_seeds(seed, 9))
    elif has_photos:
        photos = selection.random_test_photos(ckpt.data, seed)
        x, z = photos.x, selection.encode(ckpt, photos)
    else:
        z = ckpt.codes[seeded_order(len(ckpt.codes), seed)[:9]]
    noises = variance_curves.noises(name, noise_seeds(seed)[: len(z)])
    codes = {"none": z} | {kind: perturb(z, variance, noise) for kind, noise in noises.items()}
    pictures = cores.rows(ckpt.model.decode, torch.cat(list(codes.values())))
    decoded = dict(zip(codes, pictures.split(len(z)), strict=True))
    reference = decoded["none"].clone() if x is None else x  # without the others, which are one array with it
    psnr = {kind: psnr_db(reference, pictures) for kind, pictures in decoded.items()}
    rows = {} if x is None else {_("Original"): (figures.to_tiles(x), [])}
    for kind, pictures in decoded.items():
        rows[label(kind)] = (figures.to_tiles(pictures), in_db(psnr[kind]))
    steps = {kind: detail.mean_step(pictures) for kind, pictures in decoded.items()}
    return Scene(z, reference, noises, psnr, steps, rows, export.on_screen(draw, rows))


def draw(
    rows: dict[str, tuple[list[np.ndarray], list[str]]], width_px: int, ink: figures.Ink, caption: str = ""
) -> Image.Image:
    tiles, notes = zip(*rows.values(), strict=True)
    return export.pictures_panel(tiles, list(rows), notes, width_px, ink, caption)


def say(num_pictures: int) -> str:
    if is_shaped:
        what = _("{nine} pictures decoded without noise, with white and with shaped noise of variance {variance}")
    else:
        what = _("{nine} pictures decoded without noise, with white noise of variance {variance}")
    return what.format(nine=in_words(num_pictures).capitalize(), variance=number(variance, 2))


def in_words(num_pictures: int) -> str:
    return _("nine") if num_pictures == 9 else number(num_pictures)


def show_photos() -> None:
    """The photos at once, and room for what noise makes of them."""
    if not has_photos:
        return
    x = selection.random_test_photos(ckpt.data, seed).x
    kinds = NOISES if is_shaped else ("none", "white")
    to_come = ([figures.blank(ckpt.model_config.image_shape, export.ink())] * len(x), ["…"] * len(x))
    rows = {_("Original"): (figures.to_tiles(x), [])} | {label(kind): to_come for kind in kinds}
    with place:
        export.show(export.on_screen(draw, rows), say(len(x)))


def strip_of(picture: int) -> dict[str, tuple[list[np.ndarray], list[float]]]:
    """Tiles and PSNR in dB of one picture at each variance of STRIP, by kind of noise; those that stand above are not decoded again."""
    one = slice(picture, picture + 1)
    rest = [v for v in STRIP if v not in (0, variance)]
    codes = torch.cat([perturb(z[one], v, noise[one]) for noise in scene.noises.values() for v in rest])
    decoded = cores.rows(ckpt.model.decode, codes)
    psnr = psnr_db(scene.reference[one].expand_as(decoded), decoded).tolist()
    found = zip(itertools.product(scene.noises, rest), figures.to_tiles(decoded), psnr, strict=True)
    at = {place: (tile, in_db) for place, tile, in_db in found}
    for kind in scene.noises:
        for v, above in ((variance, kind), (0, "none")):
            at[kind, v] = scene.rows[label(above)][0][picture], float(scene.psnr[above][picture])
    return {kind: tuple(map(list, zip(*(at[kind, v] for v in STRIP), strict=True))) for kind in scene.noises}


version = loaders.version(name), sampling.prior_version(name, source)
place, is_shaped = st.empty(), models.vary(name)
depends_on = (version, source, has_photos, variance, export.is_dark())
scene = ahead.scene(compute, seed, "perturb", *depends_on, meanwhile=show_photos)
z, psnr = scene.z, scene.psnr
against = _("the originals") if has_photos else _("the pictures without noise")
how_many, alt = in_words(len(z)), say(len(z))
with place:
    export.show(scene.panel, alt)
about = originals.about_others(group.data) if has_photos else ""
st.caption(sentences([_("PSNR against {pictures}, peak 1.0.").format(pictures=against), about]))

st.header(_("One direction, rising variance"), anchor=False)
if st.session_state.get("picture", 1) > len(z):  # another model has more codes
    st.session_state.picture = 1
picture = st.selectbox(_("Picture"), range(1, len(z) + 1), key="picture", width=150, **fields.BOUND) - 1
strip = strip_of(picture)
tiles, strip_psnr = zip(*strip.values(), strict=True)
columns = [f"{v:g}" for v in STRIP]
panel = figures.panel(
    tiles,
    [NOISES[kind] for kind in strip],
    [in_db(torch.tensor(p)) for p in strip_psnr],
    columns,
    width_px=export.SCREEN_PX,
    ink=export.ink(),
)
if "shaped" in strip:
    strip_alt = _("Picture {which} with white and with shaped noise of variance {variances}")
else:
    strip_alt = _("Picture {which} with white noise of variance {variances}")
export.show(panel, strip_alt.format(which=picture + 1, variances=list_of(columns)))

ckpts = models.present(group.names)
curves = variance_curves.measure(ckpts)
st.header(_("PSNR against variance"), anchor=False)
chart = variance_curves.draw(curves)
chart_alt = _("Mean PSNR against noise variance for {models}").format(models=list_of(map(models.title, curves.white)))
st.plotly_chart(chart, key="curve", alt=chart_alt)
st.caption(curves.how)

dimensions = variance_curves.effective_dimensions(ckpts)
block_px = ckpt.model_config.image_shape[-1] // z.shape[-1]
on_these = noise_effects.on_these(psnr, variance, against, how_many)
on_the_eye = noise_effects.on_the_eye(scene.steps, block_px, picture_words.one)
points = [*models.notes(name), *([on_the_eye, on_these] if variance else [on_these, on_the_eye])]
if name in dimensions:
    points.append(noise_effects.directions(name, len(ckpt.codes), z[0].numel(), dimensions))
points.append(noise_effects.fall(curves.white))
controls.notice(points)

seeds = noise_seeds(seed)[: len(z)]
settings = {
    _("model"): name,
    _("seed"): seed,
    _("codes of"): SOURCES[source] if has_photos or source != "photos" else _("reference codes"),
    _("noise seeds"): f"{seeds[0]}–{seeds[-1]}",
    _("noise variance"): _("{variance} of the code's mean square").format(variance=number(variance, 2)),
    _("PSNR against"): against,
}
scores = [(i, kind, variance, float(p)) for kind in strip for i, p in enumerate(psnr[kind])]
scores += [(picture, kind, v, float(p)) for kind in strip for v, p in zip(STRIP, strip[kind][1], strict=True)]
numbers = [
    {"picture": i + 1, "noise_seed": seeds[i], "noise": kind, "noise_variance": v, "psnr_db": p}
    for i, kind, v, p in scores
]
export.export_row(f"perturb-{name}-{variance:.2f}-{seed}", partial(draw, scene.rows), numbers, settings, alt)
