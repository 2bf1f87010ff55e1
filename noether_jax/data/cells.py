"""Cells that hold more than a number: thousands, units, marks of no value."""

from __future__ import annotations

import dataclasses
import functools
import re
from typing import Any

import numpy as np

from noether_jax.data.frames import Table
from noether_jax.symbolic import units

_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_QUANTITY = re.compile(rf"({_NUMBER})\s*([^\s\d.,+'-]\S{{0,11}})")
_GROUPS = re.compile(r"[+-]?\d{1,3}(?:([,'\u2019 \u00a0\u202f])\d{3})"
                     r"(?:\1\d{3})*(\.\d+)?")
_SAMPLE = 500


@functools.lru_cache(maxsize=1000)
def _is_unit(text: str) -> bool:
  return units.is_known(text)


def is_quantity(cell: str) -> bool:
  """Return whether a cell holds a number with its unit, or with thousands.

  Example:
    >>> [is_quantity(c) for c in ("9.81 m/s", "12%", "1,234.5", "run 3")]
    [True, True, True, False]
  """
  text = cell.strip()
  found = _QUANTITY.fullmatch(text)
  return bool(_GROUPS.fullmatch(text) or found and _is_unit(found[2]))


def mend_cells(table: Table, decimal: str = ".") -> Table:
  """Make numbers of cells such as `1,234.5`, `12 %` and `9.81 m/s`.

  Args:
    table: as read.
    decimal: mark.

  Returns:
    The table; the units of cells are those of their columns.

  Example:
    >>> import pandas
    >>> table = mend_cells(Table(pandas.DataFrame({"x": ["1 m", "2.5 m"]})))
    >>> table.frame["x"].tolist(), table.units
    ([1.0, 2.5], {'x': 'm'})
  """
  import pandas  # pylint: disable=import-outside-toplevel
  frame, found, messages = table.frame, dict(table.units), []
  for name in frame:
    if pandas.api.types.is_numeric_dtype(frame[name]):
      continue
    sample = [str(c) for c in frame[name].dropna().iloc[:_SAMPLE]]
    if sum(map(is_quantity,
               [_point(c, decimal) for c in sample])) <= .2 * len(sample):
      continue
    values, unit, told = _read(frame[name], decimal)
    messages.append(f"{name}: {told}")
    if values is not None:
      frame = frame.assign(**{name: values})
      if unit:
        found.setdefault(name, unit)
  if not messages:
    return table
  return dataclasses.replace(table,
                             frame=frame,
                             units=found,
                             messages=[*table.messages, *messages])


def _point(cell: str, decimal: str) -> str:
  text = cell.strip()
  return text.replace(".", "'").replace(",", ".") if decimal == "," else text


def _read(column: Any, decimal: str) -> tuple[Any, str, str]:
  """Return numbers or None, the unit, and the message."""
  known = column.notna()
  cells = [_point(str(c), decimal) for c in column[known]]
  bare, seen = [], set()
  for cell in cells:
    match = _QUANTITY.fullmatch(cell)
    bare.append(match[1] if match else cell)
    seen.add(match[2] if match else "")
  groups = [g for g in map(_GROUPS.fullmatch, bare) if g]
  marks = {g[1] for g in groups}
  if len(seen) > 1:
    return None, "", ("left out, its cells have several units "
                      f"({', '.join(sorted(u or 'none' for u in seen))[:60]}): "
                      "write all in one unit")
  sure = marks != {","} or any(g[2] or g[0].count(",") > 1 for g in groups)
  if len(marks) > 1 or not sure:
    return None, "", (f"left out, {groups[0][0]!r} may be a decimal number or "
                      "thousands: write it without a comma")
  mark = marks.pop() if marks else ""
  try:
    numbers = [float(b.replace(mark, "") if mark else b) for b in bare]
  except ValueError:
    bad = next(b for b in bare
               if not re.fullmatch(_NUMBER, b) and not _GROUPS.fullmatch(b))
    return None, "", f"left out, {bad[:20]!r} is no number: mend the cell"
  values = np.full(len(column), np.nan)
  values[known.to_numpy()] = numbers
  unit = seen.pop() if seen else ""
  told = [f"cells in {unit}"] if unit else []
  told += [f"thousands are separated by {mark!r}"] if mark else []
  return values, unit, ", ".join(told)


def without_marks(name: str, values: np.ndarray,
                  messages: list[str]) -> np.ndarray:
  """Return a column with NaN where -999, 9999.9, 1e30 mark a missing value.

  Only what lies far from all other values is such a mark.

  Args:
    name: of the column.
    values: `[rows]`.
    messages: get a line for each mark.

  Returns:
    The values.

  Example:
    >>> told = []
    >>> without_marks("x", np.array([1., -999., 3.]), told), told
    (array([ 1., nan,  3.]), ['x: -999 in 1 row means no value: left out'])
  """
  known = values[np.isfinite(values)]
  if len(known) < 3:
    return values
  for mark in {float(known.min()), float(known.max())}:
    text = f"{abs(mark):.10g}".replace(".", "")
    nines = len(text) > 2 and set(text) == {"9"}
    if not nines and abs(mark) < 1e20:
      continue
    rest = known[known != mark]
    if not len(rest) or len(rest) < len(known) / 2:
      continue
    low, high = float(rest.min()), float(rest.max())
    reach = 2 * max(high - low, abs(low), abs(high))
    if abs(mark) > reach and abs(mark) < 1e200:
      count = int(np.sum(values == mark))
      messages.append(f"{name}: {mark:g} in {count} "
                      f"row{'s' if count > 1 else ''} means no value: left out")
      values = np.where(values == mark, np.nan, values)
  return values
