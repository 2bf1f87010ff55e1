"""Trajectories made ready: noise, wild points, constants, smoothing, roles."""

import numpy as np
import pytest

from benchmarks.systems import SAMPLINGS
from noether_jax.discovery import outliers
from noether_jax.discovery import roles
from noether_jax.discovery import samples
from noether_jax.discovery.split import Split
from tests.discovery import observed


def _prepared(states, times, columns="x,v", timed=True):
  return samples.prepare(observed.trajectories(states, times, columns, timed),
                         0)


class TestPrepare:

  def test_clean_data_stay_as_they_are(self):
    states, times = observed.circles()
    found = _prepared(states, times)
    assert not found.smoothed and not found.messages and found.ordered
    assert not found.constants and (found.gain == 1).all()
    np.testing.assert_array_equal(found.states, states)
    np.testing.assert_allclose(found.spread, np.concatenate(states).std(0))

  def test_noise_is_estimated_and_smoothed(self):
    clean, times = observed.circles()
    states, _ = observed.circles(noise=.05)
    found = _prepared(states, times)
    np.testing.assert_allclose(found.noise.sigma, .05, rtol=.2)
    left = np.std(np.concatenate(found.states) - np.concatenate(clean), axis=0)
    assert found.smoothed and (left < .5 * .05).all()
    # The gain says roughly how much of the noise is left.
    np.testing.assert_allclose(left / .05, found.gain, rtol=.5)
    np.testing.assert_array_equal(found.raw, states)
    assert "noise in x, v" in found.messages[0]

  def test_only_noisy_columns_are_smoothed(self):
    states, times = observed.circles()
    random = np.random.default_rng(0)
    states = [s + random.normal(size=s.shape) * [.05, 0.] for s in states]
    found = _prepared(states, times)
    assert found.gain[0] < .5 and found.gain[1] == 1
    np.testing.assert_array_equal(found.states[3][:, 1], states[3][:, 1])

  def test_rows_without_times_have_no_noise(self):
    states, times = observed.circles(noise=.05)
    found = _prepared(states, times, timed=False)
    assert not found.ordered and not found.noisy and not found.smoothed
    assert "no times" in found.messages[0]

  def test_wild_points_are_left_out(self):
    states, times = observed.circles(noise=.01)
    states[2][50, 0] += 3.
    found = _prepared(states, times)
    assert "1 of 2000 rows left out" in found.messages[0]
    assert 50. / 199 * 10 not in found.times[2]
    assert np.abs(found.raw[2]).max() < 2.
    np.testing.assert_allclose(found.noise.sigma, .01, rtol=.2)

  def test_constants_of_a_trial(self):
    states, times = observed.circles(noise=.02)
    states = [np.c_[s, np.full(len(s), 1. + n)] for n, s in enumerate(states)]
    found = _prepared(states, times, "x,v,k")
    assert found.constants == (2,) and found.spread[2] == 0
    assert found.noise.sigma[2] == 0 and found.noisy == (0, 1)

  def test_a_constant_of_all_trials_is_no_constant_of_a_trial(self):
    states, _ = observed.circles()
    assert samples.find_constants([np.c_[s, 0 * s[:, 0] + 7] for s in states
                                  ]) == ()

  def test_very_many_rows_are_thinned(self, monkeypatch):
    monkeypatch.setattr("noether_jax.discovery.samples._MOST_NOISY_ROWS", 2000)
    states, times = observed.circles(4, 4000, noise=.01)
    found = _prepared(states, times)
    assert [len(s) for s in found.raw] == [500] * 4
    assert any("every 8th" in m for m in found.messages)
    np.testing.assert_allclose(found.noise.sigma, .01, rtol=.2)

  def test_other_pieces_are_other_trajectories(self):
    found = _prepared(*observed.circles(3))
    halves = [h for s in found.states for h in np.array_split(s, 2)]
    times = [h for t in found.times for h in np.array_split(t, 2)]
    cut = found.select(halves, halves, times)
    assert len(cut.states) == 6 and cut.split == Split.make(6, 0)
    assert len(found.sample(100)) <= 200


