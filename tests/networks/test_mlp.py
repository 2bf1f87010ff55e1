"""Networks: shapes, initialisation, exact conservation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax import networks


def test_mlp_equals_its_layers():
  apply, params = networks.mlp(jax.random.key(0), 3, 2, hidden=(8, 5))
  x = jax.random.normal(jax.random.key(1), (3,), jnp.float32)
  out = x
  for i in range(3):
    layer = params["layers"][i]
    out = out @ layer["kernel"] + layer["bias"]
    out = jnp.tanh(out) if i < 2 else out
  np.testing.assert_allclose(apply(params, x), out, rtol=1e-6)


def test_kernels_are_orthogonal():
  _, params = networks.mlp(jax.random.key(0), 2, 2, hidden=(20, 20))
  kernel = params["layers"][1]["kernel"]
  np.testing.assert_allclose(kernel @ kernel.T, np.eye(20), atol=1e-5)


def test_hamiltonian_field_is_tangent_to_its_energy():
  apply, params = networks.hamiltonian(jax.random.key(0), 4, hidden=(8,))
  energy = lambda x: jnp.sum(
      jnp.tanh(x @ params["layers"][0]["kernel"] + params["layers"][0]["bias"])
      @ params["layers"][1]["kernel"])
  x = jnp.array([.1, -.2, .3, .5], jnp.float32)
  assert abs(float(jax.grad(energy)(x) @ apply(params, x))) < 1e-7


def test_hamiltonian_needs_pairs():
  with pytest.raises(ValueError, match="must be even"):
    networks.hamiltonian(jax.random.key(0), 3)
