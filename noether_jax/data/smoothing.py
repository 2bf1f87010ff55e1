"""The noise of measured columns, and their smooth values and derivatives."""

from __future__ import annotations

from collections.abc import Sequence
import math

import numpy as np

_MOST_WINDOWS = 20_000
_BLOCK = 2**16


def noise_level(states: Sequence[np.ndarray],
                times: Sequence[np.ndarray] | None = None) -> np.ndarray:
  """Return the standard deviation of the observation noise of each column.

  The m-th difference of a smooth signal vanishes as dt^m while white noise
  keeps sqrt(binomial(2 m, m)) times its own level, so the lowest estimate over
  m = 3 ... 8 is the one least contaminated by the signal. Where steps differ,
  divided differences take the place of differences, and windows across a gap
  are left out.

  Args:
    states: arrays `[T_i, D]`.
    times: arrays `[T_i]`, increasing; equal steps if None.

  Returns:
    `[D]`, in the columns' units; zero where the signal's own
    curvature hides it, or no trajectory is long enough.

  Example:
    >>> t = np.linspace(0., 1., 200)[:, None]
    >>> bool(noise_level([np.sin(t)])[0] < 1e-9)
    True
  """
  if times is None or is_evenly_spaced(times):
    times = [np.empty(0)] * len(states)
  estimates = []
  for order in range(3, 9):
    total, count = 0., 0
    for s, t in zip(states, times):
      if len(s) > order + 2:
        part = _scaled_differences(s, t, order)
        total, count = total + np.sum(part**2, axis=0), count + len(part)
    if count:
      estimates.append(np.sqrt(total / count))
  if len(estimates) < 2:
    return np.zeros(states[0].shape[1])
  # An estimate that still shrinks with the order is curvature, not noise: it
  # would excuse a change of the quantity that is real.
  noisy = estimates[-1] > .8 * estimates[-2]
  return np.where(noisy, np.min(estimates, axis=0), 0.)


def is_evenly_spaced(times: Sequence[np.ndarray]) -> bool:
  """Return whether steps differ by less than 10 % within every trajectory.

  Args:
    times: N arrays `[T_i]`, increasing.

  Returns:
    The answer.

  Example:
    >>> is_evenly_spaced([np.arange(5.)]), is_evenly_spaced([np.arange(5.)**2])
    (True, False)
  """
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


def local_polynomial(times: np.ndarray,
                     states: np.ndarray,
                     *,
                     window: int = 9,
                     order: int = 4) -> tuple[np.ndarray, np.ndarray, float]:
  """Return smoothed states and their time derivative (Savitzky-Golay).

  Fits a polynomial to the `window` samples nearest in the sequence; times need
  not be equally spaced. No window spans a gap (a step of more than four usual
  ones) if there are enough samples on its side of it.

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
  centre = np.arange(len(times))
  for start, stop in _runs(times, window):
    centre[start:stop] = centre[start:stop].clip(start + half, stop - 1 - half)
  smooth, derivatives, squares = np.empty_like(states, float), np.empty_like(
      states, float), 0.
  # In blocks: the systems of millions of samples would fill the memory.
  for start in range(0, len(times), _BLOCK):
    block = slice(start, start + _BLOCK)
    index = centre[block, None] + np.arange(-half, half + 1)
    offset = times[index] - times[block, None]
    scale = np.max(np.abs(offset), axis=1, keepdims=True)
    basis = (offset / scale)[..., None]**np.arange(order + 1)
    weights = np.linalg.pinv(basis)
    local = np.einsum("tkw,twd->tkd", weights[:, :2], states[index])
    smooth[block], derivatives[block] = local[:, 0], local[:, 1] / scale
    squares += np.sum(weights[:, 0]**2)
  return smooth, derivatives, math.sqrt(squares / len(times))


def _runs(times: np.ndarray, least: int) -> list[tuple[int, int]]:
  """Stretches without a gap, each of at least so many samples."""
  steps = np.diff(times)
  cuts = np.flatnonzero(steps > 4 * np.median(steps)) + 1
  runs = [(0, len(times))]
  for cut in cuts.tolist():
    start, stop = runs[-1]
    if cut - start >= least and stop - cut >= least:
      runs[-1:] = [(start, cut), (cut, stop)]
  return runs
