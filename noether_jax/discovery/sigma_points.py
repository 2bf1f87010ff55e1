"""What noise of the states adds to a term, to the second order."""

from __future__ import annotations

from collections.abc import Sequence
import itertools
import math

import numpy as np

from noether_jax.discovery import terms as terms_lib
from noether_jax.discovery.terms import Term

# At most so many patterns of signs by which all columns are moved together.
_PATTERNS = 8


def noise_of_terms(terms: Sequence[Term],
                   states: np.ndarray,
                   sigma: np.ndarray,
                   columns: Sequence[int],
                   seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
  """Return what independent noise of some columns does to terms.

  A term changes by its slopes times the noise, and by its curvature times the
  noise's square: where noise is as large as a distance, the square of that
  distance changes by both alike. Slopes and curvatures are those between points
  one standard deviation apart (sigma points), which hold for 1/r near a centre,
  too. Curvature makes noise of variance
  sum_i (f_ii s_i^2)^2 / 2 + sum_(i<j) (f_ij s_i s_j)^2 and a bias of
  sum_i f_ii s_i^2 / 2. The mixed part is measured with all columns moved
  together, by all patterns of signs: its mean square over patterns is that sum.
  For more than four columns, eight random patterns estimate both parts at each
  state.

  Args:
    terms: F terms.
    states: `[T, D]`, without noise.
    sigma: `[D]`, standard deviations of the noise.
    columns: the S columns that have some.
    seed: of the patterns.

  Returns:
    `[T, F, C]`, independent changes of one standard deviation each, the first S
    by the slopes; and the bias `[T, F]`. Slopes and bias are not finite where a
    term has no value.

  Example:
    >>> from noether_jax.data.columns import Variable
    >>> from noether_jax.discovery.atoms import Atom
    >>> x, y = Variable("x"), Variable("y")
    >>> product = Term.make([(Atom("var", (0,)), 1), (Atom("var", (1,)), 1)],
    ...                     [x, y])
    >>> change, bias = noise_of_terms([product], np.array([[3., 4.]]),
    ...                               np.array([.1, .1]), (0, 1))
    >>> change.round(9).tolist(), bias.round(9).tolist()
    ([[[0.4, 0.3, 0.0, 0.0, 0.007071068, -0.007071068]]], [[0.0]])
  """
  value = lambda step: terms_lib.term_values(terms, states + step)
  middle = value(np.zeros(len(sigma)))
  if not columns:
    return np.zeros((*middle.shape, 0)), np.zeros_like(middle)
  slopes, bends = [], []
  for d in columns:
    step = np.zeros(len(sigma))
    step[d] = sigma[d]
    above, below = value(step), value(-step)
    slopes.append((above - below) / 2)
    bends.append((above + below) / 2 - middle)
  bias = np.sum(bends, axis=0)
  squares = [math.sqrt(2) * bend for bend in bends]
  random = np.random.default_rng(seed)
  signs = _signs(len(states), len(columns), random)
  products = []
  for sign in signs:
    step = np.zeros(states.shape)
    step[:, columns] = sign * sigma[list(columns)]
    products.append((value(step) + value(-step)) / 2 - middle - bias)
  if 2 * len(columns) > _PATTERNS:
    # Squares join each pattern with random signs, to keep the parts few.
    for n, part in enumerate(products):
      own = random.choice([1., -1.], (len(columns), len(states), 1))
      products[n] = part + sum(s * bend for s, bend in zip(own, squares))
    squares = []
  curved = [*squares, *(part / math.sqrt(len(signs)) for part in products)]
  # A point far off may have no value where the state has one.
  curved = [np.where(np.isfinite(part), part, 0.) for part in curved]
  return np.stack(slopes + curved, axis=-1), bias


def _signs(rows: int, columns: int, random: np.random.Generator) -> np.ndarray:
  """Patterns of signs `[n, rows or 1, columns]`, but for a common sign.

  All of them if they are few; else random ones, others in each row.
  """
  if columns < 2:
    return np.zeros((0, 1, columns))
  if 2**(columns - 1) <= _PATTERNS:
    rest = itertools.product((1., -1.), repeat=columns - 1)
    return np.array([(1., *signs) for signs in rest])[:, None]
  return random.choice([1., -1.], (_PATTERNS, rows, columns))
