"""What noise of the states adds to a term, to the second order."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
  centre = middle + bias
  mixed = lambda step: (value(step) + value(-step)) / 2 - centre
  squares = [math.sqrt(2) * bend for bend in bends]
  curved = _curved(squares, mixed, states.shape, sigma, list(columns), seed)
  # A point far off may have no value where the state has one.
  curved = [np.where(np.isfinite(part), part, 0.) for part in curved]
  return np.stack(slopes + curved, axis=-1), bias


def _curved(squares: list[np.ndarray], mixed: Callable[[np.ndarray],
                                                       np.ndarray],
            shape: tuple[int, ...], sigma: np.ndarray, columns: list[int],
            seed: int) -> list[np.ndarray]:
  """Return what squares and products of the noise do, arrays `[T, F]`.

  Args:
    squares: of each of the S columns.
    mixed: what products do where all columns are moved by a step.
    shape: of the states.
    sigma: `[D]`, standard deviations of the noise.
    columns: the S columns.
    seed: of random patterns.
  """
  count = len(columns)
  if count < 2:
    return squares
  few = 2**(count - 1) <= _PATTERNS
  random = np.random.default_rng(seed)
  if few:
    rest = itertools.product((1., -1.), repeat=count - 1)
    signs = np.array([(1., *others) for others in rest])[:, None]
  else:
    signs = random.choice([1., -1.], (_PATTERNS, shape[0], count))
  products = []
  for sign in signs:
    step = np.zeros(shape)
    step[:, columns] = sign * sigma[columns]
    part = mixed(step)
    if not few:
      # Squares join the patterns by random signs, to keep the parts few.
      own = random.choice([1., -1.], (count, shape[0], 1))
      part = part + np.sum(own * squares, axis=0)
    products.append(part / math.sqrt(len(signs)))
  return [*squares, *products] if few else products
