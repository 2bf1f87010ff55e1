"""Simulated systems: laws hold, fields are derivatives, seeds and noise."""

import jax.numpy as jnp
import numpy as np
import pytest

from datasets import dynamics


@pytest.mark.parametrize("name", dynamics.SYSTEMS)
def test_the_laws_hold_and_the_field_is_the_derivative(name):
  system = dynamics.SYSTEMS[name]
  data = dynamics.generate(system, noise=0., seed=1, num_train=2, num_test=1)
  laws = system.laws(data.test, np)
  assert laws.shape[-1] == len(system.law_names)
  assert np.max(np.abs(laws - laws[:, :1])) < 1e-8
  step = 1e-4
  path = system.simulate(data.clean[0, 0], np.array([0., step, 2 * step]))
  np.testing.assert_allclose((path[2] - path[0]) / (2 * step),
                             system.field(path[1], np),
                             atol=1e-6)


@pytest.mark.parametrize("name", dynamics.SYSTEMS)
def test_numpy_and_jax_agree(name):
  system = dynamics.SYSTEMS[name]
  states = np.stack([system.start(np.random.default_rng(s)) for s in range(3)])
  for function in (system.field, system.laws):
    np.testing.assert_allclose(function(states, np),
                               function(jnp.array(states), jnp),
                               rtol=1e-10)


def test_sets_of_different_size_and_noise_share_what_they_can():
  make = lambda **kw: dynamics.generate(
      dynamics.SYSTEMS["kepler"], seed=3, num_test=2, **kw)
  small, large = make(noise=0.1, num_train=2), make(noise=0., num_train=4)
  np.testing.assert_array_equal(small.clean, large.clean[:2])
  np.testing.assert_array_equal(small.test, large.test)
  noise = (small.states - small.clean) / small.spread
  assert 0.08 < noise.std() < 0.12
  np.testing.assert_array_equal(large.states, large.clean)


def test_a_test_path_starts_as_a_training_path_does_and_lasts_longer():
  data = dynamics.generate(dynamics.SYSTEMS["pendulum"],
                           noise=0.,
                           seed=0,
                           num_train=2,
                           num_test=1,
                           stretch=3)
  assert data.test.shape == (1, 3 * 44 + 1, 2)


@pytest.mark.parametrize("kwargs, message", [
    ({
        "noise": -1.,
        "num_train": 2
    }, "noise must be a number >= 0, got -1.0"),
    ({
        "noise": 0.,
        "num_train": 1
    }, "num_train >= 2"),
])
def test_errors(kwargs, message):
  with pytest.raises(ValueError, match=message):
    dynamics.generate(dynamics.SYSTEMS["pendulum"], seed=0, **kwargs)
