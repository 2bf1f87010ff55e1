"""Functions of differences: chains of springs, bodies on a line, rotors."""

from __future__ import annotations

from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.rungs import shapes
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term


def pairs(subject: Subject) -> tuple[Term, ...]:
  """Squares of velocities, powers of positions and of their differences.

  Empty unless there are two positions of one unit or more, in one dimension.
  """
  lengths, between = shapes.on_a_line(subject)
  if not between:
    return ()
  out: list[Product] = [*shapes.squares(subject)]
  out += [(variable(i, power),) for i in lengths for power in (1, 2, 3, 4)]
  for i, j in between:
    apart = Atom("difference", (i,), (j,))
    out += [((apart, power),) for power in (2, 3, 4)]
    out += [((Atom("norm", (i,), (j,)), 1),)]
  return subject.make(out)


def forces(subject: Subject) -> tuple[Term, ...]:
  """Squares of velocities, and functions of differences with a pole."""
  lengths, between = shapes.on_a_line(subject)
  if not between:
    return ()
  out: list[Product] = [*shapes.squares(subject)]
  out += [(variable(i, power),) for i in lengths for power in (1, 2)]
  for i, j in between:
    out += [((Atom(kind, (i,), (j,)), power),)
            for kind, power in (("inverse", 1), ("inverse", 2), ("lognorm", 1))]
  return subject.make(out)
