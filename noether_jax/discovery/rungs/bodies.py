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

# Functions of the distance of two bodies, and of a body from the origin.
_BETWEEN = (("inverse", 1), ("inverse", 2), ("norm", 1), ("norm", 2),
            ("norm", 3), ("norm", 4), ("lognorm", 1))
_FROM_ORIGIN = (("inverse", 1), ("norm", 1), ("norm", 2), ("lognorm", 1))


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
  out += distances(subject, places)
  return subject.make(out)


def moving_bodies(
    subject: Subject) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
  """Return the vectors of positions, each with that of its velocity.

  Vectors are paired by what the data say of their components, else as they
  follow each other: r1, v1, r2, v2.
  """
  vectors, pairs = subject.vectors, dict(subject.velocities)
  found = [(v, tuple(pairs.get(i, -1) for i in v)) for v in vectors]
  found = [(v, w) for v, w in found if w in vectors]
  if not found and not pairs and len(vectors) % 2 == 0:
    found = list(zip(vectors[::2], vectors[1::2]))
  return [(v, w) for v, w in found if len(v) == len(w)]


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


def distances(subject: Subject,
              places: Sequence[tuple[int, ...]]) -> list[Product]:
  """Functions of the distances of bodies, and from the origin."""
  out: list[Product] = [
      ((Atom(kind, p), power),) for p in places for kind, power in _FROM_ORIGIN
  ]
  for first, second in itertools.combinations(places, 2):
    if len({subject.variables[i].unit for i in (*first, *second)}) == 1:
      out += [((Atom(kind, first, second), power),) for kind, power in _BETWEEN]
  return out
