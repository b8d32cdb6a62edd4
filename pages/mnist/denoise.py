"""M3: digits, the same with noise, and what two denoising autoencoders and the best linear denoiser make of that."""

from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from math import isfinite

import numpy as np
import streamlit as st
from PIL import Image
from torch import Tensor

from aemodels.data import digits
from aemodels.errors import DataError
from aemodels.noise import seeded_order
from aemodels.quality import denoising
from aemodels.quality.curves import EVERY, FACTORS
from aemodels.quality.metrics import psnr_db, with_noise
from aemodels.report import figures
from pages.parts.digits import denoisers, sketch
from pages.parts.digits.denoisers import LINEAR
from pages.parts.shared import ahead, controls, export, loaders, models, uploads

SOURCES = {"test": "Test digits", "draw": "Draw one", "own": "Upload one"}
NUM_DRAWS = 3  # of noise, for the one digit that is drawn or uploaded


def own_digit(source: str) -> Tensor | None:
    """The digit that the user draws or uploads, (1, 28, 28); None, with a hint on the page, while there is none."""
    left, right = st.columns(2, vertical_alignment="center") if source == "draw" else (st.container(), st.container())
    try:
        if source == "draw":
            with left:
                strokes = sketch.show()
            right.info("Draw one digit, as large as you like: it is brought to the size and the pen of MNIST's digits.")
            if strokes:
                return digits.as_mnist_digit(sketch.rasterise(strokes), "The drawing")
        else:
            label = "A picture of one digit, in any ink on any other ground"
            with left:
                files = uploads.show(label, "digit_file", digits.read_digit, 1, "picture")
            if files:
                return files[0].picture
            right.info("The picture should show one digit and nothing else. It stays on this computer.")
    except DataError as error:
        st.error(controls.sentence(error), icon=":material/broken_image:")
    return None


controls.header(
    "Denoise",
    "A denoising autoencoder sees a digit plus noise, x + factor · N(0, 1), and has learnt to give back the clean one. "
    "Two of them, with a code of 2 and of 64 numbers, against the best that any linear map can do.",
)
ckpts = models.present(loaders.DENOISERS)
trained_at = next(iter(ckpts.values())).model_config.settings["noise_factor"]
with controls.row():
    source = controls.choose("Digits", SOURCES, key="digits")
    seed = controls.seed_control()
    with st.container(width=230, gap=None):
        kept = {"bind": "query-params", "persist_state": "session"}
        factor = st.slider("Noise factor", 0.0, 1.0, trained_at, 0.05, key="noise_factor", **kept)
        st.html(f'<div style="margin-left: calc({trained_at:.0%} - 0.4rem)">▲ trained at {trained_at:g}</div>')


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
    if digit is None:
        images, labels = loaders.test_digits()
        index = seeded_order(len(images), seed)[:9]
        x, names = images[index].float() / 255, [f"digit {label}" for label in labels[index].tolist()]
    else:
        x, names = digit.expand(NUM_DRAWS, -1, -1, -1), [f"draw {i} of noise" for i in range(1, NUM_DRAWS + 1)]
    seeds = controls.image_seeds(seed, len(x))
    x_noisy = with_noise(x, factor, seeds)
    results = {label: denoise(x_noisy, factor) for label, denoise in denoisers.load(ckpts).items()}
    psnr = {label: psnr_db(x, x_hat) for label, x_hat in results.items()}
    ssim = {label: denoising.ssim(x, x_hat) for label, x_hat in results.items()}
    rows = {stage: figures.to_tiles(pictures) for stage, pictures in {"Original": x, **results}.items()}
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


points, digit, scene = models.notes(*ckpts), None, None
if source == "test":
    versions = tuple(map(loaders.version, ckpts))
    scene = ahead.scene(compute, seed, "denoise", versions, factor, export.is_dark())
elif (digit := own_digit(source)) is not None:
    scene = compute(seed)
if scene:
    psnr, ssim, n = scene.psnr, scene.ssim, len(scene.names)
    alt = f"{n} pictures: original, noisy at factor {factor:.2f}, then {', '.join(list(psnr)[1:])}"
    export.show(scene.panel, alt)
    st.caption(
        "Below each picture: PSNR in dB against the original, peak 1.0 · SSIM, 1 for a perfect copy. All see the noisy digit "
        "unclipped; it is shown and measured clipped to [0, 1]. “Best linear” is told the noise factor; the networks are not."
    )
    parts = [f"{k} **{p.mean():.1f} dB** (SSIM {ssim[k].mean():.2f})" for k, p in psnr.items() if p.isfinite().all()]
    seen = f" Unclipped, as the networks see them, the noisy ones have {scene.seen_psnr_db:.1f} dB." if factor else ""
    points.append(f"These {n}, at factor {factor:g}, on average: {', '.join(parts)}.{seen}")
