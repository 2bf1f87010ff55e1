"""Which column of a table is the clock, which the trial, which a state."""

from __future__ import annotations

from collections.abc import Collection, Sequence
import dataclasses
from typing import Any

import numpy as np

from noether_jax.data import naming
from noether_jax.data.columns import name_and_unit
from noether_jax.data.table_columns import groups
from noether_jax.data.table_columns import TableColumns
from noether_jax.data.table_columns import within
from noether_jax.errors import InputError
from noether_jax.symbolic import units

_ENOUGH = 100_000
_SILENT = ("t", "time", "trial")


@dataclasses.dataclass
class Roles:
  """What each column is for.

  Attributes:
    clock: column of times, or None.
    time_unit: text.
    trial: column that tells trials apart, or None.
    states: columns of numbers that may be states.
    others: columns of numbers that are no states by default.
    messages: what was decided.
  """
  clock: str | None
  time_unit: str
  trial: str | None
  states: list[str]
  others: list[str]
  messages: list[str]


def assign_roles(columns: TableColumns,
                 trial: str | None,
                 time: str | None,
                 taken: Collection[str] = ()) -> Roles:
  """Find the clock, the trial and the states.

  Args:
    columns: of the table.
    trial: name that was given, or None.
    time: name that was given, perhaps with a unit, or None.
    taken: columns that the user calls states: only by their name can they be
      the clock or the trial, which is a mistake then.

  Returns:
    The roles.

  Raises:
    InputError: if a given name is no column.
  """
  table = columns.table
  frame = table.frame
  numeric = [n for n in frame if columns.is_numeric(n)]
  stamped = [n for n in frame if n not in numeric and columns.is_stamped(n)]
  messages: list[str] = []
  clock, unit = None, ""
  if time:
    name, unit = name_and_unit(time, columns.names)
    clock = columns.resolve(name, "time")
  elif table.time:
    clock = table.time
  group = columns.resolve(trial, "trial") if trial else table.trial
  if group is None:
    group = _find_trial(columns, [n for n in frame if n != clock], clock, taken)
    if group is not None and group.lower() not in _SILENT:
      messages.append(f"{group!r} is taken to tell trials apart")
  codes = groups(columns, group)
  free = [n for n in [*numeric, *stamped] if n not in (clock, group)]
  free.sort(key=list(frame).index)
  if clock is None:
    clock = _find_clock(columns, free, stamped, codes, taken)
    if clock is not None and clock.lower() not in _SILENT:
      messages.append(f"{clock!r} is taken for the clock")
  if clock in stamped:
    unit = unit or "s"
    messages.append(f"{clock!r}: time stamps became seconds since the first")
  unit = unit or table.units.get(clock or "", "")
  states, others = _sort(columns,
                         [n for n in free if n != clock and n not in stamped],
                         clock, codes, messages)
  text = [
      n for n in frame if n not in numeric and n not in stamped and n != group
  ]
  dates = [n for n in text if clock is None and naming.is_time_name(n)]
  if dates:
    cell = str(frame[dates[0]].iloc[0])[:30]
    messages.append(f"{dates[0]!r} holds {cell!r}, no time that can be read: "
                    "write it like 2020-01-31 10:00:00")
  if text:
    messages.append(f"no numbers in {', '.join(text)[:100]}: left out")
  return Roles(clock, unit, group, states, others, messages)


