"""A network for the time derivative of a state, and what it learns from."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from noether_jax import networks
from noether_jax.app.held_out import PredictorData
from noether_jax.training.loop import gradient_step
from noether_jax.training.loop import scan_steps
from noether_jax.training.loop import training_loop
from noether_jax.types import Array
from noether_jax.types import Params

_BATCH = 512
# The control begins anew with this part of the learning rate.
_CONTROL = .1


@dataclasses.dataclass(frozen=True)
class Field:
  """dx/dt as a network of the standardised state.

  Attributes:
    apply: `(params, inputs) -> outputs`, the network.
    mean: `[D]` of the states.
    scale: `[D]` standard deviation of the states.
    derivative_scale: `[D]` standard deviation of the derivatives.
    angles: indices of angles; they enter as sine and cosine.
    lines: indices of the other columns.
  """
  apply: Callable[[Params, Array], Array]
  mean: Array
  scale: Array
  derivative_scale: Array
  angles: tuple[int, ...]
  lines: tuple[int, ...]

  def __call__(self, params: Params, x: Array, key: Any = None) -> Array:
    """Return dx/dt `[D]` at one state `[D]`."""
    del key
    scaled = (x - self.mean) / self.scale
    pieces = [scaled[jnp.array(self.lines, int)]] if self.lines else []
    if self.angles:
      turn = x[jnp.array(self.angles, int)]
      pieces += [jnp.sin(turn), jnp.cos(turn)]
    scaled_derivatives = self.apply(params, jnp.concatenate(pieces))
    return scaled_derivatives * self.derivative_scale


def make_field(samples: PredictorData, keys: Array,
               hidden: tuple[int, ...]) -> tuple[Field, Params]:
  """Return the field and its initial parameters, one set per key."""
  angles = tuple(int(i) for i in np.flatnonzero(samples.angles))
  lines = tuple(int(i) for i in np.flatnonzero(~samples.angles))
  width = samples.states.shape[1]
  inputs = len(lines) + 2 * len(angles)
  made = [networks.mlp(k, inputs, width, hidden=hidden) for k in keys]
  params = jax.tree.map(lambda *leaves: jnp.stack(leaves),
                        *[m[1] for m in made])
  floor = lambda a: np.maximum(a, 1e-12 * max(float(a.max()), 1e-300))
  mean, scale, derivative_scale = (jnp.asarray(a, jnp.result_type(float))
                                   for a in (samples.states.mean(0),
                                             floor(samples.states.std(0)),
                                             floor(samples.derivatives.std(0))))
  return Field(made[0][0], mean, scale, derivative_scale, angles, lines), params


class Trained(NamedTuple):
  """What training gives, for S seeds.

  Attributes:
    params: leaves `[S, ...]`.
    control: the same networks after a tenth as many steps more.
    loss: mean squared error of the scaled derivatives in the last steps of
      `params`, `[S]`.
  """
  params: Params
  control: Params
  loss: np.ndarray


def train(field: Field,
          params: Params,
          samples: PredictorData,
          key: Array,
          *,
          steps: int,
          learning_rate: float = 3e-3,
          progress: Callable[[int, float], None] = lambda *_: None) -> Trained:
  """Fit the derivatives by Adam with a cosine schedule, all seeds at once.

  Args:
    field: the model.
    params: leaves `[S, ...]`.
    samples: states and derivatives.
    key: of the batches.
    steps: number of updates.
    learning_rate: at the beginning.
    progress: called with (step, loss) now and then.

  Returns:
    Trained parameters.
  """
  dtype = jnp.result_type(float)
  states = jnp.asarray(samples.states, dtype)
  derivatives = jnp.asarray(samples.derivatives, dtype)
  length = max(1, steps // 10)
  # Whole chunks: another length would be compiled again.
  steps = -(-steps // length) * length
  optimizer = optax.adam(
      optax.join_schedules([
          optax.cosine_decay_schedule(learning_rate, steps),
          optax.cosine_decay_schedule(_CONTROL * learning_rate, length)
      ], [steps]))

  def loss_fn(p: Params, index: Array) -> Array:
    out = jax.vmap(lambda x: field(p, x))(states[index])
    return jnp.mean(
        ((out - derivatives[index]) / field.derivative_scale[None])**2)

  step = gradient_step(loss_fn, optimizer)

  @jax.jit
  def chunk(carry: Any, keys: Array) -> Any:
    size = min(_BATCH, len(states))
    batches = jax.vmap(lambda k: jax.random.choice(
        k, len(states), (size,), replace=False))(keys)
    return jax.vmap(lambda c: scan_steps(step, c, batches))(carry)

  def advance(carry: Any, done: int, length: int) -> Any:
    return chunk(carry, jax.random.split(jax.random.fold_in(key, done), length))

  carry, losses, _ = training_loop(
      advance, (params, jax.vmap(optimizer.init)(params)),
      num_steps=steps,
      chunk=length,
      report=lambda now: progress(now.done, float(now.metrics[:, -1].mean())))
  more, _ = advance(carry, steps, length)
  return Trained(carry[0], more[0], np.asarray(losses.mean(axis=1)))
