"""Observation noise: its estimate, and what it adds to a scatter."""

import numpy as np
import pytest

from noether_jax.symbolic.noise import StateNoise
from noether_jax.symbolic.samples import concatenate


def test_white_noise_on_a_smooth_signal():
  random = np.random.default_rng(0)
  t = np.arange(2000)[:, None] * .05
  noisy = np.sin(t) + .03 * random.normal(size=t.shape)
  np.testing.assert_allclose(StateNoise.estimate([noisy]).sigma, [.03], rtol=.1)


def test_curvature_is_not_noise():
  coarse = np.sin(np.arange(60)[:, None] * .7)
  assert StateNoise.estimate([coarse]).sigma[0] == 0


def _jittered(random):
  t = np.sort(np.arange(2000) * .05 + random.uniform(-.02, .02, 2000))
  return t, np.stack([np.sin(t), np.cos(3 * t)], 1)


def test_jittered_times():
  random = np.random.default_rng(3)
  t, clean = _jittered(random)
  noisy = clean + [.03, .01] * random.normal(size=clean.shape)
  np.testing.assert_allclose(StateNoise.estimate([noisy], [t]).sigma,
                             [.03, .01],
                             rtol=.1)
  assert np.all(StateNoise.estimate([clean], [t]).sigma < 1e-4)


def test_gaps():
  random = np.random.default_rng(4)
  t = np.arange(2000) * .05
  kept = (random.random(2000) > .02) & ~((t > 20) & (t < 30))
  noisy = (np.sin(t) + .03 * random.normal(size=2000))[kept, None]
  np.testing.assert_allclose(StateNoise.estimate([noisy], [t[kept]]).sigma,
                             [.03],
                             rtol=.1)
  clean = np.sin(t)[kept, None]
  assert StateNoise.estimate([clean], [t[kept]]).sigma[0] < 1e-6


def test_equal_steps_need_no_times():
  noisy = np.random.default_rng(5).normal(size=(300, 2))
  np.testing.assert_array_equal(
      StateNoise.estimate([noisy]).sigma,
      StateNoise.estimate([noisy], [np.arange(300) * .1]).sigma)


@pytest.mark.parametrize("shared", [False, True])
def test_noise_of_several_functions_has_the_covariance_of_its_draws(shared):
  random = np.random.default_rng(6)
  slopes = random.normal(size=(40, 3, 2))
  noise = StateNoise(np.array([.1, .3]), shared=shared)
  size = (20_000, 1 if shared else 40, 2)
  errors = noise.sigma * random.normal(size=size)
  values = np.einsum("tfd,ntd->ntf", slopes,
                     np.broadcast_to(errors, (size[0], 40, 2)))
  if shared:
    values = values - values.mean(1, keepdims=True)
  drawn = np.einsum("ntf,ntg->fg", values, values) / values[..., 0].size
  np.testing.assert_allclose(noise.covariance(slopes), drawn, atol=2e-3)


@pytest.mark.parametrize("shared", [False, True])
def test_covariance_and_scatter_agree_to_first_order(shared):
  random = np.random.default_rng(7)
  lengths = (30, 50)
  slopes = [random.normal(size=(n, 1, 2)) for n in lengths]
  noise = StateNoise(np.array([.1, .3]), shared=shared)
  samples = concatenate([np.zeros((n, 2)) for n in lengths])
  flat = np.concatenate(slopes)[:, 0].T
  within, total = noise.scatter(flat, np.zeros_like(flat), samples)
  # A mean over T states takes a share of 1 / T of their own errors with it.
  shares = [n if shared else n - 1 for n in lengths]
  wanted = sum(
      n * float(noise.covariance(s)[0, 0]) for n, s in zip(shares, slopes))
  np.testing.assert_allclose(within, wanted, rtol=1e-12)
  assert total > within


def test_a_smoother_scales_the_noise():
  noise = StateNoise(np.array([1., 2.]), shared=True).scaled(.25)
  np.testing.assert_array_equal(noise.sigma, [.25, .5])
  assert noise.shared
