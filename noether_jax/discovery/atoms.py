"""Factors of terms: variables, and functions of variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import re
from typing import Any

import sympy

from noether_jax.data.columns import Variable
from noether_jax.symbolic import units
from noether_jax.symbolic.operations import array_namespace

_PLAIN = ("var", "difference")
_FUNCTIONS = ("sin", "cos", "log", "exp", "abs")
# A logarithm of a length is one: the unit shifts it by a constant.
_NUMBERS = ("sin", "cos", "log", "exp", "lognorm")


@dataclasses.dataclass(frozen=True)
class Atom:
  """A factor of a term: a variable, or a function of variables.

  Attributes:
    kind: var, difference, log, exp, abs, sin, cos, norm, inverse (1 / norm),
      lognorm (log of the norm) or dot.
    plus: indices of the variables, the vector's components, or the angle.
    minus: the variable, angle or vector subtracted from `plus`; for dot, the
      second vector.
  """
  kind: str
  plus: tuple[int, ...]
  minus: tuple[int, ...] = ()

  def _argument(self, columns: Sequence[Any]) -> list[Any]:
    first = [columns[i] for i in self.plus]
    if not self.minus:
      return first
    return [a - columns[j] for a, j in zip(first, self.minus)]

  def value(self, columns: Sequence[Any]) -> Any:
    """Evaluate on D columns of equal shape, NumPy or JAX arrays."""
    xp = array_namespace(columns[0])
    if self.kind == "dot":
      return sum(columns[i] * columns[j] for i, j in zip(self.plus, self.minus))
    argument = self._argument(columns)
    if self.kind in _PLAIN:
      return argument[0]
    if self.kind in _FUNCTIONS:
      return getattr(xp, self.kind)(argument[0])
    square = sum(a * a for a in argument)
    if self.kind == "lognorm":
      return xp.log(square) / 2
    return xp.sqrt(square) if self.kind == "norm" else 1 / xp.sqrt(square)

  def gradient(self, columns: Sequence[Any]) -> dict[int, Any]:
    """Return derivatives by variable index, each of the columns' shape."""
    xp = array_namespace(columns[0])
    if self.kind == "dot":
      slopes: dict[int, Any] = {}
      for i, j in zip(self.plus, self.minus):
        slopes[i] = slopes.get(i, 0) + columns[j]
        slopes[j] = slopes.get(j, 0) + columns[i]
      return slopes
    argument = self._argument(columns)
    if self.kind in ("norm", "inverse", "lognorm"):
      square = sum(a * a for a in argument)
      factor = {
          "norm": lambda: 1 / xp.sqrt(square),
          "inverse": lambda: -1 / xp.sqrt(square)**3,
          "lognorm": lambda: 1 / square
      }[self.kind]()
      outer = [factor * a for a in argument]
    else:
      rules: dict[str, Callable[[Any], Any]] = {
          "var": xp.ones_like,
          "difference": xp.ones_like,
          "log": lambda a: 1 / a,
          "exp": xp.exp,
          "abs": xp.sign,
          "sin": xp.cos,
          "cos": lambda a: -xp.sin(a)
      }
      outer = [rules[self.kind](argument[0])]
    slopes = dict(zip(self.plus, outer))
    for j, slope in zip(self.minus, outer):
      slopes[j] = slopes.get(j, 0) - slope
    return slopes

  def to_sympy(self, symbols: Sequence[sympy.Symbol]) -> sympy.Expr:
    """Return the atom in SymPy, with one symbol for each column."""
    if self.kind == "dot":
      return sympy.Add(
          *(symbols[i] * symbols[j] for i, j in zip(self.plus, self.minus)))
    argument = self._argument(symbols)
    if self.kind in _PLAIN:
      return argument[0]
    if self.kind in _FUNCTIONS:
      name = "Abs" if self.kind == "abs" else self.kind
      return getattr(sympy, name)(argument[0])
    norm = sympy.sqrt(sympy.Add(*(a**2 for a in argument)))
    if self.kind == "lognorm":
      return sympy.log(norm)
    return norm if self.kind == "norm" else 1 / norm

  def unit(self, variables: Sequence[Variable]) -> units.Unit:
    """The physical unit; a logarithm is a pure number."""
    first = variables[self.plus[0]].unit
    if self.kind == "dot":
      return first * variables[self.minus[0]].unit
    if self.kind == "inverse":
      return first**-1
    if self.kind in _NUMBERS:
      return units.Unit()
    return units.Unit(first.exponents)

  def code(self, names: Sequence[str], module: str = "np") -> str:
    """Return a Python expression of the variables' identifiers."""
    if self.kind == "dot":
      terms = [
          f"{names[i]} * {names[j]}" if i != j else f"{names[i]}**2"
          for i, j in zip(self.plus, self.minus)
      ]
      return "(" + " + ".join(terms) + ")"
    first = [names[i] for i in self.plus]
    if self.minus:
      first = [f"{a} - {names[j]}" for a, j in zip(first, self.minus)]
    if self.kind in _PLAIN:
      return f"({first[0]})" if self.minus else first[0]
    if self.kind in _FUNCTIONS:
      return f"{module}.{self.kind}({first[0]})"
    inner = " + ".join(f"({a})**2" if self.minus else f"{a}**2" for a in first)
    root = f"{module}.sqrt({inner})"
    if self.kind == "lognorm":
      return f"{module}.log({root})"
    return root if self.kind == "norm" else f"(1 / {root})"

  def text(self, variables: Sequence[Variable]) -> str:
    """Return the text for people: `cos(q)`, `|r|`, `r.v`."""
    names = [v.name for v in variables]
    if self.kind in ("norm", "inverse", "lognorm", "dot"):
      left = vector_name([names[i] for i in self.plus])
      right = vector_name([names[i] for i in self.minus]) if self.minus else ""
      if self.kind == "dot":
        return f"|{left}|^2" if self.plus == self.minus else f"{left}.{right}"
      inner = f"|{left} - {right}|" if right else f"|{left}|"
      before = {"norm": "", "inverse": "1/", "lognorm": "log"}[self.kind]
      return before + inner
    inner = " - ".join(names[i] for i in self.plus + self.minus)
    if self.kind == "abs":
      return f"|{inner}|"
    if self.kind == "difference":
      return f"({inner})"
    return inner if self.kind == "var" else f"{self.kind}({inner})"


def vector_name(components: Sequence[str]) -> str:
  """Name a vector after its components.

  Example:
    >>> vector_name(["x", "y"]), vector_name(["vx", "vy"]), vector_name("ab")
    ('r', 'v', '(a,b)')
    >>> vector_name(["x1", "y1"])
    'r1'
  """
  if len(components) == 1:
    return components[0]
  matches = [re.match(r"^(.*?)([xyz])(\d*)$", name) for name in components]
  stems = {(m.group(1), m.group(3)) for m in matches if m}
  if all(matches) and len(stems) == 1:
    stem, number = stems.pop()
    return (stem.rstrip("_") or "r") + number
  return "(" + ",".join(components) + ")"
