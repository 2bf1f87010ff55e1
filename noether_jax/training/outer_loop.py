"""The outer loop: learn what is tailored, and what tailors it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from noether_jax.tailoring.adaptation import combine
from noether_jax.tailoring.adaptation import split_inexact
from noether_jax.training import failsafe
from noether_jax.training.gradients import loss_gradient
from noether_jax.training.gradients import Metrics
from noether_jax.types import Array
from noether_jax.types import Key
from noether_jax.types import MetaParams
from noether_jax.types import Prediction
from noether_jax.types import PyTree
from noether_jax.types import State
from noether_jax.types import TrainState


def mse(prediction: PyTree, target: PyTree) -> Array:
  """Return the mean squared error over all elements.

  Args:
    prediction: a tree of arrays.
    target: the same structure and shapes.

  Returns:
    Scalar `[]`, in units of the target squared.

  Raises:
    ValueError: if the structures or the shapes differ, which would otherwise
      broadcast into the wrong mean.

  Example:
    >>> float(mse(jnp.array([1., 2.]), jnp.array([1., 4.])))
    2.0
  """
  shapes = [jax.tree.map(jnp.shape, tree) for tree in (prediction, target)]
  if shapes[0] != shapes[1]:
    raise ValueError("`prediction` and `target` must have the same structure "
                     f"and shapes: got {shapes[0]} and {shapes[1]}.")
  squares = jax.tree.map(lambda a, b: jnp.sum((a - b)**2), prediction, target)
  count = sum(leaf.size for leaf in jax.tree.leaves(target))
  return sum(jax.tree.leaves(squares)) / count


def meta_loss(
    params: MetaParams,
    batch: tuple[State, PyTree],
    key: Key,
    *,
    tailored_fn: Callable[[MetaParams, State, Key], Prediction],
    task_loss_fn: Callable[[PyTree, PyTree], Array] = mse,
) -> tuple[Array, Metrics]:
  """Return the mean task loss of tailored predictions over a batch.

  The one place where examples are batched: `jax.vmap` gives each its own
  tailored weights and its own key.

  Args:
    params: what the outer loop learns.
    batch: `(x, target)`, leaves `[B, ...]`.
    key: consumed; split into one key per example.
    tailored_fn: `(params, x, key) -> Prediction`, usually a partial of
      `tailored_predict`.
    task_loss_fn: `(prediction, target) -> []`, for one example.

  Returns:
    `(loss [], metrics)`: the loss, the inner loss before and after (mean over
    the examples whose tailoring was finite), and how many examples were
    rejected, not finite, or dropped.

    An example whose tailoring is not finite contributes the loss and the
    gradient of its untailored prediction. An example whose loss is still not
    finite, or whose target is not, is dropped: it contributes nothing to the
    mean over B. If all are dropped, loss and gradient are NaN. See
    `failsafe_mean` for what it costs and what can't be differentiated.

  Example:
    >>> from noether_jax import Prediction
    >>> plain = lambda p, x, k: Prediction(p * x, x, jnp.zeros(1),
    ...     jnp.array(True), jnp.array(True), None, "general (no steps)")
    >>> batch = jnp.array([1., 2.]), jnp.array([2., 4.])
    >>> loss, metrics = meta_loss(jnp.float32(1.0), batch, jax.random.key(0),
    ...                           tailored_fn=plain)
    >>> float(loss), int(metrics["rejected"])
    (2.5, 0)
  """
  x, target = batch
  keys = jax.random.split(key, jax.tree.leaves(x)[0].shape[0])

  def one(params: MetaParams, example: Any) -> failsafe.ExampleLoss:
    x, target, key = example
    out = tailored_fn(params, x, key)
    inner = {
        "inner_loss_before": out.losses[0],
        "inner_loss_after": out.losses[-1]
    }
    return failsafe.ExampleLoss.of(out,
                                   lambda value: task_loss_fn(value, target),
                                   inner)

  loss, inner, flags = failsafe.failsafe_mean(one, params, (x, target, keys))
  count = lambda flag: jnp.sum(~flag)
  return loss, {
      "loss": loss,
      **inner,
      "rejected": count(flags.accepted),
      "non_finite": count(flags.finite),
      "dropped": count(flags.counted),
  }


def init_state(params: PyTree, optimizer: Any) -> TrainState:
  """Return the state that `update` maps.

  Args:
    params: what is learned; leaves that have no gradient (integers, booleans,
      keys) stay as they are.
    optimizer: the outer optax transformation.

  Returns:
    A `TrainState` at step 0.

  Example:
    >>> int(init_state(jnp.ones(2), optax.sgd(0.1)).step)
    0
  """
  zero = jnp.zeros((), jnp.int32)
  learned, _ = split_inexact(params)
  return TrainState(params, optimizer.init(learned), zero, zero)


def _learned_part(gradient: PyTree, params: PyTree, learned: PyTree) -> PyTree:
  """The gradient with None in the place of leaves that have none."""
  structure: Any = jax.tree.structure(gradient)
  if structure == jax.tree.structure(learned):
    return gradient
  if structure != jax.tree.structure(params):
    raise ValueError("`gradient` must have the structure of `state.params`: "
                     f"got {structure} for {jax.tree.structure(params)}.")
  return jax.tree.map(lambda leaf, slope: None if leaf is None else slope,
                      learned,
                      gradient,
                      is_leaf=lambda leaf: leaf is None)


def _norm(gradient: PyTree) -> Array:
  """The norm, in 32 bits at least: squares of 16 bits would overflow."""
  widened = lambda leaf: jnp.asarray(leaf).astype(
      jnp.promote_types(jnp.result_type(leaf), jnp.float32))
  return optax.tree.norm(jax.tree.map(widened, gradient))


def apply_gradient(state: TrainState, gradient: PyTree, metrics: Metrics, *,
                   optimizer: Any) -> tuple[TrainState, Metrics]:
  """Take the second half of `update`: an outer step along a gradient.

  Args:
    state: from `init_state` or an earlier step.
    gradient: the same structure as the parameters; one that is not finite
      changes nothing and is counted in `skipped`. Its values for leaves without
      a gradient (integers, keys) are not used and may be None.
    metrics: of the loss.
    optimizer: the outer optax transformation.

  Returns:
    `(state, metrics)`; metrics gain `gradient_norm`, `skipped` (how many steps
    so far) and `non_finite_gradients`: in how many leaves the gradient of this
    step is not finite. If this number is above 0 and the loss is finite, a
    derivative is infinite in `predict_fn`, `conserved_fn` or the task loss:
    most often that of a root, a norm or a standard deviation at zero.

  Raises:
    ValueError: if `gradient` does not have the structure of `state.params`.

  Example:
    >>> state = init_state(jnp.zeros(()), optax.sgd(0.25))
    >>> state, _ = apply_gradient(state, jnp.float32(-2.), {},
    ...                           optimizer=optax.sgd(0.25))
    >>> float(state.params)
    0.5
  """
  learned, fixed = split_inexact(state.params)
  gradient = _learned_part(gradient, state.params, learned)
  norm = _norm(gradient)
  finite = jnp.isfinite(norm)
  failed = [
      jnp.any(~jnp.isfinite(leaf)).astype(jnp.int32)
      for leaf in jax.tree.leaves(gradient)
  ]
  updates, opt_state = optimizer.update(gradient, state.opt_state, learned)
  keep = lambda new, old: jnp.where(finite, new, old)
  moved = jax.tree.map(keep, optax.apply_updates(learned, updates), learned)
  opt_state = jax.tree.map(keep, opt_state, state.opt_state)
  skipped = state.skipped + jnp.where(finite, 0, 1).astype(jnp.int32)
  metrics = {
      **metrics, "gradient_norm": norm,
      "skipped": skipped,
      "non_finite_gradients": sum(failed, jnp.zeros((), jnp.int32))
  }
  return TrainState(combine(moved, fixed), opt_state, state.step + 1,
                    skipped), metrics


def update(
    state: TrainState,
    batch: PyTree,
    key: Key,
    *,
    loss_fn: Callable[[PyTree, PyTree, Key], tuple[Array, Metrics]],
    optimizer: Any,
) -> tuple[TrainState, Metrics]:
  """Take one outer step (Alet et al. 2021, Algorithm 1, train).

  A gradient that is not finite changes nothing and is counted in `skipped`.
  Leaves that have no gradient (integers, booleans, keys) stay as they are.

  Args:
    state: from `init_state` or an earlier update.
    batch: leaves `[B, ...]`.
    key: consumed.
    loss_fn: `(params, batch, key) -> (loss, metrics)`.
    optimizer: the outer optax transformation.

  Returns:
    `(state, metrics)`; metrics gain `gradient_norm`, `skipped` and
    `non_finite_gradients`, see `apply_gradient`.

  Raises:
    ValueError: if no leaf of the parameters has a gradient.

  Example:
    >>> loss = lambda p, b, k: (jnp.sum((p - b)**2), {})
    >>> state = init_state(jnp.zeros(()), optax.sgd(0.25))
    >>> state, _ = update(state, jnp.ones(()), jax.random.key(0), loss_fn=loss,
    ...                   optimizer=optax.sgd(0.25))
    >>> float(state.params), int(state.step)
    (0.5, 1)
  """
  gradient, metrics = loss_gradient(loss_fn)(state.params, batch, key)
  return apply_gradient(state, gradient, metrics, optimizer=optimizer)
