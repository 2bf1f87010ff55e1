"""The mean over a batch in which some examples may fail.

An example whose inner step overflows has a loss and a gradient to fall back on,
those of its untailored prediction. `where` chooses the right loss, but not the
right gradient: the gradient is a sum over examples, in which zero times
infinity is NaN. So a batch with failures is differentiated a second time, with
a good example in the place of each failed one, whose term is left out.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jax.custom_batching import custom_vmap
from jax.extend import core as jex_core
import jax.numpy as jnp

from noether_jax.tailoring.adaptation import combine
from noether_jax.tailoring.adaptation import split_inexact
from noether_jax.types import Array
from noether_jax.types import Params
from noether_jax.types import Prediction
from noether_jax.types import PyTree


class ExampleLoss(NamedTuple):
  """What one example contributes to a mean over the batch.

  Attributes:
    loss: its loss `[]`; equal to `initial_loss` where not `finite`.
    initial_loss: the loss of its untailored prediction `[]`.
    metrics: a tree of scalars `[]`; their means are taken, too.
    finite: bool `[]`; False where the tailoring failed.
    accepted: bool `[]`; False where the untailored prediction was used, because
      it failed or for another reason.

  Example:
    >>> true = jnp.array(True)
    >>> one = ExampleLoss(jnp.array(1.), jnp.array(2.), {}, true, true)
    >>> float(one.loss)
    1.0
  """
  loss: Array
  initial_loss: Array
  metrics: PyTree
  finite: Array
  accepted: Array

  @classmethod
  def of(
      cls,
      prediction: Prediction,
      loss_fn: Callable[[PyTree], Array],
      metrics: PyTree = ()) -> ExampleLoss:
    """Return what a tailored prediction contributes, by one's own loss.

    Args:
      prediction: from `tailored_predict`.
      loss_fn: `prediction -> []`; called with the tailored prediction and with
        the untailored one.
      metrics: a tree of scalars `[]`.

    Returns:
      An `ExampleLoss`.
    """
    return cls(loss_fn(prediction.value), loss_fn(prediction.initial), metrics,
               prediction.finite, prediction.accepted)


class Flags(NamedTuple):
  """What became of each example of a batch.

  Attributes:
    accepted: bool `[B]`; see `ExampleLoss`.
    finite: bool `[B]`; see `ExampleLoss`.
    counted: bool `[B]`; False where even the loss to fall back on is not
      finite.
  """
  accepted: Array
  finite: Array
  counted: Array


@custom_vmap
def _any(flags: Array) -> Array:
  return jnp.any(flags)


@_any.def_vmap
def _any_of_all(size: int, batched: Any, flags: Array) -> tuple[Array, bool]:
  # A batched predicate would turn the cond below into a select, which computes
  # both branches: so a failure of one model of an ensemble counts for all.
  del size, batched
  return _any(flags), False


def _means(losses: Array, metrics: PyTree, counted: Array,
           good: Array) -> tuple[Array, PyTree]:
  """Sum of the counted losses over B; means of the good examples' metrics."""
  total = jnp.sum(jnp.where(counted, losses, 0)) / losses.shape[0]
  total = jnp.where(jnp.any(counted), total, jnp.nan)
  mean = lambda leaf: (jnp.sum(jnp.where(good, leaf, 0)) / jnp.maximum(
      jnp.sum(good), 1))
  return total, jax.tree.map(mean, metrics)


def _replace(examples: PyTree, keep: Array) -> PyTree:
  """A kept example in the place of each that is not."""
  donor = jnp.argmax(keep)

  def one(leaf: Array) -> Array:
    mask = keep.reshape((-1,) + (1,) * (leaf.ndim - 1))
    return jnp.where(mask, leaf, leaf[donor][None])

  return jax.tree.map(one, examples)


def _select(flag: Array, tree: PyTree) -> PyTree:
  return jax.tree.map(lambda leaf: jnp.where(flag, leaf, 0), tree)


def _lifted(example_fn: Callable[[Params, PyTree], ExampleLoss], params: Params,
            examples: PyTree) -> tuple[Callable[..., ExampleLoss], list[Any]]:
  """The batched function, and the tracers it closes over as its argument."""
  closed, shape = jax.make_jaxpr(jax.vmap(example_fn, in_axes=(None, 0)),
                                 return_shape=True)(params, examples)
  traced = [isinstance(c, jax.core.Tracer) for c in closed.consts]

  def run(params: Params, examples: PyTree, lifted: list[Any]) -> ExampleLoss:
    rest = iter(lifted)
    consts = [next(rest) if t else c for t, c in zip(traced, closed.consts)]
    outs = jex_core.jaxpr_as_fun(
        closed.replace(consts=consts))(*jax.tree.leaves((params, examples)))
    return jax.tree.unflatten(jax.tree.structure(shape), outs)

  return run, [c for t, c in zip(traced, closed.consts) if t]


