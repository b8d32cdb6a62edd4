"""Files that a visitor uploads: read once, and kept for the visit when one goes to another page and back."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import BinaryIO

import streamlit as st
from torch import Tensor

from aemodels.errors import DataError
from aemodels.language import _, list_of, ngettext
from pages.parts.shared import markdown

MAX_FILE_MB = 20  # of a picture; Streamlit refuses a larger one in English alone, so each label tells it


@dataclass(frozen=True)
class Upload:
    """A file's name, the SHA-256 of its bytes, and the small picture that was read from it: all that is kept of it."""

    name: str
    digest: str
    picture: Tensor


def show(
    label: str,
    key: str,
    read: Callable[[BinaryIO], Tensor],
    most: int,
    what: str,
    types: Sequence[str] | None = None,
) -> list[Upload]:
    """A widget for up to `most` files; what was read of them, also where they were uploaded before another page was visited.

    A new upload takes the place of what was there. A file that cannot be used is named on the page, with the reason.

    read  file -> picture; raises DataError for a file that is none
    what  what they are: "photo", or "picture" of one alone
    """
    state, kept_key, said_key, here_key = st.session_state, f"{key}_kept", f"{key}_said", f"{key}_here"
    taken_key = f"{key}_taken"

    def changed() -> None:
        files = state[key] if most > 1 else [file for file in [state[key]] if file]
        uploads, state[said_key] = _read(files, read, most)
        # Where nothing can be used, what was there stays, and is not taken away with the file that could not. Of one file alone,
        # Streamlit tells of another that takes its place in two changes: it is taken away, then the other is there.
        taken = state.pop(taken_key, [])
        if not files and state[here_key]:
            state[taken_key] = state[kept_key] if most == 1 else []
            state[kept_key] = []
        elif uploads or taken:
            state[kept_key] = uploads or taken
        state[here_key] = bool(uploads)

    def remove() -> None:
        state.pop(kept_key, None)
        state.pop(said_key, None)

    files = st.file_uploader(label, types, most > 1, key=key, on_change=changed, max_upload_size=MAX_FILE_MB)
    state[here_key] = bool(files) and state.get(here_key, False)  # whether what is kept is of the widget's files
    for sentence in state.get(said_key, []):
        st.warning(markdown.sentence(sentence), icon=":material/broken_image:")
    uploads = state.get(kept_key, [])
    if uploads and not state[here_key]:  # the widget is empty when one comes back to the page
        with st.container(horizontal=True, vertical_alignment="center"):
            message = ngettext(
                "From before: **{names}**. A new upload replaces it.",
                "From before: **{names}**. A new upload replaces them.",
                len(uploads),
            )
            st.markdown(message.format(names=list_of(markdown.literal(upload.name) for upload in uploads)))
            if what == "photo":
                label = ngettext("Remove the photo", "Remove the photos", len(uploads))
            else:
                label = _("Remove the picture")
            st.button(label, icon=":material/delete:", on_click=remove)
    return uploads


def _read(files: Sequence[BinaryIO], read: Callable[[BinaryIO], Tensor], most: int) -> tuple[list[Upload], list[str]]:
    """The first `most` files that can be used, each once, and a sentence on each other one."""
    uploads: dict[str, Upload] = {}
    said = []
    for i, file in enumerate(files):
        if len(uploads) == most:
            rest = len(files) - i
            message = ngettext(
                "The first {most} photos are shown; one more file is left out.",
                "The first {most} photos are shown; {number} more files are left out.",
                rest,
            )
            said.append(message.format(most=most, number=rest))
            break
        digest = sha256(file.getvalue()).hexdigest()
        if digest in uploads:
            message = _("{name} is the same file as {other} and is shown once.")
            said.append(message.format(name=file.name, other=uploads[digest].name))
            continue
        try:
            uploads[digest] = Upload(file.name, digest, read(file))
        except DataError as error:
            said.append(str(error))
    return list(uploads.values()), said
