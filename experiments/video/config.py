"""Settings of objects on a ramp, simulated and real."""

import dataclasses

from experiments.frames import config as configs
from experiments.frames.config import Config

LENGTH = 22
DATASETS = ("ramp_video", "physics101")


def make(dataset: str, name: str) -> Config:
  """The settings of one run.

  Args:
    dataset: one of DATASETS.
    name: "small", "paper" or "smoke".

  Returns:
    A `Config`.

  Example:
    >>> make("ramp_video", "paper").backbone
    'vgg_128'
  """
  if name == "paper":
    return dataclasses.replace(configs.PAPER, dataset=dataset)
  small = configs.small(dataset, length=LENGTH, actions=0)
  if name == "small":
    return small
  simulated = dataset == "ramp_video"
  return configs.smoke(small, {
      "num_sequences": 4,
      "test_sequences": 3
  } if simulated else {})
