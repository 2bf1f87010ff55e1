"""Prediction with discovered laws: data, sparse regression, laws, program."""

import json
import re
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from datasets.systems.catalogue import SYSTEMS
from experiments.benchmark import config as configs
from experiments.benchmark import data
from experiments.benchmark import laws
from experiments.benchmark import main
from experiments.benchmark import networks
from experiments.benchmark import rolling
from experiments.benchmark import rows
from experiments.benchmark import sparse
from experiments.benchmark import tables
from noether_jax.errors import InputError

QUICK = configs.make(quick=True)


def _data(name):
  return data.simulate(configs.PROBLEMS[name], QUICK, 0)


def _field(name):
  system = SYSTEMS[configs.PROBLEMS[name].system]
  return lambda params, x: system.derivatives(x, jnp)


def test_states_are_exact_and_derivatives_are_noisy():
  known, system = _data("pendulum"), SYSTEMS["rod_pendulum"]
  assert known.states.shape == (12 * 50, 4)
  assert known.validation.shape == (3, 50, 4) == known.tests.shape
  np.testing.assert_allclose(np.hypot(*known.states[:, :2].T), 1., atol=1e-7)
  noise = known.derivatives - system.derivatives(known.states, np)
  np.testing.assert_allclose(noise.std(), QUICK.noise, rtol=.1)
  starts = np.concatenate([
      np.stack([s[0] for s in known.observed.states]), known.validation[:, 0],
      known.tests[:, 0]
  ])
  assert len(np.unique(starts, axis=0)) == 18


@pytest.mark.parametrize("name", configs.PROBLEMS)
def test_the_true_field_follows_the_paths(name):
  known = _data(name)
  rolled = rolling.roll_out(_field(name), (), known.tests, 5., substeps=8)
  assert rolling.errors(rolled, known.tests).max() < 1e-3


def test_a_rollout_that_is_lost_has_an_infinite_error():
  known = _data("mass_spring")
  rolled = rolling.roll_out(lambda p, x: x / 0., (), known.tests, 5.)
  assert np.all(np.isinf(rolling.errors(rolled, known.tests)))


@pytest.mark.parametrize("name,degree", [("mass_spring", 1), ("pendulum", 3),
                                         ("two_body", 1),
                                         ("nonlinear_spring", 3),
                                         ("lotka_volterra", 2)])
def test_sparse_regression_finds_the_field(name, degree):
  problem, known = configs.PROBLEMS[name], _data(name)
  system = SYSTEMS[problem.system]
  terms = jax.vmap(lambda x: sparse.library(problem.places, degree, x))
  values = np.asarray(terms(jnp.asarray(known.states)))
  exact = np.asarray(system.derivatives(known.states, np))
  coefficients = sparse.thresholded(values, exact, 1e-3)
  np.testing.assert_allclose(values @ coefficients, exact, atol=1e-4)


def test_places_attract():
  terms = sparse.library(((0, 1), (2, 3)), 1, jnp.array([3., 4., 0., 0.]))
  # Of the second place nothing is left; the difference is the first one.
  np.testing.assert_allclose(terms[5:11], [.6, .8, .12, .16, .024, .032],
                             rtol=1e-6)
  np.testing.assert_allclose(terms[11:17], 0.)
  np.testing.assert_allclose(terms[17:], terms[5:11])


def test_what_has_one_value_is_found():
  known = _data("two_body")
  found, linear = laws.single_valued(known.states)
  assert len(found) == linear == 4
  found, linear = laws.single_valued(_data("damped_pendulum").states)
  assert (len(found), linear) == (2, 0)
  assert laws.single_valued(_data("lotka_volterra").states) == ([], 0)
  path = _data("damped_pendulum").tests[0]
  for quantity in found:
    values = jax.vmap(quantity)(jnp.asarray(path))
    assert float(jnp.std(values)) < 1e-6


def test_dependent_quantities_are_left_out():
  states = np.random.default_rng(0).normal(size=(50, 3))
  quantities = [
      lambda x: x[0], lambda x: 2 * x[0]**3, lambda x: x @ x, lambda x: x[1]
  ]
  assert laws.independent(quantities, states) == [0, 2]
  assert laws.independent([lambda x: 0 * x[0]], states) == []


def test_laws_are_discovered():
  known = _data("pendulum")
  found = laws.find(known.observed, known.states, 0)
  assert len(found.kept) == len(found.texts) == 3
  assert found.texts[-1] in ("|v|^2 + 2 y", "vx^2 + 2 y + vy^2")


