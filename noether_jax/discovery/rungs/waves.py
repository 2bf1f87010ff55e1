"""Sine and cosine of pure numbers that no unit calls an angle."""

from __future__ import annotations

from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.rungs import shapes
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term


def waves(subject: Subject) -> tuple[Term, ...]:
  """Squares of velocities; x, x^2, cos(x), sin(x), cos(x)^2, cos(x - y)."""
  columns = shapes.numbers(subject, shapes.places(subject))
  if not columns:
    return ()
  out: list[Product] = [*shapes.squares(subject)]
  for i in columns:
    out += [(variable(i),), (variable(i, 2),),
            shapes.function("cos", i),
            shapes.function("sin", i),
            shapes.function("cos", i, 2)]
  out += [((Atom("cos", (i,), (j,)), 1),)
          for i, j in shapes.alike(subject, columns)]
  return subject.make(out)
