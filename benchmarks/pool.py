"""Data sets from a pool of exact trajectories that is simulated once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses

import numpy as np

from benchmarks import truth
from benchmarks.systems import SAMPLINGS
from datasets.systems.system import Sampling
from noether_jax.data.columns import Variable

Random = np.random.Generator
_POOL, _KNOWN = 60, 8
_NOISES = (0., .003, .01, .03, .1)


@dataclasses.dataclass(frozen=True)
class DataSet:
  """What is searched for laws, and what is true of it.

  Attributes:
    variables: d observed columns.
    states: N arrays `[T_i, d]`.
    times: N arrays `[T_i]`; None where rows have no times.
    known: exact trajectories of the system whose laws are true here; None where
      no law is.
    noise: size of the distortions, in spreads of a column.
  """
  variables: tuple[Variable, ...]
  states: Sequence[np.ndarray]
  times: Sequence[np.ndarray] | None
  known: truth.Exact | None = None
  noise: float = 0.

  def but(self,
          states: Sequence[np.ndarray],
          noise: float = 0.,
          lawless: bool = False) -> DataSet:
    """The same with distorted states, perhaps without any true law."""
    return dataclasses.replace(self,
                               states=list(states),
                               known=None if lawless else self.known,
                               noise=max(self.noise, noise))

  def rows(self, choose: Callable[[np.ndarray], np.ndarray]) -> DataSet:
    """Some rows of each trial: `indices -> indices`."""
    kept = [choose(np.arange(len(s))) for s in self.states]
    times = self.times and [t[k] for t, k in zip(self.times, kept)]
    return dataclasses.replace(self,
                               states=[s[k] for s, k in zip(self.states, kept)],
                               times=times)


Kind = Callable[[Random], DataSet]


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
  known = truth.exact(sampling, _POOL, 77)
  system, seen = known.system, sampling.visible
  chosen = random.permutation(_POOL)[:random.integers(*count, endpoint=True)]
  clean, noise = known.paths[chosen], random.choice(noises)
  error = noise * clean.reshape(-1, clean.shape[-1]).std(0)
  error[list(system.constants)] = 0
  states = clean + error * random.normal(size=clean.shape)
  return DataSet(tuple(system.variables[i] for i in seen),
                 list(states[..., seen]), [known.times] * len(clean),
                 known._replace(paths=known.paths[:_KNOWN]), noise)


def named(names: Sequence[str], **settings: object) -> Kind:
  """The kind of data that `drawn` takes with these settings."""
  return lambda random: drawn(random, names, **settings)  # type: ignore
