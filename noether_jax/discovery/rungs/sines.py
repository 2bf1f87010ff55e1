"""Potentials of two angles or more: products of sine and cosine."""

from __future__ import annotations

import itertools

from noether_jax.discovery.rungs import shapes
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import sine_and_cosine
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term


def sines(subject: Subject) -> tuple[Term, ...]:
  """Products of velocities; sines, cosines, and their products by two.

  Empty unless there are two angles.
  """
  angles = subject.angles
  if len(angles) < 2:
    return ()
  moving = [v for _, v in subject.velocities] or list(subject.plain)
  out: list[Product] = [(variable(v, 2),) for v in moving]
  out += [
      (variable(a), variable(b)) for a, b in itertools.combinations(moving, 2)
  ]
  out += sine_and_cosine(angles)
  out += [
      (*shapes.function("cos", i), *shapes.function("sin", i)) for i in angles
  ]
  out += [shapes.function("cos", i, 2) for i in angles]
  for i, j in itertools.combinations(angles, 2):
    out += [(*shapes.function(a, i), *shapes.function(b, j))
            for a, b in itertools.product(("cos", "sin"), repeat=2)]
  return subject.make(out)
