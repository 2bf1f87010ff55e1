"""Whether differences are those of white noise."""

import math

import numpy as np
import pytest

from noether_jax.symbolic import whiteness
from noether_jax.symbolic.noise import StateNoise


def _differences(values, order):
  scale = math.sqrt(math.comb(2 * order, order))
  return [np.diff(v, order, axis=0) / scale for v in values]


@pytest.mark.parametrize("order", [3, 5, 8])
def test_white_noise_is_white(order):
  random = np.random.default_rng(order)
  values = random.normal(size=(20, 200, 3))
  found = whiteness.are_white(_differences(values, order), order, np.ones(3))
  assert found.all()


@pytest.mark.parametrize("make", [
    lambda r: np.sin(2.2 * np.arange(200.) + r.uniform(0, 6)),
    lambda r: np.sin(1.9 * np.arange(200.) + r.uniform(0, 6)) + .1 * r.normal(
        size=200),
    lambda r: np.convolve(r.normal(size=203), np.ones(4), "valid"),
],
                         ids=["wave", "noisy wave", "filtered"])
def test_what_is_coarse_or_filtered_is_not(make):
  random = np.random.default_rng(0)
  values = [make(random)[:200, None] for _ in range(20)]
  parts = _differences(values, 5)
  level = np.sqrt(np.mean(np.concatenate(parts)**2, axis=0))
  assert not whiteness.are_white(parts, 5, level).any()


def test_too_few_differences_are_given_the_benefit_of_the_doubt():
  wave = np.sin(2.2 * np.arange(20.))[:, None]
  assert whiteness.are_white(_differences([wave], 5), 5, np.ones(1)).all()


def test_a_coarse_wave_is_no_noise():
  waves = [
      np.sin(2.4 * np.arange(100.) + p)[:, None] for p in (0., 1., 2., 3., 4.)
  ]
  assert StateNoise.estimate(waves).sigma[0] == 0.


def test_jumps_of_a_wrapped_angle_are_no_noise():
  random = np.random.default_rng(0)
  turning = np.arange(400.)[:, None] * np.array([.5, .6, .7])
  wrapped = (turning + .01 * random.normal(size=turning.shape)) % (2 * np.pi)
  found = StateNoise.estimate([wrapped]).sigma
  assert np.all(found < .02)
