"""What friction takes and an input gives, added to an energy."""

from __future__ import annotations

import itertools

from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.path_term import PathTerm
from noether_jax.discovery.rungs.mechanics import mechanics
from noether_jax.discovery.rungs.pairs import pairs
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.subject import variable
from noether_jax.discovery.terms import Term


def losses(subject: Subject) -> tuple[Term | PathTerm, ...]:
  """Viscous, dry and quadratic friction, and the work of inputs.

  Friction acts on each velocity, and on the difference of two velocities of one
  unit, as in a joint. An input is a column that is neither a position nor a
  velocity; its work is its integral with a velocity.

  Args:
    subject: the roles of the columns.

  Returns:
    The terms of `mechanics`, then integrals along trajectories; none unless
    velocities are known.
  """
  terms = mechanics(subject)
  return (*terms, *_rates(subject)) if terms else ()


def losses_on_a_line(subject: Subject) -> tuple[Term | PathTerm, ...]:
  """What `losses` adds, with the energies of `pairs`: carts, chains.

  Args:
    subject: the roles of the columns.

  Returns:
    The terms of `pairs`, then integrals along trajectories; none unless there
    are two positions or more on a line.
  """
  terms = pairs(subject)
  return (*terms, *_rates(subject)) if terms else ()


def _rates(subject: Subject) -> tuple[PathTerm, ...]:
  moving = [v for _, v in subject.velocities]
  joints = [(i, j)
            for i, j in itertools.combinations(moving, 2)
            if subject.variables[i].unit == subject.variables[j].unit]
  vectors = [v for v in subject.vectors if set(v) <= set(moving)]
  speeds = [
      *(Atom("norm", (i,)) for i in moving),
      *(Atom("norm", (i,), (j,)) for i, j in joints),
  ]
  rates = [((speed, power),) for speed in speeds for power in (2, 1, 3)]
  rates += [((Atom("norm", v), power),) for v in vectors for power in (1, 3)]
  out = [PathTerm.make(r, subject.variables, subject.time) for r in rates]
  work = [(variable(u), variable(v)) for u in subject.inputs for v in moving]
  return (*out, *(PathTerm.make(w, subject.variables, subject.time, loss=False)
                  for w in work))
