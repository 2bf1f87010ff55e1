"""Columns that depend on each other are no further laws."""

import numpy as np
import pytest

from noether_jax import discover
from noether_jax.discovery import rungs
from noether_jax.discovery.features import Features
from noether_jax.discovery.identities import identities
from noether_jax.discovery.subject import Subject
from noether_jax.reporting import verdicts
from tests.discovery import observed


def _features(states, columns):
  samples = observed.samples(states, columns)
  return Features.make(samples, rungs.quadratic(Subject(samples.variables)))


def test_a_column_computed_from_another_is_one_direction():
  states, _ = observed.circles()
  found = identities(_features([np.c_[s, s[:, 0]**2] for s in states], "x,v,u"))
  assert found.shape[1] == 1
  # The gradient of u - x^2 has no part along v.
  np.testing.assert_allclose(found[:, 0, 1], 0., atol=1e-6)
  np.testing.assert_allclose(np.linalg.norm(found[:, 0], axis=1), 1.)


def test_a_law_is_no_identity():
  states, _ = observed.circles()
  assert identities(_features(states, "x,v")).shape[1] == 0


def test_what_is_known_is_kept():
  states, _ = observed.circles()
  features = _features([np.c_[s, -s[:, 0]] for s in states], "x,v,a")
  known = identities(features)
  assert identities(features, known) is known


def test_two_trajectories_show_no_identity():
  # x^2 + v^2 - 2 y: with few trajectories, laws agree by chance.
  states, _ = observed.circles(2)
  assert identities(_features([np.c_[s, -s[:, 0]] for s in states],
                              "x,v,a")).shape[1] == 0


_REDUNDANT = {
    "momentum": lambda x, v: 2 * v,
    "square": lambda x, v: x**2,
    "acceleration": lambda x, v: -x,
    "sum": lambda x, v: x + v,
    "radius": lambda x, v: np.hypot(x, 2 * v),
    "exponential": lambda x, v: np.exp(x),
    "sine": lambda x, v: np.sin(x),
}


@pytest.mark.parametrize("noise", [0., .01])
@pytest.mark.parametrize("name", _REDUNDANT)
def test_a_law_is_counted_once(name, noise):
  random = np.random.default_rng(1)
  states, times = observed.circles(12)
  states = [np.c_[s, _REDUNDANT[name](s[:, 0], s[:, 1])] for s in states]
  error = noise * np.concatenate(states).std(0)
  found = discover([s + error * random.normal(size=s.shape) for s in states],
                   times,
                   columns="x,v,more")
  assert [law.verdict for law in found.laws] == [verdicts.CONSERVED]
  assert found.count.at_most == 1
  assert any("relation holds between" in m for m in found.messages)


def test_terms_of_redundant_columns_are_not_mixed():
  states, times = observed.circles(12)
  found = discover([np.c_[s, -s[:, 0]] for s in states], times, columns="x,v,a")
  assert [law.text for law in found.laws] == ["x^2 + v^2"]
