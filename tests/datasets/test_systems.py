"""Simulated systems: laws hold, fields are derivatives, sampling, noise."""

import dataclasses

import jax.numpy as jnp
import numpy as np
import pytest
from scipy import interpolate

from benchmarks import truth
from benchmarks.systems import SAMPLINGS as BENCHMARK
from benchmarks.systems import UNSPELLED
from datasets import hamiltonian
from datasets.systems.catalogue import SYSTEMS
from datasets.systems.equations import by_columns
from datasets.systems.system import Sampling
from datasets.systems.system import System
from experiments.benchmark.config import make
from experiments.benchmark.config import PROBLEMS
from experiments.neural import simulation

# Every system with equations is sampled somewhere.
_SAMPLINGS = {
    sampling.system.name: sampling
    for sampling in (*map(make().sampling, PROBLEMS.values()),
                     *hamiltonian.SAMPLINGS.values(),
                     *simulation.SAMPLINGS.values(), *BENCHMARK.values(),
                     *UNSPELLED.values())
}
STARTS = {
    name: sampling.start for name, sampling in _SAMPLINGS.items()
} | {
    "spring": lambda random: hamiltonian.SPRING.start(np.random.RandomState(0))
}
SIMULATED = [name for name, system in SYSTEMS.items() if system.field]
LAWFUL = [
    name for name in SIMULATED
    if SYSTEMS[name].num_conserved + SYSTEMS[name].num_balances
]


@pytest.mark.parametrize("name", SIMULATED)
def test_the_laws_hold_and_the_field_is_the_derivative(name):
  system = SYSTEMS[name]
  initial = STARTS[name](np.random.default_rng(1))
  times = np.linspace(0, min(6, _SAMPLINGS[name].duration), 40)
  path = system.simulate(initial, times)
  laws = system.conserved(path, np)
  assert laws.shape == (40, system.num_conserved)
  np.testing.assert_allclose(laws - laws[0], 0, atol=1e-8)
  for constant in system.constants:
    np.testing.assert_array_equal(path[:, constant], path[0, constant])
  step = 1e-4
  path = system.simulate(initial, np.array([0., step, 2 * step]))
  np.testing.assert_allclose((path[2] - path[0]) / (2 * step),
                             system.derivatives(path[1], np, step),
                             atol=1e-4)


@pytest.mark.parametrize("name", LAWFUL)
def test_the_laws_are_independent(name):
  system = SYSTEMS[name]
  random = np.random.default_rng(0)
  states = np.concatenate([
      system.simulate(STARTS[name](random), np.linspace(0, 2, 20))
      for _ in range(8)
  ])
  slopes = truth.known_gradients(system, states, True)
  assert slopes.shape[1] == system.num_conserved + system.num_balances
  assert truth.num_independent(slopes) == slopes.shape[1]


@pytest.mark.parametrize("name",
                         [n for n in SIMULATED if SYSTEMS[n].num_balances])
def test_a_balance_law_changes_by_its_powers(name):
  system, sampling = SYSTEMS[name], _SAMPLINGS[name]
  times = np.linspace(0, sampling.duration, 2000)
  path = system.simulate(STARTS[name](np.random.default_rng(1)), times)
  energy = system.balances.values(path, np)
  powers = system.balances.powers(path, np)
  assert energy.shape == powers.shape == (2000, system.num_balances)
  change = interpolate.CubicSpline(times, powers).antiderivative()(times)
  assert np.ptp(change) > 1e-2 * np.ptp(energy)
  np.testing.assert_allclose(energy - energy[0],
                             change,
                             atol=1e-4 * np.ptp(energy))


@pytest.mark.parametrize("name", SIMULATED)
def test_numpy_and_jax_agree(name):
  system = SYSTEMS[name]
  states = np.stack([STARTS[name](np.random.default_rng(s)) for s in range(3)])
  balances = system.balances.values if system.balances else None
  powers = system.balances.powers if system.balances else None
  for function in (system.derivatives, system.conserved, balances, powers):
    if function is not None:
      np.testing.assert_allclose(function(states, np),
                                 function(jnp.array(states), jnp),
                                 rtol=1e-10,
                                 atol=1e-12)


def test_a_system_has_as_many_laws_as_names_and_columns_for_its_states():
  for name, system in SYSTEMS.items():
    assert (system.laws is None) == (not system.law_names)
    assert not system.process or not system.field
    if STARTS.get(name):
      size = len(STARTS[name](np.random.default_rng(0)))
      assert len(system.variables) == size > max(system.momenta, default=0)


@pytest.mark.parametrize("name,damping", [("rod_pendulum", 0.),
                                          ("damped_rod_pendulum", 1.)])
