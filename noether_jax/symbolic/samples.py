"""Trajectories as one array, and the scatter of quantities along them."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class StackedStates:
  """States of N trajectories, one after the other.

  Attributes:
    states: `[M, D]` float64.
    starts: `[N]`, the first row of each trajectory.
  """
  states: np.ndarray
  starts: np.ndarray

  @property
  def lengths(self) -> np.ndarray:
    """Return `[N]`, the number of states of each trajectory."""
    return np.diff(np.append(self.starts, len(self.states)))

  def centred(self, values: np.ndarray) -> np.ndarray:
    """Return values `[..., M]` without their trajectory's mean."""
    sums = np.add.reduceat(values, self.starts, axis=-1)
    return values - np.repeat(sums / self.lengths, self.lengths, axis=-1)

  def shuffled(self, seed: int) -> "StackedStates":
    """Return the null: the same states, assigned to trajectories at random."""
    order = np.random.default_rng(seed).permutation(len(self.states))
    return dataclasses.replace(self, states=self.states[order])

  def thinned(self, most: int) -> "StackedStates":
    """Return at most about `most` states, evenly over the trajectories."""
    step = max(1, -(-len(self.states) // most))
    return concatenate([part[::step] for part in self.split()])

  def split(self) -> list[np.ndarray]:
    """Return the N trajectories, each `[T_n, D]`."""
    return np.split(self.states, self.starts[1:])


def concatenate(trajectories: Sequence[np.ndarray]) -> StackedStates:
  """Put trajectories into one array.

  Args:
    trajectories: N arrays `[T_n, D]`, of any lengths.

  Returns:
    The samples, in float64.

  Raises:
    ValueError: if there are fewer than two trajectories, one is not
      `[T_n, D]` with the others' D, has fewer than two states, or holds a
      value which is not finite.

  Example:
    >>> concatenate([np.zeros((2, 1)), np.ones((3, 1))]).starts.tolist()
    [0, 2]
  """
  arrays = [np.asarray(t, np.float64) for t in trajectories]
  if len(arrays) < 2:
    raise ValueError("A conserved quantity shows in how it differs between "
                     f"trajectories: at least 2 are needed, got {len(arrays)}. "
                     "Cut a long one into windows.")
  shapes = [a.shape for a in arrays]
  if any(len(s) != 2 or s[0] < 2 or s[1] != shapes[0][-1] for s in shapes):
    raise ValueError("`trajectories` must be arrays [T, D] with T >= 2 and one "
                     f"D: got shapes {sorted(set(shapes))}.")
  states = np.concatenate(arrays)
  if not np.isfinite(states).all():
    raise ValueError("`trajectories` must be finite: got "
                     f"{int((~np.isfinite(states)).sum())} other values.")
  lengths = [len(a) for a in arrays]
  return StackedStates(states, np.cumsum([0, *lengths[:-1]]))
