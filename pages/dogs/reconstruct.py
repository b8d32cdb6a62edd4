"""D1 and D2: nine photos, their reconstructions, error maps and latent codes; what one channel of the code holds."""

import numpy as np
import streamlit as st
import torch
import torch.nn.functional as F

from aemodels import figures
from aemodels.metrics import mse, psnr_db, reconstruct
from pages.parts import controls, export, loaders, photos

controls.header(
    "Reconstruct",
    "Each photo, 49,152 numbers, passes through a code of 1,024 (16 channels of 8×8) and is rebuilt from it. "
    "In the code, blue is below zero and red above, on one scale for all nine; in the error, black is 0 and white 0.3 or more of "
    "the range.",
)
with controls.row():
    name = controls.choose("Noise variance in training", loaders.TRAIN_VARIANCE, key="model")
    seed = controls.seed_control()
    source = photos.choose_source()
chosen = photos.photos_of(source, seed)
ckpt = loaders.checkpoint(name)

if chosen:
    x = chosen.x
    _, z, x_hat = reconstruct(ckpt.model, x)
    psnr = psnr_db(x, x_hat)
    labels = chosen.names
else:
    picked = torch.randperm(len(ckpt.codes), generator=torch.Generator().manual_seed(seed))[:9]
    x, psnr, z = None, None, ckpt.codes[picked]
    x_hat = ckpt.model.decode(z)
    labels = [f"code {i}" for i in picked.tolist()]

limit = float(z.abs().quantile(0.995))
codes = [figures.channel_maps(code, limit) for code in z]
rows = {"Rebuilt": figures.to_tiles(x_hat), "Code": codes}
if chosen:
    error = (x - x_hat).abs().mean(1).numpy()
    rows = {
        "Original": figures.to_tiles(x),
        "Rebuilt": figures.to_tiles(x_hat),
        "Error": list(figures.heat(error, limit=0.3)),
        "Code": codes,
    }
notes = {"Original": labels, "Rebuilt": [f"{p:.1f} dB" for p in psnr] if chosen else labels}


def draw(width_px: int, ink: figures.Ink, caption: str = "") -> object:
    return figures.panel(
        list(rows.values()),
        list(rows),
        [notes.get(row, []) for row in rows],
        caption=caption,
        width_px=width_px,
        ink=ink,
    )


export.show(draw(export.SCREEN_PX, export.ink()), alt=f"Rows {', '.join(rows)} of {len(x_hat)} pictures by {name}")

score = ckpt.metrics["evaluations"][0]
points = [
    f"On the {score['num_images']:,} test photos this model reaches **{score['psnr_db']:.2f} ± {score['psnr_db_ci95']:.2f} dB** "
    "(mean PSNR of the images, peak 1.0, with the 95 % interval of the mean), from 48 times fewer numbers."
]
if chosen:
    per_photo_mse = mse(x, x_hat)
    residual = x - x_hat

    def fine_share(images: torch.Tensor) -> float:
        """Share of the energy that is lost when blocks of 4×4 px are averaged."""
        return 1 - float(F.avg_pool2d(images, 4).square().mean() / images.square().mean())

    worst = int(psnr.argmin())
    points += [
        f"These {len(x)} reach {psnr.mean():.2f} dB on average; the hardest, number {worst + 1} ({labels[worst]}), "
        f"{psnr[worst]:.1f} dB, the easiest {psnr.max():.1f} dB.",
        f"**{fine_share(residual):.0%}** of the squared error is detail finer than 4 px, though such detail is only "
        f"{fine_share(x - x.mean((2, 3), keepdim=True)):.0%} of the photos' own variation: fur goes first, shape and colour stay.",
    ]
power = z.square().mean((0, 2, 3))
points.append(
    f"The channels do not work equally hard: the strongest (number {int(power.argmax()) + 1}) carries "
    f"{power.max() / power.sum():.0%} of these codes' power, the weakest (number {int(power.argmin()) + 1}) "
    f"{power.min() / power.sum():.1%}; an equal share would be {1 / len(power):.1%}."
)
controls.notice(points)

settings = {"model": name, "seed": seed, "photos": "own files" if source == "own" else "test split"}
numbers = [
    {"picture": i + 1, "name": label, "psnr_db": float(psnr[i]) if chosen else None}
    | {f"channel_{c + 1}_mean_square": float(p) for c, p in enumerate(z[i].square().mean((1, 2)))}
    for i, label in enumerate(labels)
]
export.export_row(f"reconstruct-{name}-{seed}", draw, numbers, settings)

st.subheader("What one channel holds", anchor=False)
left, right = st.columns(2)
picture = left.selectbox("Picture", range(len(z)), format_func=lambda i: f"{i + 1}: {labels[i]}", key="picture")
channel = right.select_slider("Channel set to its mean over the reference photos", range(1, 17), key="channel")
without = z[picture : picture + 1].clone()
without[:, channel - 1] = ckpt.codes[:, channel - 1].mean(0)
x_without = ckpt.model.decode(without)
change = (x_without - x_hat[picture]).abs().mean(1).numpy()[0]
code_map = np.repeat(np.repeat(codes[picture], 4, 0), 4, 1)
detail = [
    code_map,
    figures.to_tiles(x_hat[picture : picture + 1])[0],
    figures.to_tiles(x_without)[0],
    figures.heat(change, limit=max(float(change.max()), 1e-6)),
]
columns = ["Code, 16 channels", "Rebuilt", f"Without channel {channel}", "What changed"]
export.show(
    figures.panel([detail], column_labels=columns, width_px=export.SCREEN_PX, ink=export.ink()),
    alt=f"Picture {picture + 1}: its code, rebuilt, rebuilt without channel {channel}, and the difference",
)
st.caption(
    f"Without channel {channel} the picture changes by {10 * np.log10(1 / max(float(mse(x_without, x_hat[picture][None])), 1e-12)):.1f} dB "
    "PSNR against the full reconstruction (lower means the channel held more)."
)
