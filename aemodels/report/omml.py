"""Formulas in LaTeX as OMML, the formulas of Word (ECMA-376, part 1, section 22.1)."""

import re
from collections.abc import Iterator, Sequence

from lxml import etree

from aemodels.report.equations import Node, to_mathml

MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"
WORD = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"
_NARY = set("∑∏∐∫∬∭∮⋂⋃⋀⋁")
_PAIRS = {"(": ")", "[": "]", "{": "}", "⟨": "⟩", "⌊": "⌋", "⌈": "⌉", "|": "|", "‖": "‖", "∥": "∥"}
_CLOSING = set(_PAIRS.values())
_ENDS_A_TERM = set("=≈≠≤≥<>∼≡→∝+−-±,;.∈")  # what stands behind a sum or a function and no longer belongs to it
_ACCENTS = {
    "^": "\u0302",
    "ˆ": "\u0302",
    "~": "\u0303",
    "˜": "\u0303",
    "¯": "\u0305",
    "‾": "\u0305",
    "→": "\u20d7",
    "˙": "\u0307",
}
_IS_SLANTED = re.compile("[A-Za-zͰ-Ͽ]").fullmatch  # not 𝒩, 𝔼 or 𝐖: they have their shape already
_BRACES = {"⏞": "top", "⏟": "bot"}
_SCRIPTS = {"msub": "sSub", "msup": "sSup", "msubsup": "sSubSup"}
_GROUPS = {"mrow", "mstyle", "mpadded", "math", "semantics"}


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
        if node.tag in _GROUPS:
            yield from _flat(list(node))
        else:
            yield node


def _brackets(node: Node, rest: list[Node]) -> list[Node]:
    """From an opening bracket to the one that closes it; an index or a power of the latter is one of the whole."""
    opening = node.text if node.tag == "mo" else None
    if opening not in _PAIRS:
        return []
    end, depth = None, 1
    for i, other in enumerate(rest):
        bracket = _bracket(other)
        if bracket == _PAIRS[opening] and (depth := depth - 1) == 0:
            end = i
            break
        depth += bracket == opening and opening not in _CLOSING
    if end is None:
        one_sided = node.get("fence") == "true" and any(n.tag == "mtable" for n in rest)  # as \begin{cases} has it
        inside, rest[:] = (list(rest), []) if one_sided else ([], rest)
        return [_delimiters(opening, "", inside)] if one_sided else []
    inside, closing = rest[:end], rest[end]
    del rest[: end + 1]
    whole = _delimiters(opening, _PAIRS[opening], inside)
    return [_script(closing, [whole])] if closing.tag in _SCRIPTS else [whole]


def _bracket(node: Node) -> str | None:
    node = node[0] if node.tag in _SCRIPTS else node
    return node.text if node.tag == "mo" else None


def _delimiters(opening: str, closing: str, inside: Sequence[Node]) -> Node:
    made = etree.Element(_m("d"))
    _properties(made, "dPr", begChr=opening, endChr=closing)
    _argument(made, "e", _converted(inside))
    return made


def _sum(node: Node, rest: list[Node]) -> list[Node]:
    """A sum, product or integral with its bounds and the term behind it."""
    base = node[0] if node.tag in {*_SCRIPTS, "munder", "mover", "munderover"} else node
    if base.tag != "mo" or base.text not in _NARY:
        return []
    has_lower = node.tag in {"msub", "msubsup", "munder", "munderover"}
    has_upper = node.tag in {"msup", "msubsup", "mover", "munderover"}
    made = etree.Element(_m("nary"))
    bounds = {} if has_lower else {"subHide": "1"}
    bounds |= {} if has_upper else {"supHide": "1"}
    _properties(made, "naryPr", chr=base.text, limLoc="undOvr" if base.text not in "∫∬∭∮" else "subSup", **bounds)
    _argument(made, "sub", _converted([node[1]]) if has_lower else [])
    _argument(made, "sup", _converted([node[-1]]) if has_upper else [])
    _argument(made, "e", _converted(_term(rest)))
    return [made]


def _term(rest: list[Node]) -> list[Node]:
    """Takes from the siblings those that a sum goes over: up to the next + or = outside brackets."""
    depth, taken = 0, []
    while rest:
        text = _bracket(rest[0]) or ""
        if not depth and taken and text in _ENDS_A_TERM and text:
            break
        depth += (text in _PAIRS and text not in _CLOSING) - (text in _CLOSING and text not in _PAIRS)
        if depth < 0:
            break
        taken.append(rest.pop(0))
    return taken


def _function(node: Node, rest: list[Node]) -> list[Node]:
    """log, max or another name of letters, and what it is of."""
    base = node[0] if node.tag in {*_SCRIPTS, "munder"} else node
    if base.tag not in {"mi", "mo"} or len(base.text or "") < 2 or not base.text.isalpha() or base.get("mathvariant"):
        return []
    made = etree.Element(_m("func"))
    _argument(made, "fName", _one(node))
    space = rest and rest[0].tag == "mspace" and rest.pop(0)
    taken = [rest.pop(0)] if rest and _bracket(rest[0]) not in _ENDS_A_TERM else []
    if taken and _bracket(taken[0]) in _PAIRS:
        inside = _brackets(taken[0], rest) or _one(taken[0])
    else:
        inside = _converted(taken)
    if not inside:
        return [*_one(node), *(_one(space) if space else [])]
    _argument(made, "e", inside)
    return [made]


