"""Rows of pictures rebuilt from the first numbers of their codes, and from as many principal components."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from aemodels.language import _, number
from aemodels.models.autoencoders import Autoencoder, keep_first
from aemodels.noise import seeded_order
from aemodels.quality import code_sizes
from aemodels.quality.baselines import Pca
from aemodels.quality.metrics import psnr_db
from aemodels.storage.checkpoints import Checkpoint
from pages.parts.shared.originals import Originals

NUM_PICTURES = 9


@dataclass(frozen=True)
class Pictures:
    """Images x (n, C, H, W), their codes z (n, D), and what each is called."""

    x: Tensor
    z: Tensor
    names: list[str]


def choose(ckpt: Checkpoint, found: Originals | None, own: Tensor | None, seed: int) -> Pictures:
    """The visitor's own image (C, H, W), if there is one, and test images by seed; decoded codes where those are not on this
    computer."""
    index = seeded_order(len(found or ckpt.codes), seed)[:NUM_PICTURES]
    if found:
        x, names = found.pictures(index), [found.name_of(i) for i in index.tolist()]
    else:
        x, names = ckpt.model.decode(ckpt.codes[index]), [_("code {index}").format(index=i) for i in index.tolist()]
    if own is not None:
        x, names = torch.cat([own[None], x])[:NUM_PICTURES], [_("yours"), *names][:NUM_PICTURES]
    return Pictures(x, ckpt.model.encode(x), names)


def rebuilt(model: Autoencoder, pca: Pca | None, pictures: Pictures, sizes: Sequence[int]) -> dict[str, Tensor]:
    """By what rebuilds, the pictures x_hat (n, C, H, W): each from its own number of `sizes`."""
    k = torch.tensor(sizes)
    rows = {_("Network"): model.decode(keep_first(pictures.z, k))}
    if pca:
        rows["PCA"] = torch.cat(
            [code_sizes.project(pca, x[None], size) for x, size in zip(pictures.x, sizes, strict=True)]
        )
    return rows


def at_all_sizes(pictures: Pictures, which: int, sizes: Sequence[int]) -> Pictures:
    """One of the pictures, as often as there are sizes."""
    repeated = (
        images[which][None].expand(len(sizes), *[-1] * (images.ndim - 1)) for images in (pictures.x, pictures.z)
    )
    return Pictures(*repeated, [pictures.names[which]] * len(sizes))


def in_db(x: Tensor, x_hat: Tensor) -> list[str]:
    """The PSNR of each, for below its picture."""
    return [
        _("{psnr} dB").format(psnr=number(psnr, 1)) if psnr.isfinite() else _("identical") for psnr in psnr_db(x, x_hat)
    ]
