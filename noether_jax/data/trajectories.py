"""The one container of observed trajectories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
import dataclasses

import numpy as np

from noether_jax.data.columns import Variable


@dataclasses.dataclass(frozen=True)
class Trajectories:
  """Observed trajectories of one system.

  Attributes:
    variables: D columns.
    labels: N names of the trials.
    times: N arrays `[T_i]`, strictly increasing; each trial has its own.
    states: N arrays `[T_i, D]`.
    time_unit: text, may be empty.
    messages: choices that were made for the user.
    derivatives: N arrays `[T_i, D]` of time derivatives, or None.
    clean: N arrays `[T_i, D]`, the states without noise where a simulation
      knows them, or None.
    others: columns that are no state, such as a log of the energy: N arrays
      `[T_i]` by name, as written, with NaN where a cell is blank.
    timed: whether times were given; else they count rows.
    source: name of the file, for messages; empty for data in memory.
    converted: names of columns that were converted to another unit.
  """
  variables: tuple[Variable, ...]
  labels: tuple[str, ...]
  times: tuple[np.ndarray, ...]
  states: tuple[np.ndarray, ...]
  time_unit: str = ""
  messages: tuple[str, ...] = ()
  derivatives: tuple[np.ndarray, ...] | None = None
  clean: tuple[np.ndarray, ...] | None = None
  others: Mapping[str, tuple[np.ndarray,
                             ...]] = dataclasses.field(default_factory=dict)
  timed: bool = True
  source: str = ""
  converted: frozenset[str] = frozenset()

  def take(self, columns: Sequence[int]) -> Trajectories:
    """Return some of the columns.

    Args:
      columns: their indices.
    """
    chosen = list(columns)
    part = lambda arrays: arrays and tuple(a[:, chosen] for a in arrays)
    return dataclasses.replace(self,
                               variables=tuple(
                                   self.variables[i] for i in chosen),
                               states=part(self.states),
                               derivatives=part(self.derivatives),
                               clean=part(self.clean))
