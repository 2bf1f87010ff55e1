"""The scientific experiment: baselines, training, rows, the program."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from datasets import hamiltonian
from experiments.scientific import baselines
from experiments.scientific import config as configs
from experiments.scientific import rows
from experiments.scientific import tables
from experiments.scientific import train
from noether_jax import metrics

ROOT = pathlib.Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module", name="experiment")
def fixture_experiment():
  config = dataclasses.replace(configs.quick(configs.PROTOCOLS["physics"]),
                               steps=20,
                               fine_steps=2,
                               trajectories=4)
  return rows.Experiment("pendulum", config, 2)


@pytest.mark.parametrize("system", sorted(rows.FORMULAS))
def test_the_law_is_conserved_by_the_data(system):
  data = hamiltonian.generate(hamiltonian.SYSTEMS[system],
                              noise=0.0,
                              num_trajectories=2)
  values = jax.vmap(jax.vmap(lambda x: rows.law(system)((), x)[0]))(data.clean)
  assert float(jnp.max(jnp.ptp(values, axis=1))) < 1e-8
  assert float(jnp.abs(values[0, 0] - values[1, 0])) > 1e-3


def test_projection_keeps_what_is_tangent_and_survives_equilibria():
  law = rows.law("spring")
  tangent = baselines.project(lambda x: jnp.stack([x[1], -x[0]]), law)
  x = jnp.array([0.3, 0.4])
  np.testing.assert_allclose(tangent(x), [0.4, -0.3], atol=1e-12)
  constant = baselines.project(lambda x: jnp.ones(2), law)
  assert abs(float(constant(x) @ x)) < 1e-12
  assert constant(jnp.zeros(2)).tolist() == [1.0, 1.0]


def test_sparse_regression_finds_the_pendulum():
  x = jnp.asarray(np.random.RandomState(0).uniform(-2, 2, (200, 2)))
  y = jnp.stack([2 * x[:, 1], -3 * jnp.sin(x[:, 0])], axis=1)
  found = baselines.sparse_regression(x, y)
  expected = np.zeros((10, 2))
  expected[2, 0], expected[8, 1] = 2.0, -3.0
  np.testing.assert_allclose(found, expected, atol=1e-8)


def test_seeds_are_trained_independently():
  loss = lambda p, data: jnp.sum((p - data)**2)
  both, _ = train.fit(loss, jnp.zeros(2), jnp.array([1., 5.]), steps=7, rate=.1)
  one, _ = train.fit(loss, jnp.zeros(1), jnp.array([5.]), steps=7, rate=.1)
  assert float(both[1]) == pytest.approx(float(one[0]), rel=1e-12)
  assert float(both[0]) != float(both[1])


def test_training_refuses_no_steps_and_infinite_losses():
  loss = lambda p, data: p / data
  with pytest.raises(ValueError, match="`steps` must be at least 1: got 0"):
    train.fit(loss, jnp.zeros(1), jnp.ones(1), steps=0, rate=0.1)
  with pytest.raises(FloatingPointError, match="not finite after 1 steps"):
    train.fit(loss, jnp.zeros(1), jnp.zeros(1), steps=1, rate=0.1)


def test_gauss_newton_and_projection_hold_the_energy(experiment):
  drift = {
      name: np.mean(experiment.evaluate(name)["drift"])
      for name in ("vanilla", "tailored, Gauss-Newton", "projection")
  }
  assert drift["tailored, Gauss-Newton"] < 0.05 * drift["vanilla"]
  assert drift["projection"] < 0.05 * drift["vanilla"]


@pytest.mark.slow
def test_the_inner_rate_is_the_best_of_the_training_rollouts(experiment):
  chosen = np.exp(np.asarray(experiment.log_rates))
  for rate in chosen:
    assert np.min(np.abs(rate - experiment.config.inner_rates)) < 1e-6

  def errors(logs):
    out = experiment.rollouts(experiment.tailored("sgd"),
                              (experiment.base, logs), experiment.observed[:, :,
                                                                           0])
    return metrics.rmse(out, experiment.observed[:, :, 1:], axis=(1, 2, 3))

  best = errors(experiment.log_rates)
  for rate in experiment.config.inner_rates:
    other = errors(jnp.full(2, np.log(rate), jnp.float32))
    assert bool(jnp.all(best <= other * (1 + 1e-6)))


def test_the_table_pairs_by_seed():
  make = lambda name, values: {
      "row": name,
      "formula": "",
      "rmse": values,
      "drift": [0.0] * 3
  }
  text = tables.markdown(
      [make("vanilla", [1., 2., 4.]),
       make("control", [.5, 3., 4.])])
  cells = [cell.strip() for cell in text.splitlines()[-1].split("|")]
  assert cells[5:8] == ["1.000", "0.408", "1/3"]


def test_metrics_refuse_shapes_that_would_broadcast():
  with pytest.raises(ValueError, match="same shape: got"):
    metrics.rmse(jnp.ones(3), jnp.ones((1, 3)))


def run(out, *arguments):
  return subprocess.run([
      sys.executable, "-m", "experiments.scientific.main", "--quick",
      "--seeds=1", f"--out={out}", *arguments
  ],
                        cwd=ROOT,
                        env={
                            **os.environ, "JAX_PLATFORMS": "cpu"
                        },
                        capture_output=True,
                        text=True,
                        timeout=120,
                        check=False)


def test_the_program_resumes_and_keeps_settings_apart(tmp_path):
  first = run(tmp_path, "--row=vanilla")
  assert first.returncode == 0, first.stderr
  stored = (tmp_path / "row_vanilla.json").read_bytes()
  second = run(tmp_path, "--row=SINDy")
  assert second.returncode == 0, second.stderr
  assert (tmp_path / "row_vanilla.json").read_bytes() == stored
  assert "vanilla: 100/" not in second.stderr
  results = json.loads((tmp_path / "results.json").read_text())
  assert [row["row"] for row in results["rows"]] == ["vanilla", "SINDy"]
  other = run(tmp_path, "--system=spring")
  assert other.returncode != 0
  assert "results of other settings" in other.stderr + other.stdout
