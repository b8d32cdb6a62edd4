"""Cuts the Noto fonts of this folder out of those that Debian ships, so that they are small enough to come with the project.

    apt-get install fonts-noto-cjk fonts-noto-core
    pip install fonttools
    python aemodels/assets/cut_fonts.py

What stays of Noto Sans CJK SC: the characters of GB 2312 (simplified Chinese), of Big5's level 1 (traditional Chinese), of JIS X 0208
(Japanese) and of KS X 1001's Hangul (Korean), kana, bopomofo, Chinese punctuation and full-width forms; of Noto Sans Thai and
Noto Sans Devanagari: their scripts. Hinting goes; the box for a missing letter stays, by which `aemodels.lettering` knows one.
"""

import subprocess
import tempfile
from itertools import chain
from pathlib import Path

HERE = Path(__file__).parent
NOTO = Path("/usr/share/fonts")
HANGUL = range(0xB0, 0xC9)  # the rows of KS X 1001 that hold them


def characters(encoding: str, first_bytes: range) -> set[str]:
    """What an encoding of two bytes holds in these rows."""
    pairs = (bytes((first, second)) for first in first_bytes for second in range(0x40, 0xFF))
    return {text for text in (pair.decode(encoding, "ignore") for pair in pairs) if len(text) == 1 and text > "\x7f"}


def block(first: int, last: int) -> set[str]:
    return set(map(chr, range(first, last + 1)))


def cut(source: str, target: str, letters: set[str], *options: str) -> None:
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", suffix=".txt") as file:
        file.write("".join(sorted(letters)))
        file.flush()
        subprocess.run(
            ["pyftsubset", NOTO / source, f"--text-file={file.name}", f"--output-file={HERE / target}", "--no-hinting",
             "--notdef-outline", *options],
            check=True,
        )  # fmt: skip


if __name__ == "__main__":
    written = characters("gb2312", range(0xA1, 0xF8)) | characters("big5", range(0xA4, 0xC7))
    written |= characters("euc_jp", range(0xA1, 0xF5)) | characters("euc_kr", HANGUL)
    written |= set(chain(block(0x3000, 0x30FF), block(0x3100, 0x312F), block(0x31F0, 0x31FF), block(0xFF00, 0xFFEF)))
    # Every language's face of the collection has all characters; face 2 draws them the simplified Chinese way.
    cut("opentype/noto/NotoSansCJK-Regular.ttc", "NotoSansSC.otf", written, "--font-number=2", "--layout-features=")
    cut("truetype/noto/NotoSansThai-Regular.ttf", "NotoSansThai.ttf", block(0x0E00, 0x0E7F))
    joiners = {"\u200c", "\u200d", "\u25cc"}  # and the ring that a vowel without its consonant stands on
    cut("truetype/noto/NotoSansDevanagari-Regular.ttf", "NotoSansDevanagari.ttf", block(0x0900, 0x097F) | joiners)
