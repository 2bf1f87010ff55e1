"""MATLAB and HDF5 files as named arrays."""

from __future__ import annotations

import io
from typing import Any

import numpy as np

from noether_jax.data.frames import Table
from noether_jax.data.named_arrays import table_from_arrays
from noether_jax.errors import InputError


def read_mat(stream: Any, name: str) -> Table:
  """Read a MATLAB file of arrays, cells of arrays, or structs of these.

  Args:
    stream: bytes.
    name: of the file, for messages.

  Returns:
    The table.

  Raises:
    InputError: if the file holds no such array.
  """
  import scipy.io  # pylint: disable=import-outside-toplevel
  raw = io.BytesIO(stream.read())
  try:
    content = scipy.io.loadmat(raw)
  except NotImplementedError:  # Version 7.3 is HDF5.
    raw.seek(0)
    return read_hdf5(raw, name)
  arrays: dict[str, Any] = {}
  for key, value in content.items():
    if not key.startswith("__"):
      _flatten(arrays, key, value)
  return table_from_arrays(arrays, name)


def _flatten(arrays: dict[str, Any], key: str, value: np.ndarray) -> None:
  """Fields of a struct under their own names."""
  if value.dtype.names:
    for field in value.dtype.names:
      parts = [np.asarray(v) for v in value[field].ravel()]
      name = field if field not in arrays else f"{key}_{field}"
      arrays[name] = parts[0] if len(parts) == 1 else parts
  else:
    arrays[key] = value


# Each docstring is complete, because each reader has its own help.
def read_hdf5(stream: Any, name: str) -> Table:
  """Read an HDF5 file of data sets; groups of equal content are trials.

  Args:
    stream: bytes.
    name: of the file, for messages.

  Returns:
    The table.

  Raises:
    InputError: if the file holds no data set of numbers.
    ImportError: without h5py.
  """
  import h5py  # pylint: disable=import-outside-toplevel
  found: dict[str, np.ndarray] = {}
  cells: dict[str, list[np.ndarray]] = {}

  def visit(path: str, item: Any) -> None:
    if not isinstance(item, h5py.Dataset) or path.startswith("#"):
      return
    if item.dtype == h5py.ref_dtype:  # A cell of MATLAB's.
      cells[path] = [_transposed(item.file[r]) for r in item[()].ravel()]
    elif item.dtype.names:
      found.update({f"{path}/{n}": item[n] for n in item.dtype.names})
    elif item.ndim:
      found[path] = _transposed(item) if item.attrs.get(
          "MATLAB_class") is not None else item[()]

  with h5py.File(stream, "r") as file:
    file.visititems(visit)
  if not found and not cells:
    raise InputError(f"{name}: holds no data set of numbers.")
  groups: dict[str, dict[str, np.ndarray]] = {}
  for path, value in found.items():
    group, _, key = path.rpartition("/")
    groups.setdefault(group, {})[key] = value
  keys = {tuple(sorted(g)) for g in groups.values()}
  if len(groups) > 1 and len(keys) == 1:
    arrays: dict[str, Any] = {
        key: [g[key] for g in groups.values()] for key in keys.pop()
    }
  else:
    arrays = {}
    for path, value in found.items():
      key = path.rpartition("/")[2]
      arrays[key if key not in arrays else path.replace("/", "_")] = value
  return table_from_arrays({**arrays, **cells}, name)


def _transposed(item: Any) -> np.ndarray:
  """MATLAB stores the first dimension last."""
  return np.asarray(item[()]).T
