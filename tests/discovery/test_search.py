"""What a search says where no law holds along whole trajectories."""

import numpy as np

from noether_jax import discover
from noether_jax import rungs
from noether_jax.reporting import verdicts
from tests.discovery import observed


def _jumping(noise=0., count=6):
  """Springs that are hit by chance in the middle of a trajectory."""
  random = np.random.default_rng(0)
  times, states = np.linspace(0., 60., 1200), []
  for n in range(count):
    parts = []
    for piece in np.array_split(times, 4):
      size = random.uniform(.5, 2.)
      parts.append(size * np.stack([np.cos(piece + n), -np.sin(piece + n)], 1))
    states.append(np.concatenate(parts))
  return [s + noise * random.normal(size=s.shape) for s in states], times


def test_one_trajectory_is_searched_in_windows():
  t = np.linspace(0., 60., 1200)
  size = np.exp(-.02 * t)
  state = size[:, None] * np.stack([np.cos(t), -np.sin(t)], 1)
  found = discover([state],
                   t,
                   columns="q,p",
                   rungs=[rungs.linear, rungs.quadratic])
  assert found.independent == 0
  assert any("1 trajectory: too few to verify" in m for m in found.messages)
  assert all(law.verdict != verdicts.CONSERVED for law in found.laws)


def test_two_trajectories_are_few():
  states, times = observed.circles(count=2)
  found = discover(states, times, columns="q,p")
  (law,) = found.laws
  assert {t.text for t in law.terms} == {"q^2", "p^2"}
  assert (law.verdict, law.reason) == (verdicts.UNKNOWN, verdicts.FEW)
  assert any("2 trajectories: too few" in m for m in found.messages)


def test_a_law_between_kicks_is_approximate():
  states, times = _jumping()
  found = discover(states, times, columns="q,p", rungs=[rungs.quadratic])
  assert found.independent == 0
  assert all(law.verdict == verdicts.APPROXIMATE for law in found.laws)


def test_one_value_comes_last():
  states, times = observed.circles()
  same = [s / np.hypot(*s[0]) for s in states]
  found = discover(same, times, columns="q,p")
  (law,) = found.laws
  assert (law.verdict, law.reason) == (verdicts.UNKNOWN, verdicts.ONE_VALUE)


def test_without_times_a_small_change_may_be_noise():
  states, _ = observed.circles()
  random = np.random.default_rng(0)
  mixed = [
      random.permutation(s + .01 * random.normal(size=s.shape)) for s in states
  ]
  found = discover(mixed, columns="a,b")
  (law,) = found.laws
  assert (law.verdict, law.reason) == (verdicts.UNKNOWN, verdicts.UNTIMED)


def test_rungs_that_are_too_large_are_named():
  states, times = observed.circles()

  def large(subject):
    return subject.terms(*(f"x*v*{n}" for n in range(1, 200)))

  found = discover(states, times, columns="x,v", rungs=[large])
  assert any("not searched: large" in m for m in found.messages)
