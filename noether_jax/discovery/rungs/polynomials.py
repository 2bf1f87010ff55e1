"""Polynomials of a higher degree."""

from __future__ import annotations

from noether_jax.discovery.subject import column_products
from noether_jax.discovery.subject import sine_and_cosine
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term

# Degrees that keep the number of terms below about 100, by number of columns.
_DEGREES = {1: 6, 2: 6, 3: 4, 4: 4, 5: 3, 6: 3}


def polynomials(subject: Subject) -> tuple[Term, ...]:
  """Monomials of the columns that are no angle; sine and cosine of angles.

  Empty for so many columns that only the quadratic rung's terms would remain.
  """
  columns = subject.plain
  highest = subject.degree or _DEGREES.get(len(columns), 2)
  if highest < 3 and not subject.degree:
    return ()
  return subject.make([
      *column_products(columns, 1, highest),
      *sine_and_cosine(subject.angles),
  ])
