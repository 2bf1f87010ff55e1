"""The vector that points to the perihelion (Laplace, Runge, Lenz)."""

from __future__ import annotations

from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.rungs.bodies import moving_bodies
from noether_jax.discovery.subject import Factor
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term

Indices = tuple[int, ...]


def lenz(subject: Subject) -> tuple[Term, ...]:
  """The components of v x (r x v), and of r/|r|.

  For each body, and for the one of two bodies as seen from the other one.
  """
  bodies = moving_bodies(subject)
  out: list[Product] = []
  for place, velocity in bodies:
    out += _vector(place, velocity, (), ())
  if len(bodies) == 2:
    (r1, v1), (r2, v2) = bodies
    if len(r1) == len(r2) and all(
        subject.variables[i].unit == subject.variables[j].unit
        for i, j in zip(r1 + v1, r2 + v2)):
      out += _vector(r1, v1, r2, v2)
  return subject.make(out)


def _vector(place: Indices, velocity: Indices, from_place: Indices,
            from_velocity: Indices) -> list[Product]:
  """Terms of all components, of differences if there are two bodies."""

  def part(vector: Indices, minus: Indices, axis: int) -> Atom:
    if minus:
      return Atom("difference", vector[axis:axis + 1], minus[axis:axis + 1])
    return Atom("var", vector[axis:axis + 1])

  def r(axis: int) -> Factor:
    return part(place, from_place, axis), 1

  def v(axis: int, power: int = 1) -> Factor:
    return part(velocity, from_velocity, axis), power

  out: list[Product] = []
  for i in range(len(place)):
    out.append((r(i), (Atom("inverse", place, from_place), 1)))
    for j in range(len(place)):
      if i != j:
        out += [(r(i), v(j, 2)), (r(j), v(i), v(j))]
  return out
