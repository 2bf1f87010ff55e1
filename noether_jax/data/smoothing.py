"""The smooth values of measured columns, and their derivatives."""

from __future__ import annotations

import math

import numpy as np
from scipy.interpolate import UnivariateSpline

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


def smoothing_spline(times: np.ndarray,
                     values: np.ndarray,
                     sigma: float,
                     order: int = 3) -> tuple[np.ndarray, np.ndarray, float]:
  """Return a smooth column, its derivative, and how much noise is left.

  A spline with as few knots as leave a residual of the noise's size. Knots are
  placed where the signal is fast (Dierckx, as in FITPACK), so that a
  perihelion is not smeared.

  Args:
    times: `[T]`, increasing.
    values: `[T]`, with white noise.
    sigma: standard deviation of the noise, in the values' unit; an
      interpolating spline if 0.
    order: of the spline.

  Returns:
    Smooth values `[T]`, their derivative by time `[T]`, and the factor by which
    white noise shrinks, from the number of knots.

  Example:
    >>> t = np.linspace(0., 6., 200)
    >>> noisy = np.sin(t) + .1 * np.random.default_rng(0).normal(size=200)
    >>> smooth, _, gain = smoothing_spline(t, noisy, .1)
    >>> bool(np.std(smooth - np.sin(t)) < .04), gain < .3
    (True, True)
  """
  order = min(order, len(times) - 1)
  # FITPACK solves for the knots in the units of the times.
  unit = (times[-1] - times[0]) / max(len(times) - 1, 1)
  scaled = (times - times[0]) / unit
  if sigma > 0:
    spline = UnivariateSpline(scaled,
                              values,
                              w=np.full(len(times), 1 / sigma),
                              k=order,
                              s=len(times))
  else:
    spline = UnivariateSpline(scaled, values, k=order, s=0)
  gain = math.sqrt(min(1., len(spline.get_coeffs()) / len(times)))
  return spline(scaled), spline.derivative()(scaled) / unit, gain


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
