"""The shapes of things: callables a user brings, containers we return."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
from typing import Any, NamedTuple

import jax

Array = jax.Array
Key = jax.Array
PyTree = Any
Params = PyTree
State = PyTree

# (params, x, key) -> prediction for ONE example: states with leaves [T, ...],
# or the derivative of x when the model is a vector field.
PredictFn = Callable[[Params, State, Key], PyTree]
# (params, state) -> [K] for ONE state.
ConservedFn = Callable[[Params, State], Array]
# (conserved_fn, params, x, prediction) -> residuals, zero where conserved.
ResidualFn = Callable[[ConservedFn, Params, State, PyTree], Array]


class MetaParams(NamedTuple):
  """Everything the outer loop learns.

  Attributes:
    predictor: parameters theta of the prediction model f.
    conserved: parameters phi of the conserved quantity g; `()` if it has none.
    log_inner_rate: natural logarithm of a factor on every inner update: a
      scalar `[]` (one for all), a tree prefix of `predictor` (one per leaf), or
      None (the inner optimizer's own learning rate, which is not learned).

  Example:
    >>> params = MetaParams({"w": 1.0}, log_inner_rate=0.0)
    >>> params.predictor, params.conserved
    ({'w': 1.0}, ())
  """
  predictor: Params
  conserved: Params = ()
  log_inner_rate: PyTree | None = None


class TrainState(NamedTuple):
  """The state of the outer loop, which an outer step maps to the next.

  Attributes:
    params: what is learned, usually `MetaParams`.
    opt_state: state of the outer optax transformation.
    step: number of updates made, int32 `[]`.
    skipped: number of updates not made because the gradient was not finite,
      int32 `[]`.

  Example:
    >>> import optax
    >>> from noether_jax import init_state
    >>> state = init_state({"w": jax.numpy.ones(2)}, optax.adam(1e-3))
    >>> type(state).__name__, int(state.step), int(state.skipped)
    ('TrainState', 0, 0)
  """
  params: PyTree
  opt_state: PyTree
  step: Array
  skipped: Array


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Tailored:
  """Weights after the inner loop, for one example.

  Attributes:
    adapted: the adapted leaves of the parameters, None elsewhere. On the
      factored implementation a dense kernel is an `OuterProducts`.
    losses: inner loss before each step, detached steps first,
      `[num_detached_steps + num_steps]`, in units of g squared.
    finite: bool `[]`; False if a step was not finite. Every adapted leaf is
      then the one the loop began with.
    aux: what `loss_fn` returned beside the loss, at the initial weights.
    implementation: "factored (layers)" or "general (why)": how the steps were
      computed.

  Example:
    >>> import optax
    >>> from noether_jax import tailor
    >>> out = tailor(lambda w: w, jax.numpy.ones(2), optax.sgd(0.25))
    >>> out.adapted.tolist(), bool(out.finite)
    ([0.5, 0.5], True)
  """
  adapted: Params
  losses: Array
  finite: Array
  aux: PyTree
  implementation: str = dataclasses.field(metadata={"static": True})


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Prediction:
  """A tailored prediction for one example.

  Attributes:
    value: the prediction to use: the tailored one, or where that was rejected
      the untailored one.
    initial: the untailored prediction, same shape as `value`.
    losses: inner loss before each step, detached steps first, and at the end,
      `[num_detached_steps + num_steps + 1]`.
    accepted: bool `[]`; False where the tailored prediction was rejected.
    finite: bool `[]`; False where it was rejected for not being finite.
    adapted: the adapted weights (see `Tailored.adapted`).
    implementation: how the inner steps were computed (see
      `Tailored.implementation`).

  Example:
    >>> import optax
    >>> from noether_jax import field_residuals
    >>> from noether_jax import tailored_predict
    >>> out = tailored_predict(
    ...     MetaParams(jax.numpy.float32(1.0)), jax.numpy.ones(1), None,
    ...     predict_fn=lambda w, x, key: w * x, conserved_fn=lambda _, x: x,
    ...     optimizer=optax.sgd(0.25), residual_fn=field_residuals)
    >>> float(out.value[0]), float(out.initial[0]), out.losses.tolist()
    (0.5, 1.0, [1.0, 0.25])
  """
  value: PyTree
  initial: PyTree
  losses: Array
  accepted: Array
  finite: Array
  adapted: Params
  implementation: str = dataclasses.field(metadata={"static": True})
