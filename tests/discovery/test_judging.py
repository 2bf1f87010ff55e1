"""Fits of a set of terms, and what they are worth."""

import numpy as np
import pytest

from noether_jax.discovery import Subject
from noether_jax.discovery.atoms import Atom
from noether_jax.discovery.features import Features
from noether_jax.discovery.judging import TermFit
from noether_jax.discovery.moments import Moments
from noether_jax.discovery.path_term import PathTerm
from noether_jax.reporting import verdicts
from noether_jax.symbolic.units import Unit
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


def test_functions_of_one_column_make_no_law():
  # Stationary where the column hardly moves; beside it, another one moves.
  random = np.random.default_rng(0)
  states = [
      np.c_[np.sqrt(1 + n / 10) + 1e-5 * random.normal(size=300),
            random.normal(size=300)] for n in range(12)
  ]
  one = _fit(states, "x,y", None, "x^2", "x^4")
  assert one.evidence.verdict == verdicts.CONSERVED != one.verdict
  nearly = _fit(states, "x,y", None, "x^2", "x^4", "1e-9*y")
  assert nearly.verdict != verdicts.CONSERVED
  alone = _fit(states, "x,y", None, "x")
  assert alone.verdict == verdicts.CONSERVED


@pytest.mark.parametrize("noise,verdict", [(.3, verdicts.CONSERVED),
                                           (.5, verdicts.NOT_CONSERVED)])
def test_noise_excuses_no_more_than_a_fifth_of_the_scatter(noise, verdict):
  random = np.random.default_rng(0)
  states = [
      np.c_[level + noise * random.normal(size=2000),
            random.normal(size=2000)] for level in random.normal(size=20)
  ]
  fit = _fit(states, "x,y", [noise, 0.], "x")
  assert fit.evidence.verdict == verdicts.CONSERVED
  assert fit.verdict == verdict


def test_a_velocity_with_its_losses_is_more_than_functions_of_one_column():
  # v' = -v^2 / 2, so v^2 falls by the integral of v^3.
  times, random = np.linspace(0., 6., 300), np.random.default_rng(0)
  states = [
      np.c_[v / (1 + v * times / 2),
            random.normal(size=300)] for v in random.uniform(1., 3., 10)
  ]
  samples = observed.samples(states, "v,y", times=[times] * 10)
  square, speed = Subject(samples.variables).terms("v^2", "v")
  loss = PathTerm.make(((Atom("norm", (0,)), 3),), samples.variables, Unit())
  verdict = lambda *terms: TermFit.make(
      features := Features.make(samples, [*terms, loss]),
      Moments.make(features, features.weights())).verdict
  assert verdict(square) == verdicts.CONSERVED
  assert verdict(square, speed) == verdicts.APPROXIMATE


@pytest.mark.parametrize("anharmonic", [0., .3])
def test_a_shorter_form_leaves_no_more_than_noise_and_fewer_terms_explain(
    anharmonic):
  # v^2 + x^2 + anharmonic x^4 is constant on each curve.
  random, angle = np.random.default_rng(0), np.linspace(0., 20., 200)
  states = []
  for energy in np.linspace(1., 2., 10):
    v = np.sqrt(energy) * np.cos(angle)
    rest = energy * np.sin(angle)**2
    root = (np.sqrt(1 + 4 * anharmonic * rest) - 1) / (2 * anharmonic or 1)
    x = np.sign(np.sin(angle)) * np.sqrt(root if anharmonic else rest)
    states.append(np.c_[x, v] + .05 * random.normal(size=(200, 2)))
  short = _fit(states, "x,v", [.05, .05], "v^2", "x^2")
  long = _fit(states, "x,v", [.05, .05], "v^2", "x^2", "x^4", "x", "v")
  assert short.verdict == long.verdict == verdicts.CONSERVED
  assert short.leaves_no_more(long) == (not anharmonic)
  assert long.leaves_no_more(long)
