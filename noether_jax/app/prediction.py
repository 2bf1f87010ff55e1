"""A learned vector field, and the same one tailored with the laws found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from noether_jax.app import vector_field
from noether_jax.app.vector_field import PredictorData
from noether_jax.discovery.law import Law
from noether_jax.dynamics import integrators
from noether_jax.tailoring import inner_optimizers
from noether_jax.tailoring import query
from noether_jax.tailoring.residuals import field_residuals
from noether_jax.types import Array
from noether_jax.types import MetaParams
from noether_jax.types import Params

_CAP = 10.
_SUBSTEPS = 2


@dataclasses.dataclass(frozen=True)
class Variant:
  """Rollouts of one field; S seeds, M held-out paths, horizon T.

  Attributes:
    name: for people.
    error: `[S, M, T]` distance from the held-out path, in standard deviations
      of the columns, at most 10.
    drift: `[S, M, T]` change of the first law's quantity, in its own standard
      deviations, at most 10.
    inner_step: how the weights were tailored; empty for the plain field.
  """
  name: str
  error: np.ndarray
  drift: np.ndarray
  inner_step: str = ""

  @property
  def rmse(self) -> np.ndarray:
    """Root mean square error over paths and times, `[S]`."""
    return np.sqrt(np.mean(self.error**2, axis=(1, 2)))


@dataclasses.dataclass(frozen=True)
class Outcome:
  """The plain field first, then the tailored ones.

  Attributes:
    times: `[T]` horizon.
    variants: rollouts.
    training_loss: `[S]` final mean squared error of the scaled derivatives.
    split: what was held out.
  """
  times: np.ndarray
  variants: tuple[Variant, ...]
  training_loss: np.ndarray
  split: str

  @property
  def summary(self) -> dict[str, Any]:
    """Plain numbers: means, spreads over seeds, paired ratios, wins."""
    plain = self.variants[0].rmse
    rows = []
    for variant in self.variants:
      ratio = variant.rmse / np.maximum(plain, 1e-300)
      rows.append({
          "name": variant.name,
          "rmse": [float(variant.rmse.mean()),
                   float(variant.rmse.std())],
          "ratio_paired": [float(ratio.mean()),
                           float(ratio.std())],
          "wins": int(np.sum(ratio < 1)),
          "drift": float(np.sqrt(np.mean(variant.drift**2))),
          "diverged": int(np.sum(variant.error.max(-1) >= _CAP)),
          "inner_step": variant.inner_step,
      })
    return {
        "split": self.split,
        "seeds": len(plain),
        "held_out_paths": int(self.variants[0].error.shape[1]),
        "horizon": float(self.times[-1]),
        "training_loss": [float(x) for x in self.training_loss],
        "variants": rows,
    }


def compare(
    laws: Sequence[Law],
    samples: PredictorData,
    *,
    seeds: int = 3,
    steps: int = 3000,
    hidden: tuple[int, ...] = (200, 200),
    seed: int = 0,
    progress: Callable[[int, float], None] = lambda *_: None) -> Outcome:
  """Trains a vector field and rolls it out with and without the laws.

  A tailored field is the same network: at every state one Gauss-Newton step
  changes its weights, as little as possible, until the laws' quantities do not
  change along the field. Nothing is trained for it, so the plain field of the
  same seed is its control.

  Args:
    laws: K laws; the first one alone and all together are tailored with.
    samples: training and held-out data.
    seeds: number S of independently initialised networks.
    steps: updates of training.
    hidden: widths of the hidden layers.
    seed: of everything.
    progress: called with (step, loss) now and then.

  Returns:
    Errors along held-out paths.

  Raises:
    ValueError: if there is no law.
  """
  if not laws:
    raise ValueError("`laws` must hold at least one law: got none.")
  key = jax.random.key(seed)
  field, params = vector_field.make_field(samples, jax.random.split(key, seeds),
                                          hidden)
  params, losses = vector_field.train(field,
                                      params,
                                      samples,
                                      jax.random.fold_in(key, 1),
                                      steps=steps,
                                      progress=progress)
  variants = [
      _roll_out(lambda p: lambda x: field(p, x), params, samples, laws[0],
                "without a law")
  ]
  for count in sorted({1, len(laws)}):
    name = "with law 1" if count == 1 else f"with all {count} laws"
    make, inner_step = _tailored(field, params, laws[:count], samples)
    variants.append(_roll_out(make, params, samples, laws[0], name, inner_step))
  times = samples.dt * np.arange(1, samples.paths.shape[1] + 1)
  return Outcome(times, tuple(variants), losses, samples.split)


def _tailored(field: vector_field.Field, params: Params, laws: Sequence[Law],
              samples: PredictorData) -> tuple[Callable[[Params], Any], str]:
  """Makes the tailored field of given weights; says how it is computed."""
  spread = [float(np.std(law(samples.states))) or 1. for law in laws]
  predict = functools.partial(
      query.tailored_predict,
      predict_fn=field,
      conserved_fn=lambda _, x: jnp.stack(
          [law(x, jnp) / s for law, s in zip(laws, spread)]),
      optimizer=inner_optimizers.gauss_newton(),
      residual_fn=functools.partial(field_residuals, dt=samples.dt))
  # The field is deterministic, so one key serves every state.
  key = jax.random.key(0)
  one = jax.tree.map(lambda leaf: leaf[0], params)
  state = jnp.asarray(samples.start[0], jnp.result_type(float))
  shape = jax.eval_shape(lambda p, x: predict(MetaParams(p), x, key), one,
                         state)
  return (lambda p: lambda x: predict(MetaParams(p), x, key).value
         ), shape.implementation


def _roll_out(make: Callable[[Params], Any],
              params: Params,
              samples: PredictorData,
              law: Law,
              name: str,
              inner_step: str = "") -> Variant:
  """Integrates from every held-out start, for every seed."""
  start = jnp.asarray(samples.start, jnp.result_type(float))

  def one(p: Params, x: Array) -> Array:
    step = integrators.rk4(make(p), samples.dt / _SUBSTEPS)
    every = integrators.rollout(step, x, _SUBSTEPS * samples.paths.shape[1])
    return every[_SUBSTEPS - 1::_SUBSTEPS]

  paths = jax.jit(
      jax.vmap(lambda p: jax.vmap(lambda x: one(p, x))(start)))(params)
  rolled = np.asarray(paths, np.float64)
  spread = float(np.std(law(samples.states))) or 1.
  with np.errstate(all="ignore"):
    change = np.abs(law(rolled) - law(samples.start)[:, None]) / spread
  drift = np.nan_to_num(change, nan=_CAP, posinf=_CAP).clip(0, _CAP)
  return Variant(name, rollout_error(rolled, samples), drift, inner_step)


def rollout_error(rolled: np.ndarray, samples: PredictorData) -> np.ndarray:
  """Root mean square over columns, each in its standard deviations.

  Args:
    rolled: `[S, M, T, D]` predicted states.
    samples: with the paths `[M, T, D]`.

  Returns:
    `[S, M, T]`, at most 10; 10 where a prediction is not finite.
  """
  with np.errstate(all="ignore"):
    gap = rolled - samples.paths
    gap = np.where(samples.angles, np.angle(np.exp(1j * gap)), gap)
    scaled = gap / np.maximum(samples.states.std(0), 1e-300)
    error = np.sqrt(np.mean(scaled**2, axis=-1))
  return np.nan_to_num(error, nan=_CAP, posinf=_CAP).clip(0, _CAP)
