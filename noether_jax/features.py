"""Candidate terms of a conserved quantity, each with its physical unit."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import functools
import itertools
import keyword
import re
from typing import Any

import numpy as np

from noether_jax.symbolic import units

_VELOCITY = re.compile(r"^(v|p|d|mom)|dot$")
_MAX_FEATURES = 150


@dataclasses.dataclass(frozen=True)
class Variable:
  """One column of the state.

  Attributes:
    name: as in the data.
    unit: its unit; a variable in `rad` enters only through sine and cosine.
  """
  name: str
  unit: units.Unit = units.Unit()

  @property
  def identifier(self) -> str:
    """The name as a valid Python identifier."""
    plain = re.sub(r"\W", "_", self.name) or "_"
    if plain[0].isdigit() or keyword.iskeyword(plain):
      plain = f"v_{plain}"
    return plain


@dataclasses.dataclass(frozen=True)
class Atom:
  """A factor of a term: a variable, or an elementary function of some.

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

  def value(self, columns: Sequence[Any], xp: Any) -> Any:
    """Evaluates on columns of equal shape; `xp` is numpy or jax.numpy."""
    if self.kind == "dot":
      return sum(columns[i] * columns[j] for i, j in zip(self.plus, self.minus))
    argument = self._argument(columns)
    if self.kind == "var":
      return argument[0]
    if self.kind in ("sin", "cos", "log"):
      return getattr(xp, self.kind)(argument[0])
    square = sum(a * a for a in argument)
    return xp.sqrt(square) if self.kind == "norm" else 1 / xp.sqrt(square)

  def gradient(self, columns: Sequence[np.ndarray]) -> dict[int, np.ndarray]:
    """Derivatives by variable index, each of the columns' shape."""
    if self.kind == "dot":
      slopes: dict[int, np.ndarray] = {}
      for i, j in zip(self.plus, self.minus):
        slopes[i] = slopes.get(i, 0) + columns[j]
        slopes[j] = slopes.get(j, 0) + columns[i]
      return slopes
    argument = self._argument(columns)
    if self.kind in ("norm", "inverse"):
      norm = np.sqrt(sum(a * a for a in argument))
      factor = 1 / norm if self.kind == "norm" else -1 / norm**3
      outer = [factor * a for a in argument]
    else:
      outer = [{
          "var": np.ones_like,
          "log": lambda a: 1 / a,
          "sin": np.cos,
          "cos": lambda a: -np.sin(a)
      }[self.kind](argument[0])]
    slopes = dict(zip(self.plus, outer))
    for j, slope in zip(self.minus, outer):
      slopes[j] = slopes.get(j, 0) - slope
    return slopes

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
    """A Python expression over the variables' identifiers."""
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
    """For people: `cos(q)`, `|r|`, `r.v`."""
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
  """Names a vector after its components.

  Example:
    >>> vector_name(["x", "y"]), vector_name(["vx", "vy"]), vector_name("ab")
    ('r', 'v', '(a,b)')
    >>> vector_name(["x1", "y1"])
    'r1'
  """
  matches = [re.match(r"^(.*?)([xyz])(\d*)$", name) for name in components]
  stems = {(m.group(1), m.group(3)) for m in matches if m}
  if all(matches) and len(stems) == 1:
    stem, number = stems.pop()
    return (stem.rstrip("_") or "r") + number
  return "(" + ",".join(components) + ")"


