"""Simulated systems with and without conserved quantities."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses

import numpy as np
from scipy import integrate

from noether_jax.data.columns import parse_columns
from noether_jax.data.columns import Variable
from noether_jax.discovery.law import Law

Field = Callable[[float, np.ndarray], list[float]]
Start = Callable[[np.random.Generator], np.ndarray]


@dataclasses.dataclass(frozen=True)
class System:
  """A system of ordinary differential equations.

  Attributes:
    field: `(t, state) -> d state / dt`.
    start: `random -> state`.
    duration: time of one trajectory.
    step: time between samples.
    columns: names and units.
    laws: number of independent laws in the library's reach.
    check: states `[n, D]` -> the known quantities `[n, laws]`.
  """
  field: Field
  start: Start
  duration: float
  step: float
  columns: str
  laws: int = 0
  check: Callable[[np.ndarray], np.ndarray] | None = None

  @property
  def variables(self) -> tuple[Variable, ...]:
    """The columns."""
    return parse_columns(self.columns)

  def simulate(self, count: int, noise: float,
               seed: int) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Trajectories to 1e-10 and their times, with noise relative to the spread.

    Args:
      count: number of trajectories N.
      noise: standard deviation over that of each column.
      seed: of starts and noise.

    Returns:
      N states `[T, D]` and N times `[T]`.
    """
    random = np.random.default_rng(seed)
    times = np.arange(0, self.duration, self.step)
    states = [
        integrate.solve_ivp(self.field, (0, self.duration),
                            self.start(random),
                            t_eval=times,
                            rtol=1e-10,
                            atol=1e-12).y.T for _ in range(count)
    ]
    spread = np.concatenate(states).std(0)
    return [s + noise * spread * random.normal(size=s.shape) for s in states
           ], [times] * count


def _box(low: float, high: float, size: int) -> Start:
  return lambda random: random.uniform(low, high, size)


def _double_pendulum(_: float, s: np.ndarray) -> list[float]:
  """Two unit masses on two unit rods, g = 9.8."""
  a, b, u, v = s
  g, sin, cos = 9.8, np.sin(a - b), np.cos(a - b)
  below = 2 - cos**2
  du = -sin * (v * v + u * u * cos) - g * (2 * np.sin(a) - np.sin(b) * cos)
  dv = sin * (2 * u * u + v * v * cos) + 2 * g * (np.sin(a) * cos - np.sin(b))
  return [u, v, du / below, dv / below]


def _kepler(_: float, s: np.ndarray) -> list[float]:
  cube = (s[0]**2 + s[1]**2)**1.5
  return [s[2], s[3], -s[0] / cube, -s[1] / cube]


def _orbit(random: np.random.Generator) -> np.ndarray:
  """Starts at the perihelion of an ellipse, either way round."""
  size, e = random.uniform(.8, 1.6), random.uniform(.05, .5)
  turn = random.uniform(0, 2 * np.pi)
  axis, across = np.array([np.cos(turn), np.sin(turn)
                          ]), np.array([-np.sin(turn),
                                        np.cos(turn)])
  speed = np.sqrt((1 + e) / (1 - e) / size) * random.choice([-1, 1])
  return np.concatenate([size * (1 - e) * axis, speed * across])


def _stack(*parts: np.ndarray) -> np.ndarray:
  return np.stack(parts, axis=-1)


def _angular_momentum(s: np.ndarray) -> np.ndarray:
  return s[:, 0] * s[:, 3] - s[:, 1] * s[:, 2]


