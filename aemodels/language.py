"""The language of what people read: messages by gettext from the catalogues in locale/, numbers and lists by Babel.

A message is written in English where it is used, `_("{number} digits").format(number=number(n))`; its translation stands in
locale/<locale>/LC_MESSAGES/*.po, which is compiled in memory when it is first asked for. CONTRIBUTING.md says how to translate.

Babel is imported where it is used: train.py speaks English alone, and runs where there is no Babel.
"""

import contextlib
import functools
import gettext
import io
import math
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextvars import ContextVar
from decimal import Decimal, localcontext
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from babel import Locale

LANGUAGES = {"en": "English", "zh": "简体中文"}  # as their own speakers call them
DEFAULT = "en"
MAX_DIGITS = 400  # as many as the largest float has; Decimal keeps 28 unless it is told
CATALOGUES = Path(__file__).parents[1] / "locale"
_LOCALES = {"en": "en", "zh": "zh_Hans_CN"}
_FOLDERS = {"zh": "zh_CN"}
_TOUCHING = re.compile(r"(?<=[A-Za-z₀-₉])(?=[和或])|(?<=[和或])(?=[A-Za-z])")
_BOLD = re.compile(r"(?P<after>[（“]?)\*\*(?P<bold>.+?)\*\*")  # as Markdown writes it
_JOINER, _BREAK = "\u2060", "\u200b"  # have no width; a line may end at the second
_IN_A_FIGURE = re.compile(r"(?<=[\d}*]) (?=(?:dB|px)\b)|(?<=[\d}*%]) (?=±)|(?<=±) ")  # no line shall end there

P = ParamSpec("P")
Result = TypeVar("Result")

_spoken: ContextVar[str | None] = ContextVar("language", default=None)
_asked: Callable[[], str] = lambda: DEFAULT  # noqa: E731


def ask(chosen: Callable[[], str]) -> None:
    """From now on `chosen()` says which of LANGUAGES is spoken wherever no `speaking` does: the app's visitors choose theirs."""
    global _asked
    _asked = chosen


def current() -> str:
    """The language that is spoken here, a key of LANGUAGES."""
    return _spoken.get() or _asked()


@contextlib.contextmanager
def speaking(language: str) -> Iterator[None]:
    """In this block, that language."""
    token = _spoken.set(language)
    try:
        yield
    finally:
        _spoken.reset(token)


def kept(function: Callable[P, Result]) -> Callable[P, Result]:
    """The function, which will speak the language of now wherever it is called: in a thread that knows no visitor, for example."""
    language = current()

    @functools.wraps(function)
    def speak(*args: P.args, **kwargs: P.kwargs) -> Result:
        with speaking(language):
            return function(*args, **kwargs)

    return speak


def of_browser(tag: str | None) -> str:
    """The language, of LANGUAGES, for one who reads `tag`, such as "zh-CN"; English for all whose language there is not."""
    spoken = (tag or "").replace("_", "-").split("-")[0].lower()
    return spoken if spoken in LANGUAGES else DEFAULT


def _(message: str) -> str:
    """The message in the language that is spoken; put in figures by `.format` afterwards."""
    # Of "" gettext tells the catalogue's header.
    return unbroken(_translations(current()).gettext(message)) if message else ""


def ngettext(singular: str, plural: str, n: int) -> str:
    """The message for n things, by the language's own rule for plurals."""
    return unbroken(_translations(current()).ngettext(singular, plural, n))


def pgettext(context: str, message: str) -> str:
    """The same English word has two translations: the context says which is meant."""
    return unbroken(_translations(current()).pgettext(context, message))


def N_(message: str) -> str:
    """Marks a message that is translated elsewhere, by `_`, because the module is read before a language is chosen."""
    return message


def locale() -> "Locale":
    """Babel's locale of the language that is spoken, for dates and the like."""
    return _locale(current())


@functools.cache
def _locale(language: str) -> "Locale":
    from babel import Locale

    return Locale.parse(_LOCALES[language])


def number(value: float, num_decimals: int = 0) -> str:
    """The number with that many decimals, its thousands grouped: 1,234.50."""
    if not math.isfinite(value):
        return _not_finite(value)
    if current() == DEFAULT:
        return f"{value:,.{num_decimals}f}"
    from babel.numbers import format_decimal

    digits = Decimal(f"{value:.{num_decimals}f}")  # rounded as Python does; Babel rounds the number as it prints
    with localcontext(prec=MAX_DIGITS):
        return format_decimal(digits, f"#,##0.{'0' * num_decimals}".rstrip("."), locale())