@dataclasses.dataclass(frozen=True)
class Feature:
  """A product of powers of atoms.

  Attributes:
    factors: pairs (atom, power), powers at least 1.
    unit: its physical unit.
    text: for people.
  """
  factors: tuple[tuple[Atom, int], ...]
  unit: units.Unit
  text: str

  @classmethod
  def make(cls, factors: Sequence[tuple[Atom, int]],
           variables: Sequence[Variable]) -> Feature:
    """Derives unit and text."""
    unit = units.Unit()
    pieces = []
    for atom, power in factors:
      unit = unit * atom.unit(variables)**power
      piece = atom.text(variables)
      if atom.kind == "dot" and power > 1:
        piece = f"({piece})" if "^" not in piece else piece[:-2]
        power *= 2 if atom.plus == atom.minus else 1
      pieces.append(piece if power == 1 else f"{piece}^{power}")
    return cls(tuple(factors), units.Unit(unit.exponents), "*".join(pieces))

  @property
  def degree(self) -> int:
    """Polynomial degree; functions count as degree 1."""
    return sum(p * (2 if a.kind == "dot" else 1) for a, p in self.factors)

  @property
  def is_square(self) -> bool:
    """Whether this is the square of a variable or of a vector's length."""
    (atom, power), *rest = self.factors
    return not rest and ((atom.kind == "var" and power == 2) or
                         (atom.kind == "dot" and atom.plus == atom.minus and
                          power == 1))

  def value(self, columns: Sequence[Any], xp: Any = np) -> Any:
    """Evaluates on columns of equal shape."""
    powers = [a.value(columns, xp)**p for a, p in self.factors]
    return functools.reduce(lambda a, b: a * b, powers)

  def gradient(self, columns: Sequence[np.ndarray]) -> dict[int, np.ndarray]:
    """Derivatives by variable index (product rule)."""
    values = [a.value(columns, np) for a, _ in self.factors]
    total: dict[int, np.ndarray] = {}
    for n, (atom, power) in enumerate(self.factors):
      rest = power * values[n]**(power - 1)
      for m, (_, other) in enumerate(self.factors):
        if m != n:
          rest = rest * values[m]**other
      for index, slope in atom.gradient(columns).items():
        total[index] = total.get(index, 0) + rest * slope
    return total

  def code(self, names: Sequence[str], module: str = "np") -> str:
    """A Python expression."""
    pieces = []
    for atom, power in self.factors:
      piece = atom.code(names, module)
      pieces.append(piece if power == 1 else f"{piece}**{power}")
    return " * ".join(pieces)


def evaluate(features: Sequence[Feature],
             states: Any,
             xp: Any = np) -> Any:
  """Values of all features.

  Args:
    features: F terms.
    states: `[..., D]`.
    xp: numpy or jax.numpy.

  Returns:
    `[..., F]`.

  Example:
    >>> v = [Variable("q"), Variable("p")]
    >>> evaluate(library(v, degree=1), np.array([[2., 3.]])).tolist()
    [[2.0, 3.0]]
  """
  columns = [states[..., i] for i in range(states.shape[-1])]
  return xp.stack([f.value(columns, xp) for f in features], axis=-1)


def gradients(features: Sequence[Feature], states: np.ndarray) -> np.ndarray:
  """Derivatives of all features by the state.

  Args:
    features: F terms.
    states: `[n, D]`.

  Returns:
    `[n, F, D]`.

  Example:
    >>> v = [Variable("q"), Variable("p")]
    >>> gradients(library(v, degree=1), np.array([[2., 3.]])).tolist()
    [[[1.0, 0.0], [0.0, 1.0]]]
  """
  columns = list(states.T)
  out = np.zeros((states.shape[0], len(features), states.shape[1]))
  for n, feature in enumerate(features):
    for index, slope in feature.gradient(columns).items():
      out[:, n, index] = slope
  return out


def default_degree(variables: Sequence[Variable]) -> int:
  """Highest polynomial degree that keeps the library small.

  Example:
    >>> default_degree([Variable("q"), Variable("p")])
    4
  """
  if any(v.unit.is_angle for v in variables):
    return 2
  return {1: 4, 2: 4, 3: 3, 4: 3}.get(len(variables), 2)


def find_vectors(variables: Sequence[Variable]) -> tuple[tuple[int, ...], ...]:
  """Recognises vectors: components x, y (, z) with vx, vy or px, py (, z).

  The components of each must have equal units. A trailing number makes several
  bodies: x1, y1, vx1, vy1. A vector alone is not taken for one: any two
  coordinates may be called x and y.

  Example:
    >>> find_vectors([Variable(n) for n in ("x", "y", "vx", "vy")])
    ((0, 1), (2, 3))
  """
  where = {v.name: i for i, v in enumerate(variables)}
  found: list[tuple[int, ...]] = []
  for suffix in sorted({re.sub(r"^\D+", "", v.name) for v in variables}):
    for rate, axes in itertools.product("vp", ("xyz", "xy")):
      pair = [[f"{s}{a}{suffix}" for a in axes] for s in ("", rate)]
      if not all(name in where for names in pair for name in names):
        continue
      groups = [tuple(where[name] for name in names) for names in pair]
      if all(len({variables[i].unit for i in g}) == 1 for g in groups):
        found += groups
      break
  return tuple(found)


