"""Third integrals of bodies on a line (Toda, Calogero)."""

from __future__ import annotations

from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.rungs import shapes
from noether_jax.discovery.rungs.exponentials import differences
from noether_jax.discovery.subject import column_products
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term


def lattice(subject: Subject) -> tuple[Term, ...]:
  """Cubes of velocities; velocities times functions of differences."""
  lengths, between = shapes.on_a_line(subject)
  if len(lengths) < 3 or not between:
    return ()
  moving = [v for i, v in subject.velocities if i in lengths]
  functions: list[Product] = differences(subject)
  functions += [((Atom("inverse", (i,), (j,)), 2),) for i, j in between]
  return subject.make([
      *column_products(moving, 3, 3),
      *((variable(v), *product) for v in moving for product in functions),
  ])
