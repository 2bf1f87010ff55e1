"""Rotating bodies: inertia that depends on an angle."""

from __future__ import annotations

from noether_jax.discovery.rungs import shapes
from noether_jax.discovery.subject import column_products
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import sine_and_cosine
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term


def rotors(subject: Subject) -> tuple[Term, ...]:
  """Velocities and their products, times 1, cos or cos^2 of each angle.

  With sine, cosine and cosine squared of the angles, and the positions that
  are no angle. Empty unless there is an angle, and velocities are known.
  """
  angles, moving = subject.angles, shapes.moving(subject)
  if not angles or not moving:
    return ()
  inertia: list[Product] = [
      (), *(shapes.function("cos", i, p) for i in angles for p in (1, 2))
  ]
  return subject.make([
      *((*m, *shape)
        for m in column_products(moving, 1, 2)
        for shape in inertia),
      *sine_and_cosine(angles),
      *(shapes.function("cos", i, 2) for i in angles),
      *((variable(i),) for i in shapes.places(subject)),
  ])
