"""Gradients of several quantities, and what they leave out."""

from __future__ import annotations

import numpy as np

# How far gradients must differ.
_ANGLE = .05
# Beside known directions, what is left of unit gradients is at least this.
_LEFT = .1


def span(gradients: np.ndarray) -> np.ndarray:
  """Return an orthonormal basis of the span of K gradients at each state.

  Args:
    gradients: `[m, K, D]`.

  Returns:
    `[m, K, D]`; rows are 0 where gradients are parallel.

  Example:
    >>> np.abs(span(np.array([[[0., 2.], [0., 1.]]]))).tolist()
    [[[0.0, 1.0], [0.0, 0.0]]]
  """
  if not gradients.shape[1]:
    return gradients
  _, sizes, axes = np.linalg.svd(gradients, full_matrices=False)
  return axes * (sizes > 1e-3 * sizes[:, :1])[..., None]


def outside(slopes: np.ndarray, axes: np.ndarray) -> np.ndarray:
  """Return the part of gradients that is outside a span.

  Args:
    slopes: `[m, F, D]`.
    axes: `[m, K, D]`, from `span`.

  Example:
    >>> outside(np.array([[[3., 4.]]]), np.array([[[1., 0.]]])).tolist()
    [[[0.0, 4.0]]]
  """
  if not axes.shape[1]:
    return slopes
  return slopes - slopes @ axes.swapaxes(1, 2) @ axes


def unit(gradients: np.ndarray) -> np.ndarray:
  """Return `[..., D]` gradients of length 1; zero stays zero."""
  size = np.linalg.norm(gradients, axis=-1, keepdims=True)
  return gradients / np.maximum(size, 1e-300)


def ranks(gradients: np.ndarray, angle: float = _ANGLE) -> np.ndarray:
  """Return the number of independent directions at each state.

  Args:
    gradients: `[m, K, D]`, at most of length 1.
    angle: singular values below this part of the largest do not count.

  Returns:
    `[m]`.

  Example:
    >>> ranks(np.array([[[1., 0.], [0., 1.]], [[1., 0.], [1., 0.]]])).tolist()
    [2, 1]
  """
  if not gradients.shape[1]:
    return np.zeros(len(gradients), int)
  sizes = np.linalg.svd(gradients, compute_uv=False)
  return np.sum(sizes > angle * np.maximum(sizes[:, :1], _LEFT), axis=1)
