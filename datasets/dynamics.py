"""Simulated systems with known conserved quantities, beyond HNN's two.

Every law and every field is written once, for NumPy and for JAX: `xp` is the
module to compute with.
"""

from collections.abc import Callable
import dataclasses
from typing import Any

import numpy as np
import scipy.integrate

Start = Callable[[np.random.Generator], np.ndarray]


@dataclasses.dataclass(frozen=True)
class System:
  """A system of ordinary differential equations.

  Attributes:
    name: what it is called on a command line.
    field: `(states [..., D], xp) -> d states / dt [..., D]`.
    laws: `(states [..., D], xp) -> [..., K]`, the known conserved quantities.
    law_names: K names.
    start: `random -> [D]`, an initial state.
    duration: length of a trajectory, dimensionless as all else.
    num_samples: T of a trajectory.
    columns: names and units, as `noether-discover --columns` takes them.
    momenta: columns that are momenta or velocities; the others are positions,
      or without any, neither.
    relative_noise: whether noise is in units of each column's spread; else in
      the states' own.
  """
  name: str
  field: Callable[..., Any]
  laws: Callable[..., Any]
  law_names: tuple[str, ...]
  start: Start
  duration: float
  num_samples: int
  columns: str
  momenta: tuple[int, ...] = ()
  relative_noise: bool = True

  def simulate(self, initial: np.ndarray, times: np.ndarray) -> np.ndarray:
    """One exact trajectory.

    Args:
      initial: `[D]`, the state at times[0].
      times: `[T]`, increasing.

    Returns:
      `[T, D]` float64; the laws hold to about 1e-10.

    Raises:
      RuntimeError: if the integrator gives up.
    """
    solution = scipy.integrate.solve_ivp(lambda _, s: self.field(s, np),
                                         (times[0], times[-1]),
                                         initial,
                                         method="DOP853",
                                         t_eval=times,
                                         rtol=1e-12,
                                         atol=1e-13)
    if not solution.success:
      raise RuntimeError(f"{self.name}: {solution.message}")
    return solution.y.T


def _box(low: float, high: float, size: int) -> Start:
  return lambda random: random.uniform(low, high, size)


def _pendulum_start(random: np.random.Generator) -> np.ndarray:
  """HNN's distribution: a random direction, a radius in [1.3, 2.3)."""
  direction = random.uniform(-1, 1, 2)
  return direction / np.hypot(*direction) * random.uniform(1.3, 2.3)


def _nonlinear_spring(s: Any, xp: Any) -> Any:
  q, p = s[..., :2], s[..., 2:]
  square = xp.sum(q * q, axis=-1, keepdims=True)
  return xp.concatenate([p, -q * (1 + square)], axis=-1)


def _angular_momentum(s: Any) -> Any:
  return s[..., 0] * s[..., 3] - s[..., 1] * s[..., 2]


def _nonlinear_spring_laws(s: Any, xp: Any) -> Any:
  square = xp.sum(s[..., :2]**2, axis=-1)
  kinetic = xp.sum(s[..., 2:]**2, axis=-1)
  return xp.stack([(kinetic + square) / 2 + square**2 / 4,
                   _angular_momentum(s)],
                  axis=-1)


def _kepler(s: Any, xp: Any) -> Any:
  q, p = s[..., :2], s[..., 2:]
  cube = xp.sum(q * q, axis=-1, keepdims=True)**1.5
  return xp.concatenate([p, -q / cube], axis=-1)


def _kepler_laws(s: Any, xp: Any) -> Any:
  kinetic = xp.sum(s[..., 2:]**2, axis=-1) / 2
  distance = xp.sqrt(xp.sum(s[..., :2]**2, axis=-1))
  return xp.stack([kinetic - 1 / distance, _angular_momentum(s)], axis=-1)


def _orbit(random: np.random.Generator) -> np.ndarray:
  """The perihelion of an ellipse, either way round."""
  size, e = random.uniform(0.8, 1.6), random.uniform(0.05, 0.5)
  turn = random.uniform(0, 2 * np.pi)
  axis = np.array([np.cos(turn), np.sin(turn)])
  across = np.array([-np.sin(turn), np.cos(turn)])
  speed = np.sqrt((1 + e) / (1 - e) / size) * random.choice([-1, 1])
  return np.concatenate([size * (1 - e) * axis, speed * across])


def _two_body(s: Any, xp: Any) -> Any:
  first, second, momenta = s[..., 0:2], s[..., 2:4], s[..., 4:]
  apart = first - second
  pull = apart / xp.sum(apart * apart, axis=-1, keepdims=True)**1.5
  return xp.concatenate([momenta, -pull, pull], axis=-1)


def _two_body_laws(s: Any, xp: Any) -> Any:
  a, b, u, v = (s[..., i:i + 2] for i in (0, 2, 4, 6))
  kinetic = xp.sum(u * u + v * v, axis=-1) / 2
  distance = xp.sqrt(xp.sum((a - b)**2, axis=-1))
  turn = (a[..., 0] * u[..., 1] - a[..., 1] * u[..., 0] +
          b[..., 0] * v[..., 1] - b[..., 1] * v[..., 0])
  return xp.stack([
      kinetic - 1 / distance, turn, u[..., 0] + v[..., 0], u[..., 1] + v[..., 1]
  ],
                  axis=-1)


