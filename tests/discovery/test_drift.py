"""The slope of a quantity along time and its confidence interval."""

import numpy as np
import pytest

from benchmarks.coverage import drift_interval
from benchmarks.coverage import noise
from noether_jax.discovery.drift import pooled_slope


# The bounds are three standard errors of 150 trials from what is measured.
@pytest.mark.parametrize("count,rows,memory,widest", [
    (1, 200, 0., 1.65),
    (1, 200, .97, 1.65),
    (1, 20, .5, 1.6),
    (5, 200, .5, 1.35),
    (5, 200, .97, 1.65),
    (15, 100, .9, 1.2),
])
def test_the_interval_is_right_and_no_wider_than_need_be(
    count, rows, memory, widest):
  row = drift_interval(count, rows, memory, trials=150)
  assert row["coverage"] > .9
  assert .85 < row["half_width"] < widest


def test_slow_noise_is_seen_below_fast_noise():
  random = np.random.default_rng(0)
  slow = .1 * noise(.97, (150, 5, 200), random)
  times = [np.arange(200.)] * 5
  covered = 0
  for series in slow + random.normal(size=slow.shape):
    slope = pooled_slope(list(series), times)
    covered += slope.low <= 0 <= slope.high
  assert covered / 150 > .88


def test_a_slope_far_above_the_noise_is_found_at_irregular_times():
  random = np.random.default_rng(0)
  times = [np.sort(random.uniform(0., 9., n)) for n in (30, 80)]
  series = [.3 * t + .1 * random.normal(size=t.size) + 5. for t in times]
  slope = pooled_slope(series, times)
  assert .2 < slope.low < .3 < slope.high < .4


def test_units_scale_the_slope_and_its_interval():
  values = noise(.9, (2, 100), np.random.default_rng(0))
  times = np.arange(100.)
  one = np.array(pooled_slope(list(values), [times] * 2))
  other = pooled_slope(list(1e9 * values - 7.), [times * 1e-3] * 2)
  np.testing.assert_allclose(other, one * 1e12, rtol=1e-5)


def test_an_exact_line_has_a_narrow_interval():
  times = np.arange(50.)
  slope = pooled_slope([2. * times + 1.], [times])
  assert 2. - 1e-9 < slope.low <= 2. <= slope.high < 2. + 1e-9
  constant = pooled_slope([np.zeros(50)], [times])
  assert constant == (0., 0., 0.)


def test_few_samples_give_no_interval():
  slope = pooled_slope([np.arange(3.)], [np.arange(3.)])
  assert slope.value == 1. and slope.low == -np.inf and slope.high == np.inf
  assert pooled_slope([np.ones(1)], [np.ones(1)]).high == np.inf
