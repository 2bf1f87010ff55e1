"""Energies that change by what friction takes and inputs give."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np

from noether_jax.discovery.forms import Combination
from noether_jax.discovery.forms import Form
from noether_jax.discovery.law import Law
from noether_jax.discovery.null import doubted
from noether_jax.discovery.null import Null
from noether_jax.reporting import verdicts

# Friction takes: its coefficient is positive by so many standard deviations,
# unless it matters less than this.
_SIGMAS = 2.
_SMALL = .01


def as_balance(law: Law, velocities: Sequence[int], states: np.ndarray) -> Law:
  """Return a law with losses as a balance law, if it is one.

  Args:
    law: with or without losses.
    velocities: indices of the columns that are velocities.
    states: `[m, D]`, at which terms are compared.

  Returns:
    The law itself without losses. With losses, a balance law if it holds the
    squares of velocities and friction takes from it; else it is not conserved,
    because any quantity could be had with losses of either sign.
  """
  form = law.form
  if not isinstance(form, Combination) or not form.losses:
    return law
  verdict = law.verdict
  if verdict != verdicts.NOT_CONSERVED and not _is_physical(
      form, velocities, states):
    verdict = verdicts.NOT_CONSERVED
  if verdict == verdicts.CONSERVED:
    verdict = verdicts.BALANCE
  return dataclasses.replace(law, verdict=verdict)


def nearest_balance(law: Law, null: Null | None, lengths: Sequence[int]) -> Law:
  """Return the nearest law as a balance law if its losses explain the change.

  Of approximate laws only the nearest may be one, where there is no other law:
  beside the true one, several combinations leave little.

  Args:
    law: the nearest one.
    null: of the whole search, or None.
    lengths: numbers of rows of the trajectories.
  """
  tried = doubted(law, null, lengths)
  if (law.verdict == verdicts.APPROXIMATE and tried.verdict == law.verdict and
      law.losses and law.evidence.balances):
    return dataclasses.replace(tried, verdict=verdicts.BALANCE)
  return law


def keeps_energy(laws: Sequence[Law], velocities: Sequence[int]) -> bool:
  """Whether a conserved law holds the square of every velocity.

  Nothing is lost then, and a balance law beside it is a coincidence.
  """
  return any(law.verdict == verdicts.CONSERVED and
             set(velocities) <= set(squared_velocities(law.form, velocities))
             for law in laws)


def squared_velocities(form: Form,
                       velocities: Sequence[int]) -> dict[int, float]:
  """Return the coefficients of the squares of velocities, by column."""
  found: dict[int, float] = {}
  for term, c in zip(form.terms, form.coefficients):
    columns = {i for atom, _ in term.factors for i in (*atom.plus, *atom.minus)}
    if term.is_square and columns <= set(velocities):
      for i in columns:
        found[i] = found.get(i, 0.) + float(c)
  return found


def _is_physical(form: Combination, velocities: Sequence[int],
                 states: np.ndarray) -> bool:
  squares = squared_velocities(form, velocities)
  kinetic = sum(c * states[:, i]**2 for i, c in squares.items())
  with np.errstate(all="ignore"):
    whole = np.nanstd(form.value(states))
  if not np.std(kinetic) > _SMALL * whole:
    return False
  sign = np.sign(sum(squares.values()))
  return all(sign * loss.coefficient > _SIGMAS *
             loss.uncertainty or loss.share < _SMALL
             for loss in form.losses
             if loss.term.loss)
