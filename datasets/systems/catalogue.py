"""The systems: their equations, laws and columns; dimensionless but for names.

Greydanus et al. 2019 (HNN) have the spring and the pendulum; the constants of
both are those of their code.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from datasets.systems.system import Start
from datasets.systems.system import System

_PLANE = "x:1,y:1,px:1/s,py:1/s"
_GRAVITY = 9.8


def box(low: float, high: float, size: int) -> Start:
  """Starts with every column uniform in [low, high)."""
  return lambda random: random.uniform(low, high, size)


def annulus(low: float, high: float) -> Start:
  """Starts in the plane in a random direction, at a radius in [low, high)."""

  def start(random: np.random.Generator) -> np.ndarray:
    direction = random.uniform(-1, 1, 2)
    return direction / np.hypot(*direction) * random.uniform(low, high)

  return start


def orbit(random: np.random.Generator) -> np.ndarray:
  """The perihelion of a Kepler ellipse, either way round."""
  size, e = random.uniform(0.8, 1.6), random.uniform(0.05, 0.5)
  turn = random.uniform(0, 2 * np.pi)
  axis = np.array([np.cos(turn), np.sin(turn)])
  across = np.array([-np.sin(turn), np.cos(turn)])
  speed = np.sqrt((1 + e) / (1 - e) / size) * random.choice([-1, 1])
  return np.concatenate([size * (1 - e) * axis, speed * across])


def pair(random: np.random.Generator) -> np.ndarray:
  """Two unit masses on nearly circular orbits, drifting together."""
  radius = random.uniform(0.5, 1.5)
  turn = random.uniform(0, 2 * np.pi)
  place = radius * np.array([np.cos(turn), np.sin(turn)])
  across = np.array([-np.sin(turn), np.cos(turn)]) / np.sqrt(4 * radius)
  velocity = across * random.uniform(0.85, 1.15) * random.choice([-1, 1])
  common = random.uniform(-0.1, 0.1, 2)
  return np.concatenate([place, -place, velocity + common, common - velocity])


def _stack(*columns: Any, xp: Any) -> Any:
  return xp.stack(columns, axis=-1)


def _columns(function: Callable[..., tuple[Any, ...]]) -> Callable[..., Any]:
  """A function of the columns, and of the time if driven, for states."""

  def apply(s: Any, xp: Any, *time: Any) -> Any:
    return xp.stack(function(*(s[..., i] for i in range(s.shape[-1])), xp,
                             *time),
                    axis=-1)

  return apply


def _harmonic(s: Any, xp: Any) -> Any:
  del xp
  return (s[..., 0]**2 + s[..., 1]**2)[..., None]


def _pendulum_law(factor: float) -> Callable[..., Any]:
  return lambda s, xp: (s[..., 1]**2 - factor * xp.cos(s[..., 0]))[..., None]


def _nonlinear_spring(s: Any, xp: Any) -> Any:
  q, p = s[..., :2], s[..., 2:]
  square = xp.sum(q * q, axis=-1, keepdims=True)
  return xp.concatenate([p, -q * (1 + square)], axis=-1)


def _angular_momentum(s: Any) -> Any:
  return s[..., 0] * s[..., 3] - s[..., 1] * s[..., 2]


def _nonlinear_spring_laws(s: Any, xp: Any) -> Any:
  square = xp.sum(s[..., :2]**2, axis=-1)
  kinetic = xp.sum(s[..., 2:]**2, axis=-1)
  energy = (kinetic + square) / 2 + square**2 / 4
  return _stack(energy, _angular_momentum(s), xp=xp)


def _kepler(s: Any, xp: Any) -> Any:
  q, p = s[..., :2], s[..., 2:]
  cube = xp.sum(q * q, axis=-1, keepdims=True)**1.5
  return xp.concatenate([p, -q / cube], axis=-1)


def _kepler_laws(s: Any, xp: Any) -> Any:
  kinetic = xp.sum(s[..., 2:]**2, axis=-1) / 2
  distance = xp.sqrt(xp.sum(s[..., :2]**2, axis=-1))
  return _stack(kinetic - 1 / distance, _angular_momentum(s), xp=xp)


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
  return _stack(kinetic - 1 / distance,
                turn,
                u[..., 0] + v[..., 0],
                u[..., 1] + v[..., 1],
                xp=xp)


def _lotka_volterra_law(s: Any, xp: Any) -> Any:
  return xp.sum(s - xp.log(xp.maximum(s, 1e-6)), axis=-1)[..., None]


def _henon_heiles_law(s: Any, xp: Any) -> Any:
  x, y = s[..., 0], s[..., 1]
  return (xp.sum(s * s, axis=-1) / 2 + x**2 * y - y**3 / 3)[..., None]


def _double_pendulum(a: Any, b: Any, u: Any, v: Any, xp: Any) -> Any:
  """Two unit masses on two unit rods."""
  g, sin, cos = _GRAVITY, xp.sin(a - b), xp.cos(a - b)
  below = 2 - cos**2
  du = (-sin * (v * v + u * u * cos) - g *
        (2 * xp.sin(a) - xp.sin(b) * cos)) / below
  dv = (sin * (2 * u * u + v * v * cos) + 2 * g *
        (xp.sin(a) * cos - xp.sin(b))) / below
  return u, v, du, dv


def _double_pendulum_law(a: Any, b: Any, u: Any, v: Any, xp: Any) -> Any:
  kinetic = u**2 + v**2 / 2 + u * v * xp.cos(a - b)
  return (kinetic - _GRAVITY * (2 * xp.cos(a) + xp.cos(b)),)


_SYSTEMS = (
    # HNN's code has the energy q^2 + p^2, its text half of it: the same orbits
    # at half the speed, which `unit_spring` has.
    System("spring", "q:1,p:1/s", _columns(lambda q, p, xp: (2 * p, -2 * q)),
           _harmonic, ("energy",), (1,)),
    System("unit_spring", "q:1,p:1/s", _columns(lambda q, p, xp: (p, -q)),
           _harmonic, ("energy",), (1,)),
    System("pendulum", "q:rad,p:1/s",
           _columns(lambda q, p, xp: (2 * p, -3 * xp.sin(q))), _pendulum_law(3),
           ("energy",), (1,)),
    # Schmidt and Lipson's. The law is the one that HNN's authors fitted by
    # hand; friction makes it approximate.
    System("real_pendulum", "q:rad,p:rad/s", None, _pendulum_law(2.4),
           ("energy",), (1,)),
    System("nonlinear_spring", _PLANE, _nonlinear_spring,
           _nonlinear_spring_laws, ("energy", "angular momentum"), (2, 3)),
    System("kepler", "x:m,y:m,vx:m/s,vy:m/s", _kepler, _kepler_laws,
           ("energy", "angular momentum"), (2, 3)),
    System("two_body", "x1:m,y1:m,x2:m,y2:m,vx1:m/s,vy1:m/s,vx2:m/s,vy2:m/s",
           _two_body, _two_body_laws,
           ("energy", "angular momentum", "momentum x", "momentum y"),
           (4, 5, 6, 7)),
    System("lotka_volterra", "x:1,y:1",
           _columns(lambda x, y, xp: (x * (1 - y), y * (x - 1))),
           _lotka_volterra_law, ("V",)),
    System(
        "henon_heiles", _PLANE,
        _columns(lambda x, y, u, v, xp:
                 (u, v, -x - 2 * x * y, -y - x**2 + y**2)), _henon_heiles_law,
        ("energy",), (2, 3)),
    System("double_pendulum", "o1:rad,o2:rad,w1:1/s,w2:1/s",
           _columns(_double_pendulum), _columns(_double_pendulum_law),
           ("energy",), (2, 3)),
    System("van_der_pol",
           "x:1,v:1/s",
           _columns(lambda x, v, xp: (v, (1 - x**2) * v - x)),
           momenta=(1,)),
    System(
        "lorenz", "x:1,y:1,z:1",
        _columns(lambda x, y, z, xp: (10 * (y - x), x *
                                      (28 - z) - y, x * y - 8 / 3 * z))),
    System("damped_spring",
           "q:1,p:1/s",
           _columns(lambda q, p, xp: (p, -q - .1 * p)),
           momenta=(1,)),
    System("weakly_damped_spring",
           "q:1,p:1/s",
           _columns(lambda q, p, xp: (p, -q - .01 * p)),
           momenta=(1,)),
    System("driven_duffing",
           "q:1,p:1/s",
           _columns(lambda q, p, xp, t:
                    (p, q - q**3 - .2 * p + .3 * xp.cos(1.2 * t))),
           momenta=(1,),
           driven=True),
    System(
        "rossler", "x:1,y:1,z:1",
        _columns(lambda x, y, z, xp: (-y - z, x + .2 * y, .2 + z * (x - 5.7)))),
)
SYSTEMS = {system.name: system for system in _SYSTEMS}
