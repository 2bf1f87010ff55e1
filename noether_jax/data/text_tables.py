"""Tables in text: delimiter, decimal mark and header are found out."""

from __future__ import annotations

import codecs
from collections.abc import Sequence
import csv
import re
from typing import Any
import warnings

from noether_jax.data.frames import Table
from noether_jax.data.layouts import BLANKS
from noether_jax.data.layouts import find_header
from noether_jax.data.layouts import is_blank
from noether_jax.data.layouts import is_value
from noether_jax.data.layouts import Layout
from noether_jax.data.layouts import THOUSANDS
from noether_jax.data.layouts import usual_width
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
  raw = stream.read(_HEAD)
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
  rows = [_cells(line, delimiter) for line in bare[:_LINES]]
  comments = [
      _comment(line, mark, delimiter)
      if mark and line.lstrip().startswith(mark) else []
      for line in lines[:_LINES]
  ]
  layout = find_header(rows, name, comments=comments, decimal=decimal)
  grouped = decimal == "," and any("." in cell and THOUSANDS.fullmatch(cell)
                                   for row in rows[layout.first:]
                                   for cell in row)
  noted = mark and any(
      line.lstrip().startswith(mark) for line in lines[layout.first:])
  stream.seek(0)
  frame = _parse(stream,
                 name,
                 layout,
                 sep=r"\s+" if delimiter == " " else delimiter,
                 decimal=decimal,
                 thousands="." if grouped else None,
                 encoding=encoding,
                 comment=mark if noted else None)
  return Table(frame,
               name,
               units=layout.header.units,
               aliases=layout.header.aliases,
               header=layout.loose,
               messages=[*messages, *layout.messages, *layout.header.messages])


def _decode(raw: bytes, name: str) -> tuple[str, str, list[str]]:
  """The text's beginning, its encoding, and what is to be told."""
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


def _cells(line: str, delimiter: str) -> list[str]:
  if not line.strip():
    return []
  if delimiter == " ":
    return line.split()
  try:
    row = next(csv.reader([line], delimiter=delimiter, skipinitialspace=True))
  except (csv.Error, StopIteration):
    row = line.split(delimiter)
  return [cell.strip() for cell in row]


def _comment(line: str, mark: str, delimiter: str) -> list[str]:
  """Names in a line behind a comment mark; often separated by blanks."""
  bare = line.lstrip().lstrip(mark).strip()
  cells = _cells(bare, delimiter)
  return cells if len(cells) > 1 else bare.split()


def _dialect(lines: Sequence[str], name: str) -> tuple[str, str]:
  """Delimiter and decimal mark that make most cells numbers."""
  best, found = 0., (",", ".")
  for delimiter in _DELIMITERS:
    rows = [_cells(line, delimiter) for line in lines[-_LINES:]]
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
    counts = {d: len(_cells(lines[0], d)) for d in _DELIMITERS}
    found = max(_DELIMITERS[:-1], key=lambda d: counts[d]), "."
  return found


def _parse(stream: Any, name: str, layout: Layout, **dialect: Any) -> Any:
  """The rows as a DataFrame."""
  import pandas  # pylint: disable=import-outside-toplevel
  if tuple(map(int, pandas.__version__.split(".")[:2])) < (3, 1):
    dialect["float_precision"] = "round_trip"
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
