"""Gradients of several quantities, and what they leave out."""

from __future__ import annotations

import numpy as np


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
  inside = np.einsum("mfd,mkd->mfk", slopes, axes, optimize=True)
  return slopes - np.einsum("mfk,mkd->mfd", inside, axes, optimize=True)
