"""The codes through which encode goes, for the pictures of a page: computed once for all who look at them."""

import hashlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import streamlit as st
import torch
from torch import Tensor

from aemodels.language import _, number
from aemodels.models import refine
from aemodels.models.autoencoders import Autoencoder
from aemodels.quality.metrics import psnr_db
from pages.parts.shared import loaders


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
    """The stages of pictures x (n, C, H, W), float in [0, 1]."""
    return _of(*loaders.version(name), hashlib.blake2b(x.numpy().tobytes(), digest_size=16).hexdigest(), x)


@st.cache_resource(max_entries=48, show_spinner=False)
def _of(name: str, modified_ns: int, digest: str, _x: Tensor) -> Stages:
    model, shares = loaders.load(name).model, _x.chunk(os.cpu_count() or 1)
    with ThreadPoolExecutor(len(shares)) as pool:
        found = list(pool.map(partial(_of_share, model), shares))
    kinds, _codes, _psnr = found[0]
    codes, psnr = (torch.cat([share[i] for share in found], dim=1) for i in (1, 2))
    return Stages(kinds, codes, psnr, f"{name} {modified_ns} {digest}")


def _of_share(model: Autoencoder, x: Tensor) -> tuple[list[str], Tensor, Tensor]:
    kinds, codes = zip(*refine.stages(model, x), strict=True)
    psnr = [psnr_db(x, model.decode(z)) for z in codes]
    return list(kinds), torch.stack(codes), torch.stack(psnr)
