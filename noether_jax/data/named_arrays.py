"""Tables from named arrays, as MATLAB, HDF5 and NPZ files hold them."""

from __future__ import annotations

from collections.abc import Mapping
import dataclasses
from typing import Any

import numpy as np

from noether_jax.data.frames import Table
from noether_jax.data.frames import table_from_frame
from noether_jax.data.naming import is_time_name
from noether_jax.errors import InputError


def table_from_arrays(arrays: Mapping[str, Any], name: str = "") -> Table:
  """Return a table from named arrays, as MATLAB, HDF5 and NPZ files hold them.

  Args:
    arrays: each `[T]`, `[T, D]`, `[D, T]`, `[N, T]`, `[N, T, D]`, or N arrays
      `[T_i]`, `[T_i, D]` or `[D, T_i]` in a list. An array that fits no other
      array's samples is left out, and a message says so.
    name: for messages.

  Returns:
    The table, with a column "trial" if there are several.

  Raises:
    InputError: if there is no array of numbers.

  Example:
    >>> both = {"x": np.zeros((2, 3)), "v": np.zeros((2, 3))}
    >>> table = table_from_arrays({"t": np.arange(3.), **both})
    >>> list(table.frame), len(table.frame)
    (['trial', 't', 'x', 'v'], 6)
  """
  import pandas  # pylint: disable=import-outside-toplevel
  named = {k: _pieces(v) for k, v in arrays.items()}
  named = {k: v for k, v in named.items() if v}
  shapes = {k: v[0].shape for k, v in named.items()}
  if not named:
    raise InputError(f"{name or 'the data'}: needs arrays of numbers, such as "
                     "one of equal length per column: got none.")
  lengths = _sample_counts(named, name)
  columns: dict[str, list[np.ndarray]] = {}
  left = []
  for key, pieces in named.items():
    cut = _columns_of(pieces, lengths)
    if cut is None:
      left.append(f"{key} {list(shapes[key])}")
      continue
    width = cut[0].shape[1]
    for i in range(width):
      label = key if width == 1 else f"{key}_{i + 1}"
      columns[label] = [c[:, i] for c in cut]
  messages = ([f"arrays of another length left out: {', '.join(left)[:200]}"]
              if left else [])
  frame = pandas.DataFrame({k: np.concatenate(v) for k, v in columns.items()})
  if len(lengths) > 1:
    frame.insert(0, "trial", np.repeat(np.arange(len(lengths)), lengths))
  table = table_from_frame(frame, name)
  return dataclasses.replace(table,
                             messages=[*messages, *table.messages],
                             trial="trial" if len(lengths) > 1 else None)


def _pieces(value: Any) -> list[np.ndarray]:
  """One array for each trial; none if these are no numbers."""
  if isinstance(value, np.ndarray) and value.dtype == object:
    value = [np.asarray(v) for v in value.ravel()]
  if isinstance(value, (list, tuple)) and value and np.ndim(value[0]):
    arrays = [np.asarray(v) for v in value]
  else:
    arrays = [np.asarray(value)]
  if any(a.dtype.kind not in "fiubMSUO" or not a.ndim for a in arrays):
    return []
  if len(arrays) == 1 and arrays[0].ndim == 3:
    arrays = list(arrays[0])
  return [a.ravel() if a.ndim == 2 and 1 in a.shape else a for a in arrays]


def _sample_counts(named: Mapping[str, list[np.ndarray]],
                   name: str) -> list[int]:
  """Samples of each trial: those of the times, else of the longest arrays."""
  candidates = [
      [len(p)
       for p in pieces]
      for key, pieces in named.items()
      if pieces[0].ndim == 1 and is_time_name(key)
  ] or [[len(p) for p in v] for v in named.values() if v[0].ndim == 1
       ] or [[max(p.shape) for p in v] for v in named.values()]
  lengths = max(candidates, key=sum)
  if max(lengths) < 2:
    raise InputError(f"{name or 'the data'}: needs arrays of equal length, one "
                     f"per column: got lengths {candidates[:4]}.")
  # One clock [T] may serve N trials [N, T] or [N, T, D].
  for pieces in named.values():
    if len(lengths) == 1:
      if pieces[0].ndim == 2 and len(
          pieces) > 1 and lengths[0] in pieces[0].shape:
        return lengths * len(pieces)
      if len(pieces) == 1 and pieces[0].ndim == 2 and lengths[0] == pieces[
          0].shape[1] != pieces[0].shape[0] and sum(
              v[0].shape == pieces[0].shape for v in named.values()) > 1:
        return lengths * len(pieces[0])
  return lengths


def _columns_of(pieces: list[np.ndarray],
                lengths: list[int]) -> list[np.ndarray] | None:
  """`[T_i, D]` for each trial, or None if the array does not fit."""
  if len(pieces) == 1 and len(lengths) > 1:
    only = pieces[0]
    if only.ndim == 1 and len(only) == sum(lengths):
      pieces = np.split(only, np.cumsum(lengths)[:-1])
    elif only.ndim == 1 and len(only) == lengths[0] == lengths[-1]:
      pieces = [only] * len(lengths)
    elif only.ndim == 2 and len(only) == len(lengths):
      pieces = list(only)
  if len(pieces) != len(lengths):
    return None
  out = []
  for piece, length in zip(pieces, lengths):
    if piece.ndim == 1:
      piece = piece[:, None]
    if piece.ndim != 2:
      return None
    if len(piece) != length:
      piece = piece.T
    if len(piece) != length:
      return None
    out.append(piece)
  return out
