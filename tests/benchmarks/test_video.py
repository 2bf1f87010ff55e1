"""The compact model is one and the same in both frameworks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import compact_video


def test_both_frameworks_have_the_same_outer_gradient():
  pytest.importorskip("torch")
  pytest.importorskip("higher")
  params = compact_video.parameters(32)
  frames = jax.random.uniform(jax.random.key(0), (2, 3, 32, 32, 3), jnp.float32)
  ours, theirs = (jax.tree.leaves(make(params, frames)())
                  for make in (compact_video.jax_call,
                               compact_video.torch_call))
  for a, b in zip(ours, theirs, strict=True):
    assert a.shape == b.shape
    np.testing.assert_allclose(a, b, atol=1e-5 * np.abs(b).max())