def test_training_keeps_the_best_check():
  known = _data("mass_spring")
  net = networks.vanilla(jax.random.key(0), known, QUICK)
  rate = {"steps": 80, "learning_rate": 1e-2}
  trained = networks.train(net, known, QUICK, jax.random.key(1), **rate)
  rows_ = (jnp.asarray(known.validation_states),
           jnp.asarray(known.validation_derivatives))
  losses = [
      float(networks.loss(net.field, p, *rows_)) for p in (net.params, trained)
  ]
  assert losses[1] < .5 * losses[0]
  rate["learning_rate"] = 1e9
  same = networks.train(net, known, QUICK, jax.random.key(1), **rate)
  assert jax.tree.all(
      jax.tree.map(lambda a, b: bool(jnp.all(a == b)), same, net.params))


def _measured(**errors):
  made = {
      name: {
          "row": name,
          "told": "",
          "validation": values[0],
          "rmse": values
      } for name, values in errors.items()
  }
  return rows.with_recommended({"kept": ["q^2"], "rows": made})


def test_medians_ranges_and_the_bar():
  values = [.01 * n for n in range(101)]
  seeds = [_measured(sparse=values, vanilla=[None] * 101)]
  told = tables.summary({"mass_spring": seeds})["mass_spring"]
  np.testing.assert_allclose(told["median_low_high"]["sparse"], [.5, .02, .98],
                             atol=.011)
  assert told["median_low_high"]["vanilla"] == [None] * 3
  assert not told["below_published"] and told["recommended"] == ["sparse"]
  body = tables.cells({"mass_spring": seeds})
  assert [line[0] for line in body] == [
      "vanilla", "sparse", "recommended network", "recommended",
      tables.PUBLISHED, "best other, published"
  ]
  assert body[1][1].startswith("0.5000 (0.0")


def test_the_program_goes_on_and_refuses_other_settings(tmp_path, capsys):
  arguments = [
      "benchmark", "--quick", "--system=mass_spring", "--nopeers",
      f"--out={tmp_path}"
  ]
  assert main.main(arguments) == 0
  results = json.loads((tmp_path / "results.json").read_text())
  system = results["systems"]["mass_spring"]
  assert system["kept"] == [["q^2 + p^2"]] and system["published"] == .1
  names = {*rows.NAMES, *rows.RECOMMENDED}
  assert set(system["median_low_high"]) == names - {"PySINDy"}
  kept = json.loads((tmp_path / "measured_mass_spring_0.json").read_text())
  error = {n: row["validation"] for n, row in kept["rows"].items()}
  for title, candidates in rows.RECOMMENDED.items():
    assert error[system[title][0]] == min(error[n] for n in candidates)
  stages = len(results["stages"])
  assert main.main(arguments) == 0
  results = json.loads((tmp_path / "results.json").read_text())
  assert len(results["stages"]) == stages
  assert (tmp_path / "table.txt").read_text() in capsys.readouterr().out
  assert main.main([*arguments[:1], *arguments[2:]]) == 2
  assert "other settings" in capsys.readouterr().err


def test_the_program_without_networks(tmp_path):
  assert main.main([
      "benchmark", "--quick", "--system=lotka_volterra", "--nopeers",
      "--nonetworks", "--seeds=2", f"--out={tmp_path}"
  ]) == 0
  results = json.loads((tmp_path / "results.json").read_text())
  system = results["systems"]["lotka_volterra"]
  assert set(system["median_low_high"]) == {
      "sparse", "sparse, kept to the laws", "recommended"
  }
  assert len(system["medians_by_seed"]) == 2


def test_without_pysindy_one_line_names_the_extra(tmp_path, capsys,
                                                  monkeypatch):
  monkeypatch.setitem(sys.modules, "pysindy", None)
  assert main.main(["benchmark", "--quick", f"--out={tmp_path}"]) == 2
  told = capsys.readouterr().err
  assert told.count("\n") == 1 and "noether-jax[peers]" in told
  with pytest.raises(InputError, match="PySINDy needs it"):
    sparse.pysindy_module()
  with pytest.raises(InputError, match="PySINDy needs it"):
    next(sparse.peer(QUICK, None))


def test_pysindy_finds_the_field():
  pytest.importorskip("pysindy")
  known = _data("lotka_volterra")
  fits = list(sparse.peer(QUICK, known))
  assert [f.told for f in fits][-1] == "degree 2, threshold 0.1"
  x = jnp.array([1.5, .7])
  wanted = SYSTEMS["lotka_volterra"].derivatives(x, jnp)
  np.testing.assert_allclose(fits[-1].field(fits[-1].coefficients, x),
                             wanted,
                             atol=.05)


@pytest.mark.parametrize("arguments, message", [
    (["--seeds=0"], "flag --seeds=0: .*"),
    (["--system=moon"], "flag --system=moon: .*"),
    (["--out="], "--out is needed"),
])
def test_a_mistake_gives_one_line(tmp_path, capsys, arguments, message):
  assert main.main(["benchmark", f"--out={tmp_path}", *arguments]) == 2
  told = capsys.readouterr().err
  assert told.count("\n") == 1 and re.match(f"benchmark: {message}", told)
