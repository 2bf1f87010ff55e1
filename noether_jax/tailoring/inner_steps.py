"""Run the inner loop, and choose its implementation.

The general implementation, below, materialises one example's weights; it serves
any optimizer and any model. The other one is in `low_rank.factored`.
"""

from __future__ import annotations

from collections.abc import Callable
import functools
from typing import Any

import jax
import jax.numpy as jnp
import optax

from noether_jax.tailoring.adaptation import combine
from noether_jax.tailoring.adaptation import partition
from noether_jax.tailoring.inner_loop import InnerLoop
from noether_jax.tailoring.inner_optimizers import GaussNewton
from noether_jax.tailoring.low_rank import factored
from noether_jax.tailoring.low_rank import outer_products
from noether_jax.tailoring.safe_update import safe_update
from noether_jax.types import Array
from noether_jax.types import Params
from noether_jax.types import PyTree


def _inner_rates(log_inner_rate: PyTree | None, params: Params, adapted: Params,
                 names: tuple[str, str]) -> PyTree | None:
  """exp(log_inner_rate) for each adapted leaf, None elsewhere."""
  if log_inner_rate is None:
    return None
  try:
    spread = jax.tree.map(
        lambda log, sub: jax.tree.map(lambda _: jnp.exp(log), sub),
        log_inner_rate, params)
  except (ValueError, TypeError, KeyError) as error:
    given = jax.tree.structure(log_inner_rate)
    raise ValueError(
        f"`{names[0]}` must be a prefix of `{names[1]}`: got {given} for "
        f" {jax.tree.structure(params)}. "
        "Pass a scalar (one for all) or a tree with a scalar per leaf."
    ) from error
  return jax.tree.map(lambda leaf, factor: None if leaf is None else factor,
                      adapted,
                      spread,
                      is_leaf=lambda x: x is None)


def all_finite(tree: PyTree) -> Array:
  """Return whether no leaf has an infinity or a NaN, bool `[]`."""
  checks = [jnp.all(jnp.isfinite(leaf)) for leaf in jax.tree.leaves(tree)]
  return functools.reduce(jnp.logical_and, checks, jnp.asarray(True))


def _with_aux(loss_fn: Callable[[Params], Any],
              has_aux: bool) -> Callable[[Params], tuple[Array, Any]]:
  return loss_fn if has_aux else lambda params: (loss_fn(params), ())


def _value(residuals: Array) -> Array:
  return residuals if residuals.ndim == 0 else jnp.sum(residuals**2)


def _loss_cotangent(residuals: Array) -> Array:
  """d loss / d residuals."""
  return jnp.ones_like(residuals) if residuals.ndim == 0 else 2 * residuals


def _general(loss_fn: Callable[[Params], Any], adapted: Params, frozen: Params,
             optimizer: Any, num_steps: int,
             inner_rates: PyTree | None) -> tuple[Params, Array, Any]:
  """The inner loop on materialised weights, for any optimizer and model."""
  if not isinstance(optimizer, GaussNewton):
    optimizer = optax.with_extra_args_support(optimizer)
  merged = lambda tree: loss_fn(combine(tree, frozen))

  def step(carry: Any, _: Any) -> tuple[Any, Any]:
    adapted, opt_state = carry
    residuals, pull, aux = jax.vjp(merged, adapted, has_aux=True)
    pullback = lambda cotangent: pull(cotangent)[0]
    gradient = pullback(_loss_cotangent(residuals))

    # A line search hands on to it whatever it does not take itself.
    def value_fn(tree: Params,
                 residuals: Any = None,
                 pullback: Any = None) -> Array:
      del residuals, pullback
      return _value(merged(tree)[0])

    update = functools.partial(optimizer.update,
                               params=adapted,
                               value=_value(residuals),
                               grad=gradient,
                               value_fn=value_fn,
                               residuals=residuals,
                               pullback=pullback)
    if isinstance(optimizer, GaussNewton):
      updates, opt_state = update(gradient, opt_state)
    else:
      updates, opt_state = safe_update(update, gradient, opt_state)
    if inner_rates is not None:
      updates = outer_products.scaled(updates, inner_rates)
    adapted = optax.apply_updates(adapted, updates)
    return (adapted, opt_state), (_value(residuals), aux)

  carry = (adapted, optimizer.init(adapted))
  if num_steps == 1:
    (new, _), (loss, aux) = step(carry, None)
    return new, loss[None], aux
  body = lambda c, x: (lambda out: (out[0], out[1][0]))(step(c, x))
  aux = merged(adapted)[1]
  (new, _), losses = jax.lax.scan(jax.checkpoint(body), carry, length=num_steps)
  return new, losses, aux


def run_inner_loop(
    loss_fn: Callable[[Params], Any],
    params: Params,
    inner: InnerLoop,
    *,
    log_inner_rate: PyTree | None = None,
    has_aux: bool = False,
    names: tuple[str, str] = ("log_inner_rate", "params"),
) -> tuple[Params, Params, Array, Any, str]:
  """Take all inner steps; the result is not yet checked for being finite.

  Args:
    loss_fn: see `tailor`.
    params: parameters, any tree of float arrays.
    inner: the settings.
    log_inner_rate: logarithm of a factor on the updates, or None.
    has_aux: whether `loss_fn` returns `(loss, aux)`.
    names: of the arguments that `log_inner_rate` and `params` were given as.

  Returns:
    `(adapted leaves before, after, losses [num_detached_steps + num_steps],
    aux at the initial weights, the implementation taken)`.

  Raises:
    ValueError: if `log_inner_rate`, `adapt` or `implementation` do not fit.
  """
  adapt = True if inner.adapt is None else inner.adapt
  adapted, frozen = partition(params, adapt, name=names[1])
  inner_rates = _inner_rates(log_inner_rate, params, adapted, names)
  function = _with_aux(loss_fn, has_aux)
  if inner.num_steps == 0 and inner.num_detached_steps == 0:
    return (adapted, adapted, jnp.zeros(
        (0,)), function(params)[1], "general (no steps)")
  plan = factored.plan(function, params, adapted, inner)
  if plan.kernels:
    new, losses, aux = factored.inner_loop(plan, inner.num_steps, inner_rates)
    return adapted, new, losses, aux, plan.description
  loop = lambda start, steps: _general(function, start, frozen, inner.optimizer,
                                       steps, inner_rates)
  if not inner.num_detached_steps:
    return (adapted, *loop(adapted, inner.num_steps), plan.description)
  jumped, losses, aux = loop(adapted, inner.num_detached_steps)
  new = jax.lax.stop_gradient(jumped)
  if inner.num_steps:
    new, more, _ = loop(new, inner.num_steps)
    losses = jnp.concatenate([losses, more])
  return adapted, new, losses, aux, plan.description
