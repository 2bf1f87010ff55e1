"""Inner optimizers beyond optax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp
import optax

from noether_jax.tailoring.low_rank.outer_products import gram
from noether_jax.tailoring.low_rank.outer_products import scaled
from noether_jax.types import Array
from noether_jax.types import PyTree


class GaussNewton(optax.GradientTransformationExtraArgs):
  """The type of `gauss_newton()`, by which the inner loop recognises it."""


def _solve(matrix: Array, vector: Array) -> Array:
  """Solve a small positive definite system; a division where it is 1 x 1."""
  if vector.shape[0] == 1:
    return vector / matrix[0]
  return jax.scipy.linalg.solve(matrix, vector, assume_a="pos")


def solve_balanced(matrix: Array, vector: Array) -> Array:
  """Solve a Gram system whose equations may have different units.

    (D^-1/2 G D^-1/2 + epsilon I) D^1/2 c = D^-1/2 r,   D = diag G

  Args:
    matrix: G `[M, M]`, the inner products of M gradients.
    vector: r `[M]`, the residuals with these gradients.

  Returns:
    c `[M]`. A residual without a gradient gets 0; residuals with linearly
    dependent gradients share the correction.

  Example:
    >>> matrix = jnp.diag(jnp.array([4., 0.]))
    >>> solve_balanced(matrix, jnp.array([8., 0.])).round(3).tolist()
    [2.0, 0.0]
  """
  count = vector.shape[0]
  size = jnp.diagonal(matrix)
  # Written so that derivatives are finite where a gradient vanishes.
  live = size > jnp.finfo(matrix.dtype).tiny
  root = jnp.sqrt(jnp.where(live, size, 1))
  unit = matrix / root[:, None] / root[None]
  eye = jnp.eye(count, dtype=unit.dtype)
  unit = jnp.where(live[:, None] & live[None], unit, eye)
  if count > 1:
    unit = unit + 10 * count * jnp.finfo(unit.dtype).eps * eye
  return _solve(unit, jnp.where(live, vector / root, 0)) / root


def gauss_newton(
    *,
    fraction: float | Array = 1.0,
    damping: float | Array | Literal["relative"] = 1e-6) -> GaussNewton:
  """Return the optimizer that zeroes the linearised residuals.

    d theta = - fraction J^T (J J^T + damping I)^-1 r,   J = d r / d theta

  One step reduces a conservation error e to the order of e^2, whatever its
  scale, so there is no learning rate to choose.

  Args:
    fraction: how much of the error is to vanish, dimensionless.
    damping: added to the Gram matrix, in units of (residual / weight)^2; it
      bounds the step where the residuals do not depend on the weights.
      "relative" adds a multiple of rounding errors to each residual's own
      entry: the step then does not depend on the residuals' units.

  Returns:
    An optax transformation. Its `update` needs the extra arguments that
    `tailor` passes: `residuals`, an array, and `pullback`, which maps a
    cotangent of the residuals to a gradient of the weights.

  Raises:
    ValueError: if `damping` is another text.

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
  if isinstance(damping, str) and damping != "relative":
    raise ValueError(
        f"`damping` must be a number or 'relative': got {damping!r}.")

  def init(params: PyTree) -> optax.OptState:
    del params
    return optax.EmptyState()

  def solve(matrix: Array, vector: Array) -> Array:
    if isinstance(damping, str):
      return solve_balanced(matrix, vector)
    return _solve(matrix + damping * jnp.eye(len(vector), dtype=vector.dtype),
                  vector)

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
    matrix = gram(rows)
    coefficients = -fraction * solve(matrix, flat.astype(matrix.dtype))
    if count == 1:
      return scaled(row, coefficients[0]), state
    return pullback(as_residuals(coefficients.astype(flat.dtype))), state

  return GaussNewton(init, update)
