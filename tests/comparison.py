"""Trees of arrays that must agree."""

import jax
import jax.numpy as jnp
import numpy as np


def assert_close(left, right, rtol=1e-10):
  """Compare leaf by leaf, relative to the largest element of each leaf."""
  jax.tree.map(
      lambda a, b: np.testing.assert_allclose(
          a, b, rtol=0, atol=rtol * float(jnp.max(jnp.abs(b)) + 1e-12)), left,
      right)
