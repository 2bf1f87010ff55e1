"""Laws of measured derivatives: single states, short trials, and both."""

import numpy as np
import pytest

from benchmarks import truth
from benchmarks.systems import SAMPLINGS
from noether_jax import discover
from noether_jax.data import as_trajectories
from noether_jax.discovery.rate_noise import estimate_noise
from noether_jax.errors import InputError
from noether_jax.reporting import verdicts

_UNITS = "x:m,v:m/s"


def _spring(states):
  return np.stack([states[..., 1], -4 * states[..., 0]], -1)


def _noisy(rates, part, seed=1):
  noise = np.random.default_rng(seed).normal(size=rates.shape)
  return rates + part * rates.std(0) * noise


def _states(count=200, width=2):
  return np.random.default_rng(0).uniform(-2., 2., (count, width))


def _points(name, count, noise):
  """States of different times and trajectories, with noisy derivatives."""
  random = np.random.default_rng(3)
  paths = SAMPLINGS[name].paths(40, random)
  data = SAMPLINGS[name].observed(paths, 0., random)
  rows = [
      random.choice(len(s), count // 40, replace=False) for s in data.states
  ]
  states = np.concatenate([s[r] for s, r in zip(data.states, rows)])
  rates = np.asarray(SAMPLINGS[name].system.derivatives(states, np))
  return states, _noisy(rates, noise), data.variables


@pytest.mark.parametrize("noise", [0., .01, .05])
@pytest.mark.parametrize("name, count", [("pendulum", 1), ("Kepler", 3)])
def test_single_states_have_all_laws(name, count, noise):
  size = 200 if noise == 0 else 800
  states, rates, columns = _points(name, size, noise)
  found = discover(states, derivatives=rates, columns=columns)
  known = truth.exact(SAMPLINGS[name])
  assert found.independent == len(found.laws) == count
  assert all(truth.is_true(law, known, noise) for law in found.laws)
  assert any("estimated from how smoothly" in m for m in found.messages)


@pytest.mark.parametrize("noise", [0., .01, .05, .3])
@pytest.mark.parametrize("name", ["Lorenz", "Van der Pol"])
def test_no_law_of_systems_without_one(name, noise):
  states, rates, columns = _points(name, 200, noise)
  found = discover(states, derivatives=rates, columns=columns)
  assert not found.independent


@pytest.mark.parametrize("name", ["Yukawa", "soft core"])
def test_a_law_that_is_exact_shows_that_rates_are(name):
  # Their energies are no sum of library terms, but for approximations.
  states, rates, columns = _points(name, 200, 0.)
  found = discover(states, derivatives=rates, columns=columns)
  known = truth.exact(SAMPLINGS[name])
  sure = [w for w in found.laws if w.verdict == verdicts.CONSERVED]
  assert sure and all(truth.is_true(law, known, 0.) for law in sure)
  assert any("a law shows that" in m for m in found.messages)


def test_what_hardly_has_a_gradient_is_no_law():
  # Of nearly all states z is positive: z - |z| is 0 there.
  random = np.random.default_rng(5)
  states = np.c_[random.uniform(-2, 2, (300, 2)),
                 np.abs(random.uniform(.1, 2, 300))]
  states[:5, 2] *= -1
  x, y, z = states.T
  rates = np.stack([-y - z, x + .2 * y, .2 + z * (x - 5)], 1)
  found = discover(states, derivatives=rates, columns="x,y,z")
  assert not found.independent


def test_noise_that_hides_a_change_leaves_a_doubt():
  states, rates, columns = _points("pendulum", 80, .2)
  found = discover(states, derivatives=rates, columns=columns)
  assert not found.independent
  assert {law.reason for law in found.laws} <= {verdicts.RATES}


def test_short_trials_with_times():
  t = np.linspace(0., 1., 6)
  start = _states(40)
  paths = [
      np.stack([
          a * np.cos(2 * t) + b / 2 * np.sin(2 * t),
          b * np.cos(2 * t) - 2 * a * np.sin(2 * t)
      ], 1) for a, b in start
  ]
  rates = _noisy(_spring(np.concatenate(paths)), .02).reshape(40, 6, 2)
  found = discover(paths, t, derivatives=rates, columns=_UNITS)
  assert found.independent == 1
  assert {x.text for x in found.laws[0].terms} == {"x^2", "v^2"}


def _paths():
  t = np.linspace(0., 6., 80)
  return t, [
      np.stack([a * np.cos(2 * t + 1), -2 * a * np.sin(2 * t + 1)], 1)
      for a in np.linspace(1, 3, 9)
  ]


def test_trajectories_and_derivatives_agree():
  t, paths = _paths()
  rates = [_noisy(_spring(p), .05, n) for n, p in enumerate(paths)]
  found = discover(paths, t, derivatives=rates, columns=_UNITS)
  assert found.independent == 1


def test_derivatives_that_contradict_the_trajectories():
  t, paths = _paths()
  found = discover(paths, t, derivatives=paths, columns=_UNITS)
  assert not found.independent and found.laws[0].reason == verdicts.DISAGREE


def test_rows_of_one_curve_verify_nothing():
  _, paths = _paths()
  found = discover(paths[4], derivatives=_spring(paths[4]), columns=_UNITS)
  assert not found.independent
  assert {law.reason for law in found.laws} <= {verdicts.FEW}


def test_noise_is_found_where_rates_are_steep():
  states, rates, _ = _points("Kepler", 400, 0.)
  noise = .05 * rates.std(0)
  rates = rates + noise * np.random.default_rng(0).normal(size=rates.shape)
  found = estimate_noise(states, rates, np.zeros(4, bool))
  assert np.all(found > .6 * noise) and np.all(found < 1.7 * noise)


def test_too_few_rows():
  with pytest.raises(InputError, match="at least 50 are needed"):
    discover(_states(30), derivatives=_spring(_states(30)), columns=_UNITS)


def test_one_column_moves():
  states = _states()
  rates = _spring(states) * [1., 0.]
  with pytest.raises(InputError, match="two columns or more"):
    discover(states, derivatives=rates, columns=_UNITS)


def test_a_column_that_never_changes():
  states = np.c_[_states(), np.ones(200)]
  rates = np.c_[_spring(states[:, :2]), np.zeros(200)]
  with pytest.raises(InputError, match="'m' never changes"):
    discover(states, derivatives=rates, columns="x,v,m")


def test_equations_have_rates_of_their_own():
  with pytest.raises(InputError, match="equations have none"):
    discover(equations=_spring, sample=_states(), derivatives="dx,dv")


def test_trajectories_take_arrays():
  data = as_trajectories(_states(), columns=_UNITS)
  found = discover(data, derivatives=[_spring(data.states[0])])
  assert found.independent == 1
  with pytest.raises(InputError, match="the shapes of the states"):
    discover(data, derivatives=[_spring(data.states[0])[1:]])
