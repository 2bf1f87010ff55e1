"""Candidate terms of a conserved quantity, each with its physical unit."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from fractions import Fraction
import functools
from typing import Any

import sympy

from noether_jax.data.columns import Variable
from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.formula_atom import FormulaAtom
from noether_jax.symbolic import units
from noether_jax.symbolic.operations import array_namespace

Power = int | Fraction


def _number(power: Power) -> int | float:
  """A power that arrays take."""
  return power if isinstance(power, int) else float(power)


def _exponential(text: str, power: Power) -> str:
  """`exp(q)` to a power: `exp(-2*q)`."""
  if power == 1:
    return text
  inner = text.removeprefix("exp(").removesuffix(")")
  inner = f"({inner})" if " " in inner else inner
  factor = "-" if power == -1 else f"{power}*"
  return f"exp({factor}{inner})"


@dataclasses.dataclass(frozen=True)
class Term:
  """A product of powers of atoms.

  Attributes:
    factors: pairs (atom, power); a power is a whole number or a fraction, and
      not 0; a negative one divides.
    unit: its physical unit.
    text: for people.
  """
  factors: tuple[tuple[Atom | FormulaAtom, Power], ...]
  unit: units.Unit
  text: str

  @classmethod
  def make(cls, factors: Sequence[tuple[Atom | FormulaAtom, Power]],
           variables: Sequence[Variable]) -> Term:
    """Make a term; its unit and text follow from its factors."""
    unit = units.Unit()
    pieces: list[str] = []
    below: list[str] = []
    for atom, power in factors:
      unit = unit * atom.unit(variables)**power
      piece = atom.text(variables)
      if atom.kind == "exp":
        pieces.append(_exponential(piece, power))
        continue
      if isinstance(atom, FormulaAtom) and power != 1 and not atom.is_tight:
        piece = f"({atom.source})"
      if atom.kind == "inverse":
        piece, power = piece.removeprefix("1/"), -power
      if atom.kind == "dot" and power > 1:
        piece = f"({piece})" if "^" not in piece else piece[:-2]
        power *= 2 if atom.plus == atom.minus else 1
      if abs(power) == Fraction(1, 2):
        piece = f"sqrt({piece})"
      elif abs(power) != 1:
        shown = str(abs(power))
        piece += f"^({shown})" if "/" in shown else f"^{shown}"
      (pieces if power > 0 else below).append(piece)
    text = "/".join(["*".join(pieces) or "1", *below])
    return cls(tuple(factors), units.Unit(unit.exponents), text)

  @property
  def degree(self) -> Power:
    """Polynomial degree; functions count as degree 1."""
    total: Power = 0
    for atom, power in self.factors:
      size = power if power > 0 else -power
      total += 2 * size if atom.kind == "dot" else size
    return total

  @property
  def is_column(self) -> bool:
    """Whether it is a column as it is."""
    return [(atom.kind, power) for atom, power in self.factors] == [("var", 1)]

  @property
  def cost(self) -> float:
    """How complex the term is: its degree, a little for each factor.

    A division costs more than a product: m1*v1 + m2*v2, not v1/m2 + v2/m1.
    """
    divisions = sum(power < 0 for _, power in self.factors)
    return float(self.degree) + .1 * len(self.factors) + .3 * divisions

  @property
  def is_square(self) -> bool:
    """Whether this is the square of a variable or of a vector's length."""
    (atom, power), *rest = self.factors
    return not rest and (
        (atom.kind == "var" and power == 2) or
        (atom.kind == "dot" and atom.plus == atom.minus and power == 1))

  def value(self, columns: Sequence[Any]) -> Any:
    """Evaluate on D columns of equal shape, NumPy or JAX arrays."""
    powers = [a.value(columns)**_number(p) for a, p in self.factors]
    return functools.reduce(lambda a, b: a * b, powers)

  def to_sympy(self, symbols: Sequence[sympy.Symbol]) -> sympy.Expr:
    """Return the term in SymPy, with one symbol for each column."""
    return sympy.Mul(*(a.to_sympy(symbols)**p for a, p in self.factors))

  def gradient(self, columns: Sequence[Any]) -> dict[int, Any]:
    """Return derivatives by variable index (product rule)."""
    values = [a.value(columns) for a, _ in self.factors]
    total: dict[int, Any] = {}
    for n, (atom, power) in enumerate(self.factors):
      rest = _number(power) * values[n]**_number(power - 1)
      for m, (_, other) in enumerate(self.factors):
        if m != n:
          rest = rest * values[m]**_number(other)
      for index, slope in atom.gradient(columns).items():
        total[index] = total.get(index, 0) + rest * slope
    return total

  def code(self, names: Sequence[str], module: str = "np") -> str:
    """Return a Python expression of the variables' identifiers."""
    pieces = []
    for atom, power in self.factors:
      piece = atom.code(names, module)
      shown = f"({power})" if "/" in str(power) else str(power)
      pieces.append(piece if power == 1 else f"{piece}**{shown}")
    return " * ".join(pieces)


