"""What is timed can be traced; the compact model is one in both frameworks."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import compact_video
from benchmarks import video


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


@pytest.mark.slow
@pytest.mark.parametrize("step", video.STEPS)
def test_what_is_measured_can_be_traced(step, monkeypatch):
  monkeypatch.setattr(video, "compiled_ahead", lambda function: function)
  call = video.calls("small_32", predicted=1, batch=1, part=1,
                     remat=False)[step]
  assert all(leaf.dtype in (jnp.float32, jnp.int32)
             for leaf in jax.tree.leaves(jax.eval_shape(call)))
