"""Messages, their Chinese translations, and the numbers in them."""

import ast
import re
import string
import threading
from collections import Counter
from functools import cache, partial
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir, extract_from_file
from babel.messages.pofile import read_po

from aemodels import language
from aemodels.report import lettering

ROOT = Path(__file__).parent.parent
SOURCES = [ROOT / "aemodels", ROOT / "pages"]


@cache
def written() -> Catalog:
    """Every message of the code."""
    catalog = Catalog()
    for folder in SOURCES:
        found = extract_from_dir(str(folder), [("**.py", "python")], keywords=DEFAULT_KEYWORDS | {"N_": None})
        for file, line, message, _comments, context in found:
            catalog.add(message, locations=[(f"{folder.name}/{file}", line)], context=context)
    for line, message, _comments, context in extract_from_file("python", str(ROOT / "app.py")):
        catalog.add(message, locations=[("app.py", line)], context=context)
    return catalog


@cache
def chinese() -> Catalog:
    with (language.CATALOGUES / "zh_CN/LC_MESSAGES/latent-lab.po").open("rb") as file:
        return read_po(file)


def texts(message) -> tuple[str, ...]:
    return message if isinstance(message, tuple) else (message,)


def fields(text: str) -> Counter:
    return Counter(name for _literal, name, _format, _conversion in string.Formatter().parse(text) if name is not None)


def test_the_catalogue_has_every_message_and_no_other():
    ids = {(m.id, m.context) for m in written() if m.id}
    assert len(ids) > 100
    translated = {(m.id, m.context) for m in chinese() if m.id and all(texts(m.string))}
    assert sorted(map(str, ids - translated)) == []
    assert sorted(map(str, {(m.id, m.context) for m in chinese() if m.id} - ids)) == []


def test_no_translation_is_fuzzy():
    assert not [m.id for m in chinese() if m.id and m.fuzzy]


def test_placeholders_agree():
    """A translation says each figure of its message; of a plural's two forms, "1 photo" may have none."""
    wrong = []
    for message in chinese():
        if message.id:
            wanted = [fields(text) for text in texts(message.id)]
            wrong += [(message.id, text) for text in texts(message.string) if fields(text) != wanted[-1]]
            wrong += [
                (message.id, text) for text, had in zip(texts(message.id), wanted, strict=True) if had - wanted[-1]
            ]
    assert wrong == []


def test_every_message_is_a_format_string():
    for message in written():
        for text in filter(None, texts(message.id)):
            assert all(name.isidentifier() for name in fields(text)), text


def test_no_module_uses_the_name_of_gettext_for_something_else():
    """`_, z = …` would take the place of the function."""
    wrong = []
    for file in [f for folder in SOURCES for f in folder.rglob("*.py")]:
        tree = ast.parse(file.read_text())
        imported = any(
            isinstance(node, ast.ImportFrom) and "_" in {alias.name for alias in node.names} for node in ast.walk(tree)
        )
        stored = [
            node.lineno
            for node in ast.walk(tree)
            if isinstance(node, ast.Name) and node.id == "_" and isinstance(node.ctx, ast.Store)
        ]
        wrong += [(str(file.relative_to(ROOT)), line) for line in stored if imported]
    assert wrong == []


def test_messages_are_looked_up_as_they_stand():
    """`_(f"…")` would look for a message that no catalogue can have."""
    wrong = []
    for file in [f for folder in SOURCES for f in folder.rglob("*.py") if f.name != "language.py"]:
        for node in ast.walk(ast.parse(file.read_text())):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Name)
                and node.func.id in {"_", "ngettext", "pgettext", "N_"}
            ):
                wrong += [(file.name, node.lineno) for arg in node.args if isinstance(arg, ast.JoinedStr)]
    assert wrong == []


def test_chinese_has_no_space_beside_its_punctuation_and_no_half_width_stops():
    wrong = [
        (message.id, text)
        for message in chinese()
        if message.id
        for text in texts(message.string)
        if re.search(r"[一-鿿][,;:?!]|[一-鿿]\.(?:\s|$)| [，。；：！？）”]|[，。；：！？（“] ", text)
    ]
    assert wrong == []


def test_the_letters_of_panels_have_every_character_of_the_catalogue():
    missing = {
        text: shown
        for message in chinese()
        if message.id
        for text in texts(message.string)
        if "⟨U+" in (shown := lettering.shown(text)) and "⟨U+" not in text
    }
    assert missing == {}


