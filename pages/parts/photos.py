"""Where a page's dog photos come from: the test split by seed, or the user's own files."""

from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from aemodels import data
from aemodels.errors import DataError
from aemodels.photos import open_photo
from pages.parts import controls, loaders

MAX_UPLOADS = 9


@dataclass(frozen=True)
class Photos:
    """x (n, 3, 128, 128) float in [0, 1] and a short name of each."""

    x: Tensor
    names: list[str]


def random_test_photos(seed: int, num_photos: int = 9) -> Photos | None:
    """Photos drawn from the test split without replacement; None where no dog photos are present."""
    dogs = loaders.dogs()
    if dogs is None:
        return None
    order = torch.randperm(len(dogs.test_index), generator=torch.Generator().manual_seed(seed))
    index = dogs.test_index[order[:num_photos]]
    return Photos(dogs.images[index].float() / 255, [_breed(dogs, i) for i in index.tolist()])


def _breed(dogs: data.Dogs, index: int) -> str:
    folder = dogs.paths[index].parent.name
    return folder.partition("-")[2].replace("_", " ") or folder


def uploaded_photos() -> Photos | None:
    """The user's own photos; a file that is none is named and skipped."""
    files = st.file_uploader(
        f"Your photos (up to {MAX_UPLOADS}; the centre square is used; they stay on this computer's Latent Lab)",
        type=["jpg", "jpeg", "png", "webp", "bmp", "gif", "tif", "tiff", "avif"],
        accept_multiple_files=True,
        key="uploads",
    )
    images, names = [], []
    for file in files[:MAX_UPLOADS]:
        try:
            images.append(open_photo(file, data.DOG_SIZE))
            names.append(file.name)
        except DataError as error:
            st.warning(str(error), icon=":material/broken_image:")
    if len(files) > MAX_UPLOADS:
        st.info(f"The first {MAX_UPLOADS} photos are shown.")
    return Photos(torch.stack(images).float() / 255, names) if images else None


def choose_source() -> str:
    """The widget that chooses between "test" photos and the user's "own"."""
    return controls.choose("Photos", {"test": "Nine test photos", "own": "Your own"}, key="photos")


def photos_of(source: str, seed: int) -> Photos | None:
    """Nine photos of the test split, or the user's; None, with the reason on the page, where there are none."""
    if source == "own":
        return uploaded_photos()
    photos = random_test_photos(seed)
    if photos is None:
        st.info(loaders.why_no_dogs() + " Or choose “Your own” to drop photos in.", icon=":material/photo_library:")
    return photos