def test_a_bob_moves_as_its_angle(name, damping):
  angle = System("angle", "a:rad,w:1/s",
                 by_columns(lambda a, w, xp: (w, -xp.sin(a) - damping * w)))
  times, start = np.linspace(0, 100, 50), np.array([.9, -.8])
  turn = angle.simulate(start, times)[:, 0]
  wanted = np.stack([np.sin(turn), -np.cos(turn)], 1)
  sin, cos = np.sin(start[0]), np.cos(start[0])
  initial = np.array([sin, -cos, start[1] * cos, start[1] * sin])
  path = SYSTEMS[name].simulate(initial, times)
  np.testing.assert_allclose(path[:, :2], wanted, atol=1e-8)


def test_the_driven_system_is_driven():
  system, state = SYSTEMS["driven_duffing"], np.zeros(2)
  early, late = (system.derivatives(state, np, t) for t in (0., 1.))
  np.testing.assert_allclose([early[1], late[1]], [.3, .3 * np.cos(1.2)])


def test_a_measured_system_has_a_law_and_no_equations():
  system = SYSTEMS["real_pendulum"]
  assert system.laws(np.zeros((3, 2)), np).tolist() == [[-2.4]] * 3
  with pytest.raises(ValueError, match="real_pendulum is measured"):
    system.simulate(np.zeros(2), np.array([0., 1.]))


def test_a_process_has_no_equations_and_equations_need_a_start():
  sampling = BENCHMARK["white noise"]
  data = sampling.draw(3, 0., 0)
  assert data.derivatives is None and data.states[2].shape == (100, 2)
  assert sampling.system.conserved(data.states[0], np).shape == (100, 0)
  with pytest.raises(ValueError, match="white_noise is a random process"):
    sampling.system.derivatives(np.zeros(2), np)
  with pytest.raises(ValueError, match="pendulum: equations need a start"):
    Sampling(SYSTEMS["pendulum"], None, 1., 3).draw(1, 0., 0)


def test_trajectories_solved_together_equal_single_ones():
  sampling = BENCHMARK["Kepler"]
  random = lambda: np.random.default_rng(3)
  single = dataclasses.replace(sampling, together=False).paths(3, random())
  np.testing.assert_allclose(sampling.paths(3, random()), single, atol=1e-8)


def test_hidden_columns_are_not_observed_and_constants_have_no_noise():
  sampling = BENCHMARK["Kepler positions"]
  data = sampling.draw(2, .1, 0)
  assert [v.name for v in data.variables] == ["x", "y"]
  whole = dataclasses.replace(sampling, hidden=()).draw(2, .1, 0)
  for name in ("states", "clean", "derivatives"):
    np.testing.assert_array_equal(
        getattr(data, name)[1],
        getattr(whole, name)[1][:, :2])
  data = BENCHMARK["Kepler of mass"].draw(2, .1, 0)
  assert np.ptp(data.states[0], axis=0)[4] == 0 < np.ptp(data.states[0][:, 0])


def test_a_solver_that_gives_up():
  broken = System("broken", "q,p", lambda s, xp: s**2 * 1e8)
  with np.errstate(all="ignore"), pytest.raises(RuntimeError, match="broken"):
    broken.simulate(np.ones(2), np.array([0.0, 1.0]))


@pytest.mark.parametrize("closed, last", [(True, 2.), (False, 1.5)])
def test_times_and_what_is_observed(closed, last):
  sampling = Sampling(SYSTEMS["pendulum"], lambda r: r.normal(size=2), 2.,
                      4 + closed, closed)
  np.testing.assert_allclose(sampling.times, np.arange(0, last + .1, .5))
  data, again, clean = (sampling.draw(3, noise, 7) for noise in (.1, .1, 0.))
  np.testing.assert_array_equal(data.states, again.states)
  np.testing.assert_array_equal(clean.states, clean.clean)
  np.testing.assert_array_equal(data.clean, clean.clean)
  assert data.labels == ("0", "1", "2")
  np.testing.assert_array_equal(
      data.derivatives, sampling.system.derivatives(np.stack(data.clean), np))


@pytest.mark.parametrize("relative", [True, False])
def test_noise_is_relative_to_the_spread_or_not(relative):
  sampling = Sampling(SYSTEMS["unit_spring"],
                      lambda r: np.array([5., 0.]),
                      6.,
                      400,
                      relative_noise=relative)
  data = sampling.draw(4, .1, 0)
  errors = np.concatenate(data.states) - np.concatenate(data.clean)
  spread = np.concatenate(data.clean).std(0) if relative else np.ones(2)
  np.testing.assert_allclose(errors.std(0), .1 * spread, rtol=.1)
