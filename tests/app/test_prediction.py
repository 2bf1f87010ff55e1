"""The vector field, its training, and its tailored rollouts."""

import dataclasses

import jax
import numpy as np
import pytest

from noether_jax import discover
from noether_jax.app import prediction
from noether_jax.app import vector_field

_TIMES = np.arange(40) * .15


def _springs(count):
  sizes = np.linspace(.5, 2., count)
  return [
      size * np.stack([np.cos(_TIMES + size), -np.sin(_TIMES + size)], 1)
      for size in sizes
  ]


def _split(states, angles=(False, False)):
  return vector_field.split(states, [_TIMES] * len(states), angles)


def test_many_trajectories_are_held_out_whole():
  states = _springs(8)
  samples = _split(states)
  assert samples.split == "2 of 8 trajectories held out"
  assert samples.paths.shape == (2, 39, 2)
  radii = np.round(np.hypot(*samples.states.T), 6)
  held = np.round(np.hypot(*samples.start.T), 6)
  assert not set(radii) & set(held)
  np.testing.assert_allclose(samples.derivatives[:, 0],
                             samples.states[:, 1],
                             atol=1e-3)


def test_few_trajectories_hold_out_the_end():
  samples = _split(_springs(2))
  assert samples.states.shape == (60, 2) and samples.paths.shape == (2, 10, 2)
  np.testing.assert_array_equal(samples.start[0], samples.states[29])


def test_angles_enter_periodically():
  samples = _split(_springs(6), (True, False))
  field, params = vector_field.make_field(
      samples, jax.random.split(jax.random.key(0), 1), (8,))
  one = jax.tree.map(lambda leaf: leaf[0], params)
  x = np.array([.3, .7])
  turned = x + [2 * np.pi, 0.]
  np.testing.assert_allclose(field(one, x), field(one, turned), rtol=1e-6)


def test_error_of_angles_is_the_short_way_round():
  samples = dataclasses.replace(_split(_springs(6), (True, True)))
  near = samples.paths[None] + 2 * np.pi - .01
  error = prediction.rollout_error(near, samples)
  spread = samples.states.std(0)
  np.testing.assert_allclose(error,
                             np.sqrt(np.mean((.01 / spread)**2)),
                             rtol=1e-6)


def test_error_is_cut_where_a_rollout_is_lost():
  samples = _split(_springs(6))
  lost = np.full((1, *samples.paths.shape), np.nan)
  assert np.all(prediction.rollout_error(lost, samples) == 10)


def test_tailored_rollouts_keep_the_law():
  states = _springs(8)
  found = discover(states, _TIMES, columns="q,p")
  seen = []
  outcome = prediction.compare(found.laws,
                               _split(states),
                               seeds=2,
                               steps=1000,
                               hidden=(32,),
                               progress=lambda step, loss: seen.append(loss))
  plain, tailored = outcome.variants
  assert tailored.drift.max() < 1e-3 < plain.drift.max()
  assert outcome.summary["variants"][1]["wins"] == 2
  assert seen[-1] < .8 * seen[0]
  assert tailored.inner_step and not plain.inner_step


def test_no_law():
  with pytest.raises(ValueError, match="at least one law"):
    prediction.compare([], _split(_springs(6)))


def _springs_at(clocks):
  return [
      size * np.stack([np.cos(t + size), -np.sin(t + size)], 1)
      for size, t in zip(np.linspace(.5, 2., len(clocks)), clocks)
  ]


def _own_clocks():
  """Steps of .15 and .3, irregular ones, and a gap."""
  random = np.random.default_rng(0)
  uneven = np.cumsum(random.uniform(.1, .2, 40))
  gap = np.concatenate([_TIMES[:15], _TIMES[15:] + 1.])
  return [_TIMES, 2 * _TIMES, uneven, gap] * 3


def test_every_path_has_its_own_times():
  clocks = _own_clocks()
  samples = vector_field.split(_springs_at(clocks), clocks, (False, False))
  ends = np.nanmax(samples.times, axis=1)
  assert np.all(ends <= ends.min() + .3)
  known = np.isfinite(samples.times)
  assert known.sum(1).min() < known.sum(1).max()
  radius = np.hypot(*np.moveaxis(samples.paths, -1, 0))
  start = np.hypot(*samples.start.T)[:, None] * np.ones_like(radius)
  np.testing.assert_allclose(radius[known], start[known])


def test_rollouts_follow_each_path_along_its_own_times():
  clocks = _own_clocks()
  states = _springs_at(clocks)
  found = discover(states, clocks, columns="q,p")
  samples = vector_field.split(states, clocks, (False, False))
  outcome = prediction.compare(found.laws,
                               samples,
                               seeds=1,
                               steps=1500,
                               hidden=(64,))
  assert outcome.variants[0].error.shape[1:] == (3, len(outcome.times))
  assert outcome.variants[1].error.max() < .3
  np.testing.assert_allclose(np.diff(outcome.times), samples.dt)
