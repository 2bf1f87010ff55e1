"""The rows of the table: predictors and their rollouts, seeds stacked."""

from collections.abc import Callable
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from datasets import hamiltonian as systems
from experiments.scientific import baselines
from experiments.scientific.config import Config
from experiments.scientific.train import fit
from noether_jax import conservation
from noether_jax import integrators
from noether_jax import networks
from noether_jax.inner_optimizers import gauss_newton
from noether_jax.meta import mse
from noether_jax.metrics import rmse
from noether_jax.tailoring import tailored_predict
from noether_jax.types import MetaParams

Array = jax.Array
FORMULAS = {"spring": "q^2 + p^2", "pendulum": "p^2 - 3 cos q"}


def law(system: str) -> Callable[..., Array]:
  """The true conserved quantity of FORMULAS.

  Args:
    system: a key of FORMULAS.

  Returns:
    `(params, x [2]) -> [1]`; it has no parameters.
  """
  if system == "spring":
    return lambda _, x: (x[0]**2 + x[1]**2)[None]
  return lambda _, x: (x[1]**2 - 3 * jnp.cos(x[0]))[None]


class Experiment:
  """Data of all seeds, and the predictors trained on them, made on demand."""

  def __init__(self, system: str, config: Config, seeds: int):
    sets = [
        systems.generate(systems.SYSTEMS[system],
                         noise=config.noise,
                         targets=config.targets,
                         seed=seed,
                         num_trajectories=config.trajectories)
        for seed in range(seeds)
    ]
    half = config.trajectories // 2
    stack = lambda name: np.stack([getattr(d, name) for d in sets])
    single = lambda values: jnp.asarray(values, jnp.float32)
    self.config, self.system, self.seeds = config, system, seeds
    self.dt = float(sets[0].time[1])
    self.observed = single(stack("states")[:, :half])
    self.paths = single(stack("clean")[:, half:])
    self.x = self.observed.reshape(seeds, -1, 2)
    self.y = single(stack("derivatives")[:, :half]).reshape(seeds, -1, 2)
    self.law = law(system)
    self.apply, _ = networks.mlp(jax.random.key(0), 2, 2)
    self.energy_apply, _ = networks.hamiltonian(jax.random.key(0), 2)

  def initial(self, make: Callable[..., Any]) -> Any:
    """Untrained parameters of all seeds; `make(key, 2) -> (apply, params)`."""
    trees = [make(jax.random.key(s), 2)[1] for s in range(self.seeds)]
    return jax.tree.map(lambda *leaves: jnp.stack(leaves), *trees)

  def train(self, field: Any, params: Any, steps: int, name: str) -> Any:
    """Parameters `[S, ...]` after `steps` more steps on the derivatives."""

    def loss(params: Any, data: Any) -> Array:
      return mse(jax.vmap(lambda x: field(params, x))(data[0]), data[1])

    return fit(loss,
               params, (self.x, self.y),
               steps=steps,
               rate=self.config.rate,
               name=name)[0]

  @functools.cached_property
  def base(self) -> Any:
    """The vanilla predictor's parameters, seeds stacked."""
    make = lambda key, size: networks.mlp(key, size, size)
    return self.train(self.apply, self.initial(make), self.config.steps,
                      "vanilla")

  def tailored(self, inner: str) -> Callable[..., Array]:
    """A field `((predictor, log rate), x [2]) -> [2]` that tailors itself."""
    residuals = {
        "field": conservation.field_residuals,
        "step": self._step_residuals
    }[self.config.residual]
    optimizer = gauss_newton() if inner == "gauss_newton" else optax.sgd(1.0)

    def field(params: Any, x: Array) -> Array:
      predictor, log_rate = params
      rate = None if inner == "gauss_newton" else log_rate
      return tailored_predict(MetaParams(predictor, (), rate),
                              x,
                              jax.random.key(0),
                              predict_fn=lambda p, s, _: self.apply(p, s),
                              conserved_fn=self.law,
                              optimizer=optimizer,
                              residual_fn=functools.partial(residuals,
                                                            dt=self.dt)).value

    return field

  @staticmethod
  def _step_residuals(conserved_fn: Any, params: Any, x: Array, rate: Array, *,
                      dt: float) -> Array:
    return conservation.trajectory_residuals(conserved_fn, params, x,
                                             (x + rate * dt)[None])

  def rollouts(self,
               field: Any,
               params: Any,
               starts: Array,
               integrator: str | None = None) -> Array:
    """States `[S, N, T-1, 2]` from `starts [S, N, 2]`."""
    method = getattr(integrators, integrator or self.config.integrator)
    length = self.paths.shape[2] - 1

    def one(params: Any, start: Array) -> Array:
      step = method(lambda x: field(params, x), self.dt)
      return integrators.rollout(step, start, length)

    seeds = jax.vmap(jax.vmap(one, in_axes=(None, 0)))
    return jax.jit(seeds)(params, starts)

  @functools.cached_property
  def log_rates(self) -> Array:
    """`[S]`: log of the inner rate with the least error on training paths."""
    field, errors = self.tailored("sgd"), []
    for rate in self.config.inner_rates:
      logs = jnp.full(self.seeds, np.log(rate), jnp.float32)
      out = self.rollouts(field, (self.base, logs), self.observed[:, :, 0])
      errors.append(rmse(out, self.observed[:, :, 1:], axis=(1, 2, 3)))
    table = jnp.nan_to_num(jnp.stack(errors), nan=jnp.inf)
    grid = jnp.log(jnp.asarray(self.config.inner_rates, jnp.float32))
    return grid[jnp.argmin(table, axis=0)]

  def meta(self, inner: str) -> Any:
    """Weights fine-tuned through the inner step, beside their rates."""
    rates = jnp.zeros(self.seeds) if inner == "gauss_newton" else self.log_rates
    field = self.tailored(inner)

    def loss(predictor: Any, data: Any) -> Array:
      x, y, rate = data
      return mse(jax.vmap(lambda s: field((predictor, rate), s))(x), y)

    new, _ = fit(loss,
                 self.base, (self.x, self.y, rates),
                 steps=self.config.fine_steps,
                 rate=self.config.rate,
                 name=f"meta-tailoring, {inner}")
    return new, rates

  def evaluate(self, name: str) -> dict[str, Any]:
    """One row: errors and drifts of the test rollouts, one value a seed."""
    field, params, integrator = ROWS[name](self)
    out = self.rollouts(field, params, self.paths[:, :, 0], integrator)
    drifts = jax.vmap(
        jax.vmap(lambda path: conservation.drift(self.law, (), path)))(
            jnp.concatenate([self.paths[:, :, :1], out], axis=2))
    has_formula = "tailored" in name or "projection" in name
    return {
        "row": name,
        "formula": FORMULAS[self.system] if has_formula else "",
        "rmse": rmse(out, self.paths[:, :, 1:], axis=(1, 2, 3)).tolist(),
        "drift": jnp.mean(jnp.abs(drifts), axis=(1, 2, 3)).tolist(),
    }


