"""Names in every script: that each letter is drawn, where lines end, and that time grows with the letters alone."""

import unicodedata

import numpy as np
import pytest
from PIL import Image, ImageDraw

from aemodels.report import lettering
from aemodels.report.lettering import FONTS, MAX_LETTERS, Lettering, shown
from aemodels.text import visible

LETTERS = Lettering(20)
CHINESE = "这是一个很长的标题，里面有标点。“引号”（括号）、顿号；还有English words和数字12345！真的吗？" * 4


def drawn(text, letters=LETTERS):
    image = Image.new("L", (400, 40), 255)
    letters.draw(ImageDraw.Draw(image), (5, 5), text, "black")
    return np.asarray(image)


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize(
    "name",
    [
        "狗狗",
        "貓和狗",
        "犬の写真",
        "カメラ",
        "강아지",
        "собака",
        "กาแฟ",
        "कुत्ता",
        "كلب",
        "כלב",
        "Ångström",
        "，。！（）",
        "σ²×é·₁",
    ],
)
def test_a_font_has_every_letter(name, bold):
    assert shown(name) == name
    letters = Lettering(20, bold)
    pictures = {drawn(letter, letters).tobytes() for letter in name if unicodedata.category(letter)[0] != "M"}
    base = {letter for letter in name if unicodedata.category(letter)[0] != "M"}
    assert len(pictures) == len(base)  # no two are the same box
    assert drawn("\uffff").tobytes() not in pictures


def test_the_fonts_hold_the_common_sets():
    for encoding, text in {"gb2312": "啊齄", "euc_jp": "亜腕弌熙", "euc_kr": "가힝", "big5": "一籲"}.items():
        assert text.encode(encoding)
        assert shown(text) == text
    new = [FONTS / name for name in ("NotoSansSC.otf", "NotoSansThai.ttf", "NotoSansDevanagari.ttf")]
    assert sum(path.stat().st_size for path in new) < 3_000_000
    assert "SIL OPEN FONT LICENSE" in (FONTS / "Noto-LICENSE.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("\U0001f436.png", "⟨U+1F436⟩.png"),
        ("\U0001f468\u200d\U0001f469", "⟨U+1F468⟩\u200d⟨U+1F469⟩"),
        ("ក្រ", "⟨U+1780⟩⟨U+17D2⟩⟨U+179A⟩"),
        ("caf\udce9", "caf⟨U+DCE9⟩"),
        ("a\u202egnp.exe", "a⟨U+202E⟩gnp.exe"),
        ("a\u2066b", "a⟨U+2066⟩b"),
        ("a\x00b\x1b[0m", "a⟨U+0000⟩b⟨U+001B⟩[0m"),
        ("a\r\nb\tc\u2028d", "a b c d"),
        ("\ue000", "⟨U+E000⟩"),
        ("e\u0301te\u0301", "été"),
        ("\u1100\u1161", "가"),
        ("狗\u0301", "狗⟨U+0301⟩"),
    ],
)
def test_what_cannot_be_shown_stands_as_its_code(name, expected):
    assert shown(name) == expected
    assert shown(expected) == expected
    assert (drawn(name) < 128).any()


def test_every_character_is_shown_or_coded_and_never_a_box():
    sample = "".join(map(chr, range(0x20, 0x110000, 97)))
    for start in range(0, len(sample), 1000):
        text = shown(sample[start : start + 1000])
        text.encode()
        assert "\uffff" not in text
    assert visible("plain text\n\twith lines") == "plain text\n\twith lines"


@pytest.mark.parametrize("width", [100, 160, 333])
def test_chinese_lines_end_by_their_rules(width):
    lines = LETTERS.lines(CHINESE, width)
    assert "".join(lines).replace(" ", "") == CHINESE.replace(" ", "")
    assert all(LETTERS.width(line) <= width + 2 for line in lines)
    assert not [line for line in lines if line[0] in "，。”）、；！？"]
    assert not [line for line in lines if line[-1] in "“（"]
    assert any("English" in line for line in lines)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("aa bb", ["aa bb"]),
        ("成形噪声 0.10", ["成形噪声", "0.10"]),
        ("Shetland sheepdog", ["Shetland", "sheepdog"]),
        ("affenpinscher", ["affenpi-", "nscher"]),
        ("Bernese affenpinscher", ["Bernese", "affenpi-", "nscher"]),
        ("IMG_20260101.jpg", ["IMG_2026", "0101.jpg"]),
        ("강아지는 귀엽습니다", ["강아지는", "귀엽습니다"]),
        ("", []),
        ("  \n ", []),
        ("狗（狗）。狗狗", ["狗（狗）。", "狗狗"]),
    ],
)
def test_lines_end_at_spaces_elsewhere(text, expected):
    assert LETTERS.lines(text, 108) == expected


@pytest.mark.parametrize("unit", ["x", "码", "a ", "。", "ก", "ع", "\U0001f436", "e\u0301", "\u0301", "\x00", "（"])
def test_each_letter_is_measured_once(unit, monkeypatch):
    """The work, counted and not timed: letters handed to the font, all calls together, for a text twice as long."""
    counts = []
    measure = lettering.ImageFont.FreeTypeFont.getlength
    for num_letters in (2000, 4000):
        lettering._width.cache_clear()
        counts.append(0)

        def counted(font, text, *args, **kwargs):
            counts[-1] += len(text)
            return measure(font, text, *args, **kwargs)

        monkeypatch.setattr(lettering.ImageFont.FreeTypeFont, "getlength", counted)
        LETTERS.lines(unit * (num_letters // len(unit)), 900, most=2)
    assert counts[1] < 2.2 * counts[0] + 100
    assert counts[1] < 8 * 4000 * 3


def test_a_text_that_is_absurdly_long_is_cut_and_says_so():
    text = shown("码" * 100_000)
    assert len(text) == MAX_LETTERS
    assert text.endswith("… (cut here, of 100,000 letters)")
    assert shown(text) == text
    assert len(shown("\x00" * 9000)) == MAX_LETTERS


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("狗" * 6, ["狗" * 3] * 2),
        ("学得的第1步", ["学得的", "第1步"]),
        ("成形噪声 0.10", ["成形噪声", "0.10"]),
        ("Shetland sheepdog", ["Shetland", "sheepdog"]),
        ("affenpinscher", ["affenpi-", "nscher"]),
        ("狗", ["狗"]),
        ("", []),
        ("狗" * 100, ["狗狗狗狗狗", "狗狗狗狗…"]),
    ],
)
def test_the_lines_of_a_label_are_even(text, expected):
    assert LETTERS.even_lines(text, 108, most=2) == expected


def test_the_last_of_too_many_lines_is_shortened():
    lines = LETTERS.lines("狗" * 100, 108, most=2)
    assert lines == ["狗狗狗狗狗", "狗狗狗狗…"]
    assert LETTERS.lines("狗" * 10, 108, most=2) == ["狗" * 5] * 2
    assert LETTERS.shorten("x" * 50, 1) == "x…"
