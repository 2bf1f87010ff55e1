"""Metrics against closed forms."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import skimage.metrics

from noether_jax import tailoring
from noether_jax.dynamics import metrics


def test_rmse_over_chosen_axes():
  truth = jnp.zeros((2, 3, 2))
  prediction = truth.at[1].set(2.0).at[0, 0, 0].set(6.0)
  np.testing.assert_allclose(metrics.rmse(prediction, truth),
                             np.sqrt((36 + 6 * 4) / 12))
  np.testing.assert_allclose(metrics.rmse(prediction, truth, axis=(1, 2)),
                             [np.sqrt(6.0), 2.0])
  np.testing.assert_allclose(metrics.rmse(prediction, truth, axis=[1, 2]),
                             metrics.rmse(prediction, truth, axis=(1, 2)))
  np.testing.assert_allclose(
      metrics.rmse(prediction, truth, axis=-1)[0], [np.sqrt(18.0), 0.0, 0.0])


def test_drift_is_that_of_conservation():
  assert metrics.drift is tailoring.drift


def circle(rate, rows=100, dt=0.1):
  angle = rate * dt * jnp.arange(1, rows + 1)
  return jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1)


def test_valid_prediction_time_of_a_phase_error():
  """Two circles part by 2 sin(difference of the angles / 2)."""
  found = metrics.valid_prediction_time(circle(1.1), circle(1.0), dt=0.1)
  exact = 2 * np.arcsin(0.4 / 2) / 0.1
  assert exact - 0.1 <= float(found) <= exact


@pytest.mark.parametrize("row", [0, 3, 99])
@pytest.mark.parametrize("value", [jnp.nan, jnp.inf, 3.0])
def test_valid_prediction_time_ends_at_the_first_bad_row(row, value):
  truth = circle(1.0)
  found = metrics.valid_prediction_time(truth.at[row, 1].set(value),
                                        truth,
                                        dt=0.1)
  np.testing.assert_allclose(found, 0.1 * row)


def test_valid_prediction_time_of_the_truth_is_the_horizon():
  truth = circle(1.0)
  np.testing.assert_allclose(
      metrics.valid_prediction_time(truth, truth, dt=0.1, threshold=0.0), 10.0)


def test_valid_prediction_time_has_no_unit_of_length():
  scaled = lambda factor: metrics.valid_prediction_time(
      factor * circle(1.1), factor * circle(1.0), dt=0.1)
  np.testing.assert_allclose(scaled(1e3), scaled(1.0))


def test_vmap_equals_a_loop():
  rates = jnp.array([1.05, 1.2, 1.5])
  one = lambda rate: metrics.valid_prediction_time(
      circle(rate), circle(1.0), dt=0.1)
  np.testing.assert_allclose(jax.vmap(one)(rates), [one(r) for r in rates])


@pytest.mark.parametrize("call, message", [
    (lambda: metrics.rmse(jnp.ones(2), jnp.ones(3)), r"got \(2,\) and \(3,\)"),
    (lambda: metrics.valid_prediction_time(
        jnp.ones((3, 2)), jnp.ones((4, 2)), dt=1.), r"must both be \[T, D\]"),
    (lambda: metrics.valid_prediction_time(jnp.ones(3), jnp.ones(3), dt=1.),
     "jax.vmap for a batch"),
])
def test_errors(call, message):
  with pytest.raises(ValueError, match=message):
    call()


def test_psnr_is_the_known_one():
  random = np.random.default_rng(0)
  truth, other = random.uniform(size=(2, 3, 5, 4))
  ours = metrics.psnr(jnp.array(other), jnp.array(truth), axis=(1, 2))
  theirs = [
      skimage.metrics.peak_signal_noise_ratio(t, o, data_range=1.)
      for t, o in zip(truth, other)
  ]
  np.testing.assert_allclose(ours, theirs, rtol=1e-9)
  assert np.isinf(metrics.psnr(jnp.array(truth), jnp.array(truth)))
