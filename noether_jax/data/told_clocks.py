"""Clocks that the lines above a table tell of."""

from __future__ import annotations

import dataclasses
import re
from typing import Any

import numpy as np

from noether_jax.data.frames import Table
from noether_jax.data.naming import is_counter_name
from noether_jax.data.naming import is_time_name

_VALUE = r"\b[^\w\n]*(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)"
_RATE = re.compile(
    r"(fps|(?:frame|sampling|sample|data|camera)[ _]?rate|frequency|"
    rf"frames per second){_VALUE}", re.IGNORECASE)
# Without a column of frames, other frequencies would do harm.
_SAMPLES = re.compile(
    r"((?:sampling|sample|data|camera|frame)[ _]?(?:rate|frequency)|"
    rf"^frequency){_VALUE}", re.IGNORECASE | re.MULTILINE)
_STEP = re.compile(
    r"^\W*(delta_x|(?:sample|sampling)[ _]interval)"
    rf"{_VALUE}(?![^\n\d]*[mun]s)", re.IGNORECASE | re.MULTILINE)
_SCOPE = re.compile(
    r"^[^\n]*\b(start)\W+increment\W*\n[^\n]*[,;\t]([-+.\deE]+)[,;\t]"
    r"([.\deE+-]+)\W*$", re.IGNORECASE | re.MULTILINE)
_BARE = re.compile(r"^[ \t]*(\d+(?:\.\d+)?)[,;\t ]*$", re.MULTILINE)


def told_above(table: Table, head: str) -> Table:
  """Use what lines above a table state: a frame rate, or degrees.

  Args:
    table: as read.
    head: the lines above its rows.

  Returns:
    The table; frames became seconds where their rate is given, and a table
    without a clock has one where a step or a rate of samples is given.

  Example:
    >>> import pandas
    >>> table = Table(pandas.DataFrame({"frame": [0, 1], "x": [1., 2.]}))
    >>> told_above(table, "# fps: 50").frame["frame"].tolist()
    [0.0, 0.02]
  """
  messages = list(table.messages)
  if re.search(r"indegrees\s*=\s*yes", head, re.IGNORECASE):
    messages.append("the header says inDegrees=yes: give the angles' units, as "
                    "in columns='hip:deg'")
  table = dataclasses.replace(table, messages=messages)
  if any(is_time_name(n) and table.frame[n].notna().any() for n in table.frame):
    return table
  return _clocked(table, head)


def _clocked(table: Table, head: str) -> Table:
  """With a clock, if the lines above tell the step or the rate of rows."""
  frame = table.frame
  named = [n for n in frame if is_counter_name(n) and _counts(frame[n])]
  both = _both_counters(frame) if not named else None
  step, start, told = _step(head, bool(named) or both is not None)
  if not step:
    return table
  counters = named or [
      n for n in list(frame)[:1]
      if _counts(frame[n]) and set(np.diff(frame[n])) == {1}
  ]
  if both is not None:
    name, times = both.name, start + both * step
    frame = frame.drop(columns=[c for c in _counters(frame) if c != name])
    message = (f"{name!r} with its sub-frames became seconds: the header gives "
               f"{told}")
  elif counters:
    name = counters[0]
    times = start + frame[name] * step
    message = f"{name!r} became seconds: the header gives {told}"
  elif any(_is_even(frame[n]) for n in frame):
    return table  # A clock by another name.
  else:
    name, times = "time", start + np.arange(len(frame)) * step
    message = f"the rows became times in s: the header gives {told}"
  return dataclasses.replace(table,
                             frame=frame.assign(**{name: times}),
                             units={
                                 **table.units, name: "s"
                             },
                             messages=[*table.messages, message],
                             time=name)


def _counters(frame: Any) -> list[str]:
  return [
      n for n in frame if is_counter_name(n) and frame[n].dtype.kind in "iu"
  ]


def _both_counters(frame: Any) -> Any:
  """Frames and sub-frames as one count, or None if there are none."""
  named = _counters(frame)
  if len(named) != 2 or not len(frame):
    return None
  whole, part = frame[named[0]], frame[named[1]]
  count = whole * (part.max() + 1) + part
  return count.rename(named[0]) if part.min() == 0 and _counts(count) else None


def _step(head: str, counted: bool) -> tuple[float, float, str]:
  """Seconds from row to row, the first time, and how it is told; or 0."""
  scope = _SCOPE.search(head)
  if scope:
    return float(scope[3]), float(scope[2]), f"Increment {scope[3]}"
  for found in _STEP.finditer(head):
    if float(found[2]) > 0:
      return float(found[2]), 0., f"{found[1]} {found[2]}"
  for found in (_RATE if counted else _SAMPLES).finditer(head):
    if float(found[2]) > 0:
      return 1 / float(found[2]), 0., f"{found[1]} {found[2]}"
  bare = _BARE.findall(head)
  if counted and len(bare) == 1 and float(bare[0]) > 0:
    return 1 / float(bare[0]), 0., (
        f"{bare[0]} in a line of its own, taken for "
        "frames per second")
  return 0., 0., ""


def _counts(column: Any) -> bool:
  """Whether whole numbers rise."""
  return column.dtype.kind in "iu" and len(column) > 1 and bool(
      np.all(np.diff(column) > 0))


def _is_even(column: Any) -> bool:
  if column.dtype.kind not in "iuf" or len(column) < 3:
    return False
  steps = np.diff(column.to_numpy(np.float64, na_value=np.nan))
  return bool(steps.min() > 0 and np.ptp(steps) < .02 * steps.mean())
