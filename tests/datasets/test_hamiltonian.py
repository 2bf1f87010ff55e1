"""Spring and pendulum: agreement with HNN's code, energy, noise, targets."""

from typing import NamedTuple

import numpy as np
import pytest
import scipy.integrate

from datasets import hamiltonian

SYSTEMS = pytest.mark.parametrize("name", hamiltonian.SAMPLINGS)
RADIUS = {"spring": (0.1, 1.0), "pendulum": (1.3, 2.3)}


class Stacked(NamedTuple):
  """Simulated trajectories as arrays."""
  time: np.ndarray
  states: np.ndarray
  clean: np.ndarray
  derivatives: np.ndarray


def generate(name, **kwargs):
  data = hamiltonian.generate(hamiltonian.SAMPLINGS[name], **kwargs)
  return Stacked(
      data.times[0],
      *(np.stack(part) for part in (data.states, data.clean, data.derivatives)))


@pytest.fixture(scope="module", name="data")
def _data():
  names = hamiltonian.SAMPLINGS
  return {name: generate(name, num_trajectories=12) for name in names}


def _hnn_reference(name, count):
  """What HNN's get_dataset(seed=0) draws and integrates, restated."""
  random = np.random.RandomState(0)
  scale, width, offset = {
      "spring": (10, 0.9, 0.1),
      "pendulum": (15, 1.0, 1.3)
  }[name]

  def field(_, state):
    q, p = state
    force = -2 * q if name == "spring" else -3 * np.sin(q)
    return np.array([2 * p, force])

  time = np.linspace(0, 3, int(scale * 3))
  states, derivatives = [], []
  for _ in range(count):
    start = random.rand(2) * 2 - 1
    radius = random.rand() * width + offset
    start = start / np.sqrt((start**2).sum()) * radius
    path = scipy.integrate.solve_ivp(field, [0, 3],
                                     start,
                                     t_eval=time,
                                     rtol=1e-10,
                                     atol=1e-10).y
    derivatives.append(field(None, path).T)
    q = path[0] + random.randn(time.size) * 0.1
    p = path[1] + random.randn(time.size) * 0.1
    states.append(np.stack([q, p], axis=-1))
  return time, np.stack(states), np.stack(derivatives)


@SYSTEMS
def test_agrees_with_hnn(name, data):
  time, states, derivatives = _hnn_reference(name, 12)
  np.testing.assert_array_equal(data[name].time, time)
  np.testing.assert_allclose(data[name].states, states, atol=1e-7)
  np.testing.assert_allclose(data[name].derivatives, derivatives, atol=1e-7)


@SYSTEMS
def test_shapes_and_precision(name, data):
  found = data[name]
  samples = {"spring": 30, "pendulum": 45}[name]
  assert found.time.shape == (samples,)
  for array in (found.states, found.clean, found.derivatives):
    assert array.shape == (12, samples, 2)
    assert array.dtype == np.float64


@SYSTEMS
def test_energy_is_constant_to_1e_10(name, data):
  energy = hamiltonian.SAMPLINGS[name].system.laws(data[name].clean, np)
  assert np.max(np.abs(energy - energy[:, :1])) < 1e-10


@SYSTEMS
def test_field_is_the_hamiltonians_symplectic_gradient(name):
  system = hamiltonian.SAMPLINGS[name].system
  states = np.random.RandomState(0).randn(20, 2)
  step = 1e-6
  gradient = [(system.laws(states + step * unit, np) -
               system.laws(states - step * unit, np))[:, 0] / (2 * step)
              for unit in np.eye(2)]
  expected = np.stack([gradient[1], -gradient[0]], axis=-1)
  np.testing.assert_allclose(system.derivatives(states, np),
                             expected,
                             atol=1e-8)


