"""Formulas from LaTeX to Word's and to MathML."""

import pytest

from aemodels.report.equations import to_mathml
from aemodels.report.omml import MATH, to_omml


def tags(latex):
    return [
        node.tag.removeprefix(f"{{{MATH}}}") for node in to_omml(latex).iter() if node.tag.startswith(f"{{{MATH}}}")
    ]


def texts(latex):
    return [node.text for node in to_omml(latex).iter(f"{{{MATH}}}t")]


def find(latex, path):
    return to_omml(latex).find("/".join(f"{{{MATH}}}{tag}" if tag != "." else "." for tag in path.split("/")))


def value(latex, path):
    return find(latex, path).get(f"{{{MATH}}}val")


def test_letters_of_a_name_are_one_run():
    assert texts(r"\mathrm{PSNR} = 10") == ["PSNR", "=10"]


def test_a_sum_has_its_bounds_and_what_it_goes_over():
    latex = r"\sum_{i=1}^{N} x_i + y"
    assert value(latex, "oMath/nary/naryPr/chr") == "∑"
    nary = find(latex, "oMath/nary")
    assert ["".join(part.itertext()) for part in nary[1:]] == ["i=1", "N", "xi"]
    assert "".join(to_omml(latex).itertext()).endswith("+y")


def test_bounds_that_are_not_there_are_hidden():
    assert value(r"\sum_{c,h} x", "oMath/nary/naryPr/supHide") == "1"


def test_an_accent_stands_over_its_letter():
    assert value(r"\hat{x}", "oMath/acc/accPr/chr") == "\u0302"
    assert value(r"\tilde{x}", "oMath/acc/accPr/chr") == "\u0303"


def test_a_power_of_a_bracket_is_one_of_all_of_it():
    scripted = find(r"(a - b)^2", "oMath/sSup")
    assert "".join(scripted[0].itertext()) == "a−b"
    assert scripted[0][0].tag.endswith("}d")
    norm = find(r"\lVert x \rVert_2^2", "oMath/sSubSup")
    assert ["".join(part.itertext()) for part in norm] == ["x", "2", "2"]


def test_functions_are_upright_and_have_their_argument():
    function = find(r"\log_{10} \frac{a}{b}", "oMath/func")
    assert "".join(function[0].itertext()) == "log10"
    assert function[1][0].tag.endswith("}f")
    assert find(r"\log x", "oMath/func/fName/r/rPr/nor") is not None


def test_cases_have_one_bracket():
    latex = r"x = \begin{cases} 1 & \text{if } z > 0 \\ 0 & \text{else} \end{cases}"
    assert (value(latex, "oMath/d/dPr/begChr"), value(latex, "oMath/d/dPr/endChr")) == ("{", "")
    assert tags(latex).count("mr") == 2


@pytest.mark.parametrize(
    "latex",
    [
        r"\hat{z} = \frac{z}{\sqrt{\frac{1}{D}\sum_{j=1}^D z_j^2}} + \sigma\,\varepsilon,\quad \varepsilon\sim\mathcal{N}(0, I)",
        r"\min_{\theta} \mathbb{E}\left[x^2\right] \approx \sqrt[3]{2}", r"\underbrace{a+b}_{\text{信号}}", r"p(x|z)", "(", ")", "[0, 1)",
        r"\log", r"\sum", r"\overline{P} = 1", r"x \in [0, 1]^{28 \times 28}", r"-1", r"\log(1-\hat{x}_i)",
    ],
)  # fmt: skip
def test_no_letter_is_lost_and_no_argument_is_empty(latex):
    """LibreOffice shows a red mark for an empty argument."""
    tree = to_omml(latex)
    said = "".join("".join(node.itertext()).split()[0] for node in to_mathml(latex).iter() if (node.text or "").strip())
    shown = "".join(tree.itertext()) + "".join(tree.xpath("//@*[name()='m:val']"))
    assert {c for c in said if c.isalnum()} <= set(shown)
    for tag in ("e", "num", "den", "lim", "fName"):
        empty = [node for node in tree.iter(f"{{{MATH}}}{tag}") if not len(node)]
        assert not empty or latex in {r"\sum"}


def test_an_unknown_command_is_named():
    with pytest.raises(ValueError, match=r"\\nonsense"):
        to_omml(r"\nonsense x")


def test_mathml_stands_on_a_line_of_its_own():
    tree = to_mathml(r"\sum_i x_i \sim y")
    assert tree.get("display") == "block"
    assert "∼" in "".join(tree.itertext())
