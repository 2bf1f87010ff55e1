"""Samples from measured derivatives, and laws that must agree with them."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np
import scipy.spatial

from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery.equations import FEWEST
from noether_jax.discovery.equations import grouped
from noether_jax.discovery.equations import MOST
from noether_jax.discovery.law import Law
from noether_jax.discovery.rate_noise import estimate_noise
from noether_jax.discovery.requirements import MIN_ROWS
from noether_jax.discovery.samples import Samples
from noether_jax.errors import InputError
from noether_jax.reporting import verdicts

_FEW = 3
# Rows lie on a curve if their neighbours lie along the derivative so much.
_ALONG = .8
# A law's change by the derivatives, and along trials, is below this part of
# what it could change.
_MOST_CHANGE = .05
# A law of so much less change than noise makes shows that there is less noise;
# but for rounding.
_TOO_MUCH = .25
_ROUNDING = 1e-20


def are_trajectories(data: Trajectories) -> bool:
  """Whether a search along the trajectories is possible; else rates tell."""
  return data.timed and len(data.states) >= _FEW and min(map(
      len, data.states)) >= MIN_ROWS


def from_derivatives(data: Trajectories, seed: int) -> Samples:
  """Make samples of states with measured rates of change.

  Args:
    data: with derivatives.
    seed: of the groups of states that choose and that judge.

  Returns:
    The samples, with the noise of the rates. Trials stay together in a group,
    where there are three or more.

  Raises:
    InputError: if there are too few rows, fewer than two columns that move, or
      a column that never changes.

  Example:
    >>> t = np.linspace(0, 6, 60)
    >>> circle = np.stack([np.cos(t), np.sin(t)], 1)
    >>> from noether_jax.data.derivatives import with_array_derivatives
    >>> data = with_array_derivatives(circle, None, circle[:, ::-1] * [-1, 1],
    ...                               None)
    >>> len(from_derivatives(data, 0).rates)
    12
  """
  states, rates = np.concatenate(data.states), _joined(data)
  trial = np.repeat(np.arange(len(data.states)), list(map(len, data.states)))
  if len(states) < FEWEST:
    raise InputError(f"{len(states)} rows with derivatives: at least {FEWEST} "
                     "are needed.")
  messages = []
  if len(states) > MOST:
    messages.append(f"{MOST} of {len(states)} rows were used")
    chosen = np.linspace(0, len(states) - 1, MOST).astype(int)
    states, rates, trial = states[chosen], rates[chosen], trial[chosen]
  fixed = np.flatnonzero(np.ptp(states, axis=0) == 0)
  if len(fixed):
    raise InputError(f"Column {data.variables[fixed[0]].name!r} never changes, "
                     "so it is trivially conserved: leave it out of the "
                     "columns.")
  moving = np.any(rates != 0, axis=0)
  if moving.sum() < 2:
    raise InputError("A law needs two columns or more whose derivative is not "
                     f"0: got {int(moving.sum())}.")
  noise = np.zeros(len(moving))
  angles = np.array([v.unit.is_angle for v in data.variables])
  noise[moving] = estimate_noise(states, rates, angles)[moving]
  size = np.sqrt(np.mean(rates**2, axis=0))
  told = ", ".join(f"{v.name}: {100 * n / s:.2g} %"
                   for v, n, s in zip(data.variables, noise, size)
                   if s)
  messages.append("laws are those of the measured derivatives: the rate of "
                  "change of a law is 0 but for their noise, estimated from "
                  f"how smoothly they follow the state ({told} of the size)")
  speed = np.sqrt(np.mean((rates[:, moving] / states[:, moving].std(0))**2))
  groups = _by_trial(trial, seed) if len(data.states) >= _FEW else None
  samples = grouped(data.variables, states, rates / speed,
                    tuple(np.flatnonzero(~moving).tolist()), seed,
                    tuple(messages), groups)[1]
  return dataclasses.replace(samples, rate_noise=noise / speed)


def with_less_noise(samples: Samples, laws: Sequence[Law]) -> Samples | None:
  """Return samples whose rates are as exact as a law shows them to be.

  The noise is estimated from how smoothly rates follow the state, and is too
  high where they are less smooth, or exact. A law whose rate of change is far
  below that noise could not be found then; and the noise would excuse what is
  none.

  Args:
    samples: with measured rates, or without.
    laws: that were found.

  Returns:
    The samples; None if no law shows that there is less noise.
  """
  if samples.rate_noise is None:
    return None
  seen = [w.evidence.excess for w in laws if w.verdict == verdicts.CONSERVED]
  least = min(seen, default=1.)
  if least > _TOO_MUCH:
    return None
  factor = float(np.sqrt(max(least, _ROUNDING)))
  told = ("a law shows that the noise of the derivatives is "
          f"{1 / factor:.2g} times less")
  return dataclasses.replace(samples,
                             rate_noise=samples.rate_noise * factor,
                             messages=(*samples.messages, told))


def agreed(laws: Sequence[Law], data: Trajectories) -> list[Law]:
  """Doubt the laws that the derivatives, or the trials, contradict.

  Args:
    laws: of either.
    data: with derivatives.

  Returns:
    The laws; "cannot tell" takes the place of "conserved" where the
    derivatives change a quantity beyond their noise, where it changes along
    trials, or where all rows may lie on one curve.
  """
  if not laws:
    return []
  states, rates = np.concatenate(data.states), _joined(data)
  angles = np.array([v.unit.is_angle for v in data.variables])
  noise = np.where(np.any(rates != 0, axis=0),
                   estimate_noise(states, rates, angles), 0.)
  one_curve = len(data.states) < _FEW and _is_curve(states, rates)
  out = []
  for law in laws:
    if law.verdict == verdicts.CONSERVED and not law.losses:
      reason = verdicts.FEW if one_curve else ""
      if _change(law, states, rates, noise) > _MOST_CHANGE or _along_trials(
          law, data) > _MOST_CHANGE:
        reason = verdicts.DISAGREE
      if reason:
        law = dataclasses.replace(law, verdict=verdicts.UNKNOWN, reason=reason)
    out.append(law)
  return out


def _joined(data: Trajectories) -> np.ndarray:
  return np.concatenate(data.derivatives or ())


def _by_trial(trial: np.ndarray, seed: int) -> list[np.ndarray]:
  """Rows of at most twelve groups of whole trials."""
  order = np.random.default_rng(seed).permutation(np.unique(trial))
  parts = np.array_split(order, min(12, len(order)))
  return [np.flatnonzero(np.isin(trial, part)) for part in parts]


def _is_curve(states: np.ndarray, rates: np.ndarray) -> bool:
  """Whether each state's neighbour lies along its derivative."""
  spread = np.maximum(states.std(0), 1e-300)
  places, flow = states / spread, rates / spread
  near = scipy.spatial.cKDTree(places).query(places, k=2)[1][:, 1]
  step = places[near] - places
  norms = np.linalg.norm(step, axis=1) * np.linalg.norm(flow, axis=1)
  cosine = np.sum(step * flow, 1) / np.maximum(norms, 1e-300)
  return float(np.mean(cosine[norms > 0]**2)) > _ALONG


def _change(law: Law, states: np.ndarray, rates: np.ndarray,
            noise: np.ndarray) -> float:
  """Return a law's change over what it could change, without the noise."""
  with np.errstate(all="ignore"):
    slopes = np.nan_to_num(law.gradient(states), posinf=0., neginf=0.)
  change = np.sum(slopes * rates, 1)
  excused = np.sum((slopes * noise)**2, 1)
  most = np.sum(slopes**2 * rates**2, 1)
  # Rows count alike, however steep the quantity is there.
  weight = 1 / np.maximum(most, 1e-12 * most.mean() + 1e-300)
  return float(np.mean(weight * (change**2 - excused)))


def _along_trials(law: Law, data: Trajectories) -> float:
  """Return the ratio of scatter within trials to the total one, or 0."""
  parts = [s for s in data.states if len(s) > 1]
  if len(parts) < _FEW:
    return 0.
  with np.errstate(all="ignore"):
    values = [np.asarray(law(s), np.float64) for s in parts]
  within = float(np.median([v.var() for v in values]))
  every = np.concatenate(values)
  return within / max(float(np.var(every)), 1e-300)
