"""M3: nine digits, the same with noise, and what two denoising autoencoders, of 2-D and 64-D code, make of that."""

import streamlit as st
import torch
from PIL import Image
from torch import Tensor

from aemodels import checkpoints, data, figures
from aemodels.errors import DataError
from aemodels.metrics import per_image, psnr_db, reconstruct
from aemodels.noise import seeded_normal
from aemodels.photos import open_photo
from pages.parts import controls, export, loaders

FACTORS = [i / 10 for i in range(11)]
EVERY = 20  # one test digit in twenty: the first half of MNIST's test digits is easier than the second


def own_digit() -> Tensor | None:
    """The user's digit, nine times (9, 1, 28, 28), for nine draws of noise; None where there is none yet."""
    file = st.file_uploader("A photo of one digit, dark on light or light on dark", key="digit_file")
    if file is None:
        st.info("One digit fills most of the photo; the centre square is used. The photo stays on this computer.")
        return None
    try:
        return data.as_mnist_digit(open_photo(file, 280), file.name).expand(9, -1, -1, -1)
    except DataError as error:
        st.error(str(error), icon=":material/broken_image:")
        return None


@st.cache_data(max_entries=8, show_spinner="Measuring 500 test digits; this happens once …")
def curve(name: str, modified_ns: int, _model) -> list[float]:
    """Mean PSNR in dB of the denoised digits at each of FACTORS."""
    images = loaders.test_digits()[0][::EVERY]
    return [per_image(_model, images, psnr_db, noise_factor=f, batch_size=250).mean().item() for f in FACTORS]


@st.cache_data(max_entries=1, show_spinner=False)
def noisy_curves() -> tuple[list[float], list[float]]:
    """The same of the noisy digits, as the network sees them and clipped to [0, 1], at each of FACTORS but 0."""
    x = loaders.test_digits()[0][::EVERY].float() / 255
    noise = seeded_normal(range(len(x)), x.shape[1:])  # the noise of `curve`
    seen = [x + f * noise for f in FACTORS[1:]]
    return tuple([psnr_db(x, y).mean().item() for y in ys] for ys in (seen, [y.clamp(0, 1) for y in seen]))


controls.header(
    "Denoise",
    "A denoising autoencoder sees a digit plus noise, x + factor · N(0, 1), and has learnt to give back the clean one. "
    "Two of them, which differ in the size of the code alone.",
)
ckpts = {name: loaders.checkpoint(name) for name in loaders.DENOISERS}
trained_at = next(iter(ckpts.values())).model_config.noise_factor
kept = {"bind": "query-params", "persist_state": "session"}
with controls.row():
    source = controls.choose("Digits", {"test": "Test digits", "own": "Your own"}, key="digits")
    seed = controls.seed_control()
    with st.container(width=330, gap=None):
        factor = st.slider("Noise factor", 0.0, 1.0, trained_at, 0.05, key="noise_factor", **kept)
        st.html(f'<div style="margin-left: calc({trained_at:.0%} - 0.4rem)">▲ trained at {trained_at:g}</div>')

if source == "test":
    digits, labels = loaders.test_digits()
    index = torch.randperm(len(digits), generator=torch.Generator().manual_seed(seed))[:9]
    x, names = digits[index].float() / 255, [str(label) for label in labels[index].tolist()]
else:
    x, names = own_digit(), [f"draw {i}" for i in range(1, 10)]
if x is None:
    st.stop()
seeds = controls.image_seeds(seed, 9)
results = {name: reconstruct(c.model, x, factor, seeds=seeds) for name, c in ckpts.items()}
x_noisy = next(iter(results.values()))[0]
psnr = {"noisy": psnr_db(x, x_noisy), **{name: psnr_db(x, x_hat) for name, (_, _, x_hat) in results.items()}}


def draw(width_px: int, ink: figures.Ink, caption: str = "") -> Image.Image:
    tiles = [figures.to_tiles(pictures) for pictures in (x, x_noisy, *(x_hat for _, _, x_hat in results.values()))]
    labels = ["Original", "Noisy (clipped)", *(f"Denoised, {label}" for label in loaders.DENOISERS.values())]
    notes = [names, *([f"{p:.1f} dB" if p.isfinite() else "no noise" for p in row] for row in psnr.values())]
    return figures.panel(tiles, labels, notes, caption=caption, width_px=width_px, ink=ink)


alt = f"Nine digits: original, noisy at factor {factor:.2f}, denoised by both models"
export.show(draw(export.SCREEN_PX, export.ink()), alt)
st.caption(
    "PSNR against the original, peak 1.0. The network sees the noisy digit unclipped, and the PSNR below it is that of "
    "the unclipped one; the picture shows it clipped to [0, 1]."
)

st.subheader("PSNR against noise factor, 500 test digits", anchor=False)
curves = {n: curve(n, checkpoints.checkpoint_path(n).stat().st_mtime_ns, c.model) for n, c in ckpts.items()}
seen, clipped = noisy_curves()
series = {f"Denoised, {loaders.DENOISERS[n]}": (FACTORS, c) for n, c in curves.items()}
series |= {"Noisy, as seen": (FACTORS[1:], seen), "Noisy, clipped as shown": (FACTORS[1:], clipped)}
chart = figures.lines(series, "noise factor", "mean PSNR / dB")
st.plotly_chart(chart, key="curve", alt="Mean PSNR against noise factor")

at = FACTORS.index(min(FACTORS, key=lambda f: abs(f - trained_at)))
noisy, once_clipped = psnr["noisy"].mean(), psnr_db(x, x_noisy.clamp(0, 1)).mean()
points = [
    "On these nine: "
    + (f"noisy **{noisy:.1f} dB** ({once_clipped:.1f} dB once clipped), " if factor else "")
    + ", ".join(f"{label} **{psnr[name].mean():.1f} dB**" for name, label in loaders.DENOISERS.items()) + ".",
]  # fmt: skip
for name, label in loaders.DENOISERS.items():
    above = [f for f, mine, other in zip(FACTORS[1:], curves[name][1:], clipped, strict=True) if mine > other]
    gain, change = curves[name][at] - clipped[at - 1], curves[name][-1] - curves[name][0]
    points.append(
        f"{label}, over 500 digits: {abs(gain):.1f} dB {'above' if gain > 0 else 'below'} the clipped noisy digit at "
        f"factor {FACTORS[at]:g}; above it at {len(above)} of the {len(clipped)} factors measured"
        + (f", the least of them {above[0]:g}. " if above else ". ")
        + f"From factor 0 to 1 its PSNR changes by {change:+.1f} dB.".replace("-", "−")
    )
small, large = (curves[name] for name in loaders.DENOISERS)
gains = [b - a for a, b in zip(small, large, strict=True)]
points.append(
    f"What the larger code is worth: {gains[0]:+.2f} dB without noise, **{gains[at]:+.2f} dB** at factor "
    f"{FACTORS[at]:g}, {gains[-1]:+.2f} dB at factor 1.".replace("-", "−")
)
controls.notice(points)
settings = {"seed": seed, "noise factor": f"{factor:.2f}", "digits": source, "noise seeds": f"{seeds[0]}–{seeds[-1]}"}
numbers = [
    {"digit": names[i], "noise_seed": seeds[i]} | {f"psnr_db_{key}": float(p[i]) for key, p in psnr.items()}
    for i in range(len(seeds))
]
export.export_row(f"denoise-{factor:.2f}-{seed}", draw, numbers, settings)
