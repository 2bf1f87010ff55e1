"""Stochastic video generation: layers, rollouts, what adapts, counts."""

import functools

from flax import nnx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from noether_jax import meta_loss
from noether_jax import MetaParams
from noether_jax import networks
from noether_jax import video
from noether_jax.conservation import cosine
from noether_jax.networks import convolutions
from noether_jax.networks.backbones import Architecture
from noether_jax.networks.backbones import ARCHITECTURES
from noether_jax.networks.modulation import ConditionalNorm
from noether_jax.networks.recurrent import Gaussian
from noether_jax.networks.recurrent import kl_divergence
from noether_jax.networks.svg import Noise
from noether_jax.partition import by_path

LENGTH, PAST, LATENT, SIZE = 5, 2, 3, 4
TINY = Architecture(SIZE, ((3, 3),))
CONFIG = networks.SVGConfig(TINY,
                            channels=1,
                            code_size=6,
                            latent_size=LATENT,
                            hidden=8,
                            predictor_layers=1)


@functools.cache
def model(**changes):
  config = networks.SVGConfig(**{**CONFIG.__dict__, **changes})
  return networks.svg(jax.random.key(0), config)


def clip(seed=0, count=None, size=SIZE):
  shape = (LENGTH, size, size, 1)
  shape = shape if count is None else (count, *shape)
  return jax.random.uniform(jax.random.key(seed), shape, jnp.float32)


def normal(seed, shape):
  return jax.random.normal(jax.random.key(seed), shape, jnp.float32)


def noise(seed=1):
  return video.draw_noise(jax.random.key(seed), LENGTH, LATENT)


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


def test_pooling_and_doubling():
  x = jnp.arange(16.).reshape(1, 4, 4, 1)
  assert convolutions.halve(x)[0, :, :, 0].tolist() == [[5., 7.], [13., 15.]]
  np.testing.assert_array_equal(convolutions.halve(convolutions.double(x)), x)


