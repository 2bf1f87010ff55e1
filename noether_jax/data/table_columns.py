"""A table's columns as arrays of numbers, of times, and of trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from noether_jax.data.frames import Table
from noether_jax.errors import InputError


class TableColumns:
  """A table's columns as arrays, made when they are asked for."""

  def __init__(self, table: Table):
    self.table = table
    self.names: Mapping[str, str] = {
        **table.aliases,
        **{
            name: name for name in table.frame
        }
    }
    self._numbers: dict[str, np.ndarray] = {}

  def resolve(self, given: str, argument: str) -> str:
    """Return the column of a name that the user gave.

    Raises:
      InputError: if there is none.
    """
    if given in self.names:
      return self.names[given]
    known = ", ".join(map(str, self.table.frame))[:200]
    where = f"{self.table.name}: " if self.table.name else ""
    raise InputError(
        f"{where}`{argument}`: no column {given!r}; columns are {known}.")

  def is_numeric(self, name: str) -> bool:
    """Return whether a column holds numbers; a few cells may be bad."""
    import pandas  # pylint: disable=import-outside-toplevel
    column = self.table.frame[name]
    kinds = pandas.api.types
    if kinds.is_numeric_dtype(column):
      return not kinds.is_bool_dtype(column) and column.dtype.kind != "c"
    if kinds.is_datetime64_any_dtype(column) or kinds.is_timedelta64_dtype(
        column):
      return False
    head = column.dropna().iloc[:200]
    good = _to_numbers(head).notna()
    return bool(len(head)) and good.mean() > .5

  def is_stamped(self, name: str) -> bool:
    """Return whether a column holds dates or clock times."""
    import pandas  # pylint: disable=import-outside-toplevel
    column = self.table.frame[name]
    kinds = pandas.api.types
    if kinds.is_datetime64_any_dtype(column) or kinds.is_timedelta64_dtype(
        column):
      return True
    if kinds.is_numeric_dtype(column):
      return False
    return _seconds(column.dropna().iloc[:50]) is not None

  def numbers(self, name: str) -> np.ndarray:
    """Return one column as floats, NaN where it is blank.

    Raises:
      InputError: naming the first cell that is no number.
    """
    if name not in self._numbers:
      self._numbers[name] = self._read(name)
    return self._numbers[name]

  def _read(self, name: str) -> np.ndarray:
    import pandas  # pylint: disable=import-outside-toplevel
    column = self.table.frame[name]
    where = f"{self.table.name or 'the table'}: column {name!r}"
    if column.dtype.kind == "c":
      raise InputError(f"{where} holds complex numbers, not real numbers.")
    if self.is_stamped(name):
      seconds = _seconds(column)
      if seconds is None:
        raise InputError(f"{where} holds times of more than one kind.")
      return seconds
    if not pandas.api.types.is_numeric_dtype(column):
      numeric = _to_numbers(column)
      bad = np.flatnonzero((numeric.isna() & column.notna()).to_numpy())
      if len(bad):
        cell = str(column.iloc[bad[0]])[:20]
        raise InputError(f"{where}, data row {bad[0] + 1} holds {cell!r}, not "
                         "a number: mend the cell, or leave it blank.")
      column = numeric
    values = column.to_numpy(np.float64, na_value=np.nan)
    if np.isinf(values).any():
      row = int(np.argmax(np.isinf(values))) + 1
      raise InputError(f"{where}, data row {row} is not finite: mend the cell, "
                       "or leave it blank.")
    return values


def _to_numbers(column: Any) -> Any:
  """Numbers, NaN where there is none; Fortran's `1.5D+03` is one."""
  import pandas  # pylint: disable=import-outside-toplevel
  numbers = pandas.to_numeric(column, errors="coerce")
  if numbers.isna().any() and not pandas.api.types.is_numeric_dtype(column):
    texts = column.astype(str).str.replace(r"(?<=[0-9.])[dD](?=[+-]?[0-9]+$)",
                                           "e",
                                           regex=True)
    numbers = numbers.fillna(pandas.to_numeric(texts, errors="coerce"))
  return numbers


def _seconds(column: Any) -> np.ndarray | None:
  """Seconds since the first stamp; None if a column holds no times."""
  import pandas  # pylint: disable=import-outside-toplevel
  kinds = pandas.api.types
  stamps = None
  if kinds.is_datetime64_any_dtype(column) or kinds.is_timedelta64_dtype(
      column):
    stamps = column
  else:
    texts = column.astype(str).where(column.notna())
    readers = (
        lambda: pandas.to_datetime(texts, format="ISO8601", utc=True),
        lambda: pandas.to_timedelta(texts.where(texts.str.contains(":"), "x")),
        lambda: pandas.to_timedelta("0:" + texts.where(
            texts.str.fullmatch(r"\s*\d+:\d\d\.\d+\s*"), "x").str.strip()),
        lambda: pandas.to_datetime(texts, format="%m/%d/%Y %I:%M:%S.%f %p"),
        lambda: pandas.to_datetime(texts, format="%m/%d/%Y %I:%M:%S %p"),
        lambda: pandas.to_datetime(texts, format="%d.%m.%Y %H:%M:%S.%f"),
        lambda: pandas.to_datetime(texts, format="%d.%m.%Y %H:%M:%S"),
    )
    for reader in readers:
      try:
        stamps = reader()
        break
      except (ValueError, TypeError, AttributeError):
        continue
  if stamps is None or not len(stamps) or stamps.isna().all():
    return None
  since = (stamps - stamps[stamps.first_valid_index()])
  return since.dt.total_seconds().to_numpy(np.float64, na_value=np.nan)


def groups(columns: TableColumns, trial: str | None) -> np.ndarray | None:
  """Return the number of each row's trial, `[rows]`; None for a single one."""
  if trial is None:
    return None
  import pandas  # pylint: disable=import-outside-toplevel
  return pandas.factorize(columns.table.frame[trial].ffill())[0]


def within(values: np.ndarray, codes: np.ndarray | None) -> np.ndarray:
  """Return steps from row to row within trials, of rows that are not blank."""
  if codes is not None and np.any(np.diff(codes) < 0):
    order = np.argsort(codes, kind="stable")
    values, codes = values[order], codes[order]
  known = np.isfinite(values)
  if not known.all():
    values = values[known]
    codes = None if codes is None else codes[known]
  steps = np.diff(values)
  return steps if codes is None else steps[np.diff(codes) == 0]
