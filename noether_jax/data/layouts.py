"""Where a table's names, units and rows stand among its first lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
import csv
import dataclasses
import re

from noether_jax.data import header_rows
from noether_jax.data.headers import Header
from noether_jax.data.headers import is_unit_row
from noether_jax.data.naming import is_time_name
from noether_jax.data.naming import placeholders
from noether_jax.data.values import is_blank
from noether_jax.data.values import is_value
from noether_jax.errors import InputError

_END = re.compile(r"\W*end[ _]?(of[ _]?)?header\W*", re.IGNORECASE)


@dataclasses.dataclass(frozen=True)
class Layout:
  """Where a table's names and rows stand.

  Attributes:
    header: names and units.
    first: index of the first row of data.
    messages: what was decided.
    loose: names that stand above where they are fewer or more than the
      columns, or none; None if the columns have names.
  """
  header: Header
  first: int
  messages: tuple[str, ...] = ()
  loose: tuple[str, ...] | None = None


def usual_width(rows: Sequence[Sequence[str]]) -> int:
  """Return the number of cells of most rows; the first may have others."""
  later = rows[len(rows) // 4:] or rows
  return Counter(len(row) for row in later if row).most_common(1)[0][0]


def split_cells(line: str, delimiter: str) -> list[str]:
  """Return a line's cells, without quotes.

  Example:
    >>> split_cells('1, "a,b"', ",")
    ['1', 'a,b']
  """
  if not line.strip():
    return []
  if delimiter == " ":
    if '"' not in line:
      return line.split()
    line = " ".join(line.split())
  try:
    row = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
  except (csv.Error, StopIteration):
    row = line.split(delimiter)
  return [cell.strip() for cell in row]


def find_header(rows: Sequence[Sequence[str]],
                name: str,
                *,
                comments: Sequence[Sequence[str]] = (),
                decimal: str = ".",
                stacked: bool = True) -> Layout:
  """Find names, units and the first row of data among the first rows.

  Args:
    rows: cells of the first lines; empty where there is no row.
    name: of the file, for messages.
    comments: cells of the lines that are comments.
    decimal: mark.
    stacked: whether names may stand in several rows, as body and coordinate.

  Returns:
    The layout.

  Raises:
    InputError: if there is no row, or a name stands twice.

  Example:
    >>> layout = find_header([["run 7"], ["t", "x"], ["s", "m"], ["0", "1"]],
    ...                      "a.csv")
    >>> layout.header.units, layout.first
    ({'t': 's', 'x': 'm'}, 3)
  """
  start, written = _after_preamble(rows), rows
  rows = [[] if n < start or not any(row) else row for n, row in enumerate(rows)
         ]
  filled = [row for row in rows if row]
  if not filled:
    raise InputError(f"{name}: no rows below the header.")
  width = usual_width(filled)
  body = [r for r in filled[len(filled) // 2:] if len(r) == width]
  first = _first_data_row(rows, body, width, decimal)
  found = header_rows.find(rows, first, width, stacked)
  remarks = [(n, c) for n, c in enumerate(comments[:first]) if len(c) == width]
  if not found.names and remarks:
    units = remarks[1:] and is_unit_row(remarks[-1][1])
    found = header_rows.HeaderRows([remarks[-2 if units else -1][1]],
                                   remarks[-1][1] if units else [],
                                   remarks[-2 if units else -1][0])
  wide = [
      row for row in [*rows[:first], *comments]
      if len(row) > 1 and not is_value(row[0], decimal)
  ]
  loose = tuple(wide[-1]) if wide else ()
  spread = header_rows.of_vectors(loose, width)
  if spread or not found.names:
    names = spread or placeholders(width)
    return Layout(Header(tuple(names), {}, {}), first,
                  _left_out(written, first, first), None if spread else loose)
  blank = [all(is_blank(r[i]) for r in body) for i in range(width)]
  names, told = header_rows.join(found.names, width, blank)
  unit_row = [""] * (width - len(found.units)) + list(found.units[:width])
  return Layout(
      Header.read(names, unit_row, file=name), first,
      (*_left_out(written, first, found.first), *found.messages, *told))


def _after_preamble(rows: Sequence[Sequence[str]]) -> int:
  """Index behind a line such as `***End_of_Header***`; 0 if there is none."""
  return max(
      (n + 1 for n, row in enumerate(rows) if _END.fullmatch(" ".join(row))),
      default=0)


def _left_out(rows: Sequence[Sequence[str]], first: int,
              header: int) -> tuple[str, ...]:
  left = [n for n, row in enumerate(rows[:first]) if row and n < header]
  if not left:
    return ()
  more = f" and {len(left) - 1} more lines" if left[1:] else ""
  return (f"left out above the {'header' if header < first else 'data'}: "
          f"{' '.join(rows[left[0]])[:40]!r}{more}",)


def _first_data_row(rows: Sequence[Sequence[str]],
                    body: Sequence[Sequence[str]], width: int,
                    decimal: str) -> int:
  """Index of the first row that holds numbers where most rows do."""
  numeric = [
      i for i in range(width)
      if sum(is_value(r[i], decimal) for r in body) >= .5 *
      sum(not is_blank(r[i]) for r in body)
  ]

  def is_data(row: Sequence[str]) -> bool:
    if len(row) != width or not numeric:
      return False
    # The names of the other columns may be numbers.
    if numeric[0] == 0 and is_time_name(
        row[0]) and not is_value(row[0], decimal):
      return False
    cells = [row[i] for i in numeric if not is_blank(row[i])]
    good = sum(is_value(c, decimal) for c in cells)
    # A bad cell is reported with its row; a row of names has hardly any number.
    return good > .5 * len(cells)

  good = [n for n, row in enumerate(rows) if is_data(row)]
  filled = [n for n, row in enumerate(rows) if row]
  after = dict(zip(filled, filled[1:]))
  # A single row of numbers above a row of text tells something else.
  alone = {
      n for n in good
      if n in after and not any(is_value(c, decimal) for c in rows[after[n]])
  }
  return next((n for n in good if n not in alone), [*good, len(rows)][0])
