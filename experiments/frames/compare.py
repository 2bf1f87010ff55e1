"""Compares runs of other settings with one run's controls, paired by seed.

    python -m experiments.frames.compare --base=DIR --other=DIR --out=DIR

A line is named after what its run's settings change. A run without a control
of its own is measured against that of the base, if its settings change nothing
that the control's training depends on.
"""

from collections.abc import Sequence
import json
import pathlib
import sys
from typing import Any

from absl import flags

from experiments.common import program
from experiments.common import tables as common
from experiments.frames import tables
from experiments.frames.rows import CONTROL
from noether_jax.data.files import write_atomically
from noether_jax.discovery.result_folder import make_folder
from noether_jax.errors import InputError

# Settings that only rows with g depend on.
_OF_G = ("adapt", "chosen_up_to", "clip", "filters", "inner_rate",
         "learn_inner_rate", "num_quantities", "part_size", "pretrain_steps",
         "stacked", "test_steps")
# Those that change no row, but for rounding.
_OF_NONE = ("curve_sequences", "first_seed", "remat", "seeds", "version",
            "vmap_seeds")


def _results(name: str) -> dict[str, Any]:
  path = pathlib.Path(name) / "results.json"
  if not path.is_file():
    raise InputError(f"{name} has no results.json: name a folder that a "
                     "finished run's --out named.")
  try:
    results = json.loads(path.read_text())
  except ValueError as error:
    raise InputError(f"{path} is damaged: run the experiment again.") from error
  if "control_factor" not in results.get("settings", ()):
    raise InputError(f"{path} is not of an experiment with frames.")
  return results


def _controls(rows: Sequence[dict[str, Any]]) -> dict[int, dict[str, Any]]:
  return {row["seed"]: row for row in rows if row["row"] == CONTROL}


def changes(base: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
  """The settings of another run that are not those of the first.

  Args:
    base: settings.
    other: settings.

  Returns:
    Other's values; without what changes no number.

  Example:
    >>> changes({"steps": 3, "seeds": 1}, {"steps": 4, "seeds": 2})
    {'steps': 4}
  """
  return {
      name: value
      for name, value in other.items()
      if name not in _OF_NONE and value != base.get(name)
  }


def lines(base: dict[str, Any],
          tries: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
  """The table's body, of all runs.

  Args:
    base: results, among them the control.
    tries: results of other settings.

  Returns:
    As `tables.cells`: the base's lines, then those of each try.

  Raises:
    InputError: if a try without a control of its own changes a setting that the
      control depends on, or has seeds that the base's control lacks.
  """
  body = tables.cells(base["rows"])
  for results in tries:
    changed = changes(base["settings"], results["settings"])
    rows = results["rows"]
    borrowed = {} if _controls(rows) else _controls(base["rows"])
    if not _controls(rows):
      _borrowable(changed, {row["seed"] for row in rows} - set(borrowed))
    label = ", ".join(f"{name}={value}" for name, value in changed.items())
    body += [(f"{name}; {label}" if label else name, *rest)
             for name, *rest in tables.cells([*borrowed.values(), *rows])
             if not (borrowed and name == CONTROL)]
  return body


def _borrowable(changed: dict[str, Any], missing: set[int]) -> None:
  """Refuses a run to which the base's control does not apply."""
  own = [name for name in changed if name not in _OF_G]
  if own:
    raise InputError(
        f"a run with other {', '.join(own)} needs a control of its own: "
        f"--row='{CONTROL}' in its folder, too.")
  if missing:
    raise InputError(
        f"the base has no row '{CONTROL}' of seeds "
        f"{', '.join(map(str, sorted(missing)))}: name one that has.")


def _run(options: flags.FlagValues) -> None:
  if not options.base:
    raise InputError("--base is needed: name the folder of the run with the "
                     "control.")
  body = lines(_results(options.base), [_results(f) for f in options.other])
  out = make_folder(options.out)
  write_atomically(out / "table.md", common.markdown(tables.HEADER, body))
  text = common.text(tables.HEADER, body)
  write_atomically(out / "table.txt", text)
  print(text, end="")


def main(argv: Sequence[str]) -> int:
  """Writes and prints the table.

  Args:
    argv: the program's name and its flags.

  Returns:
    The exit code; see `experiments.common.program.execute`.
  """
  values = program.define_flags(quick=False, seeds=False)
  flags.DEFINE_string("base",
                      None,
                      "folder of a finished run, with the control",
                      flag_values=values)
  flags.DEFINE_multi_string("other", [],
                            "folder of a run of other settings; repeatable",
                            flag_values=values)
  return program.execute("compare", __doc__, values, _run, argv)


if __name__ == "__main__":
  sys.exit(main(sys.argv))
