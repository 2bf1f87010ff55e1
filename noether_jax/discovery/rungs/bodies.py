"""Several bodies: what depends on each one's motion and on distances."""

from __future__ import annotations

from collections.abc import Sequence
import itertools

from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term
from noether_jax.discovery.vectors import find_points
from noether_jax.discovery.vectors import find_vectors

# Functions of the distance of two bodies, and of a body from the origin.
_POLES = (("inverse", 1), ("lognorm", 1))
_LIKELY = (*_POLES, ("norm", 2), ("norm", 4))
_FURTHER = (("inverse", 1), ("inverse", 2), ("norm", 1), ("norm", 2), ("norm",
                                                                       3))
_FROM_ORIGIN = (("inverse", 1), ("norm", 2))
_SPRINGS = (("norm", 2), ("norm", 4))


def attraction(subject: Subject) -> tuple[Term, ...]:
  """Kinetic energies, and the inverse of each distance between two bodies.

  Of close encounters under much noise, few terms can be told apart.
  """
  return _energy(subject, _POLES[:1])


def springs(subject: Subject) -> tuple[Term, ...]:
  """Kinetic energies, squares and fourth powers of distances of two bodies."""
  return _energy(subject, _SPRINGS)


def bodies(subject: Subject) -> tuple[Term, ...]:
  """Kinetic energies, angular momenta, and functions of all distances.

  Empty unless there are two bodies or more: vectors with their velocities, or
  points such as x1, y1, x2, y2.
  """
  moving, places = moving_bodies(subject), several(subject)
  if not places:
    return ()
  out: list[Product] = []
  for place, velocity in moving:
    out.append(((Atom("dot", velocity, velocity), 1),))
    out += [(variable(place[i]), variable(velocity[j]))
            for i, j in itertools.permutations(range(len(place)), 2)]
  # Squares of the distances of points are in the quadratic rung, too.
  out += _distances(subject, places, _LIKELY if moving else _POLES)
  return subject.make(out)


def moving_bodies(
    subject: Subject) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
  """Return the vectors of positions, each with that of its velocity.

  Vectors with names such as x1, y1, vx1, vy1 follow each other in this way;
  others are paired by what the data say of their components.
  """
  vectors, pairs = subject.vectors, dict(subject.velocities)
  if vectors == find_vectors(subject.variables):
    return list(zip(vectors[::2], vectors[1::2]))
  found = [(v, tuple(pairs.get(i, -1) for i in v)) for v in vectors]
  return [(v, w) for v, w in found if w in vectors]


def several(subject: Subject) -> list[tuple[int, ...]]:
  """Return the positions of two bodies or more; empty for a single one."""
  places = [place for place, _ in moving_bodies(subject)]
  places = places or list(find_points(subject.variables))
  return places if len(places) > 1 and len(set(map(len, places))) == 1 else []


def moments(subject: Subject) -> tuple[Term, ...]:
  """Products of one body's position with each body's velocity, across.

  With them, the angular momentum of the centre of mass is a law.
  """
  moving = moving_bodies(subject) if several(subject) else []
  out: list[Product] = []
  for (place, _), (_, velocity) in itertools.product(moving, repeat=2):
    out += [(variable(place[i]), variable(velocity[j]))
            for i, j in itertools.permutations(range(len(place)), 2)]
  return subject.make(out)


def distances(subject: Subject) -> tuple[Term, ...]:
  """Kinetic energies, and further functions of distances."""
  places = several(subject)
  if not places:
    return ()
  return subject.make([
      *(((Atom("dot", v, v), 1),) for _, v in moving_bodies(subject)),
      *_distances(subject, places, _FURTHER)
  ])


def _energy(subject: Subject,
            functions: Sequence[tuple[str, int]]) -> tuple[Term, ...]:
  """Kinetic energies, and functions of the distances between bodies."""
  moving, places = moving_bodies(subject), several(subject)
  if not moving or not places:
    return ()
  return subject.make([
      *(((Atom("dot", v, v), 1),) for _, v in moving),
      *_between(subject, places, functions)
  ])


def _distances(subject: Subject, places: Sequence[tuple[int, ...]],
               functions: Sequence[tuple[str, int]]) -> list[Product]:
  """Functions of the distances of bodies, and from the origin."""
  out: list[Product] = [((Atom(kind, p), power),)
                        for p in places
                        for kind, power in _FROM_ORIGIN
                        if (kind, power) in functions]
  return out + _between(subject, places, functions)


def _between(subject: Subject, places: Sequence[tuple[int, ...]],
             functions: Sequence[tuple[str, int]]) -> list[Product]:
  """Functions of the distances between bodies."""
  return [((Atom(kind, first, second), power),)
          for first, second in itertools.combinations(places, 2)
          if len({subject.variables[i].unit
                  for i in (*first, *second)}) == 1
          for kind, power in functions]
