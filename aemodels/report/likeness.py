"""Whether a section made again is the one that it was, told by a short text that is kept instead of the section."""

import hashlib
import io

import numpy as np
from PIL import Image

from aemodels.report.document import Figure, OwnWords, Section

SIDE_PX = 32  # of the small grey pictures that are compared
TOLERANCE = 3  # grey levels; another computer's arithmetic moves none by as much


def of_section(section: Section) -> str:
    """A digest of what the section says, and a small grey picture of each of its figures, as hexadecimal digits."""
    says, pictures = hashlib.sha256(section.title.encode()), []
    for block in section.blocks:
        if isinstance(block, Figure):
            says.update(block.panel.caption.encode())
            with Image.open(io.BytesIO(block.panel.png)) as image:
                pictures.append(image.convert("L").resize((SIDE_PX, SIDE_PX), Image.Resampling.BOX).tobytes().hex())
        elif not isinstance(block, OwnWords):  # an author's words may change
            says.update(repr(block).encode())
    return " ".join([says.hexdigest()[:32], *pictures])


def says_the_same(one: str, other: str) -> bool:
    return one.split(" ")[0] == other.split(" ")[0]


def looks_the_same(one: str, other: str) -> bool:
    """Whether all figures are, but for differences that nobody sees. Raises ValueError where one is no such text."""
    pictures, others = (
        [np.frombuffer(bytes.fromhex(p), np.uint8) for p in text.split(" ")[1:]] for text in (one, other)
    )
    return len(pictures) == len(others) and all(
        a.shape == b.shape and np.abs(a.astype(int) - b).max(initial=0) <= TOLERANCE
        for a, b in zip(pictures, others, strict=True)
    )
