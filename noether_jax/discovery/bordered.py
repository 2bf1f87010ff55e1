"""Covariances of fixed columns beside others that change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np


class Columns(NamedTuple):
  """Fixed columns, and what they add to products with others.

  Attributes:
    values: `[R, F]`.
    products: `[F, F]`, of the columns with each other.

  Example:
    >>> Columns.make(np.eye(2)).beside(np.array([[3.], [0.]])).tolist()
    [[1.0, 0.0, 3.0], [0.0, 1.0, 0.0], [3.0, 0.0, 9.0]]
  """
  values: np.ndarray
  products: np.ndarray

  @classmethod
  def make(cls, values: np.ndarray) -> Columns:
    """Multiply the columns of `[R, F]` with each other."""
    return cls(values, values.T @ values)

  def beside(self, others: np.ndarray) -> np.ndarray:
    """Return the products `[F + k, F + k]` with k others, `[R, k]`."""
    count, size = len(self.products), len(self.products) + others.shape[1]
    out = np.empty((size, size))
    out[:count, :count] = self.products
    out[:count, count:] = self.values.T @ others
    out[count:, :count] = out[:count, count:].T
    out[count:, count:] = others.T @ others
    return out


class Part(NamedTuple):
  """Trajectories, and the fixed terms on them.

  Attributes:
    states: `[R, D]`, one trajectory after the other.
    lengths: `[N]`, their numbers of rows.
    within: of deviations from the trajectories' means.
    total: of deviations from the mean of all.
  """
  states: np.ndarray
  lengths: np.ndarray
  within: Columns
  total: Columns

  @classmethod
  def make(cls, states: Sequence[np.ndarray],
           fixed: Sequence[np.ndarray]) -> Part:
    """Join N arrays of states `[T_i, D]` and of fixed terms `[T_i, F]`."""
    lengths = np.array([len(s) for s in states])
    within, total = deviations(np.concatenate(fixed), lengths)
    return cls(np.concatenate(states), lengths, Columns.make(within),
               Columns.make(total))


def deviations(values: np.ndarray,
               lengths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Return deviations from trajectories' means, and from the mean of all.

  Args:
    values: `[R, k]`, one trajectory after the other.
    lengths: `[N]`, their numbers of rows.

  Returns:
    Two arrays `[R, k]`: sums of products are the mean covariance within a
    trajectory, and the covariance of all rows.

  Example:
    >>> values = np.array([[1.], [3.], [4.], [8.]])
    >>> [float((x.T @ x).item()) for x in deviations(values, np.array([2, 2]))]
    [2.5, 6.5]
  """
  starts = np.cumsum(lengths) - lengths
  means = np.add.reduceat(values, starts) / lengths[:, None]
  share = np.repeat(1 / np.sqrt(lengths * len(lengths)), lengths)
  within = (values - np.repeat(means, lengths, axis=0)) * share[:, None]
  return within, (values - values.mean(0)) / np.sqrt(len(values))
