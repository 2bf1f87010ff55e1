"""The controlled pendulum: its mechanics, what its frames show, its builder."""

import os
import subprocess
import sys

import numpy as np
import pytest
import scipy.integrate

from datasets import loading
from datasets import progress
from datasets.controlled_pendulum import controlled_pendulum_dataset_builder
from datasets.controlled_pendulum import simulation
from tests import paths

NAME = "controlled_pendulum"
TINY = {
    "size": 20,
    "length": 4,
    "num_sequences": 3,
    "test_sequences": 2,
    "seed": 5,
    "torque": 1.5,
    "correlation": 0.2,
    "friction": 0.1,
    "speed": 1.0
}
MOTION = ("length", "seed", "torque", "correlation", "friction", "speed")
FIELDS = ("states", "actions", "energy")


def _show(angles, torque=0.0, size=500):
  """Frames at rest, one an angle."""
  states = np.stack([angles, np.zeros(len(angles))], axis=-1)
  actions = np.full((max(len(angles) - 1, 1), 1), torque)
  return simulation.renderer(size)(states, actions).astype(int)


@pytest.mark.parametrize("friction", [0.0, 0.7])
def test_agrees_with_dop853_and_the_energy_with_the_work(friction):
  found = simulation.generate(4, friction=friction, torque=1.5)
  for states, actions, energy in zip(found.states, found.actions, found.energy):
    state = states[0]
    for number, torque in enumerate(actions[:, 0]):

      def field(_, values, torque=torque):
        angle, velocity, _ = values
        acceleration = (15 * np.sin(angle) + 3 * (torque - friction * velocity))
        power = torque * velocity - friction * velocity**2
        return [velocity, acceleration, power]

      end = scipy.integrate.solve_ivp(field, (0, 0.05), [*state, 0.0],
                                      method="DOP853",
                                      rtol=1e-12,
                                      atol=1e-13).y[:, -1]
      state = end[:2]
      np.testing.assert_allclose(states[number + 1], state, atol=1e-8)
      work = energy[number + 1] - energy[number]
      np.testing.assert_allclose(work, end[2], atol=1e-8)


def test_energy_is_the_rods():
  states = np.array([[0, 0], [np.pi, 0], [np.pi / 2, 0], [np.pi / 2, -3]])
  # Weight m g at l / 2; moment of inertia m l^2 / 3.
  np.testing.assert_allclose(simulation.energies(states), [5, -5, 0, 1.5],
                             atol=1e-14)


def test_energy_is_constant_without_torque_and_friction():
  energy = simulation.generate(200, torque=0.0).energy
  np.testing.assert_allclose(energy,
                             np.broadcast_to(energy[:, :1], energy.shape),
                             rtol=0,
                             atol=1e-8)
  assert np.ptp(energy[:, 0]) > 5


def test_energy_rises_by_the_torques_work():
  found = simulation.generate(200)
  work = found.actions[..., 0] * np.diff(found.states[..., 0])
  np.testing.assert_allclose(np.diff(found.energy), work, rtol=0, atol=1e-8)
  assert np.abs(work).max() > 0.5


def test_friction_takes_energy():
  energy = simulation.generate(50, torque=0.0, friction=0.3).energy
  assert np.all(np.diff(energy) < 0)


def test_shapes_and_precision():
  found = simulation.generate(3, length=5)
  for field, shape in zip(FIELDS, ((3, 5, 2), (3, 4, 1), (3, 5))):
    assert getattr(found, field).shape == shape
    assert getattr(found, field).dtype == np.float64


@pytest.mark.parametrize("count", [1, 2, 7])
def test_a_sequence_depends_on_neither_number_nor_length(count):
  few = simulation.generate(count, length=9, torque=2.0)
  many = simulation.generate(13, torque=2.0)
  for field, length in zip(FIELDS, (9, 8, 9)):
    np.testing.assert_array_equal(getattr(few, field),
                                  getattr(many, field)[:count, :length])


def test_same_arguments_same_data_other_seed_or_stream_other_data():
  first, again = simulation.generate(3, torque=0.2), simulation.generate(
      3, torque=0.2)
  seed = simulation.generate(3, torque=0.2, seed=1)
  stream = simulation.generate(3, torque=0.2, stream=1)
  for field in FIELDS:
    np.testing.assert_array_equal(getattr(first, field), getattr(again, field))
    # Other than any of the first's, not only those of the same number.
    for one, other in ((first, seed), (first, stream), (seed, stream)):
      assert not np.isin(getattr(one, field), getattr(other, field)).any()


