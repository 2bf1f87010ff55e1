"""Two, three and four bodies, chains and vortices; masses 1 or unequal."""

from collections.abc import Callable
from typing import Any

import numpy as np

from datasets.systems.equations import by_columns
from datasets.systems.equations import stack
from datasets.systems.rich import perihelion
from datasets.systems.system import Quantities
from datasets.systems.system import System

_TWO = "x1:m,y1:m,x2:m,y2:m,vx1:m/s,vy1:m/s,vx2:m/s,vy2:m/s"
_THREE = ("x1:1,y1:1,x2:1,y2:1,x3:1,y3:1,"
          "vx1:1/s,vy1:1/s,vx2:1/s,vy2:1/s,vx3:1/s,vy3:1/s")
_CARTS = (1., 2., .6)
_VORTICES = np.array([1., 1.5, .7])
_UNEQUAL = (1., .5, 1.5)


def two_body(s: Any, xp: Any) -> Any:
  """Two unit masses that attract each other, `[..., 8] -> [..., 8]`."""
  first, second, momenta = s[..., 0:2], s[..., 2:4], s[..., 4:]
  apart = first - second
  pull = apart / xp.sum(apart * apart, axis=-1, keepdims=True)**1.5
  return xp.concatenate([momenta, -pull, pull], axis=-1)


def two_body_laws(s: Any, xp: Any) -> Any:
  """Energy, angular momentum and both momenta of `two_body`."""
  a, b, u, v = (s[..., i:i + 2] for i in (0, 2, 4, 6))
  kinetic = xp.sum(u * u + v * v, axis=-1) / 2
  distance = xp.sqrt(xp.sum((a - b)**2, axis=-1))
  turn = (a[..., 0] * u[..., 1] - a[..., 1] * u[..., 0] +
          b[..., 0] * v[..., 1] - b[..., 1] * v[..., 0])
  return stack(kinetic - 1 / distance,
               turn,
               u[..., 0] + v[..., 0],
               u[..., 1] + v[..., 1],
               xp=xp)


def _two_body_further(s: Any, xp: Any) -> Any:
  """Angular momentum of the centre of mass; where the bodies are nearest."""
  centre, total = s[..., :2] + s[..., 2:4], s[..., 4:6] + s[..., 6:]
  apart, speed = s[..., :2] - s[..., 2:4], s[..., 4:6] - s[..., 6:]
  return stack(centre[..., 0] * total[..., 1] - centre[..., 1] * total[..., 0],
               perihelion(apart[..., 0], apart[..., 1], speed[..., 0],
                          speed[..., 1], 2, xp),
               xp=xp)


