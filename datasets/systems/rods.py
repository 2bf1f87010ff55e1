"""Kasim and Lim's systems (COMET): a cubic spring, and bobs on a rod."""

from collections.abc import Callable
from typing import Any

from datasets.systems.equations import by_columns
from datasets.systems.equations import stack
from datasets.systems.plain import angular_momentum
from datasets.systems.plain import PLANE
from datasets.systems.system import System

_BOB = "x:1,y:1,vx:1/s,vy:1/s"


def _cubic_spring(s: Any, xp: Any) -> Any:
  q, p = s[..., :2], s[..., 2:]
  square = xp.sum(q * q, axis=-1, keepdims=True)
  return xp.concatenate([p, -q * square], axis=-1)


def _cubic_spring_laws(s: Any, xp: Any) -> Any:
  square = xp.sum(s[..., :2]**2, axis=-1)
  kinetic = xp.sum(s[..., 2:]**2, axis=-1)
  return stack(kinetic / 2 + square**2 / 4, angular_momentum(s), xp=xp)


def _rod(damping: float) -> Callable[..., Any]:
  """A pendulum of unit length and gravity by the place of its bob.

  The rod's pull is written for any length, with which x u + y v is constant. A
  field for the length of 1 alone would make errors of the length grow.
  """

  def field(x: Any, y: Any, u: Any, v: Any, xp: Any) -> Any:
    del xp
    square = x * x + y * y
    pull = (u * u + v * v) / square
    return (u, v, x * y / square - pull * x - damping * u,
            -x * x / square - pull * y - damping * v)

  return by_columns(field)


def _constraints(s: Any, xp: Any) -> Any:
  length = xp.sum(s[..., :2]**2, axis=-1)
  along = xp.sum(s[..., :2] * s[..., 2:], axis=-1)
  return stack(length, along, xp=xp)


def _laws(s: Any, xp: Any) -> Any:
  energy = s[..., 1] + xp.sum(s[..., 2:]**2, axis=-1) / 2
  return xp.concatenate([energy[..., None], _constraints(s, xp)], axis=-1)


SYSTEMS = (
    System("cubic_spring", PLANE, _cubic_spring, _cubic_spring_laws,
           ("energy", "angular momentum"), (2, 3)),
    System("rod_pendulum", _BOB, _rod(0), _laws,
           ("energy", "length", "velocity along the rod"), (2, 3)),
    System("damped_rod_pendulum", _BOB, _rod(1), _constraints,
           ("length", "velocity along the rod"), (2, 3)),
)
