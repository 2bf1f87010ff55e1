"""What is measured of predicted frames: probe, metrics, g, ratios, choices."""

import dataclasses
import types

import jax
import jax.numpy as jnp
import numpy as np

from experiments.frames import config as configs
from experiments.frames import evaluation
from experiments.frames import model as models
from experiments.frames import probe
from experiments.frames import rows
from experiments.frames import tables
from noether_jax import MetaParams


def dots(count=12, length=4, size=8):
  """A bright pixel, and where it is."""
  random = np.random.default_rng(0)
  places = random.integers(0, size, (count, length, 2))
  frames = np.zeros((count, length, size, size, 3), np.float32)
  n, t = np.indices((count, length))
  frames[n, t, places[..., 0], places[..., 1]] = 1
  return frames, places.astype(float)


def test_a_probe_reads_places_off_frames():
  frames, places = dots(60)
  reader = probe.fit(frames[:50], places[:50])
  assert reader.error(frames[50:], places[50:]).mean() < .15
  # Without a dot the best guess is the mean.
  blank = reader.error(np.zeros_like(frames[50:]), places[50:])
  assert .6 < blank.mean() < 1.4


def test_measures_are_means_for_each_frame():
  truth, _ = dots(3)
  frames = truth.copy()
  frames[:, 1] += .1
  predicted = evaluation.Predicted(1, frames, np.array([1., 2., 3.]),
                                   np.array([True, False, True]))
  found = evaluation.measures(predicted, truth, None, None)
  np.testing.assert_allclose(found["mse"], [0, .01, 0, 0], atol=1e-8)
  assert np.isclose(found["psnr"][1], 20, atol=1e-3)
  assert found["ssim"][0] == 1 and found["ssim"][1] < .99
  assert found["inner_loss"] == 2 and "probe" not in found
  assert found["non_finite"] == 1


def brightness(predictions=None):
  """`Compiled` whose g says a frame's mean brightness, twice."""
  say = lambda phi, frames: jnp.repeat(
      frames.mean(axis=(2, 3, 4))[..., None], 2, axis=-1)
  return models.Compiled(None, None, None, predictions, say)


def test_what_g_is_on_true_and_predicted_sequences():
  level = np.array([[.1, .1, .1], [.2, .2, .2], [.6, .6, .6]])
  frames = np.broadcast_to(level[..., None, None, None], (3, 3, 2, 2, 3))
  wrong = frames.copy()
  wrong[:, 2] += .3
  found = evaluation.quantity(brightness(), MetaParams(()), frames, wrong, {
      "energy": level,
      "time": np.arange(9.).reshape(3, 3) % 3
  })
  within = np.var([0, 0, .3]) / np.var(level)
  np.testing.assert_allclose(found["within_total"]["true"], 0, atol=1e-9)
  np.testing.assert_allclose(found["within_total"]["predicted"],
                             within,
                             rtol=1e-4)
  assert np.isclose(found["shares"][0], 1)
  assert found["correlations"]["energy"][0] > .999
  assert found["correlations"]["time"][0] < 1e-3


def test_a_sequences_noise_depends_on_its_number_alone():
  advance = jax.vmap(lambda params, m, x, key: models.Advanced(
      jax.random.normal(key, (1, 2, 2, 3)) + m["scale"][0], m["scale"][0],
      {"scale": m["scale"] + 1}, m["scale"][0] < 2),
                     in_axes=(None, 0, 0, 0))
  run, theta = brightness(advance), {"modulation": {"scale": jnp.zeros(3)}}
  clips = {"frames": np.zeros((11, 4, 2, 2, 3), np.uint8)}
  few = {"frames": clips["frames"][:3]}
  first, last = evaluation.predictions(run, MetaParams(theta), clips, (0, 3),
                                       jax.random.key(0), 2)
  again, = evaluation.predictions(run, MetaParams(theta), few, (0,),
                                  jax.random.key(0), 2)
  assert first.frames.shape[0] == 11 and (first.steps, last.steps) == (0, 3)
  np.testing.assert_array_equal(first.frames[:3], again.frames)
  np.testing.assert_allclose(last.frames - first.frames, 3, rtol=1e-5)
  assert len(np.unique(first.frames.round(6))) == first.frames.size
  assert first.finite.all() and not last.finite.any()


def test_inner_steps_are_chosen_on_training_sequences():
  """Predictions get brighter by the step; after two they are true."""
  config = dataclasses.replace(configs.make("controlled_pendulum", "smoke"),
                               test_steps=(0, 1, 2, 5, 50))
  train = np.full((20, 3, 1, 1, 3), 51 * 2, np.uint8)
  train[16:] = 0
  e = types.SimpleNamespace(config=config,
                            data=types.SimpleNamespace(train={"frames": train}))

  def predict(params, steps, count, train):
    assert train and count == 16 and list(steps) == [0, 1, 2, 5]
    for k in steps:
      value = np.nan if params == "diverges" and k else .2 * k
      yield evaluation.Predicted(k, np.full((count, 1, 1, 1, 3), value), None,
                                 None)

  e.predict = predict
  steps, errors = rows.chosen_steps(e, "converges")
  assert steps == 2 and list(errors) == [0, 1, 2, 5]
  np.testing.assert_allclose(list(errors.values()), [.16, .04, 0, .36],
                             atol=1e-6)
  assert rows.chosen_steps(e, "diverges")[0] == 0


def test_ratios_are_paired_by_seed():
  row = lambda name, seed, mse: {
      "row": name,
      "seed": seed,
      "inner_steps": 0,
      "mse": [1., mse],
      "psnr": [1., 1.],
      "ssim": [1., 1.],
      "training_seconds": 1.
  }
  measured = [
      row("SVG, longer", 0, 1.),
      row("SVG, longer", 1, 4.),
      row("SVG", 0, 2.),
      row("SVG", 1, 2.)
  ]
  cells = dict(zip(tables.HEADER, tables.cells(measured)[1]))
  assert cells["ratio to control"] == "1.250" and cells["wins"] == "1/2"
  assert (cells["mean ratio"], cells["mean std"]) == ("1.050", "0.450")
