"""Vectors among the columns: by their names, or as a user gives them."""

from __future__ import annotations

from collections.abc import Sequence
import itertools
import re

from noether_jax.data.columns import Variable
from noether_jax.errors import InputError

# Names of each vector's components.
Vectors = str | Sequence[Sequence[str]]


def find_vectors(variables: Sequence[Variable]) -> tuple[tuple[int, ...], ...]:
  """Recognise vectors by name: x, y (, z) with vx, vy (, vz) or px, py (, pz).

  The components of a vector must have equal units. Trailing numbers tell bodies
  apart: x1, y1, vx1, vy1. Positions without velocities or momenta make no
  vector, because any two coordinates may be called x and y.

  Example:
    >>> find_vectors([Variable(n) for n in ("x", "y", "vx", "vy")])
    ((0, 1), (2, 3))
  """
  where = {v.name: i for i, v in enumerate(variables)}
  found: list[tuple[int, ...]] = []
  for suffix in sorted({re.sub(r"^\D+", "", v.name) for v in variables}):
    for prefix, axes in itertools.product("vp", ("xyz", "xy")):
      pair = [[f"{s}{a}{suffix}" for a in axes] for s in ("", prefix)]
      if not all(name in where for names in pair for name in names):
        continue
      groups = [tuple(where[name] for name in names) for names in pair]
      if all(len({variables[i].unit for i in g}) == 1 for g in groups):
        found += groups
      break
  return tuple(found)


def find_points(variables: Sequence[Variable]) -> tuple[tuple[int, ...], ...]:
  """Recognise points that move without a velocity: x1, y1, x2, y2 and so on.

  Example:
    >>> find_points([Variable(n) for n in ("x1", "y1", "x2", "y2")])
    ((0, 1), (2, 3))
  """
  found: dict[str, dict[str, int]] = {}
  for i, v in enumerate(variables):
    match = re.fullmatch(r"([xyz])(\d+)", v.name)
    if match:
      found.setdefault(match[2], {})[match[1]] = i
  axes = {"".join(sorted(point)) for point in found.values()}
  points = [tuple(p[a] for a in sorted(p)) for p in found.values()]
  units = {variables[i].unit for p in points for i in p}
  if len(points) < 2 or axes not in ({"xy"}, {"xyz"}) or len(units) > 1:
    return ()
  return tuple(points)


def as_vectors(vectors: Vectors,
               variables: Sequence[Variable]) -> tuple[tuple[int, ...], ...]:
  """Read vectors' components by name.

  Args:
    vectors: a sequence of tuples of names, or text such as `x,y,z;vx,vy,vz`;
      `()` or "none" for no vector.
    variables: the D columns.

  Returns:
    Indices of each vector's components.

  Raises:
    InputError: for an unknown column, fewer than two components, or units that
      differ.

  Example:
    >>> as_vectors("b,a", [Variable("a"), Variable("b")])
    ((1, 0),)
  """
  if isinstance(vectors, str):
    text = "" if vectors.strip() == "none" else vectors
    vectors = [piece.split(",") for piece in text.split(";") if text.strip()]
  names = [v.name for v in variables]
  out = []
  for vector in vectors:
    parts = [str(name).strip() for name in vector]
    shown = ",".join(parts)
    missing = [p for p in parts if p not in names]
    if missing:
      raise InputError(f"vectors: no column {missing[0]!r}; columns are "
                       f"{', '.join(names)}.")
    index = tuple(names.index(p) for p in parts)
    if len(set(index)) < 2 or len(set(index)) < len(index):
      raise InputError(f"vectors: {shown!r} needs two different columns or "
                       "more.")
    if len({variables[i].unit for i in index}) > 1:
      raise InputError(f"vectors: the components {shown} must have one unit.")
    out.append(index)
  return tuple(out)
