"""Experiments with frames: resumption, settings, both programs."""

import dataclasses
import json
import re
import types

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from datasets import pipelines
from experiments.frames import config as configs
from experiments.frames import main
from experiments.frames import model as models
from experiments.frames.training import Trainer
from noether_jax import init_state
from noether_jax import TrainState
from noether_jax.errors import InputError
from noether_jax.training import checkpoints


def counting(folder, steps, fail=None):
  """Trains one number towards each batch's mean; may be interrupted."""
  source = pipelines.Arrays({"frames": np.arange(24., dtype=np.float32)})
  seen = []

  def step(state, batch, key):
    if fail is not None and int(state.step) == fail:
      raise KeyboardInterrupt
    seen.append(float(jnp.sum(batch["frames"])))
    new = state.params + jnp.sum(batch["frames"]) + jax.random.uniform(key)
    return (TrainState(new, state.opt_state, state.step + 1, state.skipped), {
        "loss": new,
        "skipped": state.skipped
    })

  trainer = Trainer(
      "count",
      step,
      lambda start: pipelines.batches(source, 4, seed=0, start=start),
      key=jax.random.key(0),
      folder=folder)
  start = init_state(jnp.zeros(()), optax.sgd(1.))
  state, metrics = trainer.run(start, steps)
  return state, metrics, seen


def test_interrupted_training_goes_on_where_it_was(tmp_path, monkeypatch):
  monkeypatch.setattr("experiments.frames.training._SAVE_SECONDS", -1.0)
  whole, metrics, batches = counting(tmp_path / "a", 9)
  with pytest.raises(KeyboardInterrupt):
    counting(tmp_path / "b", 9, fail=5)
  state, _, rest = counting(tmp_path / "b", 9)
  assert rest == batches[5:] and float(state.params) == float(whole.params)
  assert metrics["loss"] == float(whole.params) and int(state.step) == 9
  # What is finished is not done again, and says so.
  assert counting(tmp_path / "b", 9)[1:] == ({}, [])


def test_many_updates_that_are_not_made_end_training(tmp_path):

  def step(state, batch, key):
    skipped = state.skipped + 1
    return (TrainState(state.params, state.opt_state, state.step + 1,
                       skipped), {
                           "loss": jnp.nan,
                           "skipped": skipped
                       })

  source = pipelines.Arrays({"frames": np.zeros((4, 1), np.float32)})
  trainer = Trainer(
      "bad",
      step,
      lambda start: pipelines.batches(source, 4, seed=0, start=start),
      key=jax.random.key(0),
      folder=tmp_path)
  with pytest.raises(InputError, match="bad: 3 of 3 updates were not finite"):
    trainer.run(init_state(jnp.zeros(()), optax.sgd(1.)), 3)


def test_settings_name_their_data():
  small, paper = (
      configs.make("controlled_pendulum", name) for name in ("small", "paper"))
  assert small.svg.actions == paper.svg.actions == 1
  for dataset in ("ramp_video", "physics101"):
    for name in ("small", "paper", "smoke"):
      config = configs.make(dataset, name)
      assert (config.dataset, config.name) == (dataset, name)
      assert not config.actions
  json.dumps(dataclasses.asdict(configs.make("controlled_pendulum", "smoke")))


def check_what_was_trained(config, folder):
  """A frozen g is not, and no outer step moves any modulation."""
  like = init_state(models.initial(config, 0, jnp.full(3, 0.5)),
                    models.optimizer(config))
  changed = {}
  for name in ("svg", "svg_longer", "random_frozen_g", "noether_network"):
    saved, _ = checkpoints.restore(folder / name, {
        "state": like,
        "seconds": np.zeros(())
    })
    moved = jax.tree.map(lambda a, b: bool(jnp.any(a != b)),
                         saved["state"].params, like.params)
    assert not any(jax.tree.leaves(moved.predictor["modulation"]))
    assert any(jax.tree.leaves(moved.predictor["weights"]))
    changed[name] = any(jax.tree.leaves(moved.conserved))
  assert [name for name in changed if changed[name]] == ["noether_network"]


