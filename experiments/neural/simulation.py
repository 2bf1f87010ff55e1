"""Simulated training and test trajectories."""

from typing import NamedTuple

import numpy as np

from datasets.systems import starts
from datasets.systems.catalogue import SYSTEMS
from datasets.systems.system import Sampling
from noether_jax.data.trajectories import Trajectories

SAMPLINGS = {
    sampling.system.name: sampling for sampling in (
        Sampling(SYSTEMS["pendulum"],
                 starts.annulus(1.3, 2.3),
                 3.0,
                 45,
                 relative_noise=False),
        Sampling(SYSTEMS["nonlinear_spring"], starts.box(-1, 1, 4), 6.0, 60),
        Sampling(SYSTEMS["kepler"], starts.orbit, 6.0, 60),
        Sampling(SYSTEMS["two_body"], starts.pair, 6.0, 60),
        Sampling(SYSTEMS["lotka_volterra"], starts.box(0.5, 2.5, 2), 6.0, 60),
        Sampling(SYSTEMS["henon_heiles"], starts.box(-0.3, 0.3, 4), 12.0, 60),
    )
}


class Simulated(NamedTuple):
  """Noisy training trajectories and clean, longer test trajectories.

  Attributes:
    train: N trajectories of T samples, with derivatives.
    test: `[M, L, D]`, at multiples of the same time step.
  """
  train: Trajectories
  test: np.ndarray


def generate(sampling: Sampling,
             *,
             noise: float,
             seed: int,
             num_train: int,
             num_test: int = 25,
             stretch: int = 4) -> Simulated:
  """Training and test trajectories of one seed.

  The starts do not depend on the noise; the first trajectories of a larger set
  are those of a smaller one, and the test set is the same for both.

  Args:
    sampling: one of SAMPLINGS' values.
    noise: standard deviation of the noise, see `Sampling.relative_noise`.
    seed: of starts and noise.
    num_train: N.
    num_test: M.
    stretch: how many times the training duration a test trajectory lasts.

  Returns:
    `Simulated`.

  Raises:
    ValueError: if a number is out of its range.

  Example:
    >>> data = generate(SAMPLINGS["kepler"], noise=0., seed=0, num_train=2,
    ...                 num_test=1)
    >>> data.train.states[0].shape, data.test.shape
    ((60, 4), (1, 237, 4))
  """
  if not (np.isfinite(noise) and noise >= 0):
    raise ValueError(f"noise must be a number >= 0, got {noise}")
  if num_train < 2 or num_test < 1 or stretch < 1:
    raise ValueError("needed are num_train >= 2, num_test >= 1, stretch >= 1: "
                     f"got {num_train}, {num_test}, {stretch}")
  random = lambda part: np.random.default_rng([seed, part])
  count = stretch * (sampling.num_samples - 1) + 1
  clean = sampling.paths(num_train, random(1))
  test = sampling.paths(num_test, random(2),
                        np.arange(count) * sampling.times[1])
  return Simulated(sampling.observed(clean, noise, random(3)), test)
