"""ICC profiles made for what a file says about its colours in a few numbers."""

import contextlib
import functools
import struct

import numpy as np

# x and y of white, red, green, blue
SRGB = (0.3127, 0.329, 0.64, 0.33, 0.3, 0.6, 0.15, 0.06)
ADOBE_RGB = (0.3127, 0.329, 0.64, 0.33, 0.21, 0.71, 0.15, 0.06)
DISPLAY_P3 = (0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
BT_2020 = (0.3127, 0.329, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046)
# By their numbers in ITU-T H.273, table 2. Any other is taken for sRGB's.
_PRIMARIES = {
    5: (0.3127, 0.329, 0.64, 0.33, 0.29, 0.6, 0.15, 0.06),
    6: (0.3127, 0.329, 0.63, 0.34, 0.31, 0.595, 0.155, 0.07),
    9: BT_2020,
    11: (0.314, 0.351, *DISPLAY_P3[2:]),
    12: DISPLAY_P3,
}
_GAMMAS = {4: 2.2, 5: 2.8, 8: 1.0}  # of table 3
_PQ, _HLG = 16, 18
WHITE_NITS = 203  # of paper in HDR pictures, ITU-R BT.2408; brighter light is cut off


def of_gamma(gamma: float, primaries: tuple[float, ...]) -> bytes | None:
    """A profile of light = number ** gamma; None where no colours are like that."""
    with contextlib.suppress(ArithmeticError, struct.error, np.linalg.LinAlgError):
        return _profile(struct.pack(">4s4xIH2x", b"curv", 1, round(gamma * 256)), primaries)
    return None


@functools.lru_cache(maxsize=8)
def of_codes(primaries: int, transfer: int) -> bytes | None:
    """A profile for two numbers of ITU-T H.273, as PNG, HEIC and AVIF have them; None where they mean sRGB, or nothing known."""
    corners = _PRIMARIES.get(primaries, SRGB)
    if transfer in _GAMMAS:
        return of_gamma(_GAMMAS[transfer], corners)
    if corners is SRGB and transfer not in (_PQ, _HLG):
        return None
    light = _light(np.linspace(0, 1, 4096), transfer)
    numbers = (light.clip(0, 1) * 65535).round().astype(">u2").tobytes()
    return _profile(struct.pack(">4s4xI", b"curv", len(light)) + numbers, corners)


def _light(numbers: np.ndarray, transfer: int) -> np.ndarray:
    """The light that numbers in [0, 1] stand for, where 1 is white: ITU-R BT.2100 of HDR pictures, else sRGB."""
    if transfer == _PQ:
        root = numbers ** (1 / 78.84375)
        return (
            (np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)) ** (1 / 0.1593017578125)
            * 10_000
            / WHITE_NITS
        )
    if transfer == _HLG:
        # Three quarters are white (BT.2408). The gamma of the screen, 1.2, is taken of each colour, not of their luminance.
        scene = np.where(
            numbers <= 0.5, numbers**2 / 3, (np.exp((numbers - 0.55991073) / 0.17883277) + 0.28466892) / 12
        )
        return (scene / np.interp(0.75, numbers, scene)) ** 1.2
    return np.where(numbers <= 0.04045, numbers / 12.92, ((numbers + 0.055) / 1.055) ** 2.4)


@functools.lru_cache(maxsize=8)
def _profile(curve: bytes, primaries: tuple[float, ...]) -> bytes:
    """An ICC profile of that curve for each colour and the primaries' x and y.

    ICC.1:2001-04; the white is brought to D50 by the Bradford matrix (annex E).
    """
    xyz = np.array([[x / y, 1, (1 - x - y) / y] for x, y in zip(primaries[::2], primaries[1::2], strict=True)]).T
    white, rgb = xyz[:, 0], xyz[:, 1:]
    d50 = np.array([0.9642, 1, 0.8249])
    bradford = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])
    adapt = np.linalg.inv(bradford) @ np.diag(bradford @ d50 / (bradford @ white)) @ bradford
    columns = (adapt @ (rgb * np.linalg.solve(rgb, white))).T

    def numbers(values: np.ndarray) -> bytes:
        return struct.pack(">4s4x3i", b"XYZ ", *np.round(values * 65536).astype(int))

    tags = {b"wtpt": numbers(d50)}
    tags |= {kind + b"XYZ": numbers(column) for kind, column in zip((b"r", b"g", b"b"), columns, strict=True)}
    tags |= {kind + b"TRC": curve for kind in (b"r", b"g", b"b")}
    table, content, offset = b"", b"", 128 + 4 + 12 * len(tags)
    for name, tag in tags.items():
        table += struct.pack(">4sII", name, offset + len(content), len(tag))
        content += tag
    body = struct.pack(">I", len(tags)) + table + content
    header = struct.pack(
        ">I4xI4s4s4s12x4s28x3i", 128 + len(body), 0x02100000, b"mntr", b"RGB ", b"XYZ ", b"acsp", 63190, 65536, 54061
    )
    return header.ljust(128, b"\0") + body
