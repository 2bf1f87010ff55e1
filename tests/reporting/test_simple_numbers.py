"""Which coefficients are shown as simple numbers."""

from fractions import Fraction
import math

import numpy as np
import pytest

from benchmarks import coverage
from noether_jax.reporting.simple_numbers import simple_number


# The bounds are three standard errors of 1000 trials about 95.4 %, less what
# 100 resamples cost.
@pytest.mark.parametrize("count", [4, 9, 30])
def test_95_percent_of_simple_numbers_are_shown(count):
  row = coverage.simple_numbers(count, 1e-4, trials=1000)
  assert .925 < row["shown"] < .975


@pytest.mark.parametrize("count", [4, 9, 30])
@pytest.mark.parametrize("spread", [1e-5, 1e-3, 1e-2, .1])
def test_at_most_5_percent_of_other_numbers_are(count, spread):
  row = coverage.simple_numbers(count, spread, trials=500)
  assert row["false"] < .05 + 3 * math.sqrt(.05 * .95 / 500)


def test_a_small_uncertainty_makes_false_numbers_as_rare_as_it_is_small():
  # Fractions of denominators up to 6 are 1/12 apart on average.
  random = np.random.default_rng(0)
  values = random.uniform(-4., 4., 20_000)
  shown = [simple_number(v, 2e-4) is not None for v in values]
  expected = 12 * 2 * 2 * 2e-4
  assert abs(np.mean(shown) - expected) < 3 * math.sqrt(expected / 20_000)


@pytest.mark.parametrize("value,uncertainty,freedom,number", [
    (1.0000199, 1e-5, math.inf, 1),
    (1.0000201, 1e-5, math.inf, None),
    (1.000037, 1e-5, 3, 1),
    (1.000039, 1e-5, 3, None),
    (-.49999, 1e-5, math.inf, Fraction(-1, 2)),
    (5 / 6, 1e-6, math.inf, Fraction(5, 6)),
    (1 / 7, 1e-6, math.inf, None),
    (12., .001, math.inf, 12),
    (13., .001, math.inf, None),
    (1e-6, 1e-5, math.inf, None),
    (1.001, .02, math.inf, None),
    (1.001, .01, 1, None),
    (1.0000001, 0., 0, None),
    (1.00000001, 0., 0, 1),
    (math.nan, .1, 5, None),
    (1., math.nan, 5, None),
])
def test_the_interval_has_two_deviations_of_students(value, uncertainty,
                                                     freedom, number):
  assert simple_number(value, uncertainty, freedom) == number
