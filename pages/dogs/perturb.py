"""Gaussian noise is added to nine codes; what the decoder makes of it, and how PSNR falls with the variance."""

from dataclasses import dataclass
from functools import partial

import numpy as np
import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from aemodels.data import words
from aemodels.noise import perturb, seeded_order, snr_db
from aemodels.quality import detail
from aemodels.quality.metrics import psnr_db
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.photos import sampling, selection, variance_curves
from pages.parts.shared import ahead, controls, export, loaders, models, originals

STRIP = (0.0, 0.05, 0.1, 0.15, 0.3, 0.5, 0.8, 1.2, 2.0)
SOURCES = {"photos": "Nine pictures", "samples": "Nine Gaussian samples"}


def noise_seeds(seed: int) -> list[int]:
    """Of the nine noises: the nine seeds before these draw the samples, and a seed is the same noise everywhere."""
    return controls.image_seeds(seed, 18)[9:]


def in_db(psnr: Tensor) -> list[str]:
    return [f"{p:.1f} dB" if p.isfinite() else "" for p in psnr]


controls.header(
    "Perturb",
    "Gaussian noise is added to nine codes before they are decoded. **White** noise is equally strong in every direction. **Shaped** noise "
    "has the covariance of the codes themselves, with the same total power. A variance of 0.1 means a tenth of the code's mean square.",
)
kept = {"bind": "query-params", "persist_state": "session"}
with controls.row():
    name, group = models.choose_model(catalogue.MAPS)
    seed = controls.seed_control()
    source = controls.choose("Codes of", SOURCES, key="codes")
variance = st.slider("Noise variance", 0.0, 2.0, 0.1, 0.05, key="variance", **kept)
ckpt = loaders.checkpoint(name)
if source == "samples" and not models.varying([name]):
    st.stop()
picture_words = words.of(group.data.config)
has_photos = source == "photos" and originals.of(group.data) is not None
if source == "photos" and not has_photos:
    why = originals.why_none(group.data)
    st.info(f"{why} Until then these are codes of test {picture_words.many} that come with the model.")


@dataclass(frozen=True)
class Scene:
    """Codes z (n, C, h, w), what PSNR is taken against, and the noise of each kind; PSNR in dB and the mean step between
    neighbouring pixels by kind; the panel's rows of tiles and notes by name, and its PNG file."""

    z: Tensor
    reference: Tensor
    noises: dict[str, Tensor]
    psnr: dict[str, Tensor]
    steps: dict[str, float]
    rows: dict[str, tuple[list[np.ndarray], list[str]]]
    panel: bytes


def compute(seed: int) -> Scene:
    x = None
    if source == "samples":
        z = sampling.sample_codes(name, 256, "full", controls.image_seeds(seed, 9))
    elif has_photos:
        x = selection.random_test_photos(ckpt.data, seed).x
        z = selection.encode(ckpt.model, x)
    else:
        z = ckpt.codes[seeded_order(len(ckpt.codes), seed)[:9]]
    noises = variance_curves.noises(name, noise_seeds(seed)[: len(z)])
    decoded = {"No noise": ckpt.model.decode(z)}
    decoded |= {kind: ckpt.model.decode(perturb(z, variance, noise)) for kind, noise in noises.items()}
    reference = decoded["No noise"] if x is None else x
    psnr = {kind: psnr_db(reference, pictures) for kind, pictures in decoded.items()}
    rows = {} if x is None else {"Original": (figures.to_tiles(x), [])}
    for kind, pictures in decoded.items():
        label = f"{kind} noise {variance:.2f}" if kind in noises else kind
        rows[label] = (figures.to_tiles(pictures), in_db(psnr[kind]))
    steps = {kind: detail.mean_step(pictures) for kind, pictures in decoded.items()}
    return Scene(z, reference, noises, psnr, steps, rows, export.on_screen(draw, rows))


def draw(
    rows: dict[str, tuple[list[np.ndarray], list[str]]], width_px: int, ink: figures.Ink, caption: str = ""
) -> Image.Image:
    tiles, notes = zip(*rows.values(), strict=True)
    return figures.panel(tiles, list(rows), notes, caption=caption, width_px=width_px, ink=ink)


version = loaders.version(name)
scene = ahead.scene(compute, seed, "perturb", version, source, has_photos, variance, export.is_dark())
z, psnr, steps = scene.z, scene.psnr, scene.steps
against = "the originals" if has_photos else "the pictures without noise"
number = "nine" if len(z) == 9 else str(len(z))
kinds = " and ".join(f"with {kind.lower()}" for kind in scene.noises)
alt = f"{number.capitalize()} pictures decoded without noise, {kinds} noise of variance {variance:.2f}"
export.show(scene.panel, alt)
about = originals.about_others(group.data) if has_photos else ""
st.caption(f"PSNR against {against}, peak 1.0. {about}")

