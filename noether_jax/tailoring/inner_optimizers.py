"""Inner optimizers beyond optax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from noether_jax.tailoring.low_rank.outer_products import gram
from noether_jax.tailoring.low_rank.outer_products import scaled
from noether_jax.types import Array
from noether_jax.types import PyTree


class GaussNewton(optax.GradientTransformationExtraArgs):
  """What `gauss_newton` returns: an optax transformation that can be told."""


def _solve(matrix: Array, vector: Array) -> Array:
  """Solve a small positive definite system; a division where it is 1 x 1."""
  if vector.shape[0] == 1:
    return vector / matrix[0]
  return jax.scipy.linalg.solve(matrix, vector, assume_a="pos")


def gauss_newton(*,
                 fraction: float | Array = 1.0,
                 damping: float | Array = 1e-6) -> GaussNewton:
  """The least-norm weight change that zeroes the linearised residuals.

    d theta = - fraction J^T (J J^T + damping I)^-1 r,   J = d r / d theta

  One step brings the conservation error to second order of itself, whatever
  its scale, so there is no inner rate to choose.

  Args:
    fraction: how much of the error is to vanish, dimensionless.
    damping: added to the Gram matrix, in units of (residual / weight)^2; it
      bounds the step where the residuals do not depend on the weights.

  Returns:
    An optax transformation. Its `update` needs the extra arguments that
    `tailor` passes: `residuals`, an array, and `pullback`, which maps a
    cotangent of the residuals to a gradient of the weights.

  Example:
    >>> from noether_jax.tailoring.query import tailor
    >>> residual = lambda w: w[:1] + 2.0 * w[1:] - 5.0
    >>> step = tailor(residual, jnp.zeros(2), gauss_newton(damping=0.0))
    >>> step.adapted.tolist()
    [1.0, 2.0]

  Reference:
    Nocedal and Wright, Numerical Optimization, section 10.3; the
    underdetermined case is the minimum-norm solution.
  """

  def init(params: PyTree) -> optax.OptState:
    del params
    return optax.EmptyState()

  def update(updates: PyTree,
             state: optax.OptState,
             params: PyTree = None,
             *,
             residuals: Array,
             pullback: Callable[[Array], PyTree],
             **extra: Any) -> tuple[PyTree, optax.OptState]:
    del updates, params, extra
    if residuals.ndim == 0:
      raise ValueError("gauss_newton needs residuals: got a scalar loss. Let "
                       "`loss_fn` return the array whose squares sum to it.")
    flat = residuals.reshape(-1)
    count = flat.shape[0]
    as_residuals = lambda v: v.reshape(residuals.shape)
    if count == 1:
      row = pullback(jnp.ones_like(residuals))
      rows = jax.tree.map(lambda leaf: leaf[None], row)
    else:
      rows = jax.vmap(lambda v: pullback(as_residuals(v)))(jnp.eye(
          count, dtype=flat.dtype))
    matrix = gram(rows) + damping * jnp.eye(count, dtype=flat.dtype)
    coefficients = -fraction * _solve(matrix, flat)
    if count == 1:
      return scaled(row, coefficients[0]), state
    return pullback(as_residuals(coefficients)), state

  return GaussNewton(init, update)
