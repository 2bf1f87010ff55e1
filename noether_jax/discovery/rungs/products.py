"""Products of powers and exponentials of pure numbers."""

from __future__ import annotations

import itertools

from noether_jax.discovery.rungs import shapes
from noether_jax.discovery.subject import column_products
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term

_MOST = 3


def products(subject: Subject) -> tuple[Term, ...]:
  """Polynomials of degree two, alone and times exp(+-y).

  Only of up to three columns.
  """
  numbers = shapes.numbers(subject, subject.plain)
  if not numbers or len(subject.plain) > _MOST:
    return ()
  powers = [(variable(i, p),) for i in subject.plain for p in (1, 2)]
  waves = [shapes.function("exp", i, p) for i in numbers for p in (1, -1)]
  return subject.make([
      *column_products(subject.plain, 1, 2), *waves,
      *((*a, *b) for a, b in itertools.product(powers, waves))
  ])
