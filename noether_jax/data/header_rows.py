"""Which rows above a table hold its names and units."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import re

from noether_jax.data.headers import is_unit_row
from noether_jax.data.naming import is_time_name
from noether_jax.data.values import is_value

_VECTORS = re.compile("probe|time|marker_?names?", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class HeaderRows:
  """Rows of a header.

  Attributes:
    names: rows whose cells, joined, are the names; empty if there are none.
    units: the row of units, or empty.
    first: index of the first of these rows.
    messages: what was decided.
  """
  names: Sequence[Sequence[str]]
  units: Sequence[str] = ()
  first: int = 0
  messages: tuple[str, ...] = ()


def find(rows: Sequence[Sequence[str]], first: int, width: int,
         stacked: bool) -> HeaderRows:
  """Find the rows of names and units above the first row of data.

  Args:
    rows: cells of the first lines; empty where there is no row.
    first: index of the first row of data.
    width: number of columns.
    stacked: whether names may stand in several rows, as body and coordinate.

  Returns:
    The rows.

  Example:
    >>> found = find([["a", "b"], ["x", "x"], ["m", "m"], ["0", "1"]], 3, 2,
    ...              True)
    >>> found.names, found.units
    ([['a', 'b'], ['x', 'x']], ['m', 'm'])
  """
  block = _block(rows, first, width, stacked)
  index = _index_name(rows, block)
  if index:
    block = block[:-1]
  units: Sequence[str] = ()
  if len(block) > 1 and is_unit_row(rows[block[-1]][:width]):
    units = rows[block.pop()]
  chosen = _choose(rows, _words(rows, block), stacked)
  if not chosen:
    return HeaderRows([])
  below = [n for n in block if n > chosen[-1]]
  told = (f"left out below the header: {' '.join(rows[below[0]])[:40]!r}",
         ) if below else ()
  names = [list(rows[n]) for n in chosen]
  if index:
    names[-1][0] = index
  return HeaderRows(names, units, chosen[0], told)


def _block(rows: Sequence[Sequence[str]], first: int, width: int,
           stacked: bool) -> list[int]:
  """Indices of the rows next to each other above the data."""
  block: list[int] = []
  for n in range(first - 1, -1, -1):
    row = rows[n]
    if len(row) < min(2, width):
      if block:
        break
      continue
    if len(row) < width - 1 or (len(row) > width and not stacked):
      break
    block.insert(0, n)
  return block


def _words(rows: Sequence[Sequence[str]], block: list[int]) -> list[int]:
  """The last rows of a block that hold no number; all if each has one."""
  words: list[int] = []
  for n in reversed(block):
    if any(is_value(c, ".") for c in rows[n]):
      if words:
        break
      continue
    words.insert(0, n)
  # Names may be numbers, as of probes, but not all of them.
  return words or [n for n in block if not is_value(rows[n][0], ".")]


def _index_name(rows: Sequence[Sequence[str]], block: Sequence[int]) -> str:
  """The name of an index in a row of its own, as pandas writes it."""
  if len(block) < 2 or any(rows[block[-1]][1:]) or any(
      rows[n][0] for n in block[:-1]):
    return ""
  return rows[block[-1]][0]


def _choose(rows: Sequence[Sequence[str]], block: Sequence[int],
            stacked: bool) -> list[int]:
  """Indices of the rows of names: one, or several that only differ together.
  """
  if not block or not stacked:
    return list(block[-1:])
  whole = [n for n in block if _is_whole(rows[n])]
  timed = [n for n in whole if any(map(is_time_name, rows[n]))]
  if timed:
    return timed[-1:]
  last = block[-1]
  if last in whole:
    return whole[:1] if len(whole) == 2 else [last]
  # A spreadsheet fills up the line of a title with blank cells.
  same = [
      n for n in block
      if n == last or len(rows[n]) == len(rows[last]) and any(rows[n][1:])
  ]
  return same


def _is_whole(row: Sequence[str]) -> bool:
  """Whether a row names each column, perhaps but for an index."""
  bare = row[:-1] if not row[-1] else row  # A delimiter at the row's end.
  return len(set(bare)) == len(bare) and all(bare[1:]) and bool(bare)


def join(rows: Sequence[Sequence[str]], width: int,
         blank: Sequence[bool]) -> tuple[list[str], tuple[str, ...]]:
  """Return one name for each column, from one row or several.

  Args:
    rows: of names.
    width: number of columns.
    blank: whether a column is blank in all rows of data.

  Returns:
    The names, and what was decided.

  Example:
    >>> join([["", "hip", "", "knee"], ["t", "x", "y", "x"]], 4, [False] * 4)
    (['t', 'hip x', 'hip y', 'knee x'], ())
  """
  names, messages = list(rows[-1]), []
  if len(rows) > 1:
    above = [
        _filled(r, rows[-1])
        for r in rows[:-1]
        if len({c for c in r[1:] if c}) > 1 or not all(rows[-1])
    ]
    names = [" ".join(c for c in cells if c) for cells in zip(*above, rows[-1])]
  extra = [n for n in names[width:] if n]
  if extra:
    messages.append(f"the header names {len(extra)} more columns than the rows "
                    f"have cells: {', '.join(extra)[:60]} left out")
  names = names[:width]
  if len(names) < width:  # A delimiter at each row's end, or labels of rows.
    names = [*names, ""] if blank[-1] else ["index", *names]
  names[0] = names[0] or "index"
  names = [
      f"column {i + 1}" if not n and blank[i] else n
      for i, n in enumerate(names)
  ]
  return names, tuple(messages)


def _filled(row: Sequence[str], below: Sequence[str]) -> list[str]:
  """With each label repeated over the columns that are merged below it."""
  out: list[str] = []
  for cell, name in zip(row, below):
    out.append(cell or (out[-1] if out and name else ""))
  return out


def of_vectors(header: Sequence[str], width: int) -> list[str]:
  """Return names of components where a header names points of three columns.

  Args:
    header: what stands above the rows.
    width: number of columns.

  Returns:
    The names, or none if this is no such header.

  Example:
    >>> of_vectors(["MARKER_NAMES", "hip"], 3), of_vectors(["t", "x"], 3)
    (['hip X', 'hip Y', 'hip Z'], [])
  """
  if not header or not _VECTORS.fullmatch(header[0]):
    return []
  parts = [f"{name} {c}" for name in header[1:] for c in "XYZ"]
  if len(set(parts)) < len(parts):
    return []
  if len(parts) == width:
    return parts
  return ["Time", *parts] if len(parts) + 1 == width else []
