"""Outer steps on batches, with progress, checkpoints and resumption."""

from collections.abc import Callable
import pathlib
from typing import Any

from absl import logging
import jax
import jax.numpy as jnp
import numpy as np

from experiments.common.stages import slug
from noether_jax.errors import InputError
from noether_jax.training import checkpoints
from noether_jax.training.loop import Progress
from noether_jax.training.loop import training_loop

Array = jax.Array
_SAVE_SECONDS = 120.0
_TELL_SECONDS = 10.0
_BAD_SHARE = 0.01
_LAST = 5


def as_floats(batch: dict[str, Any]) -> dict[str, Array]:
  """Frames in [0, 1], all else as it is, in single precision."""
  out = {name: jnp.asarray(v, jnp.float32) for name, v in batch.items()}
  return out | {"frames": out["frames"] / 255}


def _number(state: Any) -> int:
  """Of outer steps made; of models side by side as many each."""
  return int(np.ravel(state.step)[0])


class Trainer:
  """Trains parameters by one recipe; a finished step is never made twice.

  The batch and the key of a step depend on the seed and its number alone, so
  that all recipes of one seed see the same batches, and a resumed run sees
  those of an uninterrupted one. The step may be one of several models side by
  side: states, metrics and keys are then stacked, the number of the step equal
  in all.

  Attributes:
    seconds: spent on steps so far, of this and of interrupted runs, without the
      first step of each run, which compiles.
  """

  def __init__(self, name: str, step: Callable[..., Any],
               batches: Callable[[int],
                                 Any], *, key: Array, folder: pathlib.Path):
    """Makes a trainer.

    Args:
      name: for the progress lines and the folder of checkpoints.
      step: `(state, batch, key) -> (state, metrics)`, compiled.
      batches: `start -> iterator` from a step on, see `datasets.pipelines`.
      key: `[]`, or `[S]` for S models; split for every step.
      folder: where checkpoints go.
    """
    self._name, self._batches = name, batches
    self._folder = folder / slug(name)
    self._key = key
    self._fold = jax.random.fold_in
    if key.ndim:
      self._fold = jax.jit(jax.vmap(jax.random.fold_in, (0, None)))
    self._step = step
    self.seconds = 0.0

  def run(self, state: Any, steps: int) -> tuple[Any, dict[str, np.ndarray]]:
    """The state after so many outer steps.

    Args:
      state: a `TrainState`, where training begins.
      steps: the number of the last step.

    Returns:
      `(state, metrics)`, the metrics of the last step, and "mean_loss", that of
      the last fifth of all steps as far as they were made here; none if all had
      been made before.

    Raises:
      InputError: if many updates were not finite.
    """
    saved = {"state": state, "seconds": np.zeros(())}
    if checkpoints.steps(self._folder):
      saved, done = checkpoints.restore(self._folder, saved)
      logging.info("%s: goes on from step %d", self._name, done)
    state, self.seconds = saved["state"], float(saved["seconds"])
    begun = _number(state)
    iterator = self._batches(begun)
    losses: list[Any] = []

    def advance(state: Any, done: int, length: int) -> tuple[Any, Any]:
      del length  # Convolutions in a compiled loop are slow: always one step.
      key = self._fold(self._key, done)
      state, metrics = self._step(state, as_floats(next(iterator)), key)
      if done >= steps - max(1, steps // _LAST):
        losses.append(metrics["loss"])
      return state, metrics

    state, metrics, seconds = training_loop(
        advance,
        state,
        num_steps=steps,
        done=begun,
        report=self._tell,
        report_seconds=_TELL_SECONDS,
        save=lambda state, spent: self._save(state, self.seconds + spent),
        save_seconds=_SAVE_SECONDS)
    self.seconds += seconds
    if metrics is None:
      return state, {}
    mean = np.mean([np.asarray(v, float) for v in losses], axis=0)
    metrics = {**metrics, "mean_loss": mean}
    return state, {name: np.asarray(value) for name, value in metrics.items()}

  def _save(self, state: Any, seconds: float) -> None:
    checkpoints.save(self._folder,
                     _number(state), {
                         "state": state,
                         "seconds": np.asarray(seconds)
                     },
                     keep=2)

  def _tell(self, progress: Progress) -> None:
    done, metrics = progress.done, progress.metrics
    logging.info("%s", progress.line(self._name,
                                     float(np.mean(metrics["loss"]))))
    skipped = int(np.max(metrics["skipped"]))
    if skipped > max(1, _BAD_SHARE * done):
      raise InputError(f"{self._name}: {skipped} of {done} updates were not "
                       "finite and not made: try a smaller --inner_rate.")
