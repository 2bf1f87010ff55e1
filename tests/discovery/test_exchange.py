"""Terms are exchanged for better ones, and for ones of the same kind."""

import numpy as np
import pytest

from noether_jax.data.columns import parse_columns
from noether_jax.discovery import rungs
from noether_jax.discovery.exchange import exchange
from noether_jax.discovery.exchange import ratios_beside
from noether_jax.discovery.moments import Moments
from noether_jax.discovery.moments import smallest
from noether_jax.discovery.moments import sub
from noether_jax.discovery.subject import Subject

_TERMS = {
    term.text: term for term in rungs.quadratic(Subject(parse_columns("a,b,c")))
}


def _exchanged(within, texts, support, index=None):
  """Terms that are independent of each other, with a ratio each."""
  size = len(within)
  each = np.stack([np.diag(np.asarray(within, float))] * 3)
  moments = Moments(each, np.zeros((3, size)), np.eye(size))
  index = np.arange(size) if index is None else np.array(index)
  return exchange(moments, moments.total, (0, 1), np.array(support), index,
                  [_TERMS[text] for text in texts]).tolist()


def test_a_better_term_takes_the_place_of_a_worse_one():
  assert 2 in _exchanged([.5, .4, .1], ["a", "b", "c"], [0, 1])


def test_only_terms_that_may_enter_do():
  assert _exchanged([.5, .4, .1], ["a", "b", "c"], [0, 1], [0, 1]) == [0, 1]


def test_of_equal_terms_the_one_of_the_same_kind_is_taken():
  # The ratio is that of the first term; a^2 is of the kind of b^2, c is not.
  texts = ["b^2", "c", "a^2"]
  assert _exchanged([.1, .5, .5], texts, [0, 1]) == [0, 2]


def _scatter(size, seed):
  random = np.random.default_rng(seed)
  roots = random.normal(size=(2, 3 * size, size))
  within, between = (r.T @ r for r in roots)
  return within * .01, within * .01 + between


@pytest.mark.parametrize("count", [0, 1, 2, 6])
def test_ratios_beside_equal_one_solution_for_each_term(count):
  within, total = _scatter(9, count)
  base, others = np.arange(count), np.arange(count, 9)
  wanted = [
      smallest(*(sub(m, np.r_[base, j])
                 for m in (within, total)))[0]
      for j in others
  ]
  found = ratios_beside(within, total, base, others)
  np.testing.assert_allclose(found, wanted, rtol=1e-9)


def test_a_redundant_term_changes_nothing_beside_the_one_that_it_equals():
  within, total = _scatter(3, 7)
  twice = np.array([0, 1, 2, 1])
  within, total = (m[np.ix_(twice, twice)] for m in (within, total))
  base = np.array([0, 1])
  alone = smallest(sub(within, base), sub(total, base))[0]
  found = ratios_beside(within, total, base, np.array([2, 3]))
  np.testing.assert_allclose(found[1], alone, rtol=1e-9)
  assert found[0] < alone
