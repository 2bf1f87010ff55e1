"""Quantities that are polynomials in the momenta, as those of mechanics are.

A function of an energy is conserved as well, and nothing in the data prefers
one of them. Few of these functions are polynomials of low degree in the
momenta; energies, momenta, angular momenta and Laplace vectors are.
"""

from __future__ import annotations

import itertools

import jax.numpy as jnp
import numpy as np

from noether_jax.networks.symmetries import Features
from noether_jax.networks.symmetries import Transform
from noether_jax.types import Array, Params


def monomials(degrees: np.ndarray, degree: int) -> list[tuple[int, ...]]:
  """Products of inputs up to a total degree.

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


def polynomial(coefficients: Features, width: int, degrees: np.ndarray,
               degree: int, mean: Array | np.ndarray, scale: Array | np.ndarray,
               transform: Transform | None) -> tuple[Features, int]:
  """Features that are polynomials in the inputs of degree 1 and above.

  Every coefficient is a combination of 1, the positions and `coefficients`, so
  that momenta and angular momenta need no network.

  Args:
    coefficients: `(params, state) -> [width]`, of the positions alone.
    width: number of them.
    degrees: `[D]`, see `monomials`.
    degree: see `monomials`.
    mean: `[D]` of the inputs.
    scale: `[D]` of the inputs.
    transform: state -> inputs `[D]`, None if they are the same.

  Returns:
    `(features, H)`: the products without the constant one, and their number.
  """
  products = monomials(degrees, degree)
  positions = np.flatnonzero(degrees == 0)

  def features(params: Params, x: Array) -> Array:
    inputs = (x if transform is None else transform(x))
    inputs = (inputs - jnp.asarray(mean)) / jnp.asarray(scale)
    one = jnp.ones((), inputs.dtype)
    powers = jnp.stack([
        jnp.prod(inputs[np.array(product)]) if product else one
        for product in products
    ])
    factors = jnp.concatenate(
        [one[None], inputs[positions],
         coefficients(params, x)])
    return jnp.outer(powers, factors).reshape(-1)[1:]

  return features, len(products) * (1 + len(positions) + width) - 1
