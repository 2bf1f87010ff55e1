"""The rows of the table: whose model, after how many inner steps."""

from typing import Any, NamedTuple

import numpy as np

from experiments.frames.study import Study
from noether_jax.types import MetaParams

_CHOICE = 16


class Row(NamedTuple):
  """How a row of the table is made.

  Attributes:
    recipe: a name that `Models.of` knows.
    steps: inner steps at test time; None for as many as `chosen_steps` says.
  """
  recipe: str
  steps: int | None


ROWS = {
    "SVG": Row("svg", 0),
    "SVG, longer": Row("longer", 0),
    "random frozen g": Row("frozen", 1),
    "random frozen g, chosen steps": Row("frozen", None),
    "Noether network": Row("noether", 1),
    "Noether network, not tailored": Row("noether", 0),
    "Noether network, chosen steps": Row("noether", None),
}
CONTROL = "SVG, longer"
NOETHER = "Noether network"


def _rounded(values: np.ndarray) -> float:
  return round(float(np.mean(values)), 5)


def chosen_steps(e: Study, params: MetaParams) -> tuple[int, dict[int, float]]:
  """How many inner steps predict training sequences best.

  Args:
    e: the study.
    params: trained parameters.

  Returns:
    `(steps, errors)`: of the configuration's `test_steps` up to `chosen_up_to`
    the number with the least squared error of free predictions, over all frames
    of the first 16 training sequences; and that error for each of them.
  """
  truth = e.data.train["frames"][:_CHOICE, e.config.past:] / np.float32(255)
  numbers = [k for k in e.config.test_steps if k <= e.config.chosen_up_to]
  errors = {
      predicted.steps: float(np.mean((predicted.frames - truth)**2))
      for predicted in e.predict(params, numbers, count=_CHOICE, train=True)
  }
  return min(errors, key=lambda k: np.nan_to_num(errors[k], nan=np.inf)), errors


def evaluate(e: Study, name: str) -> dict[str, Any]:
  """One row of one seed.

  Args:
    e: the study.
    name: of ROWS.

  Returns:
    What JSON can hold: lists with a number for each predicted frame.
  """
  row, choice = ROWS[name], {}
  trained = e.trained(row.recipe)
  with e.stages.stage(f"predictions: {name}, seed {e.seed}"):
    steps = row.steps
    if steps is None:
      steps, errors = chosen_steps(e, trained.params)
      rounded = {str(k): float(f"{v:.6g}") for k, v in errors.items()}
      choice = {"choice": rounded}
    *_, last = e.predict(trained.params, (steps,))
  out = {
      "row": name,
      "seed": e.seed,
      "inner_steps": steps,
      "outer_steps": trained.steps,
      "training_seconds": round(trained.seconds, 1),
      "skipped_updates": int(trained.state.skipped),
      **choice,
      **e.measured(last)
  }
  if row.steps != 0:
    out["g"] = e.known(trained.params, last.frames)
    learned = trained.params.log_inner_rate
    factor = 1.0 if learned is None else float(np.exp(learned))
    out["inner_rate"] = float(f"{factor * e.config.inner_rate:.6g}")
  if e.reader is not None and e.places is not None:
    out["probe_floor"] = _rounded(e.reader.error(e.truth, e.places))
    out["probe_mean"] = _rounded(e.reader.blind(e.places))
  return out


def curve(e: Study, count: int) -> list[dict[str, Any]]:
  """Errors of the Noether network after more and more inner steps.

  Args:
    e: the study.
    count: test sequences, the first ones.

  Returns:
    One dict for each of the configuration's `test_steps`.
  """
  params = e.trained("noether").params
  with e.stages.stage(f"curve, seed {e.seed}"):
    return [{
        "inner_steps": predicted.steps,
        **e.measured(predicted)
    } for predicted in e.predict(params, e.config.test_steps, count)]
