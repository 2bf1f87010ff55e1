"""Trajectories made ready for networks: equally many states of each."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import functools

import jax
import jax.numpy as jnp
import numpy as np

from noether_jax.data import smoothing
from noether_jax.discovery.samples import Samples
from noether_jax.learned import safety

# States from each trajectory, all in all, and those at which gradients count.
_LONGEST = 144
_MOST_STATES = 2000
_POINTS = 1000
# An end of a spline has a poor derivative.
_ENDS = 2
_SLOW = .05


@dataclasses.dataclass(frozen=True, eq=False)
class Paths:
  """What a network is learned from: equally many states of each trajectory.

  Attributes:
    chosen: `[N, L, D]`, of the trajectories that are fitted.
    held_out: `[M, L, D]`, of the others; of the first, if all are fitted.
    velocities: `[N, L, D]`, of the chosen ones.
    spread: `[D]`, of the columns; 0 for constants of a trial.
    sigma: `[D]`, the noise that is left in the states.
    size: B, how many states represent all where gradients count.
  """
  chosen: np.ndarray
  held_out: np.ndarray
  velocities: np.ndarray
  spread: np.ndarray
  sigma: np.ndarray
  size: int = _POINTS

  @classmethod
  def make(cls, samples: Samples, chosen: Sequence[int] = ()) -> Paths:
    """Take states evenly from each trajectory.

    Args:
      samples: the trajectories.
      chosen: those that are fitted; by default the split's.
    """
    held = () if chosen else samples.split.held_out
    size = 2 * _POINTS if chosen else _POINTS
    chosen = chosen or samples.split.chosen
    length = int(np.clip(_MOST_STATES // len(chosen), 2 * _ENDS, _LONGEST))
    states, slopes = [], []
    for s, t in zip(samples.states, samples.times):
      rows = np.linspace(_ENDS, len(s) - 1 - _ENDS, length).round().astype(int)
      states.append(s[rows])
      slopes.append(
          np.stack([smoothing.smoothing_spline(t, c, 0.)[1] for c in s.T],
                   1)[rows])
    pick = lambda parts, index: np.stack([parts[n] for n in index or (0,)])
    return cls(pick(states, chosen), pick(states, held), pick(slopes, chosen),
               samples.spread, samples.noise.sigma * samples.gain, size)

  @functools.cached_property
  def points(self) -> np.ndarray:
    """`[B]`, which of the chosen states represent all."""
    count = self.chosen.shape[0] * self.chosen.shape[1]
    return np.linspace(0, count - 1, self.size).round().astype(int)

  def flat(self, array: np.ndarray) -> np.ndarray:
    """The points' rows of `[N, L, ...]`."""
    return array.reshape(-1, *array.shape[2:])[self.points]

  @functools.cached_property
  def region(self) -> safety.Region:
    """Where the chosen states lie; constants of a trial count, too."""
    with jax.enable_x64(True):
      found = safety.region(jnp.asarray(self.chosen))
    return jax.tree.map(np.asarray, found)

  @property
  def scale(self) -> np.ndarray:
    """`[D]`, by which columns are divided: 1 where nothing moves."""
    return np.where(self.spread > 0, self.spread, 1.)

  @functools.cached_property
  def directions(self) -> np.ndarray:
    """`[B, D]`, unit velocities in scaled coordinates, less where slow."""
    velocity = self.flat(self.velocities) / self.scale * (self.spread > 0)
    square = np.sum(velocity**2, -1, keepdims=True)
    return velocity / np.sqrt(square + _SLOW**2 * square.mean() + 1e-300)
