"""Rollouts of vector fields, and their errors."""

from collections.abc import Callable
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from noether_jax.dynamics import integrators

Array = jax.Array
FieldFn = Callable[[Any, Array], Array]


def roll_out(field: FieldFn,
             params: Any,
             paths: np.ndarray,
             duration: float,
             *,
             substeps: int = 4) -> np.ndarray:
  """Follow a field from the first state of every path.

  Args:
    field: `(params, x [D]) -> dx/dt [D]`.
    params: of the field.
    paths: `[M, T, D]`, at equal steps.
    duration: of a path.
    substeps: steps of the Runge-Kutta method between two samples.

  Returns:
    `[M, T, D]`.
  """
  size = duration / (paths.shape[1] - 1) / substeps
  start = jnp.asarray(paths[:, 0], jnp.result_type(float))
  rolled = _rolled(field, paths.shape[1] - 1, substeps, params, start, size)
  return np.concatenate([paths[:, :1], np.asarray(rolled, np.float64)], axis=1)


@functools.partial(jax.jit, static_argnums=(0, 1, 2))
def _rolled(field: FieldFn, count: int, substeps: int, params: Any,
            starts: Array, size: Array) -> Array:
  """`[M, T - 1, D]`; compiled once for a field, whatever its parameters."""

  def one(start: Array) -> Array:
    step = integrators.rk4(lambda x: field(params, x), size)

    def sample(x: Array, _: None) -> tuple[Array, Array]:
      x = jax.lax.fori_loop(0, substeps, lambda _, y: step(y), x)
      return x, x

    return jax.lax.scan(sample, start, length=count)[1]

  return jax.vmap(one)(starts)


def errors(rolled: np.ndarray, paths: np.ndarray) -> np.ndarray:
  """Root mean square error over times and columns, in the columns' own units.

  Args:
    rolled: `[M, T, D]`.
    paths: `[M, T, D]`.

  Returns:
    `[M]`; inf where a rollout is not finite.

  Example:
    >>> errors(np.full((1, 2, 2), 3.), np.ones((1, 2, 2))).tolist()
    [2.0]
  """
  with np.errstate(all="ignore"):
    values = np.sqrt(np.mean((rolled - paths)**2, axis=(1, 2)))
  return np.nan_to_num(values, nan=np.inf, posinf=np.inf)
