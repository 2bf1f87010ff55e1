"""The rows of the table: which predictors are measured, and how."""

from collections.abc import Callable
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from experiments.scientific import baselines
from experiments.scientific import formulas
from experiments.scientific import laws
from experiments.scientific.data import Data
from experiments.scientific.experiment import Experiment
from experiments.scientific.experiment import masked_rmse
from experiments.scientific.experiment import RolledField
from noether_jax import networks
from noether_jax import tailoring

Array = jax.Array

# Where conserved quantities come from: each source has the rows of WITH_LAW.
LAWS: dict[str, Callable[[Experiment], laws.Quantity]] = {
    "discovered": formulas.discovered,
    "oracle": lambda e: laws.true(e.system, e.seeds),
}


def _control(e: Experiment) -> RolledField:
  return RolledField(e.apply, e.train("control training", e.apply,
                                      start=e.base))


def central_differences(data: Data) -> tuple[Array, Array]:
  """HNN's own targets: means of the differences before and after a sample.

  Args:
    data: with forward differences as targets.

  Returns:
    States and targets `[S, B - 1, 2]`; the first sample has no difference
    before it.
  """
  return data.x[:, 1:], (data.y[:, :-1] + data.y[:, 1:]) / 2


def _central(e: Experiment) -> RolledField:
  params = e.train("central differences training",
                   e.apply,
                   make=lambda key: networks.mlp(key, 2, 2),
                   data=central_differences(e.data))
  return RolledField(e.apply, params)


def _hnn(e: Experiment) -> RolledField:
  params = e.train("HNN training",
                   e.energy_apply,
                   make=lambda key: networks.hamiltonian(key, 2))
  return RolledField(e.energy_apply, params)


def _sindy(e: Experiment) -> RolledField:
  regress = jax.jit(jax.vmap(baselines.sparse_regression))
  coefficients = regress(e.data.x, e.data.y)
  return RolledField(lambda c, x: baselines.library(x) @ c, coefficients)


def _tailored(e: Experiment, source: str) -> RolledField:
  law = e.law(source)
  return RolledField(e.tailored(law.conserved_fn, "sgd"),
                     (e.base, law.params, e.log_inner_rates(source)))


def _meta_tailored(e: Experiment, source: str) -> RolledField:
  law, inner = e.law(source), e.config.inner
  log_inner_rates = e.log_inner_rates(source) if inner == "sgd" else None
  return RolledField(
      e.tailored(law.conserved_fn, inner),
      (e.meta(source, log_inner_rates), law.params, log_inner_rates))


def _gauss_newton(e: Experiment, source: str) -> RolledField:
  law = e.law(source)
  return RolledField(e.tailored(law.conserved_fn, "gauss_newton"),
                     (e.base, law.params, None))


def _projection(e: Experiment, source: str) -> RolledField:
  law = e.law(source)

  def field(params: Any, x: Array) -> Array:
    predictor, phi = params
    return baselines.project(lambda s: e.apply(predictor, s),
                             lambda s: law.conserved_fn(phi, s))(x)

  return RolledField(field, (e.base, law.params))


WITHOUT_LAW: dict[str, Callable[[Experiment], RolledField]] = {
    "vanilla": lambda e: RolledField(e.apply, e.base),
    "control": _control,
    "vanilla, Euler": lambda e: RolledField(e.apply, e.base, "euler"),
    "vanilla, central differences": _central,
    "HNN": _hnn,
    "SINDy": _sindy,
}
WITH_LAW: dict[str, Callable[[Experiment, str], RolledField]] = {
    "tailored": _tailored,
    "meta-tailored": _meta_tailored,
    "Gauss-Newton": _gauss_newton,
    "projection": _projection,
}


