"""How far a prediction is from the truth."""

from __future__ import annotations

from collections.abc import Sequence

import jax.numpy as jnp

from noether_jax.types import Array


def rmse(prediction: Array,
         truth: Array,
         *,
         axis: int | Sequence[int] | None = None) -> Array:
  """Root of the mean squared error.

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
