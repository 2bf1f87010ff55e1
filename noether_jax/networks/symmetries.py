"""Symmetries that a network for conserved quantities can respect exactly."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax.numpy as jnp
import numpy as np

from noether_jax.types import Array
from noether_jax.types import Params

Transform = Callable[[Array], Array]
Features = Callable[[Params, Array], Array]


def averaged(one: Features, invariances: Sequence[Transform]) -> Features:
  """Return the mean of features over all products of the invariances.

  Args:
    one: `(params, state [D]) -> [H]`.
    invariances: maps of a state, each its own inverse.

  Returns:
    Features that are the same at all images of a state.
  """

  def features(params: Params, x: Array) -> Array:
    total = one(params, x)
    images = [x]
    for turn in invariances:
      images += [turn(image) for image in images]
    for image in images[1:]:
      total = total + one(params, image)
    return total / len(images)

  return features


def even_and_odd(one: Features, mirror: Transform) -> Features:
  """Return twice as many features: first the even, then the odd parts.

  Args:
    one: `(params, state [D]) -> [H]`.
    mirror: a map of a state, its own inverse.

  Returns:
    `(params, state [D]) -> [2 H]`.
  """

  def features(params: Params, x: Array) -> Array:
    own, other = one(params, x), one(params, mirror(x))
    return jnp.concatenate([own + other, own - other]) / 2

  return features


def parity_mask(parities: Sequence[int], num_quantities: int,
                width: int) -> np.ndarray:
  """Return which features, even and then odd, each quantity may read.

  Args:
    parities: 1 or -1 for each quantity.
    num_quantities: K.
    width: H, of each kind.

  Returns:
    `[2 H, K]` of ones and zeros.

  Raises:
    ValueError: for parities that are not K signs.
  """
  if len(parities) != num_quantities or set(parities) - {1, -1}:
    raise ValueError("`parities` must name 1 or -1 for each quantity: got "
                     f"{tuple(parities)} for {num_quantities}.")
  even = np.asarray(parities)[None] > 0
  return np.repeat(np.concatenate([even, ~even]), width, axis=0) * 1.0


def flip(*columns: int) -> Transform:
  """Return the map that reverses some columns, for instance all momenta.

  Args:
    columns: which.

  Returns:
    `state [D] -> [D]`.

  Raises:
    ValueError: without a column.

  Example:
    >>> flip(1)(jnp.array([2., 3.])).tolist()
    [2.0, -3.0]
  """
  if not columns:
    raise ValueError("`flip` needs the columns to reverse: got none.")
  index = np.array(columns, int)
  return lambda x: x.at[index].multiply(-1.0)


def planar_invariants(x: Array,
                      radial: Callable[[Array], Array] | None = None) -> Array:
  """Return invariants of a position and a velocity under plane rotations.

    (|q|^2, |v|^2, q . v, q x v)

  Args:
    x: `[4]`, position (2) and velocity (2).
    radial: a function of |q|^2 to be used instead of it, for instance `jnp.log`
      where a force is singular at the centre.

  Returns:
    `[4]`, in products of the units.

  Example:
    >>> planar_invariants(jnp.array([1., 0., 0., 2.])).tolist()
    [1.0, 4.0, 0.0, 2.0]
  """
  q, v = x[:2], x[2:]
  distance = q @ q if radial is None else radial(q @ q)
  return jnp.stack([distance, v @ v, q @ v, q[0] * v[1] - q[1] * v[0]])
