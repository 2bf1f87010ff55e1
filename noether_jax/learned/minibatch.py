"""Any network trained to be conserved, by gradient steps on minibatches.

For a small network of vectors `pretraining.pretrain` is far more precise; this
module is for what `pretrain` cannot take: convolutions of frames, many
parameters, more trajectories than fit into memory at once.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

from noether_jax.learned import quotients
from noether_jax.training.loop import gradient_step
from noether_jax.training.loop import scan_steps
from noether_jax.types import Array
from noether_jax.types import ConservedFn
from noether_jax.types import Key
from noether_jax.types import Params


class QuotientFit(NamedTuple):
  """What the steps reached.

  Attributes:
    params: of the network.
    opt_state: of the optimizer, to go on from.
    losses: `[num_steps]`, of the batches, before each step.
  """
  params: Params
  opt_state: Any
  losses: Array


def unit_variance(conserved_fn: ConservedFn, params: Params,
                  states: Array) -> Array:
  """Return the factors that give a function's values unit variance.

  The learning rate of an inner loop by gradient descent depends on this scale.

  Args:
    conserved_fn: `(params, state [...]) -> [K]`.
    params: of `conserved_fn`.
    states: `[N, T, ...]`.

  Returns:
    `[K]`, 1 where a value is constant.

  Example:
    >>> states = jnp.array([[[0.], [4.]]])
    >>> unit_variance(lambda p, x: x, None, states).tolist()
    [0.5]
  """
  values = jax.vmap(jax.vmap(lambda x: conserved_fn(params, x)))(states)
  variance = jnp.var(values, axis=(0, 1))
  return jnp.where(variance > 0, jax.lax.rsqrt(jnp.maximum(variance, 1e-30)),
                   1.0)


def minimise_quotient(
    conserved_fn: ConservedFn,
    params: Params,
    states: Array,
    key: Key,
    *,
    optimizer: optax.GradientTransformation | None = None,
    opt_state: Any = None,
    num_steps: int = 500,
    batch_size: int = 16,
    derivatives: Array | None = None,
    noise: Array | None = None,
    scale: Array | float = 1.0,
) -> QuotientFit:
  """Adam on the variance quotient of random trajectories.

  A batch needs several trajectories: a constant function is excluded only by
  the variance between them. Can be jitted and vmapped; a call goes on where an
  earlier one stopped if it is given its parameters and `opt_state`. On a CPU
  let a `conserved_fn` with convolutions make one step a (jitted) call: XLA
  takes tens of times as long for convolutions in a compiled loop.

  Args:
    conserved_fn: `(params, state [...]) -> [K]`.
    params: where training begins.
    states: `[N, T, ...]`, for instance frames `[N, T, H, W, C]`.
    key: consumed; chooses the batches.
    optimizer: None for `optax.adam(3e-3)`.
    opt_state: of an earlier call; None for a new one.
    num_steps: number of gradient steps.
    batch_size: trajectories of a batch, drawn without replacement.
    derivatives: `[N, T, D]`, for states `[D]`: the alignment quotient is added,
      and keeps K > 1 quantities apart. Without them, the K functions of frames
      are linearly independent, but one may be the square of another.
    noise: see `quotients.variance_quotient`; for states `[D]`.
    scale: see `quotients.alignment_residuals`.

  Returns:
    A `QuotientFit`.

  Raises:
    ValueError: for a batch of less than two or more than N trajectories, or
      several quantities of states `[D]` without derivatives.

  Example:
    >>> t = jnp.linspace(0., 6., 30)
    >>> circle = jnp.stack([jnp.cos(t), jnp.sin(t)], -1)
    >>> states = jnp.stack([r * circle for r in (1., 1.5, 2., 2.5)])
    >>> squares = lambda p, x: (p @ x**2)[None]
    >>> trained = minimise_quotient(squares, jnp.array([1., .5]), states,
    ...                             jax.random.key(0), batch_size=3)
    >>> round(float(trained.params[1] / trained.params[0]), 3)
    1.0
  """
  count = states.shape[0]
  if not 2 <= batch_size <= count:
    raise ValueError(f"`batch_size` must lie in [2, {count}], the number of "
                     f"trajectories: got {batch_size}.")
  width = jax.eval_shape(lambda x: conserved_fn(params, x), states[0, 0])
  if width.shape[0] > 1 and derivatives is None and states.ndim == 3:
    raise ValueError(
        "several quantities need `derivatives`: the variance quotient "
        "does not tell one from a function of the others.")
  chain = optax.adam(3e-3) if optimizer is None else optimizer

  def loss(params: Params, key: Key) -> Array:
    index = jax.random.choice(key, count, (batch_size,), replace=False)
    value = quotients.variance_quotient(conserved_fn,
                                        params,
                                        states[index],
                                        noise=noise)
    if derivatives is None:
      return value
    return value + quotients.alignment_quotient(
        conserved_fn, params, states[index], derivatives[index], scale=scale)

  start = chain.init(params) if opt_state is None else opt_state
  (params, last), losses = scan_steps(gradient_step(loss, chain),
                                      (params, start),
                                      jax.random.split(key, num_steps))
  return QuotientFit(params, last, losses)
