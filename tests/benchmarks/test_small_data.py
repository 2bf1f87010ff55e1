"""Few points and single states are judged as all data sets are."""

import json

from absl import flags
from absl.testing import flagsaver
import numpy as np

from benchmarks import small_data


def test_the_interactions_conserve_the_law():
  system = small_data.populations(3).system
  states = np.random.default_rng(0).uniform(.5, 2., (50, 4))
  rates = np.asarray(system.derivatives(states, np))
  change = np.sum((1 - 1 / states) * rates, axis=1)
  np.testing.assert_allclose(change, 0., atol=1e-12)


def test_systems_without_losses_and_inputs_are_chosen():
  names = small_data.closed_systems()
  assert {"spring", "Lorenz", "Kepler"} <= set(names)
  assert not {"damped spring", "pushed pendulum", "white noise"} & set(names)


def test_a_row_for_each_kind_of_data(capsys, monkeypatch):
  monkeypatch.setattr(small_data, "closed_systems", lambda: ["spring"])
  if not flags.FLAGS.is_parsed():
    flags.FLAGS(["x"])
  with flagsaver.flagsaver(small_seeds=1, small_noises=["0"]):
    small_data.main(["x"])
  found = json.loads(capsys.readouterr().out)
  assert set(found) == {"few points", "few points, no times", "derivatives"}
  for row in found.values():
    assert row["0"] == {
        "data_sets": 1,
        "detected": 1.,
        "form_right": 1.,
        "exact_count": 1.,
        "cannot_tell": 0.,
        "false": 0
    }
