"""The pictures that Anomaly draws from by seed, and their scores by a model, which are measured while the app has nothing else to do."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from math import prod

import torch
from torch import Tensor

from aemodels import Checkpoint
from aemodels.models.autoencoders import Autoencoder
from aemodels.quality import anomaly, encoding
from aemodels.quality.metrics import psnr_db
from aemodels.storage import catalogue, scores
from pages.parts.shared import loaders, models, originals
from pages.parts.shared.originals import Originals

SMALL = 3 * 32 * 32  # numbers of a small picture
BATCH_NUMBERS = 2**19  # of pictures that are rebuilt at once: what a core keeps at hand


@dataclass(frozen=True)
class Pool:
    """Pictures of a model's shape, `size` of them.

    name  of their scores on disk; "" for pictures whose scores are not kept
    at    (n,) places -> x (n, C, H, W), float in [0, 1]
    """

    name: str
    size: int
    at: Callable[[Tensor], Tensor]


def of_test_images(ckpt: Checkpoint) -> Pool:
    """The test images of the model's data set, which must be on this computer."""
    found = originals.of(ckpt.data)
    return Pool("usual" if found.is_same else "", len(found), found.pictures)


def turned(usual: Pool) -> Pool:
    """The same, turned by 90°; they must be square."""
    return Pool(usual.name and "turned", usual.size, lambda index: usual.at(index).rot90(1, (2, 3)))


def of_noise(ckpt: Checkpoint) -> Pool:
    """Noise, as many pictures as there are test images, each by a seed that is its place."""
    shape = ckpt.model_config.image_shape
    return Pool("noise", len(originals.of(ckpt.data)), lambda index: anomaly.noise(index.tolist(), shape))


def of_another_data_set(ckpt: Checkpoint) -> tuple[str, Pool | None]:
    """Pictures of another data set that is on this computer, brought to the model's shape, and its name."""
    shape, own = ckpt.model_config.image_shape, ckpt.data.config
    for group in loaders.read_catalogue().groups:
        other = group.data.config
        if (
            other.name == own.name or "mnist" == other.source == own.source
        ):  # the same digits under two names are one set
            continue
        if (found := originals.of(group.data)) is not None:
            name = f"other-{group.data.fingerprint[:16]}" if found.is_same else ""
            return other.name, _fitted(name, found, shape)
    if own.source == "mnist":
        return "", None
    return "MNIST", _fitted("other-mnist", originals.mnist_digits(), shape)


def _fitted(name: str, found: Originals, shape: tuple[int, int, int]) -> Pool:
    def at(index: Tensor) -> Tensor:  # in parts, for a thousand photos as numbers are 200 MB
        return torch.cat([anomaly.fitted(found.at(part), shape) for part in index.split(64)])

    return Pool(name, len(found), at)


def batches(index: Tensor, image_shape: tuple[int, int, int]) -> list[Tensor]:
    """The places (n,) in parts that are rebuilt at once."""
    return list(index.split(max(1, BATCH_NUMBERS // prod(image_shape))))


def rebuilt(model: Autoencoder, pool: Pool, index: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What the pictures at these places are rebuilt to, their scores and PSNRs."""
    x = pool.at(index)
    x_hat = anomaly.rebuild(model, x)
    return x_hat, anomaly.score(model, x, x_hat), psnr_db(x, x_hat)


def known(ckpt: Checkpoint, pool: Pool) -> tuple[Tensor, Tensor] | None:
    """Scores and PSNRs of all the pool's pictures; None where they have not been measured."""
    digest = loaders.digests([ckpt.name]).get(ckpt.name)
    return scores.read(digest, pool.name, pool.size) if digest and pool.name else None


def encoder_psnr_db(ckpt: Checkpoint, x: Tensor, index: Tensor | None) -> Tensor:
    """`encoding.encoder_psnr_db` of pictures x; looked up where they are the test images at these places (n,) and were measured."""
    found = known(ckpt, of_test_images(ckpt)) if index is not None else None
    return encoding.encoder_psnr_db(ckpt.model, x) if found is None else found[1][index]


def steps() -> Iterator[Callable[[], object]]:
    """Short ones that measure what `known` gives: of all models of small pictures, and of each other data set's first."""
    groups = loaders.read_catalogue().of_kind(*catalogue.AUTOENCODERS)
    found = [group for group in groups if originals.when_read(group.data)]
    for group in found:
        names = group.names if prod(group.models[0].config.image_shape) <= SMALL else group.names[:1]
        digests = loaders.digests(names)  # before they are loaded: a file may be replaced at any time
        for name, ckpt in models.load_each(names)[0].items():
            usual, (_title, other) = of_test_images(ckpt), of_another_data_set(ckpt)
            shape = ckpt.model_config.image_shape
            for pool in (usual, turned(usual) if shape[1] == shape[2] else None, of_noise(ckpt), other):
                if pool and pool.name and name in digests and known(ckpt, pool) is None:
                    yield from _steps_of(ckpt, digests[name], pool)


def _steps_of(ckpt: Checkpoint, digest: str, pool: Pool) -> Iterator[Callable[[], object]]:
    measured: list[tuple[Tensor, Tensor]] = []

    def measure(index: Tensor) -> None:
        measured.append(rebuilt(ckpt.model, pool, index)[1:])

    def keep() -> None:
        of_all = [torch.cat(values) for values in zip(*measured, strict=True)]
        if len(of_all[0]) == pool.size and loaders.digests([ckpt.name]).get(ckpt.name) == digest:
            scores.save(digest, pool.name, *of_all)

    for index in batches(torch.arange(pool.size), ckpt.model_config.image_shape):
        yield partial(measure, index)
    yield keep
