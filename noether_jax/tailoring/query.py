"""The inner loop: weights tailored to one query.

Nothing here is batched: `jax.vmap` gives every example its own weights.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from noether_jax.tailoring import callables
from noether_jax.tailoring import inner_steps
from noether_jax.tailoring import residuals
from noether_jax.tailoring.adaptation import Adapt
from noether_jax.tailoring.inner_loop import as_inner_loop
from noether_jax.tailoring.inner_loop import Implementation
from noether_jax.tailoring.inner_loop import InnerLoop
from noether_jax.tailoring.low_rank import factored
from noether_jax.tailoring.low_rank import outer_products
from noether_jax.types import Array
from noether_jax.types import ConservedFn
from noether_jax.types import Key
from noether_jax.types import MetaParams
from noether_jax.types import Params
from noether_jax.types import PredictFn
from noether_jax.types import Prediction
from noether_jax.types import PyTree
from noether_jax.types import ResidualFn
from noether_jax.types import State
from noether_jax.types import Tailored


def tailor(
    loss_fn: Callable[[Params], Any],
    params: Params,
    optimizer: Any | InnerLoop,
    *,
    num_steps: int = 1,
    adapt: Adapt | None = None,
    log_inner_rate: PyTree | None = None,
    num_detached_steps: int = 0,
    has_aux: bool = False,
    implementation: Implementation = "auto",
) -> Tailored:
  """Adapt parameters with K inner steps on one example's loss.

    theta_{k+1} = theta_k + optimizer(grad L(theta_k))   (Alet et al., Eq. 3)

  Where the model uses its kernels in plain products and the optimizer is SGD
  or `gauss_newton`, the kernels' changes are kept as outer products and never
  formed (`implementation` in the result says so); the numbers are the same.

  Args:
    loss_fn: `params -> loss`: a scalar, or an array of residuals whose squares
      sum to the loss (`gauss_newton` needs them).
    params: parameters, any tree of arrays; those that have no gradient
      (integers, booleans, keys) stay as they are.
    optimizer: an optax transformation or `gauss_newton()`; or an `InnerLoop`,
      which holds the other settings too. The outer gradient passes through its
      update, also where the inner gradient is zero. There, the derivative of
      Adam's update is as large as learning rate / eps, so give Adam
      `eps_root=1e-8`.
    num_steps: number of differentiable inner steps K.
    adapt: which leaves adapt, None for all; see `partition`.
    log_inner_rate: logarithm of a factor on the updates, a scalar or a tree
      prefix of `params`; an array, so that it can be learned and never
      recompiles.
    num_detached_steps: steps taken before the K, whose graph is not stored:
      memory does not grow with them and no gradient flows through them.
    has_aux: whether `loss_fn` returns `(loss, aux)`.
    implementation: "auto", or insist on "factored" or "general".

  Returns:
    `Tailored`; its `adapted` holds the adapted leaves only. `tailored_params`
    puts them together with the others.

  Raises:
    TypeError: if `optimizer` is no optax transformation.
    ValueError: if `num_steps` is below 0, `adapt` or `log_inner_rate` do not
      fit `params`, `implementation="factored"` cannot be had, or a setting is
      given twice.

  Example:
    >>> import optax
    >>> result = tailor(lambda w: jnp.sum(w**2), jnp.ones(2), optax.sgd(0.25))
    >>> result.adapted.tolist(), result.losses.tolist(), result.implementation
    ([0.5, 0.5], [2.0], 'general (no kernel)')
  """
  inner = as_inner_loop(
      optimizer, {
          "num_steps": num_steps,
          "adapt": adapt,
          "num_detached_steps": num_detached_steps,
          "implementation": implementation
      })
  if inner.accept_only_if_better:
    raise ValueError("`accept_only_if_better` chooses between two predictions, "
                     "and `tailor` makes none: got an InnerLoop with it. Use "
                     "tailored_predict, or leave it out.")
  start, new, losses, aux, used = inner_steps.run_inner_loop(
      loss_fn, params, inner, log_inner_rate=log_inner_rate, has_aux=has_aux)
  finite = inner_steps.all_finite((losses, new))
  return Tailored(outer_products.kept(new, start, finite), losses, finite, aux,
                  used)


def tailored_params(params: Params, adapted: Params) -> Params:
  """Return the full tree of one example's tailored weights.

  Args:
    params: the untailored parameters.
    adapted: `Tailored.adapted` or `Prediction.adapted` of one example.

  Returns:
    A tree like `params`; factored kernels are materialised.

  Example:
    >>> import optax
    >>> params = {"w": jnp.ones(2), "b": jnp.zeros(2)}
    >>> result = tailor(lambda p: jnp.sum(p["w"]**2), params, optax.sgd(0.25),
    ...                 adapt={"w": True, "b": False})
    >>> tailored_params(params, result.adapted)["w"].tolist()
    [0.5, 0.5]
  """
  return outer_products.changed(params, adapted)


def _reject(rejected: Array, initial: PyTree, value: PyTree) -> PyTree:
  return jax.tree.map(lambda a, b: jnp.where(rejected, a, b), initial, value)


def tailored_predict(
    params: MetaParams,
    x: State,
    key: Key,
    *,
    predict_fn: PredictFn,
    conserved_fn: ConservedFn,
    optimizer: Any | InnerLoop,
    num_steps: int = 1,
    adapt: Adapt | None = None,
    residual_fn: ResidualFn = residuals.trajectory_residuals,
    accept_only_if_better: bool = False,
    num_detached_steps: int = 0,
    implementation: Implementation = "auto",
) -> Prediction:
  """Predict with weights tailored to the query (Alet et al. 2021, Algorithm 1).

  Args:
    params: parameters of the predictor and of the conserved quantity, and the
      learned inner learning rate if there is one.
    x: ONE query; use `jax.vmap` for a batch.
    key: consumed; the same in every inner step and in the final prediction
      (common random numbers).
    predict_fn: `(params, x, key) -> prediction`.
    conserved_fn: `(params, state) -> [K]`.
    optimizer: inner optimizer, any optax transformation or `gauss_newton()`;
      or an `InnerLoop`, which holds the other settings too.
    num_steps: differentiable inner steps.
    adapt: which leaves of the predictor adapt, None for all; see `partition`.
    residual_fn: what is to vanish: `trajectory_residuals` for predicted
      sequences, `partial(field_residuals, dt=dt)` for vector fields.
    accept_only_if_better: return the untailored prediction where the inner
      loss did not fall.
    num_detached_steps: further steps, before the others, whose graph is not
      stored.
    implementation: "auto", or insist on "factored" or "general".

  Returns:
    `Prediction`. Where a step or the prediction was not finite, the untailored
    prediction is returned and `finite` is False. Take the mean of a loss over
    a batch by `meta_loss` or `failsafe_mean`, not by `jnp.mean`: its gradient
    is NaN for the whole batch where one example fails. There is no first-order
    option: g acts only through the inner gradient, and stopping this gradient
    would make the gradient of g zero.

  Raises:
    TypeError: see `tailor`.
    ValueError: see `tailor`.

  Example:
    >>> from noether_jax import gauss_newton
    >>> rotate = lambda w, x, key: w @ x      # a vector field dx/dt
    >>> energy = lambda _, x: jnp.sum(x**2)[None]
    >>> out = tailored_predict(
    ...     MetaParams(jnp.array([[0.1, 1.], [-1., 0.]])), jnp.array([1., 0.]),
    ...     jax.random.key(0), predict_fn=rotate, conserved_fn=energy,
    ...     optimizer=gauss_newton(damping=0.0),
    ...     residual_fn=residuals.field_residuals)
    >>> [round(abs(float(v)), 6) for v in out.value], bool(out.accepted)
    ([0.0, 1.0], True)
  """
  inner = as_inner_loop(
      optimizer, {
          "num_steps": num_steps,
          "adapt": adapt,
          "num_detached_steps": num_detached_steps,
          "accept_only_if_better": accept_only_if_better,
          "implementation": implementation
      })

  def predict(predictor: Params) -> PyTree:
    return callables.call("predict_fn", predict_fn, predictor, x, key)

  def residuals(predictor: Params) -> tuple[Array, PyTree]:
    prediction = predict(predictor)
    return residual_fn(conserved_fn, params.conserved, x,
                       prediction), prediction

  start, new, losses, initial, used = inner_steps.run_inner_loop(
      residuals,
      params.predictor,
      inner,
      log_inner_rate=params.log_inner_rate,
      has_aux=True,
      names=("params.log_inner_rate", "params.predictor"))
  value = factored.apply(predict, params.predictor, new)
  final = jnp.sum(residual_fn(conserved_fn, params.conserved, x, value)**2)
  # Weights that are not finite show in the prediction: checking every leaf here
  # would cost a pass over all per-example weights.
  finite = inner_steps.all_finite((losses, value, final))
  losses = jnp.concatenate([losses.astype(final.dtype), final[None]])
  accepted = finite & (losses[-1]
                       <= losses[0]) if inner.accept_only_if_better else finite
  return Prediction(_reject(~accepted, initial, value), initial,
                    losses, accepted, finite,
                    outer_products.kept(new, start, finite), used)
