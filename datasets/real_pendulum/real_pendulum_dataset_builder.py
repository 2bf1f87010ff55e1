"""The measured pendulum of Schmidt and Lipson, split as for HNN."""

from collections.abc import Iterator
import dataclasses
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from datasets import features
from datasets.schmidt_lipson import files

_NAME = "real_pend_h_1"
_TRAIN_FRACTION = 0.8
TARGETS = ("central", "difference")


@dataclasses.dataclass(eq=False, kw_only=True)
class Config(tfds.core.BuilderConfig):
  """How derivatives are estimated; made by `config`."""
  targets: str


def config(*, targets: str = "central") -> Config:
  """The builder's configuration.

  Args:
    targets: see `estimate`.

  Returns:
    A configuration named as the targets.

  Raises:
    ValueError: for other targets.
  """
  _check_targets(targets)
  return Config(name=targets, targets=targets)


def estimate(time: np.ndarray, states: np.ndarray,
             targets: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Derivatives by finite differences of the measured states.

  Args:
    time: `[T]`, s; the actual steps are used; ten span lost samples.
    states: `[T, D]`.
    targets: "central": the mean of the differences before and after a sample,
      as HNN's experiment has it; the first sample is dropped and the last one
      keeps the difference before it. "difference": the difference after a
      sample, for which Euler's method is exact; the last sample is dropped.

  Returns:
    Time `[T - 1]`, states `[T - 1, D]` and derivatives `[T - 1, D]`, per s.

  Raises:
    ValueError: for other targets.

  Example:
    >>> time, states = np.arange(3.), np.array([[0.], [1.], [4.]])
    >>> [part.ravel().tolist() for part in estimate(time, states, "central")]
    [[1.0, 2.0], [1.0, 4.0], [2.0, 3.0]]
  """
  _check_targets(targets)
  slopes = np.diff(states, axis=0) / np.diff(time)[:, None]
  if targets == "difference":
    return time[:-1], states[:-1], slopes
  inner = (slopes[:-1] + slopes[1:]) / 2
  return time[1:], states[1:], np.concatenate([inner, slopes[-1:]])


def _check_targets(targets: str) -> None:
  if targets not in TARGETS:
    raise ValueError(f"targets must be one of {', '.join(TARGETS)}: "
                     f"got {targets!r}")


class Builder(tfds.core.GeneratorBasedBuilder):
  """A measured, damped pendulum: 556 samples at 6 Hz, some of them lost.

  One example per split: the first 80 % of the samples are train, the rest test,
  in the order of time. Differences are taken before the split, as HNN does, so
  the difference at the border uses a sample of the other part.

  Features (float64): time [T], s; states [T, 2], angle in rad and angular
  velocity in rad/s; derivatives [T, 2], their targets per s; trajectory, 0.
  """
  VERSION = tfds.core.Version("1.0.0")
  BUILDER_CONFIGS = [config(targets=targets) for targets in TARGETS]
  MANUAL_DOWNLOAD_INSTRUCTIONS = "Put real_pend_h_1.txt into the folder."

  def _info(self) -> tfds.core.DatasetInfo:
    return self.dataset_info_from_configs(
        description=files.FILES[_NAME].about,
        citation=files.CITATION,
        license=files.LICENSE,
        features=tfds.features.FeaturesDict({
            "time": features.array(None, doc="s"),
            "states": features.array(None, 2, doc="angle rad, velocity rad/s"),
            "derivatives": features.array(None, 2, doc="rad/s, rad/s^2"),
            "trajectory": features.index("always 0"),
        }),
        disable_shuffling=True)

  def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
    path = features.locate(files.FILES[_NAME].source, dl_manager,
                           "schmidt_lipson")
    trial, = files.load(_NAME, path)
    parts = estimate(trial.time, trial.states, self.builder_config.targets)
    border = int(_TRAIN_FRACTION * len(trial.time))
    return {
        "train": self._generate_examples(*(part[:border] for part in parts)),
        "test": self._generate_examples(*(part[border:] for part in parts)),
    }

  def _generate_examples(
      self, time: np.ndarray, states: np.ndarray,
      derivatives: np.ndarray) -> Iterator[tuple[int, dict[str, Any]]]:
    yield 0, {
        "time": time,
        "states": states,
        "derivatives": derivatives,
        "trajectory": 0,
    }
