"""The scientific experiment: data, training, rows, stages, the program."""

import dataclasses
import io

import jax
import jax.numpy as jnp
import matplotlib.image
import numpy as np
import pytest

from datasets import hamiltonian
from datasets import sources
from datasets.schmidt_lipson import files
from experiments.common import stages as stages_lib
from experiments.common import train
from experiments.scientific import baselines
from experiments.scientific import config as configs
from experiments.scientific import data as data_lib
from experiments.scientific import experiment as experiment_lib
from experiments.scientific import figures
from experiments.scientific import laws
from experiments.scientific import rows
from noether_jax.symbolic import programs
from noether_jax.symbolic.expression import cos
from noether_jax.symbolic.expression import Input
from noether_jax.symbolic.expression import Parameter
from noether_jax.symbolic.expression import square
from noether_jax.symbolic.units import Unit
from tests import paths

REAL = paths.SHARED / "data" / "schmidt_lipson" / "real_pend_h_1.txt"


def make(system="pendulum", protocol="physics", *, sources_of_laws=None, **new):
  config = dataclasses.replace(
      configs.make(system, protocol, quick=True), **{
          "steps": 20,
          "fine_steps": 2,
          "trajectories": 4,
          **new
      })
  return experiment_lib.Experiment(system,
                                   config,
                                   data_lib.simulated(system, config, 2),
                                   laws=sources_of_laws or rows.LAWS,
                                   stages=stages_lib.Stages())


def interrupted(*_, **__):
  raise KeyboardInterrupt


@pytest.fixture(scope="module", name="experiment")
def fixture_experiment():
  return make()


@pytest.fixture(name="real_dir")
def fixture_real_dir(tmp_path, monkeypatch):
  """A damped pendulum in the form of the measured one, two samples lost."""
  steps = np.delete(np.arange(120), [7, 8, 30])
  q = np.exp(-0.01 * steps) * np.cos(steps / 4 + 0.1)
  p = np.exp(-0.01 * steps) * -1.5 * np.sin(steps / 4 + 0.1)
  table = np.stack([0 * q, 5 + steps / 6, q, p], axis=-1)
  path = tmp_path / "manual" / "real_pend_h_1.txt"
  path.parent.mkdir()
  lines = [" ".join(map(repr, row)) for row in table.tolist()]
  path.write_text("\n".join(["%o v", *lines]) + "\n")
  file = files.FILES["real_pend_h_1"]
  source = dataclasses.replace(file.source, sha256=sources.sha256(path))
  monkeypatch.setitem(files.FILES, "real_pend_h_1",
                      dataclasses.replace(file, source=source, rows=len(steps)))
  return path.parent


@pytest.mark.parametrize("system", ["pendulum", "spring"])
def test_the_law_is_conserved_by_the_data(system):
  data = hamiltonian.generate(hamiltonian.SAMPLINGS[system],
                              noise=0.0,
                              num_trajectories=2)
  law = laws.true(system, 1)
  values = jax.vmap(jax.vmap(lambda x: law.conserved_fn((), x)[0]))(np.stack(
      data.clean))
  assert float(jnp.max(jnp.ptp(values, axis=1))) < 1e-8
  assert float(jnp.abs(values[0, 0] - values[1, 0])) > 1e-3


def test_windows_begin_with_samples_and_keep_the_lost_ones_out():
  index = np.array([0, 1, 2, 5, 6, 7, 8])
  paths, mask = data_lib.windows(10 + index / 6, index[:, None] + 1.0, 1 / 6, 3)
  # Samples 3 and 4 are lost, so the second window begins at 5.
  assert paths[..., 0].tolist() == [[1, 2, 3], [6, 7, 8]]
  assert mask.tolist() == [[1, 1, 1], [1, 1, 1]]
  paths, mask = data_lib.windows(10 + index / 6, index[:, None] + 1.0, 1 / 6, 5)
  assert paths[..., 0].tolist() == [[1, 2, 3, 0, 0]]
  assert mask.tolist() == [[1, 1, 1, 0, 0]]


def test_windows_refuse_a_short_series():
  with pytest.raises(ValueError, match="spans 3 time steps: a window needs 4"):
    data_lib.windows(np.arange(3.0), np.zeros((3, 2)), 1.0, 4)