st.header("One direction, rising variance", anchor=False)
if st.session_state.get("picture", 0) >= len(z):  # another model has more codes
    st.session_state.picture = 0
picture = st.selectbox("Picture", range(len(z)), format_func=lambda i: str(i + 1), key="picture", width=150, **kept)
one = slice(picture, picture + 1)
strip = {
    kind: ckpt.model.decode(torch.cat([perturb(z[one], v, noise[one]) for v in STRIP]))
    for kind, noise in scene.noises.items()
}
strip_psnr = {kind: psnr_db(scene.reference[one].expand_as(decoded), decoded) for kind, decoded in strip.items()}
columns = [f"{v:g}" for v in STRIP]
panel = figures.panel(
    [figures.to_tiles(decoded) for decoded in strip.values()],
    [f"{kind} noise" for kind in strip],
    [in_db(p) for p in strip_psnr.values()],
    columns,
    width_px=export.SCREEN_PX,
    ink=export.ink(),
)
export.show(panel, f"Picture {picture + 1} {kinds} noise of variance {', '.join(columns)}")

ckpts = models.present(group.names)
curves = variance_curves.measure(ckpts)
st.header("PSNR against variance", anchor=False)
chart = variance_curves.draw(curves)
st.plotly_chart(chart, key="curve", alt=f"Mean PSNR against noise variance for {', '.join(curves.white)}")
st.caption(curves.how)

drops = {model: round(of[0], 2) - round(of[-1], 2) for model, (_, of) in curves.white.items()}
at_most, at_least = max(drops, key=drops.get), min(drops, key=drops.get)
strongest = curves.white[at_most][0][-1]
dimensions = variance_curves.effective_dimensions(ckpts)
if not variance:
    first = "At variance 0 nothing is added: move the slider to see what noise does."
elif not psnr["White"].isfinite().any():
    first = "The noise changes nothing: it is proportional to each code's mean square, which is 0 here."
else:
    first = f"Against {against}, these {number} have {psnr['White'].mean():.2f} dB at variance {variance:.2f} with white noise"
    if "Shaped" in psnr:
        first += f" and {psnr['Shaped'].mean():.2f} dB with shaped noise of the same power"
    first += f" (SNR {snr_db(variance):.1f} dB)."
block_px = ckpt.model_config.image_shape[-1] // z.shape[-1]
points = [
    *models.notes(name),
    first,
    f"One element of the code affects {block_px}×{block_px} px and more, so white noise shows as patches and false edges, "
    f"not as grain. Shaped noise changes a code in the ways in which codes differ from {picture_words.one} to {picture_words.one}. The mean difference "
    f"between neighbouring pixels is {steps['No noise']:.1f} grey levels without noise, {steps['White']:.1f} with white"
    + (f" and {steps['Shaped']:.1f} with shaped noise." if "Shaped" in steps else "."),
    f"From no noise to variance {strongest:g}, white, mean PSNR falls by **{drops[at_most]:.2f} dB** for {at_most}"
    + (f" and by {drops[at_least]:.2f} dB for {at_least}." if len(drops) > 1 else "."),
]
if name in dimensions:
    points.insert(
        -1,
        f"Codes of {name} use their {z[0].numel():,} directions unevenly, as if there were only **{dimensions[name]:.0f}** directions of "
        "equal variance (participation ratio). Shaped noise is uneven in the same way; white noise is equal in all. By model: "
        f"{', '.join(f'{d:.0f} ({model})' for model, d in dimensions.items())}.",
    )
controls.notice(points)

seeds = noise_seeds(seed)[: len(z)]
settings = {
    "model": name,
    "seed": seed,
    "codes of": SOURCES[source] if has_photos or source == "samples" else "reference codes",
    "noise seeds": f"{seeds[0]}–{seeds[-1]}",
    "noise variance": f"{variance:.2f} of the code's mean square",
    "PSNR against": against,
}
scores = [(i, kind, variance, float(p)) for kind in strip for i, p in enumerate(psnr[kind])]
scores += [(picture, kind, v, float(p)) for kind in strip for v, p in zip(STRIP, strip_psnr[kind], strict=True)]
numbers = [
    {"picture": i + 1, "noise_seed": seeds[i], "noise": kind.lower(), "noise_variance": v, "psnr_db": p}
    for i, kind, v, p in scores
]
export.export_row(f"perturb-{name}-{variance:.2f}-{seed}", partial(draw, scene.rows), numbers, settings, alt)
