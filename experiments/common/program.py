"""Flags, user's mistakes and exit codes of an experiment's program."""

from collections.abc import Callable, Sequence
import json
import pathlib
import sys
from typing import Any

from absl import flags
from absl import logging

from datasets import loading
from datasets import sources
from noether_jax.data.files import write_atomically
from noether_jax.errors import CheckpointError
from noether_jax.errors import InputError


def define_flags(*, quick: bool = True, seeds: bool = True) -> flags.FlagValues:
  """The flags that every program has, in a registry of their own.

  Args:
    quick: whether it has --quick, too.
    seeds: whether it has --seeds, too.

  Returns:
    Flags that are not parsed yet; add the program's own with `flag_values=`.
  """
  values = flags.FlagValues()
  shared: dict[str, Any] = {"flag_values": values}
  flags.DEFINE_string("out", None, "folder of the results; needed", **shared)
  if seeds:
    flags.DEFINE_integer("seeds",
                         10,
                         "number of seeds",
                         lower_bound=1,
                         **shared)
  if quick:
    flags.DEFINE_bool("quick", False, "a short run to see that it works",
                      **shared)
  flags.DEFINE_bool("debug", False,
                    "show the traceback of a user's mistake too", **shared)
  flags.DEFINE_bool("help", False, "show this text", **shared)
  return values


def define_data_flags(values: flags.FlagValues,
                      files: str = "real_pend_h_1.txt") -> None:
  """Adds where a program finds measured data.

  Args:
    values: from `define_flags`.
    files: what lies in the folder that the user may name.
  """
  flags.DEFINE_string("data_dir",
                      loading.DEFAULT_DATA_DIR,
                      "where prepared data lie",
                      flag_values=values)
  flags.DEFINE_string("manual_dir",
                      None,
                      f"folder with {files}",
                      flag_values=values)


def claim(out: pathlib.Path, settings: dict[str, Any]) -> None:
  """Keeps results of other settings out of a folder.

  Args:
    out: the folder of the results.
    settings: those in which comparable runs agree; JSON can hold them.

  Raises:
    InputError: if the folder holds results of other settings.
  """
  path = out / "settings.json"
  text = json.dumps(settings, indent=1) + "\n"
  if path.exists() and json.loads(path.read_text()) != json.loads(text):
    raise InputError(f"--out={out} holds results of other settings: name "
                     "another folder.")
  write_atomically(path, text)


def execute(name: str,
            doc: str | None,
            options: flags.FlagValues,
            body: Callable[[flags.FlagValues], None],
            argv: Sequence[str],
            *,
            resumes: bool = False) -> int:
  """Parses the flags and runs a program.

  Args:
    name: of the program, for its error lines.
    doc: what it does, for --help.
    options: from `define_flags`.
    body: the program.
    argv: the program's name and its flags.
    resumes: whether the same command goes on after an interruption.

  Returns:
    The exit code: 0; 2 for a user's mistake, reported in one line on standard
    error; 130 if interrupted.

  Raises:
    InputError: for a user's mistake, with --debug; also DataError,
      flags.Error, OSError and ImportError.
  """
  try:
    rest = options(list(argv))[1:]
    if options.help:
      print(f"{doc}\n{options.get_help()}")
      return 0
    if rest:
      raise InputError(f"unexpected arguments: {' '.join(rest)[:100]}")
    if not options.out:
      raise InputError("--out is needed: name the folder of the results.")
    body(options)
    return 0
  except (InputError, sources.DataError, CheckpointError, flags.Error, OSError,
          ImportError) as error:
    # A flag that can't be parsed hides those behind it.
    if options["debug"].value or "--debug" in argv:
      raise
    print(f"{name}: {' '.join(str(error).split())}", file=sys.stderr)
    return 2
  except KeyboardInterrupt:
    more = "; the same command goes on from here" if resumes else ""
    print(f"{name}: interrupted{more}.", file=sys.stderr)
    return 130


def entry(name: str,
          doc: str | None,
          define: Callable[[], flags.FlagValues],
          body: Callable[[flags.FlagValues], None],
          *,
          resumes: bool = False) -> Callable[[Sequence[str]], int]:
  """Make a program's `main`.

  Args:
    name: see `execute`, as are the others.
    doc: what it does.
    define: makes its flags.
    body: the program.
    resumes: whether the same command goes on after an interruption.

  Returns:
    `argv -> exit code`; raises what `execute` raises.
  """

  def main(argv: Sequence[str]) -> int:
    return execute(name, doc, define(), body, argv, resumes=resumes)

  return main


def start(main: Callable[[Sequence[str]], int]) -> None:
  """Runs a program from the shell, with its progress lines, and exits."""
  logging.set_verbosity(logging.INFO)
  sys.exit(main(sys.argv))
