"""Systems whose laws need products of sines, exponentials, powers, x/|r|."""

from typing import Any

import numpy as np

from datasets.systems.equations import by_columns
from datasets.systems.equations import stack
from datasets.systems.equations import unchanged
from datasets.systems.plain import angular_momentum
from datasets.systems.plain import nonlinear_spring
from datasets.systems.plain import nonlinear_spring_laws
from datasets.systems.plain import PLANE
from datasets.systems.system import Quantities
from datasets.systems.system import System

ORBIT = "x:m,y:m,vx:m/s,vy:m/s"
_TURNING = 1.3  # of a charge in the magnetic field
_TO_SPIN = np.diag([1., 1 / 2, 1 / 3.5])  # from angular momentum
# Who eats whom: antisymmetric.
_FOOD = np.array([[0, 1, .5, -.3], [-1, 0, .8, .4], [-.5, -.8, 0, 1.2],
                  [.3, -.4, -1.2, 0]])


def kepler(s: Any, xp: Any) -> Any:
  """A body around a unit mass, `[..., 4] -> [..., 4]`."""
  q, p = s[..., :2], s[..., 2:]
  cube = xp.sum(q * q, axis=-1, keepdims=True)**1.5
  return xp.concatenate([p, -q / cube], axis=-1)


def kepler_laws(s: Any, xp: Any) -> Any:
  """Energy and angular momentum of `kepler`."""
  kinetic = xp.sum(s[..., 2:]**2, axis=-1) / 2
  distance = xp.sqrt(xp.sum(s[..., :2]**2, axis=-1))
  return stack(kinetic - 1 / distance, angular_momentum(s), xp=xp)


def perihelion(x: Any, y: Any, u: Any, v: Any, mass: Any, xp: Any) -> Any:
  """The direction of the Laplace-Runge-Lenz vector in the plane, in rad.

  The length of that vector depends on energy and angular momentum: one law.
  """
  turn, distance = x * v - y * u, xp.sqrt(x * x + y * y)
  return xp.arctan2(-u * turn - mass * y / distance,
                    v * turn - mass * x / distance)


def _magnetic(s: Any, xp: Any) -> Any:
  spring = nonlinear_spring(s, xp)
  turned = stack(s[..., 3], -s[..., 2], xp=xp) * _TURNING
  return xp.concatenate([spring[..., :2], spring[..., 2:] + turned], axis=-1)


def _magnetic_laws(s: Any, xp: Any) -> Any:
  square = xp.sum(s[..., :2]**2, axis=-1)
  laws = nonlinear_spring_laws(s, xp)
  return stack(laws[..., 0], laws[..., 1] + _TURNING / 2 * square, xp=xp)


def _toda(a: Any, b: Any, c: Any, u: Any, v: Any, w: Any, xp: Any) -> Any:
  """Three unit masses in a ring."""
  ab, bc, ca = xp.exp(a - b), xp.exp(b - c), xp.exp(c - a)
  return u, v, w, ca - ab, ab - bc, bc - ca


def _toda_laws(a: Any, b: Any, c: Any, u: Any, v: Any, w: Any, xp: Any) -> Any:
  ab, bc, ca = xp.exp(a - b), xp.exp(b - c), xp.exp(c - a)
  return (u + v + w, (u * u + v * v + w * w) / 2 + ab + bc + ca,
          u * v * w - u * bc - v * ca - w * ab)


def _spherical(a: Any, b: Any, u: Any, v: Any, xp: Any) -> Any:
  """A pendulum in space: angle from below, azimuth, their rates; g / l = 4."""
  sin, cos = xp.sin(a), xp.cos(a)
  return u, v, sin * cos * v * v - 4 * sin, -2 * u * v * cos / sin + 0 * b


def _spherical_laws(a: Any, b: Any, u: Any, v: Any, xp: Any) -> Any:
  across = xp.sin(a)**2 * v
  return (u * u + across * v) / 2 - 4 * xp.cos(a), across + 0 * b