def test_spring_closed_form(data):
  found = data["spring"]
  start = found.clean[:, :1]
  cosine, sine = np.cos(2 * found.time), np.sin(2 * found.time)
  q = start[..., 0] * cosine + start[..., 1] * sine
  p = start[..., 1] * cosine - start[..., 0] * sine
  np.testing.assert_allclose(found.clean, np.stack([q, p], -1), atol=1e-10)


@SYSTEMS
def test_start_radius_lies_in_the_range(name):
  starts = generate(name, num_trajectories=100, num_samples=2).clean[:, 0]
  radius = np.linalg.norm(starts, axis=-1)
  low, high = RADIUS[name]
  assert low <= radius.min() < low + 0.1
  assert high - 0.1 < radius.max() < high


def test_same_seed_same_data_other_seed_other_data():
  first, again, other = (
      generate("spring", seed=seed, num_trajectories=3) for seed in (1, 1, 2))
  np.testing.assert_array_equal(first.states, again.states)
  assert np.all(first.clean[:, 0] != other.clean[:, 0])


def test_the_first_trajectories_do_not_depend_on_their_number():
  few, many = (generate("pendulum",
                        num_trajectories=count,
                        targets="difference") for count in (2, 5))
  np.testing.assert_array_equal(few.states, many.states[:2])
  np.testing.assert_array_equal(few.derivatives, many.derivatives[:2])


@pytest.mark.parametrize("noise", [0.0, 0.1, 0.4])
def test_noise_has_the_asked_deviation_and_leaves_the_path(noise, data):
  found = generate("pendulum", noise=noise, num_trajectories=12)
  np.testing.assert_array_equal(found.clean, data["pendulum"].clean)
  errors = (found.states - found.clean).reshape(-1, 2)
  # 540 values per column: five standard errors.
  tolerance = 5 / np.sqrt(2 * len(errors))
  np.testing.assert_allclose(errors.std(0), noise, rtol=tolerance)
  assert np.all(np.abs(errors.mean(0)) <= 5 * noise / np.sqrt(len(errors)))
  correlation = np.mean(errors[:, 0] * errors[:, 1])
  assert abs(correlation) <= 5 * noise**2 / np.sqrt(len(errors))


@SYSTEMS
def test_derivative_targets_are_the_field_at_the_clean_states(name, data):
  found = data[name]
  field = hamiltonian.SAMPLINGS[name].system.derivatives
  np.testing.assert_array_equal(found.derivatives, field(found.clean, np))


@SYSTEMS
@pytest.mark.parametrize("noise", [0.0, 0.1])
def test_difference_targets_are_eulers_slopes(name, noise):
  found = generate(name, noise=noise, targets="difference", num_trajectories=4)
  step = found.time[1]
  euler = found.states + step * found.derivatives
  np.testing.assert_allclose(euler[:, :-1], found.states[:, 1:], atol=1e-14)
  # The last slope leads to a sample that is on the path, noise aside.
  beyond = [
      hamiltonian.SAMPLINGS[name].system.simulate(state, np.array([0,
                                                                   step]))[-1]
      for state in found.clean[:, -1]
  ]
  np.testing.assert_allclose(euler[:, -1], beyond, atol=4 * noise + 1e-10)
  if noise:
    assert np.all(np.abs(euler[:, -1] - beyond) > 1e-6)


def test_number_of_samples():
  found = generate("spring", num_samples=7, num_trajectories=2)
  np.testing.assert_allclose(found.time, np.arange(7) / 2)


@pytest.mark.parametrize("arguments, message", [({
    "noise": -1.0
}, "noise must be .* -1.0"), ({
    "noise": float("nan")
}, "noise must be .* nan"), ({
    "targets": "velocity"
}, "targets .* 'velocity'"), ({
    "seed": -1
}, "seed must lie"), ({
    "num_trajectories": 1
}, "at least 2, .* got 1"), ({
    "num_samples": 1
}, "num_samples .* got 1")])
def test_errors(arguments, message):
  with pytest.raises(ValueError, match=message):
    generate("spring", **arguments)
