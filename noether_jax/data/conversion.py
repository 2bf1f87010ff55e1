"""Trajectories from whatever a user has at hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import os
from typing import Any

import numpy as np

from noether_jax.data.columns import parse_columns
from noether_jax.data.columns import Variable
from noether_jax.data.trajectories import load
from noether_jax.data.trajectories import Trajectories
from noether_jax.errors import InputError

Columns = str | Sequence[str | Variable] | Mapping[str, str]


def as_variables(columns: Columns) -> tuple[Variable, ...]:
  """The columns of a state, from any way to write them.

  Args:
    columns: text `q:rad,p:1/s`; a sequence of names, `name:unit` strings or
      `Variable`s; or a mapping from name to unit.

  Returns:
    The variables.

  Raises:
    InputError: if a name is empty or repeated, or a unit cannot be read.

  Example:
    >>> [str(v.unit) for v in as_variables({"q": "rad", "p": "1/s"})]
    ['rad', '1/s']
  """
  if isinstance(columns, str):
    return parse_columns(columns)
  if isinstance(columns, Mapping):
    columns = [f"{name}:{unit}" for name, unit in columns.items()]
  known = [c if isinstance(c, Variable) else parse_columns(c) for c in columns]
  return tuple(
      v for c in known for v in ((c,) if isinstance(c, Variable) else c))


def as_trajectories(data: Any,
                    times: Any = None,
                    *,
                    columns: Columns | None = None,
                    trial: str | None = None,
                    time: str | None = None) -> Trajectories:
  """Trajectories from arrays, tables or files.

  Args:
    data: `Trajectories`; a list of N arrays `[T_i, D]`; one array `[N, T, D]`
      or `[T, D]`; or the path of a file.
    times: N arrays `[T_i]`, or one `[T]` for all trajectories; the row number
      if None.
    columns: names and units of the D columns, see `as_variables`; x0, x1, ...
      without units if None.
    trial: column that tells trials apart, of a table or file.
    time: column of times, of a table or file.

  Returns:
    The trajectories.

  Raises:
    InputError: if the data or the arguments cannot be used.

  Example:
    >>> as_trajectories(np.zeros((5, 20, 2)), columns="q:m,p:m/s").labels
    ('0', '1', '2', '3', '4')
  """
  if isinstance(data, Trajectories):
    return data
  if isinstance(data, (str, os.PathLike)):
    text = None if columns is None else ",".join(
        f"{v.name}:{v.unit}" for v in as_variables(columns))
    return load(data, columns=text, trial=trial, time=time)
  if isinstance(data, (list, tuple)):
    states = [np.asarray(s, np.float64) for s in data]
  else:
    array = np.asarray(data, np.float64)
    states = list(array[None] if array.ndim == 2 else array)
  if not states or any(s.ndim != 2 for s in states):
    raise InputError("trajectories are a list of arrays [T, D], or one array "
                     f"[N, T, D] or [T, D]: got shapes "
                     f"{[s.shape for s in states][:3]}.")
  if times is None:
    when = [np.arange(float(len(s))) for s in states]
  else:
    shared = not isinstance(times, (list, tuple)) and np.ndim(times) == 1
    when = [
        np.asarray(t, np.float64)
        for t in ([times] * len(states) if shared else times)
    ]
  if [len(t) for t in when] != [len(s) for s in states]:
    raise InputError("`times` must have one time for each state: got "
                     f"{[len(t) for t in when][:5]} times for "
                     f"{[len(s) for s in states][:5]} states.")
  width = states[0].shape[1]
  variables = as_variables([f"x{i}" for i in range(width)] if columns is
                           None else columns)
  if any(s.shape[1] != len(variables) for s in states):
    raise InputError(f"`columns` names {len(variables)} columns: the states "
                     f"have {width}.")
  return Trajectories(variables, tuple(map(str, range(len(states)))),
                      tuple(when), tuple(states))