def _pair(random: np.random.Generator) -> np.ndarray:
  """Two unit masses on nearly circular orbits, drifting together."""
  radius = random.uniform(0.5, 1.5)
  turn = random.uniform(0, 2 * np.pi)
  place = radius * np.array([np.cos(turn), np.sin(turn)])
  across = np.array([-np.sin(turn), np.cos(turn)]) / np.sqrt(4 * radius)
  velocity = across * random.uniform(0.85, 1.15) * random.choice([-1, 1])
  common = random.uniform(-0.1, 0.1, 2)
  return np.concatenate([place, -place, velocity + common, common - velocity])


def _lotka_volterra(s: Any, xp: Any) -> Any:
  x, y = s[..., 0], s[..., 1]
  return xp.stack([x * (1 - y), y * (x - 1)], axis=-1)


def _henon_heiles(s: Any, xp: Any) -> Any:
  x, y = s[..., 0], s[..., 1]
  return xp.stack([s[..., 2], s[..., 3], -x - 2 * x * y, -y - x**2 + y**2],
                  axis=-1)


def _henon_heiles_laws(s: Any, xp: Any) -> Any:
  x, y = s[..., 0], s[..., 1]
  return (xp.sum(s * s, axis=-1) / 2 + x**2 * y - y**3 / 3)[..., None]


_SYSTEMS = (
    System("pendulum",
           lambda s, xp: xp.stack([2 * s[..., 1], -3 * xp.sin(s[..., 0])], -1),
           lambda s, xp: (s[..., 1]**2 - 3 * xp.cos(s[..., 0]))[..., None],
           ("energy",),
           _pendulum_start,
           3.0,
           45,
           "q:rad,p:1/s", (1,),
           relative_noise=False),
    System("nonlinear_spring", _nonlinear_spring, _nonlinear_spring_laws,
           ("energy", "angular momentum"), _box(-1, 1, 4), 6.0, 60,
           "x:1,y:1,px:1/s,py:1/s", (2, 3)),
    System("kepler", _kepler, _kepler_laws, ("energy", "angular momentum"),
           _orbit, 6.0, 60, "x:m,y:m,vx:m/s,vy:m/s", (2, 3)),
    System("two_body", _two_body, _two_body_laws,
           ("energy", "angular momentum", "momentum x", "momentum y"), _pair,
           6.0, 60, "x1:m,y1:m,x2:m,y2:m,vx1:m/s,vy1:m/s,vx2:m/s,vy2:m/s",
           (4, 5, 6, 7)),
    System(
        "lotka_volterra",
        _lotka_volterra, lambda s, xp: xp.sum(s - xp.log(xp.maximum(s, 1e-6)),
                                              axis=-1)[..., None], ("V",),
        _box(0.5, 2.5, 2), 6.0, 60, "x:1,y:1"),
    System("henon_heiles", _henon_heiles, _henon_heiles_laws, ("energy",),
           _box(-0.3, 0.3, 4), 12.0, 60, "x:1,y:1,px:1/s,py:1/s", (2, 3)),
)
SYSTEMS = {system.name: system for system in _SYSTEMS}


@dataclasses.dataclass(frozen=True)
class Trajectories:
  """N noisy training trajectories and M clean, longer test trajectories.

  Attributes:
    time: `[T]`.
    states: `[N, T, D]` with observation noise.
    clean: `[N, T, D]` without.
    derivatives: `[N, T, D]`, the field at the clean states.
    test: `[M, L, D]`, clean, at multiples of the same time step.
    spread: `[D]`, standard deviation of the clean training states.
  """
  time: np.ndarray
  states: np.ndarray
  clean: np.ndarray
  derivatives: np.ndarray
  test: np.ndarray
  spread: np.ndarray


def generate(system: System,
             *,
             noise: float,
             seed: int,
             num_train: int,
             num_test: int = 25,
             stretch: int = 4) -> Trajectories:
  """Training and test trajectories of one seed.

  The starts do not depend on the noise; the first trajectories of a larger set
  are those of a smaller one, and the test set is the same for both.

  Args:
    system: one of SYSTEMS' values.
    noise: standard deviation of the noise, see `System.relative_noise`.
    seed: of starts and noise.
    num_train: N.
    num_test: M.
    stretch: how many times the training duration a test trajectory lasts.

  Returns:
    `Trajectories`.

  Raises:
    ValueError: if a number is out of its range.

  Example:
    >>> data = generate(SYSTEMS["kepler"], noise=0., seed=0, num_train=2,
    ...                 num_test=1)
    >>> data.states.shape, data.test.shape
    ((2, 60, 4), (1, 237, 4))
  """
  if not (np.isfinite(noise) and noise >= 0):
    raise ValueError(f"noise must be a number >= 0, got {noise}")
  if num_train < 2 or num_test < 1 or stretch < 1:
    raise ValueError("needed are num_train >= 2, num_test >= 1, stretch >= 1: "
                     f"got {num_train}, {num_test}, {stretch}")
  time = np.linspace(0.0, system.duration, system.num_samples)
  longer = np.arange(stretch * (system.num_samples - 1) + 1) * time[1]
  starts = np.random.default_rng([seed, 1])
  clean = np.stack(
      [system.simulate(system.start(starts), time) for _ in range(num_train)])
  starts = np.random.default_rng([seed, 2])
  test = np.stack(
      [system.simulate(system.start(starts), longer) for _ in range(num_test)])
  spread = clean.reshape(-1, clean.shape[-1]).std(0)
  sigma = noise * (np.ones_like(spread)
                   if not system.relative_noise else spread)
  errors = np.random.default_rng([seed, 3]).normal(size=clean.shape)
  return Trajectories(time, clean + sigma * errors, clean,
                      system.field(clean, np), test, spread)
