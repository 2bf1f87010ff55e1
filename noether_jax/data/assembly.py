"""From a table to trajectories: trials, gaps, and checks row by row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
from typing import Any

import numpy as np

from noether_jax.data.cells import without_marks
from noether_jax.data.clocks import from_first_stamp
from noether_jax.data.clocks import in_seconds
from noether_jax.data.clocks import join_seconds
from noether_jax.data.columns import check_names
from noether_jax.data.columns import column_pairs
from noether_jax.data.columns import name_and_unit
from noether_jax.data.columns import Variable
from noether_jax.data.frames import stack_runs
from noether_jax.data.frames import Table
from noether_jax.data.refinement import even_and_unwrap
from noether_jax.data.roles import assign_roles
from noether_jax.data.roles import Roles
from noether_jax.data.table_columns import TableColumns
from noether_jax.data.trajectories import Trajectories
from noether_jax.data.unnamed import name_columns
from noether_jax.errors import InputError

CHOSEN = "columns not given: using"
Columns = str | Sequence[str | Variable] | Mapping[str, str]


def assemble(table: Table, columns: Columns | None, trial: str | None,
             time: str | None) -> Trajectories:
  """Return trajectories from a table.

  Args:
    table: one row for each sample.
    columns: the state, see `columns.column_pairs`; every column of numbers
      that is no time, trial, count or constant if None.
    trial: column that tells trials apart; found if None.
    time: column of times, perhaps with a unit after a colon; found if None.

  Returns:
    The trajectories, in order of first appearance.

  Raises:
    InputError: if the table or the arguments cannot be used.
  """
  where = table.name or "the table"
  if not (time and name_and_unit(time)[1]):
    table = from_first_stamp(join_seconds(table) if time is None else table)
  table, columns = name_columns(table, columns, trial, time)
  if columns is None and trial is None and time is None:
    table = stack_runs(table)
  source = TableColumns(table)
  if not len(table.frame):
    raise InputError(f"{where}: no rows below the header.")
  named = _named(source, columns) if columns else {}
  roles = assign_roles(source, trial, time, named)
  messages = [*table.messages, *roles.messages]
  if named:
    clash = [n for n in named if n in (roles.clock, roles.trial)]
    if clash:
      raise InputError(
          f"{where}: `columns`: {clash[0]!r} is the time or trial column.")
    used, variables = list(named), [v for v, _ in named.values()]
    told = {v.name for v, unit in named.values() if unit}
    messages = [m for m in messages if "no state by default" not in m]
  else:
    used, variables = roles.states, _defaults(table, roles, where, messages)
    told = {v.name for v in variables if v.name in table.units}
  check_names(variables, where)
  source = _without_repeats(source, roles, messages)
  rest = [n for n in [*roles.states, *roles.others] if n not in used]
  return even_and_unwrap(_cut(source, roles, used, variables, rest, messages),
                         told)


def _without_repeats(source: TableColumns, roles: Roles,
                     messages: list[str]) -> TableColumns:
  """Leave out rows that repeat the row above, as in a continued log."""
  if roles.clock is None or np.all(np.diff(source.numbers(roles.clock))):
    return source
  frame = source.table.frame
  again = (frame == frame.shift()).all(axis=1)
  if not again.any():
    return source
  messages.append(f"{int(again.sum())} rows repeat the row above: left out")
  frame = frame[~again].reset_index(drop=True)
  return TableColumns(dataclasses.replace(source.table, frame=frame))


def _named(source: TableColumns,
           columns: Columns) -> dict[str, tuple[Variable, bool]]:
  """Variables by column, and whether their unit is given."""
  named = {}
  for name, unit in column_pairs(columns, source.names):
    column = source.resolve(name, "columns")
    if not isinstance(unit, Variable):
      unit = unit or source.table.units.get(column, "")
    variable = unit if isinstance(unit, Variable) else Variable.parse(
        column, unit)
    named[column] = variable, bool(unit)
  return named


def _defaults(table: Table, roles: Roles, where: str,
              messages: list[str]) -> list[Variable]:
  """All columns that may be states, with the units that the file gives."""
  if not roles.states:
    reasons = "; ".join(m for m in roles.messages if "no state" in m)
    raise InputError(f"{where}: no column of numbers that may be a state among "
                     f"{', '.join(map(str, table.frame))[:200]}."
                     f"{' ' + reasons + '.' if reasons else ''}")
  variables = []
  for name in roles.states:
    try:
      variables.append(Variable.parse(name, table.units.get(name, "")))
    except InputError:
      messages.append(f"{name}: {table.units[name]!r} is no unit: taken as a "
                      "pure number")
      variables.append(Variable(name))
  bare = [v.name for v in variables if v.name not in table.units]
  told = f"{CHOSEN} {', '.join(roles.states)}"
  if bare:
    some = f"; {', '.join(bare)}" if len(bare) < len(variables) else ""
    told += (f"{some} as pure numbers; give units (q:rad) for angles to enter "
             "by sine and cosine")
  messages.append(told)
  return variables


def _cut(source: TableColumns, roles: Roles, used: Sequence[str],
         variables: Sequence[Variable], rest: Sequence[str],
         messages: list[str]) -> Trajectories:
  """Leaves out gaps and splits rows by trial."""
  where = source.table.name or "the table"
  columns = [without_marks(n, source.numbers(n), messages) for n in used]
  rows = len(columns[0])
  if roles.clock is None:
    messages.append("no time column")
    clock = np.arange(float(rows))
  else:
    clock = source.numbers(roles.clock)
  clock, unit = in_seconds(clock, roles.time_unit, variables, messages)
  keep = _known(dict(zip([*used, roles.clock or ""], [*columns, clock])), where,
                messages)
  codes, labels = _trials(source, roles.trial, messages)
  order = None if keep is None else np.flatnonzero(keep)
  if codes is not None and order is not None:
    codes = codes[order]
  elif codes is None and roles.clock is not None:
    codes, labels = _restarts(clock if order is None else clock[order],
                              messages)
  if codes is not None:
    if np.any(np.diff(codes) < 0):
      inner = np.argsort(codes, kind="stable")
      order = inner if order is None else order[inner]
      codes = codes[inner]
    ends = np.flatnonzero(np.diff(codes)) + 1
    labels = [labels[c] for c in codes[np.concatenate([[0], ends])]]
  else:
    ends = np.zeros(0, int)

  def split(values: np.ndarray) -> tuple[np.ndarray, ...]:
    return tuple(np.split(values if order is None else values[order], ends))

  states = np.empty((rows if order is None else len(order), len(used)))
  for i, column in enumerate(columns):
    states[:, i] = column if order is None else column[order]
  times = split(clock)
  number = np.arange(rows) if order is None else order
  check_times(times,
              labels,
              where,
              np.split(number, ends),
              trial_given=roles.trial is not None)
  logs = {n: _try_numbers(source, n) for n in rest}
  others = {n: split(v) for n, v in logs.items() if v is not None}
  return Trajectories(tuple(variables),
                      tuple(labels),
                      times,
                      tuple(np.split(states, ends)),
                      unit,
                      tuple(messages),
                      others=others,
                      timed=roles.clock is not None,
                      source=source.table.name)


def _try_numbers(source: TableColumns, name: str) -> np.ndarray | None:
  try:
    return source.numbers(name)
  except InputError:
    return None


def _known(columns: Mapping[str, np.ndarray], where: str,
           messages: list[str]) -> np.ndarray | None:
  """Return rows without a blank, or None for all; report the other rows."""
  keep: Any = True
  blank = []
  for name, values in columns.items():
    known = np.isfinite(values)
    if not known.all():
      if not known.any():
        raise InputError(f"{where}: column {name!r} is blank in every row: "
                         "leave it out of `columns`.")
      blank.append(name)
      keep = keep & known
  if not blank:
    return None
  count = int(np.sum(~keep))
  if count == len(keep):
    raise InputError(f"{where}: each row has a blank among "
                     f"{', '.join(blank)[:100]}.")
  messages.append(f"{count} of {len(keep)} rows left out: blank or NaN in "
                  f"{', '.join(blank)[:100]}, first in data row "
                  f"{int(np.argmin(keep)) + 1}")
  return keep


def _trials(source: TableColumns, trial: str | None,
            messages: list[str]) -> tuple[np.ndarray | None, list[str]]:
  """Number of each row's trial and the trials' names."""
  if trial is None:
    return None, [""]
  import pandas  # pylint: disable=import-outside-toplevel
  column = source.table.frame[trial]
  where = source.table.name or "the table"
  blank = column.isna().to_numpy()
  if blank[0]:
    raise InputError(f"{where}: column {trial!r} is blank in data row 1: write "
                     "each trial's label in its rows, or in its first row.")
  if blank.any():
    messages.append(f"{trial!r} is blank in {int(blank.sum())} rows: filled "
                    "with the label above")
    column = column.ffill()
  codes, labels = pandas.factorize(column)
  return codes, [_label(x) for x in labels]


def _restarts(clock: np.ndarray,
              messages: list[str]) -> tuple[np.ndarray | None, list[str]]:
  """Trials by the clock alone, where it starts anew at its first value."""
  steps = np.diff(clock)
  back = np.flatnonzero(steps <= 0) + 1
  if not len(back) or len(back) > len(clock) // 10 or np.any(
      np.abs(clock[back] - clock[0]) > np.median(steps)):
    return None, [""]
  messages.append(f"the clock starts anew {len(back)} times: each time a trial")
  codes = np.zeros(len(clock), int)
  codes[back] = 1
  return np.cumsum(codes), [str(n) for n in range(len(back) + 1)]


def _label(value: Any) -> str:
  if isinstance(value, (float, np.floating)) and float(value).is_integer():
    return str(int(value))
  return str(value).strip()


def check_times(times: Sequence[np.ndarray],
                labels: Sequence[str],
                where: str,
                rows: Sequence[np.ndarray],
                *,
                trial_given: bool = True) -> None:
  """Refuse times that do not increase.

  Args:
    times: N arrays `[T_i]`.
    labels: N names.
    where: the file, for the message.
    rows: N arrays `[T_i]`, the numbers of the rows in the data.
    trial_given: whether there is a column of trials.

  Raises:
    InputError: naming the first such row.

  Example:
    >>> check_times([np.zeros(2)], [""], "a.csv", [np.arange(2)])
    Traceback (most recent call last):
    ...
    noether_jax.errors.InputError: a.csv: time does not increase at data row 2.
  """
  for t, label, number in zip(times, labels, rows):
    steps = np.diff(t)
    if not np.all(steps > 0):
      row = int(number[int(np.argmin(steps > 0)) + 1]) + 1
      name = f" of trial {label!r}" if label else ""
      hint = "" if trial_given else " Is `trial` missing?"
      if np.all(steps < 0):
        hint = " It decreases throughout: sort the rows by time."
      elif steps.min() == 0 and np.mean(steps > 0) > .5:
        hint += " Rows of the same time: keep one of them."
      raise InputError(f"{where}: time does not increase at data row {row}"
                       f"{name}.{hint}")
