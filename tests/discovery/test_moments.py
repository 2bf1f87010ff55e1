"""Second moments, and the combinations that vary least."""

import numpy as np
import pytest
import scipy.linalg

from noether_jax.discovery import moments
from noether_jax.discovery import Subject
from noether_jax.discovery.features import Features
from tests.discovery import observed


def _pair(size, seed):
  """Two positive definite matrices."""
  roots = np.random.default_rng(seed).normal(size=(2, size, 2 * size))
  return roots @ roots.transpose(0, 2, 1)


def test_within_and_between_make_the_total():
  states, _ = observed.circles()
  samples = observed.samples(states, "x,v")
  features = Features.make(samples,
                           Subject(samples.variables).terms("x^2", "v^2"))
  found = moments.Moments.make(features, features.weights())
  # All trajectories are equally long.
  whole = np.cov(np.concatenate(features.values).T, bias=True)
  np.testing.assert_allclose(found.total, whole, atol=1e-12)
  ratio, c = moments.smallest(found.within.mean(0), found.total)
  c = c / features.scale
  np.testing.assert_allclose(c / c[0], 1.)
  assert ratio < 1e-12


def test_smallest_ignores_redundant_directions():
  basis = np.random.default_rng(4).normal(size=(500, 3))
  values = np.hstack([basis, basis[:, :1]]) * [1, 2, 3, 1]
  total = np.cov(values.T)
  ratio, c = moments.smallest(np.diag([4., 1., 9., 4.]), total)
  assert ratio > .01
  np.testing.assert_allclose(c @ total @ c, 1.)


def test_smallest_is_the_generalised_eigenvalue_of_each_of_a_batch():
  pairs = [_pair(4, seed) for seed in range(6)]
  within, total = (np.stack(m) for m in zip(*pairs))
  ratios, vectors = moments.smallest(within, total)
  for w, t, ratio, c in zip(within, total, ratios, vectors):
    np.testing.assert_allclose(ratio,
                               scipy.linalg.eigh(w, t, eigvals_only=True)[0])
    np.testing.assert_allclose(c @ w @ c, ratio)
    np.testing.assert_allclose(c @ t @ c, 1.)


def test_redundant_terms_replace_each_other():
  # Terms x, v, y and a = -x; x + v varies least.
  turn = np.array([[1., 1., 0.], [1., -1., 0.], [0., 0., np.sqrt(2)]])
  inner = turn.T @ np.diag([.1, .5, .9]) @ turn / 2
  terms = np.array([[1., 0., 0., -1.], [0., 1., 0., 0.], [0., 0., 1., 0.]])
  left = moments.without_each(terms.T @ inner @ terms, terms.T @ terms)
  np.testing.assert_allclose(left[[0, 2, 3]], .1, atol=1e-6)
  assert left[1] > .2


@pytest.mark.parametrize("size", [2, 3, 8])
def test_without_each_equals_one_solution_for_each_term(size):
  within, total = _pair(size, size)
  got = moments.without_each(within, total)
  for i in range(size):
    rest = np.delete(np.arange(size), i)
    wanted, _ = moments.smallest(moments.sub(within, rest),
                                 moments.sub(total, rest))
    np.testing.assert_allclose(got[i], wanted, rtol=1e-6)


def test_without_the_last_term_nothing_is_left():
  assert np.isinf(moments.without_each(np.eye(1), np.eye(1))).all()


def test_parallel_is_below_both_and_symmetric():
  first, second = _pair(5, 0)
  found = moments.parallel(first, second)
  np.testing.assert_allclose(found, moments.parallel(second, first), atol=1e-9)
  np.testing.assert_allclose(
      found, np.linalg.inv(np.linalg.inv(first) + np.linalg.inv(second)))
  for other in (first, second):
    assert np.linalg.eigvalsh(other - found).min() > 0


def test_parallel_vanishes_where_one_of_both_does():
  first, _ = _pair(3, 1)
  c = np.array([1., -2., .5])
  flat = np.eye(3) - np.outer(c, c) / (c @ c)
  found = moments.parallel(first, flat)
  assert abs(c @ found @ c) < 1e-9


def test_block_means_have_the_noise_that_is_told():
  random = np.random.default_rng(3)
  states = [np.tile(random.normal(size=(1, 2)) * 3, (4000, 1)) for _ in "abcd"]
  sigma = np.array([.01, .02])
  raw = [s + random.normal(size=s.shape) * sigma for s in states]
  samples = observed.samples(states, "x,v", sigma, raw)
  samples.gain[:] = .25
  features = Features.make(samples,
                           Subject(samples.variables).terms("x", "v", "x*v"))
  variance = tuple(np.ones(4000) for _ in states)
  within, noise = moments.block_moments(features, variance)
  size = np.sqrt(noise.mean(0).diagonal())
  whole = size[:, None] * size
  # Blocks of eight samples each: 2,000 in all.
  np.testing.assert_allclose(within.mean(0) / whole,
                             noise.mean(0) / whole,
                             atol=.1)
