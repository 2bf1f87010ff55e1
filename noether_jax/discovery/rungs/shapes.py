"""What several rungs are made of: kinds of columns, kinetic terms."""

from __future__ import annotations

from collections.abc import Sequence
import itertools

from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.rungs.bodies import several
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.vectors import find_vectors


def places(subject: Subject) -> tuple[int, ...]:
  """Columns that are no angle, no velocity, and no part of several bodies."""
  out = {v for _, v in subject.velocities}
  if several(subject):
    out |= {i for vector in subject.vectors for i in vector}
    out |= {i for place in several(subject) for i in place}
  return tuple(i for i in subject.plain if i not in out)


def moving(subject: Subject) -> tuple[int, ...]:
  """Columns that are velocities or momenta."""
  return tuple(v for _, v in subject.velocities)


def squares(subject: Subject) -> list[Product]:
  """The square of each velocity."""
  return [(variable(v, 2),) for v in moving(subject)]


def numbers(subject: Subject, columns: Sequence[int]) -> tuple[int, ...]:
  """Those of the columns that are pure numbers, so that exp takes them."""
  return tuple(i for i in columns if subject.variables[i].unit.is_dimensionless)


def alike(subject: Subject, columns: Sequence[int]) -> list[tuple[int, int]]:
  """Pairs of columns of one unit."""
  return [(i, j)
          for i, j in itertools.combinations(columns, 2)
          if subject.variables[i].unit == subject.variables[j].unit]


def function(kind: str, column: int, power: int = 1) -> Product:
  """A function of one column as a product."""
  return ((Atom(kind, (column,)), power),)


def on_a_line(subject: Subject) -> tuple[list[int], list[tuple[int, int]]]:
  """Return positions with a velocity, and those pairs that have one unit.

  Both are empty where names say that positions are parts of vectors.
  """
  if find_vectors(subject.variables):
    return [], []
  lengths = [i for i, _ in subject.velocities if i in subject.plain]
  return lengths, alike(subject, lengths)
