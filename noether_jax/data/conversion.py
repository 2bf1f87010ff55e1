"""Trajectories from whatever a user has at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses
import os
from typing import Any

import numpy as np

from noether_jax.data import frames
from noether_jax.data.assembly import assemble
from noether_jax.data.assembly import check_times
from noether_jax.data.assembly import Columns
from noether_jax.data.columns import as_variables
from noether_jax.data.columns import check_names
from noether_jax.data.columns import column_pairs
from noether_jax.data.columns import Variable
from noether_jax.data.named_arrays import table_from_arrays
from noether_jax.data.reading import load
from noether_jax.data.refinement import even_and_unwrap
from noether_jax.data.trajectories import Trajectories
from noether_jax.errors import InputError

_KINDS = ("trajectories are a list of arrays [T, D], one array [N, T, D] or "
          "[T, D], a DataFrame, an xarray.Dataset, a mapping of arrays, or "
          "files")


def as_trajectories(data: Any,
                    times: Any = None,
                    *,
                    columns: Columns | None = None,
                    trial: str | None = None,
                    time: str | None = None) -> Trajectories:
  """Return trajectories from arrays, tables or files.

  Args:
    data: `Trajectories`; a list of N arrays `[T_i, D]`; one array `[N, T, D]`
      or `[T, D]`; a DataFrame with a column (or a level of the index) that
      tells trials apart, or a list of DataFrames; an xarray.Dataset with
      dimensions trial and time; a mapping from names to arrays; or a file, a
      folder, or a list of files (see `load`).
    times: N arrays `[T_i]`, or one `[T]` for all trajectories; the row number
      if None. Tables and files have times of their own.
    columns: names and units of the state's columns: text `q:rad,p:1/s`, a
      sequence of names, of `name:unit` strings or `Variable`s, or a mapping
      from name to unit. For arrays x0, x1, ... if None.
    trial: column that tells trials apart, of a table or file.
    time: column of times, of a table or file.

  Returns:
    The trajectories; `messages` has one line for each decision.

  Raises:
    InputError: if the data or the arguments cannot be used.

  Example:
    >>> as_trajectories(np.zeros((5, 20, 2)), columns="q:m,p:m/s").labels
    ('0', '1', '2', '3', '4')
  """
  if isinstance(data, Trajectories):
    if trial or time or times is not None:
      raise InputError("`trial`, `time` and `times` are for tables and arrays: "
                       "Trajectories have their own.")
    return data if columns is None else _select(data, columns)
  sequence = isinstance(data, (list, tuple)) and len(data) > 0
  table = None
  if isinstance(data, (str, os.PathLike)) or sequence and all(
      isinstance(d, (str, os.PathLike)) for d in data):
    _no_times(times)
    return load(data, columns=columns, trial=trial, time=time)
  if frames.is_from(data, "pandas", "polars", "pyarrow"):
    table = frames.table_from_frame(data)
  elif frames.is_from(data, "xarray"):
    table = frames.table_from_dataset(data)
  elif isinstance(data, Mapping):
    table = table_from_arrays(data)
  elif sequence and all(frames.is_from(d, "pandas", "polars") for d in data):
    table = frames.table_from_frames(data)
  if table is not None:
    _no_times(times)
    return assemble(table, columns, trial, time)
  if trial or time:
    raise InputError("`trial` and `time` name columns of a table or file: an "
                     "array's times are given by `times`.")
  return _from_arrays(data, times, columns)


def _no_times(times: Any) -> None:
  if times is not None:
    raise InputError("`times` belongs to arrays: name the column of times by "
                     "`time`.")


def _select(data: Trajectories, columns: Columns) -> Trajectories:
  """Some of the columns, perhaps with other units."""
  known = {v.name: i for i, v in enumerate(data.variables)}
  pairs = column_pairs(columns, {n: n for n in [*known, *data.others]})
  missing = [n for n, _ in pairs if n not in known and n not in data.others]
  if missing:
    raise InputError(f"`columns`: no column {missing[0]!r}; columns are "
                     f"{', '.join([*known, *data.others])}.")
  variables = [
      unit if isinstance(unit, Variable) else Variable.parse(n, unit)
      if unit or n not in known else data.variables[known[n]]
      for n, unit in pairs
  ]

  def pick(index: int, arrays: Any) -> np.ndarray:
    return np.stack([
        arrays[index][:, known[n]] if n in known else data.others[n][index]
        for n, _ in pairs
    ], 1)

  count = range(len(data.states))
  every = all(n in known for n, _ in pairs)
  picked = [
      tuple(pick(i, arrays)
            for i in count) if arrays and every else None
      for arrays in (data.derivatives, data.clean)
  ]
  rest = {n: c for n, c in data.others.items() if n not in dict(pairs)}
  rest |= {
      n: tuple(s[:, i] for s in data.states)
      for n, i in known.items()
      if n not in dict(pairs)
  }
  states = tuple(pick(i, data.states) for i in count)
  return even_and_unwrap(
      dataclasses.replace(data,
                          variables=tuple(variables),
                          states=states,
                          derivatives=picked[0],
                          clean=picked[1],
                          others=rest), [n for n, u in pairs if u])


def _array(value: Any, what: str) -> np.ndarray:
  try:
    array = np.asarray(value)
    if array.dtype.kind == "c":
      raise InputError(f"{what}: complex numbers, not real ones: give real and "
                       "imaginary parts as columns.")
    return np.asarray(array, np.float64)
  except (TypeError, ValueError) as error:
    if isinstance(error, InputError):
      raise
    raise InputError(f"{what}: no array of numbers: got "
                     f"{type(value).__name__}; {_KINDS}.") from error


def _from_arrays(data: Any, times: Any,
                 columns: Columns | None) -> Trajectories:
  """Trajectories from a list of arrays, or one array."""
  if isinstance(data,
                (list, tuple)) and not (len(data) and _depth(data[0]) == 1):
    states = [_array(s, f"trajectory {n + 1}") for n, s in enumerate(data)]
  else:
    array = _array(data, "the data")
    states = list(array) if array.ndim == 3 else [array]
  if not states or any(s.ndim != 2 or not s.size for s in states):
    raise InputError(f"{_KINDS}: got shapes {[s.shape for s in states][:3]}.")
  width = states[0].shape[1]
  other = next((s.shape[1] for s in states if s.shape[1] != width), width)
  if other != width:
    raise InputError("all trajectories must have the same columns: got "
                     f"{width} and {other}.")
  clocks = _clocks(times, states)
  pairs = column_pairs([f"x{i}"
                        for i in range(width)] if columns is None else columns)
  variables = as_variables([f"x{i}" for i in range(width)] if columns is
                           None else columns)
  if len(variables) != width:
    raise InputError(f"`columns` names {len(variables)} columns: the states "
                     f"have {width}.")
  check_names(variables, "`columns`")
  labels = tuple(map(str, range(len(states))))
  raw = Trajectories(variables,
                     labels,
                     tuple(clocks),
                     tuple(states),
                     timed=times is not None)
  return even_and_unwrap(_without_gaps(raw), [n for n, u in pairs if u])


def _depth(value: Any) -> int:
  """Number of dimensions; of nested lists without making arrays of them."""
  if isinstance(value, (list, tuple)):
    return 1 + (_depth(value[0]) if value else 0)
  return np.ndim(value)


def _clocks(times: Any, states: Sequence[np.ndarray]) -> list[np.ndarray]:
  """Times of each trajectory."""
  if times is None:
    return [np.arange(float(len(s))) for s in states]
  shared = _depth(times) == 1
  every = [times] * len(states) if shared else list(times)
  clocks = [_array(t, "`times`") for t in every]
  got = [t.shape for t in clocks]
  if got != [(len(s),) for s in states]:
    raise InputError("`times` must have one time for each state: got "
                     f"{[len(t) for t in clocks][:5]} times for "
                     f"{[len(s) for s in states][:5]} states.")
  return clocks


def _without_gaps(data: Trajectories) -> Trajectories:
  """Rows without NaN; times must increase."""
  times, states, messages = [], [], list(data.messages)
  left, total = 0, 0
  rows = []
  for label, t, s in zip(data.labels, data.times, data.states):
    infinite = np.isinf(s).any(1) | np.isinf(t)
    if infinite.any():
      raise InputError(f"trajectory {label}, row {int(np.argmax(infinite))}: "
                       "not finite; mend the value, or give NaN for a gap.")
    keep = np.isfinite(s).all(1) & np.isfinite(t)
    if not keep.any():
      raise InputError(f"trajectory {label}: every row holds NaN.")
    left, total = left + int(np.sum(~keep)), total + len(keep)
    times.append(t if keep.all() else t[keep])
    states.append(s if keep.all() else s[keep])
    rows.append(np.flatnonzero(keep))
  check_times(times, data.labels, "`times`", rows)
  if left:
    messages.append(f"{left} of {total} rows left out: NaN")
  return dataclasses.replace(data,
                             times=tuple(times),
                             states=tuple(states),
                             messages=tuple(messages))
