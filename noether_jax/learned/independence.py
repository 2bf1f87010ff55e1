"""One quantity more: independent of those that are known."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from noether_jax.types import Array

_TINY = 1e-30


def independent_residuals(slope: Array,
                          unit: Array,
                          known: Array,
                          *,
                          epsilon: float = 1e-6) -> Array:
  """Residuals of a quantity beside some that are known.

  See `quotients.alignment_residuals`, which are for several unknown ones.

  Args:
    slope: `[D]`, its gradient, in scaled coordinates.
    unit: `[D]`, the unit velocity, in the same coordinates.
    known: `[K, D]`, an orthonormal basis of the span of the known quantities'
      gradients; rows may be zero.
    epsilon: squared sine of the angle to the span at which the rank term is a
      half.

  Returns:
    `[2]`: the share of the velocity along the part of the gradient outside the
    span, and the rank term.

  Example:
    >>> velocity, known = jnp.array([0., 0., 1.]), jnp.array([[1., 0., 0.]])
    >>> both = lambda slope: independent_residuals(slope, velocity, known)
    >>> [[round(float(x), 2) for x in both(jnp.array(s))]
    ...  for s in ([1., 1., 0.], [0., 1., 1.], [1., 0., 0.])]
    [[0.0, 0.0], [0.71, 0.0], [0.0, 1.0]]
  """
  rest = slope - known.T @ (known @ slope)
  # Once more, because rounding leaves a part of a small rest.
  rest = rest - known.T @ (known @ rest)
  inside = slope - rest
  size = jax.lax.rsqrt(rest @ rest + epsilon * (slope @ slope) + _TINY)
  dependence = jnp.sqrt(epsilon * (inside @ inside) + _TINY)
  return jnp.stack([rest @ unit, dependence]) * size
