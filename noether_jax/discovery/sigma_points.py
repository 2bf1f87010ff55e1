"""What noise of the states adds to a term, to the second order."""

from __future__ import annotations

from collections.abc import Sequence
import math

import numpy as np

from noether_jax.discovery import terms as terms_lib
from noether_jax.discovery.terms import Term

# Random directions in which pairs of columns are moved together.
_DIRECTIONS = 4


def noise_of_terms(terms: Sequence[Term], states: np.ndarray, sigma: np.ndarray,
                   columns: Sequence[int]) -> tuple[np.ndarray, np.ndarray]:
  """Return what independent noise of some columns does to terms.

  A term changes by its slopes times the noise, and by its curvature times the
  noise's square: where noise is as large as a distance, the square of that
  distance changes by both alike. Slopes and curvatures are those between points
  one standard deviation apart (sigma points), which hold for 1/r near a centre,
  too. Curvature makes noise of variance
  sum_i (f_ii s_i^2)^2 / 2 + sum_(i<j) (f_ij s_i s_j)^2 and a bias of
  sum_i f_ii s_i^2 / 2. The mixed part is measured along random signs of all
  columns: its mean square over signs is that sum.

  Args:
    terms: F terms.
    states: `[T, D]`, without noise.
    sigma: `[D]`, standard deviations of the noise.
    columns: the S columns that have some.

  Returns:
    `[T, F, C]`, independent changes of one standard deviation each, the first S
    by the slopes; and the bias `[T, F]`. Not finite where a term has no value.

  Example:
    >>> from noether_jax.data.columns import Variable
    >>> from noether_jax.discovery.atoms import Atom
    >>> x, y = Variable("x"), Variable("y")
    >>> product = Term.make([(Atom("var", (0,)), 1), (Atom("var", (1,)), 1)],
    ...                     [x, y])
    >>> change, bias = noise_of_terms([product], np.array([[3., 4.]]),
    ...                               np.array([.1, .1]), (0, 1))
    >>> change.round(9).tolist(), bias.round(9).tolist()
    ([[[0.4, 0.3, 0.0, 0.0, 0.01]]], [[0.0]])
  """
  value = lambda step: terms_lib.term_values(terms, states + step)
  middle = value(np.zeros(len(sigma)))
  slopes, bends = [], []
  for d in columns:
    step = np.zeros(len(sigma))
    step[d] = sigma[d]
    above, below = value(step), value(-step)
    slopes.append((above - below) / 2)
    bends.append((above + below) / 2 - middle)
  bias = np.sum(bends, axis=0) if bends else np.zeros_like(middle)
  # Of two columns, any signs tell all.
  count = min(_DIRECTIONS, max(len(columns) - 1, 0)**3)
  signs = np.random.default_rng(0).integers(0, 2,
                                            (count, *states.shape)) * 2. - 1.
  mixed = [(value(step) + value(-step)) / 2 - middle - bias for step in signs *
           np.where(np.isin(np.arange(len(sigma)), columns), sigma, 0.)]
  curved = [math.sqrt(2) * b for b in bends
           ] + [m / math.sqrt(count) for m in mixed]
  curved = [np.where(np.isfinite(part), part, 0.) for part in curved]
  return np.stack(slopes + curved, axis=-1), bias
