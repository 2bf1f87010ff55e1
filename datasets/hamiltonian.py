"""Trajectories of the ideal spring and pendulum, as HNN generates them.

The constants, the random numbers' order and the time grid are those of the code
that accompanies Hamiltonian Neural Networks (Greydanus et al. 2019,
github.com/greydanus/hamiltonian-nn, experiment-spring/data.py and
experiment-pend/data.py), so that one seed gives its initial states and noise.
Only the integrator is tighter: DOP853 keeps the energy to 1e-10.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from datasets.systems.catalogue import SYSTEMS
from datasets.systems.system import Sampling
from datasets.systems.system import Solver
from datasets.systems.system import trajectories
from noether_jax.data.trajectories import Trajectories

TARGETS = ("derivative", "difference")
DURATION = 3.0


def _start(low: float, high: float) -> Callable[[Any], np.ndarray]:
  """HNN's initial states; their random numbers are NumPy's legacy ones."""

  def start(random: np.random.RandomState) -> np.ndarray:
    direction = random.rand(2) * 2 - 1
    radius = random.rand() * (high - low) + low
    return direction / np.sqrt(np.sum(direction**2)) * radius

  return start


def _sampling(name: str, low: float, high: float, num_samples: int) -> Sampling:
  return Sampling(SYSTEMS[name],
                  _start(low, high),
                  DURATION,
                  num_samples,
                  relative_noise=False,
                  solver=Solver(atol=1e-14))


SPRING = _sampling("spring", 0.1, 1.0, 30)
PENDULUM = _sampling("pendulum", 1.3, 2.3, 45)
SAMPLINGS = {s.system.name: s for s in (SPRING, PENDULUM)}


def check_arguments(noise: float, targets: str, seed: int,
                    num_trajectories: int, num_samples: int) -> None:
  """Checks the arguments of `generate`.

  Args:
    noise: see `generate`, as are the others.
    targets: one of TARGETS.
    seed: of the random numbers.
    num_trajectories: N.
    num_samples: T.

  Raises:
    ValueError: for the first argument that is out of its range.
  """
  if not (np.isfinite(noise) and noise >= 0):
    raise ValueError(f"noise must be a number >= 0, got {noise}")
  if targets not in TARGETS:
    raise ValueError(f"targets must be one of {', '.join(TARGETS)}: "
                     f"got {targets!r}")
  if not 0 <= seed < 2**32:
    raise ValueError(f"seed must lie in [0, 2^32), got {seed}")
  if num_trajectories < 2:
    raise ValueError("num_trajectories must be at least 2, one to train and "
                     f"one to test: got {num_trajectories}")
  if num_samples < 2:
    raise ValueError(f"num_samples must be at least 2, got {num_samples}")


def generate(sampling: Sampling,
             *,
             noise: float = 0.1,
             targets: str = "derivative",
             seed: int = 0,
             num_trajectories: int = 50,
             num_samples: int | None = None) -> Trajectories:
  """HNN's data set, trajectory by trajectory.

  Initial states and clean paths depend on the seed and on T, not on the noise.

  Args:
    sampling: SPRING or PENDULUM.
    noise: standard deviation of the Gaussian noise on q and on p.
    targets: "derivative": the field at the clean state, as in HNN;
      "difference": (s[t+1] - s[t]) / dt of the observed sequence. The last
      difference needs a sample beyond the end; its noise is drawn from a stream
      of its own, so that both kinds of targets have the same states.
    seed: of numpy's legacy generator, which HNN uses.
    num_trajectories: N; HNN trains on the first half, tests on the second.
    num_samples: T in [0, 3], ends included; None for the system's own.

  Returns:
    N trajectories at T common times from 0 to 3 (the systems are
    dimensionless): the states (q, p) with noise and without it, and targets
    for d(q, p)/dt.

  Raises:
    ValueError: if an argument is out of its range.

  Example:
    >>> data = generate(PENDULUM, noise=0.)
    >>> len(data.states), data.states[0].shape
    (50, (45, 2))
  """
  if num_samples is None:
    num_samples = sampling.num_samples
  check_arguments(noise, targets, seed, num_trajectories, num_samples)
  random = np.random.RandomState(seed)
  time = np.linspace(0.0, DURATION, num_samples)
  step = DURATION / (num_samples - 1)
  extended = np.append(time, DURATION + step)
  clean, observed, beyond = [], [], []
  for index in range(num_trajectories):
    path = sampling.system.simulate(sampling.start(random), extended,
                                    sampling.solver)
    errors = np.stack([random.randn(num_samples) for _ in range(2)], axis=-1)
    clean.append(path[:-1])
    observed.append(path[:-1] + noise * errors)
    last = np.random.RandomState([seed, index]).randn(2)
    beyond.append(path[-1] + noise * last)
  paths, states = np.stack(clean), np.stack(observed)
  if targets == "derivative":
    derivatives = sampling.system.derivatives(paths, np)
  else:
    following = np.stack(beyond)[:, None]
    derivatives = np.diff(np.concatenate([states, following], 1), axis=1) / step
  return trajectories(sampling.system.variables, time, states, paths,
                      derivatives)
