"""Roles of columns, and whether they determine their own change."""

import numpy as np
import pytest

from noether_jax.discovery import roles
from tests.discovery import observed

TIMES = np.linspace(0., 20., 401)


def _orbits(count=8):
  """Planar springs `[x, y, vx, vy]` with two rates."""
  random, states = np.random.default_rng(0), []
  for _ in range(count):
    a, b, p, q = random.uniform(.5, 2., 4)
    x, vx = a * np.cos(TIMES + p), -a * np.sin(TIMES + p)
    y, vy = b * np.cos(1.7 * TIMES + q), -1.7 * b * np.sin(1.7 * TIMES + q)
    states.append(np.stack([x, y, vx, vy], 1))
  return states


def _samples(states, columns, **more):
  return observed.samples(states, columns, times=[TIMES] * len(states), **more)


@pytest.mark.parametrize("columns,closed", [([0, 2], True), ([0, 1], False),
                                            ([0, 1, 2, 3], True)])
def test_positions_alone_are_not_closed(columns, closed):
  names = [["x", "y", "vx", "vy"][i] for i in columns]
  samples = _samples([s[:, columns] for s in _orbits()], names)
  assert roles.is_closed(samples) == closed


def test_few_samples_count_as_closed():
  states = [s[:30, :2] for s in _orbits()]
  samples = observed.samples(states, "x,y", times=[TIMES[:30]] * 8)
  assert roles.is_closed(samples)


def test_velocities_are_known_by_their_data():
  samples = _samples(_orbits(), "a,b,c,d")
  assert roles.has_velocities(samples)
  subject = roles.make_subject(samples, None, None)
  assert subject.velocities == ((0, 2), (1, 3)) and not subject.inputs


def test_positions_have_no_velocities():
  assert not roles.has_velocities(_samples([s[:, :2] for s in _orbits()],
                                           "a,b"))


def test_a_force_from_outside_is_an_input():
  states = [
      np.c_[s[:, [0, 2]], np.sin(3. * TIMES + n)]
      for n, s in enumerate(_orbits())
  ]
  subject = roles.make_subject(_samples(states, "q,p,u"), None, None)
  assert subject.velocities == ((0, 1),) and subject.inputs == (2,)


def test_what_noise_hides_as_a_velocity_is_no_input():
  random, states = np.random.default_rng(1), _orbits()
  for s in states:
    s[:, 3] += .5 * random.normal(size=len(s))
  subject = roles.make_subject(_samples(states, "a,b,c,d"), None, None)
  assert subject.velocities == ((0, 2),) and subject.inputs == ()


def test_names_tell_velocities_that_noise_hides():
  random, states = np.random.default_rng(1), _orbits()
  for s in states:
    s[:, 3] += .5 * random.normal(size=len(s))
  subject = roles.make_subject(_samples(states, "x1,x2,vx1,vx2"), None, None)
  assert subject.velocities == ((0, 2), (1, 3))


def test_an_acceleration_is_no_input():
  states = [np.c_[s[:, [0, 2]], -s[:, 0]**3] for s in _orbits()]
  mixed = [np.c_[s[:, 0], s[:, 2], -s[:, 0]] for s in _orbits()]
  assert roles.make_subject(_samples(mixed, "q,p,a"), None, None).inputs == ()
  # The cube of a position is no multiple of a derivative.
  assert roles.make_subject(_samples(states, "q,p,u"), None,
                            None).inputs == (2,)
