"""Each rung finds a law of a system that needs it."""

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
from scipy import integrate

from noether_jax import discover
from noether_jax import rungs


class Example(NamedTuple):
  """A system with the laws that rungs find in it."""
  columns: str
  field: Callable[[np.ndarray], Any]
  low: list[float]
  high: list[float]
  climbed: list[Any]
  laws: set[str]


def _line_pair(s):
  """Masses 1 and 2 with the force 1/r, in a plane; each on a spring."""
  a, b = s[:2], s[2:4]
  pull = (a - b) / np.sum((a - b)**2)
  return [*s[4:], *(-pull - a), *((pull - b) / 2)]


def _stiff(s):
  """Masses 1 and 2 in a plane with the force r^2."""
  a, b = s[:2], s[2:4]
  pull = (a - b) * np.hypot(*(a - b))
  return [*s[4:], *-pull, *(pull / 2)]


def _orbit(s):
  return [*s[3:], *(-2 * s[:3] / np.sum(s[:3]**2)**1.5)]


def _precession(s):
  square = s[0]**2 + s[1]**2
  return [*s[2:], *(-s[:2] * (square**-1.5 + .4 * square**-2.))]


def _hard_chain(s):
  x, y, u, v = s
  force = (y - x) + 2 * (y - x)**3
  return [u, v, force - x, -force]


def _calogero(s):
  x, y, u, v = s
  push = 2 / (x - y)**3
  return [u, v, push - x, -push - y]


def _open_toda(s):
  first, second = np.exp(s[0] - s[1]), np.exp(s[1] - s[2])
  return [*s[3:], -first, first - second, second]


def _cart(s):
  """A cart with a pendulum: both of mass 1, length 1, g 9.8."""
  _, q, v, w = s
  mass = np.array([[2., np.cos(q)], [np.cos(q), 1.]])
  rates = np.linalg.solve(mass, [w * w * np.sin(q), -9.8 * np.sin(q)])
  return [v, w, *rates]


def _weighed(s):
  """A weight on a spring; its mass and the spring's stiffness differ."""
  y, v, mass, stiffness = s
  return [v, -9.8 - stiffness / mass * y, 0., 0.]


def _attracted(s):
  """A body in a plane, around masses that differ."""
  return [*s[2:4], *(-s[4] * s[:2] / np.hypot(*s[:2])**3), 0.]


EXAMPLES = {
    "weighted":
        Example("y:m,v:m/s,m:kg,k:kg/s^2", _weighed, [-2., -1., 1., 4.],
                [2., 1., 3., 9.], [rungs.weighted],
                {"m*v^2 + 19.6 m*y + k*y^2"}),
    "constants":
        Example("x:m,y:m,vx:m/s,vy:m/s,M:m^3/s^2", _attracted,
                [.8, -.2, -.2, .8, .8], [1.2, .2, .2, 1.1, 1.3],
                [rungs.central, rungs.quadratic],
                {"|v|^2 - 2 M/|r|", "x*vy - y*vx"}),
    "bodies":
        Example(
            "x1:m,y1:m,x2:m,y2:m,vx1:m/s,vy1:m/s,vx2:m/s,vy2:m/s", _line_pair,
            [.5, -.3, -1.2, -.3, -.3, .4, -.3, -.8],
            [1., .3, -.6, .3, .3, .8, .3, -.4], [rungs.bodies], {
                "|v1|^2 + |r1|^2 + |r2|^2 + 2 |v2|^2 + 2 log|r1 - r2|",
                "x1*vy1 - y1*vx1 + 2 x2*vy2 - 2 y2*vx2"
            }),
    "distances":
        Example("x1:m,y1:m,x2:m,y2:m,vx1:m/s,vy1:m/s,vx2:m/s,vy2:m/s", _stiff,
                [.5, -.3, -1.2, -.3, -.3, .4, -.3, -.8],
                [1., .3, -.6, .3, .3, .8, .3, -.4],
                [rungs.linear, rungs.distances], {
                    "vx1 + 2 vx2", "vy1 + 2 vy2",
                    "|v1|^2 + 2 |v2|^2 + 2/3 |r1 - r2|^3"
                }),
    "radial":
        Example("x:m,y:m,vx:m/s,vy:m/s", _precession, [1., -.2, -.2, .7],
                [1.5, .2, .2, 1.], [rungs.radial],
                {"|v|^2 - 2/|r| - 0.4/|r|^2"}),
    "functions":
        Example("x:m,v:m/s", lambda s: [s[1], 2 / s[0]**3 - 1], [.7, -.5],
                [2., .5], [rungs.functions], {"v^2 + 2 x + 2/x^2"}),
    "exponentials":
        Example("q,p", lambda s: [s[1], np.exp(-s[0]) - 1], [-1., -1.],
                [1., 1.], [rungs.exponentials], {"p^2 + 2 q + 2 exp(-q)"}),
    "waves":
        Example("q,p", lambda s: [s[1], -np.sin(s[0]) - .3 * s[0]], [-1., -1.],
                [1., 1.], [rungs.waves], {"p^2 - 2 cos(q) + 0.3 q^2"}),
    "pairs":
        Example("x1:m,x2:m,v1:m/s,v2:m/s", _hard_chain, [-1.] * 4, [1.] * 4,
                [rungs.pairs],
                {"v1^2 + x1^2 + v2^2 + (x1 - x2)^2 + (x1 - x2)^4"}),
    "forces":
        Example(
            "x1:m,x2:m,v1:m/s,v2:m/s", _calogero, [-1.5, .5, -1., -1.],
            [-.5, 1.5, 1., 1.], [rungs.quadratic, rungs.forces], {
                "v1^2 + x1^2 + v2^2 + x2^2 + 2/|x1 - x2|^2",
                "x1^2 + 2 x1*x2 + x2^2 + v1^2 + 2 v1*v2 + v2^2"
            }),
    "reactions":
        Example("a,b", lambda s: [s[0] - s[1]**-2, s[0]**-2 - s[1]], [.7, .7],
                [1.4, 1.4], [rungs.reactions], {"a*b + 1/a + 1/b"}),
    "products":
        Example(
            "a,b", lambda s:
            [2 * s[1] - s[0]**2 * np.exp(-s[1]), -2 * s[0] * np.exp(-s[1])],
            [-.6, -.6], [.6, .6], [rungs.products], {"b^2 + a^2*exp(-b)"}),
    "powers":
        Example("h:m,v:m/s", lambda s: [s[1], s[0]**-1.4 - 1], [.6, -.4],
                [1.8, .4], [rungs.powers], {"v^2 + 2 h + 5/h^(2/5)"}),
    "rotors":
        Example("x:m,q:rad,v:m/s,w:1/s", _cart, [-1., -1., -.5, -1.],
                [1., 1., .5, 1.], [rungs.rotors],
                {"w^2 - 19.6 cos(q) - 0.5 w^2*cos(q)^2", "w*cos(q) + 2 v"}),
    "sines":
        Example(
            "a:rad,b:rad,w:1/s,u:1/s", lambda s: [
                *s[2:], -np.sin(s[0]) * np.cos(s[1]) * 2, -np.cos(s[0]) * np.
                sin(s[1])
            ], [-1.] * 4, [1.] * 4, [rungs.sines],
            {"w^2 + 2 u^2 - 4 cos(a)*cos(b)"}),
    "torques":
        Example("a:rad,w:rad/s",
                lambda s: [s[1], -np.sin(s[0]) - .25 * s[0] + .2], [-1., -1.],
                [1., 1.], [rungs.torques],
                {"w^2 - 2 cos(a) - 0.4 a + 0.25 a^2"}),
}


