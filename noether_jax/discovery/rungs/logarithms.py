"""Columns and their logarithms: populations."""

from __future__ import annotations

from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.subject import column_products
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term


def logarithms(subject: Subject) -> tuple[Term, ...]:
  """Each column and, of positive ones, the logarithm."""
  positive = [i for i in subject.positive if i in subject.plain]
  if not positive:
    return ()
  return subject.make([
      *column_products(subject.plain, 1, 1),
      *(((Atom("log", (i,)), 1),) for i in positive),
  ])
