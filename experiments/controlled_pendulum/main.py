"""Predicts frames of a torque-controlled pendulum with a Noether network.

Trains SVG, SVG for longer, SVG through the inner step of a random g, and the
Noether network, and compares their predictions of test sequences.
"""

from collections.abc import Sequence
import sys

from absl import logging

from experiments.controlled_pendulum.config import CONFIGS
from experiments.frames import program


def main(argv: Sequence[str]) -> int:
  """Trains and measures what --out does not hold yet.

  Args:
    argv: the program's name and its flags.

  Returns:
    The exit code; see `experiments.common.program.execute`.
  """
  return program.main("controlled_pendulum", __doc__, program.define_flags(),
                      lambda options: CONFIGS[options.config], argv)


if __name__ == "__main__":
  logging.set_verbosity(logging.INFO)
  sys.exit(main(sys.argv))
