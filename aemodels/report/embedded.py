"""Panels as a document holds them: a report of many photographs would else be too large to mail."""

import io

from PIL import Image

QUALITY = 90  # without subsampling; of a panel of photographs one value in 40,000 then differs by more than 16 of 255


def picture_file(png: bytes) -> tuple[str, bytes]:
    """A panel's PNG file, or where that takes twice the room of a JPEG, as with photographs, the JPEG: ("png" or "jpeg", file)."""
    buffer = io.BytesIO()
    image = Image.open(io.BytesIO(png))
    image.convert("RGB").save(buffer, "JPEG", quality=QUALITY, subsampling=0, dpi=image.info.get("dpi", (300, 300)))
    jpeg = buffer.getvalue()
    return ("jpeg", jpeg) if 2 * len(jpeg) < len(png) else ("png", png)
