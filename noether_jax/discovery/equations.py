"""Samples from equations of motion: states with exact rates of change."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from noether_jax.data.columns import as_variables
from noether_jax.data.columns import column_pairs
from noether_jax.data.columns import Variable
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
FEWEST = 50
_GROUPS = 12
MOST = 4000


def from_equations(equations: Equations,
                   sample: Any,
                   columns: Columns | None,
                   seed: int = 0) -> tuple[Trajectories, Samples]:
  """Evaluate equations of motion at states.

  Args:
    equations: the rates of change of one state, `[D] -> [D]`, or of many,
      `[n, D] -> [n, D]`; NumPy or JAX.
    sample: `[n, D]`, at least 50 states at which the equations hold, spread
      over the region of interest. A column that never changes is a constant of
      the equations, such as a mass; let it vary.
    columns: names and units; x0, x1, ... if None.
    seed: of the groups of states that choose and that judge.

  Returns:
    The states as trajectories without times, and as samples with rates.

  Raises:
    InputError: if the states or the rates cannot be used.
  """
  states, variables = _as_states(sample, columns)
  messages = []
  if len(states) > MOST:
    messages.append(f"{MOST} of {len(states)} states were used")
    chosen = np.random.default_rng(seed).permutation(len(states))[:MOST]
    states = states[np.sort(chosen)]
  rates = _rates(equations, states)
  known = np.isfinite(rates).all(1)
  if known.sum() < FEWEST:
    raise InputError("The equations give finite rates at only "
                     f"{int(known.sum())} states of {len(states)}.")
  if not known.all():
    messages.append(f"{int(np.sum(~known))} of {len(states)} states left out: "
                    "the equations give no finite rates there")
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
  return grouped(variables, states, rates / speed, tuple(still.tolist()), seed,
                 tuple(messages))


def _as_states(
    sample: Any,
    columns: Columns | None) -> tuple[np.ndarray, tuple[Variable, ...]]:
  """Return states as `[n, D]`, and their columns."""
  try:
    states = np.asarray(sample, np.float64)
  except (TypeError, ValueError) as error:
    raise InputError("`sample` must be states [n, D].") from error
  if states.ndim != 2 or len(states) < FEWEST:
    raise InputError(f"`sample` must be at least {FEWEST} states [n, D]: got "
                     f"the shape {states.shape}.")
  if not np.isfinite(states).all():
    raise InputError("`sample` must be finite.")
  told = [f"x{i}" for i in range(states.shape[1])
         ] if columns is None else columns
  variables = as_variables(told)
  if len(variables) != states.shape[1]:
    raise InputError(f"`columns` names {len(column_pairs(told))} columns: the "
                     f"states have {states.shape[1]}.")
  return states, variables


def grouped(
    variables: tuple[Variable, ...],
    states: np.ndarray,
    rates: np.ndarray,
    still: tuple[int, ...],
    seed: int,
    messages: tuple[str, ...],
    groups: Sequence[np.ndarray] | None = None) -> tuple[Trajectories, Samples]:
  """Put states into groups, which stand for trajectories.

  Args:
    variables: D columns.
    states: `[n, D]`.
    rates: `[n, D]`, in units of the time in which columns change by their
      spread.
    still: columns that never change.
    seed: of the groups.
    messages: what was done.
    groups: rows of each group; twelve random ones if None.

  Returns:
    The states as trajectories without times, and as samples with rates.
  """
  if groups is None:
    order = np.random.default_rng(seed).permutation(len(states))
    groups = np.array_split(order, _GROUPS)
  number = len(groups)
  parts = tuple(states[g] for g in groups)
  clocks = tuple(np.arange(float(len(g))) for g in groups)
  data = Trajectories(variables,
                      tuple(map(str, range(number))),
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
                    still,
                    Split.make(number, seed),
                    messages,
                    seed=seed,
                    rates=tuple(rates[g] for g in groups),
                    exact=_EXACT,
                    floor=_FLOOR)
  return data, samples


def _rates(equations: Equations, states: np.ndarray) -> np.ndarray:
  """Evaluate at `[n, D]`, at once or one by one.

  Raises:
    InputError: if the shape is wrong, or the equations fail at a state.
  """
  first = _rate(equations, states, 0)
  try:
    many = np.asarray(equations(states), np.float64)
    last = np.asarray(equations(states[-1]), np.float64)
    if many.shape == states.shape and np.allclose(
        many[0], first, rtol=1e-9, equal_nan=True) and np.allclose(
            many[-1], last, rtol=1e-9, equal_nan=True):
      return many
  except Exception:  # pylint: disable=broad-exception-caught
    pass  # They take one state.
  return np.stack([_rate(equations, states, i) for i in range(len(states))])


def _rate(equations: Equations, states: np.ndarray, number: int) -> np.ndarray:
  """Evaluate at one state.

  Raises:
    InputError: if the shape is wrong, or the equations fail.
  """
  state = states[number]
  where = f"state {number + 1} of {len(states)}"
  try:
    rate = np.asarray(equations(state), np.float64)
  except Exception as error:  # pylint: disable=broad-exception-caught
    raise InputError(f"The equations fail at {where}, {state.tolist()}: "
                     f"{type(error).__name__}: {error}") from error
  if rate.shape != state.shape:
    raise InputError("The equations must give one rate for each column: got "
                     f"the shape {rate.shape} at {where}.")
  return rate
