"""Where training on frames begins: brightness, a g that is conserved."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.common.stages import Stages
from experiments.controlled_pendulum.config import CONFIGS
from experiments.frames import model as models
from experiments.frames import quotient
from experiments.frames import study
from noether_jax import MetaParams
from noether_jax import networks


def test_an_untrained_model_predicts_the_mean_brightness():
  config = dataclasses.replace(CONFIGS["smoke"], start_at_mean=True)
  brightness = jnp.array([.2, .5, .9], jnp.float32)
  x = {
      "frames": jnp.full((4, 32, 32, 3), .5, jnp.float32),
      "actions": jnp.zeros((3, 1), jnp.float32)
  }
  assert CONFIGS["small"].start_at_mean
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
  net = networks.frame_embedding(jax.random.key(0),
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


class Numbers:
  """Stands for data whose batch of a step is its number."""
  brightness = jnp.full(3, 0.5)

  def batches(self, config, seed, start):
    return ({"frames": np.float32(255 * i)} for i in range(start, 99))


@pytest.mark.parametrize("warm, plain, through, control", [
    (False, range(3), range(3), 3 * 3.5),
    (True, range(3), range(3, 6), 3 * 4.5),
])
def test_a_warm_start_is_the_trained_video_model(warm, plain, through, control,
                                                 tmp_path, monkeypatch):
  """Its rows see the batches that the control sees next, as many as it made."""
  config = dataclasses.replace(CONFIGS["smoke"], warm_start=warm, steps=3)
  seen = []

  def step(kind):

    def one(state, batch, key, learns=None):
      batch = round(float(batch["frames"]))
      seen.append((kind if learns is None else f"{kind} {learns}", batch))
      predictor = jax.tree.map(lambda leaf: leaf + 1, state.params.predictor)
      state = state._replace(params=state.params._replace(predictor=predictor),
                             step=state.step + 1)
      return state, {"loss": 0., "skipped": 0}

    return one

  monkeypatch.setattr(
      models, "initial", lambda *args: MetaParams({"w": jnp.zeros(
          ())}, {"v": jnp.ones(())}))
  run = models.Compiled(None, step("plain"), step("through"), None, None)
  e = study.Study(config, run, Numbers(), 0, Stages(tmp_path), tmp_path)
  assert e.svg.steps == 3 and e.noether.params.conserved["v"] == 1
  expected = [("plain", i) for i in plain
             ] + [("through True", i) for i in through]
  assert seen == expected
  seen.clear()
  assert e.frozen.steps == e.noether.steps == e.svg.steps + (3 if warm else 0)
  assert seen == [("through False", i) for i in through]
  assert float(e.frozen.params.predictor["w"]) == e.frozen.steps
  seen.clear()
  assert e.longer.steps == round(control)
  assert seen == [("plain", i) for i in range(3, round(control))]
  assert int(e.longer.state.step) == round(control)
