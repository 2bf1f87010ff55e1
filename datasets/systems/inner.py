"""Systems whose laws have numbers inside functions: cores, waves, screens."""

from typing import Any

from datasets.systems.equations import by_columns
from datasets.systems.plain import PLANE
from datasets.systems.system import System

_STEEP = 1.3  # of the Morse potential
_CORE = .3  # the square of its radius
_SCREEN = .8  # inverse length
_WAVE = 1.7  # wave number
_COUPLING = .8


def _stiff_morse(q: Any, p: Any, xp: Any) -> Any:
  well = xp.exp(-_STEEP * q)
  return p, -2 * _STEEP * well * (1 - well)


def _soft_core(x: Any, y: Any, u: Any, v: Any, xp: Any) -> Any:
  del xp
  cube = (x * x + y * y + _CORE)**1.5
  return u, v, -x / cube, -y / cube


def _soft_core_laws(x: Any, y: Any, u: Any, v: Any, xp: Any) -> Any:
  height = -1 / xp.sqrt(x * x + y * y + _CORE)
  return (u * u + v * v) / 2 + height, x * v - y * u


def _yukawa(x: Any, y: Any, u: Any, v: Any, xp: Any) -> Any:
  r = xp.sqrt(x * x + y * y)
  pull = 2 * xp.exp(-_SCREEN * r) * (_SCREEN + 1 / r) / r**2
  return u, v, -pull * x, -pull * y


def _yukawa_laws(x: Any, y: Any, u: Any, v: Any, xp: Any) -> Any:
  r = xp.sqrt(x * x + y * y)
  height = -2 * xp.exp(-_SCREEN * r) / r
  return (u * u + v * v) / 2 + height, x * v - y * u


def _waves(a: Any, b: Any, u: Any, v: Any, xp: Any) -> Any:
  pull = _COUPLING * xp.sin(_WAVE * (a - b))
  return u, v, -a - pull, -b + pull


def _waves_laws(a: Any, b: Any, u: Any, v: Any, xp: Any) -> Any:
  energy = (u * u + v * v + a * a + b * b) / 2
  energy = energy - _COUPLING / _WAVE * xp.cos(_WAVE * (a - b))
  return energy, (u + v)**2 + (a + b)**2


SYSTEMS = (
    System(
        "stiff_morse", "q:1,p:1/s", by_columns(_stiff_morse),
        by_columns(lambda q, p, xp: (p**2 / 2 + (1 - xp.exp(-_STEEP * q))**2,)),
        ("energy",), (1,)),
    System("soft_core", PLANE, by_columns(_soft_core),
           by_columns(_soft_core_laws), ("energy", "angular momentum"), (2, 3)),
    System("yukawa", PLANE, by_columns(_yukawa), by_columns(_yukawa_laws),
           ("energy", "angular momentum"), (2, 3)),
    System("sine_chain", "a:1,b:1,u:1/s,v:1/s", by_columns(_waves),
           by_columns(_waves_laws), ("energy", "energy of the mean"), (2, 3)),
)
