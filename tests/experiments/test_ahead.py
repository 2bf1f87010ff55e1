"""Compilation before the first call."""

import jax
import jax.numpy as jnp
import numpy as np

from experiments.common import ahead
from experiments.common.ahead import compiled_ahead


def test_it_compiles_once_for_each_kind_of_argument(monkeypatch):
  compiled = []
  monkeypatch.setattr(ahead, "give_back_memory", lambda: compiled.append(1))
  function = compiled_ahead(
      lambda tree, weight: jax.tree.map(lambda leaf: weight * leaf, tree))
  for x in (jnp.ones(2), jnp.ones(2), np.ones(2), jnp.ones(3),
            jnp.ones(2, jnp.float32), {
                "a": jnp.ones(2)
            }):
    out = function(x, 2.0)
    assert jax.tree.structure(out) == jax.tree.structure(x)
    for leaf in jax.tree.leaves(out):
      np.testing.assert_array_equal(leaf, 2)
  assert len(compiled) == 4


def test_it_takes_random_keys():
  draw = compiled_ahead(lambda key: jax.random.normal(key, (3,)))
  first, second = (draw(jax.random.key(seed)) for seed in (0, 1))
  assert not np.allclose(first, second)
  np.testing.assert_array_equal(first, draw(jax.random.key(0)))


def test_it_composes_with_transformations():
  square = compiled_ahead(lambda x: x**2)
  assert float(square(jnp.float32(3.))) == 9
  assert float(jax.grad(square)(3.)) == 6
  np.testing.assert_array_equal(jax.vmap(square)(jnp.arange(3.)), [0, 1, 4])


def test_types_are_those_of_jit():
  """A number is weakly typed; the same function is called with both."""
  x = jnp.ones(2, jnp.float32)
  with jax.enable_x64(True):
    strong = np.float64(2)
    for order in ((2.0, strong), (strong, 2.0)):
      ours, theirs = compiled_ahead(jnp.multiply), jax.jit(jnp.multiply)
      for factor in order:
        assert ours(x, factor).dtype == theirs(x, factor).dtype


def test_another_device_is_another_program():
  first, second = jax.devices()[:2]
  double = compiled_ahead(lambda x: 2 * x)
  for device in (first, second, first):
    out = double(jax.device_put(jnp.arange(4.), device))
    assert out.devices() == {device} and out.tolist() == [0, 2, 4, 6]
