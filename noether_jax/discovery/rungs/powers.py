"""Powers that are fractions, of positive columns: gases, roots."""

from __future__ import annotations

from fractions import Fraction

from noether_jax.discovery.rungs import shapes
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term

_MOST = 2
_POWERS = tuple(
    Fraction(text) for text in ("-2/3", "-1/2", "-2/5", "1/2", "2/3", "3/2"))


def powers(subject: Subject) -> tuple[Term, ...]:
  """Squares of velocities; roots of one or two columns that stay positive.

  Roots are nearly combinations of each other, so more columns would only give
  long mixtures.
  """
  columns = [i for i in shapes.places(subject) if i in subject.positive]
  if not 0 < len(columns) <= _MOST:
    return ()
  out: list[Product] = [*shapes.squares(subject)]
  for i in columns:
    out += [(variable(i),), *((variable(i, p),) for p in _POWERS)]
  return subject.make(out)
