"""The lab's standard figures, drawn from the checkpoints for a report: one function an item of the lab."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from aemodels.codes import faults, latents, planes
from aemodels.data import words
from aemodels.data.sources import DOGS
from aemodels.noise import perturb, seeded_normal, seeded_order
from aemodels.quality.metrics import bce, psnr_db, reconstruct
from aemodels.report import figures, plane_figures, psnr_matrix
from aemodels.report.panels import Panel, Row, describe
from aemodels.storage.catalogue import DENOISER, MAPS, PLANE, Group
from aemodels.storage.checkpoints import Checkpoint

PRINT_PX = 2400  # 20 cm at 300 dpi
NUM_SEEDS = 100
GRID_SIDE = 20
NUM_CODES = 256  # that the Gaussian is fitted on
FIT_SEED = 0  # picks them; the scene's seed draws the samples
VARIANCE = 0.1  # of the noise added to sampled codes


def standard_panels(
    group: Group,
    ckpts: Mapping[str, Checkpoint],
    images: Tensor | None,
    seed: int,
    seeds: Sequence[int],
    baselines: Mapping[str, Any],
    answer: str,
) -> Iterator[Panel]:
    """The panels of a data set's models, one after the other, each drawn when it is asked for; `left_out` says which there are not.

    ckpts   the checkpoints of the group, by name, those that there are
    images  up to nine test images (n, C, H, W) in [0, 1], or None where there are none
    seed    of the scene, told in the settings
    seeds   NUM_SEEDS of them, one an image that chance has a part in

    baselines  as `measurements.read_baselines` gives them; may be empty
    answer     whether sampling from the noise-regularised models generates, in words; may be empty
    """
    name, titles = short_name(group), group.titles
    planar, denoisers, maps = _planar(group, ckpts), _of_kind(DENOISER, group, ckpts), _of_kind(MAPS, group, ckpts)
    noisy = {model.name for model in group.models if model.noise_variance}
    plain = sorted(maps, key=lambda ckpt: ckpt.name in noisy)
    deep, varied = [c for c in planar if _has_plane(c)], [c for c in maps if faults.vary(c.codes)]
    factors = {model.name: model.noise_factor for model in group.models}
    parts: list[tuple[Sequence[Checkpoint], Callable[..., Panel]]] = [
        (planar[:1], lambda c: autoencoder(f"{name}-2", c, images, seed)),
        (
            denoisers[:1] if images is not None else [],
            lambda c: denoising(f"{name}-3", c, factors[c.name], images, seed, seeds),
        ),
        (deep[:1], lambda c: plane(f"{name}-4", "Uniform sampling of the latent plane", [c], titles, seed, seeds)),
        (
            deep if len(deep) > 1 else [],
            lambda *c: plane(f"{name}-5", "Latent planes side by side", c, titles, seed, seeds),
        ),
        (plain[:1], lambda c: convolutional(f"{name}-2", c, images, seed)),
        ([c for c in plain if c in varied][:1], lambda c: sampling(f"{name}-3", c, seed, seeds[:9])),
        ([c for c in plain if c in varied][:1], lambda c: perturbed(f"{name}-4", c, seed, seeds[:9], seeds[9:18])),
        (varied, lambda *c: noise_regularised(f"{name}-5", c, noisy, seed, seeds[:9], baselines, answer)),
    ]
    for used, draw in parts:
        if used:
            panel = draw(*used)
            pictures = words.of(group.data.config)
            wrong = [f"{ckpt.name}: {sentence}" for ckpt in used for sentence in faults.describe(ckpt.codes, pictures)]
            yield replace(panel, caption=" ".join([panel.caption, *wrong]))


def short_name(group: Group) -> str:
    """A data set's name as part of a file's."""
    of_lab = {"mnist": "mnist", DOGS: "dogs"}.get(group.data.config.source)
    return of_lab or re.sub(r"\W+", "-", group.title).strip("-").lower() or "images"


def left_out(group: Group, ckpts: Mapping[str, Checkpoint]) -> list[str]:
    """What the standard panels do without, of the checkpoints of the group that there are, a sentence each; empty where nothing."""
    flat = [ckpt.name for ckpt in _planar(group, ckpts) if not _has_plane(ckpt)]
    same = [ckpt.name for ckpt in _of_kind(MAPS, group, ckpts) if not faults.vary(ckpt.codes)]
    many, sentences = words.of(group.data.config).many, []
    if flat:
        sentences.append(
            f"The planes of {', '.join(flat)} are left out: they have fewer than {planes.MIN_CODES} codes. Train with more {many}."
        )
    if same:
        sentences.append(
            f"The Gaussian samples of {', '.join(same)} are left out: their codes are too few or all the same. Train with more {many}."
        )
    return sentences


def _of_kind(kind: str, group: Group, ckpts: Mapping[str, Checkpoint]) -> list[Checkpoint]:
    return [ckpts[model.name] for model in group.models if kind in model.kinds and model.name in ckpts]


def _planar(group: Group, ckpts: Mapping[str, Checkpoint]) -> list[Checkpoint]:
    """The models with a plane that see images without noise."""
    denoisers = {model.name for model in group.models if model.noise_factor}
    return [ckpt for ckpt in _of_kind(PLANE, group, ckpts) if ckpt.name not in denoisers]


def _has_plane(ckpt: Checkpoint) -> bool:
    return len(ckpt.codes) >= planes.MIN_CODES


def autoencoder(name: str, ckpt: Checkpoint, x: Tensor | None, seed: int) -> Panel:
    """Test images, and the same rebuilt from a code of two numbers; without images, codes that come with the model."""
    settings, many = {"model": ckpt.name, "seed": seed}, words.of(ckpt.data.config).many
    if x is None:
        z = _pick(ckpt, 9, seed)
        caption = f"Nine test {many} rebuilt from two numbers each; the originals are not on this computer."
        pictures = {"Rebuilt": figures.to_tiles(ckpt.model.decode(z))}
        return _panel(name, "Deep autoencoder", caption, pictures, _rows(z1=z[:, 0], z2=z[:, 1]), settings)
    _, z, x_hat = reconstruct(ckpt.model, x)
    psnr = psnr_db(x, x_hat)
    caption = f"Nine test {many}, and what is rebuilt from two numbers each, at {psnr.mean():.1f} dB on average."
    pictures = {"Original": figures.to_tiles(x), "Rebuilt": figures.to_tiles(x_hat)}
    rows = _rows(number=range(1, len(x) + 1), z1=z[:, 0], z2=z[:, 1], bce_nats=bce(x, x_hat), psnr_db=psnr)
    return _panel(name, "Deep autoencoder", caption, pictures, rows, settings, notes=[[], _in_db(psnr)])


def denoising(name: str, ckpt: Checkpoint, factor: float, x: Tensor, seed: int, seeds: Sequence[int]) -> Panel:
    """Test images, the same with the noise of training, and denoised."""
    seeds = seeds[: len(x)]
    x_noisy, _, x_hat = reconstruct(ckpt.model, x, noise_factor=factor, seeds=seeds)
    before, after = psnr_db(x, x_noisy), psnr_db(x, x_hat)
    caption = (
        f"{_number(x, ckpt)}, with noise ({before.mean():.1f} dB as the network sees them, unclipped), and denoised "
        f"({after.mean():.1f} dB)."
    )
    images = {"Original": x, "Noisy (shown clipped)": x_noisy, "Denoised": x_hat}
    pictures = {label: figures.to_tiles(tiles) for label, tiles in images.items()}
    rows = _rows(number=range(1, len(x) + 1), noise_seed=seeds, psnr_db_noisy=before, psnr_db_denoised=after)
    settings = {"model": ckpt.name, "seed": seed, "noise factor": factor, "noise seeds": _span(seeds)}
    return _panel(name, "Denoising", caption, pictures, rows, settings, [[], _in_db(before), _in_db(after)])


def plane(
    name: str, title: str, ckpts: Sequence[Checkpoint], titles: Mapping[str, str], seed: int, seeds: Sequence[int]
) -> Panel:
    """A column a model, of its test codes, its manifold grid and uniform samples of its plane."""
    pictures, rows = {"Test codes": [], "Manifold grid": [], "Uniform samples": []}, []
    for ckpt in ckpts:
        box, stats = planes.box(ckpt.codes), planes.plane_stats(ckpt.codes, ckpt.labels)
        grid, samples = planes.cells(box, GRID_SIDE), planes.uniform(box, seeds)
        pictures["Test codes"].append(
            figures.scatter_tile(
                ckpt.codes.numpy(),
                ckpt.labels.numpy(),
                ckpt.data.label_names,
                box,
                800,
                rings=plane_figures.rings(ckpt),
            )
        )
        pictures["Manifold grid"].append(_mosaic(ckpt.model.decode(grid), GRID_SIDE))
        pictures["Uniform samples"].append(_mosaic(ckpt.model.decode(samples), 10))
        rows.append(
            {
                "model": ckpt.name,
                "bce_nats": ckpt.metrics.get("bce"),
                "psnr_db": ckpt.metrics["psnr_db"],
                "spread_z1": stats.spread[0],
                "spread_z2": stats.spread[1],
                "hole_share": planes.hole_share(ckpt.codes, box),
                "normal_hole_share": planes.normal_hole_share(ckpt.codes),
                "neighbour_accuracy": stats.neighbour_accuracy,
            }
            | ({"kl_nats": sum(kl)} if (kl := ckpt.metrics.get("kl_nats")) else {})
        )
    caption = (
        "Test codes in the box of the central 98 % on each axis; this box decoded on a regular grid; uniform random codes "
        "of it decoded. Of this box is hole, where hardly a code lies: " + _of_each(rows, titles, "hole_share") + "."
    )
    if any(ckpt.model.has_prior for ckpt in ckpts):
        caption += (
            " Rings: the normal distribution N(0, I) at 1, 2 and 3 standard deviations. Of its draws fall into a hole: "
            f"{_of_each(rows, titles, 'normal_hole_share')}."
        )
    settings = {"models": ", ".join(ckpt.name for ckpt in ckpts), "seed": seed, "grid": f"{GRID_SIDE} × {GRID_SIDE}"}
    settings["sample seeds"] = _span(seeds)
    if len(ckpts) == 1:  # side by side fills the width
        labels, pictures = list(pictures), {"": [picture for (picture,) in pictures.values()]}
    else:
        labels = [titles[ckpt.name] for ckpt in ckpts]
    return _panel(name, title, caption, pictures, rows, settings, columns=labels)


def _of_each(rows: Sequence[Row], titles: Mapping[str, str], share: str) -> str:
    return ", ".join(f"{row[share]:.0%} ({titles[row['model']]})" for row in rows)


def convolutional(name: str, ckpt: Checkpoint, x: Tensor | None, seed: int) -> Panel:
    """Photos, the same rebuilt, and their codes; without photos, codes that come with the model."""
    if x is None:
        z = _pick(ckpt, 9, seed)
        x_hat, pictures, rows, notes = ckpt.model.decode(z), {}, [], []
        caption = f"{_number(z, ckpt)} rebuilt from their codes, and the codes; the originals are not on this computer."
    else:
        _, z, x_hat = reconstruct(ckpt.model, x)
        psnr, pictures = psnr_db(x, x_hat), {"Original": figures.to_tiles(x)}
        rows, notes = _rows(number=range(1, len(x) + 1), psnr_db=psnr), [[], _in_db(psnr)]
        caption = f"{_number(z, ckpt)}, the same rebuilt at {psnr.mean():.1f} dB on average, and their codes."
    limit = float(z.abs().quantile(0.995))
    pictures |= {"Rebuilt": figures.to_tiles(x_hat), "Code": [figures.channel_maps(code, limit) for code in z]}
    settings = {"model": ckpt.name, "seed": seed}
    return _panel(name, "Convolutional autoencoder", caption, pictures, rows, settings, notes)


def sampling(name: str, ckpt: Checkpoint, seed: int, seeds: Sequence[int]) -> Panel:
    """Codes drawn from a Gaussian that is fitted on real ones, and such real ones, decoded."""
    codes = _fitted_codes(ckpt)
    stats, z = latents.fit(codes), _sample(ckpt, seeds)
    caption = (
        f"Nine samples of a Gaussian with the mean and the covariance (rank {latents.rank(stats)}) of {len(codes)} codes, "
        f"and {min(9, len(codes))} of these codes, decoded."
    )
    images = {"Samples": ckpt.model.decode(z), "Real codes": ckpt.model.decode(codes[:9])}
    pictures = {label: figures.to_tiles(x_hat) for label, x_hat in images.items()}
    rows = _rows(sample=range(1, 10), seed=seeds, distance_to_nearest_code=latents.nearest(codes, z)[1])
    settings = {"model": ckpt.name, "seed": seed, "codes": len(codes), "sample seeds": _span(seeds)}
    return _panel(name, "Gaussian sampling", caption, pictures, rows, settings)


def perturbed(name: str, ckpt: Checkpoint, seed: int, seeds: Sequence[int], noise_seeds: Sequence[int]) -> Panel:
    """The samples of `sampling`, and the same with Gaussian noise added to their codes."""
    z = _sample(ckpt, seeds)
    z_noisy = perturb(z, VARIANCE, seeded_normal(noise_seeds, z.shape[1:]))
    images = {"Samples": ckpt.model.decode(z), f"Variance {VARIANCE:g}": ckpt.model.decode(z_noisy)}
    psnr = psnr_db(*images.values())
    caption = (
        f"The nine samples, and the same with noise of variance {VARIANCE:g} times each code's mean square, "
        f"{psnr.mean():.1f} dB from them on average."
    )
    pictures = {label: figures.to_tiles(x_hat) for label, x_hat in images.items()}
    rows = _rows(sample=range(1, 10), seed=seeds, noise_seed=noise_seeds, psnr_db=psnr)
    settings = {"model": ckpt.name, "seed": seed, "codes": len(_fitted_codes(ckpt)), "sample seeds": _span(seeds)}
    settings |= {"noise variance": VARIANCE, "noise seeds": _span(noise_seeds)}
    return _panel(name, "Noise on the code", caption, pictures, rows, settings, notes=[[], _in_db(psnr)])


def noise_regularised(
    name: str,
    ckpts: Sequence[Checkpoint],
    noisy: Collection[str],
    seed: int,
    seeds: Sequence[int],
    baselines: Mapping[str, Any],
    answer: str,
) -> Panel:
    """Gaussian samples of every model, and each one's mean PSNR by the noise variance while testing, beside the
    baselines'. `noisy`: names of the models with noise on the code while training."""
    samples = [_mosaic(ckpt.model.decode(_sample(ckpt, seeds)), 3, gap=4) for ckpt in ckpts]
    curves = {ckpt.name: psnr_matrix.curve(ckpt.metrics["evaluations"], "psnr_db") for ckpt in ckpts}
    plain = [ckpt.name for ckpt in ckpts if ckpt.name not in noisy]
    rows = psnr_matrix.table(curves | psnr_matrix.baseline_curves(baselines, "psnr_db"))
    num_codes, num_images = len(_fitted_codes(ckpts[0])), ckpts[0].metrics["num_images"]
    caption = (
        f"Nine samples of each model, from a Gaussian with mean and covariance of {num_codes} of its codes. {answer + ' ' if answer else ''}The table: "
        "PSNR = 10·log10(max(x)² / MSE), max(x) = 1.0, MSE over all pixels and channels of one image, as its mean over "
        f"{num_images:,} test {words.of(ckpts[0].data.config).many} ± 95 % interval, by the noise variance while testing"
        + (f"; on the codes of {', '.join(plain)} it is per unit of each code's mean square." if plain else ".")
    )
    names = [ckpt.name for ckpt in ckpts]
    settings = {"models": ", ".join(names), "seed": seed, "codes": num_codes, "sample seeds": _span(seeds)}
    return _panel(name, "Noise-regularised autoencoders", caption, {"": samples}, rows, settings, columns=names)


