"""Squares and products: energies of springs, angular momenta, pendulums."""

from __future__ import annotations

from noether_jax.discovery.subject import monomials
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import waves
from noether_jax.discovery.terms import Term


def quadratic(subject: Subject) -> tuple[Term, ...]:
  """Polynomials of degree two; sine and cosine of angles."""
  return subject.make([
      *monomials(subject.plain, 1, 2),
      *waves(subject.angles),
  ])