def _one(node: Node) -> list[Node]:
    """An element of MathML that its neighbours have no part in."""
    children = list(node)
    match node.tag:
        case "mi" | "mn" | "mo" | "mtext":
            return [_run(node)]
        case "mspace":
            space = _space(node.get("width", ""))
            return [_text(space, "nor" if space.startswith("\u2003") else "p")]  # LibreOffice makes thin ones wide
        case "mfrac":
            return [_made("f", num=children[0], den=children[1])]
        case "msqrt":
            made = etree.Element(_m("rad"))
            _properties(made, "radPr", degHide="1")
            _argument(made, "deg", [])
            _argument(made, "e", _converted(children))
            return [made]
        case "mroot":
            return [_made("rad", deg=children[1], e=children[0])]
        case "msub" | "msup" | "msubsup":
            return [_script(node, _converted([children[0]]))]
        case "munder" | "mover":
            return [_over_or_under(node)]
        case "munderover":
            lower = etree.Element(_m("limLow"))
            _argument(lower, "e", _converted([children[0]]))
            _argument(lower, "lim", _converted([children[1]]))
            upper = etree.Element(_m("limUpp"))
            _argument(upper, "e", [lower])
            _argument(upper, "lim", _converted([children[2]]))
            return [upper]
        case "mtable":
            return [_table(node)]
        case _:
            return _converted(children)


def _script(node: Node, base: Sequence[Node]) -> Node:
    made = etree.Element(_m(_SCRIPTS[node.tag]))
    _argument(made, "e", base)
    for place, child in zip(["sub", "sup"] if node.tag == "msubsup" else [node.tag[1:]], node[1:], strict=True):
        _argument(made, place, _converted([child]))
    return made


def _over_or_under(node: Node) -> Node:
    base, mark = node
    above, text = node.tag == "mover", mark.text or ""
    if above and text in _ACCENTS:
        made = etree.Element(_m("acc"))
        _properties(made, "accPr", chr=_ACCENTS[text])
    elif text in {"_", "―", "¯", "‾"}:
        made = etree.Element(_m("bar"))
        _properties(made, "barPr", pos="top" if above else "bot")
    elif text in _BRACES:
        made = etree.Element(_m("groupChr"))
        _properties(made, "groupChrPr", chr=text, pos=_BRACES[text], vertJc="bot" if above else "top")
    else:
        made = etree.Element(_m("limUpp" if above else "limLow"))
        _argument(made, "e", _converted([base]))
        _argument(made, "lim", _converted([mark]))
        return made
    _argument(made, "e", _converted([base]))
    return made


def _table(node: Node) -> Node:
    """The rows of a matrix or of cases."""
    made = etree.Element(_m("m"))
    rows = [[list(cell) for cell in row] for row in node]
    sides = [cell.get("columnalign", "center") for cell in max(node, key=len)]
    columns = etree.SubElement(etree.SubElement(made, _m("mPr")), _m("mcs"))
    for side in sides:
        _properties(etree.SubElement(columns, _m("mc")), "mcPr", count="1", mcJc=side)
    for row in rows:
        line = etree.SubElement(made, _m("mr"))
        for cell in row:
            _argument(line, "e", _converted(cell))
    return made


def _run(node: Node) -> Node:
    text, variant = node.text or "", node.get("mathvariant", "")
    if node.tag == "mtext" or (len(text) > 1 and text.isalpha()):  # LibreOffice slants names, but not words
        return _text(text.replace("\xa0", " "), "nor")
    if text == "|":  # one without a partner: LibreOffice takes it for "or"
        return _text("∣", "p")
    upright = node.tag != "mi" or not _IS_SLANTED(text) or variant in {"normal", "bold"}
    return _text(text, ("b" if "bold" in variant else "p") if upright else ("bi" if "bold" in variant else "i"))


def _text(text: str, style: str) -> Node:
    """A run of letters: p upright, i italic, b bold, bi both, nor words that are no mathematics."""
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


def _space(width: str) -> str:
    """The space of Unicode that comes nearest to so many em."""
    em = float(width.removesuffix("em") or 0) if width.endswith("em") else 0.0
    return "" if em <= 0 else "\u2009" if em < 0.2 else "\u2005" if em < 0.4 else "\u2003" * max(1, round(em))


def _made(tag: str, **arguments: Node) -> Node:
    made = etree.Element(_m(tag))
    for place, child in arguments.items():
        _argument(made, place, _converted([child]))
    return made


def _argument(parent: Node, tag: str, children: Sequence[Node]) -> None:
    etree.SubElement(parent, _m(tag)).extend(children)


def _properties(parent: Node, tag: str, **values: str) -> None:
    properties = etree.SubElement(parent, _m(tag))
    for name, value in values.items():
        etree.SubElement(properties, _m(name)).set(_m("val"), value)


def _m(tag: str) -> str:
    return f"{{{MATH}}}{tag}"
