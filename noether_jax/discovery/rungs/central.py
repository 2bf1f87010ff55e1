"""What does not change when vectors are turned: central forces."""

from __future__ import annotations

from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term


def central(subject: Subject) -> tuple[Term, ...]:
  """Dot products of vectors; 1/r, log(r), r^4 of each position."""
  products: list[Product] = []
  for n, vector in enumerate(subject.vectors):
    products += [((Atom("dot", vector, other), 1),)
                 for other in subject.vectors[n:]
                 if len(other) == len(vector)]
  for place in _places(subject):
    products += [((Atom("inverse", place), 1),), ((Atom("lognorm", place), 1),),
                 ((Atom("dot", place, place), 2),)]
  return subject.make(products)


def radial(subject: Subject) -> tuple[Term, ...]:
  """Squares of vectors, and further powers of the length of a position."""
  products: list[Product] = [
      ((Atom("dot", vector, vector), 1),) for vector in subject.vectors
  ]
  for place in _places(subject):
    products += [((Atom("norm", place), power),) for power in (1, 3)]
    products += [((Atom("inverse", place), power),) for power in (1, 2, 3)]
  return subject.make(products)


def _places(subject: Subject) -> list[tuple[int, ...]]:
  moving = {v for _, v in subject.velocities}
  return [v for v in subject.vectors if not moving & set(v)]
