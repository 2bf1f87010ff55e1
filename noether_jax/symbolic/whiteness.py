"""Whether differences of samples are those of white noise."""

from __future__ import annotations

from collections.abc import Sequence
import math

import numpy as np

_LAGS = (1, 2, 3, 4)
# Differences beyond so many deviations belong to fast events.
_FAR = 3.
# How many standard errors a correlation may be off.
_ERRORS = 5.
_SLACK = .05
_FEWEST = 40


def are_white(differences: Sequence[np.ndarray], order: int,
              sigma: np.ndarray) -> np.ndarray:
  """Say for each column whether its differences are those of white noise.

  The m-th differences of white noise have known correlations with each other,
  those of a coarsely sampled wave have others. Signs are correlated, because
  they do not depend on how large a difference is.

  Args:
    differences: N arrays `[n_i, D]`, m-th differences in sequence, scaled so
      that white noise keeps its level.
    order: m.
    sigma: `[D]`, the level.

  Returns:
    `[D]`; true where there are too few differences to tell.

  Example:
    >>> random = np.random.default_rng(0)
    >>> white = random.normal(size=(400, 1))
    >>> wave = np.sin(2.4 * np.arange(400.))[:, None]
    >>> scale = math.sqrt(math.comb(8, 4))
    >>> parts = np.diff(np.hstack([white, wave]), 4, axis=0) / scale
    >>> are_white([parts], 4, np.array([1., .7])).tolist()
    [True, False]
  """
  verdict = np.ones(len(sigma), bool)
  middle = math.comb(2 * order, order)
  for column in np.flatnonzero(sigma):
    for lag in _LAGS:
      # They vanish beyond the order's own reach.
      shared = math.comb(2 * order, order - lag) if lag <= order else 0
      theory = (-1)**lag * shared / middle
      expected = 2 / math.pi * math.asin(theory)
      products = [
          _products(d[:, column], lag, _FAR * sigma[column])
          for d in differences
          if len(d) > lag
      ]
      signs = np.concatenate(products) if products else np.zeros(0)
      if len(signs) < _FEWEST:
        continue
      # Neighbouring products are correlated: half of them count.
      error = math.sqrt((1 - expected**2) / (len(signs) / 2))
      if abs(signs.mean() - expected) > _SLACK + _ERRORS * error:
        verdict[column] = False
  return verdict


def _products(values: np.ndarray, lag: int, most: float) -> np.ndarray:
  """Products of signs at a lag, where neither value belongs to an event."""
  first, second = values[:-lag], values[lag:]
  near = (np.abs(first) < most) & (np.abs(second) < most)
  return np.sign(first[near] * second[near])
