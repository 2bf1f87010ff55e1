"""Simulated systems: laws hold, fields are derivatives, sampling, noise."""

import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks.systems import SAMPLINGS as BENCHMARK
from datasets import hamiltonian
from datasets.systems.catalogue import SYSTEMS
from datasets.systems.system import Sampling
from datasets.systems.system import System
from experiments.neural import simulation

# Every system with equations is sampled somewhere.
STARTS = {
    sampling.system.name: sampling.start
    for sampling in (*BENCHMARK.values(), *simulation.SAMPLINGS.values())
} | {
    "spring": lambda random: hamiltonian.SPRING.start(np.random.RandomState(0))
}
SIMULATED = [name for name, system in SYSTEMS.items() if system.field]


@pytest.mark.parametrize("name", SIMULATED)
def test_the_laws_hold_and_the_field_is_the_derivative(name):
  system = SYSTEMS[name]
  initial = STARTS[name](np.random.default_rng(1))
  if system.laws is not None:
    path = system.simulate(initial, np.linspace(0, 6, 40))
    laws = system.laws(path, np)
    assert laws.shape == (40, len(system.law_names))
    assert np.max(np.abs(laws - laws[0])) < 1e-8
  step = 1e-4
  path = system.simulate(initial, np.array([0., step, 2 * step]))
  np.testing.assert_allclose((path[2] - path[0]) / (2 * step),
                             system.derivatives(path[1], np, step),
                             atol=1e-4)


@pytest.mark.parametrize("name", SIMULATED)
def test_numpy_and_jax_agree(name):
  system = SYSTEMS[name]
  states = np.stack([STARTS[name](np.random.default_rng(s)) for s in range(3)])
  for function in (system.derivatives, system.laws):
    if function is not None:
      np.testing.assert_allclose(function(states, np),
                                 function(jnp.array(states), jnp),
                                 rtol=1e-10)


def test_a_system_has_as_many_laws_as_names_and_columns_for_its_states():
  for name, system in SYSTEMS.items():
    assert (system.laws is None) == (not system.law_names)
    if name in STARTS:
      size = len(STARTS[name](np.random.default_rng(0)))
      assert len(system.variables) == size > max(system.momenta, default=0)


def test_the_driven_system_is_driven():
  system, state = SYSTEMS["driven_duffing"], np.zeros(2)
  early, late = (system.derivatives(state, np, t) for t in (0., 1.))
  np.testing.assert_allclose([early[1], late[1]], [.3, .3 * np.cos(1.2)])


def test_a_measured_system_has_a_law_and_no_equations():
  system = SYSTEMS["real_pendulum"]
  assert system.laws(np.zeros((3, 2)), np).tolist() == [[-2.4]] * 3
  with pytest.raises(ValueError, match="real_pendulum is measured"):
    system.simulate(np.zeros(2), np.array([0., 1.]))


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
