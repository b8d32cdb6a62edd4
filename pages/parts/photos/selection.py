"""Where a page's dog photos come from: the test split by seed, the user's own files, or the camera."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import streamlit as st
import torch
from torch import Tensor

from aemodels.data import photo_sets
from aemodels.data.pictures import FORMAT_NAMES, PHOTO_SUFFIXES, open_photo, printable
from aemodels.errors import DataError
from aemodels.models.autoencoders import Autoencoder
from aemodels.noise import seeded_order
from pages.parts.shared import controls, loaders, uploads

MAX_UPLOADS = 9
TYPES = sorted(suffix.removeprefix(".") for suffix in PHOTO_SUFFIXES)
NONE_YET = {
    "own": "There is no photo of yours yet: what is shown are nine codes that come with the model, decoded. Drop in a photo above: a "
    f"{FORMAT_NAMES} file.",
    "camera": "There is no shot yet: what is shown are nine codes that come with the model, decoded. Take a photo above.",
}


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
    order = seeded_order(len(dogs.test_index), seed)
    index = dogs.test_index[order[:num_photos]]
    return Photos(dogs.images[index].float() / 255, [_breed(dogs, i) for i in index.tolist()])


def encode(model: Autoencoder, x: Tensor) -> Tensor:
    """Codes (n, 16, 8, 8) of photos x (n, 3, 128, 128), each core encoding its share: gradient steps take time."""
    shares = x.chunk(os.cpu_count() or 1)
    with ThreadPoolExecutor(len(shares)) as pool:
        return torch.cat(list(pool.map(model.encode, shares)))


def _breed(dogs: photo_sets.PhotoSet, index: int) -> str:
    folder = dogs.paths[index].parent.name
    return printable(folder.partition("-")[2].replace("_", " ") or folder)


def uploaded_photos() -> Photos | None:
    """The user's own photos, kept for the visit; a file that is none is named and skipped."""
    label = f"Your photos (up to {MAX_UPLOADS}; the centre square is used; they stay on this computer's Latent Lab)"
    files = uploads.show(
        label, "uploads", lambda file: open_photo(file, photo_sets.DOG_SIZE), MAX_UPLOADS, "photo", TYPES
    )
    if not files:
        return None
    return Photos(torch.stack([file.picture for file in files]).float() / 255, [file.name for file in files])


def camera_photos() -> Photos | None:
    """The user's latest shots; each joins those before it. The browser asks for the camera only when this is called."""
    shots = st.session_state.setdefault("shots", [])

    def keep() -> None:
        if st.session_state.camera is not None:  # None when a shot is cleared to take the next
            try:
                st.session_state.shots = [*shots, open_photo(st.session_state.camera, photo_sets.DOG_SIZE)][
                    -MAX_UPLOADS:
                ]
            except DataError as error:
                st.session_state.shot_error = str(error)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.camera_input(
            f"Your camera (the last {MAX_UPLOADS} shots are shown; they stay on this computer's Latent Lab)",
            key="camera",
            on_change=keep,
            width=420,
        )
        if shots:
            st.button("Remove the shots", icon=":material/delete:", on_click=shots.clear)
    if error := st.session_state.pop("shot_error", None):
        st.warning(controls.sentence(error), icon=":material/broken_image:")
    return Photos(torch.stack(shots).float() / 255, [f"shot {i + 1}" for i in range(len(shots))]) if shots else None


def choose_source() -> str:
    """The widget that chooses between "test" photos, the user's "own" and the "camera"."""
    sources = {"test": "Nine test photos", "own": "Your own", "camera": "Camera"}
    return controls.choose("Photos", sources, key="photos")


def has_test_photos() -> bool:
    """Whether there are any; if not, the page says why."""
    if loaders.dogs() is None:
        st.info(loaders.why_no_dogs() + " Or choose “Your own” to drop photos in.", icon=":material/photo_library:")
        return False
    return True
