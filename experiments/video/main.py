"""Predicts videos of objects on a ramp with a Noether network.

Trains SVG, SVG for longer, SVG through the inner step of a random g, and the
Noether network, and compares their predictions of test sequences.
"""

from collections.abc import Sequence
import dataclasses
import sys

from absl import flags
from absl import logging

from experiments.frames import program
from experiments.frames.config import Config
from experiments.video.config import DATASETS
from experiments.video.config import make


def define_flags() -> flags.FlagValues:
  """The program's flags, in a registry of their own."""
  values = program.define_flags()
  flags.DEFINE_enum("dataset",
                    "ramp_video",
                    DATASETS,
                    "simulated videos, or real ones (--manual_dir)",
                    flag_values=values)
  flags.DEFINE_enum("split",
                    None, ["random", "authors", "objects"],
                    "of the data set; objects: no test object is in training",
                    flag_values=values)
  flags.DEFINE_bool("skip_damaged",
                    None,
                    "physics101: leave out videos that can't be decoded",
                    flag_values=values)
  return values


def choose(options: flags.FlagValues) -> Config:
  """The settings that the flags ask for."""
  config = make(options.dataset, options.config)
  more = {
      name: options[name].value
      for name in ("split", "skip_damaged")
      if options[name].value is not None
  }
  return dataclasses.replace(config, data={**config.data, **more})


def main(argv: Sequence[str]) -> int:
  """Trains and measures what --out does not hold yet.

  Args:
    argv: the program's name and its flags.

  Returns:
    The exit code; see `experiments.common.program.execute`.
  """
  return program.main("video", __doc__, define_flags(), choose, argv)


if __name__ == "__main__":
  logging.set_verbosity(logging.INFO)
  sys.exit(main(sys.argv))