@pytest.mark.slow
@pytest.mark.parametrize("config, flags", [
    (configs.make("controlled_pendulum", "smoke"), []),
    (configs.make("ramp_video",
                  "smoke"), ["--data=ramp_video", "--pretrain_steps=3"]),
])
def test_the_program_writes_everything(config, flags, tmp_path, capsys):
  """In float32, as the program runs: the tests' setting is float64."""
  out = tmp_path / "out"
  arguments = [
      "x", "--config=smoke", "--seeds=1", f"--out={out}",
      f"--data_dir={tmp_path}", *flags
  ]
  assert main.main(arguments) == 0
  told = capsys.readouterr().out
  results = json.loads((out / "results.json").read_text())
  assert "Noether network, not tailored" in told
  assert len(results["rows"]) == 7
  steps = {row["row"]: row["outer_steps"] for row in results["rows"]}
  assert steps["SVG, longer"] == 3.5 * steps["SVG"]
  by_name = {row["row"]: row for row in results["rows"]}
  plain, own, chosen = (by_name["Noether network" + more]
                        for more in (", not tailored", "", ", chosen steps"))
  errors = chosen["choice"]
  assert list(errors) == ["0", "1", "2"]
  assert errors[str(chosen["inner_steps"])] == min(errors.values())
  assert own["mse"] != plain["mse"] and own["g"]["within_total"]["true"] > 0
  assert own["inner_rate"] == .1 and "inner_rate" not in plain
  assert [p["inner_steps"] for p in results["curves"][0]] == [0, 1, 2]
  # The curve begins with the rows' own predictions.
  np.testing.assert_allclose(results["curves"][0][1]["mse"],
                             own["mse"],
                             rtol=1e-3)
  for name in ("errors.png", "inner_steps.png", "strip_seed_0.png",
               "maps_seed_0.png", "film_seed_0.gif", "table.md"):
    assert (out / name).stat().st_size > 100
  check_what_was_trained(config, out / "checkpoints" / "seed_0")
  # What is there is not made again, nor lost if less is asked for.
  assert main.main([*arguments, "--row=SVG"]) == 0
  again = json.loads((out / "results.json").read_text())
  assert again["rows"] == results["rows"]
  assert again["curves"] == results["curves"]
  trained = lambda r: [s for s in r["stages"] if "steps" in s]
  assert len(trained(again)) == 4 and trained(again) == trained(results)
  assert main.main([*arguments, "--steps=5"]) == 2
  assert "other settings" in capsys.readouterr().err


@pytest.mark.parametrize("flags, message", [
    (["--num_train=1"], "--num_train=1 is less than a batch of 2"),
    (["--part_size=3"], "--part_size=3 does not divide a batch of 2"),
    (["--data=physics101", "--manual_dir={}"], "holds neither scenarios"),
    (["--data=ramp_video", "--skip_damaged"
     ], "config of ramp_video: .*skip_damaged"),
    (["--data=ramp_video", "--split=authors"], "split must be one of"),
])
def test_mistakes_are_told_in_a_line(flags, message, tmp_path, capsys):
  arguments = [
      "x", "--config=smoke", f"--out={tmp_path / 'out'}",
      f"--data_dir={tmp_path / 'data'}"
  ]
  (tmp_path / "empty").mkdir()
  (tmp_path / "empty" / "nothing.txt").touch()
  flags = [flag.format(tmp_path / "empty") for flag in flags]
  assert main.main([*arguments, *flags]) == 2
  told = capsys.readouterr().err
  assert told.count("\n") == 1 and re.search(message, told)


def test_both_adaptations_go_on_from_a_step():
  """The decoder's alone leaves the encoder's modulation as it is."""
  for adapt in ("^modulation", "^modulation/decoder"):
    config = dataclasses.replace(configs.make("controlled_pendulum", "smoke"),
                                 adapt=adapt)
    run = models.compiled(config)
    params = jax.eval_shape(
        lambda c=config: models.initial(c, 0, jnp.full(3, 0.5)))
    shaped = lambda *shape: jax.ShapeDtypeStruct(shape, jnp.float32)
    repeated = lambda tree: jax.tree.map(lambda v: shaped(2, *v.shape), tree)
    before = repeated(params.predictor["modulation"])
    x = {
        "frames": shaped(2, config.past, config.size, config.size, 3),
        "actions": shaped(2, config.length - 1, 1)
    }
    keys = jax.eval_shape(lambda: jax.random.split(jax.random.key(0), 2))
    out = jax.eval_shape(run.advance, params, before, x, keys)
    assert jax.tree.map(jnp.shape,
                        out.modulation) == jax.tree.map(jnp.shape, before)


@pytest.mark.parametrize("flags, measured", [
    ([], ["SVG", "SVG, longer"]),
    (["--nocontrol"], ["SVG"]),
])
def test_the_control_is_measured_unless_it_is_refused(flags, measured,
                                                      monkeypatch, tmp_path):
  monkeypatch.setattr(main.data, "load", lambda *_, **__: None)
  monkeypatch.setattr(main, "_studies",
                      lambda *_: iter([types.SimpleNamespace(seed=0)]))
  monkeypatch.setattr(main.rows, "evaluate", lambda e, name: {"row": name})
  monkeypatch.setattr(main.figures, "errors", lambda *_: b"")
  monkeypatch.setattr(main.tables, "cells", lambda rows: [])
  arguments = ["frames", "--config=smoke", "--row=SVG", f"--out={tmp_path}"]
  assert main.main([*arguments, *flags]) == 0
  results = json.loads((tmp_path / "results.json").read_text())
  assert [row["row"] for row in results["rows"]] == measured
