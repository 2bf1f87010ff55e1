"""Columns from CSV, NPZ and Parquet files, with one clear line if they fail."""

from __future__ import annotations

import csv
import io
import pathlib
import zipfile

import numpy as np

from noether_jax.errors import InputError

_DELIMITERS = (",", ";", "\t", "|")

Table = dict[str, np.ndarray]


def read(path: pathlib.Path) -> Table:
  """Reads a table: CSV unless the name ends in .npz or .parquet.

  Args:
    path: an existing file.

  Returns:
    Columns of equal length by name; those of CSV are text.

  Raises:
    InputError: if the file is no such table.
  """
  readers = {".npz": _read_npz, ".parquet": _read_parquet}
  return readers.get(path.suffix.lower(), _read_csv)(path)


def _read_csv(path: pathlib.Path) -> Table:
  """Text columns by name; numbers are parsed later, where wanted."""
  raw = path.read_bytes()
  if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
    encoding = "utf-16"
  else:
    encoding = "utf-8-sig"
  try:
    text = raw.decode(encoding)
  except UnicodeDecodeError as error:
    raise InputError(f"{path.name}: not a text file in UTF-8 (byte "
                     f"{error.start}).") from error
  if "\0" in text:
    raise InputError(f"{path.name}: a binary file, not CSV.")
  first = next((line for line in text.splitlines() if line.strip()), "")
  if not first:
    raise InputError(f"{path.name}: the file is empty.")
  counts = [first.count(d) for d in _DELIMITERS]
  delimiter = _DELIMITERS[int(np.argmax(counts))]
  try:
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter, strict=True))
  except csv.Error as error:
    raise InputError(f"{path.name}: not readable as CSV: {error}.") from error
  numbered = [(n, row) for n, row in enumerate(rows, 1) if any(cell.strip()
                                                               for cell in row)]
  header = [name.strip() for name in numbered[0][1]]
  if all(is_number(name) for name in header):
    raise InputError(f"{path.name}: the first line holds numbers: it must name "
                     "the columns.")
  if len(set(header)) < len(header) or "" in header:
    raise InputError(f"{path.name}: the first line must name every column "
                     f"once: got {delimiter.join(header)[:60]!r}.")
  for n, row in numbered[1:]:
    if len(row) != len(header):
      raise InputError(f"{path.name}, row {n}: {len(row)} cells where the "
                       f"header has {len(header)}.")
  body = [row for _, row in numbered[1:]]
  return {
      name: np.array([row[i].strip() for row in body], dtype=object)
      for i, name in enumerate(header)
  }


def _read_npz(path: pathlib.Path) -> Table:
  try:
    with np.load(path, allow_pickle=False) as archive:
      table = {name: archive[name] for name in archive.files}
  except (ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
    raise InputError(f"{path.name}: not a readable NPZ file: {error}".split(
        "\n")[0]) from error
  shapes = {name: a.shape for name, a in table.items()}
  if not table or any(len(s) != 1 for s in shapes.values()) or len(
      set(shapes.values())) != 1:
    raise InputError(f"{path.name}: needs one array of equal length per column:"
                     f" got {shapes}.")
  return table


def _read_parquet(path: pathlib.Path) -> Table:
  try:
    import pyarrow  # pylint: disable=import-outside-toplevel
    import pyarrow.parquet  # pylint: disable=import-outside-toplevel
  except ImportError as error:
    raise InputError("Parquet files need the extra 'parquet': pip install "
                     "'noether_jax[parquet]'.") from error
  try:
    table = pyarrow.parquet.read_table(path)
  except (pyarrow.ArrowException, ValueError) as error:
    first = str(error).splitlines()[0]
    raise InputError(
        f"{path.name}: not a readable Parquet file: {first}") from error
  return {name: table[name].to_numpy() for name in table.column_names}


def is_number(cell: str) -> bool:
  """Whether a cell reads as a number.

  Example:
    >>> is_number("1e3"), is_number("two")
    (True, False)
  """
  try:
    float(cell)
  except ValueError:
    return False
  return True