def _line_mass(x: Any, y: Any, u: Any, v: Any, xp: Any) -> Any:
  """A body around a line of unit mass: the force 1/r."""
  del xp
  square = x * x + y * y
  return u, v, -x / square, -y / square


def _line_mass_laws(x: Any, y: Any, u: Any, v: Any, xp: Any) -> Any:
  return ((u * u + v * v + xp.log(x * x + y * y)) / 2, x * v - y * u)


def _sir(s: Any, i: Any, r: Any, xp: Any) -> Any:
  """An epidemic: susceptible, infected, recovered."""
  del xp
  return -1.5 * s * i, (1.5 * s - .5) * i, .5 * i + unchanged(r)


SYSTEMS = (
    System("kepler",
           ORBIT,
           kepler,
           kepler_laws, ("energy", "angular momentum"), (2, 3),
           further=Quantities(("direction of the perihelion",),
                              by_columns(lambda x, y, u, v, xp:
                                         (perihelion(x, y, u, v, 1, xp),)))),
    System("morse", "q:1,p:1/s",
           by_columns(lambda q, p, xp: (p, -2 * xp.exp(-q) * (1 - xp.exp(-q)))),
           by_columns(lambda q, p, xp: (p**2 / 2 + (1 - xp.exp(-q))**2,)),
           ("energy",), (1,)),
    System("toda", "q1:1,q2:1,q3:1,p1:1/s,p2:1/s,p3:1/s", by_columns(_toda),
           by_columns(_toda_laws), ("momentum", "energy", "third integral"),
           (3, 4, 5)),
    System("magnetic_field", PLANE, _magnetic, _magnetic_laws,
           ("energy", "angular momentum"), (2, 3)),
    System(
        "sir", "S:1,I:1,R:1", by_columns(_sir),
        by_columns(lambda s, i, r, xp:
                   (s + i + r, s + i - xp.log(xp.maximum(s, 1e-6)) / 3)),
        ("number", "final size")),
    System(
        "rigid_body", "L1:1,L2:1,L3:1", lambda s, xp: xp.cross(s, s @ _TO_SPIN),
        lambda s, xp: stack(xp.sum(s * (s @ _TO_SPIN), axis=-1) / 2,
                            xp.sum(s * s, axis=-1),
                            xp=xp), ("energy", "angular momentum squared")),
    System("spherical_pendulum", "a:rad,b:rad,wa:1/s,wb:1/s",
           by_columns(_spherical), by_columns(_spherical_laws),
           ("energy", "angular momentum"), (2, 3)),
    # Adiabatic gas of one-atomic molecules under a heavy piston.
    System("piston", "h:1,v:1/s",
           by_columns(lambda h, v, xp: (v, h**(-5 / 3) - 1)),
           by_columns(lambda h, v, xp: (v**2 / 2 + h + 1.5 * h**(-2 / 3),)),
           ("energy",), (1,)),
    System("line_mass", ORBIT, by_columns(_line_mass),
           by_columns(_line_mass_laws), ("energy", "angular momentum"), (2, 3)),
    System(
        "four_species", "x1:1,x2:1,x3:1,x4:1", lambda s, xp: s *
        ((s - 1) @ _FOOD.T), lambda s, xp: xp.sum(
            s - xp.log(xp.maximum(s, 1e-6)), axis=-1)[..., None], ("V",)),
    # A bead on a hoop that rotates about its vertical diameter.
    System(
        "rotating_hoop", "q:rad,w:1/s",
        by_columns(lambda q, w, xp: (w, xp.sin(q) * (6 * xp.cos(q) - 4))),
        by_columns(lambda q, w, xp:
                   (w**2 / 2 - 3 * xp.sin(q)**2 - 4 * xp.cos(q),)), ("energy",),
        (1,)),
)
