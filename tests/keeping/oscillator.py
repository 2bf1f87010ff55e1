"""A small NoetherNetwork that the tests of `keeping` train and break."""

import functools

import jax
import jax.numpy as jnp
import optax

from noether_jax import NoetherNetwork
import noether_jax as nj

KEY = jax.random.key(0)
X = jax.random.normal(jax.random.key(1), (16, 2))
BATCH = (X, X[:, ::-1])
THETA = {"w": .5 * jnp.ones((2, 8)), "v": .3 * jnp.ones((8, 2))}
PHI = jnp.array([1., .5])
OUTER = optax.adam(1e-2)


def field(theta, x):
  return jnp.tanh(x @ theta["w"]) @ theta["v"]


def quantities(phi, x):
  return jnp.stack([jnp.sum(phi * x**2), x[0] * phi[1]])


SETTINGS = {
    "predict": field,
    "conserved": quantities,
    "inner": nj.gauss_newton(),
    "of": "vector_field",
    "dt": .1
}


@functools.cache
def _plain():
  return NoetherNetwork(**SETTINGS)


def network(**changes):
  """A network; without changes always the same one, which is compiled once."""
  return NoetherNetwork(**{**SETTINGS, **changes}) if changes else _plain()
