"""The smooth values of measured columns, and their derivatives."""

from __future__ import annotations

import math

import numpy as np

_BLOCK = 2**16


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
