"""Squares and products: energies of springs, angular momenta, pendulums."""

from __future__ import annotations

from noether_jax.discovery.subject import column_products
from noether_jax.discovery.subject import sine_and_cosine
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term


def quadratic(subject: Subject) -> tuple[Term, ...]:
  """Polynomials of degree two; sine and cosine of angles."""
  return subject.make([
      *column_products(subject.plain, 1, 2),
      *sine_and_cosine(subject.angles),
  ])
