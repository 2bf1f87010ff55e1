"""The measured and simulated trajectories of Schmidt and Lipson (2009).

Each file is a text: a first line "% o v" that names the variables, then one row
per sample: trial, time in s, the variables and, in some files, their
derivatives.
"""

import dataclasses
import pathlib

import numpy as np

from datasets import sources

_TITLE = ("invar_datasets.zip, supplement of Schmidt & Lipson, Science 324, 81 "
          "(2009)")
_URL = ("http://science.sciencemag.org/highwire/filestream/590089/"
        "field_highwire_adjunct_files/2/")

CITATION = """\
@article{schmidt2009distilling,
  title={Distilling Free-Form Natural Laws from Experimental Data},
  author={Schmidt, Michael and Lipson, Hod},
  journal={Science}, volume={324}, number={5923}, pages={81--85}, year={2009},
}"""
LICENSE = "No licence is stated by the publisher: do not redistribute."


@dataclasses.dataclass(frozen=True)
class File:
  """What a file should hold.

  Attributes:
    source: name, address and checksum.
    variables: the D names in its first line.
    units: one per variable.
    rows: samples, all trials together.
    derivatives: whether D more columns hold the variables' derivatives.
    about: one line.
  """
  source: sources.Source
  variables: tuple[str, ...]
  units: tuple[str, ...]
  rows: int
  derivatives: bool
  about: str


@dataclasses.dataclass(frozen=True)
class Trial:
  """One trajectory; float64, leading axis T.

  Attributes:
    number: the file's number of the trial.
    time: `[T]`, s; steps may differ, because lost samples are left out.
    states: `[T, D]`, in the units of `File.units`.
    derivatives: `[T, D]`, per s, or None where the file has none.
  """
  number: int
  time: np.ndarray
  states: np.ndarray
  derivatives: np.ndarray | None


def _file(name: str, checksum: str, variables: str, units: str, rows: int,
          derivatives: bool, about: str) -> File:
  source = sources.Source(f"{name}.txt", checksum, _URL, _TITLE, archived=True)
  return File(source, tuple(variables.split()), tuple(units.split()), rows,
              derivatives, about)


FILES = {
    "real_pend_h_1":
        _file(
            "real_pend_h_1",
            "45d92988198b89a5933f5a53e67aa819d06937516f71a462ac09e1307d8b3411",
            "o v", "rad rad/s", 556, False, "Measured pendulum, damped."),
    "real_linear_h_1":
        _file(
            "real_linear_h_1",
            "bf11e50703376b82566b635771de23845a2546e4b733beb49588c7af4eec26cc",
            "x v", "px px/s", 870, False,
            "Measured oscillator on an air track, damped."),
    "real_double_pend_h_1":
        _file(
            "real_double_pend_h_1",
            "9ea97ad3b1c6b83b2762f1c84760bfd55638809436a8ece0c2dfffb96ddaec37",
            "o1 o2 w1 w2", "rad rad rad/s rad/s", 1520, True,
            "Measured double pendulum, two trials."),
    "pendulum_h_1":
        _file(
            "pendulum_h_1",
            "d216e4248f2a703eac6c063efea38e1696f01e456f6065bff4f8890e07ccf529",
            "o v", "rad rad/s", 493, True,
            "Simulated pendulum, one energy level."),
    "double_pend_h_1":
        _file(
            "double_pend_h_1",
            "cbdb34df045549d08a98db60c4e856b4dc27d896165faabcddb896ff4f97f5e9",
            "o1 o2 w1 w2", "rad rad rad/s rad/s", 2516, True,
            "Simulated double pendulum, two trials."),
    "circle_1":
        _file(
            "circle_1",
            "36a2da0e851ddac1fd9684845123b4585816d47f17049d10a4f24f0c8a5efe6b",
            "x y", "1 1", 360, False, "Points on a circle of radius 4."),
}


def parse(path: pathlib.Path, file: File) -> tuple[Trial, ...]:
  """Reads a file of this format and checks its form.

  Args:
    path: the text file.
    file: what it should hold; the checksum is not looked at.

  Returns:
    Its trials in order.

  Raises:
    DataError: if the file cannot be opened, or the header, a row's number of
      columns, a value, the number of rows or the order of time is not as it
      should be; file, line and column are named.
  """
  try:
    lines = path.read_text(encoding="ascii").splitlines()
  except UnicodeDecodeError as error:
    raise sources.DataError(
        f"{path}: not a text file: byte {error.start} is not ASCII") from None
  except OSError as error:
    raise sources.DataError(
        f"{path}: cannot be read: {error.strerror}") from error
  names = tuple(lines[0].lstrip("%").split()) if lines else ()
  if not lines or not lines[0].startswith("%") or names != file.variables:
    raise sources.DataError(
        f"{path}:1: expected the header '% {' '.join(file.variables)}', got "
        f"{lines[0][:40] if lines else 'an empty file'!r}")
  columns = ["trial", "time", *names]
  if file.derivatives:
    columns += [f"d{name}/dt" for name in names]
  rows = [
      _row(path, number, line, columns)
      for number, line in enumerate(lines[1:], start=2)
  ]
  if len(rows) != file.rows:
    raise sources.DataError(f"{path}:{len(lines)}: truncated or extended: "
                            f"{len(rows)} rows instead of {file.rows}")
  return _trials(path, np.array(rows), file)


def load(name: str, path: pathlib.Path) -> tuple[Trial, ...]:
  """Reads one of FILES and verifies its checksum.

  Args:
    name: a key of FILES.
    path: where the file is.

  Returns:
    Its trials in order.

  Raises:
    DataError: if the file is not the published one.
  """
  file = FILES[name]
  # Parsed first: "line 7 has 3 columns" helps more than a checksum.
  trials = parse(path, file)
  sources.verify(file.source, path)
  return trials


def _row(path: pathlib.Path, number: int, line: str,
         columns: list[str]) -> list[float]:
  """One line's numbers; DataError if they are not all there and finite."""
  words = line.split()
  if len(words) != len(columns):
    raise sources.DataError(
        f"{path}:{number}: {len(words)} columns instead of {len(columns)} "
        f"({', '.join(columns)})")
  values = []
  for column, word in zip(columns, words):
    try:
      value = float(word)
    except ValueError:
      raise sources.DataError(f"{path}:{number}: column {column!r} is not a "
                              f"number: {word[:40]!r}") from None
    if not np.isfinite(value):
      raise sources.DataError(f"{path}:{number}: column {column!r} is {word}")
    values.append(value)
  return values


def _trials(path: pathlib.Path, table: np.ndarray,
            file: File) -> tuple[Trial, ...]:
  """Splits `[rows, columns]` where the trial's number changes."""
  size = len(file.variables)
  starts = np.flatnonzero(np.diff(table[:, 0])) + 1
  trials = []
  for block, first in zip(np.split(table, starts), [0, *starts]):
    time = block[:, 1]
    steps = np.diff(time)
    if np.any(steps <= 0):
      line = first + int(np.argmax(steps <= 0)) + 3
      raise sources.DataError(f"{path}:{line}: time does not increase")
    derivatives = block[:, 2 + size:] if file.derivatives else None
    trials.append(
        Trial(int(block[0, 0]), time, block[:, 2:2 + size], derivatives))
  return tuple(trials)
