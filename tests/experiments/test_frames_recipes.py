"""Which model begins where, alone and side by side with others."""

import dataclasses
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.common.stages import Stages
from experiments.frames import config as configs
from experiments.frames import model as models
from experiments.frames import recipes
from experiments.frames import study
from noether_jax import init_state
from noether_jax import MetaParams


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
  config = dataclasses.replace(configs.make("controlled_pendulum", "smoke"),
                               warm_start=warm,
                               steps=3)
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
  training = recipes.Models(config, run, Numbers(), (0,), Stages(tmp_path),
                            tmp_path)
  model = study.Study(training, 0).trained
  assert model("svg").steps == 3 and model("noether").params.conserved["v"] == 1
  expected = [("plain", i) for i in plain
             ] + [("through True", i) for i in through]
  assert seen == expected
  seen.clear()
  assert model("frozen").steps == model(
      "noether").steps == model("svg").steps + (3 if warm else 0)
  assert seen == [("through False", i) for i in through]
  assert float(model("frozen").params.predictor["w"]) == model("frozen").steps
  seen.clear()
  assert model("longer").steps == round(control)
  assert seen == [("plain", i) for i in range(3, round(control))]
  assert int(model("longer").state.step) == round(control)


class Drawn:
  """Stands for data: each seed's batches are its own."""
  brightness = jnp.full(3, 0.5)
  train = {"frames": None}

  def batches(self, config, seed, start):
    return ({"frames": np.float32([seed, i])} for i in range(start, 99))


def walking(state, batch, key, learns=True):
  """An outer step that depends on all that it is given."""
  moved = jax.random.uniform(key) + jnp.sum(batch["frames"])
  params = MetaParams({"w": state.params.predictor["w"] + moved},
                      {"v": state.params.conserved["v"] + learns * moved})
  return state._replace(params=params, step=state.step + 1), {
      "loss": moved + 1000 * learns,
      "skipped": state.skipped
  }


class Minute(recipes.Trainer):
  """Takes a minute, always."""

  def run(self, state, steps):
    out = super().run(state, steps)
    self.seconds = 60.
    return out


@pytest.mark.parametrize("warm", [False, True])
def test_models_side_by_side_are_those_trained_alone(warm, tmp_path,
                                                     monkeypatch):
  config = dataclasses.replace(configs.make("controlled_pendulum", "smoke"),
                               warm_start=warm,
                               pretrain_steps=1,
                               steps=3)
  monkeypatch.setattr(recipes, "Trainer", Minute)
  monkeypatch.setattr(recipes.quotient, "windows", lambda *args: None)
  monkeypatch.setattr(recipes.quotient, "conserved",
                      lambda net, phi, *args, **kwargs: {"v": phi["v"] + 100})
  monkeypatch.setattr(
      models, "initial", lambda config, seed, brightness: MetaParams(
          {"w": jnp.asarray(1. * seed)}, {"v": jnp.asarray(10. * seed)}))
  run = models.Compiled(types.SimpleNamespace(net=None), walking, walking, None,
                        None)

  def made(seeds, folder):
    stages = Stages(None)
    training = recipes.Models(config, run, Drawn(), seeds, stages,
                              tmp_path / folder)
    studies = [study.Study(training, seed) for seed in seeds]
    trained = {
        (name, e.seed): e.trained(name) for e in studies
        for name in ("svg", "longer", "frozen", "noether")
    }
    return trained, {
        r["name"]: r["mean_loss"] for r in stages.records if "mean_loss" in r
    }

  seeds = (4, 7, 9)
  both, losses = made(seeds, "both")
  again, none = made(seeds, "both")
  assert not none and len(losses) == 12
  for seed in seeds:
    assert both["svg", seed].seconds == 20
    for name in ("frozen", "noether"):
      assert both[name, seed].seconds == 10 + 20 * warm
    alone, own = made((seed,), "alone")
    for (name, _), model in alone.items():
      for other in (both[name, seed], again[name, seed]):
        assert jax.tree.map(jnp.shape, other.state) == jax.tree.map(
            jnp.shape, model.state)
        jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6),
                     other.state, model.state)
        assert other.steps == model.steps
    for name, loss in own.items():
      assert losses[name] == pytest.approx(loss, rel=1e-6)
  assert float(both["frozen", 7].params.conserved["v"]) == 70
  assert float(both["noether", 7].params.conserved["v"]) > 170


@pytest.mark.slow
def test_real_steps_can_be_made_side_by_side():
  """Also where g learns in one model and not in the other; traced, not run."""
  config = dataclasses.replace(configs.make("controlled_pendulum", "smoke"),
                               part_size=2)
  run = models.compiled(config)
  outer = models.optimizer(config)
  frames = (config.batch_size, config.length, 32, 32, 3)
  actions = (config.batch_size, config.length - 1, config.actions)
  shaped = lambda shape, dtype=jnp.float32: jax.ShapeDtypeStruct(shape, dtype)
  state = jax.eval_shape(
      lambda: init_state(models.initial(config, 0, jnp.full(3, 0.5)), outer))
  batch = {"frames": shaped(frames), "actions": shaped(actions)}
  key = jax.eval_shape(lambda: jax.random.key(0))
  given = (state, batch, key, shaped((), jnp.bool))
  twice = jax.tree.map(lambda leaf: shaped((2, *leaf.shape), leaf.dtype), given)
  for step, count in ((run.plain, 3), (run.noether, 4)):
    made, metrics = jax.eval_shape(jax.vmap(step), *twice[:count])
    assert made == twice[0]
    assert metrics["loss"].shape == metrics["gradient_norm"].shape == (2,)
