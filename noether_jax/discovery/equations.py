"""Samples from equations of motion: states with exact rates of change."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from noether_jax.data.columns import as_variables
from noether_jax.data.columns import column_pairs
from noether_jax.data.conversion import Columns
from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.split import Split
from noether_jax.errors import InputError
from noether_jax.symbolic.noise import StateNoise

Equations = Callable[[Any], Any]

# Rates are exact to rounding: squares of relative rates below this are none.
_EXACT = 1e-12
_FLOOR = 1e-14
_FEWEST = 50
_GROUPS = 12
_MOST = 4000


def from_equations(equations: Equations, sample: Any,
                   columns: Columns | None) -> tuple[Trajectories, Samples]:
  """Evaluate equations of motion at states.

  Args:
    equations: the rates of change of one state, `[D] -> [D]`, or of many,
      `[n, D] -> [n, D]`; NumPy or JAX.
    sample: `[n, D]`, at least 50 states at which the equations hold, spread
      over the region of interest. A column that never changes is a constant of
      the equations, such as a mass; let it vary.
    columns: names and units; x0, x1, ... if None.

  Returns:
    The states as trajectories without times, and as samples with rates.

  Raises:
    InputError: if the states or the rates cannot be used.
  """
  try:
    states = np.asarray(sample, np.float64)
  except (TypeError, ValueError) as error:
    raise InputError("`sample` must be states [n, D].") from error
  if states.ndim != 2 or len(states) < _FEWEST:
    raise InputError(f"`sample` must be at least {_FEWEST} states [n, D]: got "
                     f"the shape {states.shape}.")
  if not np.isfinite(states).all():
    raise InputError("`sample` must be finite.")
  names = [f"x{i}" for i in range(states.shape[1])]
  variables = as_variables(names if columns is None else columns)
  if len(variables) != states.shape[1]:
    pairs = column_pairs(names if columns is None else columns)
    raise InputError(f"`columns` names {len(pairs)} columns: the states have "
                     f"{states.shape[1]}.")
  states = states[:_MOST]
  rates = _rates(equations, states)
  known = np.isfinite(rates).all(1)
  if known.sum() < _FEWEST:
    raise InputError("The equations give finite rates at only "
                     f"{int(known.sum())} states of {len(states)}.")
  states, rates = states[known], rates[known]
  moving = np.any(rates != 0, axis=0)
  still = np.flatnonzero(~moving)
  fixed = [i for i in still if not np.ptp(states[:, i])]
  if fixed:
    raise InputError(f"Column {variables[fixed[0]].name!r} never changes: let "
                     "it vary in `sample`, or leave it out.")
  if not moving.any():
    raise InputError("The equations change nothing at these states.")
  # In units of the time in which the columns change by their spread.
  speed = np.sqrt(np.mean((rates[:, moving] / states[:, moving].std(0))**2))
  groups = np.array_split(
      np.random.default_rng(0).permutation(len(states)), _GROUPS)
  parts = tuple(states[g] for g in groups)
  clocks = tuple(np.arange(float(len(g))) for g in groups)
  data = Trajectories(variables,
                      tuple(map(str, range(_GROUPS))),
                      clocks,
                      parts,
                      timed=False)
  count = len(variables)
  samples = Samples(variables,
                    parts,
                    parts,
                    clocks,
                    StateNoise(np.zeros(count)),
                    np.ones(count),
                    False,
                    tuple(still.tolist()),
                    Split.make(_GROUPS, 0),
                    rates=tuple(rates[g] / speed for g in groups),
                    exact=_EXACT,
                    floor=_FLOOR)
  return data, samples


def _rates(equations: Equations, states: np.ndarray) -> np.ndarray:
  """Evaluate at `[n, D]`, at once or one by one.

  Raises:
    InputError: if the shape is wrong, or the equations fail.
  """
  try:
    one = np.asarray(equations(states[0]), np.float64)
  except Exception as error:  # pylint: disable=broad-exception-caught
    raise InputError(f"The equations fail at the first state: "
                     f"{type(error).__name__}: {error}") from error
  if one.shape != states[0].shape:
    raise InputError("The equations must give one rate for each column: got "
                     f"the shape {one.shape} for a state of {len(states[0])} "
                     "columns.")
  try:
    many = np.asarray(equations(states), np.float64)
    last = np.asarray(equations(states[-1]), np.float64)
    if many.shape == states.shape and np.allclose(
        many[0], one, rtol=1e-9, equal_nan=True) and np.allclose(
            many[-1], last, rtol=1e-9, equal_nan=True):
      return many
  except Exception:  # pylint: disable=broad-exception-caught
    pass  # They take one state.
  return np.stack([np.asarray(equations(s), np.float64) for s in states])
