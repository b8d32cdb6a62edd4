"""How good a learned prior's samples are, beyond the rows of `generation`: is one a copy, can its class be told, how near do they come by
features that were learnt elsewhere, and what do steps, guidance and training change?"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor

from aemodels.codes import flows
from aemodels.codes.flows import Sampling
from aemodels.models.flow import FlowPrior
from aemodels.quality import copying, generation, realism, telling
from aemodels.quality.generation import classes_in_turn, draw_learned
from aemodels.storage.checkpoints import Checkpoint

NUM_SAMPLES = 2048
NUM_COMPARED = 1024  # pictures of each kind, for a Fréchet distance
NUM_CURVE = 512  # samples of each point of a curve: as many as a row of `generation` has of one seed
NUM_TUNING = 1024
FIRST_TUNING_SEED = 100_000  # guidance is chosen on other samples than those that are reported
STEPS = (1, 2, 4, 8, 16, 25, 50)
GUIDANCES = (1.0, 1.5, 3.0, 5.0)

Describe = Callable[[Tensor], Tensor]


@dataclass(frozen=True)
class Seen:
    """Pictures as they are compared: features (n, D) by the name of what describes them, and thumbnails (n, 3072) in grey levels."""

    features: dict[str, Tensor]
    thumbnails: Tensor


def look_at(pictures: Iterable[Tensor], described_by: Mapping[str, Describe]) -> Seen:
    """Pictures (B, 3, H, W) in [0, 1] that come batch by batch."""
    features: dict[str, list[Tensor]] = {name: [] for name in described_by}
    thumbnails = []
    for x in pictures:
        for name, describe in described_by.items():
            features[name].append(describe(x))
        thumbnails.append(realism.thumbnails(x))
    return Seen({name: torch.cat(parts) for name, parts in features.items()}, torch.cat(thumbnails))


@dataclass(frozen=True)
class Real:
    """What samples of a prior are held against.

    train            photos that the prior has learnt from
    known            thumbnails of all of those, and of them mirrored
    unseen           test photos
    reconstructions  test photos, encoded and decoded, with the class of each
    gaussian         samples of the full Gaussian of the codes
    classifiers      by features: telling.fit of reconstructions of training photos; none where photos have no classes
    """

    train: Seen
    known: Tensor
    unseen: Seen
    reconstructions: Seen
    labels: Tensor
    gaussian: Seen
    classifiers: dict[str, Any]


def measure(
    ckpt: Checkpoint,
    prior: Checkpoint,
    real: Real,
    described_by: Mapping[str, Describe],
    num_samples: int,
) -> dict[str, Any]:
    """Samples with the seeds 0 … num_samples − 1, drawn as the prior draws by default.

    "copies"    what copying.compare gives
    "frechet"   by features: `distances` of "unseen" photos, "reconstructions", the "gaussian"'s samples and "samples"
    "told"      by features: what telling.shares gives of "reconstructions" and of "samples"
    """
    seeds = range(num_samples)
    samples = look_at(draw_learned(ckpt, prior.model, seeds), described_by)
    kinds = {
        "unseen": real.unseen,
        "reconstructions": real.reconstructions,
        "gaussian": real.gaussian,
        "samples": samples,
    }
    return {
        "prior": generation.prior_identity(prior.provenance),
        "num_samples": num_samples,
        "num_known": len(real.known) // 2,
        "num_classes": prior.model.num_labels,
        "num_compared": min(NUM_COMPARED, *(len(of.thumbnails) for of in kinds.values())),
        "copies": copying.compare(*(copying.nearest(of.thumbnails, real.known) for of in (samples, real.unseen))),
        "frechet": distances(real.train, kinds, NUM_COMPARED),
        "told": {
            name: {
                "reconstructions": _told(real, name, real.reconstructions, real.labels),
                "samples": _told(real, name, samples, classes_in_turn(prior.model, seeds)),
            }
            for name in (real.classifiers if prior.model.num_labels else ())
        },
    }


def over_guidance(
    ckpt: Checkpoint, prior: FlowPrior, real: Real, described_by: Mapping[str, Describe], num_samples: int
) -> list[dict[str, Any]]:
    """For each of GUIDANCES: "guidance", "frechet" by features as of_few gives it, and "told" as in `measure`, and
    other seeds."""
    seeds, rows = range(FIRST_TUNING_SEED, FIRST_TUNING_SEED + num_samples), []
    for guidance in GUIDANCES:
        samples = look_at(draw_learned(ckpt, prior, seeds, Sampling(guidance=guidance)), described_by)
        labels = classes_in_turn(prior, seeds)
        told = {name: _told(real, name, samples, labels) for name in (real.classifiers if prior.num_labels else ())}
        rows.append({"guidance": guidance, "frechet": _of_samples(real.train, samples), "told": told})
    return rows


def over_steps(
    ckpt: Checkpoint, prior: FlowPrior, train: Seen, described_by: Mapping[str, Describe]
) -> list[dict[str, Any]]:
    """For each of STEPS: "num_steps" and "frechet" by features."""
    return [
        {"num_steps": n, "frechet": of_few(ckpt, prior, train, described_by, replace(flows.GUIDED, num_steps=n))}
        for n in STEPS
    ]


def of_few(
    ckpt: Checkpoint, prior: FlowPrior, train: Seen, described_by: Mapping[str, Describe], how: Sampling = flows.GUIDED
) -> dict[str, float]:
    """The Fréchet distance of NUM_CURVE samples from training photos, by features."""
    return _of_samples(train, look_at(draw_learned(ckpt, prior, range(NUM_CURVE), how), described_by))


def distances(train: Seen, kinds: Mapping[str, Seen], n: int) -> dict[str, dict[str, float]]:
    """Fréchet distance from training photos, by features and kind, on features of mean 0 and standard deviation 1 over those photos; of the
    first n pictures of each kind, or of as many as the scarcest has, for it depends on how many there are."""
    n = min(n, *(len(of.thumbnails) for of in kinds.values()))
    found: dict[str, dict[str, float]] = {}
    for name, reference in train.features.items():
        mean, std = reference.mean(0), reference.std(0).clamp(min=1e-6)
        scaled = {kind: (of.features[name][:n] - mean) / std for kind, of in kinds.items()}
        found[name] = {kind: realism.frechet_distance((reference - mean) / std, of) for kind, of in scaled.items()}
    return found


def _of_samples(train: Seen, samples: Seen) -> dict[str, float]:
    return {name: of["samples"] for name, of in distances(train, {"samples": samples}, NUM_CURVE).items()}


def _told(real: Real, name: str, seen: Seen, labels: Tensor) -> dict[str, float]:
    return telling.shares(telling.ranks(real.classifiers[name], seen.features[name], labels))
