"""Sums of columns: mass, momentum, number."""

from __future__ import annotations

from noether_jax.discovery.subject import monomials
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term


def linear(subject: Subject) -> tuple[Term, ...]:
  """Each column that is no angle."""
  return subject.make(monomials(subject.plain, 1, 1))
