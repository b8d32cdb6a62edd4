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
from aemodels.noise import seeded_order
from aemodels.quality import detail, encoding
from aemodels.quality.metrics import psnr_db
from aemodels.report import figures
from aemodels.storage import catalogue
from pages.parts.photos import probes, selection, touch
from pages.parts.shared import ahead, controls, export, loaders, models, originals

VIEWS = {"maps": "Channels", "colours": "One picture"}
SOURCES = {"test": "test split", "own": "own files", "camera": "camera"}

sentence = controls.header("Reconstruct", "Each photo is squeezed into a short code and rebuilt from that code alone.")
with controls.row():
    name, group = models.choose_model(catalogue.MAPS)
    seed = controls.seed_control()
    source = selection.choose_source(group.data)
    view = controls.choose("Code shown as", VIEWS, key="code")
controls.note_drawn("data", "model", "seed", "photos", "code")
ckpt = loaders.checkpoint(name)
image_shape, latent_shape, picture = (
    ckpt.model_config.image_shape,
    ckpt.model_config.latent_shape,
    words.of(ckpt.data.config),
)
sentence.markdown(
    f"Each {picture.one}, {prod(image_shape):,} numbers, passes through a code of {prod(latent_shape):,} ({latent_shape[0]} channels of "
    f"{latent_shape[1]}×{latent_shape[2]}) and is rebuilt from it."
)
if source == "test":
    own, has_photos = None, selection.has_test_photos(ckpt)
else:
    own = selection.uploaded_photos(image_shape) if source == "own" else selection.camera_photos(image_shape)
    has_photos = own is not None
    if not has_photos:
        st.info(selection.NONE_YET[source], icon=":material/photo_library:")


@dataclass(frozen=True)
class Scene:
    """Codes z (n, C, h, w), their pictures x_hat and, for photos, the originals x, the PSNR of each in dB and what it would be
    from the encoder alone; the limit of the code's colour scale; the panel's rows of tiles by name, the texts below them, and
    its PNG file."""

    z: Tensor
    x_hat: Tensor
    x: Tensor | None
    psnr: Tensor | None
    encoder_psnr: Tensor | None
    labels: list[str]
    limit: float
    rows: dict[str, list[np.ndarray]]
    notes: dict[str, list[str]]
    panel: bytes


def compute(seed: int) -> Scene:
    if has_photos:
        pictures = own or selection.random_test_photos(ckpt.data, seed)
        x, labels = pictures.x, pictures.names
        z = selection.encode(ckpt.model, x)
        x_hat = ckpt.model.decode(z)
        psnr, encoder_psnr = psnr_db(x, x_hat), encoding.encoder_psnr_db(ckpt.model, x)
    else:
        picked = seeded_order(len(ckpt.codes), seed)[:9]
        x, psnr, encoder_psnr, z = None, None, None, ckpt.codes[picked]
        x_hat, labels = ckpt.model.decode(z), [f"code {i}" for i in picked.tolist()]
    limit = float(z.abs().quantile(0.995))
    if view == "maps":
        codes = [figures.channel_maps(code, limit) for code in z]
    else:
        codes = [probing.as_colours(code, colour_mean, colour_axes) for code in z]
    rows, notes = {"Rebuilt": figures.to_tiles(x_hat), "Code": codes}, {"Rebuilt": labels}
    if has_photos:
        error = figures.heat((x - x_hat).abs().mean(1).numpy(), limit=0.3)
        rows = {"Original": figures.to_tiles(x), "Rebuilt": rows["Rebuilt"], "Error": list(error), "Code": codes}
        notes = {"Original": labels, "Rebuilt": [f"{p:.1f} dB" for p in psnr]}
    return Scene(z, x_hat, x, psnr, encoder_psnr, labels, limit, rows, notes, export.on_screen(draw, rows, notes))


def draw(
    rows: dict[str, list[np.ndarray]], notes: dict[str, list[str]], width_px: int, ink: figures.Ink, caption: str = ""
) -> Image.Image:
    tiles, n = list(rows.values()), len(rows["Code"])
    texts = [notes.get(row, [""] * n) for row in rows]
    if n > 3:
        return figures.panel(tiles, list(rows), texts, caption=caption, width_px=width_px, ink=ink)
    turned = (list(zip(*table, strict=True)) for table in (tiles, texts))  # a photo a row, or they would be huge
    return figures.panel(next(turned), [], next(turned), list(rows), caption, width_px, ink)


colour_mean, colour_axes, colour_share = probes.colour_axes(name)
if source == "test":
    scene = ahead.scene(compute, seed, "reconstruct", loaders.version(name), view, has_photos, export.is_dark())
else:
    scene = compute(seed)