def test_folding_and_unfolding_are_convolutions():
  x = normal(0, (2, 4, 4, 3))
  fold = convolutions.Fold(3, 5, 4, rngs=nnx.Rngs(0))
  out = jax.lax.conv_general_dilated(x,
                                     fold.kernel[...], (1, 1),
                                     "VALID",
                                     dimension_numbers=("NHWC", "HWIO", "NHWC"))
  np.testing.assert_allclose(fold(x), out[:, 0, 0], atol=1e-6)
  unfold = convolutions.Unfold(3, 5, 4, rngs=nnx.Rngs(0))
  image = unfold(x[:, 0, 0])
  assert image.shape == (2, 4, 4, 5)
  np.testing.assert_allclose(image[1, 2, 3],
                             x[1, 0, 0] @ unfold.kernel[...][:, 2, 3],
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


@pytest.mark.parametrize("backbone", [
    TINY,
    Architecture(8, ((3,), (4,)), strided=True),
    pytest.param(ARCHITECTURES["small_32"], marks=pytest.mark.slow)
])
def test_frames_keep_their_shape_and_range(backbone):
  own = model(backbone=backbone)
  frames = clip(size=backbone.size)
  out = jax.jit(lambda p, f, n: own.teacher_forced(p, f, n, num_past=PAST))(
      own.params, frames, noise())
  assert out.frames.shape == frames.shape
  np.testing.assert_array_equal(out.frames[:PAST], frames[:PAST])
  assert 0 < float(out.frames[PAST:].min()) <= float(
      out.frames[PAST:].max()) < 1
  assert out.prior.mean.shape == (LENGTH - 1, LATENT)


def test_generation_uses_the_given_frames_only():
  own = model()
  run = jax.jit(lambda f, n, unroll: own.generated(
      own.params, f, n, num_past=PAST, unroll=unroll),
                static_argnums=2)
  out = run(clip(), noise(), 1)
  changed = run(clip().at[PAST:].set(0.), noise(), 1)
  short = run(clip()[:PAST], noise(), True)
  for other in (changed, short):
    np.testing.assert_allclose(other.frames[PAST:],
                               out.frames[PAST:],
                               atol=1e-5)
    np.testing.assert_allclose(other.prior.mean, out.prior.mean, atol=1e-5)
  assert short.frames.shape == out.frames.shape
  other = run(clip(3)[:PAST], noise(), True).frames[PAST:]
  assert float(jnp.abs(other - out.frames[PAST:]).max()) > 1e-4


def test_the_first_predicted_frame_is_the_same_in_both_modes():
  own = model()
  n = noise()
  # The prior's latent, given to the posterior's place, is the only difference.
  free = own.generated(own.params, clip(), n, num_past=PAST)
  mean, spread = free.posterior.mean[PAST - 1], jnp.exp(
      free.posterior.log_variance[PAST - 1] / 2)
  wanted = Gaussian(free.prior.mean[PAST - 1],
                    free.prior.log_variance[PAST - 1]).sample(n.prior[PAST - 1])
  eps = n.posterior.at[PAST - 1].set((wanted - mean) / spread)
  forced = own.teacher_forced(own.params,
                              clip(),
                              Noise(n.prior, eps),
                              num_past=PAST)
  np.testing.assert_allclose(forced.frames[PAST], free.frames[PAST], atol=1e-5)


def test_actions_count():
  own = model(actions=2)
  run = jax.jit(lambda a: own.generated(
      own.params, clip()[:PAST], noise(), num_past=PAST, actions=a).frames)
  none = jnp.zeros((LENGTH - 1, 2), jnp.float32)
  still, pushed = run(none), run(none.at[-1].set(3.))
  np.testing.assert_allclose(still[:-1], pushed[:-1], atol=1e-6)
  assert float(jnp.abs(still[-1] - pushed[-1]).max()) > 1e-5


def tailored(own, **kwargs):
  embedding, phi = networks.frame_embedding(jax.random.key(2),
                                            SIZE,
                                            channels=1,
                                            filters=(4, 4),
                                            num_quantities=5)
  function = functools.partial(
      video.tailored_video,
      predict_fn=lambda p, x, key: own.teacher_forced(
          p, x, video.draw_noise(key, LENGTH, LATENT), num_past=PAST),
      conserved_fn=embedding,
      optimizer=optax.sgd(1.),
      **kwargs)
  return function, MetaParams(own.params, phi)


def test_tailoring_adapts_the_modulation_of_each_example_alone():
  function, params = tailored(model())
  run = jax.jit(jax.vmap(lambda x: function(params, x, jax.random.key(3))))
  batch = clip(4, count=3)
  out = run(batch)
  alone = run(batch[1:2])
  assert bool(out.accepted.all()) and bool(
      (out.losses[:, 1] < out.losses[:, 0]).all())
  assert all(leaf is None
             for leaf in jax.tree.leaves(out.adapted["weights"],
                                         is_leaf=lambda x: x is None))
  np.testing.assert_allclose(alone.value.frames[0],
                             out.value.frames[1],
                             atol=1e-5)
  scale = out.adapted["modulation"]["decoder"]["first"]["norm"]["scale"]
  assert scale.shape[0] == 3 and float(jnp.ptp(scale, axis=0).max()) > 0


def test_the_inner_loss_is_the_summed_mean_square_of_neighbours():
  function, params = tailored(model())
  out = jax.jit(function)(params, clip(), jax.random.key(3))
  embedding, phi = networks.frame_embedding(jax.random.key(2),
                                            SIZE,
                                            channels=1,
                                            filters=(4, 4),
                                            num_quantities=5)
  values = np.asarray(embedding(phi, out.initial.frames))
  assert values.shape == (LENGTH - 1, 5)
  wanted = np.sum(np.mean(np.diff(values, axis=0)**2, axis=1))
  np.testing.assert_allclose(out.losses[0], wanted, rtol=1e-4)


def test_the_decoder_alone_may_adapt():
  function, params = tailored(model(), adapt=by_path("modulation/decoder"))
  out = jax.jit(function)(params, clip(), jax.random.key(3))
  adapted = out.adapted["modulation"]
  none = lambda tree: [
      leaf is None
      for leaf in jax.tree.leaves(tree, is_leaf=lambda x: x is None)
  ]
  assert all(none(adapted["encoder"])) and not any(none(adapted["decoder"]))
  assert float(out.losses[1]) < float(out.losses[0])


def test_residuals_of_frames():
  embedding = lambda params, frames: frames[:, 0, 0]
  frames = jnp.array([[1., 0.], [1., 3.], [2., 3.]]).reshape(3, 1, 1, 2)
  other = networks.Video(frames, None, None)
  sums = lambda **kwargs: float(
      jnp.sum(video.frame_residuals(embedding, None, None, other, **kwargs)**2))
  assert np.isclose(sums(), (9 + 1) / 2)
  assert np.isclose(sums(reference="first"), (9 + 10) / 2)
  assert np.isclose(sums(reference="both"), (9 + 10 + 9 + 1) / 2)
  angle = lambda a, b: 1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b)
  rows = np.asarray(frames[:, 0, 0])
  assert np.isclose(sums(distance=cosine),
                    angle(rows[0], rows[1]) + angle(rows[1], rows[2]))
  with pytest.raises(ValueError, match="nothing can change"):
    video.frame_residuals(embedding, None, None,
                          networks.Video(frames[:1], None, None))


def test_one_given_frame_and_one_seen_at_once():
  own = model()
  for method in (own.teacher_forced, own.generated):
    out = method(own.params, clip(), noise(), num_past=1)
    assert out.frames.shape == clip().shape
    assert bool(jnp.isfinite(out.frames).all())
  g, phi = networks.frame_embedding(jax.random.key(0),
                                    SIZE,
                                    channels=1,
                                    stacked=1,
                                    filters=(2,))
  assert g(phi, clip()).shape == (LENGTH, 64)