def _find_trial(columns: TableColumns, names: Sequence[str], clock: str | None,
                taken: Collection[str]) -> str | None:
  """By name, else a column that changes where the clock starts anew."""
  rows = len(columns.table.frame)
  for name in names:
    if naming.is_trial_name(name):
      count = columns.table.frame[name].nunique()
      if 1 <= count <= max(1, rows // 2):
        return name
  clocks = [clock] if clock else [
      n for n in names if naming.is_time_name(n) and columns.is_numeric(n)
  ]
  for name in names:
    if name in clocks or name in taken or not _is_label(
        columns.table.frame[name]):
      continue
    codes = groups(columns, name)
    assert codes is not None
    changes = np.flatnonzero(np.diff(codes))
    if not 0 < len(changes) == codes.max() < rows // 2:
      continue
    for other in clocks or [
        n for n in names if n != name and columns.is_numeric(n)
    ]:
      back = np.flatnonzero(np.diff(columns.numbers(other)) <= 0)
      if np.array_equal(back, changes):
        return name
  return None


def _is_label(column: Any) -> bool:
  """Integers or text, which may be a label."""
  if column.dtype.kind in "iu":
    return True
  return column.dtype.kind not in "fcbmM"


def _rises(columns: TableColumns, name: str, codes: np.ndarray | None) -> bool:
  steps = within(columns.numbers(name), codes)
  return bool(len(steps)) and bool(np.all(steps > 0))


def _find_clock(columns: TableColumns, names: Sequence[str],
                stamped: Sequence[str], codes: np.ndarray | None,
                taken: Collection[str]) -> str | None:
  """The likeliest column of times: by name, unit, then by equal steps."""
  unit = columns.table.units
  called = [n for n in names if naming.is_time_name(n)]
  called.sort(key=lambda n: n.lower() not in _SILENT)
  rising = [n for n in called if _rises(columns, n, codes)]
  if called:
    return (rising or called)[0]
  for n in stamped:
    return n
  tests = (
      lambda n: units.is_time(unit.get(n, "")),
      lambda n: n == "T",
      naming.is_counter_name,
      lambda n: not naming.is_index_name(n) and n not in unit and _even(
          columns, n, codes),
  )
  for test in tests:
    for n in names:
      if n not in taken and test(n) and _rises(columns, n, codes):
        return n
  return None


def _even(columns: TableColumns, name: str, codes: np.ndarray | None) -> bool:
  """Whether a column rises by one step, as no measurement does."""
  values = columns.numbers(name)
  steps = within(values, codes)
  if len(steps) < 10 or steps.min() <= 0 or np.ptp(steps) > 1e-6 * steps.mean():
    return False
  # A velocity under gravity also rises in equal steps, but not from one value.
  starts = values[:1] if codes is None else values[np.unique(
      codes, return_index=True)[1]]
  return bool(np.ptp(starts) < steps.mean())


def _sort(columns: TableColumns, names: Sequence[str], clock: str | None,
          codes: np.ndarray | None,
          messages: list[str]) -> tuple[list[str], list[str]]:
  """States, and columns that are no states by default, each with its reason."""
  states, others = [], []
  for name in names:
    reason = _no_state(columns, name, clock, codes)
    if reason:
      messages.append(f"{name!r} {reason}, so it is no state by default")
      others.append(name)
    else:
      states.append(name)
  if len(states) > 1 and all(map(naming.is_trial_name, states)):
    messages.append(
        f"{', '.join(states)[:100]} are named like runs: runs are no "
        "state; write them below each other, with a column `run`")
  return states, others


def _no_state(columns: TableColumns, name: str, clock: str | None,
              codes: np.ndarray | None) -> str:
  """Why a column is no state; empty if it may be one."""
  try:
    values = columns.numbers(name)
  except InputError:
    return ""  # Reported with its row when it is used.
  if naming.is_quality_name(name):
    return "says how good a measurement is"
  known = np.isfinite(values)
  if known.mean() < .5:
    return f"is blank in {np.sum(~known)} of {len(values)} rows"
  steps = within(values, codes)
  if not len(steps):
    return ""
  if not np.any(steps):
    varies = np.ptp(values[known]) > 1e-9 * np.abs(values[known]).max()
    label = naming.is_trial_name(name) or naming.is_index_name(name)
    return "" if varies and not label else "never changes within a trial"
  counts = len(steps) > 8 and np.all(steps == steps[0]) and float(
      steps[0]).is_integer()
  if _is_second_time(columns, name, steps):
    return "is a time"
  if np.all(steps > 0) and (naming.is_counter_name(name) or
                            (naming.is_index_name(name) and counts)):
    return "counts rows"
  everything = np.diff(values[known])
  if counts and (np.all(everything == 1) or steps[0] > 0) and _is_whole(
      values[known]):
    return "counts rows"
  if clock is not None and codes is not None and codes.max() > 0:
    return _is_clock(columns.numbers(clock), values)
  return ""


def _is_second_time(columns: TableColumns, name: str,
                    steps: np.ndarray) -> bool:
  """By its name or unit; whole seconds stand still in between."""
  if naming.is_time_name(name):
    return bool(np.all(steps >= 0))
  unit = columns.table.units.get(name, "")
  return bool(np.all(steps > 0)) and units.is_time(unit)


def _is_whole(values: np.ndarray) -> bool:
  return bool(np.all(values == np.round(values)))


def _is_clock(clock: np.ndarray, values: np.ndarray) -> str:
  """A linear function of the clock, the same one in all trials."""
  thin = slice(None, None, max(1, len(clock) // _ENOUGH))
  clock, values = clock[thin], values[thin]
  known = np.isfinite(clock) & np.isfinite(values)
  t, x = clock[known], values[known]
  if len(t) < 9 or not np.ptp(t):
    return ""
  t = t - t.mean()
  x = x - x.mean()
  left = x - (t @ x) / (t @ t) * t
  close = np.abs(left).max() < 1e-9 * np.abs(x).max()
  return "is a linear function of the clock" if close else ""
