"""The linear combinations of features that are conserved best."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from noether_jax.learned import quotients
from noether_jax.types import Array

_DROPPED = 9.0


def spectral_readout(
    features: Array,
    *,
    weights: Array | None = None,
    tolerance: float = 1e-8,
) -> tuple[Array, Array]:
  """Linear combinations of features by how well they are conserved.

    W c = lambda T c

  with W and T the scatters of the features within trajectories and in total.

  Args:
    features: `[N, T, H]`.
    weights: `[N, T]`, 0 where a state is missing or held out; None for ones.
    tolerance: directions of T with a smaller share of its largest eigenvalue
      are left out: nearly constant combinations are no quantities.

  Returns:
    `(combinations [H, H], quotients [H])`, best first; a combination has unit
    variance; those left out come last, as zeros, with a quotient above 1.

  Example:
    >>> radius = jnp.array([[1., 1.], [2., 2.], [3., 3.]])
    >>> noise = jnp.array([[0., 1.], [1., 0.], [0., 1.]])
    >>> c, quotients = spectral_readout(jnp.stack([noise, radius], -1))
    >>> abs(float(c[0, 0])) < 1e-3 and float(quotients[0]) < 1e-3
    True
  """
  share = jnp.ones(features.shape[:2]) if weights is None else weights
  within, total = quotients.scatter(features, share / jnp.sum(share))
  sizes, vectors = jnp.linalg.eigh(total)
  keep = sizes > tolerance * sizes[-1]
  scale = jnp.where(keep, jax.lax.rsqrt(jnp.where(keep, sizes, 1.0)), 0.0)
  white = vectors * scale[None]
  matrix = white.T @ within @ white
  matrix = matrix + jnp.diag(jnp.where(keep, 0.0, _DROPPED))
  ratios, turned = jnp.linalg.eigh(matrix)
  return white @ turned, ratios
