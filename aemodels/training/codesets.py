"""The codes that a prior learns from: made once of every image, and kept as long as neither the images nor the autoencoder change."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from aemodels.data.config import DataRecord
from aemodels.data.sources import DataSet
from aemodels.data.stored_images import Images
from aemodels.errors import LatentLabError
from aemodels.files import replacing
from aemodels.models.autoencoders import Autoencoder
from aemodels.quality.evaluation import encode_all
from aemodels.storage.checkpoints import Checkpoint

NUM_VALIDATION = 256  # images, evenly spaced; to encode one costs a hundred times what a prior's loss on its code does
CHUNK = 256  # images whose codes are one file: what an interruption may cost
BATCH_SIZE = 16  # what fits a core's cache is fastest; a GPU takes a whole chunk


@dataclass(frozen=True)
class CodeSet:
    """Codes float16 (N, *latent_shape) and the class of each, int64 (N,), -1 where there is none.

    train                of the train split and, where photos may be mirrored, of the mirrored ones as well
    validation           of NUM_VALIDATION validation images
    test                 the reference codes of the autoencoder's checkpoint
    autoencoder, digest  its name, and the digest of its weights
    record, webp_quality of the data set whose images were encoded
    """

    train: Tensor
    train_labels: Tensor
    validation: Tensor
    validation_labels: Tensor
    test: Tensor
    test_labels: Tensor
    autoencoder: str
    digest: str
    record: DataRecord
    webp_quality: int | None = None


def num_images(dataset: DataSet, mirrored: bool) -> int:
    """How many images `make` encodes where none is kept."""
    return (2 if mirrored else 1) * len(dataset.train) + len(_few(dataset.validation))


def folder(out: Path, autoencoder: str, digest: str, dataset: DataSet) -> Path:
    """Where the codes are kept for trainings whose checkpoints lie in `out`."""
    return out / ".resume" / f"codes-{autoencoder}-{digest[:8]}-{dataset.record.fingerprint[:8]}-{len(dataset.train)}"


def make(
    autoencoder: Checkpoint,
    digest: str,
    dataset: DataSet,
    mirrored: bool,
    folder: Path,
    device: str,
    progress: Callable[[int], object] = lambda num_images: None,
) -> CodeSet:
    """Encodes the images of a data set, but for those whose codes lie in `folder` from before.

    digest    of the autoencoder's weights
    mirrored  whether the train split's images come as they are and mirrored left-right
    progress  called with the number of images whose codes have come
    """
    model = autoencoder.model.to(device)

    def of(part: str, images: Images, flip: bool = False) -> Tensor:
        return torch.cat([*_chunks(model, images, flip, folder / part, progress)])

    train = [of("train", dataset.train)] + ([of("train-mirrored", dataset.train, True)] if mirrored else [])
    validation = of("validation", _few(dataset.validation))
    model.to("cpu")
    return CodeSet(
        torch.cat(train),
        dataset.train_labels.repeat(len(train)),
        validation,
        _few(dataset.validation_labels),
        autoencoder.codes.half(),
        autoencoder.labels,
        autoencoder.name,
        digest,
        dataset.record,
        dataset.webp_quality,
    )


def _few(images: Images) -> Images:
    return images[:: max(1, len(images) // NUM_VALIDATION)][:NUM_VALIDATION]


def _chunks(
    model: Autoencoder, images: Images, flip: bool, folder: Path, progress: Callable[[int], object]
) -> Iterator[Tensor]:
    for start in range(0, len(images), CHUNK):
        path = folder / f"{start:07d}.pt"
        batch = images[start : start + CHUNK]
        if path.exists():
            yield _read(path, (len(batch), *model.config.latent_shape))
            progress(len(batch))
            continue
        codes = []
        for x in batch.split(BATCH_SIZE if next(model.parameters()).device.type == "cpu" else CHUNK):
            codes.append(encode_all(model, x.flip(3) if flip else x).half())
            progress(len(x))
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(path) as temporary, open(temporary, "wb") as file:
            torch.save(torch.cat(codes), file)
        yield torch.cat(codes)


def _read(path: Path, shape: tuple[int, ...]) -> Tensor:
    try:
        codes = torch.load(path, weights_only=True)
        if codes.shape != shape or codes.dtype != torch.float16:
            raise ValueError
    except Exception as error:
        raise LatentLabError(
            f"{path} does not hold the codes that it should; delete it, and they are made again."
        ) from error
    return codes
