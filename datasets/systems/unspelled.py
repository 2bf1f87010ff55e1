"""Systems whose energy is spelled by no rung: potentials with a bump."""

from typing import Any

from datasets.systems.equations import by_columns
from datasets.systems.plain import PLANE
from datasets.systems.system import System

# Of the bump: height over width squared, and where it is. In the middle, the
# rung `tuned` would find it, as a Gaussian.
_STEEP, _X, _Y = 2., .3, -.2


def _bump(a: Any, b: Any, xp: Any) -> Any:
  return xp.exp(-_STEEP * (a * a + b * b))


def _line(q: Any, p: Any, xp: Any) -> Any:
  return p, -q + 2 * _STEEP * (q - _X) * _bump(q - _X, 0 * q, xp)


def _line_energy(q: Any, p: Any, xp: Any) -> Any:
  return ((p**2 + q**2) / 2 + _bump(q - _X, 0 * q, xp),)


def _pendulum(a: Any, w: Any, xp: Any) -> Any:
  return w, -xp.sin(a) - xp.cos(2 * a) * xp.exp(xp.sin(2 * a))


def _pendulum_energy(a: Any, w: Any, xp: Any) -> Any:
  return (w**2 / 2 - xp.cos(a) + xp.exp(xp.sin(2 * a)) / 2,)


def _plane(x: Any, y: Any, u: Any, v: Any, xp: Any) -> Any:
  push = 2 * _STEEP * _bump(x - _X, y - _Y, xp)
  return u, v, -x + push * (x - _X), -2 * y + push * (y - _Y)


def _plane_energy(x: Any, y: Any, u: Any, v: Any, xp: Any) -> Any:
  kinetic = (u**2 + v**2) / 2
  return (kinetic + x**2 / 2 + y**2 + _bump(x - _X, y - _Y, xp),)


SYSTEMS = (
    System("bumped_spring", "q:1,p:1/s", by_columns(_line),
           by_columns(_line_energy), ("energy",), (1,)),
    System("bumped_pendulum", "a:rad,w:1/s", by_columns(_pendulum),
           by_columns(_pendulum_energy), ("energy",), (1,)),
    System("bumped_plane", PLANE, by_columns(_plane), by_columns(_plane_energy),
           ("energy",), (2, 3)),
)
