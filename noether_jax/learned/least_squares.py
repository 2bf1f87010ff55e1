"""Levenberg-Marquardt for small networks on a few thousand residuals.

First-order training leaves a learned quantity's gradient too imprecise to be
of use; this method reaches the precision that the data allow. It forms the
normal equations of all parameters, so it is meant for at most a few thousand
parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
from jax.flatten_util import ravel_pytree
import jax.numpy as jnp

from noether_jax.types import Array
from noether_jax.types import Params
from noether_jax.types import PyTree

_GROW, _SHRINK, _LEAST = 4.0, 0.33, 1e-12


class Fit(NamedTuple):
  """What the iteration reached.

  Attributes:
    params: of the least cost seen.
    costs: `[num_steps + 1]`, before each step and at the end; never rises.
    damping: `[]`, of the next step.
  """
  params: Params
  costs: Array
  damping: Array


def levenberg_marquardt(
    residual_fn: Callable[[Params, PyTree], Array],
    params: Params,
    examples: PyTree,
    *,
    num_steps: int = 25,
    damping: float | Array = 1e-3,
    anchor: float | Array = 0.0,
    weights: Array | None = None,
) -> Fit:
  """Minimise a sum of squares, staying near the start where data say nothing.

    cost = sum_b w_b |r_b|^2 / 2 + anchor |theta - theta_0|^2 / 2

  Every step solves the damped normal equations; one that does not lower the
  cost is not taken, and the damping grows. Can be jitted and vmapped.

  Args:
    residual_fn: `(params, example) -> [R]`, for one example.
    params: start theta_0, a tree of P numbers in all; float64 reaches further.
    examples: leaves `[B, ...]`.
    num_steps: number of steps, taken or not.
    damping: of the first step, relative to the mean diagonal of J^T J.
    anchor: pull towards the start, in units of (residual / parameter)^2.
    weights: `[B]`, or None for ones.

  Returns:
    A `Fit`.

  Raises:
    ValueError: if `num_steps` is below 1.

  Example:
    >>> line = lambda p, e: (p["a"] * e[0] + p["b"] - e[1])[None]
    >>> x = jnp.arange(5.)
    >>> fit = levenberg_marquardt(line, {"a": jnp.zeros(()),
    ...     "b": jnp.zeros(())}, (x, 2 * x + 1), num_steps=15)
    >>> round(float(fit.params["a"]), 3), round(float(fit.params["b"]), 3)
    (2.0, 1.0)

  Reference:
    Nocedal and Wright, Numerical Optimization, section 10.3.
  """
  if num_steps < 1:
    raise ValueError(f"`num_steps` must be at least 1: got {num_steps}.")
  start, unravel = ravel_pytree(params)
  count = jax.tree.leaves(examples)[0].shape[0]
  root = jnp.sqrt(jnp.ones(count, start.dtype) if weights is None else weights)
  single = lambda flat, e: residual_fn(unravel(flat), e)

  def residuals(flat: Array) -> Array:
    each = jax.vmap(single, in_axes=(None, 0))(flat, examples)
    return (each * root[:, None]).reshape(-1)

  def cost(flat: Array) -> Array:
    return 0.5 * (jnp.sum(residuals(flat)**2) + anchor * jnp.sum(
        (flat - start)**2))

  def step(carry: tuple[Array, Array, Array],
           _: None) -> tuple[tuple[Array, Array, Array], Array]:
    flat, damp, before = carry
    jacobian = jax.vmap(jax.jacrev(single), in_axes=(None, 0))(flat, examples)
    jacobian = (jacobian * root[:, None, None]).reshape(-1, flat.size)
    normal = jacobian.T @ jacobian
    gradient = jacobian.T @ residuals(flat) + anchor * (flat - start)
    size = jnp.mean(jnp.diagonal(normal)) + jnp.finfo(flat.dtype).tiny
    matrix = normal + (damp * size + anchor) * jnp.eye(flat.size,
                                                       dtype=flat.dtype)
    new = flat - jax.scipy.linalg.solve(matrix, gradient, assume_a="pos")
    after = cost(new)
    # Not finite compares as False: such a step is not taken either.
    better = after < before
    damp = jnp.where(better, jnp.maximum(damp * _SHRINK, _LEAST), damp * _GROW)
    carry = (jnp.where(better, new,
                       flat), damp, jnp.where(better, after, before))
    return carry, before

  first = (start, jnp.asarray(damping, start.dtype), cost(start))
  (flat, damp, last), costs = jax.lax.scan(step, first, length=num_steps)
  return Fit(unravel(flat), jnp.append(costs, last), damp)
