"""Sparse combinations of terms, by backward elimination."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from noether_jax.discovery.features import AnyTerm
from noether_jax.discovery.moments import Moments
from noether_jax.discovery.moments import smallest
from noether_jax.discovery.moments import sub
from noether_jax.discovery.moments import without_each
from noether_jax.discovery.path_term import PathTerm
from noether_jax.discovery.split import Split
from noether_jax.discovery.terms import Term

# Longer paths lose several terms at once, and have no score.
_LONG = 40


def eliminate(moments: Moments, total: np.ndarray, split: Split,
              start: np.ndarray, floor: float,
              terms: Sequence[AnyTerm]) -> list[tuple[np.ndarray, float]]:
  """Drop terms one by one.

  Each step drops the term whose loss raises the ratio W/T least; among equal
  terms, the most complex one.

  Args:
    moments: of F terms.
    total: `[F, F]`, the scatter that a combination is compared with.
    split: its chosen trajectories are used.
    start: indices of the terms to begin with.
    floor: ratios below it are round-off or the physics' own imperfection.
    terms: F terms, for their complexity.

  Returns:
    Pairs (indices of the terms, increasing; cross-validated ratio), longest
    first, down to one term.
  """
  within = moments.within[list(split.chosen)].mean(0)
  support = np.sort(start)
  path = [support]
  while len(support) > 1:
    size = len(support)
    ratio = without_each(sub(within, support), sub(total, support))
    # Round-off decides among perfect fits, so equals are told apart by degree.
    ratio = np.maximum(ratio, floor)
    best = ratio <= ratio.min() * 1.0001
    cost = np.array([terms[i].cost for i in support])
    # Long libraries lose several terms at once: only the end is delicate.
    drop = 1 if size <= _LONG else size // 10
    # Of what is still equal, terms of the first columns stay.
    order = np.lexsort((-np.arange(size), -cost, np.where(best, 0., ratio)))
    support = np.delete(support, order[:drop])
    path.append(support)
  short = [s for s in path if len(s) <= _LONG]
  return [(s, max(_validated(moments, split, s, total), floor)) for s in short]


def is_column(terms: Sequence[AnyTerm], support: np.ndarray) -> bool:
  """Whether one term only is left, which is a column as it is."""
  one = terms[support[0]]
  return len(support) == 1 and isinstance(one, Term) and one.is_column


def _validated(moments: Moments, split: Split, support: np.ndarray,
               total: np.ndarray) -> float:
  """Return the cross-validated ratio W/T of the chosen trajectories."""
  folds = list(split.folds())
  inside = sub(moments.within, support)
  whole = sub(total, support)
  fits = np.stack([inside[fit].mean(0) for fit, _ in folds])
  judges = np.stack([inside[judge].mean(0) for _, judge in folds])
  _, c = smallest(fits, np.broadcast_to(whole, fits.shape))
  above = np.einsum("nf,nfg,ng->n", c, judges, c)
  below = np.einsum("nf,fg,ng->n", c, whole, c)
  return float(np.mean(above / np.maximum(below, 1e-300)))


def leading_first(coefficients: np.ndarray,
                  terms: Sequence[AnyTerm]) -> np.ndarray:
  """Return the order in which terms are written; the first is positive.

  A term qualifies if it contributes at least a tenth of the largest
  contribution. The first square among these terms leads, so that energies begin
  with a square (p^2 - 3 cos(q)). Without a square, the first term of the
  highest degree leads.

  Args:
    coefficients: `[k]` of scaled terms.
    terms: k terms.

  Returns:
    `[k]`, positions: the leading term, then the others as they are.
  """
  size = np.abs(coefficients)
  along = np.array([isinstance(term, PathTerm) for term in terms])
  size = np.where(along, 0., size)
  able = (size >= .1 * size.max()) & ~along
  order = [(term.is_square, term.degree) if ok else (False, 0)
           for term, ok in zip(terms, able)]
  lead = order.index(max(order))
  return np.concatenate([[lead], np.delete(np.arange(len(terms)), lead)])
