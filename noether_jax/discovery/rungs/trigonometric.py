"""Angles with velocities: pendulums with joints, rolling bodies."""

from __future__ import annotations

import itertools

from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.subject import column_products
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term


def trigonometric(subject: Subject) -> tuple[Term, ...]:
  """Sine, cosine and their products, alone and times up to two columns."""
  angles = subject.angles
  if not angles:
    return ()
  single = [(i,) for i in angles]
  atoms = [Atom(kind, i) for i in single for kind in ("cos", "sin")]
  turns = [
      Atom(kind, (i,), (j,))
      for i, j in itertools.combinations(angles, 2)
      for kind in ("cos", "sin")
  ]
  shapes: list[Product] = [((atom, 1),) for atom in (*atoms, *turns)]
  # The square of a sine is 1 minus that of the cosine.
  shapes += [((Atom("cos", i), 2),) for i in single]
  shapes += [((Atom("cos", i), 1), (Atom("sin", i), 1)) for i in single]
  plain = column_products(subject.plain, 1, 2)
  return subject.make([
      *plain,
      *shapes,
      *((*m, *shape) for m in plain for shape in shapes),
  ])
