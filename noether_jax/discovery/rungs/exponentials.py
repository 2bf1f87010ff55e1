"""Exponentials of pure numbers: molecules, lattices of Toda's kind."""

from __future__ import annotations

from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.rungs import shapes
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term


def exponentials(subject: Subject) -> tuple[Term, ...]:
  """Squares of velocities; x, exp(+-x), exp(+-2 x), and exp(x - y)."""
  columns = shapes.numbers(subject, shapes.places(subject))
  if not columns:
    return ()
  out: list[Product] = [*shapes.squares(subject)]
  for i in columns:
    out.append((variable(i),))
    out += [shapes.function("exp", i, power) for power in (1, -1, 2, -2)]
  return subject.make([*out, *differences(subject)])


def differences(subject: Subject) -> list[Product]:
  """Exponentials of differences of positions that are pure numbers."""
  lengths, _ = shapes.on_a_line(subject)
  return [((Atom("exp", (a,), (b,)), 1),)
          for i, j in shapes.alike(subject, shapes.numbers(subject, lengths))
          for a, b in ((i, j), (j, i))]
