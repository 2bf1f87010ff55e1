"""The measured single pendulum of Kaheman et al. (2022)."""

from collections.abc import Iterator
from typing import Any

import tensorflow_datasets as tfds

from datasets import features
from datasets.multiarm_pendulum import reading


class Builder(tfds.core.GeneratorBasedBuilder):
  """A measured pendulum swinging freely at 1 kHz, one cell an example.

  The authors cut 55 s into six pieces and fit their model to the first four
  (train); the last two are test. Friction lowers the energy from piece to
  piece.

  Features (float64): time [T], s; states [T, 2], angle in rad (zero is upright)
  and angular velocity in rad/s, both filtered by the authors; trajectory, the
  piece's number in the order of time.
  """
  VERSION = tfds.core.Version("1.0.0")
  MANUAL_DOWNLOAD_INSTRUCTIONS = (
      f"Put {reading.SOURCE.filename} into the folder.")

  def _info(self) -> tfds.core.DatasetInfo:
    return self.dataset_info_from_configs(
        description="A measured single pendulum with friction.",
        citation=reading.CITATION,
        license=reading.LICENSE,
        homepage="https://github.com/dynamicslab/MultiArm-Pendulum",
        features=tfds.features.FeaturesDict({
            "time": features.array(None, doc="s"),
            "states": features.array(None, 2, doc="angle rad, velocity rad/s"),
            "trajectory": features.index("number of the piece"),
        }),
        disable_shuffling=True)

  def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
    path = features.locate(reading.SOURCE, dl_manager, self.name)
    recordings = reading.load(path)
    train, test = recordings["train"], recordings["test"]
    return {
        "train": self._generate_examples(train, 0),
        "test": self._generate_examples(test, len(train)),
    }

  def _generate_examples(self, recordings: tuple[reading.Recording, ...],
                         first: int) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, recording in enumerate(recordings, start=first):
      yield number, {
          "time": recording.time,
          "states": recording.states,
          "trajectory": number,
      }
