"""Where a table's names, units and rows stand among its first lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
import csv
import dataclasses
import re

from noether_jax.data.cells import is_quantity
from noether_jax.data.headers import Header
from noether_jax.data.headers import is_unit_row
from noether_jax.data.naming import placeholders
from noether_jax.errors import InputError

BLANKS = ("", "-", "--", "---", "nan", "na", "n/a", "null", "none", "#n/a",
          "#div/0!", "#value!", "#num!", "#ref!")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?|[+-]?inf",
                     re.IGNORECASE)
THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,]\d{3})+([.,]\d+)?")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?)?"
                    r"(Z|[+-]\d\d:?\d\d)?|\d{1,2}:\d\d:\d\d([.,]\d+)?")


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


def is_blank(cell: str) -> bool:
  """Return whether a cell holds no value.

  Example:
    >>> is_blank(" NaN "), is_blank("0")
    (True, False)
  """
  return cell.strip().lower() in BLANKS


def is_number(cell: str, decimal: str = ".") -> bool:
  """Return whether a cell reads as a number.

  Example:
    >>> is_number("1e3"), is_number("two"), is_number("0,5", ",")
    (True, False, True)
  """
  text = cell.strip()
  if decimal == ",":
    if THOUSANDS.fullmatch(text) and "." in text:
      text = text.replace(".", "")
    elif "." in text:
      return False
    text = text.replace(",", ".")
  return bool(_NUMBER.fullmatch(text))


def is_value(cell: str, decimal: str) -> bool:
  return is_number(cell, decimal) or bool(_STAMP.fullmatch(
      cell.strip())) or is_quantity(cell)


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
    return line.split()
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
  filled = [row for row in rows if row]
  if not filled:
    raise InputError(f"{name}: no rows below the header.")
  width = usual_width(filled)
  body = [r for r in filled[len(filled) // 2:] if len(r) == width]
  first = _first_data_row(rows, body, width, decimal)
  above = [(n, row)
           for n, row in enumerate(rows[:first])
           if len(row) > 1 or (row and width == 1)]
  named = [(n, r) for n, r in above if len(r) in (width, width - 1)]
  # What stands above the header is not next to it.
  named = [(n, r) for n, r in named if all(
      len(row) < 2 or len(row) in (width, width - 1) for row in rows[n:first])]
  if not stacked and named:
    named = named[-2:] if is_unit_row(named[-1][1]) else named[-1:]
  # A spreadsheet fills up the line of a title with blank cells.
  while named and sum(map(bool, named[0][1])) <= width / 2 and named[1:]:
    named.pop(0)
  remarks = [(n, c) for n, c in enumerate(comments[:first]) if len(c) == width]
  if not named:
    named = remarks[-2:] if len(remarks) > 1 and is_unit_row(
        remarks[-1][1]) else remarks[-1:]
  if not named:
    wide = [c for c in [*rows[:first], *comments] if len(c) > 1]
    names = placeholders(width)
    return Layout(Header(tuple(names), {}, {}), first,
                  _left_out(rows, first, first),
                  tuple(wide[-1] if wide else ()))
  below = [row for _, row in named[1:]]
  unit_row = next((r for r in below if is_unit_row(r)), [])
  unit_row = [""] * (width - len(unit_row)) + list(unit_row)
  names = _names([named[0][1], *(r for r in below if r != unit_row)], width,
                 [all(is_blank(r[i]) for r in body) for i in range(width)])
  return Layout(Header.read(names, unit_row, file=name), first,
                _left_out(rows, first, named[0][0]))


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
    cells = [row[i] for i in numeric if not is_blank(row[i])]
    good = sum(is_value(c, decimal) for c in cells)
    # A bad cell is reported with its row; a row of names has hardly any number.
    return good > .5 * len(cells)

  return next((n for n, row in enumerate(rows) if is_data(row)), len(rows))


def _names(rows: Sequence[Sequence[str]], width: int,
           blank: Sequence[bool]) -> list[str]:
  """One name for each column, from one row or several."""
  names = list(rows[0])
  if len(set(names)) < len(names):  # Such as: body part, then coordinate.
    same = [r for r in rows if len(r) == width and len(set(r[1:])) > 1]
    joined = [" ".join(c for c in cells if c) for cells in zip(*same)]
    names = joined if len(set(joined)) == width else names
  if len(names) < width:  # A delimiter at each row's end, or labels of rows.
    names = [*names, ""] if blank[-1] else ["index", *names]
  if not names[0]:
    names[0] = "index"
  return [
      f"column {i + 1}" if not n and blank[i] else n
      for i, n in enumerate(names)
  ]
