"""Names of columns where a file has none, or too few."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
from typing import Any

import numpy as np

from noether_jax.data import naming
from noether_jax.data.columns import column_pairs
from noether_jax.data.columns import name_and_unit
from noether_jax.data.columns import Variable
from noether_jax.data.frames import Table
from noether_jax.errors import InputError

Columns = str | Sequence[str | Variable] | Mapping[str, str]


def name_columns(table: Table, columns: Columns | None, trial: str | None,
                 time: str | None) -> tuple[Table, Columns | None]:
  """Name the columns c1, c2, ... by what the user gives, or by the header.

  Args:
    table: as read.
    columns: names of the states, or of all columns in the file's order.
    trial: column that tells trials apart, or None.
    time: column of times, or None.

  Returns:
    The table with its names, and the columns that are states.

  Raises:
    InputError: if the names are too few, or too many.

  Example:
    >>> import pandas
    >>> frame = pandas.DataFrame({"c1": [0., .1, .2], "c2": [3., 4., 5.]})
    >>> table, columns = name_columns(Table(frame, header=()), "t,x", None,
    ...                               None)
    >>> list(table.frame), columns
    (['t', 'x'], ['x:'])
  """
  if table.header is None:
    return table, columns
  frame = table.frame
  found = [n for n in naming.placeholders(len(frame.columns)) if n in frame]
  pairs = column_pairs(columns) if columns else []
  given = [name for name, _ in pairs]
  clock = name_and_unit(time)[0] if time else None
  extra = [n for n in (trial, clock) if n and n not in [*given, *frame]]
  known = {*frame, *table.header}
  if given and len(given) == len(found) or (
      pairs and not known.issuperset(given) and
      len(given) + len(extra) == len(found)):
    return _as_given(table, found, pairs, extra, trial, clock)
  where = table.name or "the table"
  if not known.issuperset([*given, *extra]):
    raise InputError(f"{where}: {_fault(table.header, len(found))}. `columns` "
                     "(with `trial` and `time`) must name all "
                     f"{len(found)} columns in their order: got "
                     f"{', '.join([*extra, *given])[:100]}.")
  leading = _leading(frame[found])
  if table.header:
    return _by_header(table, found, leading, columns)
  sample = [*leading, "x", "v", "y", "w"][:len(found)]
  told = f"the file names no columns: they are called {_listed(found)}"
  if leading:
    roles = dict(zip(("t", "trial"), ("the clock", "the trial")))
    told += "; " + ", ".join(
        f"{c} is {roles[r]}" for c, r in zip(found, leading))
  told += f"; name all {len(found)} by columns={','.join(sample)!r} or the like"
  places = dict(zip(leading, found))
  return dataclasses.replace(table,
                             messages=[*table.messages, told],
                             trial=table.trial or places.get("trial"),
                             time=table.time or places.get("t"),
                             header=None), columns


def _listed(names: Sequence[str]) -> str:
  return ", ".join(names) if len(names) < 9 else f"{names[0]} to {names[-1]}"


def _fault(header: Sequence[str], width: int) -> str:
  if not header:
    return f"names none of its {width} columns"
  return (f"the header names {len(header)} columns "
          f"({', '.join(header)[:60]}), the rows have {width} cells")


def _as_given(table: Table, found: Sequence[str],
              pairs: Sequence[tuple[str, str | Variable]], extra: Sequence[str],
              trial: str | None, clock: str | None) -> tuple[Table, Columns]:
  """All columns by the user's names, in the file's order."""
  given = [name for name, _ in pairs]
  names = [*extra, *given]
  trial = trial or next((n for n in given if naming.is_trial_name(n)), None)
  clock = clock or next((n for n in given if naming.is_time_name(n)), None)
  units = {n: u for n, u in pairs if n == clock and isinstance(u, str) and u}
  states = [
      u if isinstance(u, Variable) else
      f"'{n}':{u}" if ":" in n or "," in n else f"{n}:{u}"
      for n, u in pairs
      if n not in (trial, clock)
  ]
  if not states:
    raise InputError(f"{table.name or 'the table'}: `columns` names a time or "
                     "a trial only: name the states, too.")
  renamed = dict(zip(found, names))
  told = "columns are named in the file's order: " + ", ".join(
      f"{c} is {n}" for c, n in renamed.items())
  return dataclasses.replace(table,
                             frame=table.frame.rename(columns=renamed),
                             units={
                                 **table.units,
                                 **units
                             },
                             messages=[*table.messages, told],
                             trial=trial or table.trial,
                             time=clock,
                             header=None), states


def _by_header(table: Table, found: Sequence[str], leading: Sequence[str],
               columns: Columns | None) -> tuple[Table, Columns | None]:
  """A header that names only what stands behind a trial and a clock."""
  header = list(table.header or ())
  names = [*leading, *header]
  if not leading or len(names) > len(found) or len(set(names)) < len(names):
    fill = [*found[:max(0, len(found) - len(header))], *header]
    fill = fill if len(fill) == len(found) else list(found)
    raise InputError(f"{table.name or 'the table'}: "
                     f"{_fault(header, len(found))}: name all of them in their "
                     f"order, such as columns={','.join(fill)!r} (the trial "
                     "`trial`, the time `t`).")
  rest = list(found[len(names):])
  told = (f"the header names {len(header)} of {len(found)} columns: the first "
          f"{len(leading)} are taken as {' and '.join(leading)}")
  if rest:
    told += f"; without a name, and so no states: {_listed(rest)}"
  table = dataclasses.replace(
      table,
      frame=table.frame.rename(columns=dict(zip(found, names))),
      messages=[*table.messages, told],
      trial="trial" if "trial" in leading else table.trial,
      time="t",
      header=None)
  return table, columns if columns else header if rest else None


def _leading(frame: Any) -> list[str]:
  """What the first columns certainly are: a trial and a clock, or a clock."""
  values = [_numbers(frame[name]) for name in list(frame)[:2]]
  first = values[0]
  if first is None:
    return []
  changes = np.diff(first) != 0
  if len(values) > 1 and values[1] is not None and np.all(
      first == np.round(first)) and changes.sum() < len(first) // 4:
    steps = np.diff(values[1])
    # The clock may start anew with each trial, or go on.
    if len(steps) > 8 and np.all(steps[~changes] > 0):
      return ["trial", "t"]
  return ["t"] if _is_even(first) else []


def _numbers(column: Any) -> np.ndarray | None:
  if column.dtype.kind not in "iuf":
    return None
  values = column.to_numpy(np.float64, na_value=np.nan)
  return values if np.isfinite(values).all() else None


def _is_even(values: np.ndarray) -> bool:
  """Whether values rise by one step, up to the rounding of a stamp."""
  steps = np.diff(values)
  return len(steps) > 8 and steps.min() > 0 and bool(
      np.ptp(steps) < .02 * steps.mean())
