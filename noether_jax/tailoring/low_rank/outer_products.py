"""Changes of parameters, kept as outer products where a leaf is a kernel.

A gradient or a change of a parameter tree has in each place an array, None (no
change), or `OuterProducts`. All code that must distinguish them is in this
module.
"""

from __future__ import annotations

import dataclasses
import math
from typing import Any

import jax
import jax.numpy as jnp

from noether_jax.types import Array
from noether_jax.types import Params
from noether_jax.types import PyTree


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class OuterProducts:
  """A change of a kernel `[in, out]` as a sum of R outer products.

  Attributes:
    activations: `[R, in]`.
    cotangents: `[R, out]`; the change is `activations.T @ cotangents`.
  """
  activations: Array
  cotangents: Array

  def materialised(self) -> Array:
    """Return the change as a matrix `[in, out]`."""
    return jnp.einsum("ri,ro->io", self.activations, self.cotangents)

  def added_to(self, kernel: Array) -> Array:
    """Return the changed kernel `[in, out]`."""
    return kernel + self.materialised()

  def scaled(self, factor: Array | float) -> OuterProducts:
    """Return the change times a scalar."""
    return OuterProducts(self.activations, times(self.cotangents, factor))

  def appended(self, *others: OuterProducts) -> OuterProducts:
    """Return the sum of this change and others."""
    parts = (self, *others)
    return OuterProducts(jnp.concatenate([p.activations for p in parts]),
                         jnp.concatenate([p.cotangents for p in parts]))

  def zero_unless(self, flag: Array) -> OuterProducts:
    """Return this change where the flag `[]` is set, elsewhere no change."""
    keep = lambda leaf: jnp.where(flag, leaf, jnp.zeros_like(leaf))
    return OuterProducts(keep(self.activations), keep(self.cotangents))

  def product(self, x: Array, *, transposed: bool = False) -> Array:
    """Return `x @ change` without forming the matrix.

    Args:
      x: `[..., in]`, or `[..., out]` if transposed.
      transposed: whether to multiply by the change's transpose.

    Returns:
      `[..., out]`, or `[..., in]` if transposed.

    Example:
      >>> change = OuterProducts(jnp.ones((1, 2)), jnp.ones((1, 3)))
      >>> change.product(jnp.array([1., 2.])).tolist()
      [3.0, 3.0, 3.0]
    """
    left, right = self.activations, self.cotangents
    if transposed:
      left, right = right, left
    if left.shape[0] == 1:
      row = (1,) * (x.ndim - 1) + (-1,)
      return jnp.sum(x * left.reshape(row), -1)[..., None] * right.reshape(row)
    return jnp.einsum("...r,ro->...o", jnp.einsum("...i,ri->...r", x, left),
                      right)

  def gram(self) -> Array:
    """Return the inner products `[M, M]` of M changes, leaves `[M, R, ...]`."""
    left, right = _wide(self.activations), _wide(self.cotangents)
    return jnp.einsum("mrns,mrns->mn", jnp.einsum("mri,nsi->mrns", left, left),
                      jnp.einsum("mro,nso->mrns", right, right))


def _wide(array: Array) -> Array:
  """The array, in 32 bits if it has 16: sums of squares would overflow."""
  narrow = jnp.finfo(array.dtype).bits < 32
  return array.astype(jnp.float32) if narrow else array


def _is_change(node: Any) -> bool:
  return node is None or isinstance(node, OuterProducts)


def times(leaf: Any, factor: Array | float | None) -> Any:
  """Return a change times a scalar, in its own dtype.

  Args:
    leaf: an array, `OuterProducts` or None.
    factor: scalar `[]`, or None, which changes nothing.

  Returns:
    What `leaf` is.

  Example:
    >>> times(jnp.ones(2), 3.0).tolist()
    [3.0, 3.0]
  """
  if leaf is None or factor is None:
    return leaf
  if isinstance(leaf, OuterProducts):
    return leaf.scaled(factor)
  return (leaf * factor).astype(leaf.dtype)


