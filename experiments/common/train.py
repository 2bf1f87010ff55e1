"""Full-batch training of many seeds at once."""

from collections.abc import Callable
from typing import Any

from absl import logging
import jax
import jax.numpy as jnp
import optax

from noether_jax.training.loop import gradient_step
from noether_jax.training.loop import Progress
from noether_jax.training.loop import scan_steps
from noether_jax.training.loop import training_loop

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

  def seed(carry, data, length):
    step = gradient_step(lambda params, _: loss_fn(params, data), optimizer)
    carry, losses = scan_steps(step, carry, num_steps=length)
    return carry, losses[-1]

  run = jax.jit(jax.vmap(seed, in_axes=(0, 0, None)), static_argnums=2)

  def report(progress: Progress) -> None:
    losses = progress.metrics
    logging.info("%s", progress.line(name, float(jnp.mean(losses))))
    if not bool(jnp.all(jnp.isfinite(losses))):
      raise FloatingPointError(f"{name}: the loss of a seed is not finite "
                               f"after {progress.done} steps.")

  (params, _), losses, _ = training_loop(
      lambda carry, done, length: run(carry, data, length),
      (params, jax.vmap(optimizer.init)(params)),
      num_steps=steps,
      chunk=CHUNK,
      report=report)
  return params, losses
