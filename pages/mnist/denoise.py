"""Test images, the same with noise, and what denoising autoencoders and the best linear denoiser make of that."""

from dataclasses import dataclass
from functools import partial
from math import isfinite, prod

import numpy as np
import streamlit as st
from PIL import Image
from torch import Tensor

from aemodels.data import shipped, words
from aemodels.language import _, all_of, list_of, ngettext, number, sentences
from aemodels.noise import seeded_order
from aemodels.quality import denoising
from aemodels.quality.curves import FACTORS
from aemodels.quality.metrics import psnr_db, with_noise
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.digits import denoise_findings, denoisers, own_image
from pages.parts.shared import ahead, controls, export, fields, loaders, models, originals

NUM_DRAWS = 3  # of noise, for the one image that is drawn or uploaded


what_it_is = _(
    "A denoising autoencoder sees an image plus noise, x + factor · N(0, 1), and has learnt to give back the clean one."
)
sentence = controls.header(_("Denoise"), what_it_is)
chooser = controls.row()
with chooser:
    group = models.choose_group(catalogue.DENOISER, key="mnist_data")
ckpts = models.present(model.name for model in sorted(group.models, key=lambda model: prod(model.config.latent_shape)))
titles = {name: group.titles[name] for name in ckpts}
first = next(iter(ckpts.values()))
image_shape, kind, is_mnist = (
    first.model_config.image_shape,
    words.of(first.data.config),
    first.data.config.source == "mnist",
)
sizes = [prod(ckpt.model_config.latent_shape) for ckpt in ckpts.values()]
trained_at = next(model.noise_factor for model in group.models if model.name == first.name)
those = ngettext(
    "Here is one of them, with a code of {sizes} numbers.",
    "Here are {number} of them, with codes of {sizes} numbers.",
    len(sizes),
).format(number=number(len(sizes)), sizes=all_of(map(number, dict.fromkeys(sizes))))
linear = _("The best that any linear map can do is shown as well.") if is_mnist else ""
sentence.markdown(sentences([what_it_is, those, linear]))
sources = own_image.sources(kind, is_mnist)
with chooser:
    source = controls.choose(kind.many.capitalize(), sources, key="digits")
    seed = controls.seed_control()
    label = _("Noise factor (trained at {factor})").format(factor=f"{trained_at:g}")
    factor = st.slider(label, 0.0, 1.0, min(1.0, trained_at), 0.05, key="noise_factor", width=230, **fields.BOUND)


@dataclass(frozen=True)
class Scene:
    """A name and a noise seed for each picture; PSNR in dB and SSIM by denoiser, and the mean PSNR of what the networks see; the
    panel's rows of tiles by stage, the notes below them, and its PNG file."""

    names: list[str]
    seeds: list[int]
    psnr: dict[str, Tensor]
    ssim: dict[str, Tensor]
    seen_psnr_db: float
    rows: dict[str, list[np.ndarray]]
    notes: list[list[str]]
    panel: bytes


def compute(seed: int) -> Scene:
    if own is None and found:
        index = seeded_order(len(found), seed)[:9]
        x, names = found.pictures(index), [found.name_of(i) for i in index.tolist()]
    elif own is None:
        index = seeded_order(len(first.codes), seed)[:9]
        x, names = first.model.decode(first.codes[index]), [_("code {index}").format(index=i) for i in index.tolist()]
    else:
        x = own.expand(NUM_DRAWS, -1, -1, -1)
        names = [_("draw {index} of noise").format(index=i) for i in range(1, NUM_DRAWS + 1)]
    seeds = controls.image_seeds(seed, len(x))
    x_noisy = with_noise(x, factor, seeds)
    results = {
        denoisers.title(name, titles): denoise(x_noisy, factor)
        for name, denoise in denoisers.load(titles, is_mnist).items()
    }
    psnr = {label: psnr_db(x, x_hat) for label, x_hat in results.items()}
    ssim = {label: denoising.ssim(x, x_hat) for label, x_hat in results.items()}
    rows = {
        stage: figures.to_tiles(pictures)
        for stage, pictures in {_("Original") if found or own is not None else _("From a code"): x, **results}.items()
    }
    notes = [
        [
            f"{number(p, 1)} · {number(s, 2)}" if isfinite(p) else _("identical")
            for p, s in zip(psnr[k], ssim[k], strict=True)
        ]
        for k in results
    ]
    panel = export.on_screen(draw, rows, [names, *notes])
    return Scene(names, seeds, psnr, ssim, psnr_db(x, x_noisy).mean().item(), rows, [names, *notes], panel)


