"""Codes on their way from noise, drawn by threads of their own; meanwhile the samples on the screen sharpen."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

import streamlit as st
import torch
from torch import Tensor

from aemodels import Checkpoint
from aemodels.codes import flows
from aemodels.errors import LatentLabError
from aemodels.language import kept
from aemodels.models.flow import FlowPrior
from pages.parts.shared import cores, loaders, turns

SHOW_AFTER_S = 0.5  # how long a drawing may take unseen
SHOW_EVERY_S = 0.3
IN_TURN = -1
MAX_DRAWINGS = 16  # of 2 MB each: nine codes at 4 steps, and their pictures


@dataclass(frozen=True)
class Setting:
    """How codes are drawn: all that a sample depends on besides its seed.

    prior, autoencoder  each checkpoint's name and when its file was written, as `loaders.version` gives them
    label               class, a place in label_names; None where none is told; IN_TURN for one after the other
    strength            of what is learnt: 0 is a Gaussian, 1 the prior
    """

    prior: tuple[str, int]
    autoencoder: tuple[str, int]
    label: int | None = None
    num_steps: int = flows.NUM_STEPS
    guidance: float = 1.0
    strength: float = 1.0

    def model(self) -> FlowPrior:
        return loaders.load(self.prior[0]).model

    def gaussian(self) -> "Setting":
        """The same without anything that is learnt."""
        return replace(self, label=None, guidance=1.0, strength=0.0)

    def in_turn(self, seeds: Sequence[int]) -> list[int]:
        """The class of each seed where they come in turn, as `generation.learned_codes` has it."""
        return [seed % self.model().num_labels for seed in seeds] if self.label == IN_TURN else []

    def how(self, in_turn: Sequence[int] | None = None) -> flows.Sampling:
        """The same for a function of `flows`.

        in_turn  the class of each code, where IN_TURN is chosen; None where that of one is not known
        """
        label = in_turn if self.label == IN_TURN else self.label
        return flows.Sampling(label, self.num_steps, self.guidance, self.strength)


@dataclass(frozen=True)
class Drawn:
    """All steps of a drawing, t from 1 to 0, and pictures x (n, C, H, W) in [0, 1] of its codes z."""

    moments: list[flows.Moment]
    x: Tensor

    @property
    def z(self) -> Tensor:
        return self.moments[-1].z


class Drawing:
    """Samples on the way, one a seed, and their pictures; the threads go on when the visitor who started them leaves, and all who ask for the same share it."""

    def __init__(self, setting: Setting, seeds: Sequence[int]) -> None:
        shares = [share.tolist() for share in torch.tensor(seeds).chunk(cores.num_free())]
        self._steps: list[list[flows.Moment]] = [[] for _ in shares]
        pool = ThreadPoolExecutor(len(shares))
        draw, prior, decode = kept(self._draw), setting.model(), loaders.load(setting.autoencoder[0]).model.decode
        self._ends: list[Future] = [
            pool.submit(draw, flows.path(prior, share, setting.how(setting.in_turn(share))), steps, decode)
            for share, steps in zip(shares, self._steps, strict=True)
        ]
        pool.shutdown(wait=False)

    @staticmethod
    def _draw(path: Iterator[flows.Moment], steps: list[flows.Moment], decode: Callable[[Tensor], Tensor]) -> Tensor:
        for moment in path:
            steps.append(moment)
        return decode(steps[-1].z)

    def is_done(self, within_s: float) -> bool:
        """Whether it ends within that time."""
        return not wait(self._ends, within_s).not_done

    def moments(self) -> list[flows.Moment]:
        """All of its steps as far as all threads have come, t from 1 to 0. Raises what a thread has raised."""
        for end in self._ends:
            if end.done():
                end.result()
        return [_together(parts) for parts in zip(*map(tuple, self._steps), strict=False)]

    def result(self) -> Drawn:
        """All of it, as soon as it is there. Raises what a thread has raised."""
        x = torch.cat([end.result() for end in self._ends])
        return Drawn(self.moments(), x)


def _together(parts: Sequence[flows.Moment]) -> flows.Moment:
    return flows.Moment(parts[0].t, torch.cat([part.x_t for part in parts]), torch.cat([part.z for part in parts]))


@st.cache_resource(max_entries=MAX_DRAWINGS, show_spinner=False)
def start(setting: Setting, seeds: tuple[int, ...]) -> Drawing:
    """The drawing of these seeds, which begins now unless it has begun before."""
    return Drawing(setting, seeds)


def watch(setting: Setting, seeds: Sequence[int], show: Callable[[flows.Moment], None]) -> Drawn:
    """All of the drawing; while it goes on longer than half a second and nobody waits for a page, `show` shows where it is."""
    drawing, shown, pause_s = start(setting, tuple(seeds)), 0, SHOW_AFTER_S
    try:
        while not drawing.is_done(pause_s):
            moments, pause_s = drawing.moments(), SHOW_EVERY_S
            if len(moments) > shown and not turns.of_pages.has_waiting():
                shown = len(moments)
                show(moments[-1])
        return drawing.result()
    except LatentLabError:
        start.clear(setting, tuple(seeds))  # the next one who asks may have more luck
        raise


def by_default(prior: str) -> Setting:
    """How the prior of this name draws on pages that do not ask how: as `generation.learned_codes` does."""
    trained = loaders.load(prior)
    versions = loaders.version(prior), loaders.version(loaders.autoencoder_of(trained).name)
    return Setting(*versions, IN_TURN, guidance=flows.GUIDANCE) if trained.model.num_labels else Setting(*versions)


def known(labels: Tensor) -> list[int] | None:
    """Classes (n,) for `Setting.how`; None where that of one is not known."""
    return labels.tolist() if (labels >= 0).all() else None


def decode(ckpt: Checkpoint, z: Tensor) -> Tensor:
    """Pictures (n, C, H, W) in [0, 1] of codes z, each core decoding its share."""
    return cores.rows(ckpt.model.decode, z)
