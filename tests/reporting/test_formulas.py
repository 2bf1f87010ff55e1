"""Formulas as MathML: right, and with no way out of the page's text."""

from hypothesis import given
from hypothesis import strategies
import pytest

from noether_jax.reporting import formulas
from tests.reporting import pages

HOSTILE = ("q<script>alert(1)</script>", "p&<b>$x_1$</b>{}%#~^",
           r"\href{javascript:alert(1)}{x}", "</math><img src=x onerror=a()>",
           r"\text{</math><script>1</script>}", "a\u2028b", "速度", "-->", "]]>",
           "{{ 7 * 7 }}", "{% raw %}", "' onload='x", '" onload="x')


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_stays_text(name):
  tree = pages.parsed(formulas.mathml(formulas.symbol(name)))
  assert pages.tags(tree) <= {
      "DOCUMENT_FRAGMENT", "math", "mrow", "mi", "mo", "mn", "mtext"
  }
  printable = [c for c in name if c.isprintable() and c != " "]
  shown = pages.text(tree).replace("\u2212", "-").replace("\u2217", "*")
  assert [c for c in shown if not c.isspace()] == printable


@given(strategies.text(min_size=1, max_size=30))
def test_any_name_gives_one_formula_that_holds_it(name):
  tree = pages.parsed(formulas.mathml(formulas.symbol(name)))
  assert not pages.tags(tree) & {"script", "img", "a", "style", "svg"}


@pytest.mark.parametrize("latex", [
    r"\text{<img src=x onerror=alert(1)>}", r"\href{javascript:alert(1)}{x}",
    r"\style{background:url(x)}{x}", r"\class{a}{x}", r"\frac{", "}{", r"\\\\",
    "&<>", r"\unknown{<b>}"
])
def test_any_latex_gives_no_more_than_mathematics(latex):
  tree = pages.parsed(formulas.mathml(latex, plain="<plain>"))
  for element in tree.iter():
    assert element.tag in ("DOCUMENT_FRAGMENT", "math", "mrow", "mi", "mo",
                           "mn", "mtext", "mspace", "code", "mfrac", "mstyle",
                           "mtable", "mtr", "mtd", "mpadded")
    for name in element.attrib:
      assert "on" not in name[:2] and name not in ("href", "style", "class")


def test_a_sum_is_an_element_per_summand():
  pieces = str(
      formulas.mathml(r"a - 2\left(b + c\right) + d")).split("</math> ")
  assert len(pieces) == 3
  assert 'form="infix" lspace="0">−' in pieces[1]


def test_a_leading_sign_stays():
  assert str(formulas.mathml("-a")).count("<math") == 1


@pytest.mark.parametrize("name,latex", [
    ("x1", "x_{1}"),
    ("omega_2", r"\omega_{2}"),
    ("theta_dot", r"\dot{\theta}"),
    ("px", "p_{x}"),
    ("vx12", "v_{x12}"),
    ("x_max", r"x_{\mathrm{max}}"),
    ("speed", r"\mathrm{speed}"),
    ("a b", r"\mathrm{a\ b}"),
])
def test_symbols(name, latex):
  assert formulas.symbol(name) == latex


@pytest.mark.parametrize("value,digits,shown", [
    (0., 3, "0"),
    (1., 8, "1"),
    (-12.5, 3, "−12.5"),
    (5e-4, 3, "5 × 10<sup>−4</sup>"),
    (2e7, 3, "2 × 10<sup>7</sup>"),
    (float("nan"), 3, "–"),
    (float("-inf"), 3, "−∞"),
    (100., 3, "100"),
])
def test_numbers(value, digits, shown):
  assert str(formulas.number(value, digits)) == shown


def test_units_are_raised_and_escaped():
  assert str(formulas.raised("<b>/s^(1/2)")) == "&lt;b&gt;/s<sup>1/2</sup>"
  assert formulas.unit_text("kg*m^-2") == "kg·m⁻²"


@pytest.mark.parametrize("text,html", [
    ("noether-discover NEW_FILE --check=\"FORMULA\".",
     "<code>noether-discover NEW_FILE</code> <code class=\"nj-option\">"
     "--check=&#34;FORMULA&#34;</code>."),
    ("from -2e-10 J (-3) to 1.5e+09",
     "from \u22122\xa0×\xa010<sup>\u221210</sup> J (\u22123) to "
     "1.5\xa0×\xa010<sup>9</sup>"),
    ("run-1e5.csv and x-3", "run-1e5.csv and x-3"),
])
def test_prose(text, html):
  assert str(formulas.prose(text)) == html
