"""Noise levels and local polynomials."""

import numpy as np
import pytest

from noether_jax.data import smoothing


def test_noise_level_of_white_noise_on_a_smooth_signal():
  random = np.random.default_rng(0)
  t = np.arange(2000)[:, None] * .05
  noisy = np.sin(t) + .03 * random.normal(size=t.shape)
  np.testing.assert_allclose(smoothing.noise_level([noisy]), [.03], rtol=.1)


def test_curvature_is_not_noise():
  coarse = np.sin(np.arange(60)[:, None] * .7)
  assert smoothing.noise_level([coarse])[0] == 0


def test_local_polynomial_on_uneven_times():
  random = np.random.default_rng(1)
  t = np.cumsum(random.uniform(.5, 1.5, 50))
  x = np.stack([t**3, 2 - t], 1)
  smooth, rate, gain = smoothing.local_polynomial(t, x, order=4)
  np.testing.assert_allclose(smooth, x, rtol=1e-8)
  np.testing.assert_allclose(rate,
                             np.stack([3 * t**2, -np.ones(50)], 1),
                             rtol=1e-6)
  assert 0 < gain < 1


def test_local_polynomial_gain_is_that_of_the_noise():
  noise = np.random.default_rng(2).normal(size=(20_000, 1))
  smooth, _, gain = smoothing.local_polynomial(np.arange(20_000.),
                                               noise,
                                               order=2)
  np.testing.assert_allclose(smooth.std(), gain, rtol=.05)


def test_local_polynomial_needs_a_window():
  with pytest.raises(ValueError, match="9 samples are needed"):
    smoothing.local_polynomial(np.arange(5.), np.zeros((5, 1)))
