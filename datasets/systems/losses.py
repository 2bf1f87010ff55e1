"""Systems that lose energy: a balance law, and at times a law beside it."""

from typing import Any

from datasets.systems.equations import by_columns
from datasets.systems.plain import double_pendulum
from datasets.systems.plain import double_pendulum_law
from datasets.systems.plain import PLANE
from datasets.systems.system import Quantities
from datasets.systems.system import System

# Sliding friction turns round within this velocity; its loss is |p| but there.
_SLOW = 2e-3
_JOINTS = .15, .1
_CARTS = 1., 2.


def _damped_spring(name: str, damping: float) -> System:
  return System(name,
                "q:1,p:1/s",
                by_columns(lambda q, p, xp: (p, -q - damping * p)),
                momenta=(1,),
                balances=Quantities(
                    ("energy",),
                    by_columns(lambda q, p, xp: ((q * q + p * p) / 2,)),
                    by_columns(lambda q, p, xp: (-damping * p * p,))))


def _sliding(p: Any, xp: Any) -> Any:
  return .05 * xp.tanh(p / _SLOW)


def _stiff_joints(a: Any, b: Any, u: Any, v: Any, xp: Any) -> Any:
  """The double pendulum with viscous friction in both joints."""
  du, dv = double_pendulum(a, b, u, v, xp)[2:]
  cos = xp.cos(a - b)
  upper = -_JOINTS[0] * u - _JOINTS[1] * (u - v)
  lower = -_JOINTS[1] * (v - u)
  below = 2 - cos**2
  return (u, v, du + (upper - cos * lower) / below,
          dv + (2 * lower - cos * upper) / below)


def _walls(a: Any, b: Any, u: Any, v: Any, xp: Any) -> Any:
  """Two carts between walls, with friction between them."""
  del xp
  force, drag = (b - a)**3, .15 * (v - u)
  return u, v, -a - a**3 + force + drag, -b - force - drag


def _walls_energy(a: Any, b: Any, u: Any, v: Any, xp: Any) -> Any:
  del xp
  return ((u * u + v * v + a * a + b * b) / 2 + (a**4 + (b - a)**4) / 4,)


def _free_carts(a: Any, b: Any, u: Any, v: Any, xp: Any) -> Any:
  """Two carts that only push each other, with friction in the spring."""
  del xp
  force = (b - a) + (b - a)**3 + .2 * (v - u)
  return u, v, force / _CARTS[0], -force / _CARTS[1]


def _free_carts_energy(a: Any, b: Any, u: Any, v: Any, xp: Any) -> Any:
  del xp
  kinetic = (_CARTS[0] * u * u + _CARTS[1] * v * v) / 2
  return (kinetic + (b - a)**2 / 2 + (b - a)**4 / 4,)


def _in_air(x: Any, y: Any, u: Any, v: Any, xp: Any) -> Any:
  drag = .15 * xp.sqrt(u * u + v * v)
  return u, v, -x - 2 * x * y * y - drag * u, -2 * y - 2 * x * x * y - drag * v


SYSTEMS = (
    _damped_spring("damped_spring", .1),
    _damped_spring("weakly_damped_spring", .01),
    System("sliding_spring",
           "q:1,p:1/s",
           by_columns(lambda q, p, xp: (p, -q - _sliding(p, xp))),
           momenta=(1,),
           balances=Quantities(
               ("energy",), by_columns(lambda q, p, xp: ((q * q + p * p) / 2,)),
               by_columns(lambda q, p, xp: (-p * _sliding(p, xp),)))),
    System("damped_pendulum",
           "q:rad,p:1/s",
           by_columns(lambda q, p, xp: (p, -4 * xp.sin(q) - .1 * p)),
           momenta=(1,),
           balances=Quantities(
               ("energy",),
               by_columns(lambda q, p, xp: (p * p / 2 - 4 * xp.cos(q),)),
               by_columns(lambda q, p, xp: (-.1 * p * p,)))),
    System(
        "pendulum_in_air",
        "q:rad,p:1/s",
        by_columns(lambda q, p, xp: (p, -4 * xp.sin(q) - .1 * p * xp.abs(p))),
        momenta=(1,),
        balances=Quantities(
            ("energy",),
            by_columns(lambda q, p, xp: (p * p / 2 - 4 * xp.cos(q),)),
            by_columns(lambda q, p, xp: (-.1 * xp.abs(p)**3,)))),
    System("stiff_double_pendulum",
           "o1:rad,o2:rad,w1:1/s,w2:1/s",
           by_columns(_stiff_joints),
           momenta=(2, 3),
           balances=Quantities(
               ("energy",), by_columns(double_pendulum_law),
               by_columns(lambda a, b, u, v, xp:
                          (-_JOINTS[0] * u**2 - _JOINTS[1] * (u - v)**2,)))),
    System("carts_between_walls",
           "x1:m,x2:m,v1:m/s,v2:m/s",
           by_columns(_walls),
           momenta=(2, 3),
           balances=Quantities(
               ("energy",), by_columns(_walls_energy),
               by_columns(lambda a, b, u, v, xp: (-.15 * (v - u)**2,)))),
    System("carts_with_friction",
           "x1:m,x2:m,v1:m/s,v2:m/s",
           by_columns(_free_carts),
           by_columns(lambda a, b, u, v, xp: (_CARTS[0] * u + _CARTS[1] * v,)),
           ("momentum",), (2, 3),
           balances=Quantities(
               ("energy",), by_columns(_free_carts_energy),
               by_columns(lambda a, b, u, v, xp: (-.2 * (v - u)**2,)))),
    System(
        "plane_in_air",
        PLANE,
        by_columns(_in_air),
        momenta=(2,
                 3),
        balances=Quantities(
            ("energy",),
            by_columns(lambda x, y, u, v, xp:
                       ((u * u + v * v + x * x) / 2 + y * y + x * x * y * y,)),
            by_columns(lambda x, y, u, v, xp: (-.15 * (u * u + v * v)**1.5,)))),
)
