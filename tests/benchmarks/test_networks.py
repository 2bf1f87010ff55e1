"""What a learned law is worth: the measures, without the learning."""

import numpy as np
import pytest

from benchmarks import networks
from benchmarks.systems import UNSPELLED


def _energy(name):
  system = UNSPELLED[name].system
  return lambda states: system.laws(np.asarray(states), np)[..., 0]


@pytest.mark.parametrize("name", list(UNSPELLED))
def test_a_function_of_the_energy_reads_it_off_and_a_column_does_not(name):
  energy = _energy(name)
  assert networks.read_off(lambda s: 3 - 2 * energy(s), name, 0) > 1 - 1e-9
  assert networks.read_off(lambda s: s[..., 0], name, 0) < .9


def test_the_control_of_another_seed_is_not_compiled_again(monkeypatch):
  monkeypatch.setattr(networks, "_STEPS", 20)
  networks._training.cache_clear()
  drawn = UNSPELLED["bumped_spring"]
  found = []
  for seed in (0, 1):
    paths = drawn.paths(6, np.random.default_rng(seed))
    data = drawn.observed(paths, .01, np.random.default_rng([seed, 1]))
    apply, params, longer = networks.control(data, seed)
    found += [apply(p, paths[0, 0]) for p in (params, longer)]
  assert networks._training(2)[1]._cache_size() == 1
  assert np.unique(np.round(found, 6), axis=0).shape == (4, 2)
  networks._training.cache_clear()


def test_the_summary_compares_networks_that_were_trained_equally_long():
  errors = {"kept": 1.4, "plain": 2., "tuned_kept": .7, "tuned": 1.}
  row = {
      "formula": False,
      "r2": .98,
      "errors": {
          "4": errors,
          "10": errors
      },
      "seconds": 3.
  }
  worse = {
      **row, "r2": .9,
      "errors": {
          "4": {
              **errors, "tuned_kept": .9
          },
          "10": errors
      }
  }
  none = {"formula": True, "r2": None, "seconds": 3.}
  found = networks.summarise([row, worse, none])
  lengths = found.pop("lengths")
  assert found == {
      "data_sets": 3,
      "formulas": 1,
      "learned": 2,
      "r2": [.9, .94],
      "seconds": 3.
  }
  assert lengths["4"] == {
      "ratio": [.7, .8, .9],
      "plain": [.7, .7, .7],
      "once": [1.4, 1.4, 1.4],
      "good": {
          "ratio": 1,
          "plain": 2,
          "once": 0
      }
  }
  assert lengths["10"]["ratio"] == [.7, .7, .7]
  assert networks.summarise([none])["lengths"]["4"]["ratio"] is None
