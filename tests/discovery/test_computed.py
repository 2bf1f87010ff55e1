"""Columns computed from noisy ones are left out."""

import numpy as np
import pytest

from noether_jax import discover
from noether_jax.data.columns import parse_columns
from noether_jax.discovery.computed import computed_columns
from tests.discovery import observed


def _noisy(count=12):
  states, times = observed.circles(count, noise=.02)
  return states, times


@pytest.mark.parametrize("computed,columns,told", [
    (lambda x, v: 2 * v, "x,v,p", "p = 2 v"),
    (lambda x, v: x**2, "x,v,u", "u = x^2"),
    (lambda x, v: .5 * (x**2 + v**2), "x,v,E", "E = 0.5 x^2 + 0.5 v^2"),
    (lambda x, v: np.hypot(x, v), "x,v,r", "r^2 = x^2 + v^2"),
    (lambda x, v: 3 - x, "x,v,h", "h = -1 x + 3"),
    (lambda x, v: np.cos(x), "x,v,c", "c = cos(x)"),
])
def test_relations_are_told(computed, columns, told):
  states, _ = _noisy()
  states = [np.c_[s, computed(s[:, 0], s[:, 1])] for s in states]
  found = computed_columns(parse_columns(columns), states, np.full(3, .02))
  assert found == {2: told}


def test_relations_are_told_in_columns_that_are_kept():
  states, _ = _noisy()
  states = [np.c_[s, 2 * s[:, 1], np.sum(s**2, 1)] for s in states]
  found = computed_columns(parse_columns("x,v,p,E"), states, np.full(4, .02))
  assert found == {3: "E = x^2 + v^2", 2: "p = 2 v"}


def test_digits_that_were_cut_off_hide_nothing():
  states, _ = _noisy()
  states = [np.round(np.c_[s, 2 * s[:, 1]], 5) for s in states]
  assert computed_columns(parse_columns("x,v,p"), states, np.full(3, .02))


def test_a_column_with_noise_of_its_own_is_kept():
  states, _ = _noisy()
  random = np.random.default_rng(2)
  states = [
      np.c_[s, 2 * s[:, 1] + .02 * random.normal(size=len(s))] for s in states
  ]
  assert not computed_columns(parse_columns("x,v,p"), states, np.full(3, .02))


def test_columns_without_noise_are_kept():
  states, _ = observed.circles()
  states = [np.c_[s, 2 * s[:, 1]] for s in states]
  assert not computed_columns(parse_columns("x,v,p"), states, np.zeros(3))


def test_a_search_goes_on_without_them():
  states, times = _noisy()
  found = discover([np.c_[s, 2 * s[:, 1], s[:, 0]**2] for s in states],
                   times,
                   columns="x,v,p,u")
  assert [law.text for law in found.laws] == ["x^2 + v^2"]
  assert [v.name for v in found.laws[0].variables] == ["x", "v"]
  np.testing.assert_array_equal(found.data.states[0], states[0])
  assert any(
      m.startswith("left out, because other columns give them: u = x^2; p = 2")
      for m in found.messages)
