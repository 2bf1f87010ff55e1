"""Powers and logarithms of single columns: potentials, rates."""

from __future__ import annotations

from noether_jax.discovery.rungs import shapes
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term


def functions(subject: Subject) -> tuple[Term, ...]:
  """Squares of velocities; x, x^2, |x|, and 1/x, 1/x^2, log(x) if x > 0.

  Where a column hardly changes its sign, |x| is left out: |x| - x would be 0.
  """
  columns = shapes.places(subject)
  if not columns:
    return ()
  out: list[Product] = [*shapes.squares(subject)]
  for i in columns:
    out += [(variable(i),), (variable(i, 2),)]
    if i in subject.positive:
      out += [(variable(i, -1),), (variable(i, -2),), shapes.function("log", i)]
    elif i not in subject.one_sided:
      out.append(shapes.function("abs", i))
  return subject.make(out)
