"""Where training on frames begins: brightness, a g that is conserved."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from experiments.frames import config as configs
from experiments.frames import model as models
from experiments.frames import quotient
from noether_jax import video


def test_an_untrained_model_predicts_the_mean_brightness():
  config = dataclasses.replace(configs.make("controlled_pendulum", "smoke"),
                               start_at_mean=True)
  brightness = jnp.array([.2, .5, .9], jnp.float32)
  x = {
      "frames": jnp.full((4, 32, 32, 3), .5, jnp.float32),
      "actions": jnp.zeros((3, 1), jnp.float32)
  }
  assert configs.make("controlled_pendulum", "small").start_at_mean
  params = models.initial(config, 0, brightness)
  out = models.make(config).forced(params.predictor, x, jax.random.key(0))
  np.testing.assert_allclose(out.frames[2:].mean((0, 1, 2)),
                             brightness,
                             atol=.1)


def test_g_becomes_conserved_before_training():
  """Noise whose brightness differs between sequences only."""
  random = np.random.default_rng(0)
  bright = random.uniform(40, 250, (12, 1, 1, 1, 1))
  frames = (bright * random.random((12, 8, 8, 8, 3))).astype(np.uint8)
  net = video.frame_embedding(jax.random.key(0),
                              8,
                              filters=(4,),
                              num_quantities=2)
  seen, counts = quotient.windows(frames, 2), {}
  params = quotient.conserved(net,
                              net.params,
                              seen,
                              jax.random.key(1),
                              steps=120,
                              counts=counts)
  first, *_, last = counts["log_quotient"]
  assert len(counts["log_quotient"]) == 4 and last < first - 1
  values = jax.vmap(jax.vmap(lambda x: net.apply(params, x)[0]))(seen)
  np.testing.assert_allclose(np.var(values, axis=(0, 1)), 1, rtol=1e-4)
