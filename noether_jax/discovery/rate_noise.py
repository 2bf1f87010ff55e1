"""Noise of measured derivatives, and what it cannot excuse."""

from __future__ import annotations

import numpy as np
import scipy.spatial

# States that an estimate and a test see at most.
_MOST_FITTED = 400
_MOST_TESTED = 2000
_LENGTHS = (.5, 1., 2., 4., 8.)
_LEVELS = np.logspace(-14, 1, 31)
# Variance of a linear trend over that of the process.
_TREND = 100.
# The least share of noise in an error of prediction.
_LEAST_SHARE = .25
# Median of the square of a normal variable.
_MEDIAN = .454936
# No noise is taken as smaller than this part of a column's rate.
_ROUNDING = 1e-13
_NEIGHBOURS = 4
# A test has at most a function for so many states.
_STATES_EACH = 5
# So many standard errors are no chance.
_ERRORS = 3.5
# The largest share of change that noise may hide, as a ratio within/total.
_HIDDEN = 3e-4
# A gradient is none where its square is below this part of the mean.
_FLAT = 1e-6
# How far the estimate of the variance of noise may be off.
_UNSURE = .25


def estimate_noise(states: np.ndarray, rates: np.ndarray,
                   angles: np.ndarray) -> np.ndarray:
  """Return the noise of rates that are a smooth function of the state.

  A Gaussian process (Matern 5/2 beside a linear trend) is fitted to each rate.
  Its length and noise are those whose predictions of states that were left out
  have the least median error, so a few states near a fast event, such as a
  close encounter, do not count. Where the rate is less smooth than the process,
  the estimate is too high.

  Args:
    states: `[n, D]`.
    rates: `[n, D]`, rates of change.
    angles: `[D]`, which columns enter by sine and cosine.

  Returns:
    `[D]`, standard deviations, of the rates' units.

  Example:
    >>> random = np.random.default_rng(0)
    >>> x = random.uniform(-1, 1, (300, 2))
    >>> d = np.stack([x[:, 1], -np.sin(x[:, 0])], 1)
    >>> noisy = d + [.1, .02] * random.normal(size=d.shape)
    >>> found = estimate_noise(x, noisy, np.zeros(2, bool))
    >>> bool(np.all(abs(found / [.1, .02] - 1) < .2))
    True
  """
  chosen = np.linspace(0,
                       len(states) - 1, min(len(states),
                                            _MOST_FITTED)).astype(int)
  places = _places(states, angles)[chosen]
  rates = rates[chosen]
  size = np.maximum(rates.std(0), 1e-300)
  y = rates / size
  apart = scipy.spatial.distance.cdist(places, places)
  trend = _TREND * (1 + places @ places.T)
  best = np.full(y.shape[1], np.inf)
  level = np.zeros(y.shape[1])
  for length in _LENGTHS:
    r = np.sqrt(5.) * apart / (length * np.sqrt(places.shape[1]))
    kernel = (1 + r + r**2 / 3) * np.exp(-r) + trend
    values, axes = np.linalg.eigh(kernel)
    turned = axes.T @ y
    for noise in _LEVELS:
      inverse = 1 / (np.maximum(values, 0.) + noise)
      precision = axes**2 @ inverse
      error = axes @ (inverse[:, None] * turned) / precision[:, None]
      middle = np.median(np.abs(error), axis=0)
      # Part of an error is the process's own uncertainty, but hardly most.
      share = np.maximum(noise * precision, _LEAST_SHARE)
      own = np.median(error**2 * share[:, None], axis=0)
      level = np.where(middle < best, np.sqrt(own / _MEDIAN), level)
      best = np.minimum(best, middle)
  return np.maximum(level, _ROUNDING) * size


