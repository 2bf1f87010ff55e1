"""What a problem's predictors learn from, what chooses and what judges them."""

import dataclasses

import numpy as np

from datasets.systems.system import trajectories
from experiments.benchmark.config import Config
from experiments.benchmark.config import Problem
from noether_jax.data.trajectories import Trajectories


@dataclasses.dataclass(frozen=True)
class Data:
  """Simulations of one problem; D columns.

  Attributes:
    observed: the training simulations: exact states, noisy derivatives.
    states: `[n, D]`, all their rows.
    derivatives: `[n, D]`.
    validation_states: `[m, D]`, rows that choose.
    validation_derivatives: `[m, D]`, with noise, too.
    validation: `[M, T, D]`, the paths of these rows.
    tests: `[L, U, D]`, paths that judge.
  """
  observed: Trajectories
  states: np.ndarray
  derivatives: np.ndarray
  validation_states: np.ndarray
  validation_derivatives: np.ndarray
  validation: np.ndarray
  tests: np.ndarray


def simulate(problem: Problem, config: Config, seed: int) -> Data:
  """All simulations of a seed.

  Args:
    problem: which one.
    config: the protocol.
    seed: of the starts and the noise; the tests have another one.

  Returns:
    The data.

  Raises:
    RuntimeError: if the solver gives up.
  """
  sampling, system = config.sampling(problem), config.sampling(problem).system
  random = np.random.default_rng([seed, 0])
  count = config.train + config.validation
  # Those set aside are drawn, so that the random numbers are the protocol's.
  paths = sampling.paths(count + config.unused, random)[:count]
  derivatives = np.asarray(system.derivatives(paths, np))
  derivatives = derivatives + config.noise * random.normal(size=paths.shape)
  train, rest = paths[:config.train], paths[config.train:]
  slopes, more = derivatives[:config.train], derivatives[config.train:]
  times = np.linspace(0., config.test_duration, config.test_samples)
  tests = sampling.paths(config.tests, np.random.default_rng([seed, 1]), times)
  flat = lambda a: a.reshape(-1, a.shape[-1])
  observed = dataclasses.replace(trajectories(system.variables, sampling.times,
                                              train, train, slopes),
                                 clean=None)
  return Data(observed, flat(train), flat(slopes), flat(rest), flat(more), rest,
              tests)