def test_initial_states_fill_their_range():
  initial = simulation.generate(2000, length=2, speed=3.0).states[:, 0]
  for values, high in zip(initial.T, (np.pi, 3.0)):
    assert np.all((-high <= values) & (values < high))
    counts, _ = np.histogram(values, 10, (-high, high))
    # 200 each: five standard errors.
    assert np.all(np.abs(counts - 200) < 70)


@pytest.mark.parametrize("correlation", [0.1, 0.5])
def test_torques_deviation_and_correlation(correlation):
  actions = simulation.generate(4000, torque=0.3,
                                correlation=correlation).actions[..., 0]
  np.testing.assert_allclose(actions.std(0), 0.3, rtol=0.06)
  for lag in (1, 4):
    found = np.mean(actions[:, lag:] * actions[:, :-lag]) / 0.3**2
    assert abs(found - np.exp(-lag * 0.05 / correlation)) < 0.03


def test_torques_are_clipped_and_can_be_none():
  actions = simulation.generate(200, torque=3.0).actions
  assert actions.min() == -2.0 and actions.max() == 2.0
  assert 0.3 < np.mean(np.abs(actions) == 2.0) < 0.7
  assert not simulation.generate(2, torque=0.0).actions.any()


@pytest.mark.parametrize("size, degrees", [(500, 1.0), (64, 1.5), (32, 2.5)])
def test_the_rod_points_along_the_angle(size, degrees):
  angles = np.array([0.0, 0.4, np.pi / 2, 2.0, np.pi, 4.0, -np.pi / 2, 7.0])
  images = _show(angles, size=size)
  red = np.maximum(images[..., 0] - images[..., 1], 0)
  centre = (size - 1) / 2
  rows, columns = np.mgrid[:size, :size]
  total = red.sum((1, 2))
  right = (red * (columns - centre)).sum((1, 2)) / total
  up = (red * (centre - rows)).sum((1, 2)) / total
  # Half of the rod's length, of which the frame is 4.4 wide.
  np.testing.assert_allclose(np.hypot(right, up) / size, 0.5 / 4.4, rtol=0.05)
  deviation = np.angle((up - 1j * right) / np.exp(1j * angles), deg=True)
  assert np.all(np.abs(deviation) < degrees)


def test_the_arrow_grows_with_the_torque_and_shows_its_sense():
  hanging = np.array([np.pi])
  black = [(_show(hanging, torque).max(-1) < 60).sum()
           for torque in (0.0, 0.8, 1.4, 2.0)]
  assert np.all(np.diff(black) > 50)
  left, right = _show(hanging, 2.0)[0], _show(hanging, -2.0)[0]
  assert np.abs(left - right).max() > 200
  # The same but for the axis of the mirror, of a pixel's width.
  assert np.abs(left[:, :-1] - right[:, -2::-1]).mean() < 1
  # Counter-clockwise, to the eye: it leaves the top to the left and comes up on
  # the right, where a quarter is open.
  dark = left.max(-1)[:240] < 60
  assert dark[:, :250].sum() > 1.5 * dark[:, 250:].sum()


@pytest.mark.parametrize("number, shown", [(0, [0]), (2, [2]), (3, [3, 4])])
def test_a_frame_shows_the_torque_that_follows_it(number, shown):
  states = simulation.generate(1, length=5).states[0]
  actions = np.zeros((4, 1))
  render = simulation.renderer(50)
  without = render(states, actions)
  actions[number] = 2.0
  differs = np.any(render(states, actions) != without, axis=(1, 2, 3))
  assert np.flatnonzero(differs).tolist() == shown


def test_rendering_leaves_the_process_as_it_was():
  code = ("import os\n"
          "from datasets.controlled_pendulum import simulation\n"
          "motion = simulation.generate(1, length=2)\n"
          "simulation.renderer(8)(motion.states[0], motion.actions[0])\n"
          "import pygame\n"
          "assert not pygame.get_init() and not pygame.display.get_init()\n"
          "assert 'SDL_VIDEODRIVER' not in os.environ\n")
  root = paths.ROOT
  environment = {
      name: value
      for name, value in os.environ.items()
      if name not in ("SDL_VIDEODRIVER", "PYGAME_HIDE_SUPPORT_PROMPT")
  }
  done = subprocess.run([sys.executable, "-W", "error", "-c", code],
                        cwd=root,
                        env=environment | {"PYTHONPATH": str(root)},
                        capture_output=True,
                        text=True,
                        check=False)
  assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("module",
                         ["pygame", "gymnasium.envs.classic_control.pendulum"])
