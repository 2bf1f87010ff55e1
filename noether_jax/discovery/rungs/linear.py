"""Sums of columns: mass, momentum, number."""

from __future__ import annotations

from noether_jax.discovery.subject import column_products
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term


def linear(subject: Subject) -> tuple[Term, ...]:
  """Each column that is no angle."""
  return subject.make(column_products(subject.plain, 1, 1))