def _without_failures(run: Callable[...,
                                    ExampleLoss], moving: PyTree, fixed: PyTree,
                      good: Array, counted: Array, cotangents: Any) -> PyTree:
  """The gradient, computed so that no failed example takes part in it."""
  untailored = counted & ~good

  def means(moving: PyTree) -> Any:
    params, examples, lifted = combine(moving, fixed)
    out = run(params, _replace(examples, good), lifted)
    return _means(out.loss, out.metrics, good, good)

  def initial(moving: PyTree) -> Array:
    params, examples, lifted = combine(moving, fixed)
    out = run(params, _replace(examples, untailored), lifted)
    return _means(out.initial_loss, (), untailored, untailored)[0]

  tailored = jax.vjp(means, moving)[1](cotangents)[0]
  plain = jax.vjp(initial, moving)[1](cotangents[0])[0]
  total = jax.tree.map(jnp.add, _select(jnp.any(good), tailored),
                       _select(jnp.any(untailored), plain))
  # A batch without any loss has no gradient: the caller must not take a step.
  return jax.tree.map(lambda leaf: jnp.where(jnp.any(counted), leaf, jnp.nan),
                      total)


def failsafe_mean(example_fn: Callable[[Params, PyTree],
                                       ExampleLoss], params: Params,
                  examples: PyTree) -> tuple[Array, PyTree, Flags]:
  """Return the mean loss of a batch, whose gradient no failed example spoils.

  Use this mean for a loss of your own on tailored predictions; `meta_loss` uses
  it, too. With `jnp.mean`, one example whose inner step overflows makes the
  whole gradient NaN, even where `jnp.where` chose its untailored prediction.

  An example that failed contributes the loss and the gradient of its untailored
  prediction. If this loss is not finite either, the example contributes
  nothing. A batch without failures costs no more than with a plain mean, a
  batch with failures about twice as much. The mean can't be differentiated in
  forward mode, and the second derivatives of a batch with failures are NaN.

  Args:
    example_fn: `(params, example) -> ExampleLoss`.
    params: what the loss is differentiated by, or anything it closes over.
    examples: leaves `[B, ...]`.

  Returns:
    `(loss [], metrics, flags)`: the sum of the counted losses over B, or NaN if
    there is none; the metrics' means over the examples that did not fail; what
    became of each example.

  Example:
    >>> import optax
    >>> from noether_jax import MetaParams, tailored_predict
    >>> def example(params, item):   # tailoring fails at x = 0, of log(x)
    ...   x, target = item
    ...   out = tailored_predict(
    ...       params, x, None, predict_fn=lambda w, x, key: (w * x)[None],
    ...       conserved_fn=lambda _, x: jnp.log(x), optimizer=optax.sgd(0.1))
    ...   return ExampleLoss.of(out, lambda value: jnp.abs(value[0] - target))
    >>> batch = jnp.array([1., 0., 2.]), jnp.array([2., 1., 1.])
    >>> loss = lambda params: failsafe_mean(example, params, batch)[0]
    >>> gradient = jax.grad(loss)(MetaParams(jnp.float32(1.)))
    >>> float(loss(MetaParams(jnp.float32(1.))))
    1.0
    >>> round(float(gradient.predictor), 4)
    0.2667
  """
  run, lifted = _lifted(example_fn, params, examples)
  moving, fixed = split_inexact((params, examples, lifted))

  def forward(moving: PyTree, fixed: PyTree) -> Any:
    out = run(*combine(moving, fixed))
    counted = jnp.isfinite(out.loss)
    flags = Flags(out.accepted, out.finite, counted)
    return _means(out.loss, out.metrics, counted, counted & out.finite), flags

  @jax.custom_vjp
  def mean(moving: PyTree, fixed: PyTree) -> Any:
    return forward(moving, fixed)

  def save(moving: PyTree, fixed: PyTree) -> Any:
    out, pull, flags = jax.vjp(lambda tree: forward(tree, fixed),
                               moving,
                               has_aux=True)
    return (out, flags), (pull, moving, fixed, flags)

  def pull_back(saved: Any, cotangents: Any) -> Any:
    pull, moving, fixed, flags = saved
    good = flags.counted & flags.finite
    gradient = pull(cotangents[0])[0]
    again = lambda: _without_failures(run, moving, fixed, good, flags.counted,
                                      cotangents[0])
    return jax.lax.cond(_any(~good), again, lambda: gradient), None

  mean.defvjp(save, pull_back)
  (total, metrics), flags = mean(moving, fixed)
  return total, metrics, flags
