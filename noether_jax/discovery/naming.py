"""What a physicist calls a law, where units and structure leave no doubt."""

from __future__ import annotations

from collections.abc import Sequence
import re

import numpy as np

from noether_jax.data.columns import Variable
from noether_jax.discovery.formula_atom import FormulaAtom
from noether_jax.discovery.terms import Atom
from noether_jax.discovery.terms import Power
from noether_jax.discovery.terms import Term
from noether_jax.symbolic import units

_COMPONENT = re.compile(r"(v|p)?([xyz])(\d*)")
# A coefficient is another one's negative if it agrees within this many standard
# deviations, or within this part of it.
_SIGMAS = 3.
_PART = 1e-4


def law_name(variables: Sequence[Variable], terms: Sequence[Term],
             coefficients: np.ndarray, uncertainties: np.ndarray) -> str | None:
  """Name a sum of terms: energy, angular momentum about z, momentum along x.

  An energy is a positive square of every velocity plus functions of the
  positions. Columns are velocities if their unit is that of a position over a
  time, or if they are components vx, vy (or px, py) beside x, y.

  Args:
    variables: the D columns.
    terms: k terms.
    coefficients: `[k]`.
    uncertainties: `[k]` standard deviations.

  Returns:
    The name; None if it is not certain.

  Example:
    >>> from noether_jax.data import parse_columns
    >>> from noether_jax.discovery import rungs, Subject
    >>> columns = parse_columns("q:rad,p:1/s")
    >>> terms = {t.text: t for t in rungs.quadratic(Subject(columns))}
    >>> law_name(columns, (terms["p^2"], terms["cos(q)"]),
    ...          np.array([1., -3.]), np.zeros(2))
    'energy'
  """
  if not terms:
    return None
  coefficients = np.asarray(coefficients) * np.sign(coefficients[0])
  moving = velocities(variables)
  bodies = _bodies(variables)
  if moving and _is_energy(terms, coefficients, uncertainties, moving, bodies):
    return "energy"
  axis = _momentum_axis(terms, coefficients, bodies)
  if axis:
    return f"momentum along {axis}"
  axis = _rotation_axis(terms, coefficients, uncertainties, bodies)
  return f"angular momentum about {axis}" if axis else None


def _bodies(variables: Sequence[Variable]) -> dict[tuple[str, str, str], int]:
  """Columns by (kind, axis, body): x1 is ("", "x", "1"), vx1 ("v", ...).

  Empty unless every body has as many positions as velocities, two or more,
  and each of them one unit.
  """
  found: dict[tuple[str, str, str], int] = {}
  for i, variable in enumerate(variables):
    match = _COMPONENT.fullmatch(variable.name)
    if match:
      found[(match[1] or "", match[2], match[3])] = i
  groups: dict[str, dict[str, set[str]]] = {}
  for kind, axis, body in found:
    groups.setdefault(body, {}).setdefault(kind, set()).add(axis)
  for body, kinds in groups.items():
    axes = kinds.get("", set())
    if len(kinds) != 2 or len(axes) < 2 or set(kinds) == {"v", "p"}:
      return {}
    for kind, same in kinds.items():
      if same != axes or len(
          {variables[found[(kind, a, body)]].unit for a in axes}) > 1:
        return {}
  return found


def velocities(variables: Sequence[Variable]) -> dict[int, set[int]]:
  """The positions that each velocity can belong to; {} if any is in doubt."""
  by_unit: dict[int, set[int]] = {}
  for i, velocity in enumerate(variables):
    for j, place in enumerate(variables):
      if i != j and units.is_time(str(place.unit / velocity.unit)):
        by_unit.setdefault(i, set()).add(j)
  if not by_unit:
    bodies = _bodies(variables)
    by_unit = {
        i: {bodies["", axis, body]}
        for (kind, axis, body), i in bodies.items()
        if kind
    }
  places = set().union(*by_unit.values()) if by_unit else set()
  # An acceleration makes a velocity a position of its own.
  if places & set(by_unit) or len(places) != len(by_unit):
    return {}
  return by_unit if places | set(by_unit) == set(range(len(variables))) else {}


