"""Positive columns: populations, concentrations, prices."""

from __future__ import annotations

import itertools

from noether_jax.discovery.rungs import shapes
from noether_jax.discovery.subject import column_products
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term


def reactions(subject: Subject) -> tuple[Term, ...]:
  """Products up to degree two, quotients, logarithms, x log(y)."""
  columns = shapes.places(subject)
  if set(subject.plain) <= set(subject.positive):
    # Of quantities that are all positive, none is a velocity.
    columns = subject.plain
  positive = [i for i in columns if i in subject.positive]
  if len(columns) < 2 or not positive:
    return ()
  logs = {i: shapes.function("log", i) for i in positive}
  out: list[Product] = [*column_products(columns, 1, 2), *logs.values()]
  out += [(variable(i, -1),) for i in positive]
  out += [(variable(i), variable(j, -1))
          for i, j in itertools.product(columns, positive)
          if i != j]
  out += [
      (variable(i), *logs[j]) for i, j in itertools.product(columns, positive)
  ]
  return subject.make(out)
