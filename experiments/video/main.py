"""Predicts videos of objects on a ramp with a Noether network.

Trains SVG, SVG for longer, SVG through the inner step of a random g, and the
Noether network, and compares their predictions of test sequences.
"""

from collections.abc import Sequence
import sys

from absl import flags
from absl import logging

from experiments.frames import program
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
  return values


def main(argv: Sequence[str]) -> int:
  """Trains and measures what --out does not hold yet.

  Args:
    argv: the program's name and its flags.

  Returns:
    The exit code; see `experiments.common.program.execute`.
  """
  return program.main("video", __doc__, define_flags(),
                      lambda options: make(options.dataset, options.config),
                      argv)


if __name__ == "__main__":
  logging.set_verbosity(logging.INFO)
  sys.exit(main(sys.argv))
