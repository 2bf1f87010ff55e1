"""Kinetic energy plus a potential, and momenta linear in velocities."""

from __future__ import annotations

from collections.abc import Sequence
import itertools

from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.subject import column_products
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import sine_and_cosine
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term


def mechanics(subject: Subject) -> tuple[Term, ...]:
  """Kinetic forms, potentials of positions, and linear momenta.

  Empty unless columns are known to be velocities.
  """
  if not subject.velocities:
    return ()
  places = [i for i, _ in subject.velocities]
  lengths = [i for i in places if i in subject.plain]
  angles = [i for i in places if i in subject.angles]
  turns = [((Atom(kind, (i,), (j,)), 1),)
           for i, j in itertools.combinations(angles, 2)
           for kind in ("cos", "sin")]
  return subject.make([
      *_kinetic(subject, angles),
      *_momenta(subject, lengths),
      *_potential(lengths),
      *sine_and_cosine(angles),
      *turns,
      *_distances(subject, lengths),
  ])


def _kinetic(subject: Subject, angles: Sequence[int]) -> list[Product]:
  """Products of two velocities; of two angles, times cos of the difference."""
  out: list[Product] = []
  for first, second in itertools.combinations_with_replacement(
      subject.velocities, 2):
    (i, v), (j, w) = first, second
    product = (variable(v, 2),) if v == w else (variable(v), variable(w))
    out.append(product)
    if i != j and i in angles and j in angles:
      out.append((*product, (Atom("cos", (i,), (j,)), 1)))
  return out


def _momenta(subject: Subject, lengths: Sequence[int]) -> list[Product]:
  moving = [v for _, v in subject.velocities]
  return [
      *((variable(v),) for v in moving),
      *((variable(i), variable(v)) for i in lengths for v in moving),
  ]


def _potential(lengths: Sequence[int]) -> list[Product]:
  """Powers up to four of one position; products of two."""
  pairs = list(itertools.permutations(lengths, 2))
  return [
      *column_products(lengths, 1, 2),
      *((variable(i, power),) for i in lengths for power in (3, 4)),
      *((variable(i, 2), variable(j)) for i, j in pairs),
      *((variable(i, 2), variable(j, 2)) for i, j in pairs if i < j),
  ]


def _distances(subject: Subject, lengths: Sequence[int]) -> list[Product]:
  """Distances from the origin, and between bodies."""
  places = [v for v in subject.vectors if set(v) <= set(lengths)]
  kinds = ("inverse", "norm")
  out: list[Product] = [((Atom(k, v), 1),) for v in places for k in kinds]
  for first, second in itertools.combinations(places, 2):
    units = {subject.variables[i].unit for i in (*first, *second)}
    if len(units) == 1 and len(first) == len(second):
      out += [((Atom(k, first, second), 1),) for k in kinds]
  return out
