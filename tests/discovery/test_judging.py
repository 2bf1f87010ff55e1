"""Fits of a set of terms, and what they are worth."""

import numpy as np

from noether_jax.discovery import Subject
from noether_jax.discovery.features import Features
from noether_jax.discovery.judging import TermFit
from noether_jax.discovery.moments import Moments
from noether_jax.reporting import verdicts
from tests.discovery import observed


def _fit(states, columns, sigma, *texts):
  samples = observed.samples(states, columns, sigma=sigma)
  features = Features.make(samples, Subject(samples.variables).terms(*texts))
  return TermFit.make(features, Moments.make(features, features.weights()))


def test_terms_without_noise_have_coefficients_beside_noisy_columns():
  states, _ = observed.circles()
  fit = _fit([np.c_[s, s[:, 0]] for s in states], "x,v,z", [.01, .01, 0.], "z",
             "z^2")
  assert fit.coefficients.any()
  assert fit.verdict == verdicts.NOT_CONSERVED


def test_noise_of_another_term_excuses_no_steady_one():
  random = np.random.default_rng(0)
  steady = [
      20 + random.normal() + 1e-3 * np.cumsum(random.normal(size=300))
      for _ in range(12)
  ]
  states = [np.c_[s, .5 * random.normal(size=300)] for s in steady]
  fit = _fit(states, "z,x", [1e-4, .5], "z", "x")
  assert fit.verdict != verdicts.CONSERVED
