"""A learned vector field, and the same one made to keep the laws found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from noether_jax.app import diagnosis
from noether_jax.app import rollouts
from noether_jax.app import vector_field
from noether_jax.app.held_out import PredictorData
from noether_jax.discovery.law import Law
from noether_jax.keeping import conserve
from noether_jax.keeping import Predictor
from noether_jax.types import Array
from noether_jax.types import MetaParams
from noether_jax.types import Params

PLAIN = "without a law"
CONTROL = "trained longer"
FieldFn = Callable[[Params, Array], Array]
_HOW = {"tailor": "tailored", "project": "projected"}


@dataclasses.dataclass(frozen=True)
class Variant:
  """Rollouts of one field; S seeds, M held-out paths, horizon T.

  Attributes:
    name: for people.
    error: `[S, M, T]` distance from the held-out path, in standard deviations
      of the columns, at most 10; between samples by linear interpolation.
    drift: `[S, M, T]` change of the first law's quantity, in its own standard
      deviations, at most 10.
    validation: `[S]` root mean square error on the paths held out to choose.
    laws: how many laws it keeps.
    growth: by what factor a small deviation of the start grows to the end.
    inner_step: how the laws are kept; empty without.
    mended: what the laws mended of the errors; None without laws.
    speed_only: velocities of which its only law fixes the size and not the
      direction.
  """
  name: str
  error: np.ndarray
  drift: np.ndarray
  validation: np.ndarray
  growth: float
  laws: int = 0
  inner_step: str = ""
  mended: diagnosis.Mended | None = None
  speed_only: tuple[str, ...] = ()

  @property
  def rmse(self) -> np.ndarray:
    """Root mean square error over paths and times, `[S]`."""
    return np.sqrt(np.mean(self.error**2, axis=(1, 2)))


@dataclasses.dataclass(frozen=True)
class Outcome:
  """The plain field first, then its control, then those that keep laws.

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
  def recommended(self) -> str:
    """The variant with the smallest mean error on the paths that choose."""
    return min(self.variants, key=lambda v: float(v.validation.mean())).name

  @property
  def summary(self) -> dict[str, Any]:
    """Plain numbers: means, spreads over seeds, paired ratios, wins."""
    plain = self.variants[0]
    return {
        "split": self.split,
        "seeds": len(plain.rmse),
        "held_out_paths": int(plain.error.shape[1]),
        "horizon": float(self.times[-1]),
        "training_loss": [float(x) for x in self.training_loss],
        "recommended": self.recommended,
        "variants": [_row(variant, plain) for variant in self.variants],
    }


def _row(variant: Variant, plain: Variant) -> dict[str, Any]:
  ratio = variant.rmse / np.maximum(plain.rmse, 1e-300)
  chosen = variant.validation / np.maximum(plain.validation, 1e-300)
  pair = lambda values: [float(values.mean()), float(values.std())]
  mended = variant.mended
  return {
      "name": variant.name,
      "laws": variant.laws,
      "rmse": pair(variant.rmse),
      "ratio_paired": pair(ratio),
      "wins": int(np.sum(ratio < 1)),
      "validation_rmse": pair(variant.validation),
      "validation_ratio": pair(chosen),
      "drift": float(np.sqrt(np.mean(variant.drift**2))),
      "diverged": int(np.sum(variant.error.max(-1) >= rollouts.CAP)),
      "growth": variant.growth,
      "inner_step": variant.inner_step,
      "mended": dataclasses.asdict(mended) if mended else None,
      "speed_only": list(variant.speed_only),
  }


