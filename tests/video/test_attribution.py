"""Principal components of g and Grad-CAM, against their definitions."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax import video
from noether_jax.video import attribution

SIZE = 8


@pytest.fixture(name="net", scope="module")
def fixture_net():
  return video.frame_embedding(jax.random.key(0),
                               SIZE,
                               channels=1,
                               filters=(3, 5),
                               num_quantities=4)


def clip(seed=1, length=4):
  return jax.random.uniform(jax.random.key(seed), (length, SIZE, SIZE, 1))


def test_maps_and_read_make_up_g(net):
  maps = net.maps(net.params, clip())
  assert maps.shape == (3, SIZE // 2, SIZE // 2, 5) and float(maps.min()) >= 0
  np.testing.assert_array_equal(net.read(net.params, maps),
                                net.apply(net.params, clip()))


def test_components_are_those_of_the_covariance():
  values = np.random.default_rng(0).normal(size=(40, 4)) @ np.diag(
      [1, 5, 2, .1])
  found = attribution.principal_components(jnp.array(values), 2)
  size, vectors = np.linalg.eigh(np.cov(values.T))
  np.testing.assert_allclose(found.shares,
                             size[::-1][:2] / size.sum(),
                             rtol=1e-9)
  for ours, theirs in zip(found.directions, vectors.T[::-1]):
    assert np.isclose(abs(ours @ theirs), 1)
    assert ours[np.argmax(np.abs(ours))] > 0
  scores = found.scores(jnp.array(values))
  np.testing.assert_allclose(np.cov(scores.T),
                             np.diag(size[::-1][:2]),
                             atol=1e-9)
  with pytest.raises(ValueError, match="`count` at most both"):
    attribution.principal_components(jnp.array(values), 5)


def test_grad_cam_is_its_definition(net):
  # In float64; a bias keeps all maps positive, so that no maximum is shared.
  params = jax.tree.map(lambda leaf: leaf.astype(jnp.float64), net.params)
  bias = params["convolutions"][1]["bias"]
  params["convolutions"][1]["bias"] = bias + 2
  direction = jnp.array([0., -1., 0., 1.])
  heat = attribution.grad_cam(net, params, clip(), direction)
  assert heat.shape == (3, SIZE, SIZE)
  maps = np.asarray(net.maps(params, clip()))[1]
  # The gradient by differences, on whatever side a maximum lies.
  step, gradient = 1e-6, np.zeros_like(maps)
  value = lambda m: float((net.read(params, jnp.array(m)[None]) @ direction)[0])
  for place in np.ndindex(*maps.shape):
    up = maps.copy()
    up[place] += step
    gradient[place] = (value(up) - value(maps)) / step
  wanted = np.maximum(maps @ gradient.mean(axis=(0, 1)), 0)
  small = np.asarray(heat[1]).reshape(SIZE // 2, 2, SIZE // 2, 2)
  assert wanted.max() > 1e-3
  enlarged = jax.image.resize(jnp.array(wanted), (SIZE, SIZE), "linear")
  np.testing.assert_allclose(small.reshape(SIZE, SIZE), enlarged, atol=1e-5)


def test_it_lights_up_what_g_looks_at(net):
  """A g made to see nothing but brightness at its first window's top left."""
  params = jax.tree.map(jnp.zeros_like, net.params)
  kernels = params["convolutions"]
  kernels[0]["kernel"] = kernels[0]["kernel"].at[2, 2, 0, 0].set(1.)
  kernels[1]["kernel"] = kernels[1]["kernel"].at[2, 2, 0, 0].set(1.)
  params["output"]["kernel"] = params["output"]["kernel"].at[::5, 0].set(1.)
  frames = jnp.zeros((2, SIZE, SIZE, 1)).at[0, :2, :2].set(1.)
  heat = attribution.grad_cam(net, params, frames, jnp.eye(4)[0])[0]
  assert float(heat[0, 0]) > 0 and float(heat[4:, 4:].max()) == 0
  elsewhere = attribution.grad_cam(net, params, frames, jnp.eye(4)[1])
  np.testing.assert_array_equal(elsewhere, 0)


def test_a_direction_must_fit(net):
  with pytest.raises(ValueError, match=r"`direction` must be \[4\]"):
    attribution.grad_cam(net, net.params, clip(), jnp.ones(3))