def _columns(atom: Atom | FormulaAtom) -> set[int]:
  return set(atom.plus) | set(atom.minus)


def _is_energy(terms: Sequence[Term], coefficients: np.ndarray,
               uncertainties: np.ndarray, velocities: dict[int, set[int]],
               bodies: dict[tuple[str, str, str], int]) -> bool:
  """Whether the terms are a kinetic and a potential energy."""
  squares: dict[int, tuple[float, float]] = {}
  potential = False
  for term, c, u in zip(terms, coefficients, uncertainties):
    order: Power = 0
    for atom, power in term.factors:
      moving = _columns(atom) & set(velocities)
      if moving and (atom.kind not in ("var", "dot") or
                     moving != _columns(atom)):
        return False
      order += power * (2 if atom.kind == "dot" else 1) if moving else 0
    if order not in (0, 2):
      return False
    potential |= not order
    if term.is_square and order:
      (atom, _), = term.factors
      for i in _columns(atom):
        before = squares.get(i, (0., 0.))
        squares[i] = (before[0] + c, before[1] + u)
  if not potential or set(squares) != set(velocities):
    return False
  if any(c <= 0 for c, _ in squares.values()):
    return False
  return _is_isotropic(squares, bodies)


def _is_isotropic(squares: dict[int, tuple[float, float]],
                  bodies: dict[tuple[str, str, str], int]) -> bool:
  """Whether each body has one mass, whatever the direction."""
  by_body: dict[str, list[int]] = {}
  for (kind, _, body), i in bodies.items():
    if kind:
      by_body.setdefault(body, []).append(i)
  return all(
      _agree(*squares[first], *squares[i])
      for first, *rest in by_body.values()
      for i in rest)


def _agree(a: float, spread_a: float, b: float, spread_b: float) -> bool:
  near = _SIGMAS * np.hypot(spread_a, spread_b) + _PART * abs(a)
  return bool(abs(a - b) <= near)


def _momentum_axis(terms: Sequence[Term], coefficients: np.ndarray,
                   bodies: dict[tuple[str, str, str], int]) -> str | None:
  """The axis of a positive sum of all bodies' velocities along it."""
  if any(c <= 0 for c in coefficients):
    return None
  moving = {i: key for key, i in bodies.items() if key[0]}
  axes, seen = set(), set()
  for term in terms:
    (atom, power), *rest = term.factors
    if rest or power != 1 or atom.kind != "var" or atom.plus[0] not in moving:
      return None
    _, axis, body = moving[atom.plus[0]]
    axes.add(axis)
    seen.add(body)
  everybody = {body for _, _, body in bodies}
  return axes.pop() if len(axes) == 1 and seen == everybody else None


def _rotation_axis(terms: Sequence[Term], coefficients: np.ndarray,
                   uncertainties: np.ndarray, bodies: dict[tuple[str, str, str],
                                                           int]) -> str | None:
  """The axis of a sum over all bodies of x*vy - y*vx."""
  keys = {i: key for key, i in bodies.items()}
  found: dict[str, dict[tuple[str, str], tuple[float, float]]] = {}
  for term, c, u in zip(terms, coefficients, uncertainties):
    factors = [(a.kind, a.plus, p) for a, p in term.factors]
    if len(factors) != 2 or any(kind != "var" or p != 1 or plus[0] not in keys
                                for kind, plus, p in factors):
      return None
    place, velocity = sorted((keys[plus[0]] for _, plus, _ in factors),
                             key=lambda key: key[0])
    if place[0] or not velocity[0] or place[2] != velocity[2] or place[
        1] == velocity[1]:
      return None
    found.setdefault(place[2], {})[place[1], velocity[1]] = (float(c), float(u))
  if set(found) != {body for _, _, body in bodies}:
    return None
  planes, senses = set(), set()
  for pair in found.values():
    if len(pair) != 2:
      return None
    (first, (a, sa)), (second, (b, sb)) = sorted(pair.items())
    if second != first[::-1] or not _agree(a, sa, -b, sb):
      return None
    planes.add(first)
    senses.add(a > 0)
  if len(planes) != 1 or len(senses) != 1:
    return None
  (axis,) = set("xyz") - set(planes.pop())
  return axis
