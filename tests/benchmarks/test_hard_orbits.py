"""Fast orbits are complete if exactly the known laws are found."""

import json

from absl import app
from absl import flags
from absl.testing import flagsaver
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import hard_orbits
from benchmarks import truth
from benchmarks.systems import SAMPLINGS
from tests.benchmarks.test_discovery import Found
from tests.benchmarks.test_truth import Made


class Law(Made):
  text = "a law"


_LAWS = (
    Law("x,y,vx,vy", lambda x, y, u, v: u**2 + v**2 - 2 / jnp.hypot(x, y)),
    Law("x,y,vx,vy", lambda x, y, u, v: x * v - y * u),
    Law("x,y,vx,vy", lambda x, y, u, v: v *
        (x * v - y * u) - x / jnp.hypot(x, y)),
)
_FALSE = Law("x,y,vx,vy", lambda x, y, u, v: u**2 + v**2)


@pytest.mark.parametrize("laws, complete, false", [
    (_LAWS, True, 0),
    (_LAWS[:2], False, 0),
    ((*_LAWS, _LAWS[0]), False, 0),
    ((*_LAWS, _FALSE), False, 1),
    ((*_LAWS[:2], _FALSE), False, 1),
])
def test_complete_is_all_laws_and_no_other(monkeypatch, laws, complete, false):
  monkeypatch.setattr(hard_orbits, "discover", lambda *_, **__: Found(laws))
  row = hard_orbits.run(SAMPLINGS["eccentric Kepler"], 3, 0)
  assert (row["complete"], row["false"]) == (complete, false)


def test_each_seed_has_its_masses_and_laws_that_hold():
  first, again, second = map(hard_orbits.of_masses, (0, 0, 1))
  states = first.paths(2, np.random.default_rng(0))
  values = first.system.conserved(states, np)
  assert np.ptp(values, axis=1).max() < 1e-8
  rates = [s.system.derivatives(states, np) for s in (first, again, second)]
  np.testing.assert_array_equal(rates[0], rates[1])
  assert np.abs(rates[0] - rates[2]).max() > .1


def _run(capsys, seeds):
  if not flags.FLAGS.is_parsed():
    flags.FLAGS(["x"])
  with flagsaver.flagsaver(orbit_seeds=seeds):
    hard_orbits.main(["x"])
  return json.loads(capsys.readouterr().out)


def test_a_row_for_each_kind(capsys, monkeypatch):
  kinds = {"eccentric Kepler": hard_orbits.KINDS["eccentric Kepler"]}
  monkeypatch.setattr(hard_orbits, "KINDS", kinds)
  row = _run(capsys, 1)["eccentric Kepler"]
  assert row.pop("seconds") > 0
  assert row == {"data_sets": 1, "complete": 1., "detected": 1., "false": 0}


def test_no_seeds_are_refused(capsys):
  with pytest.raises(app.UsageError, match="--orbit_seeds must be 1 or more"):
    _run(capsys, 0)


def test_the_known_laws_of_orbits():
  for name, count in (("comets", 3), ("three bodies", 5)):
    system = hard_orbits.KINDS[name](0).system
    known = truth.exact(SAMPLINGS[name])
    slopes = truth.known_gradients(system, known.states, False)
    assert truth.num_independent(slopes) == count
