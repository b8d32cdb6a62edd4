"""One image of the visitor's own for the denoisers: drawn, or uploaded."""

from functools import partial
from hashlib import sha256

import streamlit as st
from torch import Tensor

from aemodels.data import digits
from aemodels.data.pictures import open_photo
from aemodels.data.words import Words
from aemodels.errors import DataError
from aemodels.language import _
from pages.parts.digits import sketch
from pages.parts.shared import markdown, uploads


def sources(kind: Words, is_mnist: bool) -> dict[str, str]:
    """Where the images may come from, each in words: the test images, or one of the visitor's own."""
    return {
        "test": _("Test {many}").format(many=kind.many),
        **({"draw": _("Draw one")} if is_mnist else {}),
        "own": _("Upload one"),
    }


def show(source: str, image_shape: tuple[int, ...], is_mnist: bool) -> Tensor | None:
    """What the user draws or uploads, (C, H, W); None, with a hint on the page, while there is none.

    source       "draw" or "own", an upload
    image_shape  (C, H, W) of the images that the denoisers know
    is_mnist     whether those are MNIST's digits
    """
    left, right = st.columns(2, vertical_alignment="center") if source == "draw" else (st.container(), st.container())
    try:
        if source == "draw":
            with left:
                strokes = sketch.show()
            right.info(
                _("Draw one digit, as large as you like: it is scaled to the size and stroke width of MNIST's digits.")
            )
            if strokes:
                return digits.as_mnist_digit(sketch.rasterise(strokes), _("The drawing"))
        elif not is_mnist:
            num_channels, size = image_shape[:2]
            read = partial(open_photo, size=size, num_channels=num_channels)
            files = uploads.show(
                _("A photo of at most {number} MB, of which the centre square is used").format(
                    number=uploads.MAX_FILE_MB
                ),
                f"photo_file_{size}_{num_channels}",
                read,
                1,
                "picture",
            )
            return files[0].picture.float() / 255 if files else None
        else:
            label = _("A picture of one digit, of at most {number} MB, in any colour on any other colour").format(
                number=uploads.MAX_FILE_MB
            )
            with left:
                files = uploads.show(label, "digit_file", digits.read_digit, 1, "picture")
            if files:
                return files[0].picture
            right.info(
                _(
                    "The picture should show one digit and nothing else. It is forgotten when you close or reload this tab, unless you add it to your report."
                )
            )
    except DataError as error:
        st.error(markdown.sentence(error), icon=":material/broken_image:")
    return None


def about_drawing() -> str:
    """For a caption: the strokes may be 4,000 figures long."""
    digest = sha256(st.query_params["sketch"].encode()).hexdigest()[:12]
    return _("SHA-256 {digest}, its strokes are in the CSV").format(digest=digest)