measured = {loaders.DENOISERS[name]: ckpt.metrics for name, ckpt in ckpts.items()}
of_all = [f"{label} **{m['psnr_db']:.2f} ± {m['psnr_db_ci95']:.2f} dB**" for label, m in measured.items()]
num_images = next(iter(measured.values()))["num_images"]
points.append(
    f"All {num_images:,} test digits, at factor {trained_at:g}: {', '.join(of_all)} (mean PSNR and its 95 % interval)."
)

st.header(f"{len(loaders.test_digits()[0][::EVERY])} test digits, against the noise factor", anchor=False)
curves = denoisers.curves(ckpts)
for column, (score, title) in zip(st.columns(2), {"psnr_db": "PSNR / dB", "ssim": "SSIM"}.items(), strict=True):
    finite = {k: [(f, v) for f, v in zip(FACTORS, of[score], strict=True) if isfinite(v)] for k, of in curves.items()}
    chart = figures.lines({k: zip(*v, strict=True) for k, v in finite.items()}, "noise factor", f"mean {title}")
    chart.add_vline(trained_at, line_dash="dot", line_color="gray", annotation_text="trained here")
    column.plotly_chart(chart, key=score, alt=f"Mean {title} against the noise factor, of {', '.join(curves)}")

at = FACTORS.index(min(FACTORS, key=lambda f: abs(f - trained_at)))
linear, *networks = (curves[label] for label in (LINEAR, *measured))
for label, network in zip(measured, networks, strict=True):
    gain, similarity = (network[score][at] - linear[score][at] for score in ("psnr_db", "ssim"))
    better = [f for f, a, b in zip(FACTORS, network["psnr_db"], linear["psnr_db"], strict=True) if a > b]
    where = (
        f"ahead of it from factor {better[0]:g} to {better[-1]:g}" if better else "behind it at every factor measured"
    )
    points.append(
        f"**{label}** against the best linear map, at factor {FACTORS[at]:g}: **{controls.signed(gain, 1)} dB**, SSIM "
        f"{controls.signed(similarity, 2)}; in PSNR {where}."
    )
if len(networks) == 2:
    (small, large), n = (network["psnr_db"] for network in networks), FACTORS[at]
    points.append(
        f"What 64 numbers are worth over 2: {large[0] - small[0]:.1f} dB without noise, **{large[at] - small[at]:.1f} dB** at "
        f"factor {n:g}, {large[-1] - small[-1]:.1f} dB at factor 1. Without noise the networks reach {small[0]:.1f} and "
        f"{large[0]:.1f} dB; the linear map then changes nothing."
    )
controls.notice(points)
if scene:
    settings = {"seed": seed, "noise factor": f"{factor:.2f}", "digits": SOURCES[source]}
    settings["noise seeds"] = f"{scene.seeds[0]}–{scene.seeds[-1]}"
    pictures = [
        {"of": name, "noise_seed": s, "noise_factor": factor, "denoiser": label, "psnr_db": p, "ssim": q}
        for label in psnr
        for name, s, p, q in zip(scene.names, scene.seeds, psnr[label].tolist(), ssim[label].tolist(), strict=True)
    ]
    means = [
        {"of": "mean of the test digits", "noise_factor": f, "denoiser": label, "psnr_db": p, "ssim": q}
        for label, of in curves.items()
        for f, p, q in zip(FACTORS, of["psnr_db"], of["ssim"], strict=True)
    ]
    numbers = pictures + means
    if source == "draw":  # the strokes may be 4,000 figures long, too many for a caption
        strokes = st.query_params["sketch"]
        settings["drawing"] = f"SHA-256 {sha256(strokes.encode()).hexdigest()[:12]}, its strokes are in the CSV"
        numbers.append({"of": "the strokes, as in the page's address", "sketch": strokes})
    elif source == "own":
        settings["photo"] = f"SHA-256 {st.session_state.digit_file_kept[0].digest[:12]}"
    export.export_row(f"denoise-{factor:.2f}-{seed}", partial(draw, scene.rows, scene.notes), numbers, settings, alt)
