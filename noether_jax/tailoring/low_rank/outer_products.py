"""A kernel's change kept as a sum of outer products."""

from __future__ import annotations

import dataclasses
import math

import jax
import jax.numpy as jnp

from noether_jax.types import Array


@jax.tree_util.register_dataclass
@dataclasses.dataclass(frozen=True)
class Factors:
  """A change of a kernel `[in, out]` as a sum of R outer products.

  Attributes:
    inputs: `[R, in]`.
    deltas: `[R, out]`; the change is `inputs.T @ deltas`.
  """
  inputs: Array
  deltas: Array

  def materialise(self) -> Array:
    """The change as a matrix `[in, out]`."""
    return jnp.einsum("ri,ro->io", self.inputs, self.deltas)


def factor_product(x: Array, left: Array, right: Array) -> Array:
  """`x @ (left.T @ right)` for `x [..., in]` without forming the matrix.

  Args:
    x: `[..., in]`.
    left: `[R, in]`.
    right: `[R, out]`.

  Returns:
    `[..., out]`.

  Example:
    >>> factor_product(jnp.array([1., 2.]), jnp.ones((1, 2)),
    ...                jnp.ones((1, 3))).tolist()
    [3.0, 3.0, 3.0]
  """
  if left.shape[0] == 1:
    weight = jnp.sum(x * left.reshape((1,) * (x.ndim - 1) + (-1,)), -1)
    return weight[..., None] * right.reshape((1,) * (x.ndim - 1) + (-1,))
  return jnp.einsum("...r,ro->...o", jnp.einsum("...i,ri->...r", x, left),
                    right)


def cheaper_as_factors(shape: tuple[int, ...], rank: int) -> bool:
  """Whether R outer products are smaller than the kernel they change.

  Args:
    shape: `[in, out]` of the kernel.
    rank: R.

  Returns:
    Whether they are.

  Example:
    >>> cheaper_as_factors((200, 200), 8), cheaper_as_factors((2, 200), 8)
    (True, False)
  """
  return rank * sum(shape) <= math.prod(shape)
