"""Scatter and statistics."""

import numpy as np
import pytest

from noether_jax.data.columns import Variable
from noether_jax.discovery import evidence
from noether_jax.discovery import library
from noether_jax.discovery import terms
from noether_jax.symbolic.noise import StateNoise


def test_moments_propagate_noise():
  variables = [Variable("q"), Variable("p")]
  chosen = library.library(variables, degree=2)
  random = np.random.default_rng(3)
  clean = [np.tile(random.normal(size=(1, 2)) * 3, (20_000, 1)) for _ in "abc"]
  noisy = [c + random.normal(size=c.shape) * [.01, .02] for c in clean]
  data = evidence.moments(chosen, noisy, StateNoise(np.array([.01, .02])))
  np.testing.assert_allclose(data.within, data.noise, rtol=.05, atol=3e-6)


def test_moments_refuse_infinite_terms():
  variables = [Variable("q")]
  chosen = library.library(variables, degree=1, positive=[0])
  with pytest.raises(ValueError, match=r"log\(q\) is not finite"):
    evidence.moments(chosen, [np.linspace(-1, 1, 9)[:, None]],
                     StateNoise(np.zeros(1)))


def test_smallest_ignores_redundant_directions():
  basis = np.random.default_rng(4).normal(size=(500, 3))
  values = np.hstack([basis, basis[:, :1]]) * [1, 2, 3, 1]
  total = np.cov(values.T)
  within = np.diag([4., 1., 9., 4.])
  ratio, c = evidence.smallest(within, total)
  assert ratio > .01
  np.testing.assert_allclose(c @ total @ c, 1.)


def test_smallest_batches():
  random = np.random.default_rng(5)
  roots = random.normal(size=(2, 6, 4, 4))
  within, total = np.einsum("abij,abkj->abik", roots, roots)
  ratios, vectors = evidence.smallest(within, total)
  for n in range(6):
    one, vector = evidence.smallest(within[n], total[n])
    np.testing.assert_allclose(ratios[n], one, rtol=1e-6)
    np.testing.assert_allclose(np.abs(vectors[n]), np.abs(vector), rtol=1e-5)


@pytest.mark.parametrize("values,verdict",
                         [((1e-8, .5, 9., 50.), "conserved"),
                          ((.1, .01, 1.1, 1.), "conserved"),
                          ((.1, .01, 3., 1.), "approximately conserved"),
                          ((.1, .01, 1.1, -6.), "approximately conserved"),
                          ((.1, .2, 1.1, 1.), "not conserved")])
def test_verdicts(values, verdict):
  assert evidence.Evidence(*values).verdict == verdict


def test_drift_needs_slopes_and_time():
  times = [np.arange(40.)] * 2
  assert evidence.drift_statistic([np.arange(4.)], [np.arange(4.)]) == 0
  falling = [-.1 * t + np.sin(9 * t) for t in times]
  assert evidence.drift_statistic(falling, times) < -4


def test_features_gradients_shape():
  chosen = library.library([Variable("q"), Variable("p")], degree=2)
  assert terms.gradients(chosen, np.ones((3, 2))).shape == (3, 5, 2)
