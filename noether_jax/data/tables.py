"""Tables from files of every kind, with one clear line if they fail."""

from __future__ import annotations

import bz2
from collections.abc import Callable
import dataclasses
import gzip
import io
import lzma
import pathlib
from typing import Any
import zipfile
import zlib

import numpy as np

from noether_jax.data import array_files
from noether_jax.data import text_tables
from noether_jax.data.frames import Table
from noether_jax.data.frames import table_from_dataset
from noether_jax.data.frames import table_from_frame
from noether_jax.data.layouts import find_header
from noether_jax.data.named_arrays import table_from_arrays
from noether_jax.data.naming import placeholders
from noether_jax.data.records import read_json
from noether_jax.errors import InputError

_OPENERS: dict[bytes, Callable[..., Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ": lzma.open,
}
_COMPRESSED = (".gz", ".bz2", ".xz", ".zip")


def read(path: pathlib.Path) -> Table:
  """Read a table by the ending of its name; text if that is not known.

  Args:
    path: an existing file: text of any usual layout, .json, .npy, .npz,
      .parquet, .feather, .xlsx, .mat, .h5 or .nc, also compressed by gzip,
      bzip2, xz or zip.

  Returns:
    The table.

  Raises:
    InputError: if the file is no such table, or its extra is not installed.

  Example:
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...   path = pathlib.Path(folder) / "data.csv"
    ...   _ = path.write_text("t;x (m)\\n0;0,5\\n1;0,75\\n")
    ...   table = read(path)
    >>> table.frame["x"].tolist(), table.units
    ([0.5, 0.75], {'x': 'm'})
  """
  _refuse_foreign(path)
  suffixes = [s.lower() for s in path.suffixes]
  if suffixes and suffixes[-1] in _COMPRESSED:
    suffixes.pop()
  reader = _READERS.get(suffixes[-1] if suffixes else "")
  if reader is None:
    try:
      with _open(path) as stream:
        return text_tables.read_text(stream, path.name)
    except (EOFError, lzma.LZMAError, zlib.error, gzip.BadGzipFile) as error:
      raise InputError(
          f"{path.name}: a damaged compressed file: {error}") from error
  kind, read_binary = reader
  try:
    with _open(path) as stream:
      return read_binary(stream, path.name)
  except InputError:
    raise
  except ImportError as error:
    raise InputError(f"{path.name}: {kind} files need the extra "
                     f"{_EXTRAS[kind]!r}: pip install "
                     f"'noether_jax[{_EXTRAS[kind]}]'.") from error
  except OSError as error:
    if error.errno:
      raise
    raise _unreadable(path.name, kind, error) from error
  except Exception as error:  # Each reader has errors of its own.
    raise _unreadable(path.name, kind, error) from error


def _refuse_foreign(path: pathlib.Path) -> None:
  """Refuse what other programs write besides tables.

  Raises:
    InputError: with the way to a table.
  """
  suffix = path.suffix.lower()
  if suffix in _PICKLES:
    raise InputError(f"{path.name}: a pickle can run any code when it is read: "
                     "save the table as .csv or .parquet.")
  if suffix in _FOREIGN:
    raise InputError(f"{path.name}: a kind of file that is not read: "
                     f"{_FOREIGN[suffix]}.")


def _unreadable(name: str, kind: str, error: Exception) -> InputError:
  first = (str(error).splitlines() or [type(error).__name__])[0]
  return InputError(f"{name}: not a readable {kind} file: {first[:120]}")


def _open(path: pathlib.Path) -> Any:
  """The file's content, decompressed where it is compressed."""
  with path.open("rb") as stream:
    start = stream.read(6)
  for magic, opener in _OPENERS.items():
    if start.startswith(magic):
      return opener(path, "rb")
  if path.suffix.lower() == ".zip":
    try:
      with zipfile.ZipFile(path) as archive:
        names = [n for n in archive.namelist() if not n.endswith("/")]
        if len(names) == 1:
          return io.BytesIO(archive.read(names[0]))
    except zipfile.BadZipFile as error:
      raise InputError(f"{path.name}: not a readable zip archive.") from error
    raise InputError(f"{path.name}: holds {len(names)} files: unpack it, and "
                     "give the folder.")
  return path.open("rb")


def _read_npz(stream: Any, name: str) -> Table:
  with np.load(stream, allow_pickle=False) as archive:
    return table_from_arrays({k: archive[k] for k in archive.files}, name)


def _read_parquet(stream: Any, name: str) -> Table:
  import pyarrow.parquet  # pylint: disable=import-outside-toplevel
  table = pyarrow.parquet.read_table(stream)
  frame = table.to_pandas(split_blocks=True, self_destruct=True)
  return table_from_frame(frame, name)


def _read_feather(stream: Any, name: str) -> Table:
  import pyarrow.feather  # pylint: disable=import-outside-toplevel
  return table_from_frame(pyarrow.feather.read_feather(stream), name)


def _read_npy(stream: Any, name: str) -> Table:
  import pandas  # pylint: disable=import-outside-toplevel
  array = np.load(stream, allow_pickle=False)
  if array.dtype.names:
    return table_from_frame(pandas.DataFrame(array), name)
  if array.ndim != 2:
    raise InputError(f"{name}: one array of rows and columns is needed: got "
                     f"shape {array.shape}. Pass it to discover as an array.")
  frame = pandas.DataFrame(array, columns=placeholders(array.shape[1]))
  return Table(frame, name, header=())


def _read_excel(stream: Any, name: str) -> Table:
  """The first sheet, and those of the same header as further trials."""
  import openpyxl  # pylint: disable=import-outside-toplevel
  import pandas  # pylint: disable=import-outside-toplevel
  book = openpyxl.load_workbook(stream, read_only=True, data_only=True)
  sheets = {
      sheet.title: rows
      for sheet in book.worksheets
      if (rows := [list(r) for r in sheet.iter_rows(values_only=True)])
  }
  if not sheets:
    raise InputError(f"{name}: the file is empty.")
  tables: dict[str, Table] = {}
  for title, rows in sheets.items():
    if tables and rows[0] != next(iter(sheets.values()))[0]:
      continue
    tables[title] = _sheet(rows, name)
  first = next(iter(tables.values()))
  messages = list(first.messages)
  left = [t for t in sheets if t not in tables]
  if left:
    messages.append(f"sheets with another header left out: {', '.join(left)}")
  if len(tables) == 1:
    return dataclasses.replace(first, messages=messages)
  frames = {t: table.frame for t, table in tables.items()}
  frame = pandas.concat(frames, names=["sheet", None]).reset_index(level=0)
  messages.append(f"each of {len(frames)} sheets is a trial")
  return dataclasses.replace(first,
                             frame=frame.reset_index(drop=True),
                             messages=messages,
                             trial="sheet")


def _sheet(rows: list[list[Any]], name: str) -> Table:
  import pandas  # pylint: disable=import-outside-toplevel
  text = [["" if c is None else str(c) for c in row] for row in rows]
  layout = find_header(text, name)
  body = pandas.DataFrame(rows[layout.first:])
  body = body.iloc[:, :len(layout.header.names)]
  body.columns = list(layout.header.names)
  body = body.dropna(how="all").infer_objects()
  return Table(body,
               name,
               units=layout.header.units,
               aliases=layout.header.aliases,
               header=layout.loose,
               messages=[*layout.messages, *layout.header.messages])


def _read_netcdf(stream: Any, name: str) -> Table:
  import xarray  # pylint: disable=import-outside-toplevel
  raw = io.BytesIO(stream.read())
  engine = "scipy" if raw.getvalue()[:3] == b"CDF" else "h5netcdf"
  with xarray.open_dataset(raw, engine=engine) as dataset:
    return table_from_dataset(dataset.load(), name)


_READERS: dict[str, tuple[str, Callable[[Any, str], Table]]] = {
    ".npz": ("NPZ", _read_npz),
    ".parquet": ("Parquet", _read_parquet),
    ".pq": ("Parquet", _read_parquet),
    ".feather": ("Feather", _read_feather),
    ".npy": ("NPY", _read_npy),
    ".json": ("JSON", read_json),
    ".jsonl": ("JSON", read_json),
    ".ndjson": ("JSON", read_json),
    ".xlsx": ("Excel", _read_excel),
    ".xlsm": ("Excel", _read_excel),
    ".mat": ("MATLAB", array_files.read_mat),
    ".h5": ("HDF5", array_files.read_hdf5),
    ".hdf5": ("HDF5", array_files.read_hdf5),
    ".nc": ("NetCDF", _read_netcdf),
}
_EXTRAS = {
    "Parquet": "parquet",
    "Feather": "parquet",
    "Excel": "excel",
    "MATLAB": "hdf5",
    "HDF5": "hdf5",
    "NetCDF": "netcdf",
}
_FOREIGN = {
    ".xls": "save it as .xlsx or .csv",
    ".ods": "save it as .xlsx or .csv",
    ".c3d": "export it as .trc or .csv",
    ".tdms": "export it as .lvm or .csv",
    ".bag": "write a topic as .csv by rostopic echo -p",
    ".mcap": "export a topic as .csv",
    ".db3": "export a topic as .csv",
    ".rds": "save it by write.csv",
    ".rdata": "save it by write.csv",
    ".trk": "export its table as text",
    ".cmbl": "export its table as text",
    ".cap": "export its table as text",
    ".xyz": "write a table with a row for each time",
    ".lammpstrj": "write a table with a row for each time",
    ".pdb": "write a table with a row for each time",
}
_PICKLES = (".pkl", ".pickle", ".joblib")
SUFFIXES = (*_READERS, ".csv", ".tsv", ".txt", ".dat", ".asc")