def scaled(tree: PyTree, factors: PyTree) -> PyTree:
  """Return a change of a tree times a scalar for each of its leaves.

  Args:
    tree: a change of a parameter tree.
    factors: a scalar, or a tree with one in the place of every leaf.

  Returns:
    What `tree` is.

  Example:
    >>> tree = scaled({"a": jnp.ones(1), "b": jnp.ones(1)}, {"a": 2., "b": 3.})
    >>> float(tree["a"][0]), float(tree["b"][0])
    (2.0, 3.0)
  """
  if jax.tree_util.all_leaves([factors]):
    return jax.tree.map(lambda c: times(c, factors), tree, is_leaf=_is_change)
  return jax.tree.map(times, tree, factors, is_leaf=_is_change)


def kept(after: PyTree, before: PyTree, flag: Array) -> PyTree:
  """Return the adapted leaves where a flag is set, elsewhere the first ones.

  Args:
    after: leaves of the parameters after the inner loop, changes of kernels.
    before: the leaves before it, arrays.
    flag: bool `[]`.

  Returns:
    What `after` is.

  Example:
    >>> kept({"w": jnp.ones(1)}, {"w": jnp.zeros(1)}, False)["w"].tolist()
    [0.0]
  """

  def one(new: Any, old: Any) -> Any:
    if isinstance(new, OuterProducts):
      return new.zero_unless(flag)
    return None if new is None else jnp.where(flag, new, old)

  return jax.tree.map(one, after, before, is_leaf=_is_change)


def changed(params: Params, adapted: Params) -> Params:
  """Return a parameter tree with its adapted leaves in place.

  Args:
    params: the parameters before the inner loop.
    adapted: the leaves after it: arrays, changes of kernels, or None.

  Returns:
    A tree of arrays like `params`.

  Example:
    >>> changed({"a": 1.0, "b": 2.0}, {"a": 3.0, "b": None})
    {'a': 3.0, 'b': 2.0}
  """

  def one(leaf: Any, new: Any) -> Any:
    if isinstance(new, OuterProducts):
      return new.added_to(leaf)
    return leaf if new is None else new

  return jax.tree.map(one, params, adapted, is_leaf=_is_change)


def split_changes(
    params: Params,
    adapted: Params) -> tuple[list[Any], dict[int, OuterProducts]]:
  """Return the adapted leaves, and apart from them the changes of kernels.

  Args:
    params: the parameters before the inner loop.
    adapted: the tree after it: arrays, changes of kernels, or None.

  Returns:
    `(leaves, changes)`: the leaves with each adapted array in its place;
    leaf number -> the change of a kernel.

  Example:
    >>> split_changes({"a": 1.0, "b": 2.0}, {"a": 3.0, "b": None})
    ([3.0, 2.0], {})
  """
  # The tree of the parameters may itself hold None, which is no leaf.
  treedef: Any = jax.tree.structure(params)
  leaves, nodes = jax.tree.leaves(params), treedef.flatten_up_to(adapted)
  changes = {i: c for i, c in enumerate(nodes) if isinstance(c, OuterProducts)}
  full = [
      leaf if new is None or i in changes else new
      for i, (leaf, new) in enumerate(zip(leaves, nodes))
  ]
  return full, changes


def gram(rows: PyTree) -> Array:
  """Return the inner products of M gradients.

  Args:
    rows: leaves `[M, ...]`, arrays or `OuterProducts`.

  Returns:
    `[M, M]`, the products summed over all parameters, in 32 bits at least.

  Example:
    >>> gram({"w": jnp.array([[1., 2.], [0., 1.]])}).tolist()
    [[5.0, 2.0], [2.0, 1.0]]
  """

  def one(leaf: Any) -> Array:
    if isinstance(leaf, OuterProducts):
      return leaf.gram()
    flat = _wide(leaf).reshape(leaf.shape[0], -1)
    return flat @ flat.T

  products = [
      one(leaf)
      for leaf in jax.tree.leaves(rows, is_leaf=_is_change)
      if leaf is not None
  ]
  return jnp.sum(jnp.stack(products), axis=0)


def cheaper_as_outer_products(shape: tuple[int, ...], rank: int) -> bool:
  """Return whether R outer products are smaller than the kernel they change.

  Args:
    shape: `[in, out]` of the kernel.
    rank: R.

  Returns:
    Whether they are.

  Example:
    >>> cheaper_as_outer_products((200, 200), 8)
    True
    >>> cheaper_as_outer_products((2, 200), 8)
    False
  """
  return rank * sum(shape) <= math.prod(shape)
