"""Structured networks: exact derivatives, and the promised structure."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax.networks.structured import network_features
from noether_jax.networks.structured import network_gradient
from noether_jax.networks.structured import network_params
from noether_jax.networks.structured import network_value
from noether_jax.networks.structured import Structure

STATES = np.random.default_rng(1).uniform(.5, 2., (40, 6))

STRUCTURES = {
    "monomials":
        Structure((0, 2), monomials=((0,), (0, 1), (1, 1, 1), (0, 0, 1, 1))),
    "logarithms":
        Structure((0, 1), positive=(0, 1), monomials=((2,), (0, 3))),
    "angles":
        Structure((1,), angles=(0, 3), monomials=((0, 1), (2, 3)),
                  powers=((),)),
    "one distance":
        Structure((0, 1), distances=(((0, 1), ()),), monomials=((2,), (5, 6))),
    "distances":
        Structure((0, 1, 2, 3),
                  distances=(((0, 1), (2, 3)), ((0, 1), (4, 5))),
                  monomials=((4,), (5,), (9,))),
    "momenta":
        Structure((0, 1, 2, 3),
                  momenta=(2, 3),
                  monomials=((0,),),
                  powers=((), (2,), (2, 3))),
}


def made_params(structure):
  random = np.random.default_rng(0)
  params = network_params(random, structure, STATES, (5, 4))
  width = network_features(structure, params, STATES)[0].shape[-1]
  return {**params, "readout": random.normal(size=width)}


@pytest.mark.parametrize("name", STRUCTURES)
def test_derivatives_are_exact(name):
  structure = STRUCTURES[name]
  params = made_params(structure)
  values, slopes = network_features(structure, params, STATES)
  exact = jax.vmap(
      jax.jacfwd(lambda x: network_features(structure, params, x)[0]))(
          jnp.asarray(STATES))
  np.testing.assert_allclose(slopes, exact, rtol=1e-9, atol=1e-9)
  np.testing.assert_allclose(network_value(structure, params, STATES),
                             values @ params["readout"])


@pytest.mark.parametrize("name", STRUCTURES)
def test_numpy_and_jax_agree(name):
  structure = STRUCTURES[name]
  params = made_params(structure)
  for function in (network_value, network_gradient):
    np.testing.assert_allclose(function(structure, params, STATES),
                               function(structure, params, jnp.asarray(STATES)),
                               rtol=1e-10)


def test_products_of_momenta_keep_their_parity():
  structure = STRUCTURES["momenta"]._replace(monomials=(), powers=((2,), (3,)))
  params = made_params(structure)
  turned = STATES * np.array([1, 1, -1, -1, 1, 1])
  np.testing.assert_allclose(network_value(structure, params, turned),
                             -network_value(structure, params, STATES))


def test_hidden_units_see_no_momenta():
  structure = STRUCTURES["momenta"]._replace(monomials=(), powers=((),))
  slopes = network_gradient(structure, made_params(structure), STATES)
  assert np.abs(slopes[:, :2]).max() > 0
  assert np.abs(slopes[:, 2:]).max() == 0
