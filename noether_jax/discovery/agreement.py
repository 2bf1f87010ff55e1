"""Do laws agree? An energy implies how the system moves."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import itertools

import numpy as np

from noether_jax.discovery.forms import Combination
from noether_jax.discovery.law import Law
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import gradients
from noether_jax.reporting import verdicts

# Laws disagree if one changes by this part of what its changes by each column
# amount to, and by so many standard deviations of its coefficients.
_PART, _SIGMAS = .02, 3.
# Noise must leave room for a change of this part of a law's variance.
_HIDDEN = .001
# By how much the gradient by velocities may differ from masses times them; masses
# of a larger condition number leave an acceleration open.
_LINEAR, _SINGULAR = 1e-6, 1e3
# The energy's motion must explain this part of the changes of each velocity,
# over so many samples; else there are forces that do no work.
_EXPLAINED, _MOST_STEPS = .8, 32
_STATES = 600


def settled(laws: Sequence[Law], samples: Samples,
            subject: Subject) -> tuple[Law, ...]:
  """Doubt a law that contradicts another one, where noise hides its change.

  An energy v' M v / 2 + V(q) of all columns implies the accelerations
  -M^-1 dV/dq. By these, another law must not change: of a planet's orbit, the
  direction of the perihelion is conserved if the force is that of a point
  mass, and noise may hide that it is another one. Of two laws that disagree,
  the one whose residual is less white is in doubt. Energies of which the motion
  is not that of the data are left alone: a magnetic force does no work.

  Args:
    laws: that were found.
    samples: the trajectories.
    subject: the roles of their columns.

  Returns:
    The laws, some with the verdict "cannot tell".
  """
  pairs = subject.velocities
  columns = sorted(i for pair in pairs for i in pair)
  if (not samples.noisy or samples.rates is not None or
      columns != list(range(len(samples.variables)))):
    return tuple(laws)
  out = list(laws)
  states = samples.sample(_STATES)
  for k, j in itertools.permutations(range(len(out)), 2):
    energy, other = out[k], out[j]
    if {energy.verdict, other.verdict} != {verdicts.CONSERVED}:
      continue
    worse = max(k, j, key=lambda i: out[i].evidence.colour)
    if out[worse].evidence.corrected < _HIDDEN:
      continue
    flow = _flow(energy, pairs, states)
    if flow is None or not _is_followed(energy, pairs, samples):
      continue
    if _contradicts(other, states, flow):
      out[worse] = dataclasses.replace(out[worse],
                                       verdict=verdicts.UNKNOWN,
                                       reason=verdicts.CONTRADICTION)
  return tuple(out)


def _flow(energy: Law, pairs: Sequence[tuple[int, int]],
          states: np.ndarray) -> np.ndarray | None:
  """Rates of change `[n, D]` that an energy implies; None if it is no energy.

  Its velocities are the derivatives of the places.
  """
  with np.errstate(all="ignore"):
    slopes = np.asarray(energy.gradient(states))
  places = [q for q, _ in pairs]
  speeds = [v for _, v in pairs]
  moving = states[:, speeds]
  masses = np.linalg.lstsq(moving, slopes[:, speeds], rcond=None)[0]
  whole = moving @ masses
  error = np.abs(slopes[:, speeds] - whole)
  if not np.all(error <= _LINEAR *
                np.abs(whole).max()) or np.linalg.cond(masses) > _SINGULAR:
    return None
  flow = np.zeros_like(states)
  flow[:, places] = moving
  flow[:, speeds] = -np.linalg.solve(masses, slopes[:, places].T).T
  return flow


def _is_followed(energy: Law, pairs: Sequence[tuple[int, int]],
                 samples: Samples) -> bool:
  """Whether the smooth states move as an energy implies."""
  changes, errors = [], []
  for states, times in zip(samples.states, samples.times):
    flow = _flow(energy, pairs, states)
    if flow is None:
      return False
    steps = int(np.clip(len(times) // 8, 1, _MOST_STEPS))
    mean = (flow[1:] + flow[:-1]) / 2 * np.diff(times)[:, None]
    moved = np.vstack([np.zeros((1, states.shape[1])), np.cumsum(mean, 0)])
    change = states[steps:] - states[:-steps]
    changes.append(change)
    errors.append(change - moved[steps:] + moved[:-steps])
  whole = np.sum(np.concatenate(changes)**2, 0)
  left = np.sum(np.concatenate(errors)**2, 0)
  return bool(np.all(left < (1 - _EXPLAINED) * whole))


def _contradicts(law: Law, states: np.ndarray, flow: np.ndarray) -> bool:
  """Whether a law changes by a flow, more than its coefficients explain."""
  form = law.form
  if not isinstance(form, Combination):
    return False
  with np.errstate(all="ignore"):
    slopes = gradients(form.terms, states)
  parts = np.einsum("nkd,k->nd", slopes, form.coefficients) * flow
  each = np.einsum("nkd,nd->nk", slopes, flow)
  known = np.isfinite(parts).all(1) & np.isfinite(each).all(1)
  if not known.any():
    return False
  parts, each = parts[known], each[known]
  size = np.sqrt(np.mean(np.sum(parts**2, 1)))
  change = np.sqrt(np.mean(np.sum(parts, 1)**2))
  error = np.sqrt(np.mean(each**2 @ form.uncertainties**2))
  return bool(change > _PART * size and change > _SIGMAS * error)
