"""Angles that turn against springs and constant torques."""

from __future__ import annotations

from noether_jax.discovery.rungs.mechanics import mechanics
from noether_jax.discovery.subject import column_products
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term


def torques(subject: Subject) -> tuple[Term, ...]:
  """The terms of `mechanics`, and angles as they are, with their products.

  A constant torque has the potential of a slope, and a torsion spring that of a
  square. Where an angle jumps by a turn, these jump, too, and are no part of a
  law. Empty without an angle whose velocity is known.

  Args:
    subject: the columns and their roles.

  Example:
    >>> from noether_jax.data import parse_columns
    >>> subject = Subject(parse_columns("a:rad,w:rad/s"), velocities=((0, 1),))
    >>> [t.text for t in torques(subject)]
    ['w', 'cos(a)', 'sin(a)', 'a', 'w^2', 'a^2']
  """
  angles = [i for i, _ in subject.velocities if i in subject.angles]
  if not angles:
    return ()
  out: list[Product] = [(variable(i),) for i in angles]
  out += column_products(angles, 2, 2)
  terms = dict.fromkeys((*mechanics(subject), *subject.make(out)))
  return tuple(sorted(terms, key=lambda term: term.degree))
