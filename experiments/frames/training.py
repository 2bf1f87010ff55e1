"""Outer steps on batches, with progress, checkpoints and resumption."""

from collections.abc import Callable
import pathlib
import time
from typing import Any

from absl import logging
import jax
import jax.numpy as jnp
import numpy as np

from experiments.common.stages import slug
from noether_jax.errors import InputError
from noether_jax.training import checkpoints

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
  that recipes of one seed see the same, and a resumed run what it would have.
  The step may be one of several models side by side: states, metrics and keys
  are then stacked, the number of the step equal in all.

  Attributes:
    seconds: spent on steps so far, of this and of interrupted runs; but for the
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
    clock = told = kept = time.perf_counter()
    metrics: dict[str, Any] = {}
    losses: list[Any] = []
    for step in range(begun, steps):
      key = self._fold(self._key, step)
      state, metrics = self._step(state, as_floats(next(iterator)), key)
      if step >= steps - max(1, steps // _LAST):
        losses.append(metrics["loss"])
      if step == begun:
        jax.block_until_ready(state)
        clock = time.perf_counter()
      now = time.perf_counter()
      if now - told > _TELL_SECONDS or step + 1 == steps:
        self._tell(metrics, step + 1, steps, (step - begun) / (now - clock))
        told = now
      if now - kept > _SAVE_SECONDS:
        self._save(state, self.seconds + now - clock)
        kept = now
    if begun < steps:
      jax.block_until_ready(state)
      self.seconds += time.perf_counter() - clock
      self._save(state, self.seconds)
      metrics["mean_loss"] = np.mean([np.asarray(v, float) for v in losses],
                                     axis=0)
    return state, {name: np.asarray(value) for name, value in metrics.items()}

  def _save(self, state: Any, seconds: float) -> None:
    step = _number(state)
    if step in checkpoints.steps(self._folder):
      return
    checkpoints.save(self._folder,
                     step, {
                         "state": state,
                         "seconds": np.asarray(seconds)
                     },
                     keep=2)

  def _tell(self, metrics: dict[str, Any], done: int, steps: int,
            speed: float) -> None:
    logging.info("%s: %d/%d, %.2f steps/s, loss %.4g, %.0f s left", self._name,
                 done, steps, speed, float(np.mean(metrics["loss"])),
                 (steps - done) / max(speed, 1e-9))
    skipped = int(np.max(metrics["skipped"]))
    if skipped > max(1, _BAD_SHARE * done):
      raise InputError(f"{self._name}: {skipped} of {done} updates were not "
                       "finite and not made: try a smaller --inner_rate.")
