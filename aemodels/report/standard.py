"""The lab's standard figures, drawn from the checkpoints for a report: one function an item of the lab."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from torch import Tensor

from aemodels.codes import faults, latents, planes
from aemodels.noise import perturb, seeded_normal, seeded_order
from aemodels.quality.metrics import bce, psnr_db, reconstruct
from aemodels.report import figures, psnr_matrix
from aemodels.report.panels import Panel, Row, describe
from aemodels.storage.checkpoints import Checkpoint

PRINT_PX = 2400  # 20 cm at 300 dpi
NUM_SEEDS = 100
GRID_SIDE = 20
NUM_CODES = 256  # that the Gaussian is fitted on
FIT_SEED = 0  # picks them; the scene's seed draws the samples
VARIANCE = 0.1  # of the noise added to sampled codes
PLANES = {"mnist-ae": "Plain", "mnist-ae-l2-code": "L2 on the code", "mnist-ae-l2-weights": "L2 on the weights"}
DOGS = ("dog-ae", "dog-noise-0.05", "dog-noise-0.10", "dog-noise-0.15")
NAMES = (*PLANES, "mnist-dae", *DOGS)


def standard_panels(
    ckpts: Mapping[str, Checkpoint],
    digits: Tensor,
    photos: Tensor | None,
    seed: int,
    seeds: Sequence[int],
    baselines: Mapping[str, Any],
    answer: str,
) -> Iterator[Panel]:
    """The panels one after the other, each drawn when it is asked for; `left_out` says which there are not.

    ckpts   the checkpoints of NAMES, by name, those that there are
    digits  nine test digits (9, 1, 28, 28) in [0, 1]
    photos  up to nine test photos (n, 3, 128, 128) in [0, 1], or None where there are none
    seed    of the scene, told in the settings
    seeds   NUM_SEEDS of them, one an image that chance has a part in

    baselines  as in baselines.json; may be empty
    answer     whether sampling from the noise-regularised models generates, in words; may be empty
    """
    planar, varied = (
        {n: c for n, c in ckpts.items() if _has_plane(c)},
        {n: c for n, c in ckpts.items() if faults.vary(c.codes)},
    )
    parts: list[tuple[Mapping[str, Checkpoint], Sequence[str], Callable[..., Panel]]] = [
        (ckpts, ["mnist-ae"], lambda c: autoencoder(c, digits, seed)),
        (ckpts, ["mnist-dae"], lambda c: denoising(c, digits, seed, seeds[:9])),
        (planar, ["mnist-ae"], lambda c: plane("mnist-4", "Uniform sampling of the latent plane", [c], seed, seeds)),
        (planar, list(PLANES), lambda *c: plane("mnist-5", "The latent plane with L2 regularisation", c, seed, seeds)),
        (ckpts, ["dog-ae"], lambda c: convolutional(c, photos, seed)),
        (varied, ["dog-ae"], lambda c: sampling(c, seed, seeds[:9])),
        (varied, ["dog-ae"], lambda c: perturbed(c, seed, seeds[:9], seeds[9:18])),
        (varied, DOGS, lambda *c: noise_regularised(c, seed, seeds[:9], baselines, answer)),
    ]
    for usable, names, draw in parts:
        if used := [usable[name] for name in names if name in usable]:
            panel = draw(*used)
            wrong = [f"{ckpt.name}: {sentence}" for ckpt in used for sentence in faults.describe(ckpt.codes)]
            yield replace(panel, caption=" ".join([panel.caption, *wrong]))


def left_out(ckpts: Mapping[str, Checkpoint]) -> list[str]:
    """What the standard panels do without, of the checkpoints of NAMES that there are, a sentence each; empty where nothing."""
    flat = [name for name in PLANES if name in ckpts and not _has_plane(ckpts[name])]
    same = [name for name in DOGS if name in ckpts and not faults.vary(ckpts[name].codes)]
    sentences = []
    if flat:
        sentences.append(
            f"The planes of {', '.join(flat)} are left out: they have fewer than {planes.MIN_CODES} codes. Train with more digits."
        )
    if same:
        sentences.append(
            f"The Gaussian samples of {', '.join(same)} are left out: their codes are too few or all the same. Train with more photos."
        )
    return sentences


def _has_plane(ckpt: Checkpoint) -> bool:
    return ckpt.name in PLANES and len(ckpt.codes) >= planes.MIN_CODES


def autoencoder(ckpt: Checkpoint, x: Tensor, seed: int) -> Panel:
    """MNIST 1 and 2: digits, and the same rebuilt from a code of two numbers."""
    _, z, x_hat = reconstruct(ckpt.model, x)
    psnr = psnr_db(x, x_hat)
    caption = f"Nine test digits, and what is rebuilt from two numbers each, at {psnr.mean():.1f} dB on average."
    pictures = {"Original": figures.to_tiles(x), "Rebuilt": figures.to_tiles(x_hat)}
    rows = _rows(digit=range(1, 10), z1=z[:, 0], z2=z[:, 1], bce_nats=bce(x, x_hat), psnr_db=psnr)
    settings = {"model": ckpt.name, "seed": seed}
    return _panel("mnist-2", "Deep autoencoder", caption, pictures, rows, settings, notes=[[], _in_db(psnr)])


def denoising(ckpt: Checkpoint, x: Tensor, seed: int, seeds: Sequence[int]) -> Panel:
    """MNIST 3: digits, the same with the noise of training, and denoised."""
    factor = ckpt.model_config.settings["noise_factor"]
    x_noisy, _, x_hat = reconstruct(ckpt.model, x, noise_factor=factor, seeds=seeds)
    before, after = psnr_db(x, x_noisy), psnr_db(x, x_hat)
    caption = (
        f"Nine test digits, with noise ({before.mean():.1f} dB as the network sees them, unclipped), and denoised "
        f"({after.mean():.1f} dB)."
    )
    images = {"Original": x, "Noisy (shown clipped)": x_noisy, "Denoised": x_hat}
    pictures = {label: figures.to_tiles(tiles) for label, tiles in images.items()}
    rows = _rows(digit=range(1, 10), noise_seed=seeds, psnr_db_noisy=before, psnr_db_denoised=after)
    settings = {"model": ckpt.name, "seed": seed, "noise factor": factor, "noise seeds": _span(seeds)}
    return _panel("mnist-3", "Denoising", caption, pictures, rows, settings, [[], _in_db(before), _in_db(after)])


def plane(name: str, title: str, ckpts: Sequence[Checkpoint], seed: int, seeds: Sequence[int]) -> Panel:
    """MNIST 4 and 5: a column a model, of its test codes, its manifold grid and uniform samples of its plane."""
    pictures, rows = {"Test codes": [], "Manifold grid": [], "Uniform samples": []}, []
    for ckpt in ckpts:
        box, stats = planes.box(ckpt.codes), planes.plane_stats(ckpt.codes, ckpt.labels)
        grid, samples = planes.cells(box, GRID_SIDE), planes.uniform(box, seeds)
        pictures["Test codes"].append(figures.scatter_tile(ckpt.codes.numpy(), ckpt.labels.numpy(), box, 800))
        pictures["Manifold grid"].append(_mosaic(ckpt.model.decode(grid), GRID_SIDE))
        pictures["Uniform samples"].append(_mosaic(ckpt.model.decode(samples), 10))
        rows.append(
            {
                "model": ckpt.name,
                "bce_nats": ckpt.metrics["bce"],
                "spread_z1": stats.spread[0],
                "spread_z2": stats.spread[1],
                "hole_share": planes.hole_share(ckpt.codes, box),
                "neighbour_accuracy": stats.neighbour_accuracy,
            }
        )
    caption = (
        "Test codes in the box of the central 98 % on each axis; this box decoded on a regular grid; uniform random codes "
        "of it decoded. Of this box is hole, where hardly a code lies: "
        + ", ".join(f"{row['hole_share']:.0%} ({PLANES[row['model']]})" for row in rows)
        + "."
    )
    settings = {"models": ", ".join(ckpt.name for ckpt in ckpts), "seed": seed, "grid": f"{GRID_SIDE} × {GRID_SIDE}"}
    settings["sample seeds"] = _span(seeds)
    if len(ckpts) == 1:  # side by side fills the width
        labels, pictures = list(pictures), {"": [picture for (picture,) in pictures.values()]}
    else:
        labels = [PLANES[ckpt.name] for ckpt in ckpts]
    return _panel(name, title, caption, pictures, rows, settings, columns=labels)


def convolutional(ckpt: Checkpoint, x: Tensor | None, seed: int) -> Panel:
    """Dogs 1 and 2: photos, the same rebuilt, and their codes; without photos, codes that come with the model."""
    if x is None:
        z = _pick(ckpt, 9, seed)
        x_hat, pictures, rows, notes = ckpt.model.decode(z), {}, [], []
        caption = f"{_number(z)} rebuilt from their codes, and the codes; the photos are not on this computer."
    else:
        _, z, x_hat = reconstruct(ckpt.model, x)
        psnr, pictures = psnr_db(x, x_hat), {"Original": figures.to_tiles(x)}
        rows, notes = _rows(photo=range(1, len(x) + 1), psnr_db=psnr), [[], _in_db(psnr)]
        caption = f"{_number(z)}, the same rebuilt at {psnr.mean():.1f} dB on average, and their codes."
    limit = float(z.abs().quantile(0.995))
    pictures |= {"Rebuilt": figures.to_tiles(x_hat), "Code": [figures.channel_maps(code, limit) for code in z]}
    settings = {"model": ckpt.name, "seed": seed}
    return _panel("dogs-2", "Convolutional autoencoder", caption, pictures, rows, settings, notes)


def sampling(ckpt: Checkpoint, seed: int, seeds: Sequence[int]) -> Panel:
    """Dogs 3: codes drawn from a Gaussian that is fitted on real ones, and such real ones, decoded."""
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
    return _panel("dogs-3", "Gaussian sampling", caption, pictures, rows, settings)


def perturbed(ckpt: Checkpoint, seed: int, seeds: Sequence[int], noise_seeds: Sequence[int]) -> Panel:
    """Dogs 4: the samples of Dogs 3, and the same with Gaussian noise added to their codes."""
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
    return _panel("dogs-4", "Noise on the code", caption, pictures, rows, settings, notes=[[], _in_db(psnr)])


def noise_regularised(
    ckpts: Sequence[Checkpoint], seed: int, seeds: Sequence[int], baselines: Mapping[str, Any], answer: str
) -> Panel:
    """Dogs 5: Gaussian samples of every model, and each one's mean PSNR by the noise variance while testing, beside the
    baselines'."""
    samples = [_mosaic(ckpt.model.decode(_sample(ckpt, seeds)), 3, gap=4) for ckpt in ckpts]
    curves = {ckpt.name: psnr_matrix.curve(ckpt.metrics["evaluations"], "psnr_db") for ckpt in ckpts}
    rows = psnr_matrix.table(curves | psnr_matrix.baseline_curves(baselines, "psnr_db"))
    num_codes, num_images = len(_fitted_codes(ckpts[0])), ckpts[0].metrics["num_images"]
    caption = (
        f"Nine samples of each model, from a Gaussian with mean and covariance of {num_codes} of its codes. {answer + ' ' if answer else ''}The table: "
        "PSNR = 10·log10(max(x)² / MSE), max(x) = 1.0, MSE over all pixels and channels of one photo, as its mean over "
        f"{num_images:,} test photos ± 95 % interval, by the noise variance while testing; on dog-ae's codes "
        "it is per unit of each code's mean square."
    )
    names = [ckpt.name for ckpt in ckpts]
    settings = {"models": ", ".join(names), "seed": seed, "codes": num_codes, "sample seeds": _span(seeds)}
    return _panel("dogs-5", "Noise-regularised autoencoders", caption, {"": samples}, rows, settings, columns=names)


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


def _number(photos: Tensor) -> str:
    """ "Nine test photos", or how many there are."""
    words = ("One", "Two", "Three", "Four", "Five", "Six", "Seven", "Eight", "Nine")
    return f"{words[len(photos) - 1]} test photo{'s' * (len(photos) > 1)}"


def _sample(ckpt: Checkpoint, seeds: Sequence[int]) -> Tensor:
    codes = _fitted_codes(ckpt)
    return latents.sample(latents.fit(codes), seeds).unflatten(1, codes.shape[1:])


def _mosaic(x_hat: Tensor, columns: int, gap: int = 0) -> np.ndarray:
    return figures.mosaic(figures.to_tiles(x_hat), columns, gap)


def _in_db(psnr: Tensor) -> list[str]:
    return [f"{p:.1f} dB" for p in psnr]


def _span(seeds: Sequence[int]) -> str:
    return f"{seeds[0]}–{seeds[-1]}"