def _split(s: Any) -> tuple[Any, Any]:
  """Places and velocities `[..., N, 2]` of N bodies in the plane."""
  size = s.shape[-1] // 2
  shape = (*s.shape[:-1], size // 2, 2)
  return s[..., :size].reshape(shape), s[..., size:].reshape(shape)


def _cross(a: Any, b: Any) -> Any:
  return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def _pairs(q: Any) -> list[tuple[int, int]]:
  count = q.shape[-2]
  return [(i, j) for i in range(count) for j in range(i + 1, count)]


def planar_field(
    masses: tuple[float, ...], pull: Callable[[Any, float, float],
                                              Any]) -> Callable[..., Any]:
  """Bodies in the plane with a central force between each two.

  Args:
    masses: N.
    pull: `(squared distance [..., 1], mass, mass) -> [..., 1]`, the force by
      distance.

  Returns:
    `(states [..., 4N], xp) -> [..., 4N]`.
  """

  def field(s: Any, xp: Any) -> Any:
    q = _split(s)[0]
    forces = [xp.zeros_like(q[..., 0, :]) for _ in masses]
    for i, j in _pairs(q):
      apart = q[..., i, :] - q[..., j, :]
      square = xp.sum(apart * apart, axis=-1, keepdims=True)
      force = apart * pull(square, masses[i], masses[j])
      forces[i], forces[j] = forces[i] - force, forces[j] + force
    rates = [f / m for f, m in zip(forces, masses)]
    return xp.concatenate([s[..., s.shape[-1] // 2:], *rates], axis=-1)

  return field


def planar_laws(
    masses: tuple[float, ...], potential: Callable[[Any, float, float],
                                                   Any]) -> Callable[..., Any]:
  """Energy, momenta, angular momentum, and that of the centre of mass.

  Args:
    masses: N.
    potential: `(squared distance [...], mass, mass) -> [...]`.

  Returns:
    `(states [..., 4N], xp) -> [..., 5]`.
  """
  weights = np.array(masses)

  def laws(s: Any, xp: Any) -> Any:
    q, v = _split(s)
    energy = xp.sum(v * v, axis=-1) @ weights / 2
    for i, j in _pairs(q):
      apart = q[..., i, :] - q[..., j, :]
      energy += potential(xp.sum(apart * apart, axis=-1), masses[i], masses[j])
    total = xp.einsum("...nd,n->...d", v, weights)
    centre = xp.einsum("...nd,n->...d", q, weights)
    turn = _cross(q, v) @ weights
    return stack(energy,
                 total[..., 0],
                 total[..., 1],
                 turn,
                 _cross(centre, total),
                 xp=xp)

  return laws


_PLANAR_NAMES = ("energy", "momentum x", "momentum y", "angular momentum",
                 "angular momentum of the centre")


def three_bodies(name: str, masses: tuple[float, float, float]) -> System:
  """Three bodies in the plane that attract each other.

  Args:
    name: of the system.
    masses: theirs; the constant of gravity is 1.
  """
  return System(name, _THREE,
                planar_field(masses, lambda d, m, n: m * n * d**-1.5),
                planar_laws(masses, lambda d, m, n: -m * n * d**-.5),
                _PLANAR_NAMES, tuple(range(6, 12)))


def _carts(a: Any, b: Any, c: Any, u: Any, v: Any, w: Any, xp: Any) -> Any:
  """Three masses on a line; the springs between them harden."""
  del xp
  left, right = b - a, c - b
  first, second = left + left**3, right + right**3
  return (u, v, w, first / _CARTS[0], (second - first) / _CARTS[1],
          -second / _CARTS[2])


def _carts_laws(a: Any, b: Any, c: Any, u: Any, v: Any, w: Any, xp: Any) -> Any:
  del xp
  m, n, o = _CARTS
  left, right = (b - a)**2, (c - b)**2
  return (m * u + n * v + o * w, (m * u**2 + n * v**2 + o * w**2 + left +
                                  right + left**2 / 2 + right**2 / 2) / 2)


def _chain(s: Any, xp: Any) -> Any:
  """Unit masses between walls; the springs between them harden."""
  count = s.shape[-1] // 2
  wall = xp.zeros_like(s[..., :1])
  apart = xp.diff(xp.concatenate([wall, s[..., :count], wall], axis=-1))
  force = apart + 3 * apart**3
  return xp.concatenate([s[..., count:], xp.diff(force)], axis=-1)


def _chain_law(s: Any, xp: Any) -> Any:
  count = s.shape[-1] // 2
  wall = xp.zeros_like(s[..., :1])
  apart = xp.diff(xp.concatenate([wall, s[..., :count], wall], axis=-1))
  energy = xp.sum(s[..., count:]**2, axis=-1) / 2
  energy += xp.sum(apart**2 / 2 + .75 * apart**4, axis=-1)
  return energy[..., None]


def _vortices(s: Any, xp: Any) -> Any:
  """Point vortices in the plane: x1, y1, x2, y2, ..."""
  q = s.reshape(*s.shape[:-1], -1, 2)
  rates = [xp.zeros_like(q[..., 0, :]) for _ in _VORTICES]
  for i, j in _pairs(q):
    apart = q[..., i, :] - q[..., j, :]
    push = stack(-apart[..., 1], apart[..., 0], xp=xp) / xp.sum(
        apart * apart, axis=-1, keepdims=True)
    rates[i] = rates[i] + _VORTICES[j] * push
    rates[j] = rates[j] - _VORTICES[i] * push
  return xp.concatenate(rates, axis=-1)


def _vortices_laws(s: Any, xp: Any) -> Any:
  q = s.reshape(*s.shape[:-1], -1, 2)
  energy: Any = 0.
  for i, j in _pairs(q):
    square = xp.sum((q[..., i, :] - q[..., j, :])**2, axis=-1)
    energy += _VORTICES[i] * _VORTICES[j] * xp.log(square)
  centre = xp.einsum("...nd,n->...d", q, _VORTICES)
  spread = xp.sum(q * q, axis=-1) @ _VORTICES
  return stack(energy, centre[..., 0], centre[..., 1], spread, xp=xp)


_SPRING_MASSES = (1., 2.5)
SYSTEMS = (
    System(
        "two_body",
        _TWO,
        two_body,
        two_body_laws,
        ("energy", "angular momentum", "momentum x", "momentum y"),
        (4, 5, 6, 7),
        further=Quantities(
            ("angular momentum of the centre", "direction of the perihelion"),
            _two_body_further)),
    # The spring between them hardens.
    System("two_on_a_spring", _TWO,
           planar_field(_SPRING_MASSES, lambda d, m, n: 1 + d),
           planar_laws(_SPRING_MASSES, lambda d, m, n: d / 2 + d**2 / 4),
           _PLANAR_NAMES, (4, 5, 6, 7)),
    three_bodies("three_bodies", (1., 1., 1.)),
    three_bodies("three_unequal_bodies", _UNEQUAL),
    System("three_carts", "x1:m,x2:m,x3:m,v1:m/s,v2:m/s,v3:m/s",
           by_columns(_carts), by_columns(_carts_laws), ("momentum", "energy"),
           (3, 4, 5)),
    System("chain", "q1:1,q2:1,q3:1,p1:1/s,p2:1/s,p3:1/s", _chain, _chain_law,
           ("energy",), (3, 4, 5)),
    System("vortices", "x1:1,y1:1,x2:1,y2:1,x3:1,y3:1", _vortices,
           _vortices_laws,
           ("energy", "impulse x", "impulse y", "angular impulse")),
)
