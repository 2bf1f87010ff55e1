"""Prepares a data set: python -m datasets.prepare --dataset=pendulum.

Prints one line per split. Bad input: one line on stderr and exit code 2.
"""

import sys
from collections.abc import Sequence
from typing import Any

from absl import flags

from datasets import loading

_CONFIG_FLAGS = ("noise", "targets", "seed", "num_trajectories", "num_samples",
                 "file", "bodies", "start", "stop", "step_days")


def define_flags() -> flags.FlagValues:
  """The program's flags, in a registry of their own.

  Returns:
    Flags that are not parsed yet; those of configurations default to None.
  """
  values = flags.FlagValues()
  shared: dict[str, Any] = {"flag_values": values}
  flags.DEFINE_enum("dataset", None, loading.NAMES, "What to prepare.",
                    **shared)
  flags.DEFINE_string("data_dir", loading.DEFAULT_DATA_DIR,
                      "Where prepared data go.", **shared)
  flags.DEFINE_string("manual_dir", None,
                      "Folder with the files that are brought by hand.",
                      **shared)
  flags.DEFINE_float("noise", None, "spring, pendulum: noise on q and p.",
                     **shared)
  flags.DEFINE_string(
      "targets", None, "spring, pendulum: derivative or difference; "
      "real_pendulum: central or difference.", **shared)
  flags.DEFINE_integer("seed", None, "spring, pendulum: random seed.", **shared)
  flags.DEFINE_integer("num_trajectories", None,
                       "spring, pendulum: train and test together.", **shared)
  flags.DEFINE_integer("num_samples", None,
                       "spring, pendulum: samples in [0, 3].", **shared)
  flags.DEFINE_string("file", None, "schmidt_lipson: which file.", **shared)
  flags.DEFINE_list("bodies", None, "planets: names.", **shared)
  flags.DEFINE_string("start", None, "planets: first date, YYYY-MM-DD.",
                      **shared)
  flags.DEFINE_string("stop", None, "planets: last date, YYYY-MM-DD.", **shared)
  flags.DEFINE_float("step_days", None, "planets: days between samples.",
                     **shared)
  flags.DEFINE_bool("debug", False, "Show the traceback of an error.", **shared)
  flags.DEFINE_bool("help", False, "Show this text.", **shared)
  return values


def main(argv: Sequence[str]) -> int:
  """Runs the program.

  Args:
    argv: the program's name and its flags.

  Returns:
    The exit code: 0, or 2 for bad input.

  Raises:
    ValueError: for bad input if --debug is given; ImportError likewise.
  """
  values = define_flags()
  try:
    rest = values(list(argv))[1:]
  except flags.Error as error:
    return _fail(error)
  if values.help:
    print(f"{__doc__}\n{values.get_help()}")
    return 0
  try:
    if rest:
      raise ValueError(f"unexpected argument {rest[0]!r}; flags are --name=...")
    if values.dataset is None:
      raise ValueError(f"--dataset is needed: {', '.join(loading.NAMES)}")
    for line in _prepare(values):
      print(line)
  except (ValueError, ImportError) as error:
    if values.debug:
      raise
    return _fail(error)
  return 0


def _prepare(values: flags.FlagValues) -> list[str]:
  """One line per split."""
  config: dict[str, Any] = {
      name: values[name].value
      for name in _CONFIG_FLAGS
      if values[name].value is not None
  }
  builder = loading.prepare(values.dataset,
                            data_dir=values.data_dir,
                            manual_dir=values.manual_dir,
                            config=config)
  return [
      f"{builder.info.full_name} {name}: {split.num_examples} examples, "
      f"{split.num_bytes} in {builder.data_dir}"
      for name, split in builder.info.splits.items()
  ]


def _fail(error: Exception) -> int:
  print(f"error: {' '.join(str(error).split())}", file=sys.stderr)
  return 2


if __name__ == "__main__":
  sys.exit(main(sys.argv))
