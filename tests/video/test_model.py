"""Stochastic video generation: rollouts, refused shapes, counts."""

from flax import nnx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax import video
from noether_jax.video import convolutions
from noether_jax.video.backbones import Architecture
from noether_jax.video.backbones import ARCHITECTURES
from noether_jax.video.generation import Noise
from noether_jax.video.recurrent import Gaussian
from tests.tiny_svg import clip
from tests.tiny_svg import LATENT
from tests.tiny_svg import LENGTH
from tests.tiny_svg import model
from tests.tiny_svg import noise
from tests.tiny_svg import PAST
from tests.tiny_svg import SIZE
from tests.tiny_svg import TINY


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


def test_one_given_frame_and_one_seen_at_once():
  own = model()
  for method in (own.teacher_forced, own.generated):
    out = method(own.params, clip(), noise(), num_past=1)
    assert out.frames.shape == clip().shape
    assert bool(jnp.isfinite(out.frames).all())
  g = video.frame_embedding(jax.random.key(0),
                            SIZE,
                            channels=1,
                            stacked=1,
                            filters=(2,))
  assert g.apply(g.params, clip()).shape == (LENGTH, 64)


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
  shapes = jax.eval_shape(
      lambda: video.svg(jax.random.key(0), video.SVGConfig(backbone)).params)
  count = lambda tree: sum(leaf.size for leaf in jax.tree.leaves(tree))
  assert count(shapes["modulation"]) == modulation
  cells, gates = 4, 4 * 256
  embedding = jax.eval_shape(lambda: video.frame_embedding(
      jax.random.key(0), ARCHITECTURES[backbone].size).params)
  if weights is None:
    weights = 43_606_499 - count(embedding)
  assert count(shapes["weights"]) + cells * gates == weights


def test_the_small_model_is_small():
  shapes = jax.eval_shape(lambda: video.svg(
      jax.random.key(0),
      video.SVGConfig("small_32", code_size=32, latent_size=8, hidden=48)).
                          params)
  count = sum(leaf.size for leaf in jax.tree.leaves(shapes["weights"]))
  assert 2.5e5 < count < 3.6e5


def test_errors():
  with pytest.raises(ValueError, match="no architecture 'vgg_32'"):
    video.svg(jax.random.key(0), video.SVGConfig("vgg_32"))
  with pytest.raises(ValueError, match="can't be halved 2 times"):
    video.svg(jax.random.key(0),
              video.SVGConfig(Architecture(6, ((3, 3), (4,)))))
  with pytest.raises(ValueError, match="`size` must be divisible"):
    video.frame_embedding(jax.random.key(0), 30)
  out = model().teacher_forced(model().params, clip(), noise(), num_past=PAST)
  with pytest.raises(ValueError, match="must have one shape"):
    video.svg_loss(out, clip()[1:])
  few = model().generated(model().params, clip()[:PAST], noise(), num_past=PAST)
  with pytest.raises(ValueError, match="posterior of every frame"):
    video.svg_loss(few, clip())
  for blocks, strided in ((((3,), (4,)), False), (((3, 3), ()), False),
                          (((3, 3), (4,)), True)):
    with pytest.raises(ValueError, match="finest block|one convolution each"):
      video.svg(jax.random.key(0),
                video.SVGConfig(Architecture(SIZE, blocks, strided)))
  with pytest.raises(ValueError, match="channels are needed"):
    convolutions.JoinedConv(5, 4, rngs=nnx.Rngs(0))(jnp.zeros((1, 4, 4, 3),
                                                              jnp.float32))
