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
      of the columns, at most 10; between samples by linear interpolation.
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
    times: `[T]` horizon, in equal steps.
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
  """Train a vector field and roll it out with and without the laws.

  A tailored field is the same network: at every state one Gauss-Newton step
  changes its weights, as little as possible, until the laws' quantities do not
  change along the field. Tailoring needs no training, so the plain field of the
  same seed is the control.

  Args:
    laws: K laws. One field is tailored with the first law, one with all laws.
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
    make, inner_step = _tailored(field, params, laws[:count], samples)
    variants.append(
        _roll_out(make, params, samples, laws[0], tailored_name(count),
                  inner_step))
  return Outcome(_horizon(samples), tuple(variants), losses, samples.split)


def tailored_name(count: int) -> str:
  """Name the field that is tailored with the first `count` laws.

  Example:
    >>> tailored_name(1), tailored_name(2), tailored_name(3)
    ('with law 1', 'with both laws', 'with all 3 laws')
  """
  if count == 1:
    return "with law 1"
  return "with both laws" if count == 2 else f"with all {count} laws"


def _tailored(field: vector_field.Field, params: Params, laws: Sequence[Law],
              samples: PredictorData) -> tuple[Callable[[Params], Any], str]:
  """Return the tailored field of given weights, and its implementation."""
  spread = [float(np.std(law(samples.states))) or 1. for law in laws]
  predict = functools.partial(query.tailored_predict,
                              predict_fn=field,
                              conserved_fn=lambda _, x: jnp.stack(
                                  [law(x) / s for law, s in zip(laws, spread)]),
                              optimizer=inner_optimizers.gauss_newton(),
                              residual_fn=functools.partial(field_residuals,
                                                            dt=samples.dt))
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
  """Integrate from every held-out start, for every seed."""
  start = jnp.asarray(samples.start, jnp.result_type(float))
  steps, index = _fine_steps(samples)

  def one(p: Params, x: Array, sizes: Array) -> Array:

    def advance(state: Array, size: Array) -> tuple[Array, Array]:
      new = integrators.rk4(make(p), size)(state)
      return new, new

    return jax.lax.scan(advance, x, sizes)[1]

  paths = jax.jit(
      jax.vmap(lambda p: jax.vmap(lambda x, h: one(p, x, h))
               (start, jnp.asarray(steps, start.dtype))))(params)
  rolled = np.take_along_axis(np.asarray(paths, np.float64), index[None, :, :,
                                                                   None], 2)
  spread = float(np.std(law(samples.states))) or 1.
  with np.errstate(all="ignore"):
    change = np.abs(law(rolled) - law(samples.start)[:, None]) / spread
  drift = np.nan_to_num(change, nan=_CAP, posinf=_CAP).clip(0, _CAP)
  return Variant(name, _at_horizon(rollout_error(rolled, samples), samples),
                 _at_horizon(drift, samples), inner_step)


def _fine_steps(samples: PredictorData) -> tuple[np.ndarray, np.ndarray]:
  """Choose the integrator's steps.

  There are two steps between two usual samples, and more between samples far
  apart. Shorter paths are padded with steps of no length.

  Returns:
    Sizes `[M, F]` of the steps, and indices `[M, T]` of those that end at a
    sample.
  """
  sizes, ends = [], []
  for clock in samples.times:
    spans = np.diff(clock[np.isfinite(clock)], prepend=0.)
    counts = np.ceil(_SUBSTEPS * spans / np.median(spans) - 1e-3)
    counts = np.maximum(counts, _SUBSTEPS).astype(int)
    sizes.append(np.repeat(spans / counts, counts))
    ends.append(np.cumsum(counts) - 1)
  steps = np.zeros((len(sizes), max(map(len, sizes))))
  index = np.zeros(samples.times.shape, int)
  for n, (size, end) in enumerate(zip(sizes, ends)):
    steps[n, :len(size)] = size
    index[n, :len(end)], index[n, len(end):] = end, end[-1]
  return steps, index


def _horizon(samples: PredictorData) -> np.ndarray:
  """Return times `[T]` in equal steps up to the end of the shortest path."""
  end = np.nanmax(samples.times, axis=1).min()
  count = max(1, int(end / samples.dt + 1e-3))
  return samples.dt * np.arange(1, count + 1)


def _at_horizon(values: np.ndarray, samples: PredictorData) -> np.ndarray:
  """Interpolate `[S, M, T]` from each path's own times to the common ones."""
  common = _horizon(samples)
  out = np.empty((*values.shape[:2], len(common)))
  for m, clock in enumerate(samples.times):
    known = np.isfinite(clock)
    for s in range(len(values)):
      out[s, m] = np.interp(common, clock[known], values[s, m, known])
  return out


def rollout_error(rolled: np.ndarray, samples: PredictorData) -> np.ndarray:
  """Return the root mean square over columns, in standard deviations.

  Args:
    rolled: `[S, M, T, D]` predicted states.
    samples: with the paths `[M, T, D]`.

  Returns:
    `[S, M, T]`, at most 10; 10 where a prediction or the path is not finite.
  """
  with np.errstate(all="ignore"):
    gap = rolled - samples.paths
    gap = np.where(samples.angles, np.angle(np.exp(1j * gap)), gap)
    scaled = gap / np.maximum(samples.states.std(0), 1e-300)
    error = np.sqrt(np.mean(scaled**2, axis=-1))
  return np.nan_to_num(error, nan=_CAP, posinf=_CAP).clip(0, _CAP)
