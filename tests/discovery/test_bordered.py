"""Covariances of fixed columns beside others are those of all columns."""

import numpy as np

from noether_jax.discovery.bordered import Columns
from noether_jax.discovery.bordered import deviations
from noether_jax.discovery.bordered import Part

_LENGTHS = 5, 9, 2


def _columns(size, seed):
  random = np.random.default_rng(seed)
  return [
      random.normal(size=(n, size)) + random.normal(size=size) for n in _LENGTHS
  ]


def test_products_are_mean_covariances():
  columns = _columns(3, 0)
  every = np.concatenate(columns)
  within, total = deviations(every, np.array(_LENGTHS))
  each = [np.cov(c.T, bias=True) for c in columns]
  np.testing.assert_allclose(within.T @ within, np.mean(each, axis=0))
  np.testing.assert_allclose(total.T @ total, np.cov(every.T, bias=True))


def test_a_part_has_the_products_of_its_columns_beside_others():
  fixed, others = _columns(3, 0), _columns(2, 1)
  part = Part.make(fixed, fixed)
  both = [np.hstack(pair) for pair in zip(fixed, others)]
  wanted = Part.make(both, both)
  found = deviations(np.concatenate(others), part.lengths)
  for columns, other, all_columns in zip((part.within, part.total), found,
                                         (wanted.within, wanted.total)):
    np.testing.assert_allclose(columns.beside(other),
                               all_columns.products,
                               atol=1e-12)


def test_without_others_products_stay():
  columns = Columns.make(np.arange(6.).reshape(3, 2))
  found = columns.beside(np.zeros((3, 0)))
  np.testing.assert_array_equal(found, columns.products)
