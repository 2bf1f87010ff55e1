"""Conserved quantities that are polynomials in the momenta.

Every function of an energy is conserved too, and the data prefer none of these
functions. Few of them are polynomials of low degree in the momenta. Energies,
momenta, angular momenta and Laplace vectors are such polynomials.
"""

from __future__ import annotations

from collections.abc import Sequence
import itertools

import jax.numpy as jnp
import numpy as np

from noether_jax.types import Array


def monomials(degrees: np.ndarray, degree: int) -> list[tuple[int, ...]]:
  """Return the products of inputs up to a total degree.

  Args:
    degrees: `[D]` of each input; those of degree 0 are left out.
    degree: the highest total.

  Returns:
    The inputs' numbers in each product; first (), the empty product.

  Raises:
    ValueError: if `degree` is negative.

  Example:
    >>> monomials(np.array([0, 1, 2]), 2)
    [(), (1,), (2,), (1, 1)]
  """
  if degree < 0:
    raise ValueError(f"`degree` must be at least 0: got {degree}.")
  inputs = np.flatnonzero(degrees)
  return [
      product for count in range(degree + 1)
      for product in itertools.combinations_with_replacement(
          inputs.tolist(), count) if sum(degrees[list(product)]) <= degree
  ]


def polynomial(inputs: Array, coefficients: Array,
               products: Sequence[Sequence[int]]) -> Array:
  """Return features whose combinations are polynomials of degree 1 and above.

  Every product is multiplied by 1 and by each coefficient, so that momenta and
  angular momenta need no network.

  Args:
    inputs: `[D]`.
    coefficients: `[W]`, functions of the positions.
    products: from `monomials`, the empty one first.

  Returns:
    `[M (1 + W) - 1]` for M products: without the constant one.

  Example:
    >>> polynomial(jnp.array([3., 5.]), jnp.array([3.]), [(), (1,)]).tolist()
    [3.0, 5.0, 15.0]
  """
  one = jnp.ones((), inputs.dtype)
  powers = jnp.stack([
      jnp.prod(inputs[np.array(product)]) if product else one
      for product in products
  ])
  factors = jnp.concatenate([one[None], coefficients])
  return jnp.outer(powers, factors).reshape(-1)[1:]
