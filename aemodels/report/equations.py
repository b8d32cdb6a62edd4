"""Formulas in LaTeX as MathML, names in one piece."""

import latex2mathml.converter
from lxml import etree

Node = etree._Element


def to_mathml(latex: str) -> Node:
    """The formula as a <math> element that stands on a line of its own; ValueError where a command is unknown."""
    tree = etree.fromstring(latex2mathml.converter.convert(latex, display="block").encode())
    for node in tree.iter():
        node.tag = etree.QName(node).localname
        if (node.text or "").startswith("\\"):
            raise ValueError(f"{node.text} in {latex}: latex2mathml does not know it.")
        if node.tag in {"mi", "mo"} and node.text == "~" and node.getparent().tag != "mover":
            node.tag, node.text = "mo", "∼"
    for row in [node for node in tree.iter("mrow") if len(node) > 1]:
        _join_letters(row)
    etree.cleanup_namespaces(tree)
    tree.set("xmlns", "http://www.w3.org/1998/Math/MathML")
    return tree


def _join_letters(row: Node) -> None:
    r"""\mathrm{PSNR} comes as four letters, each a name of its own: makes them one."""
    previous = None
    for node in list(row):
        upright = node.tag == "mi" and node.get("mathvariant") == "normal" and node.text.isalnum()
        if upright and previous is not None:
            previous.text += node.text
            row.remove(node)
        else:
            previous = node if upright else None
