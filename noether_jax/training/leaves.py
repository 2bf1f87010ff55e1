"""The leaves of a tree as they are stored: typed keys and numbers as arrays."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
from jax.sharding import SingleDeviceSharding
import numpy as np

from noether_jax.types import PyTree

_NUMBERS = (bool, int, float, complex)
# Where they are no wider than the types of 64 bits, they are those.
_WIDE = {
    np.dtype(np.longdouble), np.dtype(np.clongdouble)
} - {np.dtype(np.float64), np.dtype(np.complex128)}


def _is_key(leaf: Any) -> bool:
  return jnp.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _is_abstract(leaf: Any) -> bool:
  return isinstance(leaf, jax.ShapeDtypeStruct)


def by_name(tree: PyTree) -> dict[str, Any]:
  """Return the leaves by their key paths; Python's numbers as arrays.

  Args:
    tree: arrays of JAX or NumPy, typed keys, numbers.

  Returns:
    Key path -> leaf.

  Raises:
    TypeError: if a leaf is neither an array nor a number, or has a dtype that
      nothing can store.

  Example:
    >>> by_name({"w": 1.5})
    {"['w']": array(1.5)}
  """
  out = {}
  for path, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]:
    name = jax.tree_util.keystr(path)
    array = np.asarray(leaf) if isinstance(leaf, _NUMBERS) else leaf
    numpy = isinstance(array, (np.ndarray, np.generic))
    known = isinstance(array, (jax.Array, jax.ShapeDtypeStruct))
    if numpy and array.dtype in _WIDE:
      raise TypeError(f"there is no format that holds {array.dtype}: got it at "
                      f"{name}. Save it as float64 or complex128.")
    if not known and not (numpy and array.dtype.kind not in "OSUMm" and
                          array.dtype.names is None):
      raise TypeError(f"a tree to store holds arrays and numbers: got {leaf!r} "
                      f"at {name}. Leave it out.")
    out[name] = array
  return out


def describe(leaf: Any) -> dict[str, Any]:
  """Return shape and dtype of an array, to be written down and compared.

  Args:
    leaf: a value of `by_name`.

  Returns:
    What JSON can hold.

  Example:
    >>> describe(np.zeros((2, 3), np.float32))
    {'dtype': 'float32', 'shape': [2, 3]}
  """
  return {"dtype": str(leaf.dtype), "shape": list(leaf.shape)}


def as_data(leaf: Any) -> Any:
  """Return an array that any format can hold.

  Args:
    leaf: a value of `by_name`.

  Returns:
    The array, or a typed key's data.

  Example:
    >>> as_data(jax.random.key(1)).tolist()
    [0, 1]
  """
  if isinstance(leaf, np.generic):  # Orbax refuses NumPy's scalars.
    return np.asarray(leaf)
  if not _is_key(leaf):
    return leaf
  if _is_abstract(leaf):
    return jax.eval_shape(jax.random.key_data, leaf)
  return jax.random.key_data(leaf)


def key_implementation(leaf: Any) -> str | None:
  """Return the name of a typed key's algorithm; None for another array.

  Args:
    leaf: a value of `by_name`, not abstract.

  Returns:
    A name that `jax.random.wrap_key_data` knows.

  Example:
    >>> key_implementation(jax.random.key(1))
    'threefry2x32'
  """
  return str(jax.random.key_impl(leaf)) if _is_key(leaf) else None


def abstract(data: Any) -> Any:
  """Return what is to be read: shape, dtype, and on which devices.

  Args:
    data: from `as_data`.

  Returns:
    NumPy's arrays as they are, others as `jax.ShapeDtypeStruct`.

  Example:
    >>> abstract(jnp.zeros(2)).shape
    (2,)
  """
  if isinstance(data, (np.ndarray, np.generic)):
    return data
  where = data.sharding or SingleDeviceSharding(jax.local_devices()[0])
  return jax.ShapeDtypeStruct(data.shape, data.dtype, sharding=where)


def as_like(like: Any, data: Any, implementation: str | None) -> Any:
  """Return what was read, as a leaf of the same kind as another.

  Args:
    like: a leaf, of the tree itself.
    data: the array read; None if it is empty, which nobody stores.
    implementation: from `key_implementation`.

  Returns:
    An array of JAX or NumPy, a typed key or a number, as `like` is.

  Example:
    >>> as_like(0, np.array(3), None)
    3
  """
  if isinstance(like, _NUMBERS):
    return type(like)(np.asarray(data).item())
  if data is None:
    shape = as_data(like)
    data = jnp.zeros(shape.shape, shape.dtype) if _is_abstract(like) else shape
  if isinstance(like, (np.ndarray, np.generic)):
    return np.asarray(data)[()] if isinstance(like, np.generic) else data
  # An array that was free to move to other devices must stay so, or it could
  # not be used together with those of a mesh.
  if like.sharding is None or not getattr(like, "committed", True):
    data = jnp.asarray(np.asarray(data))
  return (data if implementation is None else jax.random.wrap_key_data(
      data, impl=implementation))
