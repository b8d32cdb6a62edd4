"""Does sampling generate? Every sampler on every model, beside photos, reconstructions and pixel noise."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

import torch
from torch import Tensor

from aemodels.codes import flows, latents
from aemodels.codes.flows import Sampling
from aemodels.errors import DataError
from aemodels.models.autoencoders import VARIANTS
from aemodels.models.config import ModelConfig
from aemodels.models.flow import FlowPrior
from aemodels.noise import seeded_normal, seeded_order
from aemodels.quality.likeness import BATCH_SIZE, MEASURES, NEIGHBOURS, in_batches, make_yardstick
from aemodels.storage.checkpoints import Checkpoint
from aemodels.storage.measured_kinds import RECONSTRUCTIONS
from aemodels.storage.measurements import MEASURED_ALIKE, OF_MODELS

NUM_SAMPLES = 512
NUM_REFERENCE = 8192  # among fewer, density hardly tells reconstructions from samples
SEEDS = (0, 1, 2)
PHOTOS, PIXEL_NOISE, LEARNED = "photos", "pixel noise", "learned"  # sources beside RECONSTRUCTIONS and latents.SAMPLERS


def samplers_of(config: ModelConfig) -> tuple[str, ...]:
    """The samplers that make sense for a model: N(0, I) only where each code has unit mean square, or where it is the prior."""
    is_normal = "noise_variance" in config.settings or VARIANTS[config.variant].has_prior
    return tuple(s for s in latents.SAMPLERS if s != "standard" or is_normal)


def measure_generation(
    ckpts: Sequence[Checkpoint],
    train: Tensor,
    test: Tensor,
    num_samples: int = NUM_SAMPLES,
    seeds: Sequence[int] = SEEDS,
    progress: Callable[[str], None] = print,
    priors: Mapping[str, Checkpoint] = MappingProxyType({}),
    earlier: Mapping[str, Any] | None = None,
    keep: Callable[[dict[str, Any]], object] = lambda results: None,
) -> dict[str, Any]:
    """Measures every sampler on every model, beside photos, reconstructions and pixel noise; what
    measurements.save_generation stores.

    priors   by the name of the one of ckpts whose codes each has learnt
    earlier  what this gave before: rows of checkpoints that are the same now are taken from there, where as much was measured
    keep     called with the results so far, of the models that are measured whole, each time there is another one

    train, test  uint8 (N, 3, H, W), the split that the checkpoints were trained on; their reference codes are of test
                 photos, index being their places in `test`

    A sampler is fitted on all reference codes of its model. Every seed draws num_samples pictures of each kind, which are held
    against NUM_REFERENCE training photos; the photos drawn are test photos that no sampler has seen, and left out where there
    are none. Distances to the nearest photo are in grey levels, over all training photos and all that samplers were fitted on:
    "nearest" is their mean, "nearest_of_all" the smallest, which a copied photo would bring near 0. Each measure is
    given as [mean, standard deviation over the seeds]. Photos and reconstructions are drawn from a few hundred, so their seeds
    share some. Raises DataError for too few photos.
    """
    if len(train) <= NEIGHBOURS:
        raise DataError(
            f"Density and coverage need more than {NEIGHBOURS} training photos, not {len(train)}; add photos."
        )
    seen = torch.zeros(len(test), dtype=torch.bool)
    seen[torch.cat([ckpt.index for ckpt in ckpts])] = True
    reference = train[torch.linspace(0, len(train) - 1, min(NUM_REFERENCE, len(train))).long()]
    results = {
        "num_samples": num_samples,
        "seeds": list(seeds),
        "num_reference": len(reference),
        "num_known": len(train) + int(seen.sum()),
        "num_fitted": {ckpt.name: len(ckpt.codes) for ckpt in ckpts},
        "checkpoints": {ckpt.name: identity(ckpt.provenance) for ckpt in ckpts},
        "priors": {name: prior_identity(prior.provenance) for name, prior in priors.items()},
    }
    kept = _kept_rows(earlier, results)

    rows, yardstick = {}, None
    for source, name, draw in _sources(ckpts, priors, reference, test[~seen], num_samples):
        if (source, name) in kept:
            rows[source, name] = kept[source, name]
            continue
        if yardstick is None:
            progress(f"describing {results['num_known']:,} photos")
            yardstick = make_yardstick(reference, [train, test[seen]])
        progress(f"{name}: {source}" if name else source)
        values = torch.tensor([yardstick.measure(draw(seed)) for seed in seeds], dtype=torch.double)
        spread = values.std(0) if len(seeds) > 1 else torch.full((len(MEASURES),), torch.nan)
        pairs = torch.stack([values.mean(0), spread], dim=1).tolist()
        rows[source, name] = {"source": source, "model": name} | dict(zip(MEASURES, pairs, strict=True))
        so_far = _whole(results, rows | kept, ckpts, priors)
        if name in so_far["checkpoints"]:
            keep(so_far)
    return results | {"rows": [*rows.values()]}


def _whole(
    results: Mapping[str, Any],
    rows: Mapping[tuple[str, str | None], Any],
    ckpts: Sequence[Checkpoint],
    priors: Mapping[str, Checkpoint],
) -> dict[str, Any]:
    """The results with these rows, without the models of which some are still to come."""
    whole = {c.name for c in ckpts if all((kind, c.name) in rows for kind in _kinds(c, priors))}
    parts = {key: {name: value for name, value in results[key].items() if name in whole} for key in OF_MODELS}
    return results | parts | {"rows": [row for (_, name), row in rows.items() if name is None or name in whole]}


def _kept_rows(earlier: Mapping[str, Any] | None, results: Mapping[str, Any]) -> dict[tuple[str, str | None], Any]:
    """The rows of `earlier` that measuring anew would give again, by source and model."""
    if earlier is None or any(earlier[key] != results[key] for key in MEASURED_ALIKE):
        return {}

    def is_same(row: Mapping[str, Any]) -> bool:
        groups = (
            [] if row["model"] is None else ["checkpoints", "priors"] if row["source"] == LEARNED else ["checkpoints"]
        )
        return all(earlier.get(g, {}).get(row["model"]) == results[g].get(row["model"]) for g in groups)

    return {(row["source"], row["model"]): row for row in earlier["rows"] if is_same(row)}


def identity(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """What tells one training of a model from another: data, seed, steps, and the seconds it took."""
    return {key: provenance[key] for key in ("data_fingerprint", "seed", "steps", "wall_s")}


def prior_identity(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """The identity of a prior, and how it draws by default: what tells one measurement of its samples from another."""
    return identity(provenance) | {"num_steps": flows.GUIDED.num_steps, "guidance": flows.GUIDED.guidance}


Draw = Callable[[int], Iterator[Tensor]]


def _sources(
    ckpts: Sequence[Checkpoint],
    priors: Mapping[str, Checkpoint],
    reference: Tensor,
    unseen: Tensor,
    num_samples: int,
) -> Iterator[tuple[str, str | None, Draw]]:
    """(source, model or None, what gives the pictures of a seed) of each row."""
    if len(unseen):
        yield PHOTOS, None, partial(_draw_photos, unseen, num_samples)
    x = reference.float() / 255
    yield PIXEL_NOISE, None, partial(_draw_pixel_noise, x.mean(0), x.std(0), num_samples)
    for ckpt in ckpts:
        for kind in _kinds(ckpt, priors):
            if kind == RECONSTRUCTIONS:
                draw = partial(_draw_reconstructions, ckpt, num_samples)
            elif kind == LEARNED:
                draw = partial(_draw_learned, ckpt, priors[ckpt.name], num_samples)
            else:
                draw = partial(_draw_samples, ckpt, latents.fit(ckpt.codes, kind), num_samples)
            yield kind, ckpt.name, draw


def _kinds(ckpt: Checkpoint, priors: Mapping[str, Checkpoint]) -> list[str]:
    """The sources of a model's rows, in their order."""
    return [RECONSTRUCTIONS, *samplers_of(ckpt.model_config), *([LEARNED] if ckpt.name in priors else [])]


