"""Scatter and drift: what separates a law from a coincidence."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import functools
import math

import numpy as np

from noether_jax.reporting import verdicts

_FLOOR = 1e-300
# Scatter ratio below which no noise is needed to explain a change.
EXACT = 1e-6
# Sizes of blocks whose means show whether a residual is white.
_BLOCKS = (4, 8, 16, 32, 64)
_FEWEST_BLOCKS = 8
# How far the variance of block means may exceed that of white noise: this part
# for what a fit leaves, and so many standard errors.
_SLACK = .08
_ERRORS = 3.1
# Above this ratio a quantity is no law, whatever the noise excuses. Noise may
# hide a change of the second part of the variance.
_MOST, _HIDDEN = .5, .05
# With noise, a ratio this far below an exact law's needs no excuse.
_NOISY_EXACT = 1e-2
# Losses account for what changes if they lessen it so many times. The rest has
# the first ratio at most, or the second one and such size, trend and colour.
_EXPLAINED = 5.
_LITTLE, _SOME = 1e-3, .007
_BESIDE_NOISE, _TREND, _COLOURED = 10., 3., 8.
# Totals are taken without this part of the trajectories, the farthest ones.
_EXTREME = .1
_FEW = 5


@dataclasses.dataclass(frozen=True)
class Evidence:
  """How well one combination of terms is conserved.

  Attributes:
    ratio: R = W/T, scatter within trajectories over total scatter.
    corrected: Rc = (W - N)/(T - N), the same without the noise's share.
    excess: Q = W/N, scatter within trajectories over that of noise alone.
    drift: t statistic of the quantity's slope along time.
    colour: how far the residual is from white noise: at most 1 where block
      means of the quantity scatter as white noise lets them (see `colour`).
    p_value: how often data whose trajectories were broken show a quantity as
      constant as this one; NaN where that was not tried.
    exact: the ratio below which no noise is needed as an excuse.
    explained: by how many times the losses and inputs given with it lessen the
      scatter within trajectories; 1 without any.
  """
  ratio: float
  corrected: float
  excess: float
  drift: float
  colour: float = 0.
  p_value: float = math.nan
  exact: float = EXACT
  explained: float = 1.

  @property
  def verdict(self) -> str:
    """One of conserved, approximately conserved and not conserved."""
    # Noise that is seen must explain what changes, unless next to nothing does.
    noisy = not math.isinf(self.excess)
    if self.ratio < self.exact * (_NOISY_EXACT if noisy else 1.) and (
        self.corrected < _HIDDEN or not noisy):
      return verdicts.CONSERVED
    if self.corrected < _HIDDEN and self.ratio < _MOST:
      quiet = (self.excess < 2 and self.colour <= 1 and abs(self.drift) < 4)
      return verdicts.CONSERVED if quiet else verdicts.APPROXIMATE
    return verdicts.NOT_CONSERVED

  @property
  def balances(self) -> bool:
    """Whether losses and inputs account for nearly all that changes.

    The rest need not be white: sensors that filter leave noise that is not.
    But it must be next to nothing, or be small, not far from noise in size and
    colour, and without a trend: else the form only approximates. Data without
    noise leave no doubt.
    """
    if (math.isinf(self.excess) or self.explained < _EXPLAINED or
        abs(self.drift) > _TREND):
      return False
    return self.corrected < _LITTLE or (self.corrected < _SOME and
                                        self.excess < _BESIDE_NOISE and
                                        self.colour < _COLOURED)


def colour(residuals: Sequence[np.ndarray],
           walks: Sequence[float] | None = None,
           left: Callable[[int], float] = lambda size: 1.) -> float:
  """Return how far residuals along trajectories are from white noise.

  What noise excuses must look like noise: real change of a quantity is smooth
  in time, so the means of blocks of neighbouring samples scatter by more than
  white noise would let them.

  Args:
    residuals: N arrays `[T_i]` of unit variance, without their means.
    walks: N variances of the steps of a random walk that is expected beside
      the white noise, because noise was integrated along the trajectory.
    left: the part of white noise's variance that is left in means of so many
      samples; below 1 for the noise of differences.

  Returns:
    The largest, over blocks of 4 to 64 samples, of the excess of the variance
    of block means over that of white noise, divided by the largest excess that
    chance and a fit explain. At most 1 for white noise; 0 if the trajectories
    are too short to tell.

  Example:
    >>> random = np.random.default_rng(0)
    >>> white = [random.normal(size=200) for _ in range(20)]
    >>> slow = [w + np.sin(np.arange(200) / 20) for w in white]
    >>> colour(white) < 1 < colour(slow)
    True
  """
  walks = [0.] * len(residuals) if walks is None else walks
  variance = float(np.mean(np.concatenate(residuals)**2))
  whole = np.mean([w * walk_variance(len(r)) for r, w in zip(residuals, walks)])
  white = max(variance - float(whole), .5 * variance)
  worst = 0.
  left = functools.cache(left)
  for size in _BLOCKS:
    scatter, expected, walked, count = 0., 0., 0., 0
    for series, walk in zip(residuals, walks):
      blocks = len(series) // size
      if blocks < 3:
        continue
      means = series[:blocks * size].reshape(blocks, size).mean(1)
      scatter += float(np.sum((means - series.mean())**2))
      expected += blocks * (left(size) / size -
                            left(len(series)) / len(series)) * white
      walked += blocks * walk * walk_variance(len(series) - size)
      count += blocks
    if count >= _FEWEST_BLOCKS and variance > 0:
      excess = scatter / (expected + walked) - 1
      # A walk has about one free choice in each trajectory.
      error = math.sqrt(2 / count) + walked / (expected + walked) * math.sqrt(
          2 / len(residuals))
      worst = max(worst, excess / (_SLACK + _ERRORS * error))
  return worst


def walk_variance(steps: int) -> float:
  """Return the mean variance, about its mean, of a walk of unit steps."""
  return steps / 6


def drift_statistic(series: Sequence[np.ndarray],
                    times: Sequence[np.ndarray],
                    *,
                    pieces: int = 8) -> float:
  """Return Student's t of the mean slope of a quantity along time.

  Few trajectories are cut into pieces, so that there are about `pieces` slopes.

  Args:
    series: values along each trajectory, arrays `[T_i]`.
    times: arrays `[T_i]`.
    pieces: number of slopes wanted.

  Returns:
    t; 0 if there are fewer than three slopes.

  Example:
    >>> t = [np.arange(30.)] * 9
    >>> r = np.random.default_rng(0)
    >>> drift_statistic([x + r.normal(size=30) for x in t], t) > 10
    True
  """
  slopes = []
  cuts = max(1, -(-pieces // len(series)))
  for values, when in zip(series, times):
    parts = min(cuts, len(values) // 10) or 1
    for v, t in zip(np.array_split(values, parts), np.array_split(when, parts)):
      centred = t - t.mean()
      slopes.append(float(centred @ v / max(centred @ centred, _FLOOR)))
  if len(slopes) < 3:
    return 0.
  spread = float(np.std(slopes, ddof=1)) / math.sqrt(len(slopes))
  return float(np.mean(slopes)) / max(spread, _FLOOR)


def inflation(means: np.ndarray, within: np.ndarray) -> float:
  """Return by how much a ratio grows without the most extreme trajectories.

  If one trajectory escapes, it alone makes the total scatter of a high power,
  beside which nothing seems to change.

  Args:
    means: `[N]`, of a quantity along each trajectory.
    within: `[N]`, its scatter there.

  Returns:
    At least 1.

  Example:
    >>> inflation(np.array([1., 2., 3., 4., 1000.]), np.ones(5)) > 1000
    True
    >>> inflation(np.arange(5.), np.ones(5)) < 2
    True
  """
  count = len(means)
  if count < _FEW:
    return 1.
  within = np.maximum(within, _FLOOR)
  far = np.abs(means - np.median(means)) + np.sqrt(within)
  keep = np.argsort(far)[:count - int(np.ceil(_EXTREME * count))]
  whole = within.mean() + np.var(means)
  rest = within[keep].mean() + np.var(means[keep])
  return max(
      1.,
      float(whole / max(rest, _FLOOR)) *
      float(within[keep].mean() / within.mean()))
