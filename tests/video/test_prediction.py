"""Tailoring of predicted frames: what adapts, the inner loss, g."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from noether_jax import InnerLoop
from noether_jax import meta_loss
from noether_jax import MetaParams
from noether_jax import video
from noether_jax.tailoring.adaptation import by_path
from noether_jax.tailoring.residuals import cosine
from tests.tiny_svg import clip
from tests.tiny_svg import LATENT
from tests.tiny_svg import LENGTH
from tests.tiny_svg import model
from tests.tiny_svg import PAST
from tests.tiny_svg import SIZE


def embedding():
  return video.frame_embedding(jax.random.key(2),
                               SIZE,
                               channels=1,
                               filters=(4, 4),
                               num_quantities=5)


def tailored(own, **kwargs):
  net = embedding()
  function = functools.partial(
      video.tailored_video,
      predict_fn=lambda p, x, key: own.teacher_forced(
          p, x, video.draw_noise(key, LENGTH, LATENT), num_past=PAST),
      conserved_fn=net.apply,
      optimizer=optax.sgd(1.),
      **kwargs)
  return function, MetaParams(own.params, net.params)


@pytest.mark.slow
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
  values = np.asarray(embedding().apply(params.conserved, out.initial.frames))
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


def scaled_frame(theta, x, key):
  """A model as small as can be: the second frame is the first one, scaled."""
  del key
  factor = theta["modulation"]["gain"] + theta["modulation"]["more"]
  frames = jnp.stack([x, factor * theta["weights"] * x])
  return video.Video(frames, None, None)


def tailored_small(optimizer, **kwargs):
  theta = {
      "modulation": {
          "gain": jnp.ones(()),
          "more": jnp.zeros(())
      },
      "weights": jnp.full((), 1.5)
  }
  return video.tailored_video(MetaParams(theta),
                              jnp.full((2, 2, 1), .5),
                              None,
                              predict_fn=scaled_frame,
                              conserved_fn=lambda _, frames: frames.mean(
                                  (1, 2)),
                              optimizer=optimizer,
                              **kwargs)


@pytest.mark.parametrize(
    "adapt",
    [None, True,
     by_path("gain"), {
         "modulation": True,
         "weights": True
     }],
    ids=["default", "all", "path", "tree"])
def test_an_inner_loop_equals_its_optimizer(adapt):
  apart = tailored_small(optax.sgd(.1), adapt=adapt)
  together = tailored_small(InnerLoop(optax.sgd(.1), adapt=adapt))
  assert float(apart.losses[1]) < float(apart.losses[0])
  assert jax.tree.structure(apart) == jax.tree.structure(together)
  jax.tree.map(np.testing.assert_array_equal, apart, together)
  everything = isinstance(adapt, (bool, dict))
  assert (apart.adapted["weights"] is not None) == everything
  assert (apart.adapted["modulation"]["more"] is None) == callable(adapt)


def test_an_inner_loop_brings_its_other_settings():
  steps = tailored_small(InnerLoop(optax.sgd(.1), num_steps=3))
  assert steps.losses.shape == (4,)
  assert steps.adapted["weights"] is None
  refused = tailored_small(InnerLoop(optax.sgd(1e3),
                                     accept_only_if_better=True))
  assert bool(refused.finite) and not bool(refused.accepted)


def test_other_residuals_may_be_made_to_vanish():
  twice = lambda *arguments: 2 * video.frame_residuals(*arguments)
  small = tailored_small(optax.sgd(.1)).losses[0]
  np.testing.assert_allclose(
      tailored_small(optax.sgd(.1), residual_fn=twice).losses[0], 4 * small)


def test_what_adapts_is_given_once():
  with pytest.raises(ValueError, match="holds every setting: got adapt=True"):
    tailored_small(InnerLoop(optax.sgd(.1)), adapt=True)
  with pytest.raises(TypeError, match="optax transformation: got 0.1"):
    tailored_small(.1)


def test_residuals_of_frames():
  embedding = lambda params, frames: frames[:, 0, 0]
  frames = jnp.array([[1., 0.], [1., 3.], [2., 3.]]).reshape(3, 1, 1, 2)
  other = video.Video(frames, None, None)
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
                          video.Video(frames[:1], None, None))


@pytest.mark.slow
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
