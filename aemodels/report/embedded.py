"""Panels as a document holds them: a report of many photographs would else be too large to mail."""

import io

from PIL import Image

QUALITY = 90  # without subsampling; of a panel of photographs one value in 40,000 then differs by more than 16 of 255


def picture_file(png: bytes) -> tuple[str, bytes]:
    """A panel's picture as a PNG file, pressed harder than one that has to be there at once; where the panel's own takes twice the room of
    a JPEG, as with photographs, the JPEG: ("png" or "jpeg", file)."""
    image = Image.open(io.BytesIO(png))
    jpeg = _saved(image.convert("RGB"), "JPEG", quality=QUALITY, subsampling=0)
    return ("jpeg", jpeg) if 2 * len(jpeg) < len(png) else ("png", min(png, _saved(image, "PNG"), key=len))


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, dpi=image.info.get("dpi", (300, 300)), **options)
    return buffer.getvalue()
