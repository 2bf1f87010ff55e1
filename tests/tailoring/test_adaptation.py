"""Partition and combine."""

import jax
import jax.numpy as jnp
import pytest

from noether_jax.tailoring.adaptation import by_path
from noether_jax.tailoring.adaptation import combine
from noether_jax.tailoring.adaptation import partition

PARAMS = {
    "norm": {
        "scale": jnp.ones(2)
    },
    "dense": [jnp.zeros((2, 3)), jnp.ones(3)]
}


@pytest.mark.parametrize("adapt, count", [
    (True, 3),
    (by_path("norm"), 1),
    (by_path(r"dense/1$"), 1),
    ({
        "norm": False,
        "dense": [True, False]
    }, 1),
    ({
        "norm": True,
        "dense": True
    }, 3),
])
def test_round_trip(adapt, count):
  adapted, frozen = partition(PARAMS, adapt)
  assert len(jax.tree.leaves(adapted)) == count
  assert len(jax.tree.leaves(frozen)) == 3 - count
  whole = combine(adapted, frozen)
  assert jax.tree.structure(whole) == jax.tree.structure(PARAMS)
  assert all(
      a is b for a, b in zip(jax.tree.leaves(whole), jax.tree.leaves(PARAMS)))


@pytest.mark.parametrize("adapt, message", [
    ({
        "norm": True
    }, "must be a prefix"),
    ({
        "norm": True,
        "dense": 1.0
    }, "must hold booleans"),
    (by_path("nothing"), "selects no leaf"),
    (False, "selects no leaf"),
])
def test_errors(adapt, message):
  with pytest.raises(ValueError, match=message):
    partition(PARAMS, adapt)