def _found(example, climbed, count=16):
  random = np.random.default_rng(0)
  times = np.linspace(0, 8, 200)
  states = [
      integrate.solve_ivp(lambda _, s: example.field(s), (0, 8),
                          start,
                          "DOP853",
                          times,
                          rtol=1e-11,
                          atol=1e-11).y.T
      for start in random.uniform(example.low, example.high, (count,
                                                              len(example.low)))
  ]
  found = discover(states, times, columns=example.columns, rungs=climbed)
  return [law.text for law in found.laws if law.verdict == "conserved"]


def _pieces(texts):
  """Laws as sets of pieces of their texts, because terms come in any order."""
  return {frozenset(text.replace(" - ", " + -").split(" + ")) for text in texts}


@pytest.mark.parametrize("name", list(EXAMPLES))
def test_a_law_is_found(name):
  example = EXAMPLES[name]
  found = _found(example, example.climbed)
  assert _pieces(example.laws) == _pieces(found)


def test_the_direction_of_an_ellipse_in_space():
  example = Example("x:m,y:m,z:m,vx:m/s,vy:m/s,vz:m/s", _orbit,
                    [.8, -.2, -.2, -.2, 1., -.3], [1.2, .2, .2, .2, 1.3, .3],
                    [], set())
  found = _found(example, [rungs.quadratic, rungs.central, rungs.lenz])
  assert len(found) == 5
  assert {"|v|^2 - 4/|r|", "x*vy - y*vx"} <= set(found)
  assert sum("/|r|" in text for text in found) == 2


def test_moments_of_bodies():
  example = EXAMPLES["distances"]
  found = _found(example, [rungs.linear, rungs.bodies, rungs.moments])
  assert "x1*vy1 - y1*vx1 + 2 x2*vy2 - 2 y2*vx2" in found and len(found) == 4


def test_the_third_integral_of_a_lattice():
  example = Example("q1,q2,q3,p1:1/s,p2:1/s,p3:1/s", _open_toda, [-1.] * 6,
                    [1.] * 6, [], set())
  found = _found(example, [rungs.linear, rungs.exponentials, rungs.lattice], 20)
  assert set(found) == {
      "p1 + p2 + p3", "p1^2 + 2 exp(q1 - q2) + 2 exp(q2 - q3) + p2^2 + p3^2",
      "p1*p2*p3 - p1*exp(q2 - q3) - p3*exp(q1 - q2)"
  }
