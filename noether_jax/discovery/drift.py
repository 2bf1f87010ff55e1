"""The slope of a quantity along time, with an honest confidence interval."""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import NamedTuple

import numpy as np
from scipy import optimize
from scipy import stats

_LEVEL = .95
# With this many trajectories, each is one independent observation.
_MANY = 10
_FEWEST = 4
# The longest trajectory becomes so many means of consecutive samples: a slope
# needs no more, and correlation within a block does not matter.
_BLOCKS = 48
# Correlation of neighbouring blocks, denser towards 1, and the share of
# uncorrelated noise: all pairs are equally probable before data are seen.
_MEMORIES = 1 - np.linspace(1., .05, 20)**1.5
_SHARES = np.array([0., .3, .6, .85])


class Slope(NamedTuple):
  """A mean slope along time.

  Attributes:
    value: in the quantity's unit over that of time.
    low: lower end of the 95 % confidence interval.
    high: its upper end.
  """
  value: float
  low: float
  high: float


def pooled_slope(series: Sequence[np.ndarray],
                 times: Sequence[np.ndarray]) -> Slope:
  """Fit one slope to all trajectories, each with a level of its own.

  The interval allows for autocorrelation. With ten trajectories or more, each
  counts as one observation (clustered errors). With fewer, the noise about
  each trajectory's line is a sum of uncorrelated noise and of noise whose
  correlation decays exponentially. The interval is averaged over the decay time
  and over the share of each kind, weighted by their restricted likelihood
  (Harville 1974), because a plain estimate of the decay time is too short.

  `python -m benchmarks.coverage` measures how often the interval is right.

  Args:
    series: N arrays `[T_i]`.
    times: N arrays `[T_i]`, increasing.

  Returns:
    The slope; its interval is infinite if no trajectory has four samples.

  Example:
    >>> t = np.arange(200.)
    >>> noise = np.random.default_rng(0).normal(size=200)
    >>> slope = pooled_slope([.1 * t + noise], [t])
    >>> slope.low < .1 < slope.high
    True
  """
  centred = [t - t.mean() for t in times]
  size = sum(float(t @ t) for t in centred)
  if not size > 0:
    return Slope(0., -math.inf, math.inf)
  slope = sum(float(t @ v) for t, v in zip(centred, series)) / size
  if len(series) >= _MANY:
    half = _clustered(series, centred, slope) / size
  else:
    rest = [v - slope * t for v, t in zip(series, centred)]
    half = _averaged(rest, centred)
  return Slope(slope, slope - half, slope + half)


def _clustered(series: Sequence[np.ndarray], centred: Sequence[np.ndarray],
               slope: float) -> float:
  """Return half the interval's width, times the sum of squares of the times."""
  count = len(series)
  sums = np.array([float(t @ (v - slope * t)) for t, v in zip(centred, series)])
  variance = float(sums @ sums) * count / (count - 1)
  return float(_quantile(count - 1)) * math.sqrt(variance)


def _quantile(freedom: float | np.ndarray) -> np.ndarray:
  return stats.t.isf((1 - _LEVEL) / 2, freedom)


class _Blocks(NamedTuple):
  """Means of consecutive samples of one trajectory.

  Attributes:
    times: `[B]`, centred.
    values: `[B]`.
    length: samples per block, on average.
  """
  times: np.ndarray
  values: np.ndarray
  length: float


def _blocks(values: np.ndarray, times: np.ndarray, length: int) -> _Blocks:
  count = max(len(times) // length, _FEWEST)
  means = [
      np.array([part.mean()
                for part in np.array_split(a, count)])
      for a in (times, values)
  ]
  return _Blocks(means[0] - means[0].mean(), means[1], len(times) / count)


def _averaged(series: Sequence[np.ndarray],
              centred: Sequence[np.ndarray]) -> float:
  """Return half the interval's width, averaged over kinds of noise."""
  length = -(-max(map(len, series)) // _BLOCKS)
  parts = [
      _blocks(v, t, length)
      for v, t in zip(series, centred)
      if len(t) >= _FEWEST
  ]
  if not parts:
    return math.inf
  largest = max(float(np.abs(p.values).max()) for p in parts)
  if not largest > 0:
    return 0.
  step = float(np.median(np.concatenate([np.diff(p.times) for p in parts])))
  known: dict[bytes, _Noise] = {}
  score, variances = np.zeros(_MEMORIES.size * _SHARES.size), []
  for part in parts:
    key = part.times.tobytes()
    noise = known.get(key) or _Noise.make(part.times / step)
    known[key] = noise
    freedom = len(part.times) - 2
    # Rounding errors are the least that values can deviate from a line.
    squares = np.sum((noise.whiten @ (part.values / largest))**2, -1) + 1e-32
    score -= freedom / 2 * np.log(squares) + noise.log_volume
    variances.append(squares / freedom * noise.gain * (part.length * step)**2)
  # Satterthwaite's degrees of freedom of a sum of variances.
  freedoms = np.array([len(p.times) - 2 for p in parts])
  total = np.sum(variances, 0)
  freedom = total**2 / (1 / freedoms @ np.square(variances))
  size = sum(p.length * float(p.times @ p.times) for p in parts)
  weights = np.exp(score - score.max())
  return largest * _mixed_quantile(weights / weights.sum(),
                                   np.sqrt(total) / size, freedom)


class _Noise(NamedTuple):
  """What each kind of noise does to a line through one trajectory's blocks.

  Attributes:
    whiten: `[G, B - 2, B]`, makes deviations from a line independent.
    log_volume: `[G]`, half the log determinant of the deviations' correlation.
    gain: `[G]`, variance of the sum of times * values, for noise of variance 1.
  """
  whiten: np.ndarray
  log_volume: np.ndarray
  gain: np.ndarray

  @classmethod
  def make(cls, times: np.ndarray) -> _Noise:
    """Prepare the G kinds of noise; times `[B]` are centred, in blocks."""
    memory, share = (a.reshape(-1, 1, 1)
                     for a in np.meshgrid(_MEMORIES, _SHARES, indexing="ij"))
    identity = np.eye(len(times))
    correlation = ((1 - share) * memory**np.abs(times[:, None] - times) +
                   (share + 1e-9) * identity)
    line = np.stack([np.ones_like(times), times], 1)
    others = np.linalg.svd(line)[0][:, 2:]
    root = np.linalg.cholesky(others.T @ correlation @ others)
    return cls(
        np.linalg.solve(root,
                        np.broadcast_to(others.T,
                                        (len(root), *others.T.shape))),
        np.log(np.diagonal(root, axis1=1, axis2=2)).sum(1),
        np.einsum("i,gij,j->g", times, correlation, times))


def _mixed_quantile(weights: np.ndarray, scale: np.ndarray,
                    freedom: np.ndarray) -> float:
  """Return the quantile of a mixture of Student's t distributions about 0."""
  tail = (1 - _LEVEL) / 2
  beyond = lambda x: float(weights @ stats.t.sf(x / scale, freedom)) - tail
  widest = float(np.max(_quantile(freedom) * scale))
  return float(optimize.brentq(beyond, 0., 1.001 * widest, xtol=1e-9 * widest))
