"""Make a trained model keep laws: by tailored weights or by a projection."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
from typing import Any, Literal

import jax
import jax.numpy as jnp

from noether_jax.errors import InputError
from noether_jax.keeping import laws as laws_lib
from noether_jax.keeping import projection
from noether_jax.keeping import targets
from noether_jax.keeping.models import Apply
from noether_jax.keeping.models import pure_function
from noether_jax.keeping.predictor import Predictor
from noether_jax.keeping.predictor import Run
from noether_jax.tailoring.adaptation import Adapt
from noether_jax.tailoring.inner_loop import InnerLoop
from noether_jax.tailoring.inner_optimizers import gauss_newton
from noether_jax.tailoring.inner_steps import all_finite
from noether_jax.tailoring.query import tailored_predict
from noether_jax.types import Array
from noether_jax.types import Key
from noether_jax.types import MetaParams
from noether_jax.types import Prediction
from noether_jax.types import PyTree
from noether_jax.types import State

How = Literal["tailor", "project"]
# A finite change of the state is not linear in the weights.
_STEPS = {"vector_field": 3, "next_state": 4, "trajectory": 6}
_NEWTON_STEPS = 5
_ROUNDING = 16


def _like(x: State, state_scale: PyTree | None) -> State:
  """The scale of each entry of a state."""
  scale = 1. if state_scale is None else state_scale
  try:
    if len(jax.tree.leaves(scale)) == 1 and len(jax.tree.leaves(x)) != 1:
      scale = jax.tree.map(lambda _: scale, x)
    return jax.tree.map(
        lambda leaf, s: jnp.broadcast_to(jnp.asarray(s, leaf.dtype), leaf.shape
                                        ), x, scale)
  except ValueError as error:
    raise InputError(
        "`state_scale` must be a number or a tree like the state: got "
        f"{jax.tree.map(jnp.shape, scale)} for "
        f"{jax.tree.map(jnp.shape, x)}.") from error


def _only_if_better(out: Prediction, values: Array, scale: State,
                    dt: float | None) -> Prediction:
  """Return the plain prediction where the other one keeps the laws no better.

  Args:
    out: a prediction, accepted wherever it is finite.
    values: `[K]` of the laws, in the units of the residuals.
    scale: of each entry of the state.
    dt: time step of a vector field, or None.
  """
  parts = jax.tree.map(
      lambda a, s: jnp.sum((a / jnp.broadcast_to(s, a.shape))**2), out.initial,
      scale)
  size: Any = sum(jax.tree.leaves(parts))
  size = size + jnp.sum(values**2) if dt is None else size * dt**2
  rounding = (_ROUNDING * jnp.finfo(values.dtype).eps)**2 * size
  better = out.losses[-1] <= jnp.maximum(out.losses[0], rounding)
  accepted = out.accepted & better & all_finite(values)
  value = jax.tree.map(lambda a, b: jnp.where(accepted, a, b), out.value,
                       out.initial)
  return dataclasses.replace(out, value=value, accepted=accepted)


def _projected(quantities: laws_lib.Quantities, x: State, prediction: PyTree,
               scale: State, of: str, num_steps: int) -> PyTree:
  if of == "vector_field":
    return projection.project_field(quantities, x, prediction, scale)
  target = quantities(x)
  if of == "next_state":
    return projection.project_state(quantities, target, prediction, scale,
                                    num_steps)
  return projection.project_trajectory(quantities, target, prediction, scale,
                                       num_steps)


def _projecting(apply: Apply, quantities: laws_lib.Quantities, of: str,
                dt: float, num_steps: int, state_scale: PyTree | None) -> Run:
  residual_fn = targets.residuals_of(of, dt)

  def run(params: MetaParams, x: State, key: Key | None) -> Prediction:
    scale = _like(x, state_scale)
    size = laws_lib.steepness(quantities, x, scale)
    scaled = lambda state: quantities(state) / size
    loss = lambda prediction: jnp.sum(
        residual_fn(lambda _, state: scaled(state), (), x, prediction)**2)
    initial = targets.cast_like(x, apply(params.predictor, x, key))
    before = loss(initial)  # Before all else: it checks the prediction.
    value = _projected(scaled, x, initial, scale, of, num_steps)
    losses = jnp.stack([before, loss(value)])
    finite = all_finite((value, losses))
    exact = "exact" if of == "vector_field" else f"{num_steps} Newton steps"
    out = Prediction(value, initial, losses, finite, finite, None,
                     f"projection ({exact})")
    return _only_if_better(out, scaled(x), scale,
                           dt if of == "vector_field" else None)

  return run


def _tailoring(apply: Apply, quantities: laws_lib.Quantities, of: str,
               dt: float, inner: InnerLoop, state_scale: PyTree | None) -> Run:
  residual_fn = targets.residuals_of(of, dt)

  def predict(params: PyTree, x: State, key: Any) -> PyTree:
    prediction = apply(params, x, key)
    targets.check_precision(prediction)
    return targets.cast_like(x, prediction)

  def run(params: MetaParams, x: State, key: Any) -> Prediction:
    scale = _like(x, state_scale)
    size = laws_lib.steepness(quantities, x, scale)
    scaled = lambda state: quantities(state) / size
    out = tailored_predict(params,
                           x,
                           key,
                           predict_fn=predict,
                           conserved_fn=lambda _, state: scaled(state),
                           optimizer=inner,
                           residual_fn=residual_fn)
    return _only_if_better(out, scaled(x), scale,
                           dt if of == "vector_field" else None)

  return run


def _where_known(run: Run, trust: Callable[[State], Array] | None) -> Run:
  """Return to the plain prediction where learned laws are not known."""
  if trust is None:
    return run

  def trusted(params: MetaParams, x: State, key: Any) -> Prediction:
    out = run(params, x, key)
    share = trust(x)
    value = jax.tree.map(lambda kept, plain: plain + share * (kept - plain),
                         out.value, out.initial)
    return dataclasses.replace(out,
                               value=value,
                               accepted=out.accepted & (share > 0))

  return trusted


def _inner_loop(inner: Any, num_steps: int | None, adapt: Adapt | None,
                of: str) -> InnerLoop:
  """The settings of the inner loop, with the defaults for a prediction."""
  if isinstance(inner, InnerLoop):
    if num_steps is not None or adapt is not None:
      raise InputError("`inner` is an InnerLoop, which holds `num_steps` and "
                       "`adapt`: leave them out.")
    return inner
  if inner is None:
    inner = gauss_newton(damping="relative")
  return InnerLoop(inner,
                   num_steps=num_steps or _STEPS[of],
                   adapt=True if adapt is None else adapt)


def conserve(model: Any,
             laws: Any,
             *,
             of: targets.Of = "vector_field",
             how: How = "tailor",
             dt: float = 1.0,
             inner: Any = None,
             num_steps: int | None = None,
             adapt: Adapt | None = None,
             state_scale: PyTree | None = None) -> Predictor:
  """Make a trained model keep laws, without training it again.

  how="tailor": at every call the weights change, as little as possible, until
  the laws hold for this prediction (Alet et al. 2021, with Gauss-Newton steps).
  how="project": the weights stay; the prediction moves to the nearest one that
  keeps the laws, and the model needs no weights at all.

  Args:
    model: for ONE example, a Flax NNX module, `(module, variables)` of Flax
      linen, an Equinox module, `(apply, params)`, or, to project, any function
      of a state; see `keeping.pure_function`. It predicts in evaluation mode.
    laws: K quantities: what `discover` returns, a `Law`, a function
      `state -> scalar or [K]`, or a list of these. Their units may differ: each
      is divided by how much it changes when the state changes by its scale. A
      law that `discover` learned as a network is kept near the states from
      which it was learned; farther away, the prediction is the plain one.
    of: what the model predicts: "vector_field" (dx/dt; the laws' rates of
      change vanish), "next_state" or "trajectory" (states `[T, ...]`; the laws
      keep their values at the state given).
    how: "tailor" or "project".
    dt: time step of the vector field, in units of time; a gradient-based
      `inner` sees the change of the laws over this time.
    inner: to tailor: the inner optimizer, an optax transformation, by default
      `gauss_newton(damping="relative")`; or an `InnerLoop`.
    num_steps: to tailor, inner steps, by default 3 for a vector field and 4 for
      a next state (the laws then hold to rounding errors), 6 for a trajectory
      (to a thousandth of their plain change); to project, Newton steps, by
      default 5 (a vector field needs none).
    adapt: to tailor: which weights change, such as `by_path("layers/2")`, by
      default all; see `partition`.
    state_scale: size of a typical change of each entry of the state, a number
      or a tree like the state: a projection is nearest in these units. By
      default 1.

  Returns:
    `keeping.Predictor`: `keeps(x)` is the prediction, `keeps.predict(x)` the
    prediction and how it was made. Where a step is not finite, or the laws are
    not kept better than by the plain prediction, the plain one is returned and
    `accepted` is False.

  Raises:
    InputError: if the model or the laws are of an unknown kind or do not fit
      each other, or an argument has no meaning together with `how`.

  Example:
    >>> leaky = lambda w, x: w @ x      # an oscillator that gains energy
    >>> w = jnp.array([[.1, 1.], [-1., .1]])
    >>> keeps = conserve((leaky, w), lambda x: x @ x, of="vector_field")
    >>> x = jnp.array([3., 4.])
    >>> round(float(x @ leaky(w, x)), 3), abs(round(float(x @ keeps(x)), 3))
    (2.5, 0.0)
  """
  targets.check_of(of)
  targets.check_choice("how", how, ("tailor", "project"))
  if num_steps is not None and num_steps < 1:
    raise InputError(f"`num_steps` must be at least 1: got {num_steps}.")
  apply, params = pure_function(model)
  quantities = laws_lib.conserved_quantities(laws)
  trust = laws_lib.least_trust(laws)
  if how == "project":
    if inner is not None or adapt is not None:
      raise InputError('`inner` and `adapt` choose how weights change, and '
                       'how="project" changes none: leave them out, or pass '
                       'how="tailor".')
    run = _projecting(apply, quantities, of, dt, num_steps or _NEWTON_STEPS,
                      state_scale)
    return Predictor.make(_where_known(run, trust), MetaParams(params))
  if not jax.tree.leaves(params):
    raise InputError("`model` has no floating weights to tailor: pass a module "
                     'or (apply, params), or how="project".')
  run = _tailoring(apply, quantities, of, dt,
                   _inner_loop(inner, num_steps, adapt, of), state_scale)
  return Predictor.make(_where_known(run, trust), MetaParams(params))
