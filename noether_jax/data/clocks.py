"""Clocks that count from 1970, in seconds or parts of them."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import re

import numpy as np

from noether_jax.data.columns import Variable
from noether_jax.data.frames import Table
from noether_jax.data.naming import is_counter_name
from noether_jax.data.naming import is_time_name

# From 1990 to 2050, in s, ms, us and ns since 1970.
_FIRST, _LAST = 6.3e8, 2.53e9
_SCALES = (("seconds", 1), ("milliseconds", 10**3), ("microseconds", 10**6),
           ("nanoseconds", 10**9))
_RATE = re.compile(
    r"(fps|(?:frame|sampling|sample|data|camera)[ _]?rate|frequency|"
    r"frames per second)\b[^\w\n]*(\d+(?:\.\d+)?)", re.IGNORECASE)
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


def told_above(table: Table, head: str) -> Table:
  """Use what lines above a table state: a frame rate, or degrees.

  Args:
    table: as read.
    head: the lines above its rows.

  Returns:
    The table; frames became seconds where their rate is given.

  Example:
    >>> import pandas
    >>> table = Table(pandas.DataFrame({"frame": [0, 1], "x": [1., 2.]}))
    >>> told_above(table, "# fps: 50").frame["frame"].tolist()
    [0.0, 0.02]
  """
  frame, messages = table.frame, list(table.messages)
  units = dict(table.units)
  if re.search(r"indegrees\s*=\s*yes", head, re.IGNORECASE):
    messages.append("the header says inDegrees=yes: give the angles' units, as "
                    "in columns='hip:deg'")
  rate = _RATE.search(head)
  counters = [n for n in frame if is_counter_name(n)]
  if rate and len(counters) == 1 and not any(map(is_time_name, frame)) and (
      frame[counters[0]].dtype.kind in "iuf") and float(rate[2]) > 0:
    name = counters[0]
    frame = frame.assign(**{name: frame[name] / float(rate[2])})
    units[name] = "s"
    messages.append(f"{name!r} became seconds: the header gives "
                    f"{rate[1]} {rate[2]}")
  return dataclasses.replace(table, frame=frame, units=units, messages=messages)


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
