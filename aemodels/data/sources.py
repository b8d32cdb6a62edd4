"""Data sets by name: where what a recipe's [data] table asks for lies, and what was found there."""

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from tqdm import tqdm

from aemodels import memory
from aemodels.data import packed, splits
from aemodels.data.config import DOGS, FAMILY_RULE, DataConfig, DataRecord
from aemodels.data.mnist import FAMILY, load_mnist
from aemodels.data.photo_files import PhotoFiles, list_photos
from aemodels.data.photo_sets import PhotoSet, list_dogs, load_photo_set
from aemodels.data.photos import read_photos
from aemodels.data.stored_images import Images
from aemodels.errors import DataError
from aemodels.files import is_file, is_folder
from aemodels.language import _, ngettext
from aemodels.text import one_line, shown

NUM_REFERENCE_PHOTOS = 1024
QUICK_TRAIN, QUICK_TEST = 4000, 256


@dataclass(frozen=True)
class DataSet:
    """A data set as a model is trained and judged on it; images uint8 (N, C, H, W); labels int64 (N,), the class of each, a place in
    record.label_names, or -1.

    Photos are in memory where they take at most half of what is free of it (memory.room_for_images); else they stay in their file and
    are read as they are needed. The codes of `reference`, a part of `test`, go with each checkpoint.

    reference_index   (N,) int64: the place of each in the whole test split
    summary           what it is, and where, in a line
    webp_quality      of the photos to train and validate on, where packing changed them
    """

    train: Images
    validation: Images
    test: Images
    reference: Images
    train_labels: Tensor
    validation_labels: Tensor
    reference_labels: Tensor
    reference_index: Tensor
    record: DataRecord
    summary: str
    webp_quality: int | None = None


def data_root(folder: str | Path | None = None) -> Path:
    """Where the data sets lie, a folder or a file of packed photos: `folder` if given, else the environment's LATENT_LAB_DATA, else `data`."""
    return Path(os.path.expanduser(folder or os.environ.get("LATENT_LAB_DATA") or "data"))


