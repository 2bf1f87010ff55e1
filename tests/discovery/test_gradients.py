"""The part of gradients outside a span."""

import numpy as np

from noether_jax.discovery.gradients import outside
from noether_jax.discovery.gradients import span


def test_what_is_outside_is_orthogonal_and_inside_is_nothing():
  random = np.random.default_rng(0)
  known = random.normal(size=(7, 2, 5))
  axes = span(known)
  mixed = np.einsum("fk,mkd->mfd", random.normal(size=(3, 2)), known)
  np.testing.assert_allclose(outside(mixed, axes), 0, atol=1e-12)
  rest = outside(random.normal(size=(7, 3, 5)), axes)
  np.testing.assert_allclose(np.einsum("mfd,mkd->mfk", rest, known),
                             0,
                             atol=1e-12)


def test_nothing_known_leaves_all():
  slopes = np.ones((4, 3, 2))
  assert outside(slopes, span(np.zeros((4, 0, 2)))) is slopes
