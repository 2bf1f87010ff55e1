"""Full-batch training of many seeds at once."""

from collections.abc import Callable
import time
from typing import Any

from absl import logging
import jax
import jax.numpy as jnp
import optax

Array = jax.Array
CHUNK = 100


def fit(loss_fn: Callable[..., Array],
        params: object,
        data: object,
        *,
        steps: int,
        learning_rate: float = 1e-3,
        optimizer: Any = None,
        name: str = "training") -> tuple[object, Array]:
  """Adam, or another optimizer, on stacked seeds, each with its own data.

  Args:
    loss_fn: `(params, data) -> []` of one seed.
    params: leaves `[S, ...]`, seeds stacked.
    data: leaves `[S, ...]`.
    steps: number of full-batch steps.
    learning_rate: Adam's.
    optimizer: an optax transformation to be used instead.
    name: for the progress lines.

  Returns:
    `(params, losses [S])`: the last loss is that before the last step.

  Raises:
    ValueError: if `steps` is below 1.
    FloatingPointError: if a loss is not finite.
  """
  if steps < 1:
    raise ValueError(f"`steps` must be at least 1: got {steps}.")
  if optimizer is None:
    optimizer = optax.adam(learning_rate)

  def seed(params, opt_state, data, length):

    def body(carry, _):
      params, opt_state = carry
      loss, gradient = jax.value_and_grad(loss_fn)(params, data)
      updates, opt_state = optimizer.update(gradient, opt_state, params)
      return (optax.apply_updates(params, updates), opt_state), loss

    carry, losses = jax.lax.scan(body, (params, opt_state), length=length)
    return *carry, losses[-1]

  run = jax.jit(jax.vmap(seed, in_axes=(0, 0, 0, None)), static_argnums=3)
  opt_state = jax.vmap(optimizer.init)(params)
  start, done = time.perf_counter(), 0
  while done < steps:
    length = min(CHUNK, steps - done)
    params, opt_state, losses = run(params, opt_state, data, length)
    done += length
    spent = time.perf_counter() - start
    logging.info("%s: %d/%d, %.1f steps/s, loss %.3g, %.0f s left", name, done,
                 steps, done / spent, float(jnp.mean(losses)),
                 spent / done * (steps - done))
    if not bool(jnp.all(jnp.isfinite(losses))):
      raise FloatingPointError(f"{name}: the loss of a seed is not finite "
                               f"after {done} steps.")
  return params, losses