def _panel(
    name: str,
    title: str,
    caption: str,
    pictures: Mapping[str, Sequence[np.ndarray]],
    rows: Sequence[Row],
    settings: Row,
    notes: Sequence[Sequence[str]] = (),
    columns: Sequence[str] = (),
) -> Panel:
    text = describe(settings)
    image = figures.panel(list(pictures.values()), list(pictures), notes, columns, text, PRINT_PX)
    return Panel(name, title, caption, caption, figures.png(image, text), rows, settings)


def _rows(**columns: Iterable) -> list[Row]:
    """Columns of equal length as rows."""
    values = (column.tolist() if isinstance(column, Tensor) else column for column in columns.values())
    return [dict(zip(columns, row, strict=True)) for row in zip(*values, strict=True)]


def _pick(ckpt: Checkpoint, num_codes: int, seed: int) -> Tensor:
    """Codes of random reference photos, the same for every model."""
    return ckpt.codes[seeded_order(len(ckpt.codes), seed)[:num_codes]]


def _fitted_codes(ckpt: Checkpoint) -> Tensor:
    """What the Gaussian is fitted on: NUM_CODES, or all where there are fewer."""
    return _pick(ckpt, NUM_CODES, FIT_SEED)


def _number(images: Tensor, ckpt: Checkpoint) -> str:
    """ "Nine test photos", or how many there are."""
    numbers = ("One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
    picture = words.of(ckpt.data.config)
    return f"{numbers[len(images) - 1]} test {picture.many if len(images) > 1 else picture.one}"


def _sample(ckpt: Checkpoint, seeds: Sequence[int]) -> Tensor:
    codes = _fitted_codes(ckpt)
    return latents.sample(latents.fit(codes), seeds).unflatten(1, codes.shape[1:])


def _mosaic(x_hat: Tensor, columns: int, gap: int = 0) -> np.ndarray:
    return figures.mosaic(figures.to_tiles(x_hat), columns, gap)


def _in_db(psnr: Tensor) -> list[str]:
    return [f"{p:.1f} dB" for p in psnr]


def _span(seeds: Sequence[int]) -> str:
    return f"{seeds[0]}–{seeds[-1]}"
