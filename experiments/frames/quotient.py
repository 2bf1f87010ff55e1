"""A convolutional g that is conserved along training sequences from the start.

Without this training, g is random until the outer loss has changed it.
"""

from collections.abc import Callable
import functools
from typing import Any

from absl import logging
import jax
import jax.numpy as jnp
import numpy as np
import optax

from noether_jax import video
from noether_jax.learned import minibatch
from noether_jax.training.loop import training_loop

_OPTIMIZER = optax.adam(1e-3)
_TOLD_EVERY = 50
# Sequences of a batch for each quantity: on K sequences or fewer, K functions
# can't all differ.
_PER_QUANTITY = 4


def windows(frames: np.ndarray,
            stacked: int,
            count: int = 400,
            every: int = 3) -> jax.Array:
  """What g sees of some sequences.

  Args:
    frames: uint8 `[N, T, H, W, C]`.
    stacked: frames of a window.
    count: of sequences, the first ones.
    every: frames from one window to the next.

  Returns:
    `[N', M, stacked, H, W, C]` in [0, 1], single precision.

  Example:
    >>> frames = np.zeros((3, 8, 2, 2, 1), np.uint8)
    >>> windows(frames, 2, 2, 3).shape
    (2, 3, 2, 2, 2, 1)
  """
  starts = np.arange(0, frames.shape[1] + 1 - stacked, every)
  chosen = frames[:count, starts[:, None] + np.arange(stacked)]
  return jnp.asarray(chosen, jnp.float32) / 255


# One step a call: in a compiled loop of steps a CPU takes tens of times as long
# for the convolutions. Here, so that seeds of one g share what is compiled.
@functools.partial(jax.jit, static_argnames=("apply", "batch_size"))
def _step(params: Any, opt_state: Any, seen: jax.Array, key: jax.Array, *,
          apply: Callable[..., jax.Array], batch_size: int) -> Any:
  return minibatch.minimise_quotient(
      lambda params, window: apply(params, window)[0],
      params,
      seen,
      key,
      optimizer=_OPTIMIZER,
      opt_state=opt_state,
      num_steps=1,
      batch_size=batch_size)


def conserved(net: video.FrameNet, params: Any, seen: jax.Array, key: jax.Array,
              *, steps: int, counts: dict[str, Any]) -> Any:
  """Parameters of g after Adam steps on the variance quotient of its values.

  Its values are scaled to unit variance: the inner rate depends on that.

  Args:
    net: a g with a linear read-out, from `video.frame_embedding`.
    params: where it begins.
    seen: from `windows`.
    key: consumed; chooses the batches.
    steps: Adam steps.
    counts: receives "log_quotient", that of the batch of every 50th step and
      of the last.

  Returns:
    A tree like `params`.
  """
  batch_size = min(_PER_QUANTITY * params["output"]["bias"].size, len(seen))
  losses: list[float] = []

  def advance(carry: Any, done: int, length: int) -> tuple[Any, Any]:
    del length  # Always 1, see `_step`.
    fit = _step(*carry,
                seen,
                jax.random.fold_in(key, done),
                apply=net.apply,
                batch_size=batch_size)
    if done % _TOLD_EVERY == 0 or done + 1 == steps:
      losses.append(round(float(fit.losses[0]), 3))
      logging.info("g on the quotient: %d/%d, log(W/T) %.3f", done + 1, steps,
                   losses[-1])
    return (fit.params, fit.opt_state), None

  start = params, _OPTIMIZER.init(params)
  (params, _), *_ = training_loop(advance, start, num_steps=steps)
  counts["log_quotient"] = losses
  first = lambda params, window: net.apply(params, window)[0]
  scale = minibatch.unit_variance(first, params, seen)
  output = {
      "kernel": params["output"]["kernel"] * scale[None],
      "bias": params["output"]["bias"] * scale
  }
  return {**params, "output": output}
