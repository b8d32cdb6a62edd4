"""The codes through which encode goes, for the pictures of a page: computed once for all who look at them."""

import hashlib
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from aemodels.language import _, number
from aemodels.models import refine
from aemodels.models.autoencoders import Autoencoder
from aemodels.quality.metrics import psnr_db
from pages.parts.shared import cores, loaders
from pages.parts.shared.once import per_model


@dataclass(frozen=True)
class Stages:
    """Of n pictures at S stages: what made each stage's codes (constants of models.refine), the codes (S, n, C, h, w), the PSNR (S, n)
    in dB of what they are decoded to, and a digest of all that."""

    kinds: list[str]
    codes: Tensor
    psnr: Tensor
    digest: str

    @property
    def names(self) -> list[str]:
        """The stages in words."""
        return names(self.kinds)

    @property
    def num_steps(self) -> int:
        """How often a code is changed: the encoder's own and the choice at the end are no steps."""
        return len(self.kinds) - 1 - (refine.KEPT in self.kinds)

    @property
    def num_taken_back(self) -> int:
        """How many pictures do not keep the code of the last step."""
        if refine.KEPT not in self.kinds:
            return 0
        return int((self.codes[-1] != self.codes[-2]).flatten(1).any(1).sum())


def names(kinds: list[str]) -> list[str]:
    """Stages in words, from what made each."""
    return [_name(kind, kinds[: i + 1].count(kind)) for i, kind in enumerate(kinds)]


def _name(kind: str, place: int) -> str:
    if kind == refine.ENCODER:
        return _("encoder alone")
    if kind == refine.CORRECTOR:
        return _("corrector")
    if kind == refine.KEPT:
        return _("the better one kept")
    message = _("learned step {place}") if kind == refine.REFINER else _("descent step {place}")
    return message.format(place=number(place))


def of(name: str, x: Tensor) -> Stages:
    """The stages of pictures x (n, C, H, W), float in [0, 1]; those of a picture are computed once, whichever others are with it."""
    digests = [_digest(image) for image in x]
    kept = [_of_picture(name, digest) for digest in digests]
    missing = [i for i, of_picture in enumerate(kept) if not of_picture]
    if missing:
        shares = cores.each(partial(_of_share, loaders.load(name).model), x[missing].chunk(cores.num_free()))
        for i, (stages, x_hat) in zip(missing, (one for share in shares for one in share), strict=True):
            kept[i].append(stages)
            if len(missing) == 1:  # the one that is looked at
                _decoded(name, digests[i]).append(x_hat)
    kinds, codes, psnr = zip(*(of_picture[0] for of_picture in kept), strict=True)
    return Stages(
        kinds[0], torch.stack(codes, dim=1), torch.stack(psnr, dim=1), f"{loaders.version(name)} {' '.join(digests)}"
    )


def decoded(name: str, x: Tensor, stages: Stages) -> Tensor:
    """What each of the stages of one picture x (C, H, W) gives, (S, C, H, W)."""
    kept = _decoded(name, _digest(x))
    if not kept:
        kept.append(loaders.load(name).model.decode(stages.codes[:, 0]))
    return kept[0]


@per_model(8)  # of 2 MB
def _decoded(name: str, digest: str) -> list[Tensor]:
    """Of one picture; empty until it is looked at."""
    return []


def _digest(x: Tensor) -> str:
    return hashlib.blake2b(x.numpy().tobytes(), digest_size=16).hexdigest()


@per_model(432)
def _of_picture(name: str, digest: str) -> list[tuple[list[str], Tensor, Tensor]]:
    """The stages of one picture: kinds, codes (S, C, h, w), PSNR (S,); empty until they are computed. Where two visitors compute them
    at once, the first's stay the first."""
    return []


def _of_share(model: Autoencoder, x: Tensor) -> list[tuple[tuple[list[str], Tensor, Tensor], Tensor]]:
    """Of each picture: its stages, as in `_of_picture`, and what they give, decoded."""
    kinds, codes = zip(*refine.stages(model, x), strict=True)
    x_hat = model.decode(torch.cat(codes))
    psnr = psnr_db(x.repeat(len(codes), 1, 1, 1), x_hat)
    x_hat, psnr = (of_all.unflatten(0, (len(codes), -1)) for of_all in (x_hat, psnr))
    of_each = zip(torch.stack(codes, dim=1), psnr.T, x_hat.unbind(1), strict=True)
    return [((list(kinds), z.clone(), psnr_of_each), pictures) for z, psnr_of_each, pictures in of_each]
