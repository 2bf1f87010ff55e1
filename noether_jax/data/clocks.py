"""Clocks that count from 1970, in seconds or parts of them."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import re

import numpy as np

from noether_jax.data.columns import Variable
from noether_jax.data.frames import Table
from noether_jax.data.naming import is_time_name

# From 1990 to 2050, in s, ms, us and ns since 1970.
_FIRST, _LAST = 6.3e8, 2.53e9
_SCALES = (("seconds", 1), ("milliseconds", 10**3), ("microseconds", 10**6),
           ("nanoseconds", 10**9))
_WHOLE = re.compile(r"(.*?)(?:secs?|seconds|tv_sec)", re.IGNORECASE)
_PART = re.compile(
    r"(.*?)(?:tv_)?(nanoseconds|nanosecs?|nsecs?|microseconds|"
    r"microsecs?|usecs?|milliseconds|millisecs?|msecs?)", re.IGNORECASE)
_PARTS = {
    word: scale
    for words, scale in (("nanoseconds nanosecs nanosec nsecs nsec", 10**9),
                         ("microseconds microsecs microsec usecs usec", 10**6),
                         ("milliseconds millisecs millisec msecs msec", 10**3))
    for word in words.split()
}
_SECONDS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,
    "ms": 1e-3,
    "min": 60.,
    "h": 3600.
}


def in_seconds(clock: np.ndarray, unit: str, variables: Sequence[Variable],
               messages: list[str]) -> tuple[np.ndarray, str]:
  """Return times in seconds if the unit of a state is per second.

  Args:
    clock: `[rows]`.
    unit: of the clock.
    variables: of the state.
    messages: get a line if the times are converted.

  Returns:
    Times and their unit.

  Example:
    >>> told = []
    >>> v = Variable.parse("v", "m/s")
    >>> in_seconds(np.array([0., 20.]), "ms", [v], told)
    (array([0.  , 0.02]), 's')
  """
  factor = _SECONDS.get(unit)
  if factor is None or not any(
      re.search(r"\bs\b", str(v.unit)) for v in variables):
    return clock, unit
  messages.append(f"times converted from {unit} to s, because the states' "
                  "units are per s")
  return clock * factor, "s"


def join_seconds(table: Table) -> Table:
  """Make one clock of two columns: whole seconds, and what lies between.

  Args:
    table: as read.

  Returns:
    The table; the column of whole seconds holds the times since the first row.

  Example:
    >>> import pandas
    >>> stamps = {"stamp.secs": [7, 7, 8], "stamp.nsecs": [0, 500000000, 0]}
    >>> join_seconds(Table(pandas.DataFrame(stamps))).frame
       stamp.secs
    0         0.0
    1         0.5
    2         1.0
  """
  frame = table.frame
  for name in frame:
    whole = _WHOLE.fullmatch(name)
    if not whole or frame[name].dtype.kind not in "iu" or not len(frame):
      continue
    for other in frame:
      part = _PART.fullmatch(other)
      if not part or part[1] != whole[1] or frame[other].dtype.kind not in "iu":
        continue
      scale = _PARTS[part[2].lower()]
      if not 0 <= frame[other].min() <= frame[other].max() < scale:
        continue
      seconds = (frame[name] - frame[name].iloc[0]
                ) + (frame[other] - frame[other].iloc[0]) / scale
      told = f"{name!r} and {other!r} became one time in s since the first"
      return dataclasses.replace(table,
                                 frame=frame.assign(**{
                                     name: seconds
                                 }).drop(columns=other),
                                 units={
                                     **table.units, name: "s"
                                 },
                                 messages=[*table.messages, told],
                                 time=table.time or name)
  return table


def from_first_stamp(table: Table) -> Table:
  """Turn times since 1970 into seconds since the first, before rounding.

  Args:
    table: as read.

  Returns:
    The table; its clock has the unit s then.

  Example:
    >>> import pandas
    >>> stamps = 1587123456000000000 + np.arange(3) * 20000000
    >>> table = from_first_stamp(Table(pandas.DataFrame({"%time": stamps})))
    >>> table.frame["%time"].tolist(), table.units
    ([0.0, 0.02, 0.04], {'%time': 's'})
  """
  frame, units, messages = table.frame, dict(table.units), []
  for name in frame:
    column = frame[name]
    if column.dtype.kind not in "iuf" or not len(
        column) or name in units or not (is_time_name(name) or
                                         name.rsplit(".", 1)[-1] == "stamp"):
      continue
    low, high = float(column.min()), float(column.max())
    for word, scale in _SCALES:
      if _FIRST * scale < low <= high < _LAST * scale and high > low:
        first = column.dropna().iloc[0]
        seconds = (column - first).to_numpy(np.float64, na_value=np.nan) / scale
        frame = frame.assign(**{name: seconds})
        units[name] = "s"
        messages.append(f"{name!r}: {word} since 1970 became seconds since the "
                        "first")
  if not messages:
    return table
  return dataclasses.replace(table,
                             frame=frame,
                             units=units,
                             messages=[*table.messages, *messages])
