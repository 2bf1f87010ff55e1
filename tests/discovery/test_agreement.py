"""Laws that contradict each other, where noise hides it."""

import dataclasses
import itertools

import numpy as np
import pytest

from noether_jax.discovery import Evidence
from noether_jax.discovery.agreement import settled
from noether_jax.reporting import verdicts
from tests.discovery import laws
from tests.discovery import observed

_COLUMNS = "x,y,vx,vy"
_WHITE = Evidence(.02, .004, 1., 0., .1)
_HARDLY = Evidence(.02, .004, 1., 0., .8)


def _law(evidence, **coefficients):
  return dataclasses.replace(laws.make(_COLUMNS, **coefficients),
                             evidence=evidence)


def _samples(force, noise=.1, turn=0., count=6):
  """Orbits by a force along the radius, by Verlet's steps.

  Args:
    force: a function of the distance.
    noise: that the samples say they have.
    turn: strength of a magnetic field.
    count: number of orbits.
  """
  random = np.random.default_rng(0)
  step, states = .01, []
  for _ in range(count):
    angle = random.uniform(0, 6)
    place = np.array([np.cos(angle), np.sin(angle)])
    speed = random.uniform(.6, 1.) * np.array([-place[1], place[0]])
    orbit = []
    for n in range(1000):
      if n % 5 == 0:
        orbit.append([*place, *speed])
      for part in (.5, None):
        if part is None:
          place = place + step * speed
        pull = force(np.linalg.norm(place)) * place
        push = turn * np.array([speed[1], -speed[0]])
        speed = speed + .5 * step * (push - pull)
    states.append(np.array(orbit))
  times = [np.arange(200) * .05] * count
  return observed.samples(states, _COLUMNS, np.full(4, noise), times=times)


_POINT = lambda r: 1 / r**3
_ENERGY = {"|v|^2": 1., "1/|r|": -2.}
_AXIS = {"x*vy^2": 1., "x/|r|": -1., "y*vx*vy": -1.}
_SPRING = {"|v|^2": 1., "|r|^2": 1.}
_MIXED = {"vx*vy": 1., "x*y": 1.}
_TURNS = {"x*vy": 1., "y*vx": -1.}


@pytest.mark.parametrize("force,energy,other,agree", [
    (_POINT, _ENERGY, _AXIS, True),
    (_POINT, _ENERGY, _TURNS, True),
    (lambda r: 1., _SPRING, _TURNS, True),
    (lambda r: 1., _MIXED, _TURNS, True),
    (lambda r: 1., _SPRING, _AXIS, False),
    (lambda r: 1., _MIXED, _AXIS, False),
])
@pytest.mark.parametrize("swap", [False, True])
def test_the_law_with_less_white_residual_is_doubted(force, energy, other,
                                                     agree, swap):
  samples = _samples(force)
  parts = [_law(_WHITE, **energy), _law(_HARDLY, **other)]
  if swap:
    parts = [_law(_HARDLY, **energy), _law(_WHITE, **other)]
  found = settled(parts, samples, laws.subject(_COLUMNS))
  assert [w.text for w in found] == [w.text for w in parts]
  verdict = verdicts.CONSERVED if agree else verdicts.UNKNOWN
  reason = "" if agree else verdicts.CONTRADICTION
  assert (found[1 - swap].verdict, found[1 - swap].reason) == (verdict, reason)
  assert found[swap].verdict == verdicts.CONSERVED


def test_nothing_is_doubted_where_noise_hides_nothing():
  parts = [
      _law(_WHITE, **_SPRING),
      _law(dataclasses.replace(_HARDLY, corrected=1e-4), **_AXIS)
  ]
  subject = laws.subject(_COLUMNS)
  assert settled(parts, _samples(lambda r: 1.), subject)[1] is parts[1]
  parts[1] = _law(_HARDLY, **_AXIS)
  clean = _samples(lambda r: 1., noise=0.)
  assert settled(parts, clean, subject)[1] is parts[1]