@dataclasses.dataclass(frozen=True)
class _Experiment:
  """What all rollouts share; leaves of `params` are `[S, ...]`."""
  laws: Sequence[Law]
  samples: PredictorData
  field: vector_field.Field
  params: Params

  @property
  def scale(self) -> np.ndarray:
    """The unit of errors of dx/dt, `[D]`."""
    return np.asarray(self.field.derivative_scale, np.float64)

  def variant(self, name: str, field: FieldFn, params: Params,
              **more: Any) -> tuple[Variant, np.ndarray]:
    """Integrate from every held-out start, for every seed.

    Returns:
      The variant, and its errors on the paths that choose, `[S, M, T, D]`.
    """
    samples, law = self.samples, self.laws[0]
    choose, test = samples.validation, samples.test
    spread = samples.spread
    chosen, moved, rolled = rollouts.roll_out(
        field, params, (choose, diagnosis.deviated(choose, spread), test))
    size = float(np.std(law(samples.states))) or 1.
    with np.errstate(all="ignore"):
      change = np.abs(law(rolled) - law(test.start)[:, None]) / size
    gaps = rollouts.gaps(chosen, choose, samples)
    on_chosen = rollouts.size(gaps)[:, np.isfinite(choose.times)]
    error = rollouts.size(rollouts.gaps(rolled, test, samples))
    made = Variant(
        name, rollouts.at_horizon(error, test, samples.dt),
        rollouts.at_horizon(rollouts.capped(change), test, samples.dt),
        np.sqrt(np.mean(on_chosen**2, axis=1)),
        diagnosis.growth(chosen, moved, choose, spread), **more)
    return made, gaps

  def errors(self, field: FieldFn) -> np.ndarray:
    """Errors of dx/dt on the paths that choose, `[S, n, D]`."""
    return diagnosis.field_errors(field, self.params, self.samples.validation,
                                  self.scale)

  def keeping(self, count: int, how: Any, before: np.ndarray,
              plain_gaps: np.ndarray) -> Variant:
    """Integrate the field that keeps the first `count` laws."""
    laws, part = list(self.laws[:count]), self.samples.validation
    keeps = conserve(
        (self.field, jax.tree.map(lambda leaf: leaf[0], self.params)),
        laws,
        of="vector_field",
        how=how,
        dt=self.samples.dt,
        state_scale=self.field.derivative_scale)
    kept = lambda p, x: keeps.run(MetaParams(p), x, None).value
    made, gaps = self.variant(variant_name(how, count),
                              kept,
                              self.params,
                              laws=count,
                              inner_step=_implementation(keeps, part.start[0]))
    spread = self.samples.spread
    mended = diagnosis.Mended(
        diagnosis.share_along(laws, part, plain_gaps, spread),
        diagnosis.share_along(laws, part, gaps, spread),
        diagnosis.across(laws, part, before, self.errors(kept), self.scale))
    speed = diagnosis.speed_only(laws[0], part) if count == 1 else ()
    return dataclasses.replace(made, mended=mended, speed_only=speed)


def _implementation(keeps: Predictor, state: np.ndarray) -> str:
  """Return how a predictor keeps its laws, in the library's words."""
  x = jnp.asarray(state, jnp.result_type(float))
  return jax.eval_shape(lambda p: keeps.run(p, x, None),
                        keeps.params).implementation


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

  A field that keeps laws is the same network, without more training: its
  weights are tailored at every state, or dx/dt is projected, so that the laws'
  quantities do not change along it (see `conserve`). The plain field of the
  same seed is therefore the control; another one is trained a tenth longer.

  Args:
    laws: K laws. Fields keep the first law, and all laws.
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
  trained = vector_field.train(field,
                               params,
                               samples,
                               jax.random.fold_in(key, 1),
                               steps=steps,
                               progress=progress)
  setting = _Experiment(laws, samples, field, trained.params)
  plain, gaps = setting.variant(PLAIN, field, trained.params)
  control, _ = setting.variant(CONTROL, field, trained.control)
  before = setting.errors(field)
  kept = [
      setting.keeping(count, how, before, gaps)
      for count in sorted({1, len(laws)})
      for how in _HOW
  ]
  return Outcome(rollouts.common_times(samples.test, samples.dt),
                 (plain, control, *kept), trained.loss, samples.split)


def variant_name(how: str, count: int) -> str:
  """Name the field that keeps the first `count` laws.

  Example:
    >>> variant_name("tailor", 1), variant_name("project", 2)
    ('tailored, law 1', 'projected, both laws')
    >>> variant_name("project", 3)
    'projected, all 3 laws'
  """
  kept = {1: "law 1", 2: "both laws"}.get(count, f"all {count} laws")
  return f"{_HOW[how]}, {kept}"
