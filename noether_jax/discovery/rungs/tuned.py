"""Functions with a number inside, which the data choose: exp(-1.3 x)."""

from __future__ import annotations

from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.rungs import shapes
from noether_jax.discovery.rungs.quadratic import quadratic
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term

# Without velocities, more columns than this take too long.
_MOST_PLAIN = 2


def tuned(subject: Subject) -> tuple[Term, ...]:
  """Terms beside a function of a place, a distance, a difference or a speed.

  A climb adds one function at a time: exponentials, waves, soft cores, powers,
  logarithms, Gaussians, screened potentials and kinetic energies with a limit,
  each with a number inside that has the least change along trajectories. It
  does so where no energy was found, or one that may approximate.
  The terms are squares of velocities, and places with their squares; without
  velocities, polynomials of degree two, for up to two columns.

  Args:
    subject: the columns and their roles.

  Example:
    >>> from noether_jax.data import parse_columns
    >>> subject = Subject(parse_columns("q,p"), velocities=((0, 1),))
    >>> [t.text for t in tuned(subject)]
    ['q', 'p^2', 'q^2']
  """
  if not subject.velocities:
    return quadratic(subject) if len(subject.plain) <= _MOST_PLAIN else ()
  inside = {i for vector in subject.vectors for i in vector}
  out: list[Product] = [((Atom("dot", v, v), 1),) for v in subject.vectors]
  out += [s for s in shapes.squares(subject) if s[0][0].plus[0] not in inside]
  for i in shapes.places(subject):
    if i not in inside:
      out += [(variable(i),), (variable(i, 2),)]
  return subject.make(out)