def test_errors_of_coefficients_are_no_contradiction():
  subject = laws.subject(_COLUMNS)
  near = _law(_HARDLY, **{"x*vy": 1., "y*vx": -.9})
  samples = _samples(_POINT)
  first = _law(_WHITE, **_ENERGY)
  assert settled([first, near], samples, subject)[1].verdict == verdicts.UNKNOWN
  form = dataclasses.replace(near.form, uncertainties=np.array([0., .1]))
  vague = dataclasses.replace(near, form=form)
  assert settled([first, vague], samples, subject)[1] is vague


@pytest.mark.parametrize("turn", [.3, .5, 1.5])
def test_a_force_that_does_no_work_is_no_contradiction(turn):
  samples = _samples(lambda r: 1., noise=.02, turn=turn)
  angular = _law(_HARDLY, **{"x*vy": 1., "y*vx": -1., "|r|^2": turn / 2})
  parts = [_law(_WHITE, **_SPRING), angular]
  found = settled(parts, samples, laws.subject(_COLUMNS))
  assert found[1].verdict == verdicts.CONSERVED


def test_errors_of_an_energy_are_no_contradiction():
  subject, samples = laws.subject(_COLUMNS), _samples(_POINT)
  axis = _law(_HARDLY, **_AXIS)
  for errors, doubted in (((0., .001), True), ((0., .1), False),
                          ((.001, 0.), True), ((.05, 0.), False)):
    energy = _law(_WHITE, **{"|v|^2": 1., "1/|r|": -2.1})
    form = dataclasses.replace(energy.form, uncertainties=np.array(errors))
    found = settled([dataclasses.replace(energy, form=form), axis], samples,
                    subject)
    assert (found[1].verdict == verdicts.UNKNOWN) == doubted


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_what_is_doubted_does_not_depend_on_the_order(order):
  """A law is doubted by laws that are not in doubt themselves, only."""
  samples = _samples(lambda r: 1.)
  near = dataclasses.replace(_HARDLY, colour=.5)
  parts = {
      0: _law(_WHITE, **_SPRING),
      1: _law(near, **_AXIS),
      2: _law(_HARDLY, **_TURNS)
  }
  found = settled([parts[i] for i in order], samples, laws.subject(_COLUMNS))
  doubted = [i for i, w in zip(order, found) if w.verdict == verdicts.UNKNOWN]
  assert doubted == [1]


def test_of_equally_white_laws_the_shorter_one_stays():
  parts = [_law(_WHITE, **_AXIS), _law(_WHITE, **_SPRING)]
  found = settled(parts, _samples(lambda r: 1.), laws.subject(_COLUMNS))
  assert found[0].verdict == verdicts.UNKNOWN
  assert found[1].verdict == verdicts.CONSERVED


@pytest.mark.parametrize("second", [1.2, 3.])
def test_momenta_are_no_velocities(second):
  """Two bodies on a spring, of masses 1 and `second`."""
  columns, random = "x1,x2,p1,p2", np.random.default_rng(1)
  mass, step, states = np.array([1., second]), .01, []
  for _ in range(6):
    place, momentum = random.normal(size=(2, 2))
    orbit = []
    for n in range(1000):
      if n % 5 == 0:
        orbit.append([*place, *momentum])
      pull = (place[1] - place[0]) * np.array([1., -1.])
      momentum = momentum + step / 2 * pull
      place = place + step * momentum / mass
      momentum = momentum + step / 2 * (place[1] - place[0]) * np.array(
          [1., -1.])
    states.append(np.array(orbit))
  samples = observed.samples(states,
                             columns,
                             np.full(4, .02),
                             times=[np.arange(200) * .05] * 6)
  law = lambda evidence, **parts: dataclasses.replace(
      laws.make(columns, **parts), evidence=evidence)
  energy = law(
      _WHITE, **{
          "p1^2": 1.,
          "p2^2": 1 / second,
          "x1^2": 1.,
          "x1*x2": -2.,
          "x2^2": 1.
      })
  whole = law(_HARDLY, **{"p1": 1., "p2": 1.})
  subject = laws.subject(columns, velocities=((0, 2), (1, 3)))
  assert settled([energy, whole], samples, subject)[1] is whole
  part = law(_HARDLY, **{"p1": 1., "p2": second})
  found = settled([energy, part], samples, subject)
  assert found[1].verdict == verdicts.UNKNOWN
