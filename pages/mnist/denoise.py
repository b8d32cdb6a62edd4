"""Test images, the same with noise, and what denoising autoencoders and the best linear denoiser make of that."""

from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from math import isfinite, prod

import numpy as np
import streamlit as st
from PIL import Image
from torch import Tensor

from aemodels.data import digits, words
from aemodels.data.pictures import open_photo
from aemodels.errors import DataError
from aemodels.noise import seeded_order
from aemodels.quality import denoising
from aemodels.quality.curves import FACTORS
from aemodels.quality.metrics import psnr_db, with_noise
from aemodels.report import figures
from aemodels.storage import catalogue
from aemodels.text import visible
from pages.parts.digits import denoisers, sketch
from pages.parts.shared import ahead, controls, export, loaders, models, originals, uploads

NUM_DRAWS = 3  # of noise, for the one image that is drawn or uploaded


def own_picture(source: str) -> Tensor | None:
    """What the user draws or uploads, (C, H, W); None, with a hint on the page, while there is none."""
    left, right = st.columns(2, vertical_alignment="center") if source == "draw" else (st.container(), st.container())
    try:
        if source == "draw":
            with left:
                strokes = sketch.show()
            right.info(
                "Draw one digit, as large as you like: it is scaled to the size and stroke width of MNIST's digits."
            )
            if strokes:
                return digits.as_mnist_digit(sketch.rasterise(strokes), "The drawing")
        elif not is_mnist:
            num_channels, size, _ = image_shape
            read = partial(open_photo, size=size, num_channels=num_channels)
            files = uploads.show(
                "A photo, of which the centre square is used", f"photo_file_{size}_{num_channels}", read, 1, "picture"
            )
            return files[0].picture.float() / 255 if files else None
        else:
            label = "A picture of one digit, in any colour on any other colour"
            with left:
                files = uploads.show(label, "digit_file", digits.read_digit, 1, "picture")
            if files:
                return files[0].picture
            right.info("The picture should show one digit and nothing else. It stays on this computer.")
    except DataError as error:
        st.error(controls.sentence(error), icon=":material/broken_image:")
    return None


sentence = controls.header(
    "Denoise",
    "A denoising autoencoder sees an image plus noise, x + factor · N(0, 1), and has learnt to give back the clean one.",
)
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
those = (
    "One of them, with a code"
    if len(sizes) == 1
    else f"{('Two', 'Three')[len(sizes) - 2] if len(sizes) < 4 else len(sizes)} of them, with a code"
)
sentence.markdown(
    f"A denoising autoencoder sees a {kind.one} plus noise, x + factor · N(0, 1), and has learnt to give back the clean one. ".replace(
        "a image", "an image"
    )
    + f"{those} of {' and of '.join(f'{n:,}' for n in sizes)} numbers"
    + (", against the best that any linear map can do." if is_mnist else ".")
)
SOURCES = {"test": f"Test {kind.many}", **({"draw": "Draw one"} if is_mnist else {}), "own": "Upload one"}
with chooser:
    source = controls.choose(kind.many.capitalize(), SOURCES, key="digits")
    seed = controls.seed_control()
    with st.container(width=230, gap=None):
        kept = {"bind": "query-params", "persist_state": "session"}
        factor = st.slider("Noise factor", 0.0, 1.0, min(1.0, trained_at), 0.05, key="noise_factor", **kept)
        st.html(
            f'<div style="margin-left: calc({min(1.0, trained_at):.0%} - 0.4rem)">▲ trained at {trained_at:g}</div>'
        )


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
        x, names = first.model.decode(first.codes[index]), [f"code {i}" for i in index.tolist()]
    else:
        x, names = own.expand(NUM_DRAWS, -1, -1, -1), [f"draw {i} of noise" for i in range(1, NUM_DRAWS + 1)]
    seeds = controls.image_seeds(seed, len(x))
    x_noisy = with_noise(x, factor, seeds)
    results = {label: denoise(x_noisy, factor) for label, denoise in denoisers.load(titles, is_mnist).items()}
    psnr = {label: psnr_db(x, x_hat) for label, x_hat in results.items()}
    ssim = {label: denoising.ssim(x, x_hat) for label, x_hat in results.items()}
    rows = {
        stage: figures.to_tiles(pictures)
        for stage, pictures in {"Original" if found or own is not None else "From a code": x, **results}.items()
    }
    notes = [
        [f"{p:.1f} · {s:.2f}" if isfinite(p) else "identical" for p, s in zip(psnr[k], ssim[k], strict=True)]
        for k in results
    ]
    panel = export.on_screen(draw, rows, [names, *notes])
    return Scene(names, seeds, psnr, ssim, psnr_db(x, x_noisy).mean().item(), rows, [names, *notes], panel)


