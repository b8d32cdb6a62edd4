"""D4: Gaussian noise is added to nine codes; what the decoder makes of it, and how PSNR falls with the variance."""

import streamlit as st
import torch

from aemodels import figures
from aemodels.metrics import psnr_db
from aemodels.noise import perturb, seeded_normal, snr_db
from pages.parts import controls, export, loaders, photos, sampling

STRIP = (0.0, 0.05, 0.1, 0.15, 0.3, 0.5, 0.8, 1.2, 2.0)
SOURCES = {"photos": "Nine photos", "samples": "Nine Gaussian samples"}

controls.header(
    "Perturb",
    "Gaussian noise is added to nine codes before they are decoded. Its variance is per unit of the code's own mean square, so "
    "that it means the same for every model; one fixed direction of noise an image, so that only its strength changes.",
)
with controls.row():
    name = controls.choose("Noise variance in training", loaders.TRAIN_VARIANCE, key="model")
    seed = controls.seed_control()
    source = controls.choose("Codes of", SOURCES, key="codes")
variance = st.slider(
    "Noise variance", 0.0, 2.0, 0.1, 0.05, key="variance", bind="query-params", persist_state="session"
)
ckpt = loaders.checkpoint(name)

test_photos = photos.random_test_photos(seed) if source == "photos" else None
if test_photos:
    x, z = test_photos.x, ckpt.model.encode(test_photos.x)
elif source == "photos":
    picked = torch.randperm(len(ckpt.codes), generator=torch.Generator().manual_seed(seed))[:9]
    x, z = None, ckpt.codes[picked]
    st.info(f"{loaders.why_no_dogs()} Until then these are codes of test photos that come with the model.")
else:
    x, z = None, sampling.sample_codes(name, 256, "full", controls.image_seeds(seed, 9))
seeds = controls.image_seeds(seed, len(z))
noise = seeded_normal(seeds, z.shape[1:])
x_hat = ckpt.model.decode(z)
x_noisy = ckpt.model.decode(perturb(z, variance, noise))
judged_against = x if x is not None else x_hat
psnr = psnr_db(judged_against, x_noisy)
rows = {"Original": figures.to_tiles(x)} if x is not None else {}
rows |= {"No noise": figures.to_tiles(x_hat), f"Variance {variance:.2f}": figures.to_tiles(x_noisy)}
clean_notes = [f"{p:.1f} dB" for p in psnr_db(x, x_hat)] if x is not None else []
noisy_notes = [f"{p:.1f} dB" if variance or x is not None else "" for p in psnr]
notes = ([[]] if x is not None else []) + [clean_notes, noisy_notes]


def draw(width_px: int, ink: figures.Ink, caption: str = "") -> object:
    return figures.panel(list(rows.values()), list(rows), notes, caption=caption, width_px=width_px, ink=ink)


export.show(
    draw(export.SCREEN_PX, export.ink()), alt=f"Nine pictures decoded without noise and at variance {variance:.2f}"
)

st.subheader("One direction, rising variance", anchor=False)
picture = st.selectbox("Picture", range(len(z)), format_func=lambda i: str(i + 1), key="picture", width=150)
strip = torch.cat([perturb(z[picture : picture + 1], v, noise[picture : picture + 1]) for v in STRIP])
x_strip = ckpt.model.decode(strip)
export.show(
    figures.panel(
        [figures.to_tiles(x_strip)],
        column_labels=[f"{v:g}" for v in STRIP],
        width_px=export.SCREEN_PX,
        ink=export.ink(),
    ),
    alt=f"Picture {picture + 1} decoded at noise variances {', '.join(f'{v:g}' for v in STRIP)}",
)

measured = {
    label: [(e["noise_variance"], e["psnr_db"]) for e in loaders.checkpoint(model).metrics["evaluations"]]
    for model, label in loaders.DOG_MODELS.items()
}
drops = {label: points[0][1] - points[-1][1] for label, points in measured.items()}
at_most, at_least = max(drops, key=drops.get), min(drops, key=drops.get)
strongest = measured[at_most][-1][0]
points = [
    f"Against {'the originals' if x is not None else 'the pictures without noise'}, these nine have "
    f"{psnr.mean():.2f} dB at variance {variance:.2f}" + (f" (SNR {snr_db(variance):.1f} dB)." if variance else "."),
    f"From no noise to variance {strongest:g}, mean PSNR over the whole test split falls by **{drops[at_most]:.2f} dB** for the model "
    f"“{at_most}” and by {drops[at_least]:.2f} dB for “{at_least}”.",
    "One element of the code answers for 16×16 px and more, so the noise comes out as coloured patches and false edges, not as grain "
    f"of single pixels: the mean step between neighbouring pixels goes from {sampling.detail(x_hat):.1f} to "
    f"{sampling.detail(x_noisy):.1f} grey levels.",
]
controls.notice(points)

settings = {
    "model": name,
    "seed": seed,
    "codes of": SOURCES[source],
    "noise variance": f"{variance:.2f} of the code's mean square",
}
numbers = [{"picture": i + 1, "noise_seed": s, "psnr_db": float(psnr[i])} for i, s in enumerate(seeds)]
export.export_row(f"perturb-{name}-{variance:.2f}-{seed}", draw, numbers, settings)

st.subheader("PSNR against variance, whole test split", anchor=False)
chart = figures.lines({k: tuple(zip(*v, strict=True)) for k, v in measured.items()}, "noise variance", "mean PSNR / dB")
st.plotly_chart(chart, key="curve", alt="Mean PSNR against noise variance for the four dog models")
