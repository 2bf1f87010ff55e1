"""Trajectories from CSV, NPZ and Parquet files, checked row by row."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import os
import pathlib

import numpy as np

from noether_jax.data.columns import parse_columns
from noether_jax.data.columns import Variable
from noether_jax.data.tables import is_number
from noether_jax.data.tables import read
from noether_jax.data.tables import Table
from noether_jax.errors import InputError

_MAX_BYTES = 2**30
_TIME_NAMES = ("t", "time")
_TRIAL_NAMES = ("trial", "trajectory", "traj", "run", "body")


@dataclasses.dataclass(frozen=True)
class Trajectories:
  """Observed trajectories of one system.

  Attributes:
    variables: D columns.
    labels: N names of the trials.
    times: N arrays `[T_i]`, strictly increasing.
    states: N arrays `[T_i, D]`.
    time_unit: text, may be empty.
    messages: choices that were made for the user.
    derivatives: N arrays `[T_i, D]` of time derivatives, or None.
    clean: N arrays `[T_i, D]`, the states without noise where a simulation
      knows them, or None.
  """
  variables: tuple[Variable, ...]
  labels: tuple[str, ...]
  times: tuple[np.ndarray, ...]
  states: tuple[np.ndarray, ...]
  time_unit: str = ""
  messages: tuple[str, ...] = ()
  derivatives: tuple[np.ndarray, ...] | None = None
  clean: tuple[np.ndarray, ...] | None = None


def load(path: str | os.PathLike[str],
         *,
         columns: str | None = None,
         trial: str | None = None,
         time: str | None = None) -> Trajectories:
  """Reads trajectories from a file.

  Args:
    path: a .csv, .txt, .tsv, .npz or .parquet file. CSV and Parquet hold one
      row per sample; an NPZ one array per column, `[rows]`.
    columns: the state, see `parse_columns`; every numeric column other than
      trial and time, taken as pure numbers, if None.
    trial: column that tells trials apart; found by name if None.
    time: column of times; found by name if None, else rows are 1 apart. A unit
      may follow a colon.

  Returns:
    The trajectories, in order of first appearance.

  Raises:
    InputError: if the file or the arguments cannot be used.

  Example:
    >>> load("missing.csv")
    Traceback (most recent call last):
    ...
    noether_jax.errors.InputError: missing.csv: no such file.
  """
  place = pathlib.Path(path)
  if not place.is_file():
    raise InputError(f"{path}: no such file.")
  if place.stat().st_size > _MAX_BYTES:
    raise InputError(f"{path}: larger than 1 GiB; give a part of it.")
  try:
    table = read(place)
  except OSError as error:
    raise InputError(f"{path}: {error.strerror or error}.") from error
  return _assemble(table, place.name, columns, trial, time)


def _numbers(table: Table, name: str, file: str) -> np.ndarray:
  """One column as finite floats.

  Raises:
    InputError: naming the first bad row.
  """
  if table[name].dtype.kind not in "fiubOUS":
    raise InputError(f"{file}: column {name!r} holds {table[name].dtype}, not "
                     "real numbers.")
  try:
    values = table[name].astype(np.float64)
  except (TypeError, ValueError):
    bad = next(
        n for n, cell in enumerate(table[name]) if not is_number(str(cell)))
    cell = str(table[name][bad])[:20]
    what = f"holds {cell!r}, not a number" if cell else "is empty"
    raise InputError(
        f"{file}: column {name!r}, data row {bad + 1} {what}.") from None
  finite = np.isfinite(values)
  if not finite.all():
    raise InputError(f"{file}: column {name!r} is not finite in "
                     f"{np.sum(~finite)} rows, first in data row "
                     f"{int(np.argmin(finite)) + 1}: drop or fill them.")
  return values


def _pick(given: str | None, usual: Sequence[str], table: Table,
          flag: str) -> str | None:
  if given:
    if given not in table:
      raise InputError(f"--{flag}: no column {given!r}; columns are "
                       f"{', '.join(table)[:200]}.")
    return given
  return next((name for name in table if name.lower() in usual), None)


def _is_numeric(column: np.ndarray) -> bool:
  if column.dtype != object:
    return bool(np.issubdtype(column.dtype, np.number))
  return bool(len(column)) and all(is_number(str(c)) for c in column[:5])


def _assemble(table: Table, file: str, columns: str | None, trial: str | None,
              time: str | None) -> Trajectories:
  """Cuts a table into checked trajectories."""
  time_name, _, time_unit = (time or "").partition(":")
  clock = _pick(time_name, _TIME_NAMES, table, "time")
  group = _pick(trial, _TRIAL_NAMES, table, "trial")
  messages = []
  if columns:
    variables = parse_columns(columns)
  else:
    names = [
        name for name, column in table.items()
        if name not in (clock, group) and _is_numeric(column)
    ]
    if not names:
      raise InputError(f"{file}: no column of numbers among "
                       f"{', '.join(table)[:200]}.")
    variables = tuple(Variable(name) for name in names)
    messages.append(f"--columns not given: using {', '.join(names)} as pure "
                    "numbers; give units (q:rad) for angles to enter by sine "
                    "and cosine")
  for v in variables:
    _pick(v.name, (), table, "columns")
    if v.name in (clock, group) and columns:
      raise InputError(f"--columns: {v.name!r} is the time or trial column.")
  _check_names(variables, file)
  states = np.stack([_numbers(table, v.name, file) for v in variables], axis=1)
  if not len(states):
    raise InputError(f"{file}: no rows below the header.")
  if clock is None:
    messages.append("no time column: rows are taken to be 1 apart")
    times = np.arange(float(len(states)))
  else:
    times = _numbers(table, clock, file)
  keys = (np.array([str(k) for k in table[group]])
          if group else np.zeros(len(states), dtype=str))
  labels = list(dict.fromkeys(keys.tolist()))
  return _cut(states, times, keys, labels, variables, file, time_unit, messages)


def _check_names(variables: Sequence[Variable], file: str) -> None:
  """Refuses names that cannot stand in formulas, code and a report."""
  for v in variables:
    if not v.name.isprintable() or set(v.name) & set("\"'\\"):
      raise InputError(f"{file}: rename column {v.name[:40]!r}; quotes, "
                       "backslashes and control characters cannot be used.")
  seen: dict[str, str] = {}
  for v in variables:
    other = seen.setdefault(v.identifier, v.name)
    if other != v.name:
      raise InputError(f"{file}: rename column {v.name!r}: as a Python name it "
                       f"equals {other!r}.")


def _cut(states: np.ndarray, times: np.ndarray, keys: np.ndarray,
         labels: list[str], variables: tuple[Variable, ...], file: str,
         time_unit: str, messages: list[str]) -> Trajectories:
  """Splits rows by trial and checks that time runs forward in each."""
  pieces = [np.flatnonzero(keys == label) for label in labels]
  for label, rows in zip(labels, pieces):
    steps = np.diff(times[rows])
    if not np.all(steps > 0):
      row = int(rows[int(np.argmin(steps > 0)) + 1]) + 1
      name = f" of trial {label!r}" if label else ""
      hint = "" if len(labels) > 1 else " Is --trial missing?"
      raise InputError(f"{file}: time does not increase at data row {row}"
                       f"{name}.{hint}")
  return Trajectories(variables, tuple(labels),
                      tuple(times[rows] for rows in pieces),
                      tuple(states[rows] for rows in pieces), time_unit,
                      tuple(messages))
