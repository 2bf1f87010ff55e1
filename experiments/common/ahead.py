"""Compilation before the first call; the memory that it frees is returned."""

from __future__ import annotations

from collections.abc import Callable
import ctypes
from typing import Any

import jax
import jax.numpy as jnp


def give_back_memory() -> bool:
  """Returns to the system the freed memory that the C library still keeps.

  After a large program's compilation that can be more than a gigabyte, in
  pieces too small for the arrays that the program needs.

  Returns:
    Whether this machine's C library can do it (glibc's can).

  Example:
    >>> give_back_memory() in (True, False)
    True
  """
  try:
    trim = ctypes.CDLL(None).malloc_trim
  except (AttributeError, OSError, TypeError):
    return False
  trim(0)
  return True


def compiled_ahead(function: Callable[..., Any]) -> Callable[..., Any]:
  """As `jax.jit`, but the memory that compilation frees is returned first.

  So a peak of memory is that of compiling or of running, not of both.

  Args:
    function: of arrays and trees of arrays, all of them positional.

  Returns:
    A function of the same arguments, compiled for the types, shapes and devices
    of each call, if they are new; within other transformations `jax.jit`'s.

  Example:
    >>> double = compiled_ahead(lambda x: 2 * x)
    >>> float(double(jnp.float32(2.))), double(jnp.arange(2)).tolist()
    (4.0, [0, 2])
  """
  jitted = jax.jit(function)
  programs: dict[Any, Any] = {}

  def call(*args: Any) -> Any:
    leaves, structure = jax.tree.flatten(args)
    if any(isinstance(leaf, jax.core.Tracer) for leaf in leaves):
      return jitted(*args)
    # Equal arguments of NumPy and of JAX are one kind.
    leaves = [jnp.asarray(leaf) for leaf in leaves]
    args = jax.tree.unflatten(structure, leaves)
    key = structure, tuple((jax.typeof(v), v.sharding) for v in leaves)
    if key not in programs:
      programs[key] = jitted.lower(*args).compile()
      give_back_memory()
    return programs[key](*args)

  return call
