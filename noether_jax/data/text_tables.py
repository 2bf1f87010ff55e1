"""Tables in text: delimiter, decimal mark and header are found out."""

from __future__ import annotations

import codecs
from collections.abc import Mapping, Sequence
import dataclasses
import re
from typing import Any
import warnings

from noether_jax.data import prose
from noether_jax.data.cells import mend_cells
from noether_jax.data.clocks import told_above
from noether_jax.data.frames import Table
from noether_jax.data.layouts import BLANKS
from noether_jax.data.layouts import find_header
from noether_jax.data.layouts import is_blank
from noether_jax.data.layouts import is_number
from noether_jax.data.layouts import is_value
from noether_jax.data.layouts import Layout
from noether_jax.data.layouts import split_cells
from noether_jax.data.layouts import THOUSANDS
from noether_jax.data.layouts import usual_width
from noether_jax.data.records import read_json
from noether_jax.errors import InputError

_HEAD = 2**16
_LINES = 200
_DELIMITERS = ("\t", ";", ",", "|", " ")
_NAMES = {"\t": "tabs", " ": "blanks"}


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
  stream = prose.plain(stream)
  raw = stream.read(_HEAD)
  if raw.lstrip()[:1] == b"{" or re.match(rb"\s*\[\s*\{", raw):
    stream.seek(0)
    return read_json(stream, name)
  text, encoding, messages = _decode(raw, name)
  lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
  if len(raw) == _HEAD:
    lines = lines[:-1]
    if not lines:
      raise InputError(f"{name}: no line ends within the first 64 KiB, so this "
                       "is no table.")
  if not any(line.strip() for line in lines):
    raise InputError(f"{name}: the file is empty.")
  marks = {line.lstrip()[0] for line in lines if line.strip()} & {"#", "%"}
  mark = marks.pop() if len(marks) == 1 else ""
  bare = [
      "" if mark and line.lstrip().startswith(mark) else line for line in lines
  ]
  delimiter, decimal = _dialect([line for line in bare if line.strip()], name)
  if delimiter != ",":
    messages.append(f"columns are separated by "
                    f"{_NAMES.get(delimiter, repr(delimiter))}")
  if decimal == ",":
    messages.append("the decimal mark is a comma")
  rows = [split_cells(line, delimiter) for line in bare[:_LINES]]
  if delimiter == " ":
    width = usual_width(rows[len(rows) // 2:])
    rows = [_header_cells(line, row, width) for line, row in zip(bare, rows)]
  comments = [
      _comment(line, mark, delimiter)
      if mark and line.lstrip().startswith(mark) else []
      for line in lines[:_LINES]
  ]
  layout = find_header(rows,
                       name,
                       comments=comments,
                       decimal=decimal,
                       stacked=delimiter != " ")
  grouped = decimal == "," and any("." in cell and THOUSANDS.fullmatch(cell)
                                   for row in rows[layout.first:]
                                   for cell in row)
  noted = mark and any(
      line.lstrip().startswith(mark) for line in lines[layout.first:])
  stream.seek(0)
  frame = _parse(stream,
                 name,
                 layout,
                 messages,
                 dialect={
                     "sep": r"\s+" if delimiter == " " else delimiter,
                     "decimal": decimal,
                     "thousands": "." if grouped else None,
                     "encoding": encoding,
                     "comment": mark if noted else None
                 })
  table = mend_cells(
      Table(frame,
            name,
            units=layout.header.units,
            aliases=layout.header.aliases,
            header=layout.loose,
            messages=[*messages, *layout.messages, *layout.header.messages]),
      decimal)
  return told_above(table, "\n".join(lines[:layout.first]))


def _decode(raw: bytes, name: str) -> tuple[str, str, list[str]]:
  """The text's beginning, its encoding, and the messages."""
  encoding = "utf-8-sig"
  if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
    encoding = "utf-16"
  messages = []
  try:
    # The last character may be cut.
    text = codecs.getincrementaldecoder(encoding)().decode(raw)
  except UnicodeDecodeError:
    encoding = "cp1252"
    text = raw.decode(encoding, errors="replace")
    messages.append("not in UTF-8: read as Windows-1252 (Western European)")
  odd = next((c for c in text if c < " " and c not in "\t\n\r\f\v"), None)
  if odd is not None or "\ufffd" in text:
    raise InputError(f"{name}: a binary file, not a table of text; the ending "
                     "of its name must tell its kind.")
  return text, encoding, messages


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


def _dialect(lines: Sequence[str], name: str) -> tuple[str, str]:
  """Delimiter and decimal mark that make most cells numbers."""
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
  if not best:
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