def term_values(terms: Sequence[Term], states: Any) -> Any:
  """Evaluate all terms.

  Args:
    terms: F terms.
    states: `[..., D]`, a NumPy or JAX array.

  Returns:
    `[..., F]`, an array of the same library.

  Example:
    >>> import numpy as np
    >>> v = [Variable("q"), Variable("p")]
    >>> f = [Term.make([(Atom("var", (i,)), 1)], v) for i in (0, 1)]
    >>> term_values(f, np.array([[2., 3.]])).tolist()
    [[2.0, 3.0]]
  """
  columns = [states[..., i] for i in range(states.shape[-1])]
  xp = array_namespace(states)
  return xp.stack([f.value(columns) for f in terms], axis=-1)


def gradients(terms: Sequence[Term], states: Any) -> Any:
  """Differentiate all terms by the state.

  Args:
    terms: F terms.
    states: `[..., D]`, a NumPy or JAX array.

  Returns:
    `[..., F, D]`, an array of the same library.

  Example:
    >>> import numpy as np
    >>> v = [Variable("q"), Variable("p")]
    >>> f = [Term.make([(Atom("var", (i,)), 1)], v) for i in (0, 1)]
    >>> gradients(f, np.array([[2., 3.]])).tolist()
    [[[1.0, 0.0], [0.0, 1.0]]]
  """
  xp = array_namespace(states)
  columns = [states[..., i] for i in range(states.shape[-1])]
  zero = xp.zeros_like(columns[0])
  rows = []
  for term in terms:
    slopes = term.gradient(columns)
    rows.append(
        xp.stack([slopes.get(i, zero) for i in range(len(columns))], axis=-1))
  return xp.stack(rows, axis=-2)


def without_common_factor(terms: Sequence[Term], constants: Sequence[int],
                          variables: Sequence[Variable]) -> tuple[Term, ...]:
  """Divide terms by the powers of constants that all of them have.

  Constants of a trial do not change a law: M*|v|^2 - 2 M^2/|r| is M times the
  energy, and v1/m2 + v2/m1 is the momentum over both masses.

  Args:
    terms: of one sum.
    constants: indices of the columns that are constant in each trial.
    variables: the columns.

  Returns:
    The terms, each constant with the least powers that are not negative.

  Example:
    >>> from noether_jax.data import parse_columns
    >>> columns = parse_columns("v,w,M")
    >>> v, w, mass = (Atom("var", (i,)) for i in range(3))
    >>> terms = [Term.make(factors, columns)
    ...          for factors in ([(mass, 1), (v, 2)], [(mass, 2), (w, 2)])]
    >>> [t.text for t in without_common_factor(terms, [2], columns)]
    ['v^2', 'M*w^2']
  """
  powers: list[dict[Any, Power]] = [dict(t.factors) for t in terms]
  for atom in (Atom("var", (c,)) for c in constants):
    least = min(p.get(atom, 0) for p in powers)
    for one in powers:
      one[atom] = one.get(atom, 0) - least
  return tuple(
      Term.make([f for f in one.items() if f[1]], variables) for one in powers)
