"""Which leaves of a tree are weights, and in which precision."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from noether_jax.types import PyTree


def is_weight(leaf: Any) -> bool:
  """Whether a leaf can adapt: an array or a number, real and floating.

  Args:
    leaf: a leaf of a parameter tree.

  Returns:
    False for integers, booleans, random keys, complex numbers and objects.

  Example:
    >>> [is_weight(v) for v in (jnp.ones(2), 1.0, 3, jax.random.key(0))]
    [True, True, False, False]
  """
  if isinstance(leaf, float):
    return True
  return is_array(leaf) and jnp.issubdtype(leaf.dtype, jnp.floating)


def is_array(leaf: Any) -> bool:
  """Whether a leaf is an array.

  Args:
    leaf: a leaf of a tree.

  Returns:
    True for arrays and scalars of JAX and NumPy.

  Example:
    >>> is_array(jnp.ones(2)), is_array(1.0)
    (True, False)
  """
  return isinstance(leaf, (jax.Array, np.ndarray, np.generic))


def is_weight_array(leaf: Any) -> bool:
  """Whether a leaf is an array that can adapt, and no number.

  Args:
    leaf: a leaf of a module, whose numbers are settings.

  Returns:
    See `is_weight`.

  Example:
    >>> is_weight_array(jnp.ones(2)), is_weight_array(1.0)
    (True, False)
  """
  return is_array(leaf) and is_weight(leaf)


def to_single(leaf: Any) -> Any:
  """A floating leaf as an array of at least 32 bits.

  Tailoring changes weights by less than bfloat16 and float16 can resolve.

  Args:
    leaf: a real floating array or number.

  Returns:
    A JAX array, float32 if the leaf has fewer bits.

  Example:
    >>> to_single(jnp.ones(2, jnp.bfloat16)).dtype.name
    'float32'
  """
  leaf = jnp.asarray(leaf)
  return leaf.astype(jnp.float32 if leaf.dtype.itemsize < 4 else leaf.dtype)


def split_weights(
    tree: PyTree,
    keep: Callable[[Any], bool] = is_weight) -> tuple[PyTree, PyTree]:
  """Separate what can adapt from integers, keys and all else.

  Args:
    tree: any tree.
    keep: which leaves are weights.

  Returns:
    `(weights, fixed)`, each like `tree` with None where the leaf is in the
    other; weights are arrays of at least 32 bits.

  Example:
    >>> split_weights({"w": 1.0, "count": 3})[1]
    {'count': 3, 'w': None}
  """
  weights = jax.tree.map(lambda v: to_single(v) if keep(v) else None, tree)
  fixed = jax.tree.map(lambda v: None if keep(v) else v, tree)
  return weights, fixed
