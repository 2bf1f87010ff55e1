"""Layers of the video model: convolutions, pooling, norms, latents."""

from flax import nnx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax.video import convolutions
from noether_jax.video.modulation import ConditionalNorm
from noether_jax.video.recurrent import Gaussian
from noether_jax.video.recurrent import kl_divergence
from tests.tiny_svg import normal


def test_joined_convolution_is_that_of_the_concatenation():
  layer = convolutions.JoinedConv(5, 4, rngs=nnx.Rngs(0))
  layer.bias[...] = jnp.arange(4, dtype=jnp.float32)
  x = normal(0, (3, 6, 6, 2))
  constant = normal(1, (6, 6, 3))
  both = jnp.concatenate([x, jnp.broadcast_to(constant, (3, 6, 6, 3))], -1)
  np.testing.assert_allclose(layer(x, constant), layer(both), atol=1e-6)
  reference = jax.lax.conv_general_dilated(
      both,
      layer.kernel[...], (1, 1),
      "SAME",
      dimension_numbers=("NHWC", "HWIO", "NHWC")) + layer.bias.reshape(
          1, 1, 1, -1)
  np.testing.assert_allclose(layer(both), reference, atol=1e-6)


def test_pooling_and_upsampling():
  x = jnp.arange(16.).reshape(1, 4, 4, 1)
  assert convolutions.max_pool(x)[0, :, :, 0].tolist() == [[5., 7.], [13., 15.]]
  np.testing.assert_array_equal(convolutions.max_pool(convolutions.upsample(x)),
                                x)


@pytest.mark.parametrize("height", [4, 8])
def test_a_doubled_image_is_never_formed(height):
  x = normal(0, (2, height, 10, 3))
  detail = normal(2, (2 * height, 20, 2))

  def gradients(doubled):
    graph, params = nnx.split(
        convolutions.JoinedConv(5, 4, doubled=doubled, rngs=nnx.Rngs(0)))

    def value(params, x):
      given = x if doubled else convolutions.upsample(x)
      return jnp.sum(jnp.sin(nnx.merge(graph, params)(given, detail)))

    return jax.tree.leaves(jax.value_and_grad(value, (0, 1))(params, x))

  for own, plain in zip(gradients(True), gradients(False), strict=True):
    np.testing.assert_allclose(own, plain, rtol=1e-5, atol=1e-5)


def test_vectors_come_and_go_by_convolutions():
  x = normal(0, (2, 4, 4, 3))
  closed = convolutions.ToVector(3, 5, 4, rngs=nnx.Rngs(0))
  out = jax.lax.conv_general_dilated(x,
                                     closed.kernel[...], (1, 1),
                                     "VALID",
                                     dimension_numbers=("NHWC", "HWIO", "NHWC"))
  np.testing.assert_allclose(closed(x), out[:, 0, 0], atol=1e-6)
  opened = convolutions.FromVector(3, 5, 4, rngs=nnx.Rngs(0))
  image = opened(x[:, 0, 0])
  assert image.shape == (2, 4, 4, 5)
  np.testing.assert_allclose(image[1, 2, 3],
                             x[1, 0, 0] @ opened.kernel[...][:, 2, 3],
                             atol=1e-6)


def test_conditional_norm_begins_as_a_norm_over_one_example():
  layer = ConditionalNorm(3, rngs=nnx.Rngs(0))
  x = 5 + 2 * normal(0, (4, 6, 6, 3))
  out = np.asarray(layer(x))
  np.testing.assert_allclose(out.mean((1, 2, 3)), 0, atol=1e-5)
  np.testing.assert_allclose(out.std((1, 2, 3)), 1, rtol=1e-4)
  np.testing.assert_allclose(out[:1], layer(x[:1]), atol=1e-6)
  layer.scale[...], layer.shift[...] = jnp.full(3, 2., jnp.float32), jnp.arange(
      3, dtype=jnp.float32)
  np.testing.assert_allclose(layer(x), 2 * out + np.arange(3.), atol=1e-5)


def test_divergence_is_that_of_samples():
  first = Gaussian(jnp.array([.3]), jnp.array([-.5]))
  second = Gaussian(jnp.array([-.2]), jnp.array([.4]))

  def density(gaussian, x):
    square = (x - gaussian.mean[0])**2 / jnp.exp(gaussian.log_variance[0])
    return -.5 * (square + gaussian.log_variance[0])

  noise = normal(0, (200000, 1))
  samples = jax.vmap(first.sample)(noise)
  estimate = jnp.mean(density(first, samples) - density(second, samples))
  np.testing.assert_allclose(kl_divergence(first, second)[0],
                             estimate,
                             atol=5e-3)