def test_missing_extra_is_named(tmp_path, monkeypatch, module):
  monkeypatch.setitem(sys.modules, module, None)
  name = module.partition(".")[0]
  with pytest.raises(ImportError, match=rf"need {name} .*noether-jax\[video\]"):
    loading.prepare(NAME, data_dir=tmp_path, config=TINY)
  assert not list(tmp_path.rglob("dataset_info.json"))


def test_round_trip(tmp_path):
  render = simulation.renderer(TINY["size"])
  motion = {name: TINY[name] for name in MOTION}
  for stream, (split, count) in enumerate((("train", 3), ("test", 2))):
    expected = simulation.generate(count, stream=stream, **motion)
    found = loading.load(NAME, split=split, data_dir=tmp_path, config=TINY)
    for field in FIELDS:
      assert found[field].dtype == np.float64
      np.testing.assert_array_equal(found[field], getattr(expected, field))
    frames = np.stack([
        render(states, actions)
        for states, actions in zip(expected.states, expected.actions)
    ])
    assert frames.shape == (count, 4, 20, 20, 3)
    assert found["frames"].dtype == np.uint8
    np.testing.assert_array_equal(found["frames"], frames)
    np.testing.assert_array_equal(found["sequence"], np.arange(count))


def test_other_values_other_names():
  changes = {name: value + 1 for name, value in TINY.items()}
  names = {
      controlled_pendulum_dataset_builder.config(**TINY | {
          name: value
      }).name for name, value in changes.items()
  } | {controlled_pendulum_dataset_builder.config(**TINY).name}
  assert len(names) == len(TINY) + 1


def test_defaults_are_those_of_generate():
  defaults = controlled_pendulum_dataset_builder.config()
  found = simulation.generate(2)
  again = simulation.generate(
      2, **{name: getattr(defaults, name) for name in MOTION})
  np.testing.assert_array_equal(found.states, again.states)
  assert (defaults.size, defaults.length) == (64, 28)


@pytest.mark.parametrize("seconds, lines", [(-1.0, 5), (100.0, 0)])
def test_progress(tmp_path, monkeypatch, capsys, seconds, lines):
  monkeypatch.setattr(progress, "SECONDS", seconds)
  loading.prepare(NAME, data_dir=tmp_path, config=TINY)
  written = capsys.readouterr().err.splitlines()
  assert len(written) == lines
  if lines:
    assert written[1].endswith("s] controlled_pendulum train: sequence 1/3")


@pytest.mark.parametrize(
    "name, value, message",
    [("size", 501, r"size must be an integer in \[1, 500\]: got 501"),
     ("size", 8.5, "size must be an integer .* 8.5"),
     ("num_sequences", 0, "num_sequences .* got 0"),
     ("test_sequences", 0, "test_sequences .* got 0"),
     ("length", 1, "length .* got 1"), ("seed", -1, "seed .* got -1"),
     ("torque", -1, r"torque must be a number in \[0, inf\]: got -1"),
     ("torque", float("nan"), "torque .* got nan"),
     ("correlation", 0, "correlation must be a number > 0: got 0"),
     ("friction", 11, r"friction .* \[0, 10\]: got 11"),
     ("speed", float("inf"), "speed .* got inf"),
     ("nose", 1, f"config of {NAME}: .*'nose'")])
def test_errors(tmp_path, name, value, message):
  with pytest.raises(ValueError, match=message):
    loading.prepare(NAME, data_dir=tmp_path, config={name: value})


@pytest.mark.parametrize("call, message", [
    (lambda: simulation.generate(0), "num_sequences .* got 0"),
    (lambda: simulation.generate(1, stream=-1), "stream .* got -1"),
    (lambda: simulation.generate(1, correlation=-1), "correlation .* got -1"),
    (lambda: simulation.renderer(0), "size .* got 0"),
    (lambda: simulation.renderer(True), "size .* got True"),
])
def test_errors_of_the_functions(call, message):
  with pytest.raises(ValueError, match=message):
    call()