def test_measured_data_are_one_series_for_all_seeds(tmp_path, real_dir):
  config = configs.make("real_pendulum", "paper")
  data = data_lib.measured(config, 2, data_dir=tmp_path, manual_dir=real_dir)
  # 117 samples: 93 train, 23 test, the last difference has no successor.
  assert data.x.shape == (2, 93, 2) and data.test.shape == (2, 1, 23, 2)
  np.testing.assert_array_equal(data.x[0], data.x[1])
  assert float(jnp.sum(data.train_mask[0] == 0)) == 3
  assert float(jnp.min(data.test_mask)) == 1
  assert data.dt == pytest.approx(1 / 6)
  x, y, dt = data.x[0], data.y[0], data.dt
  np.testing.assert_allclose(x[:5] + dt * y[:5], x[1:6], atol=1e-6)


def test_the_central_row_has_the_targets_of_hnn(tmp_path, real_dir):
  config = configs.make("real_pendulum", "paper")
  load = lambda targets: data_lib.measured(dataclasses.replace(config,
                                                               targets=targets),
                                           1,
                                           data_dir=tmp_path,
                                           manual_dir=real_dir)
  x, y = rows.central_differences(load("difference"))
  hnn = load("central")
  np.testing.assert_array_equal(x, hnn.x[:, :-1])
  np.testing.assert_allclose(y, hnn.y[:, :-1], atol=1e-5)


def test_projection_keeps_what_is_tangent_and_survives_equilibria():
  law = lambda x: laws.true("spring", 1).conserved_fn((), x)
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
  both, _ = train.fit(loss,
                      jnp.zeros(2),
                      jnp.array([1., 5.]),
                      steps=7,
                      learning_rate=.1)
  one, _ = train.fit(loss,
                     jnp.zeros(1),
                     jnp.array([5.]),
                     steps=7,
                     learning_rate=.1)
  assert float(both[1]) == pytest.approx(float(one[0]), rel=1e-12)
  assert float(both[0]) != float(both[1])


def test_training_refuses_no_steps_and_infinite_losses():
  loss = lambda p, data: p / data
  with pytest.raises(ValueError, match="`steps` must be at least 1: got 0"):
    train.fit(loss, jnp.zeros(1), jnp.ones(1), steps=0, learning_rate=0.1)
  with pytest.raises(FloatingPointError, match="not finite after 1 steps"):
    train.fit(loss, jnp.zeros(1), jnp.zeros(1), steps=1, learning_rate=0.1)


def test_rollouts_are_integrated_within_the_time_step():
  e = make(integrator="rk4", substeps=5)
  dt, start = e.data.dt, jnp.array([0.3, 0.4], jnp.float32)
  paths = jnp.zeros((2, 1, 20, 2), jnp.float32).at[:, :, 0].set(start)
  field = lambda speed, x: speed * jnp.stack([x[1], -x[0]])
  speeds = jnp.array([1.0, 9.0], jnp.float32)
  angle = np.asarray(speeds)[:, None] * dt * np.arange(20)
  exact = np.stack([
      0.3 * np.cos(angle) + 0.4 * np.sin(angle),
      0.4 * np.cos(angle) - 0.3 * np.sin(angle)
  ], -1)
  fine = e.roller(field)(speeds, paths)[:, 0]
  np.testing.assert_allclose(fine, exact, atol=1e-3)
  # One step of Euler's method a sample, whatever the protocol's substeps.
  euler = e.roller(field, "euler")(speeds, paths)[:, 0]
  radius = 0.5 * np.sqrt(1 +
                         (np.asarray(speeds)[:, None] * dt)**2)**np.arange(20)
  np.testing.assert_allclose(np.linalg.norm(euler, axis=-1), radius, rtol=1e-4)


def test_gauss_newton_and_projection_hold_the_energy(experiment):
  drift = {
      name: np.mean(rows.evaluate(experiment, name)["drift"])
      for name in ("vanilla", "Gauss-Newton (oracle)", "projection (oracle)")
  }
  assert drift["Gauss-Newton (oracle)"] < 0.05 * drift["vanilla"]
  assert drift["projection (oracle)"] < 0.05 * drift["vanilla"]


def program_law(formulas, constants):
  """One program for each seed, as discovery gives them."""
  program = programs.encode(formulas, num_inputs=2, num_parameters=1)
  parameters = jnp.array(constants, jnp.float32)[:, None]
  return laws.Quantity(programs.conserved_fn, (program, parameters),
                       tuple(map(str, formulas)))


