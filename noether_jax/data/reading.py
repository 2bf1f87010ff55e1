"""Trajectories from one file, several, or a folder."""

from __future__ import annotations

from collections.abc import Sequence
import glob
import os
import pathlib
import re

from noether_jax.data import tables
from noether_jax.data.assembly import assemble
from noether_jax.data.assembly import Columns
from noether_jax.data.roles import assign_roles
from noether_jax.data.table_columns import TableColumns
from noether_jax.data.trajectories import Trajectories
from noether_jax.errors import InputError

Path = str | os.PathLike[str]


def load(path: Path | Sequence[Path],
         *,
         columns: Columns | None = None,
         trial: str | None = None,
         time: str | None = None) -> Trajectories:
  """Read trajectories from files.

  Args:
    path: a file, a folder, a pattern such as `runs/*.csv`, or a list of these.
      Text of any usual layout (delimiter, decimal mark, header and units are
      found), .json, .npy, .npz, .parquet, .feather, .xlsx, .mat, .h5 and .nc,
      also compressed. Each
      file is a trial unless a column tells trials apart.
    columns: the state: text `q:rad,p:1/s`, a sequence of names, or a mapping
      from name to unit. If None, every column of numbers that is no time,
      trial, count or constant of a trial.
    trial: column that tells trials apart; found if None.
    time: column of times, perhaps with a unit after a colon; found if None,
      else rows are 1 apart.

  Returns:
    The trajectories; `messages` has one line for each decision.

  Raises:
    InputError: if a file or the arguments cannot be used.

  Example:
    >>> load("missing.csv")
    Traceback (most recent call last):
    ...
    noether_jax.errors.InputError: missing.csv: no such file.
  """
  given = [path] if isinstance(path, (str, os.PathLike)) else list(path)
  files = [file for p in given for file in _files(p)]
  if not files:
    raise InputError("No file was given.")
  read = []
  for file in files:
    try:
      read.append(tables.read(file))
    except OSError as error:
      raise InputError(f"{file}: {error.strerror or error}.") from error
  table = read[0] if len(read) == 1 else _join(read, files, trial)
  return assemble(table, columns, trial, time)


def _files(path: Path) -> list[pathlib.Path]:
  """The files that a path means, run2 before run10."""
  place = pathlib.Path(path)
  if place.is_dir():
    found = [
        p for p in place.iterdir()
        if p.is_file() and p.name[0] != "." and set(p.suffixes) &
        set(tables.SUFFIXES) and not p.name.lower().startswith("readme")
    ]
    if not found:
      raise InputError(f"{path}: no file of data in this folder; known endings "
                       f"are {', '.join(tables.SUFFIXES)}.")
    return sorted(found, key=_natural)
  if place.is_file():
    return [place]
  found = [pathlib.Path(p) for p in glob.glob(os.fspath(path))]
  if not found:
    raise InputError(f"{path}: no such file.")
  return sorted((p for p in found if p.is_file()), key=_natural)


def _natural(path: pathlib.Path) -> list[tuple[int, str]]:
  return [(int(part), "") if part.isdigit() else (-1, part)
          for part in re.split(r"(\d+)", path.name)]


def _join(read: Sequence[tables.Table], files: Sequence[pathlib.Path],
          trial: str | None) -> tables.Table:
  """Files below each other; each is a trial, or holds trials of its own."""
  import pandas  # pylint: disable=import-outside-toplevel
  first = read[0]
  wanted = set(first.frame)
  for table in read[1:]:
    odd = sorted(map(str, wanted ^ set(table.frame)))
    if odd:
      raise InputError(f"{table.name}: other columns than {first.name}: only "
                       f"one of them has {', '.join(odd)[:100]}.")
  labels = [file.name for file in files]
  if len(set(labels)) < len(labels):
    labels = [str(file) for file in files]
  stems = [label.split(".")[0] for label in labels]
  labels = stems if len(set(stems)) == len(stems) else labels
  inner = _inner_trial(first, trial)
  frames = []
  for table, label in zip(read, labels):
    frame = table.frame
    if inner is None:
      own = label
    else:
      own = label + "/" + frame[inner].ffill().astype(str)
      frame = frame.drop(columns=inner)
    frames.append(frame.assign(**{inner or "file": own}))
  messages = list(dict.fromkeys(m for t in read for m in t.messages))
  messages.append(f"{len(read)} files: " +
                  ("each is a trial" if inner is
                   None else f"trials told apart by file and {inner!r}"))
  return tables.Table(pandas.concat(frames, ignore_index=True),
                      f"{len(read)} files",
                      units=first.units,
                      aliases=first.aliases,
                      messages=messages,
                      trial=inner or "file",
                      time=first.time,
                      header=first.header)


def _inner_trial(table: tables.Table, trial: str | None) -> str | None:
  """The column that tells trials apart within each file, if there is one."""
  return assign_roles(TableColumns(table), trial, None).trial
