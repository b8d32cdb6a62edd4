"""The codes through which encode goes, for the pictures of a page: computed once for all who look at them."""

import hashlib
from dataclasses import dataclass
from functools import partial

import streamlit as st
import torch
from torch import Tensor

from aemodels.language import _, number
from aemodels.models import refine
from aemodels.models.autoencoders import Autoencoder
from aemodels.quality.metrics import psnr_db
from pages.parts.shared import cores, loaders


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
        return [_name(kind, self.kinds[: i + 1].count(kind)) for i, kind in enumerate(self.kinds)]

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


def _name(kind: str, place: int) -> str:
    if kind == refine.ENCODER:
        return _("encoder alone")
    if kind == refine.CORRECTOR:
        return _("second look")
    if kind == refine.KEPT:
        return _("the better one kept")
    message = _("learned step {place}") if kind == refine.REFINER else _("descent step {place}")
    return message.format(place=number(place))


def of(name: str, x: Tensor) -> Stages:
    """The stages of pictures x (n, C, H, W), float in [0, 1]; those of a picture are computed once, whichever others are with it."""
    version = loaders.version(name)
    digests = [hashlib.blake2b(image.numpy().tobytes(), digest_size=16).hexdigest() for image in x]
    kept = [_of_picture(*version, digest) for digest in digests]
    missing = [i for i, of_picture in enumerate(kept) if not of_picture]
    if missing:
        shares = cores.each(partial(_of_share, loaders.load(name).model), x[missing].chunk(cores.num_free()))
        for i, stages in zip(missing, (one for share in shares for one in share), strict=True):
            kept[i].append(stages)
    kinds, codes, psnr = zip(*(of_picture[0] for of_picture in kept), strict=True)
    return Stages(kinds[0], torch.stack(codes, dim=1), torch.stack(psnr, dim=1), f"{version} {' '.join(digests)}")


@st.cache_resource(max_entries=432, show_spinner=False)
def _of_picture(name: str, modified_ns: int, digest: str) -> list[tuple[list[str], Tensor, Tensor]]:
    """The stages of one picture: kinds, codes (S, C, h, w), PSNR (S,); empty until they are computed. Where two visitors compute them
    at once, the first's stay the first."""
    return []


def _of_share(model: Autoencoder, x: Tensor) -> list[tuple[list[str], Tensor, Tensor]]:
    kinds, codes = zip(*refine.stages(model, x), strict=True)
    x_hat = model.decode(torch.cat(codes))
    psnr = psnr_db(x.repeat(len(codes), 1, 1, 1), x_hat).unflatten(0, (len(codes), -1))
    of_each = zip(torch.stack(codes, dim=1), psnr.T, strict=True)
    return [(list(kinds), z.clone(), psnr_of_each) for z, psnr_of_each in of_each]
