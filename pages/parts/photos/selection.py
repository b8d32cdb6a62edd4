"""Where a page's photos come from: the test split of the model's data set by seed, the user's own files, or the camera."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import streamlit as st
import torch
from torch import Tensor

from aemodels import Checkpoint
from aemodels.data import words
from aemodels.data.config import DataRecord
from aemodels.data.pictures import FORMAT_NAMES, PHOTO_SUFFIXES, open_photo
from aemodels.errors import DataError
from aemodels.language import N_, _, sentences
from aemodels.noise import seeded_order
from aemodels.storage import encoded
from pages.parts.shared import controls, cores, markdown, originals, uploads

SOURCES = {"test": N_("test split"), "own": N_("own files"), "camera": N_("camera")}
NUM_PHOTOS = 9  # of the test split
MAX_UPLOADS = 9
TYPES = sorted(suffix.removeprefix(".") for suffix in PHOTO_SUFFIXES)
NONE_YET = {
    "own": N_(
        "You have not added a photo yet, so nine codes that come with the model are shown, decoded. Drop in a photo above: a {formats} file."
    ),
    "camera": N_(
        "You have not taken a photo yet, so nine codes that come with the model are shown, decoded. Take one above."
    ),
}


@dataclass(frozen=True)
class Photos:
    """x (n, C, H, W) float in [0, 1] and a short name of each; index (n,): their places in the data set's test split, None for
    others."""

    x: Tensor
    names: list[str]
    index: Tensor | None = None


def random_test_photos(data: DataRecord, seed: int) -> Photos | None:
    """NUM_PHOTOS drawn from the data set's test split without replacement; None where there are none on this computer."""
    found = originals.of(data)
    if found is None:
        return None
    index = seeded_order(len(found), seed)[:NUM_PHOTOS]
    return Photos(found.pictures(index), [found.name_of(i) for i in index.tolist()], index)


def encode(ckpt: Checkpoint, photos: Photos) -> Tensor:
    """Codes (n, C, h, w) of photos: those that come with the model, those that were computed before, and what is missing."""
    x, index, encode_new = photos.x, photos.index, partial(cores.rows, ckpt.model.encode)
    if index is None:
        return encoded.encode(ckpt.model, x, keeps_on_disk=False, encode_new=encode_new)
    z = x.new_empty(len(x), *ckpt.model_config.latent_shape)
    comes_along = torch.zeros(len(x), dtype=torch.bool)
    if originals.of(ckpt.data).is_same:
        which, row = (index[:, None] == ckpt.index).nonzero(as_tuple=True)
        z[which], comes_along[which] = ckpt.codes[row], True
    if not comes_along.all():
        z[~comes_along] = encoded.encode(ckpt.model, x[~comes_along], keeps_on_disk=True, encode_new=encode_new)
    return z


def uploaded_photos(image_shape: Sequence[int]) -> Photos | None:
    """The user's own photos, kept for the visit, as images (C, H, W) of a model; a file that is none is named and skipped."""
    label = _(
        "Your photos, up to {most}, each of at most {number} MB. The square in the middle of each is used. They are sent to the computer that runs "
        "Latent Lab, and to no other."
    ).format(most=MAX_UPLOADS, number=uploads.MAX_FILE_MB)
    num_channels, size = image_shape[:2]
    # A key for each shape: a picture is kept at the size at which it was read.
    key = "uploads" + "x".join(map(str, image_shape))
    read = partial(open_photo, size=size, num_channels=num_channels)
    files = uploads.show(label, key, read, MAX_UPLOADS, "photo", TYPES)
    if not files:
        return None
    return Photos(torch.stack([file.picture for file in files]).float() / 255, [file.name for file in files])


def camera_photos(image_shape: Sequence[int]) -> Photos | None:
    """The user's latest shots as images (C, H, W) of a model; each joins those before it. The browser asks for the camera only
    when this is called."""
    num_channels, size = image_shape[:2]
    shots = st.session_state.setdefault("shots", {}).setdefault((num_channels, size), [])

    def keep() -> None:
        if st.session_state.camera is not None:  # None when a shot is cleared to take the next
            try:
                shot = open_photo(st.session_state.camera, size, num_channels)
                shots[:] = [*shots, shot][-MAX_UPLOADS:]
            except DataError as error:
                st.session_state.shot_error = str(error)

    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.camera_input(
            _(
                "Your camera. The last {most} shots are shown. They are sent to the computer that runs Latent Lab, and to no other."
            ).format(most=MAX_UPLOADS),
            key="camera",
            on_change=keep,
            width=420,
        )
        if shots:
            st.button(_("Remove the shots"), icon=":material/delete:", on_click=shots.clear)
    if error := st.session_state.pop("shot_error", None):
        st.warning(markdown.sentence(error), icon=":material/broken_image:")
    if not shots:
        return None
    names = [_("shot {number}").format(number=i + 1) for i in range(len(shots))]
    return Photos(torch.stack(shots).float() / 255, names)


def choose_source(data: DataRecord) -> str:
    """The widget that chooses one of SOURCES."""
    test = _("Nine test {many}").format(many=words.of(data.config).many)
    return controls.choose(_("Photos"), {"test": test, "own": _("Your own"), "camera": _("Camera")}, key="photos")


def from_source(source: str, ckpt: Checkpoint) -> Callable[[int], Photos] | None:
    """What gives photos from one of SOURCES for a seed; where there are none, None, and the page says why."""
    if source == "test":
        if originals.of(ckpt.data) is not None:
            return partial(random_test_photos, ckpt.data)
        why = sentences([originals.why_none(ckpt.data), _("Or choose “Your own” to drop photos in.")])
    else:
        own = (uploaded_photos if source == "own" else camera_photos)(ckpt.model_config.image_shape)
        if own is not None:
            return lambda _seed: own
        why = _(NONE_YET[source]).format(formats=_(FORMAT_NAMES))
    st.info(why, icon=":material/photo_library:")
    return None