@pytest.mark.parametrize(
    ("call", "english", "zh"),
    [
        (partial(language.number, 1234567), "1,234,567", "1,234,567"),
        (partial(language.number, 1.5e30), f"{1.5e30:,.0f}", f"{1.5e30:,.0f}"),
        (partial(language.number, 2.675, 2), f"{2.675:.2f}", f"{2.675:.2f}"),
        (partial(language.number, float("inf"), 1), "∞", "∞"),
        (partial(language.percent, 0.2567, 1), "25.7%", "25.7%"),
        (partial(language.percent, 0.5), "50%", "50%"),
        (partial(language.percent, float("nan")), "–", "–"),
        (partial(language.signed, float("nan"), 2), "–", "–"),
        (partial(language.signed, float("-inf"), 2), "−∞", "−∞"),
        (partial(language.signed, -3.04, 1), "−3.0", "−3.0"),
        (partial(language.signed, -0.001, 2), "+0.00", "+0.00"),
        (partial(language.list_of, "abc"), "a, b, c", "a、b、c"),
        (partial(language.all_of, "abc"), "a, b, and c", "a、b 和 c"),
        (partial(language.any_of, "abc"), "a, b, or c", "a、b 或 c"),
        (partial(language.sentences, ["A.", "", "B."]), "A. B.", "A. B."),
        (partial(language.sentences, ["甲。", "乙。"]), "甲。乙。", "甲。乙。"),
        (partial(language.sentences, ["**甲？\u2060**", "乙。"]), "**甲？\u2060**乙。", "**甲？\u2060**乙。"),
    ],
)
def test_numbers_and_lists(call, english, zh):
    for spoken, expected in (("en", english), ("zh", zh)):
        with language.speaking(spoken):
            assert call() == expected


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_no_line_ends_within_a_figure(spoken):
    with language.speaking(spoken):
        assert "2\xa0±\xa01\xa0dB" in language._("{name} **{psnr} ± {interval} dB**").format(
            name="", psnr=2, interval=1
        )
        assert language.with_interval("2", "1") == "2\xa0±\xa01"
        assert "\xa0" not in language._("Axes")


def test_what_is_bold_is_bold_in_chinese_too(tmp_path, monkeypatch):
    """Markdown takes the ** of 得到**−1 dB**。 for asterisks, unless something that is neither a sign nor a space stands inside them."""
    folder = tmp_path / "zh_CN" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    entry = 'msgid "It gains **{gain} dB**."\nmsgstr "得到**{gain} dB**。"\n'
    header = 'msgid ""\nmsgstr "Content-Type: text/plain; charset=utf-8\\n"\n\n'
    (folder / "some.po").write_text(header + entry, encoding="utf-8")
    monkeypatch.setattr(language, "CATALOGUES", tmp_path)
    language._translations.cache_clear()
    with language.speaking("zh"):
        said = language._("It gains **{gain} dB**.").format(gain=language.signed(-1, 0))
    language._translations.cache_clear()
    assert said == "得到**\u200b−1\xa0dB\u2060**。"
    assert language.without_bold(said) == "得到−1\xa0dB。"


@pytest.mark.parametrize(
    ("tag", "spoken"),
    [("zh-CN", "zh"), ("zh_Hans", "zh"), ("ZH", "zh"), ("en-GB", "en"), ("de-DE", "en"), ("", "en"), (None, "en")],
)
def test_a_browser_asks_for_a_language(tag, spoken):
    assert language.of_browser(tag) == spoken


def test_a_kept_function_speaks_the_language_of_then_in_another_thread():
    with language.speaking("zh"):
        function = language.kept(lambda: said.append(language.current()))
    said = []
    for target in (function, lambda: said.append(language.current())):
        thread = threading.Thread(target=target)
        thread.start()
        thread.join()
    assert said == ["zh", "en"]


def test_the_command_that_contributors_run_looks_into_every_file_with_messages():
    """What it leaves out would lose its Chinese, as `pybabel update` takes it for gone."""
    (command,) = re.findall("^pybabel extract .*", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.MULTILINE)
    assert command.split("messages.pot ")[1].split() == [*(folder.name for folder in SOURCES), "app.py"]


@pytest.mark.parametrize("spoken", language.LANGUAGES)
def test_steps_of_the_same_length_are_told_as_such(spoken):
    with language.speaking(spoken):
        for num_steps in (2, 5, 9, 11):
            told = [float(text.rstrip("%")) for text in language.percents_of_way(num_steps)]
            assert told == pytest.approx([100 * i / (num_steps - 1) for i in range(num_steps)])
