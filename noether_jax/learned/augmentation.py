"""Symmetric copies of trajectories, where a symmetry is known beforehand."""

from __future__ import annotations

from collections.abc import Callable

import jax

from noether_jax.learned.checks import check_derivatives
from noether_jax.types import Array
from noether_jax.types import Key

Symmetry = Callable[[Key, Array], Array]


def symmetric_copies(key: Key, states: Array, derivatives: Array,
                     symmetry: Symmetry, count: int) -> tuple[Array, Array]:
  """Images of trajectories under random symmetries.

  If a symmetry takes solutions to solutions, its images are trajectories of the
  same system, and a conserved quantity must be constant along them, too. A
  function that only identifies the measured trajectories is not.

  Args:
    key: split for every image.
    states: `[N, T, D]`.
    derivatives: `[N, T, D]`, time derivatives at them.
    symmetry: `(key, state [D]) -> [D]`, a random map, the same for all states
      when the key is; smooth in the state.
    count: images of each trajectory; the originals are not among them.

  Returns:
    `(states, derivatives)`, `[N count, T, D]` each, a trajectory's images
    together; derivatives are mapped by the symmetry's derivative.

  Raises:
    ValueError: if the shapes do not fit, or `count` is below 1.

  Example:
    >>> import jax.numpy as jnp
    >>> shift = lambda key, x: x + jax.random.normal(key, x.shape)
    >>> line = jnp.arange(3.)[None, :, None]
    >>> x, v = symmetric_copies(jax.random.key(0), line, jnp.ones((1, 3, 1)),
    ...                         shift, 2)
    >>> x.shape, (x[:, 2] - x[:, 0]).round(6).ravel().tolist()
    ((2, 3, 1), [2.0, 2.0])
  """
  check_derivatives(states, derivatives)
  if count < 1:
    raise ValueError(f"`count` must be at least 1: got {count}.")
  keys = jax.random.split(key, (states.shape[0], count))

  def image(key: Key, x: Array, v: Array) -> tuple[Array, Array]:
    return jax.jvp(lambda state: symmetry(key, state), (x,), (v,))

  along = jax.vmap(image, (None, 0, 0))
  out = jax.vmap(jax.vmap(along, (0, None, None)))(keys, states, derivatives)
  flat = lambda leaf: leaf.reshape(-1, *states.shape[1:])
  return flat(out[0]), flat(out[1])
