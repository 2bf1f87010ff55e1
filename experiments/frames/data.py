"""Sequences for training, and those that are measured, with what they show."""

from collections.abc import Callable, Mapping
import os
from typing import Any, NamedTuple

import numpy as np

from datasets import loading
from datasets import pipelines
from experiments.frames.config import Config
from noether_jax.errors import InputError

Arrays = dict[str, np.ndarray]


class Shown(NamedTuple):
  """What the frames of a data set show, for those who know.

  Attributes:
    places: `arrays -> [N, T, P]`, what a linear probe is to read off a frame.
    energy: `arrays -> [N, T]`, the system's true energy in J.
    mirrored: what a reflection makes of a feature, see
      `pipelines.HorizontalFlip`; it need not name `places` or `energy`.
  """
  places: Callable[[Arrays], np.ndarray] | None = None
  energy: Callable[[Arrays], np.ndarray] | None = None
  mirrored: Mapping[str, Callable[[Any], Any]] = {}


def _direction(arrays: Arrays) -> np.ndarray:
  angle = arrays["states"][..., 0]
  return np.stack([np.sin(angle), np.cos(angle)], axis=-1)


SHOWN = {
    "controlled_pendulum":
        Shown(_direction, lambda a: a["energy"], {"actions": np.negative}),
    "ramp_video":
        Shown(lambda a: a["pixels"].reshape(*a["pixels"].shape[:2], -1),
              lambda a: a["energies"].sum(axis=-1)),
    "physics101":
        Shown(),
}


class Data(NamedTuple):
  """The sequences of an experiment.

  Attributes:
    train: features of the training sequences, `[N, ...]`.
    test: the same, of those that are measured.
    names: of the features that a model takes.
    shown: what is known of them.
  """
  train: Arrays
  test: Arrays
  names: tuple[str, ...]
  shown: Shown

  @property
  def brightness(self) -> np.ndarray:
    """`[C]`, the training frames' mean in [0, 1], at least a grey level off."""
    mean = self.train["frames"].mean(axis=(0, 1, 2, 3)) / 255
    return np.clip(mean, 1 / 255, 254 / 255)

  def batches(self, config: Config, seed: int, start: int) -> Any:
    """The iterator over training batches of one seed, from a step on."""
    flip = pipelines.HorizontalFlip(self.shown.mirrored)
    return pipelines.batches(pipelines.Arrays(self.train),
                             config.batch_size,
                             seed=seed,
                             start=start,
                             features=self.names,
                             augment=flip if config.flip else None)


def load(config: Config,
         *,
         data_dir: str | os.PathLike[str],
         manual_dir: str | os.PathLike[str] | None = None) -> Data:
  """Loads, or prepares, the data set of a configuration.

  Args:
    config: the settings.
    data_dir: see `loading.load`.
    manual_dir: see `loading.load`.

  Returns:
    `Data`.

  Raises:
    InputError: where `loading.load` raises a ValueError.
  """
  parts = {}
  for split in ("train", "test"):
    try:
      arrays = loading.load(config.dataset,
                            split=split,
                            data_dir=data_dir,
                            manual_dir=manual_dir,
                            config={
                                **config.data, "size": config.size,
                                "length": config.length
                            })
    except ValueError as error:
      raise InputError(str(error)) from error
    parts[split] = {
        name: value
        for name, value in arrays.items()
        if isinstance(value, np.ndarray)
    }
  test = {name: v[:config.num_test] for name, v in parts["test"].items()}
  names = ("frames", "actions") if config.actions else ("frames",)
  train = {name: v[:config.num_train] for name, v in parts["train"].items()}
  return Data(train, test, names, SHOWN[config.dataset])
