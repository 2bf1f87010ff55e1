"""Which laws are true: true ones and their functions, and no others."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import truth
from benchmarks.systems import SAMPLINGS
from noether_jax.data import parse_columns


class Made(NamedTuple):
  """A law made by hand: a function of some variables."""
  columns: str
  function: Any
  verdict: str = "conserved"

  @property
  def variables(self):
    return parse_columns(self.columns)

  def __call__(self, states):
    return self.function(*jnp.moveaxis(jnp.asarray(states), -1, 0))

  def gradient(self, states):
    return jax.grad(lambda s: jnp.sum(self(s)))(jnp.asarray(states))


def _energy(q, p):
  return p**2 - 3 * jnp.cos(q)


@pytest.mark.parametrize("name, law", [
    ("pendulum", Made("q:rad,p:1/s", _energy)),
    ("pendulum", Made("p,q", lambda p, q: _energy(q, p)**2)),
    ("nonlinear spring 2-D", Made("x,y,px,py",
                                  lambda x, y, u, v: x * v - y * u)),
    ("Kepler",
     Made("x,y,vx,vy", lambda x, y, u, v:
          (v * (x * v - y * u) - x / jnp.hypot(x, y)))),
    ("spring of stiffness", Made("q,p,k", lambda q, p, k: p**2 / k + q**2)),
    ("Kepler positions",
     Made("x,y,x_dot,y_dot", lambda x, y, u, v: (x * v - y * u) + 0 * x)),
    ("pendulum", Made("q,q_dot", lambda q, w: w**2 / 4 - 3 * jnp.cos(q))),
    ("damped spring", Made("q,p", lambda q, p: q**2 + p**2, "balance")),
    ("carts with friction", Made("v1,v2", lambda u, v: u + 2 * v, "balance")),
    ("pushed pendulum",
     Made("q,p,u", lambda q, p, u: (p**2 - 8 * jnp.cos(q)), "balance")),
])
def test_true_laws(name, law):
  known = truth.exact(SAMPLINGS[name])
  assert truth.angle(law, known) < .1
  assert truth.scatter(law, known) < 1e-6
  assert truth.is_true(law, known)


@pytest.mark.parametrize("name, law, least", [
    ("pendulum", Made("q,p", lambda q, p: p**2 - 2 * jnp.cos(q)), 5),
    ("pendulum", Made("q,p", lambda q, p: p**2), 20),
    ("damped spring", Made("q,p", lambda q, p: q**2 + p**2), 90),
    ("damped spring", Made("q,p", lambda q, p: q**2 + 2 * p**2, "balance"), 10),
    ("spring of stiffness", Made("q,p,k", lambda q, p, k: p**2 + q**2), 5),
    ("spring of stiffness", Made("q,p,k", lambda q, p, k: k + 0 * q), 90),
    ("Lorenz", Made("x,y,z", lambda x, y, z: x**2 - 20 * z), 90),
    ("white noise", Made("x,y", lambda x, y: x), 90),
])
def test_false_laws(name, law, least):
  known = truth.exact(SAMPLINGS[name])
  assert truth.angle(law, known) >= least
  assert not truth.is_true(law, known, noise=.2)


def test_a_form_may_be_a_little_off():
  law = Made("q,p", lambda q, p: p**2 - 3.2 * jnp.cos(q))
  known = truth.exact(SAMPLINGS["pendulum"])
  assert truth.is_true(law, known, noise=.1)
  assert not truth.is_true(law, known, noise=.1, degrees=.5)
  assert not truth.is_true(law, known, noise=.001)


def test_a_law_that_only_changes_near_a_fast_event_is_false():
  law = Made("x,y,vx,vy",
             lambda x, y, u, v: x * v - y * u + .015 / jnp.hypot(x, y))
  known = truth.exact(SAMPLINGS["comets"])
  assert truth.angle(law, known) < 1 and truth.scatter(law, known) > 3e-3
  assert not truth.is_true(law, known)


@pytest.mark.parametrize("name, columns, energy", [
    ("damped spring", "q,p", lambda q, p: q**2 + p**2),
    ("sliding spring", "q,p", lambda q, p: q**2 + p**2),
    ("pendulum in air", "q,p", lambda q, p: p**2 - 8 * jnp.cos(q)),
    ("carts with friction", "x1,x2,v1,v2", lambda a, b, u, v: u**2 + 2 * v**2 +
     (b - a)**2 + (b - a)**4 / 2),
    ("pushed duffing", "q,p", lambda q, p: p**2 - q**2 + q**4 / 2),
])
def test_what_a_balance_law_gains_is_left_out(name, columns, energy):
  known = truth.exact(SAMPLINGS[name])
  law = Made(columns, energy, "balance")
  assert truth.scatter(law, known) < 1e-6
  assert truth.scatter(law._replace(verdict="conserved"), known) > 1e-2
  squared = Made(columns, lambda *s: (energy(*s) + 10)**2, "balance")
  assert truth.scatter(squared, known) < 1e-6


def test_names_that_are_no_columns():
  with pytest.raises(ValueError, match="'w_dot' is no column of pendulum"):
    truth.angle(Made("q,w_dot", lambda q, w: q + w),
                truth.exact(SAMPLINGS["pendulum"]))


def test_independent_gradients():
  known = truth.known_gradients(
      SAMPLINGS["Kepler"].system,
      SAMPLINGS["Kepler"].paths(4, np.random.default_rng(0)).reshape(-1,
                                                                     4), False)
  assert truth.num_independent(known) == 3
  twice = np.concatenate([known[:, :1], known[:, :1]], axis=1)
  assert truth.num_independent(twice) == 1
  assert truth.num_independent(known[:, :0]) == 0
