"""The nearest prediction that keeps the laws, without a change of weights."""

from __future__ import annotations

import jax
from jax.flatten_util import ravel_pytree

from noether_jax.keeping.laws import Quantities
from noether_jax.tailoring.inner_optimizers import solve_balanced
from noether_jax.types import Array
from noether_jax.types import PyTree
from noether_jax.types import State


def _rows(quantities: Quantities, x: State, scale: Array) -> Array:
  """Gradients in units of the scale, `[K, D]`."""
  rows = jax.jacrev(quantities)(x)
  return jax.vmap(lambda row: ravel_pytree(row)[0])(rows) * scale[None]


def _correction(rows: Array, change: Array, scale: Array) -> Array:
  """The smallest step, in units of the scale, that undoes a change `[K]`."""
  return -scale * (rows.T @ solve_balanced(rows @ rows.T, change))


def project_field(quantities: Quantities, x: State, derivative: State,
                  state_scale: State) -> State:
  """Remove from a vector field what changes the quantities.

    f - S A^T (A A^T)^-1 A S^-1 f,   A = (d g / d x) S

  Args:
    quantities: `state -> [K]`.
    x: one state.
    derivative: dx/dt there, like `x`.
    state_scale: S, the size of a typical change of each column, like `x`.

  Returns:
    The nearest vector, in units of the scale, along which no quantity changes.

  Example:
    >>> import jax.numpy as jnp
    >>> project_field(lambda x: x[:1], jnp.ones(2), jnp.array([3., 4.]),
    ...               jnp.ones(2)).tolist()
    [0.0, 4.0]
  """
  flat, unravel = ravel_pytree(derivative)
  scale = ravel_pytree(state_scale)[0]
  rows = _rows(quantities, x, scale)
  for _ in range(2):  # The second one removes the rounding error of the first.
    flat = flat + _correction(rows, rows @ (flat / scale), scale)
  return unravel(flat)


def project_state(quantities: Quantities, target: Array, state: State,
                  state_scale: State, num_steps: int) -> State:
  """Move a state onto the set where the quantities have given values.

    y <- y - S A^T (A A^T)^-1 (g(y) - target),   A = (d g / d y) S

  Args:
    quantities: `state -> [K]`.
    target: `[K]`.
    state: where Newton's iteration begins.
    state_scale: S, the size of a typical change of each column, like `state`.
    num_steps: number of iterations.

  Returns:
    A state like `state`; not finite where the iteration diverges.

  Example:
    >>> import jax.numpy as jnp
    >>> circle = lambda x: jnp.sum(x**2)[None]
    >>> y = project_state(circle, jnp.ones(1), jnp.array([3., 4.]),
    ...                   jnp.ones(2), num_steps=6)
    >>> [round(float(v), 6) for v in y]
    [0.6, 0.8]
  """
  start, unravel = ravel_pytree(state)
  scale = ravel_pytree(state_scale)[0]

  def step(flat: Array, _: None) -> tuple[Array, None]:
    y = unravel(flat)
    change = quantities(y) - target
    return flat + _correction(_rows(quantities, y, scale), change, scale), None

  return unravel(jax.lax.scan(step, start, length=num_steps)[0])


def project_trajectory(quantities: Quantities, target: Array, states: PyTree,
                       state_scale: State, num_steps: int) -> PyTree:
  """Move each state of a trajectory; see `project_state`.

  Args:
    quantities: `state -> [K]`.
    target: `[K]`.
    states: leaves `[T, ...]`.
    state_scale: like one state.
    num_steps: number of iterations.

  Returns:
    States like `states`.

  Example:
    >>> import jax.numpy as jnp
    >>> project_trajectory(lambda x: x[:1], jnp.zeros(1), jnp.ones((3, 2)),
    ...                    jnp.ones(2), num_steps=1)[:, 0].tolist()
    [0.0, 0.0, 0.0]
  """
  return jax.vmap(lambda state: project_state(quantities, target, state,
                                              state_scale, num_steps))(states)
