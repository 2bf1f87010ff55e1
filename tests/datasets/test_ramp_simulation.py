"""What ramp_video simulates: mechanics, the window of time, splits."""

import dataclasses
import math

import numpy as np
import pytest

from datasets.ramp_video import objects
from datasets.ramp_video import simulation

pymunk = pytest.importorskip("pymunk")

SETTINGS = simulation.Settings()
SINE, COSINE = math.sin(simulation.SLOPE), math.cos(simulation.SLOPE)


def _thing(shape, **changes):
  number = list(objects.SHAPES).index(shape)
  return dataclasses.replace(objects.make_object(0, number),
                             **({
                                 "size": 0.1,
                                 "density": 500.0
                             } | changes))


@pytest.fixture(scope="module", name="runs")
def _runs():
  """Forty sequences of the default data set."""
  scenes = [
      simulation.make_scene(SETTINGS, "train", index) for index in range(40)
  ]
  return [(scene, simulation.simulate(scene, length=22, rate=15.0))
          for scene in scenes]


@pytest.mark.parametrize("shape", objects.SHAPES)
def test_moments_of_inertia_are_pymunks(shape):
  thing = _thing(shape)
  corners = thing.corners.tolist()
  if shape == "disc":
    area = pymunk.area_for_circle(0, 0.05)
    moment = pymunk.moment_for_circle(thing.mass, 0, 0.05)
  else:
    area = pymunk.Poly(None, corners).area
    moment = pymunk.moment_for_poly(thing.mass, corners)
  assert thing.mass == pytest.approx(500 * 0.06 * area)
  assert thing.moment == pytest.approx(moment)
  assert thing.properties[[0, 2, 5]].tolist() == [thing.mass, 0.1, thing.moment]


@pytest.mark.parametrize("slope", [0.0, simulation.SLOPE])
@pytest.mark.parametrize("shape", list(objects.SHAPES)[1:])
def test_objects_lie_on_a_face(shape, slope):
  for face in (0.0, 0.5, 0.99):
    angle, height = _thing(shape).lie(face, slope)
    corners = objects.rotated(_thing(shape).corners, angle)
    above = corners @ [math.sin(slope), math.cos(slope)] + height
    np.testing.assert_allclose(np.sort(above)[:2], 0, atol=1e-12)
    assert np.sort(above)[2] > 0.01


@pytest.mark.parametrize("shape, friction, expected",
                         [("square", 0.0, SINE),
                          ("square", 0.1, SINE - 0.1 * COSINE),
                          ("hexagon", 0.2, SINE - 0.2 * COSINE),
                          ("disc", 0.0, SINE), ("disc", 0.3, SINE * 2 / 3),
                          ("slab", 0.39, 0.0)])
def test_acceleration_on_the_ramp(shape, friction, expected):
  scene = simulation.Scene(slider=_thing(shape, friction=friction),
                           target=_thing("square"),
                           distance=0.8)
  states, touched = simulation.trace(scene, interval=0.05, count=11)
  assert touched is None
  time = np.arange(11) * 0.05
  along = states[:, 0, :2] @ [COSINE, -SINE]
  speed = states[:, 0, 3:5] @ [COSINE, -SINE]
  wanted = expected * simulation.GRAVITY
  np.testing.assert_allclose(speed, wanted * time, rtol=0.01, atol=2e-3)
  np.testing.assert_allclose(along - along[0],
                             wanted * time**2 / 2,
                             rtol=0.01,
                             atol=5e-4)


def test_without_friction_energy_is_conserved_on_the_ramp():
  for shape in ("square", "disc", "triangle"):
    scene = simulation.Scene(slider=_thing(shape, friction=0.0),
                             target=_thing("square"),
                             distance=1.0)
    states, _ = simulation.trace(scene, interval=0.01, count=71)
    energy = simulation.energies(scene, states)
    fallen = states[0, 0, 1] - states[-1, 0, 1]
    assert fallen > 0.25
    scale = scene.slider.mass * simulation.GRAVITY * fallen
    assert np.ptp(energy[:, 0]) < 3e-3 * scale
    assert np.ptp(energy[:, 1]) < 1e-5 * scale


