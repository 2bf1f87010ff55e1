"""Local polynomials."""

import numpy as np
import pytest

from noether_jax.data import smoothing


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


def test_local_polynomial_does_not_span_a_gap():
  t = np.concatenate([np.arange(30.), np.arange(30.) + 100])
  x = np.where(t < 50, t, 7 - 2 * t)[:, None]
  smooth, rate, _ = smoothing.local_polynomial(t, x)
  np.testing.assert_allclose(smooth, x, atol=1e-9)
  np.testing.assert_allclose(rate[:, 0], np.where(t < 50, 1, -2), atol=1e-9)


def test_few_samples_beside_a_gap_are_fitted_across_it():
  t = np.concatenate([np.arange(30.), np.arange(3.) + 100])
  smooth, _, _ = smoothing.local_polynomial(t, t[:, None])
  np.testing.assert_allclose(smooth[:, 0], t, atol=1e-9)
