"""One photo as a still picture of VVC (H.266), the strongest codec at a few hundred bytes: vvenc and a decoder in ffmpeg.

ffmpeg is that of the package imageio-ffmpeg, of requirements-dev.txt. The app needs neither: what was measured is kept.
"""

import contextlib
import os
import subprocess
from collections.abc import Sequence
from functools import partial

import imageio_ffmpeg
import numpy as np
from PIL import Image
from torch import Tensor

from aemodels.errors import LatentLabError
from aemodels.quality.codec import Encoding, walk

SCALES = (1, 3 / 4, 1 / 2)
COARSEST_QP = 63
TYPICAL_LEVEL = 16  # of some 300 bytes at scale 1, level 0 being the coarsest qp
PRESET = "slower"
START_CODE = b"\0\0\1"
LAST_SLICE_TYPE = 11  # NAL units of type 0 to 11 hold coded slices (ITU-T H.266, table 5)
# RGB to Y, Cb, Cr of BT.601, full range: on eight training photos 0.04 dB better than BT.709.
KR, KB = 0.299, 0.114
TO_YCC = np.array(
    [
        [KR, 1 - KR - KB, KB],
        [-KR / (2 - 2 * KB), -(1 - KR - KB) / (2 - 2 * KB), 1 / 2],
        [1 / 2, -(1 - KR - KB) / (2 - 2 * KR), -KB / (2 - 2 * KR)],
    ]
)
PEAK = 1023  # of 10 bits


def slice_bytes(stream: bytes) -> int:
    """Bytes of coded picture in a VVC stream (ITU-T H.266, annex B): its NAL units with slices, types 0 to 11, without start codes.

    The other units say what every photo of one size has in common and are not counted. Raises ValueError for a stream that is cut
    short or no such stream.
    """
    total = 0
    if not stream.lstrip(b"\0").startswith(b"\1"):
        raise ValueError("The VVC stream is broken: it does not begin with a start code.")
    for unit in stream.split(START_CODE)[1:]:
        unit = unit.rstrip(b"\0")  # a start code may have a byte 0 before it, and no unit ends with one (7.4.2.1)
        if len(unit) < 3:
            raise ValueError("The VVC stream is broken: a unit ends before its content.")
        if unit[1] >> 3 <= LAST_SLICE_TYPE:
            total += len(unit)
    if not total:
        raise ValueError("The VVC stream is broken: it holds no picture.")
    return total


def encodings(photo: Tensor, budgets: Sequence[int], preset: str = PRESET) -> list[Encoding]:
    """VVC of a photo uint8 (3, H, W): what holds the best within each of the budgets, in bytes, and one above the largest.

    Settings of each are its scale and its qp. Every scale is tried: they differ by little, and each has sizes that the others lack.
    """
    found: list[Encoding] = []
    level = TYPICAL_LEVEL
    for scale in SCALES:
        at = walk(partial(_at_level, photo, scale, preset), COARSEST_QP + 1, budgets, level)
        level = max((level for level, e in at.items() if e.num_bytes <= max(budgets)), default=0)
        found += at.values()
    return found


def _at_level(photo: Tensor, scale: float, preset: str, level: int) -> Encoding:
    return encode(photo, scale, COARSEST_QP - level, preset)


def encode(photo: Tensor, scale: float, qp: int, preset: str = PRESET) -> Encoding:
    """VVC of a photo uint8 (3, H, W) scaled by `scale`, quantiser `qp` 0..63 (finest..coarsest); preset: one of vvenc's."""
    stream = compress(photo, scale, qp, preset)
    error = photo.permute(1, 2, 0).numpy() / 255 - picture(stream, photo.shape[1:], scale)
    return Encoding(slice_bytes(stream), float(np.square(error).mean()), (scale, qp))


def compress(photo: Tensor, scale: float, qp: int, preset: str = PRESET) -> bytes:
    """The VVC stream, as `encode` takes its arguments."""
    ycc = photo.permute(1, 2, 0).numpy() / 255 @ TO_YCC.T + [0, 1 / 2, 1 / 2]
    sizes = plane_sizes(photo.shape[1:], scale)
    planes = [resize(ycc[..., i], size) for i, size in enumerate(sizes)]
    raw = b"".join((plane.clip(0, 1) * PEAK).round().astype("<u2").tobytes() for plane in planes)
    height, width = sizes[0]
    yuv = ["-f", "rawvideo", "-pix_fmt", "yuv420p10le", "-s", f"{width}x{height}", "-i", "-"]
    vvc = ["-frames:v", "1", "-c:v", "libvvenc", "-qp", str(qp), "-qpa", "0", "-preset", preset, "-threads", "1"]
    return ffmpeg([*yuv, *vvc, "-f", "vvc"], raw)


def picture(stream: bytes, shape: Sequence[int], scale: float) -> np.ndarray:
    """What `compress` made of a photo of this height and width, decoded: float (H, W, 3) in [0, 1]."""
    raw = ffmpeg(["-threads", "1", "-f", "vvc", "-i", "-", "-f", "rawvideo", "-pix_fmt", "yuv420p10le"], stream)
    values = np.frombuffer(raw, "<u2") / PEAK
    sizes = plane_sizes(shape, scale)
    ends = np.cumsum([height * width for height, width in sizes])
    planes = [part.reshape(size) for part, size in zip(np.split(values, ends[:-1]), sizes, strict=True)]
    ycc = np.stack([resize(plane, shape) for plane in planes], axis=-1)
    return ((ycc - [0, 1 / 2, 1 / 2]) @ np.linalg.inv(TO_YCC).T).clip(0, 1)


def plane_sizes(shape: Sequence[int], scale: float) -> list[tuple[int, int]]:
    """Height and width of Y, Cb and Cr of a photo of this height and width, 4:2:0: half as high and wide in colour."""
    height, width = (max(1, round(side * scale / 2)) for side in shape)
    return [(2 * height, 2 * width), (height, width), (height, width)]


def resize(plane: np.ndarray, size: Sequence[int]) -> np.ndarray:
    """A plane (H, W) of any values at another height and width."""
    if plane.shape == tuple(size):
        return plane
    height, width = size
    return np.asarray(Image.fromarray(plane.astype(np.float32)).resize((width, height), Image.Resampling.LANCZOS))


def ffmpeg(arguments: Sequence[str], given: bytes) -> bytes:
    """What ffmpeg writes for what it is given; raises LatentLabError with its complaint where it fails."""
    read, write = os.pipe()  # not stdout, where vvenc prints warnings, which would count as parts of the picture
    command = [imageio_ffmpeg.get_ffmpeg_exe(), "-v", "error", *arguments, f"pipe:{write}"]
    streams = {"stdin": subprocess.PIPE, "stdout": subprocess.DEVNULL, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, pass_fds=[write], **streams) as process:
        os.close(write)
        with contextlib.suppress(BrokenPipeError):  # what went wrong is told below
            process.stdin.write(given)
            process.stdin.close()
        with open(read, "rb") as output:
            written = output.read()
        complaint = process.stderr.read().decode(errors="replace").strip()
    if process.returncode:
        raise LatentLabError(f"ffmpeg failed: {complaint[-300:]}")
    return written
