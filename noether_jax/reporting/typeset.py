"""LaTeX of laws that are sums of terms."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from fractions import Fraction
import re
from typing import Any

from noether_jax.data.columns import Variable
from noether_jax.reporting import simple_numbers
from noether_jax.reporting.formulas import symbol

_VECTOR = re.compile(r"([^\W\d_]+)(\d*)")


def term_latex(term: Any, variables: Sequence[Variable]) -> str:
  """LaTeX of a product of powers.

  Args:
    term: with `factors`, pairs of an atom and a power.
    variables: the D columns.

  Returns:
    LaTeX.

  Example:
    >>> from noether_jax.data.columns import parse_columns
    >>> from noether_jax.discovery.terms import Atom, Term
    >>> v = parse_columns("w,q:rad")
    >>> term_latex(Term.make([(Atom("var", (0,)), 2), (Atom("cos", (1,)), 1)],
    ...                      v), v)
    'w^{2} \\\\, \\\\cos{q}'
  """
  return _product("", term, variables)


def sum_latex(combination: Any, variables: Sequence[Variable]) -> str:
  """Write a sum of terms, its coefficients as in its text.

  Args:
    combination: with `terms`, `coefficients`, `uncertainties`, `simple`, and
      `losses`, the integrals beside them.
    variables: the D columns.

  Returns:
    LaTeX.
  """
  out = ""
  for term, c, u, simple in zip(combination.terms, combination.coefficients,
                                combination.uncertainties, combination.simple):
    size = _coefficient_latex(abs(float(c)), float(u), simple)
    piece = _product("" if size == "1" else size, term, variables)
    sign = "-" if c < 0 else "+" if out else ""
    out += f" {sign} {piece}" if out else f"{sign}{piece}"
  for loss in combination.losses:
    size = _coefficient_latex(abs(loss.coefficient), loss.uncertainty, None)
    sign = "-" if loss.coefficient < 0 else "+"
    out += f" {sign} {size} \\, {integral_latex(loss.term, variables)}"
  return out


def integral_latex(term: Any, variables: Sequence[Variable]) -> str:
  """LaTeX of an integral over time.

  Args:
    term: with `rate`, the term that is integrated.
    variables: the D columns.

  Returns:
    LaTeX.
  """
  return f"\\int {_product('', term.rate, variables)} \\, \\mathrm{{d}}t"


def _coefficient_latex(value: float, uncertainty: float,
                       simple: Fraction | None) -> str:
  if simple is None:
    places = simple_numbers.significant_digits(value, uncertainty)
    return number_latex(value, places)
  simple = abs(simple)
  text = simple_numbers.coefficient_text(value, uncertainty, simple)
  if "/" not in text:
    return text
  return f"\\tfrac{{{simple.numerator}}}{{{simple.denominator}}}"


def number_latex(value: float, places: int) -> str:
  """A number, with a power of ten where it is long.

  Example:
    >>> number_latex(2.9591e-4, 4), number_latex(2., 8)
    ('2.959 \\\\times 10^{-4}', '2')
  """
  small = 0 < abs(value) < 1e-3
  text = f"{value:.{places - 1}e}" if small else f"{value:.{places}g}"
  mantissa, _, power = text.partition("e")
  if "." in mantissa:
    mantissa = mantissa.rstrip("0").rstrip(".")
  return (f"{mantissa} \\times 10^{{{int(power)}}}" if power else mantissa)


def _product(coefficient: str, term: Any, variables: Sequence[Variable]) -> str:
  above = [coefficient] if coefficient else []
  below: list[str] = []
  for atom, power in term.factors:
    # 1/|r| is an atom of its own, so that its negative power is |r|.
    up = (power > 0) != (atom.kind == "inverse")
    if atom.kind == "exp":
      above.append(_factor(atom, power, variables))
    else:
      (above if up else below).append(_factor(atom, abs(power), variables))
  if not below:
    return _joined(above)
  return f"\\frac{{{_joined(above) or '1'}}}{{{_joined(below)}}}"


def _joined(factors: Sequence[str]) -> str:
  """Factors side by side; words need a dot between them."""
  out = ""
  for factor in factors:
    words = out.endswith(("}", ")")) and "\\mathrm" in out + factor
    out += (" \\cdot " if words else " \\, ") + factor if out else factor
  return out


def _power(base: str, power: Any) -> str:
  if power == Fraction(1, 2):
    return f"\\sqrt{{{base}}}"
  return base if power == 1 else f"{base}^{{{power}}}"


def _factor(atom: Any, power: Any, variables: Sequence[Variable]) -> str:
  """One factor, above or below the fraction bar."""
  if atom.kind == "formula":
    return _formula(atom.latex(), power)
  if atom.kind in ("norm", "inverse"):
    return _power(_norm(atom, variables), power)
  if atom.kind == "lognorm":
    return f"{_power(chr(92) + 'log', power)}{_norm(atom, variables)}"
  if atom.kind == "dot":
    first = _vector(atom.plus, atom, variables)
    if atom.plus == atom.minus:
      return _power(f"{{\\lvert{first}\\rvert}}", 2 * power)
    product = f"{first} \\cdot {_vector(atom.minus, atom, variables)}"
    return product if power == 1 else f"({product})^{{{power}}}"
  names = [symbol(variables[i].name) for i in (*atom.plus, *atom.minus)]
  inner = " - ".join(names)
  if atom.kind == "abs":
    return _power(_bars(inner), power)
  if atom.kind == "difference":
    return _power(f"({inner})", power)
  if atom.kind == "exp":
    sign = {1: "", -1: "-"}.get(power, f"{power} \\, ")
    inner = f"({inner})" if len(names) > 1 and sign else inner
    return f"e^{{{sign}{inner}}}"
  if atom.kind == "var":
    return _power(f"{{{inner}}}" if "^" in inner else inner, power)
  simple = len(names) == 1 and not inner.startswith("\\mathrm")
  inner = f"{{{inner}}}" if simple else f"({inner})"
  return f"{_power(chr(92) + atom.kind, power)}{inner}"


def _formula(latex: str, power: int) -> str:
  """A formula as a factor; its power belongs to the whole."""
  if power > 1 and not latex.startswith(r"\left("):
    latex = rf"\left({latex}\right)"
  return _power(latex, power)


def _norm(atom: Any, variables: Sequence[Variable]) -> str:
  inner = _vector(atom.plus, atom, variables)
  if atom.minus:
    inner += f" - {_vector(atom.minus, atom, variables)}"
  return _bars(inner)


def _bars(inner: str) -> str:
  """In braces, so that a power belongs to the whole and not to the last bar."""
  space = " " if inner[0].isalnum() else ""
  return f"{{\\lvert{space}{inner}\\rvert}}"


def _vector(indices: tuple[int, ...], atom: Any,
            variables: Sequence[Variable]) -> str:
  """Bold, by the name that the atom's text gives to the vector."""
  if len(indices) == 1:
    return symbol(variables[indices[0]].name)
  norm = dataclasses.replace(atom, kind="norm", plus=indices, minus=())
  match = _VECTOR.fullmatch(norm.text(variables)[1:-1])
  if not match:
    names = [symbol(variables[i].name) for i in indices]
    return f"({', '.join(names)})"
  index = f"_{{{match[2]}}}" if match[2] else ""
  return f"\\mathbf{{{match[1]}}}{index}"