def load(config: DataConfig, root: Path, quick: bool = False) -> DataSet:
    """The data set under `root`, photos decoded with a progress bar where that is still to be done; of these some QUICK_TRAIN to
    train on and QUICK_TEST to test on if `quick`. Raises DataError where there is none, where it is too small to split, or where
    all images are the same."""
    if config.source in FAMILY:
        return _of_family(config, root)
    with tqdm(desc="decoding photos", unit="photo", leave=False) as bar:

        def show(done: int, total: int) -> None:
            bar.total = total
            bar.update(done - bar.n)

        photos = load_photos_of(config, root, show)
    if not len(photos.validation_index):
        raise DataError(
            ngettext(
                "{folder} holds {number} photo: some to train on, one to choose settings by and two to test on make at least {least} "
                "different ones; add more photos.",
                "{folder} holds {number} photos: some to train on, one to choose settings by and two to test on make at least {least} "
                "different ones; add more photos.",
                len(photos.paths),
            ).format(folder=one_line(photos.folder), number=len(photos.paths), least=splits.MIN_IMAGES + 1)
        )
    train, test = photos.train_index, torch.arange(len(photos.test_index))
    if quick:
        train, test = train[:: max(1, len(train) // QUICK_TRAIN)], test[:: max(1, len(test) // QUICK_TEST)]
    # Evenly spaced, so that every folder has its share.
    reference = test[torch.linspace(0, len(test) - 1, min(NUM_REFERENCE_PHOTOS, len(test))).long()]
    indices = (train, photos.validation_index, photos.test_index[test], photos.test_index[reference])
    parts: list[Images] = [photos.images.part(index) for index in indices]
    _refuse_all_alike(photos.images, photos.folder)
    num_images = {"train": len(train), "validation": len(photos.validation_index), "test": len(test)}
    record = DataRecord(config, photos.label_names, splits.RULE, num_images, photos.fingerprint)
    summary = photos.summary() + (f" Of these, {len(train):,} and {len(test):,} for a quick look." if quick else "")
    quality = photos.webp_quality
    summary += "" if quality is None else f" Those to train and validate on are WebP of quality {quality}."
    num_bytes = sum(part.nbytes for part in parts)
    if memory.can_hold(num_bytes):
        parts = [part.in_memory() for part in parts]
        summary += f" They stay in memory, where they take {memory.size(num_bytes)}."
    else:
        summary += (
            f" They are read from disk as they are needed: they take {memory.size(num_bytes)}, and of memory images may take "
            f"{memory.size(memory.room_for_images())}, half of what is free."
        )
    labels = [photos.labels[index] for index in (train, photos.validation_index, photos.test_index[reference])]
    return DataSet(*parts, *labels, reference, record, summary, quality)


def _refuse_all_alike(images: Images, folder: Path) -> None:
    first = images[0]
    if all((x == first).all() for x in images):
        raise DataError(
            _(
                "All {number} pictures in {folder} look the same: nothing can be learnt from them; choose another folder."
            ).format(number=len(images), folder=one_line(folder))
        )


def load_photos_of(config: DataConfig, root: Path, progress: Callable[[int, int], None] | None = None) -> PhotoSet:
    """The photos of a data set that is not of the MNIST family. Raises DataError as `load` does."""
    num_channels, size = config.image_shape[:2]
    return load_photo_set(_listed(config, root), size, num_channels, progress)


def pack(
    config: DataConfig,
    root: Path,
    path: Path,
    quality: int = packed.QUALITY,
    progress: Callable[[int], object] = lambda n: None,
) -> int:
    """Writes the photos of a data set under `root` into one file, as packed.pack does, which may then be the root in its place; returns how
    many. Raises DataError where there are none."""
    if is_file(root):
        raise DataError(
            f"{one_line(root)} holds packed photos already; give --data the folder that they were packed from."
        )
    listed = _listed(config, root)
    num_channels, size = config.image_shape[:2]
    photos = read_photos(listed, size, num_channels=num_channels)
    packed.pack(photos.images, photos.paths, photos.hashes, listed.folder, config.name, path, quality, progress)
    return len(photos.paths)


def _listed(config: DataConfig, root: Path) -> PhotoFiles:
    if is_file(root):
        return _list_packed(config, root)
    return list_dogs(root) if config.source == DOGS else _list_folder(config, root)


def _list_packed(config: DataConfig, path: Path) -> PhotoFiles:
    """The photos in a file of packed ones."""
    pack = packed.Pack(path)
    if pack.name != config.name:
        raise DataError(
            _("{path} holds photos of {has}, not of {wanted}; give --data the right file or folder.").format(
                path=one_line(path), has=shown(pack.name), wanted=shown(config.name)
            )
        )
    return PhotoFiles(path, pack.paths, [], pack)


def _list_folder(config: DataConfig, root: Path) -> PhotoFiles:
    """The pictures in the folder that the configuration names, inside `root` or, where there is none, by itself."""
    inside, itself = Path(os.path.expanduser(root / config.folder)), Path(os.path.expanduser(config.folder))
    if not (is_folder(inside) or is_folder(itself)):
        if is_file(inside) or is_file(itself):
            raise DataError(
                _("{folder} is a file; give the folder of the pictures, and unpack an archive first.").format(
                    folder=one_line(config.folder)
                )
            )
        raise DataError(
            _(
                "There is no folder {folder} for the data set {data_set}, neither here nor in {root}; point --data to the folder that "
                "holds it."
            ).format(folder=one_line(config.folder), data_set=shown(config.name), root=one_line(root))
        )
    return list_photos(inside if is_folder(inside) else itself)


def _of_family(config: DataConfig, root: Path) -> DataSet:
    images, train_labels = load_mnist(root, train=True, source=config.source)
    test, test_labels = load_mnist(root, train=False, source=config.source)
    is_validation = splits.validation_split([content_hash(x) for x in images])
    family = FAMILY[config.source]
    left_out = torch.tensor([family.label_names.index(name) for name in config.leave_out], dtype=torch.long)
    is_seen = ~torch.isin(train_labels, left_out)
    is_train, is_validation = ~is_validation & is_seen, is_validation & is_seen
    train, validation = images[is_train], images[is_validation]
    labels = train_labels[is_train], train_labels[is_validation], test_labels
    _refuse_all_alike(images, root)
    if not (len(train) and len(validation)):
        raise DataError(
            _(
                "Of {name} in {folder} {num_train} images are left to train on and {num_validation} to choose settings by; give a larger set."
            ).format(name=family.folder, folder=one_line(root), num_train=len(train), num_validation=len(validation))
        )
    num_images = {"train": len(train), "validation": len(validation), "test": len(test)}
    rule = FAMILY_RULE.format(data_set=family.folder)
    record = DataRecord(config, family.label_names, rule, num_images, content_hash(images, test))
    summary = (
        f"{family.folder} in {one_line(root)}: {len(train):,} images to train on, {len(validation):,} to validate on, "
        f"{len(test):,} to test on."
    )
    if config.leave_out:
        summary += f" Left out of those to train and to validate on: {', '.join(config.leave_out)}."
    return DataSet(train, validation, test, test, *labels, torch.arange(len(test)), record, summary)


def content_hash(*images: Tensor) -> str:
    """Hash of images uint8, 32 hexadecimal digits."""
    return hashlib.blake2b(b"".join(x.numpy().tobytes() for x in images), digest_size=16).hexdigest()
