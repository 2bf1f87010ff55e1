"""Fields that need no tailoring: exact projection, sparse regression."""

from collections.abc import Callable

import jax
import jax.numpy as jnp

Array = jax.Array
THRESHOLD = 0.1
ROUNDS = 5


def project(field: Callable[[Array], Array],
            conserved_fn: Callable[[Array], Array]) -> Callable[[Array], Array]:
  """A field without its component along the conserved quantity's gradient.

  Args:
    field: `x [D] -> dx/dt [D]`.
    conserved_fn: `x -> [1]`.

  Returns:
    A field along which the quantity does not change.

  Example:
    >>> radius = lambda x: jnp.sum(x**2)[None]
    >>> spiral = project(lambda x: jnp.array([-1., 1.]), radius)
    >>> spiral(jnp.array([1., 0.])).tolist()
    [0.0, 1.0]
  """

  def projected(x: Array) -> Array:
    derivative = field(x)
    normal = jax.grad(lambda s: conserved_fn(s)[0])(x)
    # A gradient of zero (an equilibrium) leaves the field as it is.
    square = jnp.maximum(normal @ normal, jnp.finfo(x.dtype).tiny)
    return derivative - (normal @ derivative) / square * normal

  return projected


def library(x: Array) -> Array:
  """Candidate terms: 1, q, p, q^2, q p, p^2, q^3, p^3, sin q, cos q.

  Args:
    x: `[2]`, (q, p).

  Returns:
    `[10]`.
  """
  q, p = x[0], x[1]
  return jnp.stack([
      jnp.ones_like(q), q, p, q**2, q * p, p**2, q**3, p**3,
      jnp.sin(q),
      jnp.cos(q)
  ])


def sparse_regression(x: Array, targets: Array) -> Array:
  """Sequentially thresholded least squares on the library.

  Args:
    x: `[B, 2]`.
    targets: `[B, 2]`, derivatives.

  Returns:
    Coefficients `[10, 2]`; those below THRESHOLD are zero.

  Reference:
    Brunton, Proctor and Kutz, PNAS 113 (2016), SINDy.
  """
  features = jax.vmap(library)(x)

  def solve(active: Array, target: Array) -> Array:
    return jnp.linalg.lstsq(features * active[None], target)[0] * active

  def one(target: Array) -> Array:
    coefficients = solve(jnp.ones(features.shape[1], x.dtype), target)
    for _ in range(ROUNDS):
      active = (jnp.abs(coefficients) >= THRESHOLD).astype(x.dtype)
      coefficients = solve(active, target)
    return coefficients

  return jax.vmap(one, in_axes=1, out_axes=1)(targets)