@pytest.mark.parametrize("change, message", [
    ({
        "num_past": 0
    }, "`num_past` must lie between"),
    ({
        "num_past": 9
    }, "`num_past` must lie between"),
    ({
        "frames": clip().astype(jnp.float64)
    }, "must have one dtype"),
    ({
        "frames": clip()[:, :2]
    }, "`frames` must be"),
    ({
        "frames": (clip() * 255).astype(jnp.uint8)
    }, "`frames` must be"),
    ({
        "frames": clip()[:3]
    }, "`num_past` must lie between"),
    ({
        "noise": jax.tree.map(lambda v: v[:1], noise())
    }, "must"),
    ({
        "actions": jnp.zeros((LENGTH - 1, 2), jnp.float32)
    }, "takes actions"),
])
def test_shapes_that_do_not_fit_are_refused(change, message):
  own = model()
  arguments = {"frames": clip(), "noise": noise(), "num_past": PAST, **change}
  frames, eps = arguments.pop("frames"), arguments.pop("noise")
  with pytest.raises(ValueError, match=message):
    own.teacher_forced(own.params, frames, eps, **arguments)


def test_the_outer_gradient_reaches_g_and_the_weights():
  function, params = tailored(model())
  batch = clip(5, count=2)
  gradient, metrics = jax.jit(
      jax.grad(functools.partial(meta_loss,
                                 tailored_fn=function,
                                 task_loss_fn=video.svg_loss),
               has_aux=True))(params, (batch, batch), jax.random.key(0))
  assert int(metrics["non_finite"]) == 0
  for tree in (gradient.conserved, gradient.predictor["weights"]):
    assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(tree))
  assert float(jnp.abs(gradient.conserved["output"]["kernel"]).max()) > 0
  # Every query restarts from the identity, which no outer step moves.
  assert all(not leaf.any()
             for leaf in jax.tree.leaves(gradient.predictor["modulation"]))
  first = gradient.predictor["weights"]["encoder"]["blocks"][0]
  assert float(jnp.abs(first["layers"][0]["layer"]["kernel"]).max()) > 0


def test_rematerialisation_changes_nothing():
  loss = lambda own: jax.jit(
      jax.value_and_grad(lambda p: video.svg_loss(
          own.teacher_forced(p, clip(), noise(), num_past=PAST), clip())))
  plain, again = (loss(model(remat=r))(model().params) for r in (False, True))
  jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), plain,
               again)


@pytest.mark.parametrize("backbone, weights, modulation", [
    ("vgg_64", 23_936_483 - 1_104_736, 11_008),
    ("vgg_128", None, 17_152),
])
def test_parameter_counts_are_the_published_ones(backbone, weights, modulation):
  """But for LSTM biases, of which the authors have two that are added."""
  shapes = jax.eval_shape(lambda: networks.svg(jax.random.key(
      0), networks.SVGConfig(backbone)).params)
  count = lambda tree: sum(leaf.size for leaf in jax.tree.leaves(tree))
  assert count(shapes["modulation"]) == modulation
  cells, gates = 4, 4 * 256
  embedding = jax.eval_shape(lambda: networks.frame_embedding(
      jax.random.key(0), ARCHITECTURES[backbone].size)[1])
  if weights is None:
    weights = 43_606_499 - count(embedding)
  assert count(shapes["weights"]) + cells * gates == weights


def test_the_small_model_is_small():
  shapes = jax.eval_shape(lambda: networks.svg(
      jax.random.key(0),
      networks.SVGConfig("small_32", code_size=32, latent_size=8, hidden=48)).
                          params)
  count = sum(leaf.size for leaf in jax.tree.leaves(shapes["weights"]))
  assert 2.5e5 < count < 3.6e5


def test_errors():
  with pytest.raises(ValueError, match="no architecture 'vgg_32'"):
    networks.svg(jax.random.key(0), networks.SVGConfig("vgg_32"))
  with pytest.raises(ValueError, match="can't be halved 2 times"):
    networks.svg(jax.random.key(0),
                 networks.SVGConfig(Architecture(6, ((3, 3), (4,)))))
  with pytest.raises(ValueError, match="`size` must be divisible"):
    networks.frame_embedding(jax.random.key(0), 30)
  out = model().teacher_forced(model().params, clip(), noise(), num_past=PAST)
  with pytest.raises(ValueError, match="must have one shape"):
    video.svg_loss(out, clip()[1:])
  few = model().generated(model().params, clip()[:PAST], noise(), num_past=PAST)
  with pytest.raises(ValueError, match="posterior of every frame"):
    video.svg_loss(few, clip())
  for blocks, strided in ((((3,), (4,)), False), (((3, 3), ()), False),
                          (((3, 3), (4,)), True)):
    with pytest.raises(ValueError, match="finest block|one convolution each"):
      networks.svg(jax.random.key(0),
                   networks.SVGConfig(Architecture(SIZE, blocks, strided)))
  with pytest.raises(ValueError, match="channels are needed"):
    convolutions.JoinedConv(5, 4, rngs=nnx.Rngs(0))(jnp.zeros((1, 4, 4, 3),
                                                              jnp.float32))