def distance_from_noise(values: np.ndarray, swing: np.ndarray,
                        states: np.ndarray, ratio: float) -> float:
  """Return how far measured rates of change of a quantity are from noise.

  Noise is independent from state to state, so any sum over pairs of different
  states, of the product of their rates, has the mean 0 and a variance that is
  known whatever the noise: signs may be flipped at random. A rate of change
  that is real is a function of the state. Two sums look for it: over near
  neighbours, and over projections onto products of the quantity's slopes and
  quadratics of the state, which are what a smooth flow makes of it.

  Args:
    values: `[n]`, rates of change of the quantity.
    swing: `[n, S]`, its slopes times the noise of each column's rate.
    states: `[n, D]`.
    ratio: within/total of the quantity.

  Returns:
    At most 1 where all is noise of the size that was estimated, and noise hides
    no change above 3e-4 of the total.

  Example:
    >>> random = np.random.default_rng(0)
    >>> x, noise = random.normal(size=(400, 2)), random.normal(size=400)
    >>> swing = np.stack([np.ones(400), x[:, 0]], 1)
    >>> white = distance_from_noise(noise, swing, x, 1e-3)
    >>> white < 1 < distance_from_noise(noise + x[:, 1], swing, x, 1e-3)
    True
  """
  chosen = np.linspace(0,
                       len(values) - 1, min(len(values),
                                            _MOST_TESTED)).astype(int)
  values, swing, states = values[chosen], swing[chosen], states[chosen]
  unit = np.sqrt(np.maximum(np.sum(swing**2, 1), 1e-300))
  z, slopes = values / unit, swing / unit[:, None]
  known = np.isfinite(z) & np.isfinite(slopes).all(1)
  z, slopes, states = z[known], slopes[known], states[known]
  if len(z) < 2 * _STATES_EACH:
    return np.inf
  size = float(np.mean(z**2))
  if not 0 < size < np.inf:
    return 0. if size == 0 else np.inf
  z = z / np.sqrt(size)
  places = _places(states, np.zeros(states.shape[1], bool))
  near = scipy.spatial.cKDTree(places).query(places, k=_NEIGHBOURS + 1)[1]
  beside = np.zeros((len(z), len(z)))
  np.put_along_axis(beside, near, 1., axis=1)
  onto = _projection(slopes, places)
  projected, error = _paired(onto, z)
  neighbours, spread = _paired(beside + beside.T, z)
  worst = max(projected / max(error, 1e-300),
              neighbours / max(spread, 1e-300)) / _ERRORS
  most = max(projected, 0.) + _ERRORS * error
  hidden = ratio * most / max(float(z @ z), 1e-300)
  larger = (size - 1) / (_UNSURE + _ERRORS * np.sqrt(2 / len(z)))
  return max(worst, hidden / _HIDDEN, larger)


def ratio_by_state(values: np.ndarray, slopes: np.ndarray) -> float:
  """Return within/total as the mean over states, which count alike.

  A single state can make all of a total, beside which nothing changes.

  Args:
    values: `[n]`, rates of change of a quantity.
    slopes: `[n, S]`, its gradients.

  Returns:
    The ratio; infinite if the gradient vanishes at most states.

  Example:
    >>> slopes = np.ones((4, 1))
    >>> round(ratio_by_state(np.full(4, .1), slopes), 3)
    0.01
    >>> ratio_by_state(np.full(4, .1), slopes * [[1e5], [1], [1], [1]])
    inf
  """
  if is_flat(slopes):
    return np.inf
  square = np.sum(slopes**2, 1)
  steep = square > _FLAT * np.mean(square)
  return float(np.mean(values[steep]**2 / square[steep]))


def is_flat(slopes: np.ndarray) -> bool:
  """Whether a gradient `[n, S]` vanishes at most states, or is not finite.

  Example:
    >>> is_flat(np.ones((4, 1))), is_flat(np.array([[0.], [0.], [0.], [1.]]))
    (False, True)
  """
  square = np.sum(slopes**2, 1)
  steep = square > _FLAT * np.mean(square)
  return not np.isfinite(square).all() or bool(np.mean(steep) < .5)


def _paired(matrix: np.ndarray, z: np.ndarray) -> tuple[float, float]:
  """Sum over pairs of different states, and its standard error."""
  matrix = matrix.copy()
  np.fill_diagonal(matrix, 0.)
  total = float(z @ matrix @ z)
  return total, float(np.sqrt(2 * (z**2) @ matrix**2 @ (z**2)))


def _projection(slopes: np.ndarray, places: np.ndarray) -> np.ndarray:
  """Projection `[n, n]` onto slopes times polynomials of the state."""
  count, width = places.shape
  i, j = np.triu_indices(width)
  functions = np.hstack(
      [np.ones((count, 1)), places, places[:, i] * places[:, j]])
  most = count // (_STATES_EACH * slopes.shape[1])
  if functions.shape[1] > most:
    functions = functions[:, :max(1, min(most, 1 + width))]
  table = (slopes[:, :, None] * functions[:, None]).reshape(count, -1)
  left, sizes, _ = np.linalg.svd(table, full_matrices=False)
  left = left[:, sizes > 1e-9 * sizes[0]]
  return left @ left.T


def _places(states: np.ndarray, angles: np.ndarray) -> np.ndarray:
  """States over their spread; angles by sine and cosine."""
  plain = states[:, ~angles]
  every = np.hstack(
      [plain, np.cos(states[:, angles]),
       np.sin(states[:, angles])])
  spread = every.std(0)
  return (every - every.mean(0)) / np.where(spread > 0, spread, 1.)
