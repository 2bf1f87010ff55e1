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


@dataclasses.dataclass(frozen=True)
class Atom:
  """A factor of a term: a variable, or a function of variables.

  Attributes:
    kind: var, log, sin, cos, norm, inverse (1 / norm) or dot.
    plus: indices of the variables, the vector's components, or the angle.
    minus: the angle or vector subtracted from `plus`; for dot, the second
      vector.
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
    if self.kind == "var":
      return argument[0]
    if self.kind in ("sin", "cos", "log"):
      return getattr(xp, self.kind)(argument[0])
    square = sum(a * a for a in argument)
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
    if self.kind in ("norm", "inverse"):
      norm = xp.sqrt(sum(a * a for a in argument))
      factor = 1 / norm if self.kind == "norm" else -1 / norm**3
      outer = [factor * a for a in argument]
    else:
      rules: dict[str, Callable[[Any], Any]] = {
          "var": xp.ones_like,
          "log": lambda a: 1 / a,
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
    if self.kind == "var":
      return argument[0]
    if self.kind in ("sin", "cos", "log"):
      return getattr(sympy, self.kind)(argument[0])
    norm = sympy.sqrt(sympy.Add(*(a**2 for a in argument)))
    return norm if self.kind == "norm" else 1 / norm

  def unit(self, variables: Sequence[Variable]) -> units.Unit:
    """The physical unit; a logarithm is a pure number."""
    first = variables[self.plus[0]].unit
    if self.kind == "dot":
      return first * variables[self.minus[0]].unit
    if self.kind == "inverse":
      return first**-1
    if self.kind in ("sin", "cos", "log"):
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
    if self.kind == "var":
      return first[0]
    if self.kind in ("sin", "cos", "log"):
      return f"{module}.{self.kind}({first[0]})"
    inner = " + ".join(f"({a})**2" if self.minus else f"{a}**2" for a in first)
    root = f"{module}.sqrt({inner})"
    return root if self.kind == "norm" else f"(1 / {root})"

  def text(self, variables: Sequence[Variable]) -> str:
    """Return the text for people: `cos(q)`, `|r|`, `r.v`."""
    names = [v.name for v in variables]
    if self.kind in ("norm", "inverse", "dot"):
      left = vector_name([names[i] for i in self.plus])
      right = vector_name([names[i] for i in self.minus]) if self.minus else ""
      if self.kind == "dot":
        return f"|{left}|^2" if self.plus == self.minus else f"{left}.{right}"
      inner = f"|{left} - {right}|" if right else f"|{left}|"
      return inner if self.kind == "norm" else f"1/{inner}"
    inner = " - ".join(names[i] for i in self.plus + self.minus)
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
