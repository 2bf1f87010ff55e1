"""Systems whose laws are polynomials, cosines or logarithms of columns.

Greydanus et al. 2019 (HNN) have the spring and the pendulum; the constants of
both are those of their code.
"""

from collections.abc import Callable
from typing import Any

from datasets.systems.equations import by_columns
from datasets.systems.equations import stack
from datasets.systems.system import System

PLANE = "x:1,y:1,px:1/s,py:1/s"
GRAVITY = 9.8


def _harmonic(s: Any, xp: Any) -> Any:
  del xp
  return (s[..., 0]**2 + s[..., 1]**2)[..., None]


def _pendulum_law(factor: float) -> Callable[..., Any]:
  return lambda s, xp: (s[..., 1]**2 - factor * xp.cos(s[..., 0]))[..., None]


def nonlinear_spring(s: Any, xp: Any) -> Any:
  """A planar spring that hardens, `[..., 4] -> [..., 4]`."""
  q, p = s[..., :2], s[..., 2:]
  square = xp.sum(q * q, axis=-1, keepdims=True)
  return xp.concatenate([p, -q * (1 + square)], axis=-1)


def angular_momentum(s: Any) -> Any:
  """x py - y px of the columns x, y, px, py."""
  return s[..., 0] * s[..., 3] - s[..., 1] * s[..., 2]


def nonlinear_spring_laws(s: Any, xp: Any) -> Any:
  """Energy and angular momentum of `nonlinear_spring`."""
  square = xp.sum(s[..., :2]**2, axis=-1)
  kinetic = xp.sum(s[..., 2:]**2, axis=-1)
  energy = (kinetic + square) / 2 + square**2 / 4
  return stack(energy, angular_momentum(s), xp=xp)


def _lotka_volterra_law(s: Any, xp: Any) -> Any:
  return xp.sum(s - xp.log(xp.maximum(s, 1e-6)), axis=-1)[..., None]


def _henon_heiles_law(s: Any, xp: Any) -> Any:
  x, y = s[..., 0], s[..., 1]
  return (xp.sum(s * s, axis=-1) / 2 + x**2 * y - y**3 / 3)[..., None]


def double_pendulum(a: Any, b: Any, u: Any, v: Any, xp: Any) -> Any:
  """Two unit masses on two unit rods: the derivatives of four columns."""
  g, sin, cos = GRAVITY, xp.sin(a - b), xp.cos(a - b)
  below = 2 - cos**2
  du = (-sin * (v * v + u * u * cos) - g *
        (2 * xp.sin(a) - xp.sin(b) * cos)) / below
  dv = (sin * (2 * u * u + v * v * cos) + 2 * g *
        (xp.sin(a) * cos - xp.sin(b))) / below
  return u, v, du, dv


def double_pendulum_law(a: Any, b: Any, u: Any, v: Any, xp: Any) -> Any:
  """The energy of `double_pendulum`."""
  kinetic = u**2 + v**2 / 2 + u * v * xp.cos(a - b)
  return (kinetic - GRAVITY * (2 * xp.cos(a) + xp.cos(b)),)


def _coupled_springs_laws(a: Any, b: Any, u: Any, v: Any, xp: Any) -> Any:
  """The energy, and the same form of the accelerations."""
  del xp
  c, d, w, z = (1.5 * a - .5 * b, 2.5 * b - .5 * a, 1.5 * u - .5 * v,
                2.5 * v - .5 * u)
  return ((u * u + v * v + a * c + b * d) / 2,
          (u * w + v * z + c * c + d * d) / 2)


SYSTEMS = (
    # HNN's code has the energy q^2 + p^2, its text half of it: the same orbits
    # at half the speed, which `unit_spring` has.
    System("spring", "q:1,p:1/s", by_columns(lambda q, p, xp: (2 * p, -2 * q)),
           _harmonic, ("energy",), (1,)),
    System("unit_spring", "q:1,p:1/s", by_columns(lambda q, p, xp: (p, -q)),
           _harmonic, ("energy",), (1,)),
    System("pendulum", "q:rad,p:1/s",
           by_columns(lambda q, p, xp: (2 * p, -3 * xp.sin(q))),
           _pendulum_law(3), ("energy",), (1,)),
    # Schmidt and Lipson's. The law is the one that HNN's authors fitted by
    # hand; friction makes it approximate.
    System("real_pendulum", "q:rad,p:rad/s", None, _pendulum_law(2.4),
           ("energy",), (1,)),
    System("nonlinear_spring", PLANE, nonlinear_spring, nonlinear_spring_laws,
           ("energy", "angular momentum"), (2, 3)),
    System("lotka_volterra", "x:1,y:1",
           by_columns(lambda x, y, xp: (x * (1 - y), y * (x - 1))),
           _lotka_volterra_law, ("V",)),
    System(
        "henon_heiles", PLANE,
        by_columns(lambda x, y, u, v, xp:
                   (u, v, -x - 2 * x * y, -y - x**2 + y**2)), _henon_heiles_law,
        ("energy",), (2, 3)),
    System("double_pendulum", "o1:rad,o2:rad,w1:1/s,w2:1/s",
           by_columns(double_pendulum), by_columns(double_pendulum_law),
           ("energy",), (2, 3)),
    # Two wells.
    System("duffing", "q:1,p:1/s", by_columns(lambda q, p, xp: (p, q - q**3)),
           by_columns(lambda q, p, xp: (p**2 / 2 - q**2 / 2 + q**4 / 4,)),
           ("energy",), (1,)),
    # Two masses between walls.
    System(
        "coupled_springs", "q1:1,q2:1,p1:1/s,p2:1/s",
        by_columns(lambda a, b, u, v, xp:
                   (u, v, .5 * b - 1.5 * a, .5 * a - 2.5 * b)),
        by_columns(_coupled_springs_laws), ("energy", "energy of rates"),
        (2, 3)),
    # Rock, paper and scissors.
    System(
        "cyclic_species", "x:1,y:1,z:1",
        by_columns(lambda x, y, z, xp: (x * (y - z), y * (z - x), z * (x - y))),
        by_columns(lambda x, y, z, xp: (x + y + z, x * y * z)),
        ("number", "product")),
)
