"""What a learnt prior draws: codes from noise, the path from one to the other, codes changed on the way.

A step from time t to t′ solves the Gaussian's part of the flow exactly, for along each principal axis x_t keeps its place in units of its
spread; the learnt part is taken at the step's beginning (Euler), or as the mean of both ends (Heun). This is Lawson's way of an
exponential integrator (Lawson 1967, https://doi.org/10.1137/0704033); without the learnt part any number of steps gives the Gaussian.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from aemodels.errors import DataError
from aemodels.language import _, list_of
from aemodels.models.flow import FlowPrior
from aemodels.noise import seeded_normal

EULER, HEUN = "euler", "heun"
SOLVERS = (HEUN, EULER)
NUM_STEPS = 4
GUIDANCE = 3.0  # towards a class
MAX_STEPS = 1000
MAX_GUIDANCE = 20.0
MAX_STRENGTH = 2.0
MAX_ELEMENT = 1e6  # of noise or of a code, in units of the codes' spread

Label = int | Sequence[int] | None


@dataclass(frozen=True)
class Sampling:
    """How codes are drawn.

    label      the class of all codes, or of each; None for none
    num_steps  from noise to codes
    guidance   w: v = v without class + w · (v with class − v without class) (Ho & Salimans 2022, https://arxiv.org/abs/2207.12598). 1 takes
               the class as it is; above 1, codes are more like their class and less unlike each other; without a class it does nothing
    strength   what the learnt part f counts: 0 for the Gaussian alone, 1 for all of it
    solver     "heun", which asks the network twice a step but for the last, or "euler"
    """

    label: Label = None
    num_steps: int = NUM_STEPS
    guidance: float = 1.0
    strength: float = 1.0
    solver: str = HEUN


PLAIN, GUIDED = Sampling(), Sampling(guidance=GUIDANCE)


@dataclass(frozen=True)
class Moment:
    """A place on the way from noise to codes.

    t    1 for noise, 0 for codes
    x_t  (N, *latent_shape), scaled as codes are
    z    (N, *latent_shape): the codes to which the velocity points from here, the mean of those that x_t may become
    """

    t: float
    x_t: Tensor
    z: Tensor


def sample(prior: FlowPrior, seeds: Sequence[int], how: Sampling = PLAIN) -> Tensor:
    """Codes (N, *latent_shape), float32: the end of `path`, which takes the same."""
    return _last(path(prior, seeds, how))


def path(prior: FlowPrior, seeds: Sequence[int], how: Sampling = PLAIN) -> Iterator[Moment]:
    """From N(0, I), drawn on the CPU with one seed a code, to codes: how.num_steps + 1 moments, each as soon as it is known. Raises
    DataError, in one sentence, for settings that make no sense."""
    return path_from(prior, _noise(prior, seeds), how)


def sample_from(prior: FlowPrior, noise: Tensor, how: Sampling = PLAIN) -> Tensor:
    """As sample, from given noise (N, *latent_shape)."""
    return _last(path_from(prior, noise, how))


def path_from(prior: FlowPrior, noise: Tensor, how: Sampling = PLAIN) -> Iterator[Moment]:
    """As path, from given noise (N, *latent_shape)."""
    noise = _checked_codes(prior, noise)
    return _flow(prior, noise, 1.0, how, _checked_labels(prior, len(noise), how))


def edit(prior: FlowPrior, z: Tensor, t: float, seeds: Sequence[int], how: Sampling = PLAIN) -> Tensor:
    """Codes z (N, *latent_shape) pushed to time t in [0, 1] by noise and brought back: SDEdit (Meng et al. 2022,
    https://arxiv.org/abs/2108.01073). At 0 they stay as they are, at 1 nothing of them is left. Of how.num_steps, the share t is taken.
    """
    z, noise = _checked_codes(prior, z), _noise(prior, seeds)
    label = _checked_labels(prior, len(z), how)
    if not 0 <= t <= 1:
        raise DataError(_("A code is pushed to a time from 0 to 1, not {value}.").format(value=t))
    _check_one_seed_each(z, noise)
    if t == 0:
        return z
    return _last(_flow(prior, (1 - t) * prior.normalise(z) + t * noise, t, how, label))


def inpaint(prior: FlowPrior, z: Tensor, known: Tensor, seeds: Sequence[int], how: Sampling = PLAIN) -> Tensor:
    """Codes that keep what is known of z (N, *latent_shape), and have the rest drawn to go with it: at each step the known numbers
    are those of z with as much noise as there is at that time (Lugmayr et al. 2022, https://arxiv.org/abs/2201.09865, without their resampling).

    known  bool: (H, W) for cells, or whatever else goes with z
    """
    z, noise = _checked_codes(prior, z), _noise(prior, seeds)
    label = _checked_labels(prior, len(z), how)
    _check_one_seed_each(z, noise)
    try:
        if known.dtype != torch.bool:
            raise RuntimeError
        known = known.to(z.device).expand(z.shape)
    except RuntimeError as error:
        raise DataError(
            _("What is known must be true or false for each cell of a code {shape}, not {found}.").format(
                shape=tuple(z.shape[1:]), found=tuple(known.shape)
            )
        ) from error
    found = _last(_flow(prior, noise, 1.0, how, label, prior.normalise(z), known))
    return torch.where(known, z, found)


def _flow(
    prior: FlowPrior,
    x: Tensor,
    start: float,
    how: Sampling,
    label: Tensor,
    kept: Tensor | None = None,
    known: Tensor | None = None,
) -> Iterator[Moment]:
    """The moments from x at time `start` to time 0.

    label        (N,), as the network takes them
    kept, known  x of the codes of which known numbers stay, and which those are; x is the noise then, start 1
    """
    noise = x
    num_steps = max(1, math.ceil(how.num_steps * start))
    grid = [start * (1 - i / num_steps) for i in range(num_steps + 1)]
    learnt = _learnt(prior, x, start, how, label)
    for t, t_next in pairwise(grid):
        velocity = learnt + prior.gaussian_velocity(x, _all(t, x))
        yield Moment(t, prior.denormalise(x), prior.denormalise(x - t * velocity))
        here, there = _carry(prior, torch.cat([x, learnt]), t, t_next).chunk(2)
        x = here + (t_next - t) * there
        if t_next and how.solver == HEUN:
            x = here + (t_next - t) / 2 * (there + _learnt(prior, x, t_next, how, label))
        if known is not None:
            x = torch.where(known, (1 - t_next) * kept + t_next * noise, x)
        if t_next:
            learnt = _learnt(prior, x, t_next, how, label)
    z = prior.denormalise(x)
    yield Moment(0.0, z, z)


def _carry(prior: FlowPrior, x: Tensor, t: float, t_next: float) -> Tensor:
    """Where the Gaussian's flow brings x from time t to t_next: to the same place in units of the spread along each axis."""
    ratio = prior.spread(_all(t_next, x)) / prior.spread(_all(t, x)).clamp(min=1e-9)
    return prior.from_axes(ratio * prior.to_axes(x))


@torch.no_grad()
def _learnt(prior: FlowPrior, x: Tensor, t: float, how: Sampling, label: Tensor) -> Tensor:
    """What the learnt part adds to the velocity at x (N, *latent_shape) and time t."""
    if not how.strength:
        return torch.zeros_like(x)
    untold = torch.full_like(label, prior.num_labels)
    is_told = bool((label != untold).any())
    if not is_told or how.guidance == 1:
        return how.strength * prior.learnt_velocity(x, _all(t, x), label)
    both = prior.learnt_velocity(x, _all(t, x), torch.cat([label, untold]))
    told, without = both.chunk(2)
    return how.strength * (without + how.guidance * (told - without))


def _all(t: float, x: Tensor) -> Tensor:
    return torch.full((len(x),), t, device=x.device)


def _noise(prior: FlowPrior, seeds: Sequence[int]) -> Tensor:
    return seeded_normal(seeds, prior.config.latent_shape).to(prior.mean.device)


def _last(moments: Iterator[Moment]) -> Tensor:
    for moment in moments:
        z = moment.z
    return z


def _check_one_seed_each(z: Tensor, noise: Tensor) -> None:
    if len(z) != len(noise):
        raise DataError(
            _("{num_codes} codes need as many seeds, not {num_seeds}.").format(num_codes=len(z), num_seeds=len(noise))
        )


def _checked_codes(prior: FlowPrior, z: Tensor) -> Tensor:
    """z as float32 on the prior's device."""
    if z.shape[1:] != prior.config.latent_shape:
        raise DataError(
            _("The prior draws codes of shape {expected}, not {found}.").format(
                expected=prior.config.latent_shape, found=tuple(z.shape[1:])
            )
        )
    z = z.float().to(prior.mean.device)
    if not (z.abs() <= MAX_ELEMENT * prior.scale.clamp(min=1)).all():
        raise DataError(_("A code holds numbers that are not finite or far too large; choose another."))
    return z


def _checked_labels(prior: FlowPrior, num_codes: int, how: Sampling) -> Tensor:
    """Labels (num_codes,) as the network takes them, once all of the settings are found to make sense."""
    num_steps, label = how.num_steps, how.label
    if not (isinstance(num_steps, int) and 1 <= num_steps <= MAX_STEPS):
        raise DataError(
            _("Choose a whole number of steps from 1 to {most}, not {value}.").format(most=MAX_STEPS, value=num_steps)
        )
    if not 0 <= how.guidance <= MAX_GUIDANCE:
        raise DataError(
            _("Choose a guidance from 0 to {most}, not {value}.").format(most=f"{MAX_GUIDANCE:g}", value=how.guidance)
        )
    if not 0 <= how.strength <= MAX_STRENGTH:
        raise DataError(
            _("Choose a strength from 0 to {most}, not {value}.").format(most=f"{MAX_STRENGTH:g}", value=how.strength)
        )
    if how.solver not in SOLVERS:
        raise DataError(
            _("Choose one of the solvers {solvers}, not {value}.").format(
                solvers=list_of(SOLVERS), value=repr(how.solver)
            )
        )
    num_labels = prior.num_labels
    labels = [num_labels] * num_codes if label is None else [label] * num_codes if isinstance(label, int) else [*label]
    if len(labels) != num_codes:
        raise DataError(
            _("{num_codes} codes need as many classes, not {num_labels}.").format(
                num_codes=num_codes, num_labels=len(labels)
            )
        )
    for wrong in (number for number in labels if label is not None and not 0 <= number < num_labels):
        if not num_labels:
            raise DataError(_("This prior was trained without classes; choose none."))
        raise DataError(
            _("There is no class {value}; the prior knows {number}, counted from 0.").format(
                value=wrong, number=num_labels
            )
        )
    return torch.tensor(labels, device=prior.mean.device)