def names(system: str) -> list[str]:
  """The rows of a system, in the table's order.

  Args:
    system: one of config.SYSTEMS.

  Returns:
    Names that `evaluate` takes.

  Example:
    >>> names("spring")[:3]
    ['vanilla', 'control', 'vanilla, Euler']
  """
  plain = [
      name for name in WITHOUT_LAW
      # Simulated targets are exact, or Euler's method undoes their differences.
      if system == "real_pendulum" or "central" not in name
  ]
  return plain + [f"{name} ({source})" for source in LAWS for name in WITH_LAW]


def source_of(name: str) -> str | None:
  """The source of a row's law; None for a row without one.

  Example:
    >>> source_of("tailored (oracle)"), source_of("vanilla")
    ('oracle', None)
  """
  return name[name.index("(") + 1:-1] if name.endswith(")") else None


def predictor(e: Experiment, name: str) -> RolledField:
  """A row's field and parameters; trains what is not there yet.

  Args:
    e: the experiment.
    name: one of `names`.

  Returns:
    A `RolledField`.
  """
  source = source_of(name)
  if source is None:
    return WITHOUT_LAW[name](e)
  return WITH_LAW[name[:name.index(" (")]](e, source)


def _numbers(values: Array) -> list[Any]:
  """Lists of floats, None for what is not finite: JSON has no infinity."""
  array = np.asarray(values, np.float64)
  if array.ndim > 1:
    return [_numbers(row) for row in array]
  return [float(f"{v:.7g}") if np.isfinite(v) else None for v in array]


def evaluate(e: Experiment, name: str) -> dict[str, Any]:
  """Rolls out along the test paths; every list has one value a seed.

  Args:
    e: the experiment.
    name: one of `names`.

  Returns:
    The row: "row"; "formulas"; "rmse" over the horizon; "final_mse", at its
    end; "drift", mean |g(s_t) - g(s_0)| of the true law g; "curve" `[S][T]`,
    the squared error along time; "path" `[T][2]`, seed 0's first rollout.
    Values that are not finite are None.
  """
  source = source_of(name)
  with e.stages.stage(f"rollouts: {name}") as counts:
    chosen = predictor(e, name)
    out = e.roller(chosen.field, chosen.integrator)(chosen.params, e.data.test)
    counts.update(seeds=e.seeds,
                  rollouts=int(np.prod(out.shape[:2])),
                  steps=out.shape[2] - 1)
    true_law = laws.true(e.system, e.seeds)
    measures = jax.jit(functools.partial(_measures, true_law.conserved_fn))
    measured = measures(out, e.data.test, e.data.test_mask)
  return {
      "row": name,
      "formulas": [] if source is None else list(e.law(source).formulas),
      **{
          key: _numbers(value) for key, value in measured.items()
      }
  }


def _measures(law_fn: Callable[..., Array], out: Array, truth: Array,
              mask: Array) -> dict[str, Array]:
  """The arrays of a row; see `evaluate`."""
  squares = jnp.where(mask > 0, jnp.mean((out - truth)**2, axis=-1), 0)
  curve = jnp.sum(squares, axis=1) / jnp.sum(mask, axis=1)
  along = lambda path: tailoring.drift(law_fn, (), path)[1:]
  drifts = jax.vmap(jax.vmap(along))(out)
  return {
      "rmse": masked_rmse(out[:, :, 1:], truth[:, :, 1:], mask[:, :, 1:]),
      "final_mse": curve[:, -1],
      "drift": jnp.mean(jnp.abs(drifts), axis=(1, 2, 3)),
      "curve": curve,
      "path": out[0, 0],
  }


def failed(e: Experiment, name: str, reason: str) -> dict[str, Any]:
  """The row of a predictor that could not be trained.

  Args:
    e: the experiment.
    name: one of `names`.
    reason: why.

  Returns:
    A row as `evaluate` returns it, without numbers, and with "failed".
  """
  nothing = [None] * e.seeds
  return {
      "row": name,
      "formulas": [],
      "rmse": nothing,
      "final_mse": nothing,
      "drift": nothing,
      "curve": [],
      "path": [],
      "failed": reason,
  }
