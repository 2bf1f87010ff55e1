"""Experiments with frames: probe, metrics, resumption, both programs."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from datasets import pipelines
from experiments.controlled_pendulum import main as controlled
from experiments.controlled_pendulum.config import CONFIGS
from experiments.frames import evaluation
from experiments.frames import model as models
from experiments.frames import probe
from experiments.frames import tables
from experiments.frames.training import Trainer
from experiments.video import config as video_config
from experiments.video import main as video
from noether_jax import checkpoints
from noether_jax import init_state
from noether_jax import TrainState


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
  predicted = evaluation.Predicted(1, frames, np.array([1., 2., 3.]))
  found = evaluation.measures(predicted, truth, None, None)
  np.testing.assert_allclose(found["mse"], [0, .01, 0, 0], atol=1e-8)
  assert np.isclose(found["psnr"][1], 20, atol=1e-3)
  assert found["ssim"][0] == 1 and found["ssim"][1] < .99
  assert found["inner_loss"] == 2 and "probe" not in found


def counting(folder, steps, fail=None):
  """Trains one number towards each batch's mean; may be interrupted."""
  source = pipelines.Arrays({"frames": np.arange(24., dtype=np.float32)})
  seen = []

  def step(state, batch, key):
    if fail is not None and int(state.step) == fail:
      raise KeyboardInterrupt
    seen.append(float(jnp.sum(batch["frames"])))
    new = state.params + jnp.sum(batch["frames"]) + batch["offset"]
    return (TrainState(new, state.opt_state, state.step + 1, state.skipped), {
        "loss": new
    })

  trainer = Trainer("count",
                    step,
                    lambda: pipelines.batches(source, 4, seed=0),
                    seed=0,
                    folder=folder)
  start = init_state(jnp.zeros(()), optax.sgd(1.))
  state, metrics = trainer.run(start, steps, offset=1.)
  return state, metrics, seen


def test_interrupted_training_goes_on_where_it_was(tmp_path, monkeypatch):
  monkeypatch.setattr("experiments.frames.training._SAVE_SECONDS", -1.0)
  whole, metrics, batches = counting(tmp_path / "a", 9)
  with pytest.raises(KeyboardInterrupt):
    counting(tmp_path / "b", 9, fail=5)
  state, _, rest = counting(tmp_path / "b", 9)
  assert rest == batches[5:] and float(state.params) == float(whole.params)
  assert metrics["loss"] == float(whole.params) and int(state.step) == 9
  # What is finished is not done again.
  assert counting(tmp_path / "b", 9)[2] == []


def test_a_loss_that_is_not_finite_ends_training(tmp_path):

  def step(state, batch, key):
    return (TrainState(state.params, state.opt_state, state.step + 1,
                       state.skipped), {
                           "loss": jnp.nan
                       })

  source = pipelines.Arrays({"frames": np.zeros((4, 1), np.float32)})
  trainer = Trainer("bad",
                    step,
                    lambda: pipelines.batches(source, 4, seed=0),
                    seed=0,
                    folder=tmp_path)
  with pytest.raises(FloatingPointError, match="bad: the loss is not finite"):
    trainer.run(init_state(jnp.zeros(()), optax.sgd(1.)), 2)


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
  rows = [
      row("SVG, longer", 0, 1.),
      row("SVG, longer", 1, 4.),
      row("SVG", 0, 2.),
      row("SVG", 1, 2.)
  ]
  cells = dict(zip(tables.HEADER, tables.cells(rows)[1]))
  assert cells["ratio to control"] == "1.250" and cells["wins"] == "1/2"


def test_settings_name_their_data():
  small, paper = CONFIGS["small"], CONFIGS["paper"]
  assert small.svg.actions == paper.svg.actions == 1
  for dataset in video_config.DATASETS:
    for name in ("small", "paper", "smoke"):
      config = video_config.make(dataset, name)
      assert (config.dataset, config.name) == (dataset, name)
      assert not config.actions
  json.dumps(dataclasses.asdict(CONFIGS["smoke"]))


def check_what_was_trained(config, folder):
  """A frozen g is not, and no outer step moves the modulation."""
  like = init_state(models.initial(config, 0), models.optimizer(config))
  changed = {}
  for name in ("random_frozen_g", "noether_network"):
    saved, _ = checkpoints.restore(folder / name, {
        "state": like,
        "seconds": np.zeros(())
    })
    moved = jax.tree.map(lambda a, b: bool(jnp.any(a != b)),
                         saved["state"].params, like.params)
    assert not any(jax.tree.leaves(moved.predictor["modulation"]))
    assert any(jax.tree.leaves(moved.predictor["weights"]))
    changed[name] = any(jax.tree.leaves(moved.conserved))
  assert changed == {"random_frozen_g": False, "noether_network": True}


@pytest.mark.slow
@pytest.mark.parametrize("main, config, flags", [
    (controlled.main, CONFIGS["smoke"], []),
    (video.main, video_config.make("ramp_video",
                                   "smoke"), ["--dataset=ramp_video"]),
])
def test_a_program_writes_everything(main, config, flags, tmp_path, capsys):
  """In float32, as the program runs: the tests' setting is float64."""
  out = tmp_path / "out"
  arguments = [
      "x", "--config=smoke", "--seeds=1", f"--out={out}",
      f"--data_dir={tmp_path}", *flags
  ]
  assert main(arguments) == 0
  told = capsys.readouterr().out
  results = json.loads((out / "results.json").read_text())
  assert "Noether network, not tailored" in told
  assert len(results["rows"]) == 5
  steps = {row["row"]: row["outer_steps"] for row in results["rows"]}
  assert steps["SVG, longer"] == 3 * steps["SVG"]
  plain, own = results["rows"][4], results["rows"][3]
  assert own["mse"] != plain["mse"] and own["g"]["within_total"]["true"] > 0
  assert [p["inner_steps"] for p in results["curves"][0]] == [0, 1, 2]
  # The curve begins with the rows' own predictions.
  np.testing.assert_allclose(results["curves"][0][1]["mse"],
                             own["mse"],
                             rtol=1e-3)
  for name in ("errors.png", "inner_steps.png", "strip_seed_0.png",
               "maps_seed_0.png", "film_seed_0.gif", "table.md"):
    assert (out / name).stat().st_size > 100
  check_what_was_trained(config, out / "checkpoints" / "seed_0")
  # What is there is not made again.
  assert main(arguments) == 0
  again = json.loads((out / "results.json").read_text())
  assert again["rows"] == results["rows"]
  assert len(again["stages"]) == len(results["stages"])
  assert main([*arguments, "--steps=5"]) == 2
  assert "other settings" in capsys.readouterr().err
