"""One quantity beside known ones has the residuals of all of them together."""

import jax.numpy as jnp
import numpy as np

from noether_jax.learned.independence import independent_residuals
from noether_jax.learned.quotients import alignment_residuals


def test_it_is_the_last_of_several_quantities():
  random = np.random.default_rng(0)
  axes = jnp.asarray(np.linalg.qr(random.normal(size=(5, 2)))[0].T)
  slope, velocity = (jnp.asarray(a) for a in random.normal(size=(2, 5)))
  rows = jnp.concatenate([axes, slope[None]])
  together = alignment_residuals(lambda p, x: p @ x,
                                 rows,
                                 jnp.zeros(5),
                                 velocity,
                                 slow=0.)
  unit = velocity / jnp.linalg.norm(velocity)
  own = independent_residuals(slope, unit, axes)
  np.testing.assert_allclose(own[0], together[2], rtol=1e-5)
  np.testing.assert_allclose(own[1]**2,
                             together[4]**2 + together[5]**2,
                             rtol=1e-5)


def test_rows_of_zeros_are_no_known_quantity():
  slope, unit = jnp.array([1., 2., 0.]), jnp.array([0., 0., 1.])
  known = jnp.array([[1., 0., 0.]])
  padded = jnp.concatenate([known, jnp.zeros((2, 3))])
  np.testing.assert_array_equal(independent_residuals(slope, unit, known),
                                independent_residuals(slope, unit, padded))
