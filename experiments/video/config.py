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
    return dataclasses.replace(configs.PAPER,
                               dataset=dataset,
                               data={"size": configs.PAPER.size})
  small = configs.small(dataset, {"size": 32}, length=LENGTH, actions=0)
  if name == "small":
    return small
  tiny = {"size": 32, "length": 4}
  if dataset == "ramp_video":
    tiny |= {"num_sequences": 4, "test_sequences": 3}
  return configs.smoke(small, tiny)
