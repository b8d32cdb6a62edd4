"""Formulas from LaTeX to Word's and to MathML."""

import pytest

from aemodels.models.flow import is_prior
from aemodels.report import losses
from aemodels.report.document import Equation
from aemodels.report.equations import to_mathml
from aemodels.report.omml import MATH, to_omml
from aemodels.training import recipes


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


def test_an_accent_stands_over_its_letter():
    assert value(r"\hat{x}", "oMath/acc/accPr/chr") == "\u0302"
    assert value(r"\tilde{x}", "oMath/acc/accPr/chr") == "\u0303"


def test_a_power_of_a_bracket_is_one_of_all_of_it():
    scripted = find(r"(a - b)^2", "oMath/sSup")
    assert "".join(scripted[0].itertext()) == "a−b"
    assert scripted[0][0].tag.endswith("}d")
    indexed = find(r"[x]_1^2", "oMath/sSubSup")
    assert ["".join(part.itertext()) for part in indexed] == ["x", "1", "2"]


def test_functions_are_upright_and_have_their_argument():
    function = find(r"\log_{10} \frac{a}{b}", "oMath/func")
    assert "".join(function[0].itertext()) == "log10"
    assert function[1][0].tag.endswith("}f")
    assert find(r"\log x", "oMath/func/fName/r/rPr/nor") is not None


def test_no_letter_of_the_reports_formulas_is_lost_and_no_argument_is_empty():
    """LibreOffice shows a red mark for an empty argument."""
    blocks = [*losses.psnr(), *losses.reconstruction("log_mse")]
    for recipe in recipes.of_the_lab().values():
        if not is_prior(recipe.model):
            blocks += losses.describe(recipe.model, recipe.training)
    formulas = {block.latex for block in blocks if isinstance(block, Equation)}
    for latex in formulas:
        tree = to_omml(latex)
        said = "".join(to_mathml(latex).itertext())
        shown = "".join(tree.itertext()) + "".join(tree.xpath("//@*[name()='m:val']"))
        assert {c for c in said if c.isalnum()} <= set(shown)
        for tag in ("e", "num", "den", "fName"):
            assert all(len(node) for node in tree.iter(f"{{{MATH}}}{tag}"))


def test_what_no_formula_has_is_named():
    with pytest.raises(ValueError, match="mtable"):
        to_omml(r"\begin{matrix} 1 & 2 \end{matrix}")


def test_an_unknown_command_is_named():
    with pytest.raises(ValueError, match=r"\\nonsense"):
        to_omml(r"\nonsense x")


def test_mathml_stands_on_a_line_of_its_own():
    tree = to_mathml(r"\sum_i x_i \sim y")
    assert tree.get("display") == "block"
    assert "∼" in "".join(tree.itertext())
