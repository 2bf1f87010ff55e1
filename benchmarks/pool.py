"""Data sets from a pool of exact trajectories that is simulated once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import functools

import numpy as np

from benchmarks.systems import SAMPLINGS
from datasets.systems.system import Sampling
from datasets.systems.system import System
from noether_jax.data.columns import Variable

Random = np.random.Generator
_POOL = 60
_MOST_ROWS = 300
_NOISES = (0., .003, .01, .03, .1)


@dataclasses.dataclass(frozen=True)
class DataSet:
  """What is searched for laws, and what is true of it.

  Attributes:
    variables: d observed columns.
    states: N arrays `[T_i, d]`.
    times: N arrays `[T_i]`; None where rows have no times.
    system: whose laws are true here; None where none is.
    exact: `[n, D]`, exact states of that system, all its columns.
  """
  variables: tuple[Variable, ...]
  states: Sequence[np.ndarray]
  times: Sequence[np.ndarray] | None
  system: System | None = None
  exact: np.ndarray | None = None

  def but(self, states: Sequence[np.ndarray], lawless: bool = False) -> DataSet:
    """The same with other states, perhaps without any true law."""
    system = None if lawless else self.system
    return dataclasses.replace(self, states=list(states), system=system)

  def rows(self, choose: Callable[[np.ndarray], np.ndarray]) -> DataSet:
    """Some rows of each trial: `indices -> indices`."""
    kept = [choose(np.arange(len(s))) for s in self.states]
    times = self.times and [t[k] for t, k in zip(self.times, kept)]
    return dataclasses.replace(self,
                               states=[s[k] for s, k in zip(self.states, kept)],
                               times=times)


Kind = Callable[[Random], DataSet]


@functools.cache
def pool(sampling: Sampling) -> np.ndarray:
  """Exact trajectories `[N, T, D]`, with at most 300 samples each."""
  paths = sampling.paths(_POOL, np.random.default_rng(77))
  return paths[:, ::-(-paths.shape[1] // _MOST_ROWS)]


def drawn(random: Random,
          names: Sequence[str],
          count: tuple[int, int] = (6, 20),
          noises: Sequence[float] = _NOISES,
          sampling: Sampling | None = None) -> DataSet:
  """Take some trajectories of a system, with noise.

  Args:
    random: of the choices and of the noise.
    names: of SAMPLINGS; one of them is taken.
    count: least and largest number of trajectories.
    noises: one of them is taken, in spreads of a column.
    sampling: instead of `names`.
  """
  sampling = sampling or SAMPLINGS[random.choice(names)]
  system, seen, known = sampling.system, sampling.visible, pool(sampling)
  chosen = random.permutation(_POOL)[:random.integers(*count, endpoint=True)]
  clean = known[chosen]
  noise = random.choice(noises) * clean.reshape(-1, clean.shape[-1]).std(0)
  noise[list(system.constants)] = 0
  states = clean + noise * random.normal(size=clean.shape)
  times = sampling.times[::-(-sampling.num_samples // _MOST_ROWS)]
  exact = clean.reshape(-1, clean.shape[-1])
  return DataSet(tuple(system.variables[i] for i in seen),
                 list(states[..., seen]), [times] * len(clean), system,
                 exact[::max(1,
                             len(exact) // 200)])


def named(names: Sequence[str], **settings: object) -> Kind:
  """The kind of data that `drawn` takes with these settings."""
  return lambda random: drawn(random, names, **settings)  # type: ignore