def _draw_photos(photos: Tensor, num_samples: int, seed: int) -> Iterator[Tensor]:
    return in_batches(photos[seeded_order(len(photos), seed)[:num_samples]])


def _draw_pixel_noise(mean: Tensor, std: Tensor, num_samples: int, seed: int) -> Iterator[Tensor]:
    """Every pixel by itself, with the mean and standard deviation (3, H, W) that it has over photos."""
    seeds = torch.arange(seed * num_samples, (seed + 1) * num_samples)
    return ((mean + std * seeded_normal(s.tolist(), mean.shape)).clamp(0, 1) for s in seeds.split(BATCH_SIZE))


def _draw_reconstructions(ckpt: Checkpoint, num_samples: int, seed: int) -> Iterator[Tensor]:
    return decoded(ckpt, ckpt.codes[seeded_order(len(ckpt.codes), seed)[:num_samples]])


def _draw_samples(ckpt: Checkpoint, stats: latents.LatentStats, num_samples: int, seed: int) -> Iterator[Tensor]:
    z = latents.sample(stats, range(seed * num_samples, (seed + 1) * num_samples))
    return decoded(ckpt, z.unflatten(1, ckpt.model_config.latent_shape))


def _draw_learned(ckpt: Checkpoint, prior: Checkpoint, num_samples: int, seed: int) -> Iterator[Tensor]:
    return draw_learned(ckpt, prior.model, range(seed * num_samples, (seed + 1) * num_samples))


def draw_learned(
    ckpt: Checkpoint, prior: FlowPrior, seeds: Sequence[int], how: Sampling = flows.GUIDED
) -> Iterator[Tensor]:
    """Samples of a prior of the checkpoint's codes, decoded, (B, 3, H, W) batch by batch."""
    return (
        ckpt.model.decode(learned_codes(prior, batch.tolist(), how)) for batch in torch.tensor(seeds).split(BATCH_SIZE)
    )


def learned_codes(prior: FlowPrior, seeds: Sequence[int], how: Sampling = flows.GUIDED) -> Tensor:
    """Codes (N, *latent_shape) of a prior, of all its classes in turn."""
    label = classes_in_turn(prior, seeds).tolist() if prior.num_labels else None
    return flows.sample(prior, seeds, replace(how, label=label))


def classes_in_turn(prior: FlowPrior, seeds: Sequence[int]) -> Tensor:
    """The class (N,) that each of learned_codes is told; -1 where the prior knows none."""
    return torch.tensor([seed % prior.num_labels if prior.num_labels else -1 for seed in seeds])


def decoded(ckpt: Checkpoint, codes: Tensor) -> Iterator[Tensor]:
    """The pictures of codes (N, *latent_shape), batch by batch."""
    return (ckpt.model.decode(z) for z in codes.split(BATCH_SIZE))
