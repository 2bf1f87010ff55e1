"""What does not change when vectors are turned: central forces."""

from __future__ import annotations

from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term


def central(subject: Subject) -> tuple[Term, ...]:
  """Dot products of vectors, and functions of the length of a position."""
  moving = {v for _, v in subject.velocities}
  products: list[Product] = []
  for n, vector in enumerate(subject.vectors):
    products += [((Atom("dot", vector, other), 1),)
                 for other in subject.vectors[n:]
                 if len(other) == len(vector)]
    if not moving & set(vector):
      products += [((Atom("inverse", vector), power),) for power in (1, 2)]
      products += [((Atom("norm", vector), power),) for power in (1, 3)]
      products.append(((Atom("lognorm", vector), 1),))
      products.append(((Atom("dot", vector, vector), 2),))
  return subject.make(products)
