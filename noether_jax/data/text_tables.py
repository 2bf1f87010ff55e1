"""Tables in text: delimiter, decimal mark and header are found out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
import re
from typing import Any
import warnings

from noether_jax.data import notations
from noether_jax.data import prose
from noether_jax.data.cells import mend_cells
from noether_jax.data.decoding import decode
from noether_jax.data.frames import Table
from noether_jax.data.layouts import find_header
from noether_jax.data.layouts import Layout
from noether_jax.data.layouts import split_cells
from noether_jax.data.layouts import usual_width
from noether_jax.data.records import read_json
from noether_jax.data.told_clocks import told_above
from noether_jax.data.values import BLANKS
from noether_jax.data.values import is_blank
from noether_jax.data.values import is_number
from noether_jax.data.values import is_value
from noether_jax.data.values import THOUSANDS
from noether_jax.errors import InputError

_HEAD = 2**16
_LINES = 200
_DELIMITERS = ("\t", ";", ",", "|", " ")
_NAMES = {"\t": "tabs", " ": "blanks"}


@dataclasses.dataclass(frozen=True)
class _Dialect:
  """How a text writes its rows.

  Attributes:
    delimiter: between cells.
    decimal: mark.
    mark: that begins comments, or empty.
  """
  delimiter: str
  decimal: str
  mark: str

  def is_comment(self, line: str) -> bool:
    return bool(self.mark) and line.lstrip().startswith(self.mark)

  def told(self) -> list[str]:
    """What a user should know of it."""
    messages = []
    if self.delimiter != ",":
      name = _NAMES.get(self.delimiter, repr(self.delimiter))
      messages.append(f"columns are separated by {name}")
    if self.decimal == ",":
      messages.append("the decimal mark is a comma")
    return messages


def read_text(stream: Any, name: str) -> Table:
  """Read a table of text.

  Args:
    stream: bytes, can be read again from its beginning.
    name: of the file, for messages.

  Returns:
    The table.

  Raises:
    InputError: if the text is no table.
  """
  raw = stream.read(_HEAD)
  stream.seek(0)
  if re.match(rb"\s*(\{\s*[^'\s]|\[\s*\{)", raw):
    return read_json(stream, name)
  text, encoding, messages = decode(raw, name)
  plain, encoding, told = notations.plain(stream, text, encoding)
  if plain is not stream:
    text = decode(plain.read(_HEAD), name)[0]
    plain.seek(0)
  lines = _lines(text, len(raw) == _HEAD, name)
  dialect = _dialect_of(lines)
  layout = _layout(lines, dialect, name)
  messages += [*told, *dialect.told()]
  frame = _parse(plain,
                 name,
                 layout,
                 messages,
                 dialect={
                     **_for_pandas(lines, dialect, layout), "encoding": encoding
                 })
  table = mend_cells(
      Table(frame,
            name,
            units=layout.header.units,
            aliases=layout.header.aliases,
            header=layout.loose,
            messages=[*messages, *layout.messages, *layout.header.messages]),
      dialect.decimal)
  return told_above(table, "\n".join(lines[:layout.first]))


def _lines(text: str, cut: bool, name: str) -> list[str]:
  """The first lines; without the last one if the text is cut there.

  Raises:
    InputError: if there is no line.
  """
  lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
  if cut:
    lines = lines[:-1]
    if not lines:
      raise InputError(f"{name}: no line ends within the first 64 KiB, so this "
                       "is no table.")
  if not any(line.strip() for line in lines):
    raise InputError(f"{name}: the file is empty.")
  return lines


def _dialect_of(lines: Sequence[str]) -> _Dialect:
  marks = {line.lstrip()[0] for line in lines if line.strip()} & {"#", "%"}
  mark = marks.pop() if len(marks) == 1 else ""
  plain = _Dialect(",", ".", mark)
  rows = [c for c in lines if c.strip() and not plain.is_comment(c)]
  return _Dialect(*_marks(rows), mark)


def _layout(lines: Sequence[str], dialect: _Dialect, name: str) -> Layout:
  """Where names and rows stand."""
  delimiter = dialect.delimiter
  head = lines[:_LINES]
  bare = ["" if dialect.is_comment(line) else line for line in head]
  rows = [split_cells(line, delimiter) for line in bare]
  if delimiter == " ":
    width = usual_width(rows[len(rows) // 2:])
    rows = [_header_cells(line, row, width) for line, row in zip(bare, rows)]
  comments = [
      _comment(line, dialect.mark, delimiter)
      if dialect.is_comment(line) else [] for line in head
  ]
  return find_header(rows,
                     name,
                     comments=comments,
                     decimal=dialect.decimal,
                     stacked=delimiter != " ")


def _for_pandas(lines: Sequence[str], dialect: _Dialect,
                layout: Layout) -> dict[str, Any]:
  """The dialect as `pandas.read_csv` takes it."""
  below = lines[layout.first:_LINES]
  grouped = dialect.decimal == "," and any(
      "." in cell and THOUSANDS.fullmatch(cell)
      for line in below if not dialect.is_comment(line)
      for cell in split_cells(line, dialect.delimiter))
  noted = any(map(dialect.is_comment, lines[layout.first:]))
  return {
      "sep": r"\s+" if dialect.delimiter == " " else dialect.delimiter,
      "decimal": dialect.decimal,
      "thousands": "." if grouped else None,
      "comment": dialect.mark if noted else None
  }


def _header_cells(line: str, row: list[str], width: int) -> list[str]:
  """Names that hold blanks, where two blanks or brackets end them."""
  if len(row) <= width:
    return row
  wide = re.split(r"\s{2,}|\t", line.strip())
  if len(wide) == width:
    return wide
  joined = re.sub(r"\s+(?=[(\[])", "\0", line.strip()).split()
  joined = [cell.replace("\0", " ") for cell in joined]
  return joined if len(joined) == width else row


def _comment(line: str, mark: str, delimiter: str) -> list[str]:
  """Names in a line behind a comment mark; often separated by blanks."""
  bare = line.lstrip().lstrip(mark).strip()
  cells = split_cells(bare, delimiter)
  return cells if len(cells) > 1 else bare.split()


def _marks(lines: Sequence[str]) -> tuple[str, str]:
  """Delimiter and decimal mark that make most cells numbers."""
  lines = lines[len(lines) // 2:]  # What stands above the rows has others.
  best, found = 0., (",", ".")
  for delimiter in _DELIMITERS:
    rows = [split_cells(line, delimiter) for line in lines[-_LINES:]]
    width = usual_width(rows)
    if width < 2:
      continue
    same = [row for row in rows if len(row) == width]
    filled = [c for row in same for c in row if not is_blank(c)]
    for mark in (".", ","):
      share = sum(is_value(c, mark) for c in filled) / max(1, len(filled))
      score = share * len(same) / len(rows)
      if score > best + 1e-9:
        best, found = score, (delimiter, mark)
  if not best and lines:
    counts = {d: len(split_cells(lines[0], d)) for d in _DELIMITERS}
    found = max(_DELIMITERS[:-1], key=lambda d: counts[d]), "."
  return found


def _parse(stream: Any, name: str, layout: Layout, messages: list[str],
           dialect: Mapping[str, Any]) -> Any:
  """The rows as a DataFrame, without text between them.

  `dialect` holds arguments of `pandas.read_csv`.
  """
  try:
    frame = _parse_rows(stream, name, layout, dialect)
    odd = [n for n in frame if frame[n].dtype.kind not in "iufb"]
    # Numbers that became text; other text would only cost time.
    if not any(is_number(str(c)) for n in odd for c in frame[n].iloc[:3]):
      return frame
    fault = None
  except InputError as error:
    frame, fault = None, error
  stream.seek(0)
  kept, count = prose.without_text(stream, layout, dialect)
  if count:
    messages.append(f"{count} lines of text between or below the rows left out")
    layout = dataclasses.replace(layout, first=0)
    frame = _parse_rows(kept, name, layout, dialect)
    again = (frame == frame.shift()).all(axis=1)
    if again.any():  # A log prints the state once more where it goes on.
      messages.append(f"{int(again.sum())} rows repeat the row above: left out")
      frame = frame[~again].reset_index(drop=True)
    return frame
  if fault:
    raise fault
  return frame


def _parse_rows(stream: Any, name: str, layout: Layout,
                dialect: Mapping[str, Any]) -> Any:
  import pandas  # pylint: disable=import-outside-toplevel
  if tuple(map(int, pandas.__version__.split(".")[:2])) < (3, 1):
    dialect = {**dialect, "float_precision": "round_trip"}
  try:
    with warnings.catch_warnings():
      warnings.simplefilter("ignore", pandas.errors.DtypeWarning)
      return pandas.read_csv(stream,
                             header=None,
                             names=list(layout.header.names),
                             skiprows=layout.first,
                             skipinitialspace=True,
                             na_values=[b for b in BLANKS if b],
                             index_col=False,
                             **dialect)
  except UnicodeDecodeError as error:
    raise InputError(f"{name}: not a text file in UTF-8 throughout: "
                     f"{error.reason}.") from error
  except pandas.errors.EmptyDataError as error:
    raise InputError(f"{name}: no rows below the header.") from error
  except pandas.errors.ParserError as error:
    raise InputError(_ragged(name, str(error))) from error


def _ragged(name: str, reason: str) -> str:
  found = re.search(r"Expected (\d+) fields in line (\d+), saw (\d+)", reason)
  if found:
    width, line, cells = map(int, found.groups())
    return (f"{name}, line {line}: {cells} cells where the "
            f"header has {width}.")
  first = reason.splitlines()[0]
  return f"{name}: not readable as CSV: {first.split('C error: ')[-1]}"
