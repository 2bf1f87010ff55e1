"""A combination that has one value in all the data is no law yet."""

import numpy as np
import pytest

from noether_jax.discovery.one_value import one_value
from noether_jax.discovery.subject import Subject
from noether_jax.reporting import verdicts
from tests.discovery import observed


def _same(noise=0.):
  random = np.random.default_rng(0)
  states, _ = observed.circles()
  smooth = [s / np.hypot(*s[0]) for s in states]
  raw = [s + noise * random.normal(size=s.shape) for s in smooth]
  return observed.samples(smooth, "x,v", [noise, noise], raw)


@pytest.mark.parametrize("noise", [0., .01])
def test_equal_energies(noise):
  samples = _same(noise)
  law = one_value(samples, Subject(samples.variables))
  assert {t.text for t in law.terms} == {"x^2", "v^2"}
  np.testing.assert_allclose(law.coefficients, 1., rtol=.02)
  assert (law.verdict, law.reason) == (verdicts.UNKNOWN, verdicts.ONE_VALUE)
  assert (law.evidence.excess < 2) == (noise > 0)


@pytest.mark.parametrize("noise", [0., .01])
def test_different_energies_are_no_single_value(noise):
  states, _ = observed.circles()
  raw, _ = observed.circles(noise=noise)
  samples = observed.samples(states, "x,v", [noise, noise], raw)
  assert one_value(samples, Subject(samples.variables)) is None


def test_a_relation_between_columns():
  states, _ = observed.circles()
  states = [np.c_[s, s[:, 0]**2 + 1] for s in states]
  samples = observed.samples(states, "x,v,y")
  law = one_value(samples, Subject(samples.variables))
  assert {t.text for t in law.terms} == {"x^2", "y"}


def test_noise_alone_is_no_single_value():
  random = np.random.default_rng(0)
  states = [np.ones((100, 2)) for _ in range(8)]
  raw = [s + .1 * random.normal(size=s.shape) for s in states]
  smooth = [s + .01 * random.normal(size=s.shape) for s in states]
  samples = observed.samples(smooth, "x,v", [.1, .1], raw)
  assert one_value(samples, Subject(samples.variables)) is None