def percent(share: float, num_decimals: int = 0) -> str:
    """The share as a percentage: 0.25 -> 25%."""
    if not math.isfinite(share):
        return _not_finite(share)
    if current() == DEFAULT:
        return f"{share:,.{num_decimals}%}"
    from babel.numbers import format_percent

    digits = Decimal(f"{share:.{num_decimals}%}".rstrip("%")) / 100
    with localcontext(prec=MAX_DIGITS):
        return format_percent(digits, f"#,##0.{'0' * num_decimals}".rstrip(".") + "%", locale())


def percents_of_way(num_steps: int) -> list[str]:
    """How far each of so many equal steps has come: "0%", "12.5%", …, "100%"; with a decimal where it has one."""
    return [percent(i / (num_steps - 1), int(100 * i % (num_steps - 1) > 0)) for i in range(num_steps)]


def _not_finite(value: float) -> str:
    return "∞" if value > 0 else "−∞" if value < 0 else "–"


def with_interval(figure: str, half_width: str) -> str:
    """Both in one figure, within which no line ends: 26.23 ± 0.12."""
    return unbroken(f"{figure} ± {half_width}")


def signed(value: float, num_decimals: int) -> str:
    """The number with its sign, + or −; what rounds to zero has a +, and what is no number has none."""
    if math.isnan(value):
        return _not_finite(value)
    rounded = round(value, num_decimals) + 0
    return f"{'−' if rounded < 0 else '+'}{number(abs(rounded), num_decimals)}"


def list_of(items: Iterable[str]) -> str:
    """The items in one line: "a, b, c", in Chinese "a、b、c"."""
    return pgettext("between the items of a list", ", ").join(items)


def figures_of(figures: Mapping[str, str]) -> str:
    """Figures in one line, by what each is of: "2.40 (Plain), 0.61 (VAE)"."""
    told = _("{figure} ({model})")
    return list_of(told.format(figure=figure, model=called) for called, figure in figures.items())


def all_of(items: Iterable[str]) -> str:
    """The items as a sentence lists them: "a, b, and c"."""
    from babel.lists import format_list

    return _apart(format_list(list(items), locale=locale()))


def any_of(items: Iterable[str]) -> str:
    """The items of which it is one: "a, b, or c"."""
    from babel.lists import format_list

    return _apart(format_list(list(items), style="or", locale=locale()))


def _apart(listed: str) -> str:
    """With a space where the Chinese and/or touches a Latin letter, as everywhere between the two; other lists as they are."""
    return _TOUCHING.sub(" ", listed)


def sentences(parts: Iterable[str]) -> str:
    """Whole sentences one after the other; after a full stop of Chinese comes no space. Empty ones are left out."""
    text = ""
    for part in filter(None, parts):
        end = text.rstrip(f"*{_JOINER}")  # the marks of what is bold come after the stop
        text += part if not text or end.endswith(("。", "！", "？")) else f" {part}"
    return text


@functools.cache
def _translations(language: str) -> gettext.NullTranslations:
    if language not in _FOLDERS:
        return gettext.NullTranslations()
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    translations = None
    for path in sorted((CATALOGUES / _FOLDERS[language] / "LC_MESSAGES").glob("*.po")):
        compiled = io.BytesIO()
        with path.open("rb") as file:
            catalog = read_po(file)
        for message in catalog:
            message.string = _bold(message.string)
        write_mo(compiled, catalog)
        compiled.seek(0)
        read = gettext.GNUTranslations(compiled)
        if translations is None:
            translations = read
        else:
            translations.add_fallback(read)
    return translations or gettext.NullTranslations()


@functools.lru_cache(maxsize=4096)
def unbroken(text: str) -> str:
    """The text with no-break spaces between a number and its unit, and around ±."""
    return _IN_A_FIGURE.sub("\xa0", text)


def without_bold(text: str) -> str:
    """A message without the marks of what is bold in it."""
    return bold_between("", "", text)


def bold_between(start: str, end: str, text: str) -> str:
    """A message with other marks than Markdown's around what is bold in it, and without the letters of no width that Markdown needs."""
    return _BOLD.sub(rf"\g<after>{start}\g<bold>{end}", text).replace(_JOINER, "").replace(_BREAK, "")


def _bold(text: str | tuple[str, ...]) -> str | tuple[str, ...]:
    """The text with a letter of no width inside the marks of what is bold; before it a line may end, unless a bracket opens there.

    Between a letter and a sign such as − or % Markdown takes ** for two asterisks (CommonMark 0.31, 6.2), and Chinese has no space there.
    """
    if isinstance(text, tuple):
        return tuple(map(_bold, text))
    return _BOLD.sub(
        lambda found: f"{found['after']}**{_JOINER if found['after'] else _BREAK}{found['bold']}{_JOINER}**", text
    )
