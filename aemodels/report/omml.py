"""Formulas in LaTeX as OMML, the formulas of Word (ECMA-376, part 1, section 22.1): what the report's formulas need."""

import re
from collections.abc import Iterator, Sequence

from lxml import etree

from aemodels.report.equations import Node, to_mathml

MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_PAIRS = {"(": ")", "[": "]"}
_ENDS_A_TERM = set("=+−,∼←")  # what stands behind a sum or a function and no longer belongs to it
_ACCENTS = {"^": "\u0302", "~": "\u0303"}
_IS_SLANTED = re.compile("[A-Za-zͰ-Ͽ]").fullmatch  # not 𝒩: it has its shape already
_SCRIPTS = {"msub": "sSub", "msup": "sSup", "msubsup": "sSubSup"}


def to_omml(latex: str) -> Node:
    """The formula as an <m:oMathPara> element, in the middle of a paragraph that holds nothing else."""
    paragraph = etree.Element(_m("oMathPara"), nsmap={"m": MATH, "w": WORD})
    _properties(paragraph, "oMathParaPr", jc="center")
    formula = etree.SubElement(paragraph, _m("oMath"))
    formula.extend(_converted(list(to_mathml(latex))))
    return paragraph


def _converted(nodes: Sequence[Node]) -> list[Node]:
    """Siblings of MathML as siblings of OMML."""
    made: list[Node] = []
    rest = list(_flat(nodes))
    while rest:
        node = rest.pop(0)
        made += _brackets(node, rest) or _sum(node, rest) or _function(node, rest) or _one(node)
    return _joined(made)


def _flat(nodes: Sequence[Node]) -> Iterator[Node]:
    for node in nodes:
        if node.tag == "mrow":
            yield from _flat(list(node))
        else:
            yield node


def _brackets(node: Node, rest: list[Node]) -> list[Node]:
    """From an opening bracket to the one that closes it; an index or a power of the latter is one of the whole."""
    opening = node.text if node.tag == "mo" else None
    if opening not in _PAIRS:
        return []
    depth = 1
    for i, other in enumerate(rest):
        bracket = _bracket(other)
        depth += (bracket == opening) - (bracket == _PAIRS[opening])
        if depth == 0:
            whole = etree.Element(_m("d"))
            _properties(whole, "dPr", begChr=opening, endChr=_PAIRS[opening])
            _argument(whole, "e", _converted(rest[:i]))
            del rest[: i + 1]
            return [_script(other, [whole])] if other.tag in _SCRIPTS else [whole]
    return []


def _bracket(node: Node) -> str | None:
    node = node[0] if node.tag in _SCRIPTS else node
    return node.text if node.tag == "mo" else None


def _sum(node: Node, rest: list[Node]) -> list[Node]:
    """A sum with its bounds and the term behind it."""
    if node.tag not in {"munderover", "msubsup"} or node[0].text != "∑":
        return []
    made = etree.Element(_m("nary"))
    _properties(made, "naryPr", chr="∑", limLoc="undOvr")
    _argument(made, "sub", _converted([node[1]]))
    _argument(made, "sup", _converted([node[2]]))
    _argument(made, "e", _converted(_term(rest)))
    return [made]


def _term(rest: list[Node]) -> list[Node]:
    """Takes from the siblings those that a sum goes over: up to the next + or = outside brackets."""
    depth, taken = 0, []
    while rest:
        text = _bracket(rest[0])
        if not depth and taken and text in _ENDS_A_TERM:
            break
        depth += (text in _PAIRS) - (text in _PAIRS.values())
        if depth < 0:
            break
        taken.append(rest.pop(0))
    return taken


def _function(node: Node, rest: list[Node]) -> list[Node]:
    """log, max or another name of letters, and what it is of."""
    base = node[0] if node.tag in _SCRIPTS else node
    if not rest or not _is_word(base) or base.get("mathvariant"):
        return []
    made = etree.Element(_m("func"))
    _argument(made, "fName", _one(node))
    first = rest.pop(0)
    _argument(made, "e", _brackets(first, rest) or _converted([first]))
    return [made]


def _one(node: Node) -> list[Node]:
    """An element of MathML that its neighbours have no part in."""
    children = list(node)
    match node.tag:
        case "mi" | "mn" | "mo":
            return [_run(node)]
        case "mspace":
            is_wide = node.get("width") == "1em"
            return [_text("\u2003", "nor") if is_wide else _text("\u2009", "p")]  # LibreOffice makes thin ones wide
        case "mfrac":
            made = etree.Element(_m("f"))
            _argument(made, "num", _converted([children[0]]))
            _argument(made, "den", _converted([children[1]]))
        case "msqrt":
            made = etree.Element(_m("rad"))
            _properties(made, "radPr", degHide="1")
            _argument(made, "deg", [])
            _argument(made, "e", _converted(children))
        case "mover" if children[1].text in _ACCENTS:
            made = etree.Element(_m("acc"))
            _properties(made, "accPr", chr=_ACCENTS[children[1].text])
            _argument(made, "e", _converted([children[0]]))
        case "msub" | "msup" | "msubsup":
            made = _script(node, _converted([children[0]]))
        case _:
            raise ValueError(f"no formula of the report had <{node.tag}> yet")
    return [made]


def _script(node: Node, base: Sequence[Node]) -> Node:
    made = etree.Element(_m(_SCRIPTS[node.tag]))
    _argument(made, "e", base)
    for place, child in zip(["sub", "sup"] if node.tag == "msubsup" else [node.tag[1:]], node[1:], strict=True):
        _argument(made, place, _converted([child]))
    return made


def _run(node: Node) -> Node:
    if _is_word(node):  # LibreOffice slants names, but not words
        return _text(node.text, "nor")
    return _text(node.text, "i" if node.tag == "mi" and _IS_SLANTED(node.text) else "p")


def _is_word(node: Node) -> bool:
    return node.tag in {"mi", "mo"} and len(node.text) > 1 and node.text.isalpha()


def _text(text: str, style: str) -> Node:
    """A run of letters: p upright, i italic, nor words that are no mathematics."""
    run = etree.Element(_m("r"))
    if style == "nor":
        etree.SubElement(etree.SubElement(run, _m("rPr")), _m("nor"))
    else:
        _properties(run, "rPr", sty=style)
    fonts = etree.SubElement(etree.SubElement(run, f"{{{WORD}}}rPr"), f"{{{WORD}}}rFonts")
    for which in ("ascii", "hAnsi"):
        fonts.set(f"{{{WORD}}}{which}", "Cambria Math")
    letters = etree.SubElement(run, _m("t"))
    letters.text = text
    letters.set("{http://www.w3.org/XML/1998/namespace}space", "preserve")
    return run


def _joined(nodes: Sequence[Node]) -> list[Node]:
    """Runs of one style that follow each other as one."""
    made: list[Node] = []
    for node in nodes:
        if made and node.tag == made[-1].tag == _m("r") and _style(node) == _style(made[-1]):
            made[-1][-1].text += node[-1].text
        else:
            made.append(node)
    return made


def _style(run: Node) -> tuple[str, str | None]:
    return run[0][0].tag, run[0][0].get(_m("val"))


def _argument(parent: Node, tag: str, children: Sequence[Node]) -> None:
    etree.SubElement(parent, _m(tag)).extend(children)


def _properties(parent: Node, tag: str, **values: str) -> None:
    properties = etree.SubElement(parent, _m(tag))
    for name, value in values.items():
        etree.SubElement(properties, _m(name)).set(_m("val"), value)


def _m(tag: str) -> str:
    return f"{{{MATH}}}{tag}"