def _monomials(plain: Sequence[int], degree: int) -> list[list]:
  """Exponent lists [(atom, power)] of degree 1 to `degree`."""
  out = []
  for total in range(1, degree + 1):
    for chosen in itertools.combinations_with_replacement(plain, total):
      out.append([(Atom("var", (i,)), chosen.count(i))
                  for i in sorted(set(chosen), key=chosen.index)])
  return out


def _vector_terms(variables: Sequence[Variable],
                  vectors: Sequence[tuple[int, ...]]) -> list[list]:
  """Rotational invariants: dot products, distances and their inverses."""
  out: list[list] = []
  places = []
  for n, vector in enumerate(vectors):
    names = [variables[i].name for i in vector]
    out += [[(Atom("dot", vector, other), 1)]
            for other in vectors[n:]
            if len(other) == len(vector)]
    if not all(_VELOCITY.search(name) for name in names):
      places.append(vector)
      out += [[(Atom(kind, vector), 1)] for kind in ("inverse", "norm")]
      out.append([(Atom("dot", vector, vector), 2)])
  for first, second in itertools.combinations(places, 2):
    if variables[first[0]].unit == variables[second[0]].unit:
      out.append([(Atom("inverse", first, second), 1)])
  return out


def _trigonometric(angles: Sequence[int], plain: Sequence[int]) -> list[list]:
  """Sines and cosines of angles and differences, times velocities."""
  arguments: list[tuple] = [((i,), ()) for i in angles]
  arguments += [((i,), (j,)) for i, j in itertools.combinations(angles, 2)]
  atoms = [Atom(k, *a) for a in arguments for k in ("cos", "sin")]
  return [[*monomial, (atom, 1)]
          for monomial in [[], *_monomials(plain, 2)]
          for atom in atoms]


def library(variables: Sequence[Variable],
            *,
            degree: int | None = None,
            vectors: Sequence[tuple[int, ...]] | None = None,
            positive: Sequence[int] = ()) -> tuple[Feature, ...]:
  """All candidate terms, simple ones first.

  Polynomials of the plain variables; sine and cosine of angles and of their
  differences, alone and times up to two velocities; invariants of vectors (dot
  products, distance, inverse distance); logarithms. The span has no duplicate:
  of a vector's squared components the last is left out, since the dot product
  has it.

  Args:
    variables: the D columns.
    degree: highest degree of the polynomials; `default_degree` if None.
    vectors: components' indices of each vector; `find_vectors` if None.
    positive: indices of variables whose logarithm is a term.

  Returns:
    F features without the constant.

  Raises:
    ValueError: if `degree` is below 1, or the library would be too large.

  Example:
    >>> v = [Variable("q", units.Unit.parse("rad")), Variable("p")]
    >>> [f.text for f in library(v, degree=2)][:5]
    ['p', 'cos(q)', 'sin(q)', 'p^2', 'p*cos(q)']
  """
  degree = default_degree(variables) if degree is None else degree
  if degree < 1:
    raise ValueError(f"The degree must be at least 1: got {degree}.")
  vectors = find_vectors(variables) if vectors is None else vectors
  angles = [i for i, v in enumerate(variables) if v.unit.is_angle]
  plain = [i for i in range(len(variables)) if i not in angles]
  dots = _vector_terms(variables, vectors)
  terms = [*dots, *_monomials(plain, degree)]
  if angles:
    terms += _trigonometric(angles, plain)
  terms += [[(Atom("log", (i,)), 1)] for i in positive]
  covered = _covered(dots)
  made = [Feature.make(t, variables) for t in terms]
  made = [f for f in made if f.factors not in covered]
  if len(made) > _MAX_FEATURES:
    raise ValueError(
        f"{len(variables)} columns up to degree {degree} make {len(made)} "
        f"terms, more than {_MAX_FEATURES}: choose fewer --columns or a lower "
        "--degree.")
  return tuple(sorted(made, key=lambda f: f.degree))


def _covered(dots: list[list]) -> set:
  """The monomials that are combinations of dot products and the others."""
  out = set()
  for (atom, power), in dots:
    if atom.kind == "dot" and power == 1:
      i, j = atom.plus[-1], atom.minus[-1]
      one, two = Atom("var", (i,)), Atom("var", (j,))
      out.add(((one, 2),) if i == j else ((one, 1), (two, 1)))
      out.add(((one, 2),) if i == j else ((two, 1), (one, 1)))
  return out
