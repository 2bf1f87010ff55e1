"""Which trajectories choose a law, and which judge it."""

from __future__ import annotations

from collections.abc import Iterator
import dataclasses

import numpy as np

_MAX_FOLDS = 5


@dataclasses.dataclass(frozen=True)
class Split:
  """Which trajectories choose and which judge.

  With nine trajectories or more, a third is held out: it takes no part in any
  choice. With fewer, each trajectory judges the law that is fitted to all the
  others (leave one out).

  Attributes:
    chosen: indices of the trajectories that the elimination sees.
    held_out: indices of the trajectories that give the evidence.
    leave_one_out: whether each trajectory is left out in turn; `chosen` and
      `held_out` are then the same.
  """
  chosen: tuple[int, ...]
  held_out: tuple[int, ...]
  leave_one_out: bool

  @classmethod
  def make(cls, count: int, seed: int) -> Split:
    """Split `count` trajectories at random.

    Example:
      >>> s = Split.make(9, 0)
      >>> len(s.chosen), len(s.held_out), s.leave_one_out
      (6, 3, False)
    """
    if count < 9:
      return cls(tuple(range(count)), tuple(range(count)), count > 1)
    order = np.random.default_rng(seed).permutation(count)
    third = count // 3
    return cls(tuple(map(int, np.sort(order[third:]))),
               tuple(map(int, np.sort(order[:third]))), False)

  def folds(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs (fit, judge) of indices of chosen trajectories."""
    chosen = np.array(self.chosen)
    count = min(len(chosen), _MAX_FOLDS)
    if count < 2:
      yield chosen, chosen
      return
    for n in range(count):
      judge = chosen[n::count]
      yield np.setdiff1d(chosen, judge), judge

  def judged(self) -> list[tuple[np.ndarray, np.ndarray]]:
    """Return pairs (fit, judge) that give the evidence."""
    if self.leave_one_out:
      chosen = np.array(self.chosen)
      return [(np.setdiff1d(chosen, [n]), np.array([n])) for n in chosen]
    return [(np.array(self.chosen), np.array(self.held_out))]

  def halves(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Return trajectories to fit, and others to verify."""
    if self.leave_one_out:
      return self.chosen[::2], self.chosen[1::2]
    return self.chosen, self.held_out
