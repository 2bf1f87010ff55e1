"""Trained predictors, their tailored fields and their rollouts."""

from collections.abc import Callable
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from experiments.common.stages import Stages
from experiments.common.train import fit
from experiments.scientific.config import Config
from experiments.scientific.data import Data
from experiments.scientific.laws import Quantity
from noether_jax import networks
from noether_jax import tailoring
from noether_jax.dynamics import integrators
from noether_jax.tailoring.inner_optimizers import gauss_newton
from noether_jax.tailoring.query import tailored_predict
from noether_jax.training.outer_loop import mse
from noether_jax.types import MetaParams

Array = jax.Array
Make = Callable[..., Any]


class RolledField(NamedTuple):
  """A vector field with its parameters for every seed.

  Attributes:
    field: `(params, x [2]) -> dx/dt [2]`.
    params: leaves `[S, ...]`.
    integrator: None for the protocol's, or "euler" at the data's time step.
  """
  field: Callable[[Any, Array], Array]
  params: Any
  integrator: str | None = None


def masked_rmse(prediction: Array, truth: Array, mask: Array) -> Array:
  """Root of the mean squared error over paths, times and coordinates.

  Args:
    prediction: `[S, N, T, D]`.
    truth: the same shape.
    mask: `[S, N, T]`, 0 where there is no truth.

  Returns:
    `[S]`; inf where a prediction is not finite.

  Example:
    >>> zero = jnp.zeros((1, 1, 2, 1))
    >>> masked_rmse(zero + 2, zero, jnp.array([[[1., 0.]]])).tolist()
    [2.0]
  """
  squares = jnp.mean((prediction - truth)**2, axis=-1)
  mean = jnp.sum(jnp.where(mask > 0, squares, 0),
                 (1, 2)) / jnp.sum(mask, (1, 2))
  return jnp.nan_to_num(jnp.sqrt(mean), nan=jnp.inf, posinf=jnp.inf)