def draw(
    rows: dict[str, list[np.ndarray]], notes: list[list[str]], width_px: int, ink: figures.Ink, caption: str = ""
) -> Image.Image:
    """A row a stage; for a single digit, whose few pictures may be large, a column a stage."""
    stages, tiles = list(rows), list(rows.values())
    if source == "test":
        return figures.panel(tiles, stages, notes, caption=caption, width_px=width_px, ink=ink)
    turned = (list(zip(*table, strict=True)) for table in (tiles, notes))
    return figures.panel(next(turned), [], next(turned), stages, caption, width_px, ink)


points, own, scene = models.notes(*ckpts), None, None
found = originals.of(group.data)
if found is None and source == "test":
    why = originals.why_none(group.data)
    st.info(
        f"{why} Until then, what a model rebuilds from its codes stands in their place.",
        icon=":material/photo_library:",
    )
if source == "test":
    versions = tuple(map(loaders.version, ckpts))
    scene = ahead.scene(compute, seed, "denoise", versions, factor, export.is_dark())
elif (own := own_picture(source)) is not None:
    scene = compute(seed)
if scene:
    psnr, ssim, n = scene.psnr, scene.ssim, len(scene.names)
    alt = f"{n} pictures: original, noisy at factor {factor:.2f}, then {', '.join(list(psnr)[1:])}"
    export.show(scene.panel, alt)
    st.caption(
        "Below each picture: PSNR in dB against the original, then SSIM, which is 1 for a perfect copy. The denoisers see the noisy image "
        "as it is; to be shown and measured it is clipped to [0, 1]. "
        + ("“Best linear” is told the noise factor; the networks are not." if is_mnist else "")
    )
    parts = [
        f"{controls.literal(k)} **{p.mean():.1f} dB** (SSIM {ssim[k].mean():.2f})"
        for k, p in psnr.items()
        if p.isfinite().all()
    ]
    seen = f" Unclipped, as the networks see them, the noisy ones have {scene.seen_psnr_db:.1f} dB." if factor else ""
    points.append(f"These {n}, at factor {factor:g}, on average: {', '.join(parts)}.{seen}")
measured = {titles[name]: ckpt.metrics for name, ckpt in ckpts.items()}
of_all = [
    f"{controls.literal(label)} **{m['psnr_db']:.2f} ± {m['psnr_db_ci95']:.2f} dB**" for label, m in measured.items()
]
num_images = next(iter(measured.values()))["num_images"]
points.append(
    f"All {num_images:,} test {kind.many}, at factor {trained_at:g}: {', '.join(of_all)} (mean PSNR and its 95 % interval)."
)

curves: dict[str, dict[str, list[float]]] = {}
if found:
    index = denoisers.measured_on(len(found))
    st.header(f"{len(index)} test {kind.many}, against the noise factor", anchor=False)
    curves = denoisers.curves(titles, is_mnist, found.at(index), group.data.fingerprint)
    for column, (score, title) in zip(st.columns(2), {"psnr_db": "PSNR / dB", "ssim": "SSIM"}.items(), strict=True):
        finite = {
            k: [(f, v) for f, v in zip(FACTORS, of[score], strict=True) if isfinite(v)] for k, of in curves.items()
        }
        chart = figures.lines({k: zip(*v, strict=True) for k, v in finite.items()}, "noise factor", f"mean {title}")
        chart.add_vline(trained_at, line_dash="dot", line_color="gray", annotation_text="trained here")
        column.plotly_chart(
            chart, key=score, alt=visible(f"Mean {title} against the noise factor, of {', '.join(curves)}")
        )
    points += denoisers.compare(curves, dict(zip(measured, sizes, strict=True)), trained_at)
controls.notice(points)
if scene:
    settings = {"models": ", ".join(ckpts), "seed": seed, "noise factor": f"{factor:.2f}", kind.many: SOURCES[source]}
    settings["noise seeds"] = f"{scene.seeds[0]}–{scene.seeds[-1]}"
    pictures = [
        {"of": name, "noise_seed": s, "noise_factor": factor, "denoiser": label, "psnr_db": p, "ssim": q}
        for label in psnr
        for name, s, p, q in zip(scene.names, scene.seeds, psnr[label].tolist(), ssim[label].tolist(), strict=True)
    ]
    means = [
        {"of": f"mean of {len(index)} test {kind.many}", "noise_factor": f, "denoiser": label, "psnr_db": p, "ssim": q}
        for label, of in curves.items()
        for f, p, q in zip(FACTORS, of["psnr_db"], of["ssim"], strict=True)
    ]
    numbers = pictures + means
    if source == "draw":  # the strokes may be 4,000 figures long, too many for a caption
        strokes = st.query_params["sketch"]
        settings["drawing"] = f"SHA-256 {sha256(strokes.encode()).hexdigest()[:12]}, its strokes are in the CSV"
        numbers.append({"of": "the strokes, as in the page's address", "sketch": strokes})
    elif source == "own" and is_mnist:
        settings["photo"] = f"SHA-256 {st.session_state.digit_file_kept[0].digest[:12]}"
    export.export_row(f"denoise-{factor:.2f}-{seed}", partial(draw, scene.rows, scene.notes), numbers, settings, alt)
