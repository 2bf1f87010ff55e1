"""The slope of a quantity along time, with an honest confidence interval."""

from __future__ import annotations

from collections.abc import Sequence
import math
from typing import NamedTuple

import numpy as np
from scipy import stats

# With this many trajectories, each is one independent observation.
_MANY = 10
# Curves beside the line in which noise is measured: few, so that all of them
# are as slow as the line and see as much of correlated noise as it does.
_CURVES = 3


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
  counts as one observation (clustered errors). With fewer, the noise of the
  slope is measured in the next slowest curves, the orthonormal polynomials of
  degree 2 to 4 on the same times, with Student's t of as many degrees of
  freedom (inference with orthonormal series, as in Lazarus et al. 2018).

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
    count = len(series)
    sums = np.array(
        [float(t @ (v - slope * t)) for t, v in zip(centred, series)])
    variance = float(sums @ sums) * count / (count - 1)
    freedom = float(count - 1)
  else:
    parts = [
        _curve_variance(t, v) for t, v in zip(centred, series) if len(t) >= 4
    ]
    variance = sum(v for v, _ in parts)
    if not parts:
      return Slope(slope, -math.inf, math.inf)
    # Satterthwaite's degrees of freedom of a sum of variances.
    below = sum(v * v / n for v, n in parts)
    freedom = variance**2 / below if below > 0 else float(parts[0][1])
  half = float(stats.t.ppf(.975, freedom)) * math.sqrt(variance) / size
  return Slope(slope, slope - half, slope + half)


def _curve_variance(times: np.ndarray, values: np.ndarray) -> tuple[float, int]:
  """The variance of `times @ values`, and its degrees of freedom."""
  curves = min(_CURVES, len(times) - 2)
  scaled = times / np.abs(times).max()
  basis = np.linalg.qr(np.vander(scaled, curves + 2, increasing=True))[0]
  parts = basis[:, 2:].T @ values
  return float(times @ times) * float(np.mean(np.square(parts))), curves
