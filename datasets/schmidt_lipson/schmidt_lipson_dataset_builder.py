"""All files of Schmidt and Lipson (2009): one file a configuration."""

from collections.abc import Iterator
import dataclasses
from typing import Any

import tensorflow_datasets as tfds

from datasets import features
from datasets.schmidt_lipson import files


@dataclasses.dataclass(eq=False, kw_only=True)
class Config(tfds.core.BuilderConfig):
  """Which file; made by `config`."""
  file: files.File


def config(*, file: str = "real_double_pend_h_1") -> Config:
  """The builder's configuration.

  Args:
    file: a key of `files.FILES`.

  Returns:
    A configuration named as the file.

  Raises:
    ValueError: for another name.
  """
  if file not in files.FILES:
    raise ValueError(f"file must be one of {', '.join(files.FILES)}: "
                     f"got {file!r}")
  found = files.FILES[file]
  return Config(name=file, description=found.about, file=found)


class Builder(tfds.core.GeneratorBasedBuilder):
  """Measured and simulated trajectories, one trial an example, all in train.

  Features (float64): time [T], s; states [T, D], in the order and units of
  `files.FILES`; derivatives [T, D], per s, only where the file has them;
  trajectory, the file's number of the trial.
  """
  VERSION = tfds.core.Version("1.0.0")
  BUILDER_CONFIGS = [config(file=name) for name in files.FILES]
  DEFAULT_BUILDER_CONFIG_NAME = config().name
  MANUAL_DOWNLOAD_INSTRUCTIONS = "Put the .txt files into the folder."

  def _info(self) -> tfds.core.DatasetInfo:
    file = self.builder_config.file
    size = len(file.variables)
    units = ", ".join(
        f"{name} {unit}" for name, unit in zip(file.variables, file.units))
    parts = {
        "time": features.array(None, doc="s"),
        "states": features.array(None, size, doc=units),
        "trajectory": features.index("the file's number of the trial"),
    }
    if file.derivatives:
      parts["derivatives"] = features.array(None,
                                            size,
                                            doc=f"per second of: {units}")
    return self.dataset_info_from_configs(
        description=file.about,
        citation=files.CITATION,
        license=files.LICENSE,
        features=tfds.features.FeaturesDict(parts),
        disable_shuffling=True)

  def _split_generators(self, dl_manager: Any) -> dict[str, Any]:
    path = features.locate(self.builder_config.file.source, dl_manager,
                           self.name)
    trials = files.load(self.builder_config.name, path)
    return {"train": self._generate_examples(trials)}

  def _generate_examples(
      self, trials: tuple[files.Trial,
                          ...]) -> Iterator[tuple[int, dict[str, Any]]]:
    for trial in trials:
      example = {
          "time": trial.time,
          "states": trial.states,
          "trajectory": trial.number,
      }
      if trial.derivatives is not None:
        example["derivatives"] = trial.derivatives
      yield trial.number, example
