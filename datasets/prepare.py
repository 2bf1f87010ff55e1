"""Prepares a data set: python -m datasets.prepare --dataset=pendulum.

Prints one line per split. Bad input: one line on stderr and exit code 2.
"""

from collections.abc import Callable, Sequence
import sys
from typing import Any

from absl import flags

from datasets import loading

# Arguments of the data sets' `config` functions: how to define and what to say.
_CONFIG_FLAGS: dict[str, tuple[Callable[..., Any], str]] = {
    "noise": (flags.DEFINE_float, "spring, pendulum: noise on q and p."),
    "targets":
        (flags.DEFINE_string, "spring, pendulum: derivative or difference; "
         "real_pendulum: central or difference."),
    "seed": (flags.DEFINE_integer, "of whatever is random."),
    "num_trajectories":
        (flags.DEFINE_integer, "spring, pendulum: train and test together."),
    "num_samples":
        (flags.DEFINE_integer, "spring, pendulum: samples in [0, 3]."),
    "file": (flags.DEFINE_string, "schmidt_lipson: which file."),
    "bodies": (flags.DEFINE_list, "planets: names."),
    "start": (flags.DEFINE_string, "planets: first date, YYYY-MM-DD."),
    "stop": (flags.DEFINE_string, "planets: last date, YYYY-MM-DD."),
    "step_days": (flags.DEFINE_float, "planets: days between samples."),
    "size": (flags.DEFINE_integer, "videos: height and width in pixels."),
    "length": (flags.DEFINE_integer, "videos: frames of a sequence."),
    "num_sequences":
        (flags.DEFINE_integer,
         "controlled_pendulum, ramp_video: of the training split."),
    "test_sequences": (flags.DEFINE_integer,
                       "controlled_pendulum, ramp_video: of the test split."),
    "torque":
        (flags.DEFINE_float, "controlled_pendulum: standard deviation, N m."),
    "correlation":
        (flags.DEFINE_float, "controlled_pendulum: of the torque, s."),
    "friction": (flags.DEFINE_float, "controlled_pendulum: N m s."),
    "speed": (flags.DEFINE_float,
              "controlled_pendulum: largest at the beginning, rad/s."),
    "rate": (flags.DEFINE_float, "ramp_video: frames per second."),
    "num_objects": (flags.DEFINE_integer, "ramp_video: in the catalogue."),
    "split": (flags.DEFINE_string, "ramp_video: random or objects; "
              "physics101: authors or objects."),
    "skip_damaged": (flags.DEFINE_bool,
                     "physics101: leave videos out that can't be decoded."),
}


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
  for name, (define, text) in _CONFIG_FLAGS.items():
    define(name, None, text, **shared)
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
