"""Measured time derivatives beside the states of trajectories."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from typing import Any

import numpy as np

from noether_jax.data.columns import as_variables
from noether_jax.data.columns import column_pairs
from noether_jax.data.columns import Variable
from noether_jax.data.conversion import as_trajectories
from noether_jax.data.conversion import Columns
from noether_jax.data.trajectories import Trajectories
from noether_jax.errors import InputError

_TOLD = "`derivatives`"


def with_named_derivatives(data: Trajectories,
                           derivatives: str | Sequence[str]) -> Trajectories:
  """Take columns that hold the time derivatives of other columns.

  Args:
    data: from a table or file.
    derivatives: names of columns, one for each column of the state in its
      order, as `"dx,dv"`; or pairs in any order, as `"dv:v,dx:x"`. A column
      that is constant in each trial needs none.

  Returns:
    The trajectories; the named columns are no states, and rows in which one of
    them is blank are left out.

  Raises:
    InputError: if the names do not fit the columns, or a column was converted
      to another unit and that of its derivative is not given.

  Example:
    >>> data = as_trajectories(np.arange(8.).reshape(4, 2), columns="x,dx")
    >>> found = with_named_derivatives(data, "dx")
    >>> [v.name for v in found.variables], found.derivatives[0].tolist()
    (['x'], [[1.0], [3.0], [5.0], [7.0]])
  """
  held = {v.name for v in data.variables} | set(data.others)
  pairs = column_pairs(derivatives, {n: n for n in held})
  names = [n for n, _ in pairs]
  missing = [n for n in names if n not in held]
  if missing:
    raise InputError(f"{_TOLD}: no column {missing[0]!r}; columns are "
                     f"{', '.join(sorted(held))}.")
  known = {v.name for v in data.variables if not v.unit.is_dimensionless}
  rest = [v for v in data.variables if v.name not in names]
  if not rest:
    raise InputError(f"{_TOLD}: no column of the state is left.")
  if len(rest) < len(data.variables):
    data = as_trajectories(data, columns=rest)
  owner = _owners(pairs, data)
  for name, own in owner.items():
    if name in data.converted and own not in data.converted | known:
      raise InputError(f"{_TOLD}: {name!r} was converted to another unit, and "
                       f"{own!r} was not, because its own is not given: name "
                       f"it, as in columns='{name}:deg,{own}:deg/s'.")
  rates = []
  for n, states in enumerate(data.states):
    rate = np.zeros(states.shape)
    for i, v in enumerate(data.variables):
      if v.name in owner:
        rate[:, i] = data.others[owner[v.name]][n]
      elif np.ptp(states[:, i]):
        raise InputError(f"{_TOLD}: none for {v.name!r}: name one for each "
                         "column of the state, or leave it out of the columns.")
    rates.append(rate)
  return _without_blanks(dataclasses.replace(data, derivatives=tuple(rates)))


def with_array_derivatives(data: Any, times: Any, derivatives: Any,
                           columns: Columns | None) -> Trajectories:
  """Join arrays of states and arrays of their time derivatives.

  Args:
    data: a list of N arrays `[T_i, D]`, or one `[N, T, D]` or `[T, D]`.
    times: as of `as_trajectories`.
    derivatives: of the shapes of `data`; NaN for a gap.
    columns: names and units of the D columns; x0, x1, ... if None.

  Returns:
    The trajectories.

  Raises:
    InputError: if the shapes differ.

  Example:
    >>> found = with_array_derivatives(np.eye(3), None, np.ones((3, 3)), None)
    >>> found.derivatives[0].shape
    (3, 3)
  """
  try:
    states = [np.asarray(s, np.float64) for s in _pieces(data)]
    rates = [np.asarray(r, np.float64) for r in _pieces(derivatives)]
  except (TypeError, ValueError) as error:
    raise InputError(f"{_TOLD}: arrays go with arrays of states, of the same "
                     "shapes; columns of a table are given by name.") from error
  _same_shapes(states, rates)
  width = states[0].shape[1]
  told = [f"x{i}" for i in range(width)] if columns is None else columns
  variables = as_variables(told)
  if len(variables) != width:
    raise InputError(f"`columns` names {len(variables)} columns: the states "
                     f"have {width}.")
  # In the units of their columns, whatever these are.
  dots = [Variable(f"{v.name}_dot", factor=v.factor) for v in variables]
  both = as_trajectories([np.hstack(p) for p in zip(states, rates)],
                         times,
                         columns=[*variables, *dots])
  return with_named_derivatives(both, [v.name for v in dots])


def with_rates(data: Trajectories,
               derivatives: Sequence[np.ndarray]) -> Trajectories:
  """Return trajectories with arrays of derivatives.

  Args:
    data: N trajectories.
    derivatives: N arrays `[T_i, D]`; rows with NaN are left out.

  Returns:
    The trajectories.

  Raises:
    InputError: if the shapes differ.

  Example:
    >>> data = as_trajectories(np.eye(3))
    >>> with_rates(data, [np.ones((3, 3))]).derivatives[0].shape
    (3, 3)
  """
  rates = tuple(np.asarray(r, np.float64) for r in derivatives)
  _same_shapes(data.states, rates)
  return _without_blanks(dataclasses.replace(data, derivatives=rates))


def _same_shapes(states: Sequence[np.ndarray],
                 rates: Sequence[np.ndarray]) -> None:
  got = [s.shape for s in states], [r.shape for r in rates]
  if got[0] != got[1] or any(s.ndim != 2 for s in states):
    raise InputError(f"{_TOLD} must have the shapes of the states, [T, D]: got "
                     f"{got[1][:3]} for {got[0][:3]}.")


def _pieces(data: Any) -> list[Any]:
  """The trajectories of arrays; one array `[T, D]` is one."""
  if isinstance(data, (list, tuple)) and len(data) and np.ndim(data[0]) == 2:
    return list(data)
  array = np.asarray(data, np.float64)
  return list(array) if array.ndim == 3 else [array]


def _owners(pairs: Sequence[tuple[str, Any]],
            data: Trajectories) -> dict[str, str]:
  """Name of the derivative by the name of its column."""
  columns = [v.name for v in data.variables]
  told = [str(of) for _, of in pairs if of]
  if not told:
    if len(pairs) != len(columns):
      raise InputError(f"{_TOLD} names {len(pairs)} columns for the "
                       f"{len(columns)} of the state ({', '.join(columns)}): "
                       "name one for each, or pairs as dx:x.")
    return dict(zip(columns, [n for n, _ in pairs]))
  strange = [of for of in told if of not in columns]
  if strange:
    raise InputError(f"{_TOLD}: {strange[0]!r} is no column of the state; "
                     f"they are {', '.join(columns)}.")
  if len(told) < len(pairs) or len(set(told)) < len(told):
    raise InputError(f"{_TOLD}: write one pair for each column, as dx:x,dv:v.")
  return {str(of): name for name, of in pairs}


def _without_blanks(data: Trajectories) -> Trajectories:
  """Leave out rows without all derivatives."""
  rates = data.derivatives or ()
  known = [np.isfinite(r).all(1) for r in rates]
  left = sum(int(np.sum(~k)) for k in known)
  if not left:
    return data
  kept = [n for n, k in enumerate(known) if k.any()]
  if not kept:
    raise InputError(f"{_TOLD}: each row has a blank among them.")
  pick = lambda arrays: tuple(arrays[n][known[n]] for n in kept)
  return dataclasses.replace(
      data,
      labels=tuple(data.labels[n] for n in kept),
      times=pick(data.times),
      states=pick(data.states),
      derivatives=pick(rates),
      clean=None if data.clean is None else pick(data.clean),
      others={
          name: pick(c) for name, c in data.others.items()
      },
      messages=(*data.messages, f"{left} rows left out: no derivatives"))
