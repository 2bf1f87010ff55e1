"""What data must hold so that a law can be looked for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from noether_jax.data.columns import Variable
from noether_jax.discovery.samples import find_constants
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.velocities import can_have_velocities
from noether_jax.errors import InputError

MIN_ROWS = 20


def check_columns(states: Sequence[np.ndarray],
                  variables: Sequence[Variable]) -> None:
  """Refuse data in which no law can be looked for.

  Args:
    states: N arrays `[T_i, D]`.
    variables: D columns.

  Raises:
    InputError: if a column never changes in all the data, is not finite or
      beyond 1e30, or a trajectory is shorter than 20 samples.

  Example:
    >>> check_columns([np.ones((30, 1))], [Variable("q")])
    Traceback (most recent call last):
    ...
    noether_jax.errors.InputError: Column 'q' never changes, so it is ...
  """
  if not states:
    raise InputError("There is no trajectory.")
  for n, s in enumerate(states):
    if len(s) < MIN_ROWS:
      raise InputError(
          f"Trajectory {n + 1} of {len(states)} has {len(s)} rows: "
          f"at least {MIN_ROWS} are needed.")
  for i, variable in enumerate(variables):
    columns = [s[:, i] for s in states]
    largest = max(np.abs(c).max() for c in columns)
    if not largest < 1e30:
      raise InputError(f"Column {variable.name!r} holds values beyond 1e30 or "
                       "not finite: choose other units or mend the rows.")
    still = all(np.ptp(c) <= 1e-12 * max(largest, 1e-300) for c in columns)
    if still and i not in find_constants(states):
      raise InputError(f"Column {variable.name!r} never changes, so it is "
                       "trivially conserved: leave it out of the columns.")


def need_velocity(samples: Samples) -> None:
  """Refuse a single column whose derivative cannot be estimated.

  Raises:
    InputError: if there are no times, or too few rows.
  """
  if not can_have_velocities(samples):
    raise InputError(
        f"One column of state, {samples.variables[0].name!r}: a law needs two "
        "or more. Its time derivative could be estimated as a second one, if "
        "the data held times and enough rows (40 in each trial).")
