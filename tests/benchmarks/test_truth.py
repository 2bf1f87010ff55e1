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


def _angle(name, law):
  sampling = SAMPLINGS[name]
  paths = sampling.paths(3, np.random.default_rng(0))
  return truth.angle(law, sampling.system, np.concatenate(list(paths))[::7])


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
  assert _angle(name, law) < .1


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
  assert _angle(name, law) >= least


def test_a_form_may_be_a_little_off():
  law = Made("q,p", lambda q, p: p**2 - 3.2 * jnp.cos(q))
  sampling = SAMPLINGS["pendulum"]
  states = sampling.paths(3, np.random.default_rng(0)).reshape(-1, 2)
  assert truth.is_true(law, sampling.system, states, degrees=5)
  assert not truth.is_true(law, sampling.system, states, degrees=.5)


def test_names_that_are_no_columns():
  with pytest.raises(ValueError, match="'w_dot' is no column of pendulum"):
    _angle("pendulum", Made("q,w_dot", lambda q, w: q + w))


def test_independent_gradients():
  known = truth.known_gradients(
      SAMPLINGS["Kepler"].system,
      SAMPLINGS["Kepler"].paths(4, np.random.default_rng(0)).reshape(-1,
                                                                     4), False)
  assert truth.num_independent(known) == 3
  twice = np.concatenate([known[:, :1], known[:, :1]], axis=1)
  assert truth.num_independent(twice) == 1
  assert truth.num_independent(known[:, :0]) == 0