def draw(
    rows: dict[str, list[np.ndarray]], notes: list[list[str]], width_px: int, ink: figures.Ink, caption: str = ""
) -> Image.Image:
    return export.pictures_panel(list(rows.values()), list(rows), notes, width_px, ink, caption)


points, compared, own, scene = [], [], None, None
found = originals.of(group.data)
if found is None and source == "test":
    why = originals.why_none(group.data)
    until_then = _("Until then, what a model rebuilds from its codes stands in their place.")
    st.info(sentences([why, until_then]), icon=":material/photo_library:")
if source == "test":
    versions = tuple(map(loaders.version, ckpts))
    scene = ahead.scene(compute, seed, "denoise", versions, factor, export.is_dark())
elif (own := own_image.show(source, image_shape, is_mnist)) is not None:
    scene = compute(seed)
if scene:
    psnr, ssim, n = scene.psnr, scene.ssim, len(scene.names)
    alt = _("{number} pictures: original, noisy at factor {factor}, then {names}").format(
        number=number(n), factor=f"{factor:.2f}", names=list_of(list(psnr)[1:])
    )
    export.show(scene.panel, alt)
    below = _(
        "Below each picture: PSNR in dB against the original, then SSIM, which is 1 for a perfect copy. The denoisers see the noisy image "
        "as it is; to be shown and measured it is clipped to [0, 1]."
    )
    told = _("“Best linear” is told the noise factor; the networks are not.") if is_mnist else ""
    st.caption(sentences([below, told]))
    points.append(denoise_findings.of_these(psnr, ssim, factor, scene.seen_psnr_db))
points.append(denoise_findings.of_all({titles[name]: ckpt.metrics for name, ckpt in ckpts.items()}, trained_at, kind))

curves: dict[str, dict[str, list[float]]] = {}
if found:
    index = denoisers.measured_on(len(found))
    st.header(
        _("{number} test {many}, against the noise factor").format(number=number(len(index)), many=kind.many),
        anchor=False,
    )
    curves = denoisers.curves(titles, is_mnist, found.at(index), group.data.fingerprint, shipped.is_shipped(group.data))
    denoisers.draw(curves, titles, models.colours(group), trained_at)
    compared = denoisers.compare(
        curves, dict(zip(ckpts, sizes, strict=True)), titles, trained_at, len(index), kind.many
    )
controls.notice([*models.notes(*ckpts), *compared, *points])
if scene:
    settings = {
        _("models"): list_of(ckpts),
        _("seed"): seed,
        _("noise factor"): f"{factor:.2f}",
        kind.many: sources[source],
        _("noise seeds"): f"{scene.seeds[0]}–{scene.seeds[-1]}",
    }
    pictures = [
        {"of": name, "noise_seed": s, "noise_factor": factor, "denoiser": label, "psnr_db": p, "ssim": q}
        for label in psnr
        for name, s, p, q in zip(scene.names, scene.seeds, psnr[label].tolist(), ssim[label].tolist(), strict=True)
    ]
    means = [
        {
            "of": _("mean of {number} test {many}").format(number=number(len(index)), many=kind.many),
            "noise_factor": f,
            "denoiser": denoisers.title(name, titles),
            "psnr_db": p,
            "ssim": q,
        }
        for name, of in curves.items()
        for f, p, q in zip(FACTORS, of["psnr_db"], of["ssim"], strict=True)
    ]
    numbers = pictures + means
    if source == "draw":  # the strokes may be 4,000 figures long, too many for a caption
        settings[_("drawing")] = own_image.about_drawing()
        numbers.append({"of": _("the strokes, as in the page's address"), "sketch": st.query_params["sketch"]})
    elif source == "own" and is_mnist:
        settings[_("photo")] = f"SHA-256 {st.session_state.digit_file_kept[0].digest[:12]}"
    printed = partial(draw, scene.rows, scene.notes)
    export.export_row(
        f"denoise-{export.of_models(ckpts)}-{factor:.2f}-{seed}", printed, numbers, settings, alt, legend=below
    )