z, x_hat, x, psnr, labels, limit = scene.z, scene.x_hat, scene.x, scene.psnr, scene.labels, scene.limit
if has_photos:
    num_photos = f"{len(x)} {picture.many}" if len(x) > 1 else f"a {picture.one}"
    alt = f"Original, what {name} rebuilds, error map and code of {num_photos}"
else:
    alt = f"{len(z)} reference codes, and what {name} rebuilds from them"
export.show(scene.panel, alt)
if view == "maps":
    legend = (
        f"Code: one map for each channel. Blue is −{limit:.1f}, white 0, red {limit:.1f}, on the same scale for all."
    )
else:
    legend = (
        f"Code: red, green and blue are the three strongest directions among the {latent_shape[0]} channels (principal components), which "
        f"carry {colour_share:.0%} of the variance of the cells."
    )
difference = "absolute difference" + (", averaged over the colours" if ckpt.model_config.image_shape[0] == 3 else "")
if source == "test" and (others := originals.about_others(ckpt.data)):
    legend += f" {others}"
st.caption(legend + (f" Error: {difference}. Black is 0; white is 0.3 of the range, or more." if has_photos else ""))

st.header("What a part of the code holds", anchor=False)
touch.show(name, z, x_hat, x, limit)
st.caption(
    f"The scale is measured from the mean of the {len(ckpt.codes):,} reference codes: a part that is knocked out takes the value that it has on average "
    f"over {picture.many}. “What changed” is the {difference}."
)

score = ckpt.metrics["evaluations"][0]
shrinks_by = x_hat[0].numel() / z[0].numel()
points = [
    *models.notes(name),
    f"On the {score['num_images']:,} test {picture.many} this model reaches **{score['psnr_db']:.2f} ± {score['psnr_db_ci95']:.2f} dB** "
    f"(mean PSNR of the images, peak 1.0, with the 95 % interval of the mean), from {shrinks_by:g} times fewer numbers.",
]
if has_photos:
    helpers = []
    if ckpt.model_config.corrector_depths:
        helpers.append("a corrector that compares the original with its first reconstruction")
    if ckpt.model_config.refiner_steps:
        helpers.append(f"{ckpt.model_config.refiner_steps} learned steps along the gradient of the picture's error")
    if num_steps := ckpt.model_config.descent_steps:
        helpers.append(f"{num_steps} {'step' if num_steps == 1 else 'steps'} of plain descent on the code")
    worst, variation = int(psnr.argmin()), x - x.mean((2, 3), keepdim=True)
    if len(x) > 1:
        points.append(
            f"These {len(x)} reach {psnr.mean():.2f} dB on average; the hardest, number {worst + 1} ({controls.literal(labels[worst])}), "
            f"{psnr[worst]:.1f} dB, the easiest {psnr.max():.1f} dB."
        )
    else:
        points.append(f"This {picture.one} ({controls.literal(labels[0])}) reaches {psnr[0]:.2f} dB.")
    if helpers:
        points.append(
            f"The encoder gets help. Its first code alone would give **{scene.encoder_psnr.mean():.2f} dB** here; "
            f"{', then '.join(helpers)} raise that to **{psnr.mean():.2f} dB**."
        )
    if variation.any():  # a blank one, from a covered camera, has none
        whose = f"{picture.many}'" if len(x) > 1 else f"{picture.one}'s"
        in_error, in_photos = detail.fine_share(x - x_hat, 4), detail.fine_share(variation, 4)
        points.append(
            f"**{in_error:.0%}** of the squared error is detail finer than 4 px. In the {whose} own "
            f"variation such detail makes up {in_photos:.0%}"
            + (": fine detail is lost first." if in_error > max(in_photos, 0.5) else ".")
        )
channel_power = probing.channel_power(z)
power = channel_power.mean(0)
if power.any():
    points.append(
        f"The channels do not work equally hard: the strongest (number {int(power.argmax()) + 1}) carries "
        f"{power.max() / power.sum():.0%} of these codes' power, the weakest (number {int(power.argmin()) + 1}) "
        f"{power.min() / power.sum():.1%}; an equal share would be {1 / len(power):.1%}."
    )
controls.notice(points)

settings = {
    "model": name,
    "seed": seed,
    "photos": SOURCES[source] if has_photos else "reference codes",
    "code": VIEWS[view],
}
numbers = [
    {"picture": i + 1, "name": label, "psnr_db": float(psnr[i]) if has_photos else None}
    | {f"channel_{c + 1}_mean_square": float(p) for c, p in enumerate(channel_power[i])}
    for i, label in enumerate(labels)
]
export.export_row(f"reconstruct-{name}-{seed}", partial(draw, scene.rows, scene.notes), numbers, settings, alt)

probes.show(name, z, x_hat, x)