class Experiment:
  """Predictors made on demand; what was trained is kept in the stages' folder.

  Attributes:
    system: one of config.SYSTEMS.
    config: the protocol.
    data: of all seeds.
    seeds: S.
    stages: times and counts.
    laws: `name -> (Experiment) -> Quantity`, where conserved quantities come
      from.
  """

  def __init__(self, system: str, config: Config, data: Data, *,
               laws: dict[str, Callable[..., Quantity]], stages: Stages):
    self.system, self.config, self.data = system, config, data
    self.seeds, self.stages = data.x.shape[0], stages
    self._sources, self._laws = laws, dict[str, Quantity]()
    self.apply, _ = networks.mlp(jax.random.key(0), 2, 2)
    self.energy_apply, _ = networks.hamiltonian(jax.random.key(0), 2)

  def law(self, source: str) -> Quantity:
    """The conserved quantity of a source, asked for once."""
    if source not in self._laws:
      self._laws[source] = self._sources[source](self)
    return self._laws[source]

  def _initial(self, make: Make) -> Any:
    """Untrained parameters; network s is that of key s."""
    trees = [make(jax.random.key(s))[1] for s in range(self.seeds)]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)

  def _shape(self, make: Make) -> Any:
    """Shapes and dtypes of `_initial`."""
    one = jax.eval_shape(lambda: make(jax.random.key(0))[1])
    return jax.tree.map(
        lambda leaf: jax.ShapeDtypeStruct(
            (self.seeds, *leaf.shape), leaf.dtype), one)

  def _fit(self, name: str, loss: Callable[..., Array], params: Any, data: Any,
           steps: int, counts: dict[str, Any]) -> Any:
    new, losses = fit(loss,
                      params,
                      data,
                      steps=steps,
                      learning_rate=self.config.learning_rate,
                      name=name)
    counts.update(steps=steps,
                  seeds=self.seeds,
                  final_loss=float(f"{jnp.mean(losses):.4g}"))
    return new

  def train(self,
            name: str,
            field: Callable[..., Array],
            *,
            make: Make | None = None,
            start: Any = None,
            data: tuple[Array, Array] | None = None) -> Any:
    """Parameters `[S, ...]` trained on the derivatives.

    Args:
      name: of the stage.
      field: `(params, x) -> dx/dt`.
      make: `key -> (apply, params)`, to begin with; or
      start: parameters to be fine-tuned.
      data: `(x, targets)`, `[S, B, 2]` each, instead of the experiment's.
    """
    steps = self.config.steps if start is None else self.config.fine_steps
    pairs = (self.data.x, self.data.y) if data is None else data

    def loss(params: Any, data: Any) -> Array:
      return mse(jax.vmap(lambda x: field(params, x))(data[0]), data[1])

    def run(counts: dict[str, Any]) -> Any:
      first = self._initial(make) if start is None else start
      return self._fit(name, loss, first, pairs, steps, counts)

    like = self._shape(make) if start is None else start
    return self.stages.kept(name, run, like)

  @functools.cached_property
  def base(self) -> Any:
    """The vanilla predictor's parameters, seeds stacked."""
    return self.train("vanilla training",
                      self.apply,
                      make=lambda key: networks.mlp(key, 2, 2))

  def tailored(self, conserved_fn: Callable[..., Array],
               inner: str) -> Callable[..., Array]:
    """A field that tailors itself to every state.

    Args:
      conserved_fn: `(law params, x [2]) -> [1]`.
      inner: "sgd" or "gauss_newton".

    Returns:
      `((predictor, law params, log inner rate), x [2]) -> [2]`; Gauss-Newton
      has no inner rate: pass None. All are values: one compiled function serves
      every law of one `conserved_fn` and every inner rate.
    """
    residuals = {
        "field": tailoring.field_residuals,
        "step": _step_residuals
    }[self.config.residual]
    optimizer = gauss_newton() if inner == "gauss_newton" else optax.sgd(1.0)

    def field(params: Any, x: Array) -> Array:
      return tailored_predict(MetaParams(*params),
                              x,
                              jax.random.key(0),
                              predict_fn=lambda p, s, _: self.apply(p, s),
                              conserved_fn=conserved_fn,
                              optimizer=optimizer,
                              residual_fn=functools.partial(
                                  residuals, dt=self.data.dt)).value

    return field

  def roller(self,
             field: Callable[..., Array],
             integrator: str | None = None) -> Callable[[Any, Array], Array]:
    """A compiled `(params [S, ...], paths [S, N, T, 2]) -> [S, N, T, 2]`.

    Only the paths' first states are used: they are the result's first states.
    """
    substeps = self.config.substeps if integrator is None else 1
    method = getattr(integrators, integrator or self.config.integrator)

    def one(params: Any, path: Array) -> Array:
      step = method(lambda x: field(params, x), self.data.dt / substeps)
      whole = lambda x: jax.lax.fori_loop(0, substeps, lambda _, s: step(s), x)
      rest = integrators.rollout(whole, path[0], path.shape[0] - 1)
      return jnp.concatenate([path[:1], rest])

    return jax.jit(jax.vmap(jax.vmap(one, in_axes=(None, 0))))

  def training_error(self, roll: Callable[[Any, Array], Array],
                     params: Any) -> Array:
    """`[S]`: RMSE of rollouts along the training paths, for choices."""
    data = self.data
    return masked_rmse(
        roll(params, data.train)[:, :, 1:], data.train[:, :, 1:],
        data.train_mask[:, :, 1:])

  def log_inner_rates(self, source: str) -> Array:
    """`[S]`: log of the inner rate with the least error on training paths."""
    law, inner_rates = self.law(source), self.config.inner_rates
    logs = jnp.log(jnp.asarray(inner_rates, jnp.float32))

    def run(counts: dict[str, Any]) -> Array:
      roll = self.roller(self.tailored(law.conserved_fn, "sgd"))
      errors = jnp.stack([
          self.training_error(
              roll, (self.base, law.params, jnp.full(self.seeds, log)))
          for log in logs
      ])
      best = jnp.argmin(errors, axis=0)
      counts.update(candidates=len(inner_rates),
                    chosen=[round(inner_rates[i], 6) for i in np.asarray(best)])
      return logs[best]

    return self.stages.kept(f"inner rate ({source})", run,
                            jax.ShapeDtypeStruct((self.seeds,), jnp.float32))

  def meta(self, source: str, log_inner_rates: Array | None) -> Any:
    """The base weights fine-tuned through the protocol's inner step."""
    law = self.law(source)
    field = self.tailored(law.conserved_fn, self.config.inner)
    name = f"meta-tailoring ({source})"

    def loss(predictor: Any, data: Any) -> Array:
      x, y, rest = data
      return mse(jax.vmap(lambda s: field((predictor, *rest), s))(x), y)

    def run(counts: dict[str, Any]) -> Any:
      data = (self.data.x, self.data.y, (law.params, log_inner_rates))
      return self._fit(name, loss, self.base, data, self.config.fine_steps,
                       counts)

    return self.stages.kept(name, run, self.base)


def _step_residuals(conserved_fn: Any, params: Any, x: Array, derivative: Array,
                    *, dt: float) -> Array:
  return tailoring.trajectory_residuals(conserved_fn, params, x,
                                        (x + derivative * dt)[None])
