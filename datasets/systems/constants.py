"""Systems with constants that differ by trial and are columns of the data."""

from typing import Any

from datasets.systems.equations import by_columns
from datasets.systems.equations import unchanged
from datasets.systems.plain import GRAVITY
from datasets.systems.rich import ORBIT
from datasets.systems.rich import perihelion
from datasets.systems.system import System


def _orbit(x: Any, y: Any, u: Any, v: Any, mass: Any, xp: Any) -> Any:
  cube = xp.sqrt(x * x + y * y)**3
  return u, v, -mass * x / cube, -mass * y / cube, unchanged(mass)


def _orbit_laws(x: Any, y: Any, u: Any, v: Any, mass: Any, xp: Any) -> Any:
  distance = xp.sqrt(x * x + y * y)
  return ((u * u + v * v) / 2 - mass / distance, x * v - y * u,
          perihelion(x, y, u, v, mass, xp))


def _carts(a: Any, b: Any, u: Any, v: Any, m: Any, n: Any, xp: Any) -> Any:
  del xp
  force = (b - a) + (b - a)**3
  return u, v, force / m, -force / n, unchanged(m), unchanged(n)


def _carts_laws(a: Any, b: Any, u: Any, v: Any, m: Any, n: Any, xp: Any) -> Any:
  del xp
  return (m * u + n * v,
          (m * u**2 + n * v**2 + (b - a)**2) / 2 + (b - a)**4 / 4)


SYSTEMS = (
    System("spring_of_stiffness",
           "q:1,p:1/s,k:1/s^2",
           by_columns(lambda q, p, k, xp: (p, -k * q, unchanged(k))),
           by_columns(lambda q, p, k, xp: ((p**2 + k * q**2) / 2,)),
           ("energy",), (1,),
           constants=(2,)),
    System(
        "pendulum_of_length",
        "q:rad,w:1/s,l:m",
        by_columns(lambda q, w, l, xp:
                   (w, -GRAVITY / l * xp.sin(q), unchanged(l))),
        by_columns(lambda q, w, l, xp: (l * w**2 / 2 - GRAVITY * xp.cos(q),)),
        ("energy",), (1,),
        constants=(2,)),
    # The mass in units of 1/G.
    System("kepler_of_mass",
           f"{ORBIT},M:m^3/s^2",
           by_columns(_orbit),
           by_columns(_orbit_laws),
           ("energy", "angular momentum", "direction of the perihelion"),
           (2, 3),
           constants=(4,)),
    System("carts_of_masses",
           "x1:m,x2:m,v1:m/s,v2:m/s,m1:kg,m2:kg",
           by_columns(_carts),
           by_columns(_carts_laws), ("momentum", "energy"), (2, 3),
           constants=(4, 5)),
)
