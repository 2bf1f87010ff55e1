"""Energies and momenta whose parts have a constant of the trial as a factor."""

from __future__ import annotations

import itertools

from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.rungs import shapes
from noether_jax.discovery.subject import Product
from noether_jax.discovery.subject import sine_and_cosine
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term


def weighted(subject: Subject) -> tuple[Term, ...]:
  """Momenta, kinetic terms and potentials, as they are or times one constant.

  A mass, a stiffness or a field multiplies a part of an energy. The other rungs
  multiply each term by powers and products of the constants, too, which are
  many more terms than a few trials can tell apart.

  Args:
    subject: the roles of the columns.

  Returns:
    Terms; none without constants and velocities.
  """
  if not subject.constants or not subject.velocities:
    return ()
  places = [i for i, _ in subject.velocities]
  lengths = [i for i in places if i in subject.plain]
  out: list[Product] = [(variable(v),) for v in shapes.moving(subject)]
  out += shapes.squares(subject)
  out += [(variable(i, power),) for i in lengths for power in (1, 2, 4)]
  out += sine_and_cosine([i for i in places if i in subject.angles])
  _, between = shapes.on_a_line(subject)
  out += [((Atom("difference", (i,), (j,)), power),)
          for i, j in between
          for power in (2, 4)]
  constants = [variable(c) for c in subject.constants]
  times = [(c, *product) for c, product in itertools.product(constants, out)]
  return tuple(
      Term.make(factors, subject.variables) for factors in (*out, *times))