@pytest.mark.parametrize("bounce", [0.3, 0.9])
def test_collision_of_two_discs_without_friction(bounce):
  """Momentum stays, and relative speed shrinks by the restitutions' product."""
  things = [
      _thing("disc", friction=0.0, restitution=value, density=density)
      for value, density in ((bounce, 500.0), (0.8, 900.0))
  ]
  scene = simulation.Scene(slider=things[0], target=things[1], gap=0.3)
  states, touched = simulation.trace(scene, interval=0.01, count=100)
  before, after = states[touched - 2, :, 3], states[touched + 2, :, 3]
  masses = np.array([thing.mass for thing in things])
  assert before[0] > 0.5 and before[1] == pytest.approx(0, abs=1e-12)
  assert masses @ after == pytest.approx(masses @ before, rel=1e-4)
  assert after[1] - after[0] == pytest.approx(bounce * 0.8 * before[0],
                                              rel=1e-3)


def test_energy_never_rises(runs):
  for scene, run in runs:
    total = run.energies.sum(axis=-1)
    scale = scene.slider.mass * simulation.GRAVITY * scene.distance * SINE
    assert np.max(np.diff(total)) < 2e-3 * scale


def test_energy_formula(runs):
  scene, run = runs[3]
  x, y, angle, vx, vy, spin = run.states[12, 0]
  del x, angle
  slider = scene.slider
  expected = (slider.mass * (vx**2 + vy**2) / 2 + slider.moment * spin**2 / 2 +
              slider.mass * 9.81 * y)
  assert run.energies[12, 0] == pytest.approx(expected)


def test_most_targets_are_hit_and_move(runs):
  moved = [
      np.linalg.norm(run.states[-1, 1, :2] - run.states[0, 1, :2]) > 0.01
      for _, run in runs
  ]
  hit = [run.collision is not None for _, run in runs]
  assert 0.5 < np.mean(moved) <= np.mean(hit) < 1.0
  for _, run in runs:
    assert run.collision is None or 0 < run.collision < 21 / 15


def test_few_sliders_stick(runs):
  stuck = [
      np.linalg.norm(run.states[-1, 0, :2] - run.states[0, 0, :2]) < 0.01
      for _, run in runs
  ]
  assert 0 < np.mean(stuck) < 0.2


def test_objects_touch_first_at_the_collision(runs):
  """Before it the target rests, after it does not."""
  seen = 0
  for scene, run in runs:
    first = 22 if run.collision is None else math.ceil(run.collision * 15 -
                                                       1e-6)
    np.testing.assert_allclose(run.states[:first, 1, :3],
                               np.tile(scene.poses[1], (first, 1)),
                               atol=1e-4)
    if first < 22:
      seen += np.any(np.abs(run.states[first, 1, 3:]) > 1e-3)
  assert seen > 20


def test_window_begins_so_that_the_collision_has_its_place():
  scene = simulation.Scene(slider=_thing("square", friction=0.2),
                           target=_thing("square"),
                           moment=0.2)
  for rate in (15.0, 30.0):
    run = simulation.simulate(scene, length=20, rate=rate)
    assert run.collision == pytest.approx(4 / rate)
    assert np.linalg.norm(run.states[0, 0, 3:5]) > 0.1
  late = dataclasses.replace(scene, moment=0.9)
  run = simulation.simulate(late, length=20, rate=15.0)
  np.testing.assert_allclose(run.states[0, :, :3], scene.poses, atol=1e-12)


def test_sequences_differ():
  starts = {
      tuple(simulation.make_scene(settings, part, index).poses[0])
      for settings in (SETTINGS, simulation.Settings(seed=1))
      for part in simulation.PARTS
      for index in range(10)
  }
  assert len(starts) == 40


def _met(split, part, count):
  settings = simulation.Settings(split=split)
  scenes = [
      simulation.make_scene(settings, part, index) for index in range(count)
  ]
  assert all(scene.slider.number != scene.target.number for scene in scenes)
  return [{scene.slider.number for scene in scenes},
          {scene.target.number for scene in scenes}]


def test_split_by_objects_is_disjoint():
  train, test = (set.union(*_met("objects", part, count))
                 for part, count in (("train", 311), ("test", 78)))
  assert test == set(range(4, 40, 5))
  assert train == set(range(40)) - test


def test_random_split_draws_from_all_objects():
  for part, count in (("train", 311), ("test", 311)):
    assert _met("random", part, count) == [set(range(40))] * 2
