"""The vector field, its training, and its tailored rollouts."""

import jax
import numpy as np
import pytest

from noether_jax import discover
from noether_jax.app import held_out
from noether_jax.app import prediction
from noether_jax.app import rollouts
from noether_jax.app import vector_field

_TIMES = np.arange(40) * .15


def _springs(count):
  sizes = np.linspace(.5, 2., count)
  return [
      size * np.stack([np.cos(_TIMES + size), -np.sin(_TIMES + size)], 1)
      for size in sizes
  ]


def _split(states, angles=(False, False)):
  return held_out.split(states, [_TIMES] * len(states), angles)


def _radii(states):
  return set(np.round(np.hypot(*states.T), 6))


def test_many_trajectories_are_held_out_whole():
  samples = _split(_springs(10))
  assert samples.split == "2 of 10 trajectories held out, 2 to choose"
  assert samples.test.paths.shape == (2, 39, 2)
  assert samples.validation.paths.shape == (2, 39, 2)
  parts = [
      _radii(samples.states),
      _radii(samples.validation.states),
      _radii(samples.test.states)
  ]
  assert [len(p) for p in parts] == [6, 2, 2]
  assert len(set.union(*parts)) == 10
  np.testing.assert_allclose(samples.derivatives[:, 0],
                             samples.states[:, 1],
                             atol=1e-3)


def test_few_trajectories_hold_out_the_second_half():
  samples = _split(_springs(2))
  assert samples.states.shape == (40, 2)
  assert samples.validation.paths.shape == (2, 10, 2)
  assert samples.test.paths.shape == (2, 10, 2)
  np.testing.assert_array_equal(samples.validation.start[0], samples.states[19])


def test_measured_derivatives_are_used():
  states = _springs(6)
  samples = held_out.split(states, [_TIMES] * 6, [False] * 2,
                           derivatives=[0 * s + 7. for s in states])
  assert np.all(samples.derivatives == 7.)
  assert np.all(samples.test.derivatives == 7.)


def test_angles_enter_periodically():
  samples = _split(_springs(6), (True, False))
  field, params = vector_field.make_field(
      samples, jax.random.split(jax.random.key(0), 1), (8,))
  one = jax.tree.map(lambda leaf: leaf[0], params)
  x = np.array([.3, .7])
  turned = x + [2 * np.pi, 0.]
  np.testing.assert_allclose(field(one, x), field(one, turned), rtol=1e-6)


def test_error_of_angles_is_the_short_way_round():
  samples = _split(_springs(6), (True, True))
  near = samples.test.paths[None] + 2 * np.pi - .01
  error = rollouts.size(rollouts.gaps(near, samples.test, samples))
  np.testing.assert_allclose(error,
                             np.sqrt(np.mean((.01 / samples.spread)**2)),
                             rtol=1e-6)


def test_error_is_cut_where_a_rollout_is_lost():
  samples = _split(_springs(6))
  lost = np.full((1, *samples.test.paths.shape), np.nan)
  gaps = rollouts.gaps(lost, samples.test, samples)
  assert np.all(rollouts.size(gaps) == 10)


def test_fields_that_keep_the_law_roll_out_without_drift():
  states = _springs(8)
  found = discover(states, _TIMES, columns="q,p")
  seen = []
  outcome = prediction.compare(found.laws,
                               _split(states),
                               seeds=2,
                               steps=1000,
                               hidden=(32,),
                               progress=lambda step, loss: seen.append(loss))
  plain, control, tailored, projected = outcome.variants
  assert control.drift.max() > 1e-3 and control.rmse.mean() != plain.rmse.mean()
  for kept in (tailored, projected):
    assert kept.drift.max() < 1e-3 < plain.drift.max()
    assert kept.mended.share_after < .5 * kept.mended.share_before
    assert kept.inner_step and not plain.inner_step
  assert outcome.summary["variants"][2]["wins"] == 2
  np.testing.assert_allclose(projected.mended.across, 1., rtol=1e-3)
  assert seen[-1] < .8 * seen[0]
  smallest = min(v.validation.mean() for v in outcome.variants)
  chosen = {v.name: v for v in outcome.variants}[outcome.recommended]
  assert chosen.validation.mean() == smallest


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
  samples = held_out.split(_springs_at(clocks), clocks, (False, False))
  ends = np.nanmax(samples.test.times, axis=1)
  assert np.all(ends <= ends.min() + .3)
  known = np.isfinite(samples.test.times)
  assert known.sum(1).min() < known.sum(1).max()
  radius = np.hypot(*np.moveaxis(samples.test.paths, -1, 0))
  start = np.hypot(*samples.test.start.T)[:, None] * np.ones_like(radius)
  np.testing.assert_allclose(radius[known], start[known])


def test_rollouts_follow_each_path_along_its_own_times():
  clocks = _own_clocks()
  states = _springs_at(clocks)
  found = discover(states, clocks, columns="q,p")
  samples = held_out.split(states, clocks, (False, False))
  outcome = prediction.compare(found.laws,
                               samples,
                               seeds=1,
                               steps=1500,
                               hidden=(64,))
  assert outcome.variants[0].error.shape[1:] == (3, len(outcome.times))
  assert outcome.variants[2].error.max() < .3
  np.testing.assert_allclose(np.diff(outcome.times), samples.dt)