SYSTEMS = {
    "spring":
        System(lambda t, s: [s[1], -s[0]], _box(-1, 1, 2), 10, .1, "q:1,p:1/s",
               1, lambda s: _stack(s[:, 0]**2 + s[:, 1]**2)),
    "pendulum":
        System(lambda t, s: [2 * s[1], -3 * np.sin(s[0])], _box(-1.5, 1.5, 2),
               10, .05, "q:rad,p:1/s", 1,
               lambda s: _stack(s[:, 1]**2 - 3 * np.cos(s[:, 0]))),
    "nonlinear spring 2-D":
        System(
            lambda t, s: [
                s[2], s[3], -s[0] * (1 + s[0]**2 + s[1]**2), -s[1] *
                (1 + s[0]**2 + s[1]**2)
            ], _box(-1, 1, 4), 12, .05, "x:1,y:1,px:1/s,py:1/s", 2,
            lambda s: _stack(
                s[:, 2]**2 + s[:, 3]**2 + s[:, 0]**2 + s[:, 1]**2 +
                (s[:, 0]**2 + s[:, 1]**2)**2 / 2, _angular_momentum(s))),
    "Kepler":
        System(
            _kepler, _orbit, 12, .05, "x:m,y:m,vx:m/s,vy:m/s", 2,
            lambda s: _stack(
                s[:, 2]**2 + s[:, 3]**2 - 2 / np.hypot(s[:, 0], s[:, 1]),
                _angular_momentum(s))),
    "Lotka-Volterra":
        System(lambda t, s: [s[0] * (1 - s[1]), s[1] * (s[0] - 1)],
               _box(.5, 2.5, 2), 12, .05, "x:1,y:1", 1, lambda s: _stack(
                   (s - np.log(np.maximum(s, 1e-9))).sum(1))),
    "Henon-Heiles":
        System(
            lambda t, s:
            [s[2], s[3], -s[0] - 2 * s[0] * s[1], -s[1] - s[0]**2 + s[1]**2],
            _box(-.3, .3, 4), 30, .1, "x:1,y:1,px:1/s,py:1/s", 1,
            lambda s: _stack(
                (s**2).sum(1) + 2 * s[:, 0]**2 * s[:, 1] - 2 / 3 * s[:, 1]**3)),
    "double pendulum":
        System(
            _double_pendulum, lambda r: np.r_[r.uniform(-1.5, 1.5, 2),
                                              r.uniform(-1, 1, 2)], 6, .01,
            "o1:rad,o2:rad,w1:1/s,w2:1/s", 1,
            lambda s: _stack(s[:, 2]**2 + s[:, 3]**2 / 2 + s[:, 2] * s[:, 3] *
                             np.cos(s[:, 0] - s[:, 1]) - 19.6 * np.cos(
                                 s[:, 0]) - 9.8 * np.cos(s[:, 1]))),
    "Van der Pol":
        System(lambda t, s: [s[1], (1 - s[0]**2) * s[1] - s[0]], _box(-2, 2, 2),
               15, .05, "x:1,v:1/s"),
    "Lorenz":
        System(
            lambda t, s: [
                10 * (s[1] - s[0]), s[0] *
                (28 - s[2]) - s[1], s[0] * s[1] - 8 / 3 * s[2]
            ], lambda r: np.r_[0, 0, 25] + 8 * r.normal(size=3), 10, .01,
            "x:1,y:1,z:1"),
    "damped spring":
        System(lambda t, s: [s[1], -s[0] - .1 * s[1]], _box(-1, 1, 2), 15, .1,
               "q:1,p:1/s"),
    "weakly damped spring":
        System(lambda t, s: [s[1], -s[0] - .01 * s[1]], _box(-1, 1, 2), 15, .1,
               "q:1,p:1/s"),
    "driven Duffing":
        System(
            lambda t, s:
            [s[1], s[0] - s[0]**3 - .2 * s[1] + .3 * np.cos(1.2 * t)],
            _box(-1, 1, 2), 30, .1, "q:1,p:1/s"),
    "Rossler":
        System(
            lambda t, s:
            [-s[1] - s[2], s[0] + .2 * s[1], .2 + s[2] * (s[0] - 5.7)],
            _box(-3, 3, 3), 40, .1, "x:1,y:1,z:1"),
}


def is_true(law: Law, system: System, states: np.ndarray) -> bool:
  """Whether a law is a function of the system's known quantities."""
  if system.check is None:
    return False
  scale = states.std(0)
  step = 1e-5 * scale
  columns = [(system.check(states + d) - system.check(states - d)) / 2e-5
             for d in np.diag(step)]
  known = np.stack(columns, axis=-1)
  found = law.gradient(states) * scale
  angles = []
  for k, g in zip(known, found):
    base = np.linalg.svd(k, full_matrices=False)[2]
    unit = g / max(np.linalg.norm(g), 1e-300)
    angles.append(np.linalg.norm(unit - base.T @ (base @ unit)))
  return bool(np.median(angles) < np.sin(np.deg2rad(5)))
