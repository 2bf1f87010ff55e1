"""The options of noether-discover: one table, one value."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import shlex
from typing import Any

from absl import flags

_USAGE = """usage: noether-discover FILE [FILE ...] [--option=value ...]
       noether-discover FOLDER [--option=value ...]
       noether-discover --dataset=planets
       noether-discover FILE --check=FORMULA
       noether-discover STATES --equations=module:function

Finds quantities that stay constant along trajectories, says how certain each
one is, and measures whether a learned predictor gains by keeping them.
With --check, tests one given quantity instead. With --equations, finds what
equations of motion conserve.

FILE has one row for each sample: text (the delimiter, decimal mark, header and
units are found), .json, .npy, .npz, .mat, .parquet, .feather, .xlsx, .h5 or
.nc, also compressed.
Each file is one trial, unless a column tells trials apart.

example: noether-discover swings.csv --columns=q:rad,w:rad/s --out=out/swings"""

# (kind, group, name, default, help, further arguments)
_OPTIONS: tuple[tuple[str, str, str, Any, str, dict[str, Any]], ...] = (
    ("string", "data", "columns", None,
     "The columns of the state, with units: q:rad,p:1/s. Angles enter through "
     "sine and cosine. Put a name that holds a comma or a colon in quotes. "
     "Default: every column of numbers that is not a time, a count or a "
     "constant.", {}),
    ("string", "data", "trial", None,
     "The column that tells trials apart. Default: found; else each file is "
     "one trial.", {}),
    ("string", "data", "time", None,
     "The column of times, as t or t:s. Default: found by its name, its unit "
     "or its equal steps.", {}),
    ("string", "data", "derivatives", None,
     "Columns that hold measured time derivatives of the state's columns, in "
     "their order, as dx,dv, or as dv:v,dx:x. Where trials are short, or rows "
     "have no times, laws are those of the derivatives; else they must agree "
     "with them.", {}),
    ("string", "data", "dataset", None,
     "A built-in data set instead of a file: planets (the default if no file "
     "is given).", {}),
    ("string", "data", "check", None,
     "Make no search; test whether a given quantity is conserved. It is a "
     "formula of the columns, as 'v**2/2 - 9.81*l*cos(q)', or the name of the "
     "column that holds it.", {}),
    ("string", "data", "equations", None,
     "Equations of motion instead of trajectories: a function of a state, as "
     "module:function, that returns the rate of change of each column. The "
     "file then holds states, one a row, spread over the region of interest. "
     "The current folder is searched for the module, too.", {}),
    ("integer", "search", "degree", None,
     "The highest degree of the polynomial terms. Default: 6 for up to two "
     "columns, 4 for up to four, 3 for up to six, else 2.", {
         "lower_bound": 1,
         "upper_bound": 8
     }),
    ("string", "search", "vectors", None,
     "The components of vectors, as 'x,y,z;vx,vy,vz', or none. Default: the "
     "names x,y(,z) with vx,vy(,vz) or px,py(,pz) are recognised.", {}),
    ("list", "search", "rungs", [],
     "The libraries of terms that are searched, in their order, as "
     "linear,quadratic; or network, to count what is conserved by networks, "
     "without formulas, and then look for formulas; default,network does so "
     "after all else. Default: small libraries first, and a network for what "
     "has no formula.", {}),
    ("string", "search", "terms", None,
     "Further terms of a law, as 'exp(-x/2)*v^2;x*v'. They are combined with "
     "polynomials of degree two, and with sines and cosines of angles.", {}),
    ("string", "search", "known", None,
     "Laws that are known, as 'v^2 + x^2;x*v'. They are not tested, and only "
     "what is independent of them is looked for.", {}),
    ("boolean", "search", "certify", False,
     "Find p-values with many terms, too. It takes longer. Default: up to four "
     "columns only.", {}),
    ("boolean", "prediction", "predict", True,
     "Train a predictor, compare it with itself tailored to, or projected "
     "onto, the best law and all laws, and recommend one. --nopredict leaves "
     "this out.", {}),
    ("integer", "prediction", "seeds", 3,
     "Number of networks, trained from different initial weights.", {
         "lower_bound": 1,
         "upper_bound": 64
     }),
    ("integer", "prediction", "steps", 3000,
     "Number of training steps of each network.", {
         "lower_bound": 1
     }),
    ("string", "output", "out", "out/discover",
     "The folder for report.html, result.json, law.py and the figures.", {}),
    ("integer", "running", "seed", 0, "The seed of every random choice.", {}),
    ("boolean", "running", "quick", False,
     "Train one small network for fewer steps: seconds instead of minutes, "
     "with less accurate errors.", {}),
    ("boolean", "running", "debug", False, "Show the traceback of every error.",
     {}),
    ("boolean", "running", "help", False, "Show this text.", {}),
)


@dataclasses.dataclass(frozen=True)
class Options:
  """What a user asked for; each field is the option of its name.

  Attributes:
    paths: files or a folder.
    command: the whole command line, for the record.
  """
  paths: tuple[str, ...]
  command: str
  columns: str | None
  trial: str | None
  time: str | None
  derivatives: str | None
  dataset: str | None
  check: str | None
  equations: str | None
  degree: int | None
  vectors: str | None
  rungs: list[str]
  terms: str | None
  known: str | None
  certify: bool
  predict: bool
  seeds: int
  steps: int
  out: str
  seed: int
  quick: bool
  debug: bool
  help: bool


def parse_options(argv: Sequence[str]) -> Options:
  """Read the program's arguments.

  Args:
    argv: the program's name and its arguments.

  Returns:
    The options.

  Raises:
    absl.flags.Error: for an unknown option or a value that it cannot have.

  Example:
    >>> parse_options(["noether-discover", "a.csv", "--seed=3"]).paths
    ('a.csv',)
  """
  # Fresh flags, so that a process can run the program more than once.
  values = flags.FlagValues()
  for kind, _, name, default, text, more in _OPTIONS:
    define = getattr(flags, f"DEFINE_{kind}")
    define(name, default, text, flag_values=values, **more)
  paths = values(list(argv))[1:]
  chosen: dict[str, Any] = {}
  for _, _, name, *_ in _OPTIONS:
    chosen[name] = values[name].value
  return Options(paths=tuple(paths),
                 command=shlex.join(["noether-discover", *argv[1:]]),
                 **chosen)


def help_text() -> str:
  """The program's options by group.

  Example:
    >>> help_text().splitlines()[0]
    'usage: noether-discover FILE [FILE ...] [--option=value ...]'
  """
  lines = [_USAGE]
  last = ""
  for _, group, name, default, text, _ in _OPTIONS:
    if group != last:
      lines += ["", f"{group}:"]
      last = group
    named = default not in (None, []) and not isinstance(default, bool)
    shown = f" Default: {default}." if named else ""
    body = flags.text_wrap(text + shown, length=80, indent=" " * 14)
    head = f"  --{name}"
    lines.append(
        head.ljust(14) + body.lstrip() if len(head) < 14 else f"{head}\n{body}")
  return "\n".join(lines)
