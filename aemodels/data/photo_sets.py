"""Sets of photos: a folder tree, or Stanford Dogs in its own layout, with labels and splits."""

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from aemodels.data import splits
from aemodels.data.photo_files import PhotoFiles, describe, list_photos
from aemodels.data.photos import read_photos
from aemodels.data.stored_images import StoredImages
from aemodels.errors import DataError
from aemodels.files import is_folder
from aemodels.language import N_, _, ngettext
from aemodels.text import one_line

DOG_SIZE = 128
MAX_LABELS = 1000
OUTSIDE_STANFORD_DOGS = N_("lies outside stanford-dogs/Images: point --data to its folder to use it")


@dataclass(frozen=True)
class PhotoSet:
    """The photos of a folder tree, split by content, so that copies of a photo fall on one side.

    `images` stay in their file; index them (`photos.images[photos.test_index[:9]]`) to read a few photos. `train`, `validation` and
    `test` copy their whole side into memory, at 49 kB a photo of 128×128: `train` is nearly 1 GB for Stanford Dogs. `skipped` is
    what was left out of `folder` or could not be decoded, with the reasons. `webp_quality` is that of the photos to train and validate
    on, where packing changed them.
    """

    folder: Path
    images: StoredImages  # uint8 (N, C, size, size)
    paths: list[Path]
    labels: Tensor  # int64 (N,): each photo's place in label_names; -1 for one without
    label_names: tuple[str, ...]  # of the first level of sub-folders; empty where there is none
    train_index: Tensor  # int64, ascending, into images and paths; so are the other two
    validation_index: Tensor
    test_index: Tensor
    fingerprint: str
    skipped: list[tuple[Path, str]]
    webp_quality: int | None = None

    @property
    def num_skipped(self) -> int:
        return len(self.skipped)

    @property
    def train(self) -> Tensor:
        return self.images[self.train_index]

    @property
    def validation(self) -> Tensor:
        return self.images[self.validation_index]

    @property
    def test(self) -> Tensor:
        return self.images[self.test_index]

    @property
    def train_paths(self) -> list[Path]:
        return [self.paths[i] for i in self.train_index.tolist()]

    @property
    def test_paths(self) -> list[Path]:
        return [self.paths[i] for i in self.test_index.tolist()]

    def summary(self) -> str:
        """Which folder is used, how many photos it holds, and what was left out, in a line."""
        used = (
            f"{len(self.paths):,} photos in {one_line(self.folder)}: {len(self.train_index):,} to train on, "
            f"{len(self.validation_index):,} to validate on, {len(self.test_index):,} to test on"
        )
        left_out = describe([(os.path.relpath(path, self.folder), reason) for path, reason in self.skipped])
        return f"{used}; {self.num_skipped:,} left out: {left_out}." if self.skipped else f"{used}."


def list_dogs(root: str | Path) -> PhotoFiles:
    """The dog photos under `root` and their folder: `root`/stanford-dogs/Images if photos lie there; `root`/Images if photos lie
    nowhere else; else the whole tree, without MNIST. What is left out is listed with its reason.

    Raises DataError where there is none.
    """
    root = Path(root)
    listed = list_photos(root, {"mnist": N_("is of digits")}) if is_folder(root) else PhotoFiles(root, [], [])
    if not listed.photos:
        if listed.left_out:
            message = _(
                "No dog photos: looked for {stanford_dogs}, {images} and photos anywhere in {root} ({left_out}); run `python train.py "
                "--download` or point --data to another folder."
            )
        else:
            message = _(
                "No dog photos: looked for {stanford_dogs}, {images} and photos anywhere in {root}; run `python train.py --download` or "
                "point --data to another folder."
            )
        raise DataError(
            message.format(
                stanford_dogs=one_line(root / "stanford-dogs" / "Images"),
                images=one_line(root / "Images"),
                root=one_line(root),
                left_out=describe(listed.left_out),
            )
        )
    for inside in ("stanford-dogs/Images/", "Images/"):
        photos = [photo.removeprefix(inside) for photo in listed.photos if photo.startswith(inside)]
        others = [photo for photo in listed.photos if not photo.startswith(inside)]
        if photos and (inside.startswith("stanford-dogs") or not others):
            left_out = [(os.path.relpath(path, inside), reason) for path, reason in listed.left_out]
            left_out += [(os.path.relpath(path, inside), OUTSIDE_STANFORD_DOGS) for path in others]
            return PhotoFiles(root / inside, photos, left_out)
    return listed


def find_dog_folder(root: str | Path) -> Path:
    """The folder whose photos `load_dogs` takes, with the same errors."""
    return list_dogs(root).folder


def load_dogs(root: str | Path, progress: Callable[[int, int], None] | None = None) -> PhotoSet:
    """The dog photos under `root` at 128×128 (see `list_dogs`). Raises DataError where there are none, or too few to split."""
    return load_photo_set(list_dogs(root), DOG_SIZE, progress=progress)


def load_photo_set(
    listed: PhotoFiles, size: int, num_channels: int = 3, progress: Callable[[int, int], None] | None = None
) -> PhotoSet:
    """The listed photos at size × size, in colour or (num_channels 1) in grey, with the split of `splits`.

    The label of a photo is the first of the folders that it lies in. `progress` is as in `read_photo_folder`. Raises DataError where
    there are no photos, or too few to train on some and to test on others.
    """
    photos = read_photos(listed, size, progress, num_channels)
    try:
        is_test = splits.test_split(photos.hashes)
    except ValueError as error:
        raise DataError(
            ngettext(
                "{folder} holds {number} photo, too few to train on some and to test on others: {reason}; add more photos.",
                "{folder} holds {number} photos, too few to train on some and to test on others: {reason}; add more photos.",
                len(photos.paths),
            ).format(folder=one_line(listed.folder), number=len(photos.paths), reason=error)
        ) from error
    index = torch.arange(len(photos.paths))
    rest, test = index[~is_test], index[is_test]
    is_validation = splits.validation_split([photos.hashes[i] for i in rest.tolist()])
    names, labels = label(photos.paths, len(listed.folder.parts))
    return PhotoSet(
        listed.folder,
        photos.images,
        photos.paths,
        labels,
        names,
        rest[~is_validation],
        rest[is_validation],
        test,
        photos.fingerprint,
        photos.skipped,
        listed.pack.quality if listed.pack else None,
    )


def label(paths: list[Path], depth: int = 0) -> tuple[tuple[str, ...], Tensor]:
    """The labels of photos by the first folder in their paths, behind the `depth` parts of the set's own: names, sorted, and each photo's
    place among them (N,) int64, -1 for one that lies in no folder. None at all where they lie in over MAX_LABELS folders."""
    parts = [path.parts[depth : depth + 2] for path in paths]
    folders = [of_path[0] if len(of_path) > 1 else None for of_path in parts]
    names = sorted({folder for folder in folders if folder is not None})
    if len(names) > MAX_LABELS:
        names = []
    number: Mapping[str | None, int] = {name: i for i, name in enumerate(names)}
    return tuple(map(label_name, names)), torch.tensor([number.get(folder, -1) for folder in folders])


def label_name(folder: str) -> str:
    """A folder's name as words: n02085620-Japanese_spaniel is "Japanese spaniel"."""
    name = re.sub(r"^n\d{8}-", "", folder).replace("_", " ").strip()
    return one_line(name or folder)
