"""Trajectories of the ideal spring and pendulum, as HNN generates them.

The constants, the random numbers' order and the time grid are those of the code
that accompanies Hamiltonian Neural Networks (Greydanus et al. 2019,
github.com/greydanus/hamiltonian-nn, experiment-spring/data.py and
experiment-pend/data.py), so that one seed gives its initial states and noise.
Only the integrator is tighter: DOP853 keeps the energy to 1e-10.
"""

from collections.abc import Callable
import dataclasses

import numpy as np
import scipy.integrate

TARGETS = ("derivative", "difference")
DURATION = 3.0


@dataclasses.dataclass(frozen=True)
class System:
  """A system with one degree of freedom and how its data are drawn.

  Attributes:
    name: its data set's name.
    hamiltonian: states `[..., 2]` (q, p) to energies `[...]`.
    field: states `[..., 2]` to (dq/dt, dp/dt) `[..., 2]`.
    radius: the initial state's distance from the origin is uniform in
      [radius[0], radius[1]).
    num_samples: T, the samples in [0, 3] in HNN's code.
  """
  name: str
  hamiltonian: Callable[[np.ndarray], np.ndarray]
  field: Callable[[np.ndarray], np.ndarray]
  radius: tuple[float, float]
  num_samples: int


@dataclasses.dataclass(frozen=True)
class Trajectories:
  """N trajectories of one system at T common times; all float64.

  Attributes:
    time: `[T]`, from 0 to 3 (the systems are dimensionless).
    states: `[N, T, 2]`, (q, p) with observation noise.
    clean: `[N, T, 2]`, the same without noise.
    derivatives: `[N, T, 2]`, targets for d(q, p)/dt.
  """
  time: np.ndarray
  states: np.ndarray
  clean: np.ndarray
  derivatives: np.ndarray


def _spring_field(states: np.ndarray) -> np.ndarray:
  q, p = states[..., 0], states[..., 1]
  return np.stack([2 * p, -2 * q], axis=-1)


def _pendulum_field(states: np.ndarray) -> np.ndarray:
  q, p = states[..., 0], states[..., 1]
  return np.stack([2 * p, -3 * np.sin(q)], axis=-1)


# HNN's code has q^2 + p^2, its text half of it: the same orbits at half speed.
SPRING = System(name="spring",
                hamiltonian=lambda s: s[..., 0]**2 + s[..., 1]**2,
                field=_spring_field,
                radius=(0.1, 1.0),
                num_samples=30)
PENDULUM = System(name="pendulum",
                  hamiltonian=lambda s: 3 *
                  (1 - np.cos(s[..., 0])) + s[..., 1]**2,
                  field=_pendulum_field,
                  radius=(1.3, 2.3),
                  num_samples=45)
SYSTEMS = {system.name: system for system in (SPRING, PENDULUM)}


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


def simulate(system: System, initial: np.ndarray,
             time: np.ndarray) -> np.ndarray:
  """One exact trajectory.

  Args:
    system: which one.
    initial: `[2]`, the state at time[0].
    time: `[T]`, increasing.

  Returns:
    `[T, 2]` float64 with a relative energy error below 1e-10.

  Raises:
    RuntimeError: if the integrator gives up.

  Example:
    >>> path = simulate(SPRING, np.array([1., 0.]), np.array([0., np.pi]))
    >>> np.allclose(path, [[1., 0.], [1., 0.]], atol=1e-10)
    True
  """
  solution = scipy.integrate.solve_ivp(lambda _, state: system.field(state),
                                       (time[0], time[-1]),
                                       initial,
                                       method="DOP853",
                                       t_eval=time,
                                       rtol=1e-12,
                                       atol=1e-14)
  if not solution.success:
    raise RuntimeError(f"{system.name}: {solution.message}")
  return solution.y.T


def generate(system: System,
             *,
             noise: float = 0.1,
             targets: str = "derivative",
             seed: int = 0,
             num_trajectories: int = 50,
             num_samples: int | None = None) -> Trajectories:
  """HNN's data set, trajectory by trajectory.

  Initial states and clean paths depend on the seed and on T, not on the noise.

  Args:
    system: SPRING or PENDULUM.
    noise: standard deviation of the Gaussian noise on q and on p.
    targets: "derivative": the field at the clean state, as in HNN;
      "difference": (s[t+1] - s[t]) / dt of the observed sequence. The last
      difference needs a sample beyond the end; its noise is drawn from a stream
      of its own, so that both kinds of targets have the same states.
    seed: of numpy's legacy generator, which HNN uses.
    num_trajectories: N; HNN trains on the first half, tests on the second.
    num_samples: T in [0, 3], ends included; None for the system's own.

  Returns:
    `Trajectories`.

  Raises:
    ValueError: if an argument is out of its range.

  Example:
    >>> generate(PENDULUM, noise=0.).states.shape
    (50, 45, 2)
  """
  if num_samples is None:
    num_samples = system.num_samples
  check_arguments(noise, targets, seed, num_trajectories, num_samples)
  random = np.random.RandomState(seed)
  time = np.linspace(0.0, DURATION, num_samples)
  step = DURATION / (num_samples - 1)
  extended = np.append(time, DURATION + step)
  low, high = system.radius
  clean, observed, beyond = [], [], []
  for index in range(num_trajectories):
    direction = random.rand(2) * 2 - 1
    radius = random.rand() * (high - low) + low
    initial = direction / np.sqrt(np.sum(direction**2)) * radius
    path = simulate(system, initial, extended)
    errors = np.stack([random.randn(num_samples) for _ in range(2)], axis=-1)
    clean.append(path[:-1])
    observed.append(path[:-1] + noise * errors)
    last = np.random.RandomState([seed, index]).randn(2)
    beyond.append(path[-1] + noise * last)
  paths, states = np.stack(clean), np.stack(observed)
  if targets == "derivative":
    derivatives = system.field(paths)
  else:
    following = np.stack(beyond)[:, None]
    derivatives = np.diff(np.concatenate([states, following], 1), axis=1) / step
  return Trajectories(time, states, paths, derivatives)