class TestWildPoints:

  @pytest.mark.parametrize("row", [4, 70, 195])
  def test_a_single_value_is_left_out(self, row):
    (states,), times = observed.circles(1, noise=.01)
    states[row, 1] -= .5
    kept, when, count = outliers.without_wild_points([states], [times])
    assert count == 1 and times[row] not in when[0]
    assert len(kept[0]) == len(when[0]) >= 200 - 9

  def test_ends_are_not_trusted_where_there_are_wild_points(self):
    (states,), times = observed.circles(1, noise=.01)
    states[[3, 70, 197], 0] += 3.
    kept, when, _ = outliers.without_wild_points([states], [times])
    assert not set(times[[3, 70, 197]]) & set(when[0])
    assert np.abs(kept[0]).max() < 1.1

  @pytest.mark.parametrize("noise", [0., .01])
  @pytest.mark.parametrize("rows", [[90, 91], [90, 93], [90, 92, 93]])
  def test_neighbours_are_found_where_there_are_wild_points(self, noise, rows):
    (states,), times = observed.circles(1, 1000, noise)
    states[[40, *rows], 0] += 30.
    kept, when, count = outliers.without_wild_points([states], [times])
    assert count == 1 + len(rows) and not set(times[rows]) & set(when[0])
    assert np.abs(kept[0]).max() < 1.1

  @pytest.mark.parametrize("noise", [0., .01, .1])
  def test_clean_and_noisy_data_are_kept(self, noise):
    states, times = observed.circles(noise=noise)
    kept, _, count = outliers.without_wild_points(states, [times] * len(states))
    assert count == 0
    np.testing.assert_array_equal(kept, states)

  @pytest.mark.parametrize("width", [2., 5.])
  def test_a_fast_event_is_kept(self, width):
    rows = np.arange(200.)
    pulse = np.exp(-.5 * ((rows - 100.3) / width)**2)[:, None]
    assert outliers.without_wild_points([pulse], [rows])[2] == 0

  def test_few_rows_are_lost_where_an_event_takes_one_sample(self):
    data = SAMPLINGS["eccentric Kepler"].draw(10, 0., 0)
    lost = outliers.without_wild_points(data.states, data.times)[2]
    assert lost < 2e-3 * sum(map(len, data.states))

  def test_many_wild_points_are_no_wild_points(self):
    (states,), times = observed.circles(1)
    states[::15] += 3.
    assert outliers.without_wild_points([states], [times])[2] == 0


@pytest.mark.parametrize("count,leave_one_out", [(1, False), (5, True),
                                                 (20, False)])
def test_folds_never_judge_what_they_fit(count, leave_one_out):
  split = Split.make(count, 3)
  assert split.leave_one_out == leave_one_out
  if count > 1:
    for fit, judge in [*split.folds(), *split.judged()]:
      assert not set(fit) & set(judge)
  if count == 20:
    assert not set(split.chosen) & set(split.held_out)


class TestRoles:

  def _subject(self, name, noise=0., columns=None, timed=True):
    data = SAMPLINGS[name].draw(8, noise, 0)
    states = list(data.states)
    if columns is None:
      columns = ",".join(v.name for v in data.variables)
    found = _prepared(states, data.times[0], columns, timed)
    return roles.make_subject(found, None, None)

  @pytest.mark.parametrize("noise", [0., .01])
  def test_velocities_are_found_in_the_data(self, noise):
    found = self._subject("nonlinear spring 2-D", noise, "a,b,c,d")
    assert found.velocities == ((0, 2), (1, 3))
    assert found.vectors == ((0, 1), (2, 3))

  def test_a_momentum_is_a_multiple_of_a_velocity(self):
    states, times = observed.circles()
    found = _prepared([s * [1., 3.] for s in states], times, "a,b")
    assert roles.make_subject(found, None, None).velocities == ((0, 1),)

  def test_a_position_is_no_velocity_of_its_momentum(self):
    states, times = observed.circles()
    found = _prepared([s[:, ::-1] for s in states], times, "p,q")
    assert roles.make_subject(found, None, None).velocities == ((1, 0),)

  def test_populations_have_no_velocities(self):
    found = self._subject("Lotka-Volterra")
    assert not found.velocities and found.positive == (0, 1)

  def test_without_times_units_tell(self):
    states, times = observed.circles()
    found = _prepared(states, times, "x:m,v:m/s", timed=False)
    assert roles.make_subject(found, None, None).velocities == ((0, 1),)
    found = _prepared(states, times, "x:m,y:m", timed=False)
    assert roles.make_subject(found, None, None).velocities == ()

  @pytest.mark.parametrize("columns,pairs", [("x,v", ((0, 1),)),
                                             ("q1,p1", ((0, 1),)), ("a,b", ())])
  def test_without_times_or_units_names_tell(self, columns, pairs):
    states, times = observed.circles()
    found = _prepared(states, times, columns, timed=False)
    assert roles.make_subject(found, None, None).velocities == pairs

  def test_numbered_bodies_on_a_line_are_no_vector(self):
    found = self._subject("carts between walls")
    assert found.velocities == ((0, 2), (1, 3)) and not found.vectors

  def test_vectors_are_the_users(self):
    data = SAMPLINGS["nonlinear spring 2-D"].draw(5, 0., 0)
    found = _prepared(data.states, data.times[0], "a,b,c,d")
    assert roles.make_subject(found, (), None).vectors == ()
    assert roles.make_subject(found, ((1, 0),), 3).vectors == ((1, 0),)
    assert roles.make_subject(found, (), 3).degree == 3
