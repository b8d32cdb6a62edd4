"""Letters of many scripts in a picture: which font has them, how wide they are, where a line may end, and how they are drawn."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import groupby, pairwise
from math import ceil
from pathlib import Path
from unicodedata import category, east_asian_width, name

from PIL import ImageDraw, ImageFont

from aemodels.text import code, visible

FONTS = Path(__file__).parents[1] / "assets"
# DejaVu Sans first: Latin, Greek, Cyrillic, Hebrew, Arabic and more. cut_fonts.py says what the others have.
_REGULAR = ("DejaVuSans.ttf", "NotoSansSC.otf", "NotoSansThai.ttf", "NotoSansDevanagari.ttf")
_BOLD = ("DejaVuSans-Bold.ttf", *_REGULAR)
MAX_LETTERS = 10_000  # of one text; a page holds some 4,000
# Joiners, marks of direction and variants: where a font does not know them, letters stand without.
_DISPENSABLE = {"\xad", "\ufeff", *map(chr, (*range(0x200B, 0x2010), 0x2060, *range(0xFE00, 0xFE10)))}
_JOINER = "\u200d"
_LONGEST_CLUSTER = 16
# What no line of Chinese or Japanese may begin or end with.
_NEVER_FIRST = set(
    "、。，．；：？！…‥·・％‰℃°）〕］｝〉》」』】〗〙〛〞”’ー々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ゛゜ヽヾゝゞ～｡｣､,.;:!?)]}%"
)
_NEVER_LAST = set("（〔［｛〈《「『【〖〘〚〝“‘￥＄｢([{$")


@dataclass(frozen=True)
class Lettering:
    """Letters of one size, in pixels. Where the first font lacks a letter the next that has it draws it; where none has it, its code
    stands there, such as ⟨U+1F436⟩.

    Time and memory of every method grow with the number of letters alone; a text is cut after MAX_LETTERS, and says so.
    """

    size: float
    bold: bool = False

    def width(self, line: str) -> float:
        """In pixels, of a text as `shown`, `lines` and `shorten` give it."""
        return _width(self, line)

    def lines(self, text: str, width_px: float, most: int | None = None) -> list[str]:
        """The text in lines of that width, `most` of them or fewer: the last ends with … where there is more.

        A line ends at a space, between Chinese or Japanese characters as their rules have it, and in the middle of a word
        only where the word is wider than a line: then in parts about as long as each other, with a hyphen between two letters.
        """
        text = shown(text)
        starts = self._line_starts(text, width_px)
        lines = [
            text[start:end].rstrip() + "-" * _parts_word(text, end) for start, end in pairwise([*starts, len(text)])
        ]
        if most is None or len(lines) <= most:
            return lines
        return [*lines[: most - 1], self.shorten(text[starts[most - 1] :], width_px)]

    def even_lines(self, text: str, width_px: float, most: int | None = None) -> list[str]:
        """As `lines`, of about one width: no last line of a single Chinese character. For labels; a text that is cut stays as it is."""
        lines = self.lines(text, width_px, most)
        if len(lines) < 2:
            return lines
        words = shown(text).split()
        if len(words) == len(lines) and all(self.width(word) <= width_px for word in words):
            return words  # a line each, so that no Chinese one is parted
        narrow, wide = max(self.widest_word(text), width_px / len(lines)), width_px
        if narrow >= wide or len(lines) < len(self.lines(text, width_px)):
            return lines
        for _ in range(6):  # to within a sixty-fourth of the width
            middle = (narrow + wide) / 2
            if len(self.lines(text, middle)) > len(lines):
                narrow = middle
            else:
                wide = middle
        return self.lines(text, wide)

    def shorten(self, text: str, width_px: float) -> str:
        """The text as one line: its beginning and … where it is wider; one letter at least."""
        text = shown(text)
        if self.width(text) <= width_px:
            return text
        kept, x = [], self.width("…")
        for cluster in _clusters(text):
            x += _width(self, cluster)
            if kept and x > width_px:
                break
            kept.append(cluster)
        return f"{''.join(kept).rstrip()}…"

    def widest_word(self, text: str) -> float:
        """The width, in pixels, of what no line may end in: a word, a Chinese character and its comma."""
        return max((self.width(piece.rstrip()) for piece in _pieces(shown(text))), default=0)

    def fitting(self, text: str, width_px: float, smallest: float) -> "Lettering":
        """These letters, smaller where a word is wider than width_px, but not below that share of their size."""
        widest = self.widest_word(text)
        return self if widest <= width_px else replace(self, size=self.size * max(smallest, 0.97 * width_px / widest))

    def draw(
        self, on: ImageDraw.ImageDraw, xy: tuple[float, float], line: str, colour: str, anchor: str = "la"
    ) -> None:
        """Draws one line; the anchor is l, m or r (left, middle, right) and a, m or d (top, middle, bottom), as in Pillow."""
        line, (x, y) = shown(line), xy
        ascent, descent = _font(self._files[0], self.size).getmetrics()
        x -= {"l": 0, "m": 0.5, "r": 1}[anchor[0]] * self.width(line)
        y += {"a": ascent, "m": (ascent - descent) / 2, "d": -descent}[anchor[1]]
        for font, run in self._runs(line):
            lacks_bold = self.bold and Path(font.path).name in _REGULAR  # drawn with a thicker pen instead
            on.text((x, y), run, colour, font, "ls", stroke_width=self.size / 50 if lacks_bold else 0)
            x += _width(self, run)

    @property
    def _files(self) -> tuple[str, ...]:
        return _BOLD if self.bold else _REGULAR

    def _runs(self, line: str) -> Iterator[tuple[ImageFont.FreeTypeFont, str]]:
        """What one font draws, from left to right."""
        for file, run in groupby(_clusters(line), lambda cluster: _file_with(cluster, self._files)):
            yield _font(file, self.size), "".join(run)

    def _line_starts(self, text: str, width_px: float) -> list[int]:
        """Where in the text each line begins."""
        starts, at, x = [], 0, 0.0
        for piece in _pieces(text):
            word = piece.rstrip()
            width = self.width(word)
            if at == 0 or x + width > width_px:
                starts.append(at)
                x = 0.0
            if width <= width_px:
                x, at = x + width, at + len(word)
            else:
                room = max(width_px - _width(self, "-"), width_px / 2)
                room = min(room, width / ceil(width / room) + width / len(word))
                for cluster in _clusters(word):
                    width = _width(self, cluster)
                    if x and x + width > room:
                        starts.append(at)
                        x = 0.0
                    x, at = x + width, at + len(cluster)
            if piece != word:
                x, at = x + _width(self, " "), at + 1
        return starts


@lru_cache(1_000)
def shown(text: str) -> str:
    """The text as Lettering draws it, on one line: its white space single spaces, what cannot be shown as codes."""
    end = f"… (cut here, of {len(text):,} letters)" if len(text) > MAX_LETTERS else ""
    text = " ".join(visible(text[:MAX_LETTERS]).split())
    text = "".join(map(_with_codes, _clusters(text)))
    if len(text + end) > MAX_LETTERS:  # codes are longer than what they stand for
        end = end or "…"
        text = text[: MAX_LETTERS - len(end)]
    return text + end


@lru_cache(256)
def _font(file: str, size: float, layout: ImageFont.Layout | None = None) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(FONTS / file, size, layout_engine=layout)


@lru_cache(50_000)
def _has(file: str, character: str) -> bool:
    """Whether the font does not draw its box for a missing letter. Pillow has no other way to ask."""
    drawn, missing = (_font(file, 24, ImageFont.Layout.BASIC).getmask(c) for c in (character, "\uffff"))
    return (drawn.size, bytes(drawn)) != (missing.size, bytes(missing))


@lru_cache(50_000)
def _file_with(cluster: str, files: tuple[str, ...] = _REGULAR) -> str:
    """The first font that has most of these letters, the first of them above all."""
    return max(files, key=lambda file: (_has(file, cluster[0]), sum(_has(file, c) for c in cluster)))


@lru_cache(50_000)
def _with_codes(cluster: str) -> str:
    file = _file_with(cluster)
    return "".join(c if _has(file, c) else "" if c in _DISPENSABLE else code(c) for c in cluster)


@lru_cache(5_000)  # what stands in a panel is measured again when it is fitted, broken into lines and drawn
def _width(letters: Lettering, line: str) -> float:
    return sum(font.getlength(run) for font, run in letters._runs(line))


def _clusters(text: str) -> Iterator[str]:
    """Letters, each with its accents and joiners."""
    if text.isascii():  # which has neither
        yield from text
        return
    cluster = ""
    for character in text:
        joins = category(character)[0] == "M" or character in _DISPENSABLE or cluster.endswith(_JOINER)
        if cluster and not (joins and len(cluster) < _LONGEST_CLUSTER):
            yield cluster
            cluster = ""
        cluster += character
    if cluster:
        yield cluster


@lru_cache(5_000)
def _pieces(text: str) -> tuple[str, ...]:
    """What stays on one line where it can; a space belongs to the piece before it."""
    pieces, before = [], ""
    for cluster in _clusters(text):
        if not before or _may_part(before[0], cluster[0]):
            pieces.append(cluster)
        else:
            pieces[-1] += cluster
        before = cluster
    return tuple(pieces)


def _may_part(before: str, after: str) -> bool:
    if before == " " or after == " ":
        return before == " "
    if before == "⟩" or after == "⟨":  # of a code
        return True
    return (
        (_is_ideographic(before) or _is_ideographic(after)) and before not in _NEVER_LAST and after not in _NEVER_FIRST
    )


def _parts_word(text: str, at: int) -> bool:
    """Whether a line that ends there stops between two letters of an alphabet that knows the hyphen."""
    return 0 < at < len(text) and all(
        c.isalpha() and name(c, "").startswith(("LATIN", "GREEK", "CYRILLIC")) for c in text[at - 1 : at + 1]
    )


def _is_ideographic(character: str) -> bool:
    """Chinese, Japanese and their punctuation; Korean has spaces between its words."""
    return east_asian_width(character) in "WF" and not "\uac00" <= character <= "\ud7a3"
