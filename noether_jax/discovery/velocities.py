"""Velocities estimated from positions, where the data hold none."""

from __future__ import annotations

import dataclasses
import math

import numpy as np

from noether_jax.data import smoothing
from noether_jax.data.columns import Variable
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.split import Split
from noether_jax.symbolic.noise import StateNoise

_ORDER = 5
# Rows that are left out at each end, where a spline's derivative errs.
_ENDS = 4
# Knots of a smooth curve over samples give the reach of a difference.
_REACH = .25
_LONGEST = 32


def with_velocities(samples: Samples) -> Samples:
  """Return samples with the derivative of each column as a further column.

  Without noise, derivatives are those of an interpolating spline of order five.
  With noise, they are those of the smoothing spline. The observed ones, by
  which laws are judged, are differences of the observed positions on both
  sides, corrected by what the smooth curve says of the difference. So their
  noise is known: it is a difference of the position's (see `left_in_means`).

  Args:
    samples: with times; constants of a trial get no derivative.

  Returns:
    Samples with the columns `NAME_dot` after the others, a few rows shorter at
    both ends; a message says how exact they are.
  """
  moving, sigma = list(samples.moving), samples.noise.sigma
  reach = _reach(samples)
  states, raw, times, sizes, errors, lefts = [], [], [], [], [], []
  for s, r, t in zip(samples.states, samples.raw, samples.times):
    cut = slice(reach + _ENDS, len(t) - reach - _ENDS)
    slopes, observed, left, error = _slopes(r, t, moving, sigma, reach)
    states.append(np.hstack([s, slopes])[cut])
    raw.append(np.hstack([r, observed])[cut])
    times.append(t[cut])
    wide = np.mean(t[2 * reach:] - t[:len(t) - 2 * reach]) if reach else np.inf
    sizes.append(math.sqrt(2) * sigma[moving] / wide)
    lefts.append(left)
    errors.append(error[cut])
  size = np.mean(sizes, axis=0)
  left = np.sqrt(np.mean(np.square(lefts), axis=0))
  gain = np.where(size > 0, np.minimum(left / np.maximum(size, 1e-300), 1.), 1.)
  spread = np.concatenate(states)[:, len(samples.variables):].std(0)
  worst = np.maximum(np.sqrt(np.mean(np.concatenate(errors)**2, axis=0)),
                     left) / np.maximum(spread, 1e-300)
  names = [samples.variables[i] for i in moving]
  added = [
      Variable(f"{v.name}_dot",
               dataclasses.replace(v.unit, is_angle=False) / samples.time_unit)
      for v in names
  ]
  message = (
      "no velocities among the columns: estimated as derivatives of "
      f"{'smoothing' if sigma.any() else 'interpolating'} splines, " +
      ", ".join(f"{v.name} to {100 * w:.2g} %" for v, w in zip(added, worst)) +
      " of its spread; rows at the ends are left out")
  return dataclasses.replace(samples,
                             variables=(*samples.variables, *added),
                             raw=tuple(raw),
                             states=tuple(states),
                             times=tuple(times),
                             noise=StateNoise(np.concatenate([sigma, size])),
                             gain=np.concatenate([samples.gain, gain]),
                             split=Split.make(len(raw), samples.seed),
                             messages=(*samples.messages, message),
                             differences={
                                 len(samples.variables) + n: (i, reach)
                                 for n, i in enumerate(moving)
                                 if sigma[i]
                             })


def can_have_velocities(samples: Samples) -> bool:
  """Whether each trajectory is long enough to estimate derivatives."""
  if not samples.ordered or not samples.moving:
    return False
  lost = 2 * (_reach(samples) + _ENDS)
  return min(map(len, samples.times)) >= lost + 20


def _reach(samples: Samples) -> int:
  """By how many rows a difference reaches to each side; 0 without noise."""
  moving = list(samples.moving)
  if not np.any(samples.noise.sigma[moving]):
    return 0
  gain = float(np.mean(samples.gain[moving]**2))
  return int(np.clip(round(_REACH / max(gain, 1e-9)), 1, _LONGEST))


def _slopes(
    observed: np.ndarray, times: np.ndarray, moving: list[int],
    sigma: np.ndarray,
    reach: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
  """Derivatives of one trajectory.

  Returns:
    Smooth ones `[T, k]`, observed ones `[T, k]`, the standard deviations of the
    noise that is left in the smooth ones `[k]`, and the difference between two
    orders of splines `[T, k]`.
  """
  slopes, seen, left, errors = [], [], [], []
  for i in moving:
    noise = float(sigma[i])
    curve, slope, gain = smoothing.smoothing_spline(times, observed[:, i],
                                                    noise, _ORDER)
    _, other, _ = smoothing.smoothing_spline(times, curve, 0., 3)
    slopes.append(slope)
    errors.append(slope - other if not noise else 0. * slope)
    # A curve with m free numbers over a time T changes within T / m.
    rate = math.pi * gain**2 * len(times) / (times[-1] - times[0])
    left.append(noise * gain * rate / math.sqrt(3))
    found = slope.copy()
    if reach and noise:
      middle = slice(reach, len(times) - reach)
      after, before = slice(2 * reach, None), slice(0, len(times) - 2 * reach)
      rest = observed[:, i] - curve
      wide = times[after] - times[before]
      found[middle] += (rest[after] - rest[before]) / wide
    seen.append(found)
  return (np.stack(slopes, 1), np.stack(seen,
                                        1), np.array(left), np.stack(errors, 1))