Q, P = Input(0, "q", Unit()), Input(1, "p", Unit())
ENERGY = square(P) - Parameter(Unit()) * cos(Q)


@pytest.mark.parametrize("row", ["Gauss-Newton", "projection", "meta-tailored"])
def test_every_seed_is_tailored_with_its_own_program(row, experiment):
  """Seed 0 has the true law, seed 1 another one, as data."""
  mixed = program_law([ENERGY, square(Q) + square(P)], [3.0, 0.0])
  same = make(sources_of_laws={"found": lambda e: mixed})
  found = rows.evaluate(same, f"{row} (found)")
  true = rows.evaluate(experiment, f"{row} (oracle)")
  assert found["formulas"][0] != found["formulas"][1]
  assert found["rmse"][0] == pytest.approx(true["rmse"][0], rel=1e-3)
  assert abs(found["rmse"][1] / true["rmse"][1] - 1) > 1e-2


def test_a_constant_law_changes_nothing():
  constant = program_law([Q - Q] * 2, [0.0, 0.0])
  e = make(sources_of_laws={"found": lambda e: constant})
  plain = rows.evaluate(e, "vanilla")
  for row in ("tailored", "Gauss-Newton", "projection"):
    assert rows.evaluate(e, f"{row} (found)")["rmse"] == pytest.approx(
        plain["rmse"], rel=1e-5)


def test_the_inner_rate_is_the_best_of_the_training_rollouts(experiment):
  inner_rates = experiment.config.inner_rates
  roll = experiment.roller(
      experiment.tailored(laws.true("pendulum", 2).conserved_fn, "sgd"))

  def errors(logs):
    return experiment.training_error(roll, (experiment.base, (), logs))

  logs = experiment.log_inner_rates("oracle")
  best = errors(logs)
  candidates = jnp.log(jnp.asarray(inner_rates, jnp.float32))
  for log in candidates:
    assert bool(jnp.all(best <= errors(jnp.full(2, log)) * (1 + 1e-6)))
  assert set(logs.tolist()) <= set(candidates.tolist())


def test_lost_samples_do_not_count():
  truth = jnp.zeros((1, 2, 3, 2))
  mask = jnp.array([[[1., 0., 1.], [1., 1., 0.]]])
  wrong = jnp.where(mask[..., None] > 0, 3.0, jnp.nan) + truth
  assert experiment_lib.masked_rmse(wrong, truth, mask).tolist() == [3.0]
  assert experiment_lib.masked_rmse(truth / 0, truth, mask).tolist() == [np.inf]


def test_a_resumed_experiment_trains_nothing(tmp_path, monkeypatch):
  e = make()
  e.stages = stages_lib.Stages(tmp_path)
  first = rows.evaluate(e, "meta-tailored (oracle)")
  resumed = make()
  resumed.stages = stages_lib.Stages(tmp_path)
  monkeypatch.setattr(experiment_lib, "fit", interrupted)
  assert rows.evaluate(resumed, "meta-tailored (oracle)") == first


def test_figures_show_what_was_measured(experiment):
  shown = [rows.evaluate(experiment, n) for n in ("vanilla", "vanilla, Euler")]
  shown[1]["rmse"][0] = None
  shown[1]["curve"][0][-1] = None
  shown[1]["path"][-1][0] = None
  made = figures.draw(shown, experiment.data, laws.true("pendulum", 2))
  assert sorted(made) == ["horizon", "portrait", "ratios"]
  for content in made.values():
    image = matplotlib.image.imread(io.BytesIO(content))
    assert image.shape[0] > 200 and image.shape[1] > 500
    assert np.ptp(image[..., :3]) == 1.0


@pytest.mark.slow
@pytest.mark.skipif(not REAL.exists(), reason="needs the measured pendulum")
def test_gauss_newton_is_five_times_better_on_the_measured_pendulum(tmp_path):
  config = configs.make("real_pendulum", "physics")
  data = data_lib.measured(config, 1, data_dir=tmp_path, manual_dir=REAL.parent)
  assert data.test.shape == (1, 1, 109, 2)
  e = experiment_lib.Experiment("real_pendulum",
                                config,
                                data,
                                laws=rows.LAWS,
                                stages=stages_lib.Stages())
  plain = rows.evaluate(e, "vanilla")["final_mse"][0]
  tailored = rows.evaluate(e, "Gauss-Newton (oracle)")["final_mse"][0]
  assert tailored < plain / 5
