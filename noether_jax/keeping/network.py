"""A Noether network: a predictor and a quantity, learned through tailoring."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import functools
from typing import Any

import jax
from jax.sharding import Mesh
from jax.sharding import NamedSharding
from jax.sharding import PartitionSpec

from noether_jax.errors import InputError
from noether_jax.keeping import parameters
from noether_jax.keeping import targets
from noether_jax.keeping.optimizer_state import OptimizerState
from noether_jax.keeping.predictor import Predictor
from noether_jax.keeping.weights import split_weights
from noether_jax.tailoring.adaptation import combine
from noether_jax.tailoring.inner_loop import as_inner_loop
from noether_jax.tailoring.inner_loop import InnerLoop
from noether_jax.tailoring.inner_optimizers import gauss_newton
from noether_jax.tailoring.query import tailored_predict
from noether_jax.training import outer_loop
from noether_jax.training import sharding
from noether_jax.types import Array
from noether_jax.types import Key
from noether_jax.types import MetaParams
from noether_jax.types import Params
from noether_jax.types import Prediction
from noether_jax.types import PyTree
from noether_jax.types import ResidualFn
from noether_jax.types import State
from noether_jax.types import TrainState

Metrics = dict[str, Array]
Batch = tuple[State, PyTree]


@dataclasses.dataclass(frozen=True, eq=False)
class NoetherNetwork:
  """A prediction model f and a conserved quantity g, meta-learned together.

  Every prediction is made by weights theta that were first tailored to its
  query, such that g does not change along it; f and g are trained through this
  tailoring (Alet et al. 2021). The network is a constant: what it learns is in
  the states that `init` and `update` return.

  Attributes:
    predict: f, for ONE example: a function `(theta, x)` or `(theta, x, key)`,
      or a model with its weights (see `keeping.pure_function`).
    conserved: g: a function `(phi, state) -> [K] or scalar`, a model with its
      weights, or laws without parameters (see `conserve`).
    inner: the inner optimizer, or an `InnerLoop`.
    of: what f predicts: "trajectory", "next_state" or "vector_field".
    dt: time step of a vector field.
    residual_fn: what is to vanish, in the place of what `of` implies.
    task_loss: `(prediction, target) -> []`, for one example.
    mesh: the devices; all of them if None.

  Raises:
    InputError: if f, g, `of` or `inner` is of an unknown kind.

  Example:
    >>> import jax.numpy as jnp
    >>> import optax
    >>> f = lambda theta, x: theta @ x      # a vector field
    >>> g = lambda phi, x: phi * jnp.sum(x**2)
    >>> net = NoetherNetwork(predict=f, conserved=g, of="vector_field")
    >>> state = net.init(jax.random.key(0), jnp.eye(2), jnp.ones(()),
    ...                  outer=optax.adam(1e-2))
    >>> x = jax.random.normal(jax.random.key(1), (8, 2))
    >>> state, metrics = net.update(state, (x, x[:, ::-1]), jax.random.key(2))
    >>> int(state.step), int(metrics["non_finite"])
    (1, 0)
    >>> predict = net.bind(state.params)
    >>> abs(round(float(x[0] @ predict(x[0])), 4))
    0.0
  """
  predict: Any
  conserved: Any
  inner: Any | InnerLoop = dataclasses.field(default_factory=gauss_newton)
  of: targets.Of = "trajectory"
  dt: float = 1.0
  residual_fn: ResidualFn | None = None
  task_loss: Callable[[PyTree, PyTree], Array] = outer_loop.mse
  mesh: Mesh | None = None

  def __post_init__(self) -> None:
    targets.check_of(self.of)
    try:
      inner = as_inner_loop(self.inner, {})
    except TypeError as error:
      raise InputError("`inner` must be an optax transformation or an "
                       f"InnerLoop: got {self.inner!r}.") from error
    object.__setattr__(self, "inner", inner)
    _ = self._predictor, self._quantity  # Refuses models of unknown kinds.

  @functools.cached_property
  def _predictor(self) -> parameters.Parametric:
    return parameters.read_predictor(self.predict)

  @functools.cached_property
  def _quantity(self) -> parameters.Parametric:
    return parameters.read_quantity(self.conserved)

  @functools.cached_property
  def _residual_fn(self) -> ResidualFn:
    return self.residual_fn or targets.residuals_of(self.of, self.dt)

  @functools.cached_property
  def _devices(self) -> Mesh:
    return sharding.make_mesh() if self.mesh is None else self.mesh

  @functools.cached_property
  def _compiled_step(self) -> Callable[..., tuple[TrainState, Metrics]]:
    return jax.jit(self.step,
                   out_shardings=NamedSharding(self._devices, PartitionSpec()))

  @functools.cached_property
  def _compiled_prediction(self) -> Callable[..., Prediction]:
    return jax.jit(self.tailored)

  def init(self,
           key: Key | None,
           theta: Params = None,
           phi: Params = None,
           *,
           outer: Any,
           log_inner_rate: PyTree | None = None) -> TrainState:
    """Return the state before the first update, on all devices.

    Args:
      key: consumed by initialisers; may be None if there are none.
      theta: parameters of f, or an initialiser `key -> theta`; by default the
        weights of the model.
      phi: the same for g.
      outer: the outer optimizer, an optax transformation. It stays with the
        state.
      log_inner_rate: see `MetaParams`.

    Returns:
      A `TrainState`. Weights of fewer than 32 bits become float32.

    Raises:
      InputError: if parameters are missing or no arrays, or `outer` is no
        optimizer.
    """
    keys = (None, None) if key is None else jax.random.split(key)
    params = MetaParams(
        parameters.initial("theta", theta, self._predictor, keys[0]),
        parameters.initial("phi", phi, self._quantity, keys[1]),
        parameters.as_arrays("log_inner_rate", log_inner_rate))
    parameters.check_optimizer(outer)
    state = outer_loop.init_state(split_weights(params)[0], outer)
    return sharding.replicate(
        TrainState(params, OptimizerState(state.opt_state, outer), state.step,
                   state.skipped), self._devices)

  def with_outer(self, state: TrainState, outer: Any) -> TrainState:
    """Return a state that goes on with a given outer optimizer.

    Args:
      state: a state, for instance one that was pickled.
      outer: an optimizer whose state has the same form as the state's.

    Returns:
      The state.

    Raises:
      InputError: if `outer` is no optimizer, or of another form.
    """
    parameters.check_optimizer(outer)
    old = state.opt_state.state
    form = jax.eval_shape(outer.init, split_weights(state.params)[0])
    parameters.check_same_form(form, old)
    return state._replace(opt_state=OptimizerState(old, outer))

  def tailored(self, params: MetaParams, x: State, key: Key) -> Prediction:
    """Predict with weights tailored to one query; see `tailored_predict`.

    Args:
      params: what is learned.
      x: ONE query.
      key: consumed; may be None if f draws no random numbers.

    Returns:
      `Prediction`.
    """
    weights, fixed = split_weights(params.predictor)
    apply, quantity = self._predictor.apply, self._quantity.apply

    def predict(weights: Params, x: State, key: Key) -> PyTree:
      prediction = apply(combine(weights, fixed), x, key)
      targets.check_precision(prediction)
      return targets.cast_like(x, prediction)

    return tailored_predict(
        params._replace(predictor=weights),
        targets.as_state(x),
        key,
        predict_fn=predict,
        conserved_fn=lambda phi, state: quantity(phi, state, None),
        optimizer=self.inner,
        residual_fn=self._residual_fn)

  def loss(self, params: MetaParams, batch: Batch,
           key: Key) -> tuple[Array, Metrics]:
    """Return the mean task loss over a batch, and metrics; see `meta_loss`.

    Args:
      params: what is learned.
      batch: `(x, target)`, leaves `[B, ...]`.
      key: consumed.

    Returns:
      `(loss [], metrics)`.
    """
    return outer_loop.meta_loss(params,
                                batch,
                                key,
                                tailored_fn=self.tailored,
                                task_loss_fn=self.task_loss)

  def step(self, state: TrainState, batch: Batch,
           key: Key) -> tuple[TrainState, Metrics]:
    """Make one outer step, a pure function; see `training.update`.

    Args:
      state: from `init` or an earlier step.
      batch: `(x, target)`, leaves `[B, ...]`.
      key: consumed.

    Returns:
      `(state, metrics)`.
    """
    weights, fixed = split_weights(state.params)
    outer = state.opt_state.known()
    loss = lambda weights: self.loss(combine(weights, fixed), batch, key)
    gradient, metrics = jax.grad(loss, has_aux=True)(weights)
    new, metrics = outer_loop.apply_gradient(TrainState(weights,
                                                        state.opt_state.state,
                                                        state.step,
                                                        state.skipped),
                                             gradient,
                                             metrics,
                                             optimizer=outer)
    return TrainState(combine(new.params, fixed),
                      OptimizerState(new.opt_state, outer), new.step,
                      new.skipped), metrics

  def update(self, state: TrainState, batch: Batch,
             key: Key) -> tuple[TrainState, Metrics]:
    """Make one outer step, compiled once, the batch split over all devices.

    Args:
      state: from `init` or an earlier update.
      batch: `(x, target)`, leaves `[B, ...]`. It is split if B divides by the
        number of devices; otherwise every device computes all of it.
      key: consumed.

    Returns:
      `(state, metrics)`; see `training.update` for the metrics.

    Raises:
      InputError: if the batch is no such pair, `key` is no random key, or the
        state has lost its outer optimizer.
    """
    count = parameters.batch_size(batch)
    parameters.check_key(key)
    state.opt_state.known()
    if any(
        isinstance(v, jax.core.Tracer)
        for v in jax.tree.leaves((state, batch, key))):
      return self.step(state, batch, key)
    devices = self._devices
    split = count % len(devices.local_devices) == 0
    place = sharding.shard_batch if split else sharding.replicate
    return self._compiled_step(sharding.replicate(state, devices),
                               place(tuple(batch), devices), key)

  def bind(self, params: MetaParams) -> Predictor:
    """Return the predictor with given parameters, as `conserve` does.

    Args:
      params: `state.params`.

    Returns:
      `keeping.Predictor`.

    Raises:
      InputError: if a state is given in their place.
    """
    if not isinstance(params, MetaParams):
      raise InputError("`params` must be the parameters of a state: got "
                       f"{type(params).__name__}. Pass state.params.")
    return Predictor(params, self._compiled_prediction)
