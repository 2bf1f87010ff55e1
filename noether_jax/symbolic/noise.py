"""Observation noise of states: its estimate, and what it does to quantities."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import math

import numpy as np
from scipy.interpolate import CubicSpline

from noether_jax.symbolic import whiteness
from noether_jax.symbolic.samples import StackedStates

_MOST_WINDOWS = 20_000
# Quantiles of the absolute values of a normal variable of unit variance.
_SPOILED = .8
_NEAR = 1.2
_NORMAL = {.25: .318639363964375, .5: .674489750196082}


@dataclasses.dataclass(frozen=True, eq=False)
class StateNoise:
  """Independent Gaussian noise of the states.

  Attributes:
    sigma: `[D]`, standard deviations in the columns' units.
    shared: whether the states of a trajectory share one error instead of
      having one each.

  Example:
    >>> StateNoise(np.array([.1, .2])).scaled(.5)
    StateNoise(sigma=array([0.05, 0.1 ]), shared=False)
  """
  sigma: np.ndarray
  shared: bool = False

  @classmethod
  def estimate(cls,
               states: Sequence[np.ndarray],
               times: Sequence[np.ndarray] | None = None) -> StateNoise:
    """Estimate the noise of each column from smooth trajectories.

    The m-th difference of a smooth signal vanishes as dt^m while white noise
    keeps sqrt(binomial(2 m, m)) times its own level, so the lowest estimate
    over m = 3 ... 8 is the one least contaminated by the signal. Quantiles of
    absolute differences count, not their mean square: one fast event, such as a
    perihelion, or a wild point changes them little. What looks like noise must
    be as white as noise, which a coarsely sampled signal is not. Where steps
    differ, divided differences take the place of differences, and windows
    across a gap are left out.

    Args:
      states: arrays `[T_i, D]`.
      times: arrays `[T_i]`, increasing; equal steps if None.

    Returns:
      The noise, one error for each state; zero where the signal's own
      curvature hides it, or no trajectory is long enough.

    Example:
      >>> t = np.linspace(0., 1., 200)[:, None]
      >>> bool(StateNoise.estimate([np.sin(t)]).sigma[0] < 1e-9)
      True
    """
    if times is None or _is_evenly_spaced(times):
      times = [np.empty(0)] * len(states)
    estimates, differences = [], []
    for order in range(3, 9):
      parts = [
          _scaled_differences(s, t, order)
          for s, t in zip(states, times)
          if len(s) > order + 2
      ]
      if parts:
        estimates.append(_level(np.abs(np.concatenate(parts))))
        differences.append((order, parts))
    if len(estimates) < 2:
      return cls(np.zeros(states[0].shape[1]))
    # An estimate that still shrinks with the order is curvature, not noise: it
    # would excuse a change of the quantity that is real.
    noisy = estimates[-1] > .8 * estimates[-2]
    # The lowest one errs by chance, so those near it count as well.
    near = np.stack(estimates) <= _NEAR * np.min(estimates, axis=0)
    level = np.sum(np.stack(estimates) * near, axis=0) / near.sum(0)
    sigma = np.where(noisy, level, 0.)
    if not len(times[0]):
      order, parts = differences[len(differences) // 2]
      sigma = np.where(whiteness.are_white(parts, order, sigma), sigma, 0.)
    return cls(sigma)

  def scaled(self, factor: float) -> StateNoise:
    """Return the noise that a smoother leaves: `factor` times this noise.

    Args:
      factor: such as the gain of `data.local_polynomial`.

    Returns:
      The noise.
    """
    return dataclasses.replace(self, sigma=self.sigma * factor)

  def covariance(self, slopes: np.ndarray) -> np.ndarray:
    """Return what noise adds to F functions along one trajectory.

    To first order in the noise, and for T that is far above 1.

    Args:
      slopes: `[T, F, D]`, the functions' gradients at the states.

    Returns:
      `[F, F]`, the covariance within the trajectory that noise causes.

    Example:
      >>> noise = StateNoise(np.array([.1, .2]))
      >>> noise.covariance(np.ones((50, 1, 2))).round(3).tolist()
      [[0.05]]
    """
    if self.shared:
      slopes = slopes - slopes.mean(0)
    errors = slopes * self.sigma
    return np.einsum("tid,tjd->ij", errors, errors) / len(slopes)

  def scatter(self, slopes: np.ndarray, bends: np.ndarray,
              samples: StackedStates) -> tuple[float, float]:
    """Return what noise adds to the sums of squares of one function.

    To second order in the noise, for f - sigma^2 f'' / 2.

    Args:
      slopes: `[D, M]`, first derivatives at the states.
      bends: `[D, M]`, second derivatives.
      samples: the M states.

    Returns:
      `(within, total)`: about each trajectory's mean, about the mean of all.
    """
    variance = self.sigma**2
    quartic = variance**2 / 4
    if self.shared:
      squares = lambda v: np.sum(samples.centred(v)**2, -1)
      whole = lambda v: np.sum((v - v.mean(-1, keepdims=True))**2, -1)
      return (float(variance @ squares(slopes) + quartic @ squares(bends)),
              float(variance @ np.sum(slopes**2, -1) + quartic @ whole(bends)))
    each = variance @ slopes**2 + quartic @ bends**2
    lengths = np.repeat(samples.lengths, samples.lengths)
    return (float(np.sum(each * (1 - 1 / lengths))),
            float(np.sum(each) * (1 - 1 / each.size)))


def integrate(states: np.ndarray, derivatives: np.ndarray,
              times: np.ndarray) -> tuple[np.ndarray, StateNoise]:
  """Return states that are integrated from derivatives without noise.

    x(t) = x_0 + integral of dx/dt

  x_0 is the value that fits the states best, so that the noise of T states
  becomes one error of size sigma / sqrt(T).

  Args:
    states: `[N, T, D]`, observed.
    derivatives: `[N, T, D]`, per unit of `times`.
    times: `[T]`.

  Returns:
    `(states [N, T, D], their noise)`.

  Example:
    >>> t = np.linspace(0., 1., 99)
    >>> noisy = t[None, :, None] + 0.1 * np.sin(1e4 * t)[None, :, None]
    >>> path, noise = integrate(noisy, np.ones((1, 99, 1)), t)
    >>> float(np.ptp(path[0, :, 0] - t).round(6)), noise.shared
    (0.0, True)
  """
  spline = CubicSpline(times, derivatives, axis=1).antiderivative()
  paths = spline(times)
  rest = states - paths
  offset = rest.mean(axis=1, keepdims=True)
  count = states.shape[1]
  variance = np.sum(
      (rest - offset)**2, axis=(0, 1)) / (len(states) * (count - 1))
  return paths + offset, StateNoise(np.sqrt(variance / count), shared=True)


def _level(sizes: np.ndarray) -> np.ndarray:
  """Return the standard deviation of normal values, from their sizes [n, D].

  The median tells, unless a lower quantile tells far less: jumps of a wrapped
  angle can spoil half of the differences. Rounded values may make it 0.
  """
  low, middle = (
      np.quantile(sizes, q, axis=0) / scale for q, scale in _NORMAL.items())
  return np.where((low > 0) & (low < _SPOILED * middle), low, middle)


def _is_evenly_spaced(times: Sequence[np.ndarray]) -> bool:
  """Return whether steps differ by less than 10 % within every trajectory."""
  steps = [np.diff(t) for t in times]
  return all(len(s) < 2 or np.ptp(s) < .1 * s.mean() for s in steps)


def _scaled_differences(states: np.ndarray, times: np.ndarray,
                        order: int) -> np.ndarray:
  """Differences that keep the level of white noise, `[n, D]`."""
  if not len(times):
    return np.diff(states, order, axis=0) / math.sqrt(
        math.comb(2 * order, order))
  span = times[order:] - times[:-order]
  # Across a gap the signal itself changes too much.
  used = np.flatnonzero(span <= 1.5 * np.median(span))
  used = used[::max(1, len(used) // _MOST_WINDOWS)]
  window = (times[used[:, None] + np.arange(order + 1)] -
            times[used, None]) / span[used, None]
  gaps = window[:, :, None] - window[:, None, :]
  gaps[:, np.arange(order + 1), np.arange(order + 1)] = 1.
  weights = 1 / np.prod(gaps, axis=-1)
  weights /= np.linalg.norm(weights, axis=1, keepdims=True)
  out = np.zeros((len(used), states.shape[1]))
  for k in range(order + 1):
    out += weights[:, k, None] * states[used + k]
  return out