def _sindy(e: Experiment) -> tuple[Any, Any, str | None]:
  coefficients = jax.vmap(baselines.sparse_regression)(e.x, e.y)
  return lambda c, x: baselines.library(x) @ c, coefficients, None


def _control(e: Experiment) -> tuple[Any, Any, str | None]:
  params = e.train(e.apply, e.base, e.config.fine_steps, "control")
  return e.apply, params, None


def _hnn(e: Experiment) -> tuple[Any, Any, str | None]:
  params = e.initial(networks.hamiltonian)
  return e.energy_apply, e.train(e.energy_apply, params, e.config.steps,
                                 "HNN"), None


def _projection(e: Experiment) -> tuple[Any, Any, str | None]:
  field = lambda p, x: baselines.project(lambda s: e.apply(p, s), e.law)(x)
  return field, e.base, None


ROWS: dict[str, Callable[[Experiment], tuple[Any, Any, str | None]]] = {
    "vanilla":
        lambda e: (e.apply, e.base, None),
    "control":
        _control,
    "vanilla, Euler":
        lambda e: (e.apply, e.base, "euler"),
    "tailored, SGD":
        lambda e: (e.tailored("sgd"), (e.base, e.log_rates), None),
    "tailored, Gauss-Newton":
        lambda e: (e.tailored("gauss_newton"),
                   (e.base, jnp.zeros(e.seeds)), None),
    "projection":
        _projection,
    "SINDy":
        _sindy,
    "meta-tailored":
        lambda e: (e.tailored(e.config.inner), e.meta(e.config.inner), None),
    "HNN":
        _hnn,
}
