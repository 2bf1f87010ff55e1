"""The noise of measured columns, and their smooth values and derivatives."""

from __future__ import annotations

from collections.abc import Sequence
import math

import numpy as np


def noise_level(states: Sequence[np.ndarray]) -> np.ndarray:
  """Standard deviation of the observation noise of each column.

  The m-th difference of a smooth signal vanishes as dt^m while white noise
  keeps sqrt(binomial(2 m, m)) times its own level, so the lowest estimate over
  m = 3 ... 8 is the one least contaminated by the signal.

  Args:
    states: arrays `[T_i, D]` at equal time steps.

  Returns:
    `[D]`, in the columns' units; zero where the signal's own
    curvature hides it, or no trajectory is long enough.

  Example:
    >>> t = np.linspace(0., 1., 200)[:, None]
    >>> bool(noise_level([np.sin(t)])[0] < 1e-9)
    True
  """
  estimates = []
  for order in range(3, 9):
    parts = [np.diff(s, order, axis=0) for s in states if len(s) > order + 2]
    if parts:
      mean = np.mean(np.concatenate(parts)**2, axis=0)
      estimates.append(np.sqrt(mean / math.comb(2 * order, order)))
  if len(estimates) < 2:
    return np.zeros(states[0].shape[1])
  # An estimate that still shrinks with the order is curvature, not noise: it
  # would excuse a change of the quantity that is real.
  noisy = estimates[-1] > .8 * estimates[-2]
  return np.where(noisy, np.min(estimates, axis=0), 0.)


def local_polynomial(times: np.ndarray,
                     states: np.ndarray,
                     *,
                     window: int = 9,
                     order: int = 4) -> tuple[np.ndarray, np.ndarray, float]:
  """Smoothed states and their time derivative (Savitzky-Golay).

  Fits a polynomial to the `window` samples nearest in the sequence; times need
  not be equally spaced.

  Args:
    times: `[T]`, increasing.
    states: `[T, D]`.
    window: odd number of samples per fit, at most T.
    order: degree of the polynomial, below `window`.

  Returns:
    Smoothed states `[T, D]`, derivatives `[T, D]`, and the factor by which
    white noise shrinks (root mean square over interior samples).

  Raises:
    ValueError: if T is below `window`.

  Example:
    >>> t = np.arange(20.)
    >>> _, slope, _ = local_polynomial(t, t[:, None]**2)
    >>> bool(np.allclose(slope[:, 0], 2 * t))
    True
  """
  if len(times) < window:
    raise ValueError(f"{window} samples are needed for smoothing: got "
                     f"{len(times)}.")
  half = window // 2
  centre = np.clip(np.arange(len(times)), half, len(times) - 1 - half)
  index = centre[:, None] + np.arange(-half, half + 1)
  offset = times[index] - times[:, None]
  scale = np.max(np.abs(offset), axis=1, keepdims=True)
  basis = (offset / scale)[..., None]**np.arange(order + 1)
  weights = np.linalg.pinv(basis)
  local = np.einsum("tkw,twd->tkd", weights[:, :2], states[index])
  gain = np.sqrt(np.mean(np.sum(weights[:, 0]**2, axis=-1)))
  return local[:, 0], local[:, 1] / scale, float(gain)
