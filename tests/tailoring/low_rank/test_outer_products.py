"""Outer products equal the matrices that they stand for."""

import ast

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax.tailoring.low_rank import outer_products
from noether_jax.tailoring.low_rank import OuterProducts
from tests import paths


def change(rank=3, key=0, dtype=jnp.float64):
  left, right = jax.random.split(jax.random.key(key))
  return OuterProducts(
      jax.random.normal(left, (rank, 4)).astype(dtype),
      jax.random.normal(right, (rank, 2)).astype(dtype))


@pytest.mark.parametrize("rank", [1, 3])
@pytest.mark.parametrize("lead", [(), (5,), (2, 3)])
def test_product(rank, lead):
  one = change(rank)
  x = jax.random.normal(jax.random.key(1), (*lead, 4))
  y = jax.random.normal(jax.random.key(2), (*lead, 2))
  np.testing.assert_allclose(one.product(x), x @ one.materialised(), rtol=1e-12)
  np.testing.assert_allclose(one.product(y, transposed=True),
                             y @ one.materialised().T,
                             rtol=1e-12)


def test_sums_and_multiples():
  one, two = change(1), change(3, key=1)
  total = one.appended(two, two).scaled(-2.)
  expected = -2 * (one.materialised() + 2 * two.materialised())
  np.testing.assert_allclose(total.materialised(), expected, rtol=1e-12)
  np.testing.assert_allclose(total.added_to(jnp.ones((4, 2))),
                             1 + expected,
                             rtol=1e-12)


def test_gram_of_outer_products_and_arrays():
  rows = jax.tree.map(
      lambda *leaves: jnp.stack(leaves), *[{
          "w": change(key=i),
          "b": jnp.arange(3.) + i,
          "frozen": None
      } for i in range(4)])
  dense = jnp.concatenate([
      jax.vmap(lambda c: c.materialised())(rows["w"]).reshape(4, -1), rows["b"]
  ], 1)
  np.testing.assert_allclose(outer_products.gram(rows),
                             dense @ dense.T,
                             rtol=1e-12)


def test_trees_of_arrays_outer_products_and_none():
  params = {"a": jnp.ones(2), "w": jnp.ones((4, 2)), "z": jnp.ones(1)}
  adapted = {"a": jnp.full(2, 3.), "w": change(), "z": None}
  full = outer_products.changed(params, adapted)
  np.testing.assert_array_equal(full["a"], adapted["a"])
  np.testing.assert_allclose(full["w"], 1 + change().materialised())
  np.testing.assert_array_equal(full["z"], params["z"])
  leaves, changes = outer_products.split_changes(params, adapted)
  np.testing.assert_array_equal(leaves[0], adapted["a"])
  np.testing.assert_array_equal(leaves[1], params["w"])
  assert list(changes) == [1]
  for flag in (True, False):
    out = outer_products.changed(
        params, outer_products.kept(adapted, params, jnp.array(flag)))
    jax.tree.map(np.testing.assert_array_equal, out, full if flag else params)
  tripled = outer_products.scaled(adapted, {"a": 3., "w": 3., "z": None})
  np.testing.assert_array_equal(tripled["a"], jnp.full(2, 9.))
  np.testing.assert_allclose(tripled["w"].materialised(),
                             3 * change().materialised())


@pytest.mark.parametrize("dtype", [jnp.float16, jnp.bfloat16, jnp.float32])
def test_a_multiple_keeps_the_dtype(dtype):
  factor = jnp.float64(.5)
  assert change(dtype=dtype).scaled(factor).cotangents.dtype == dtype
  assert outer_products.times(jnp.ones(2, dtype), factor).dtype == dtype


def test_no_other_module_asks_what_a_leaf_is():
  for path in (paths.ROOT / "noether_jax").rglob("*.py"):
    if path.name == "outer_products.py":
      continue
    for node in ast.walk(ast.parse(path.read_text())):
      if isinstance(node, ast.Call) and ast.unparse(node.func) == "isinstance":
        assert "OuterProducts" not in ast.unparse(node), path
