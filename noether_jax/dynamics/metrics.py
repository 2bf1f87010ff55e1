"""How far a prediction is from the truth."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp

from noether_jax.tailoring.residuals import drift
from noether_jax.types import Array

__all__ = ["drift", "psnr", "rmse", "valid_prediction_time"]


def rmse(prediction: Array,
         truth: Array,
         *,
         axis: int | Sequence[int] | None = None) -> Array:
  """Return the root of the mean squared error.

  Args:
    prediction: any shape.
    truth: the same shape.
    axis: axes of the mean; None for all.

  Returns:
    The remaining axes, in the truth's units.

  Raises:
    ValueError: if the shapes differ.

  Example:
    >>> float(rmse(jnp.array([1., 2.]), jnp.array([4., 5.])))
    3.0
  """
  if prediction.shape != truth.shape:
    raise ValueError("`prediction` and `truth` must have the same shape: got "
                     f"{prediction.shape} and {truth.shape}.")
  axes = tuple(axis) if isinstance(axis, Sequence) else axis
  return jnp.sqrt(jnp.mean((prediction - truth)**2, axis=axes))


def psnr(prediction: Array,
         truth: Array,
         *,
         peak: float = 1.0,
         axis: int | Sequence[int] | None = None) -> Array:
  """Return the peak signal-to-noise ratio of images.

    20 log10(peak / rmse)

  Args:
    prediction: any shape.
    truth: the same shape.
    peak: the largest possible value.
    axis: axes of the mean squared error; None for all.

  Returns:
    The remaining axes, in decibels; infinite where nothing differs.

  Raises:
    ValueError: if the shapes differ.

  Example:
    >>> black = jnp.zeros((2, 2))
    >>> round(float(psnr(black + 0.1, black)), 3)
    20.0
  """
  return 20 * jnp.log10(peak / rmse(prediction, truth, axis=axis))


def valid_prediction_time(prediction: Array,
                          truth: Array,
                          *,
                          dt: float | Array,
                          threshold: float = 0.4) -> Array:
  """Return how long a predicted trajectory stays close to the true one.

    min { t : |s_t - y_t| / sqrt(mean_t |y_t|^2) > threshold }

  Args:
    prediction: `[T, D]`, the first row after one step `dt`.
    truth: `[T, D]`, in columns of comparable scale (whiten them otherwise).
    dt: time between rows; it gives the result its unit.
    threshold: of the normalised error, dimensionless.

  Returns:
    `[]`: the time of the last row before the error first exceeds the threshold
    or is not finite; `T dt` if it never does.

  Raises:
    ValueError: if the shapes differ or are not `[T, D]`.

  Example:
    >>> truth = jnp.ones((4, 1))
    >>> error = jnp.array([[0.], [0.1], [0.9], [0.]])
    >>> float(valid_prediction_time(truth + error, truth, dt=0.5))
    1.0

  Reference:
    Pathak et al. 2018, Hybrid forecasting of chaotic processes, Chaos 28,
    041101, which uses the threshold 0.4.
  """
  if prediction.shape != truth.shape or truth.ndim != 2:
    raise ValueError("`prediction` and `truth` must both be [T, D]: got "
                     f"{prediction.shape} and {truth.shape}. Use jax.vmap for "
                     "a batch.")
  scale = jnp.sqrt(jnp.mean(jnp.sum(truth**2, axis=1)))
  error = jnp.sqrt(jnp.sum((prediction - truth)**2, axis=1))
  # Written so that NaN counts as beyond the threshold.
  valid = jnp.cumprod(error <= threshold * scale)
  return jnp.sum(valid) * dt
