"""Terms of a form exchanged for others that serve as well or better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from noether_jax.discovery.moments import Moments
from noether_jax.discovery.moments import RANK_TOLERANCE
from noether_jax.discovery.moments import smallest
from noether_jax.discovery.moments import sub
from noether_jax.discovery.moments import whitening
from noether_jax.discovery.path_term import PathTerm
from noether_jax.discovery.terms import Term

# Ratios this close to each other are equal.
_EQUAL = .02
_ROUNDS = 10
_BISECTIONS = 50


def exchange(moments: Moments, total: np.ndarray, chosen: Sequence[int],
             support: np.ndarray, index: np.ndarray,
             terms: Sequence[Term | PathTerm]) -> np.ndarray:
  """Exchange terms one by one.

  Elimination drops a term while many others can stand in for it, and cannot
  take it back. An exchange is made if the ratio becomes smaller; of equal
  ratios, the form that treats columns alike is taken: w1*w2*cos(a1 - a2)
  beside w2*w3*cos(a2 - a3), not w1*w2.

  Args:
    moments: of F terms.
    total: `[F, F]`, the scatter that a combination is compared with.
    chosen: trajectories that choose.
    support: indices of the terms to begin with, increasing.
    index: indices of the terms that may enter.
    terms: F terms.

  Returns:
    Indices of as many terms, increasing.
  """
  within = moments.within[list(chosen)].mean(0)
  for _ in range(_ROUNDS):
    others = np.setdiff1d(index, support)
    if not len(others):
      break
    forms = _neighbours(support, others)
    ratios = np.concatenate([
        ratios_beside(within, total, np.delete(support, k), others)
        for k in range(len(support))
    ])
    now = float(smallest(sub(within, support), sub(total, support))[0])
    best = forms[int(np.argmin(ratios))]
    if ratios.min() < (1 - _EQUAL) * now:
      support = best
      continue
    equal = forms[ratios < (1 + _EQUAL) * now]
    alike = [_likeness(form, terms) for form in equal]
    if not alike or max(alike) <= _likeness(support, terms):
      break
    support = equal[int(np.argmax(alike))]
  return support


def _neighbours(support: np.ndarray, others: np.ndarray) -> np.ndarray:
  """All forms `[k n, k]` with one of the k terms exchanged, the first first."""
  forms = np.repeat(support[None], len(support) * len(others), axis=0)
  for k in range(len(support)):
    forms[k * len(others):(k + 1) * len(others), k] = others
  return np.sort(forms, axis=1)


def ratios_beside(within: np.ndarray, total: np.ndarray, base: np.ndarray,
                  others: np.ndarray) -> np.ndarray:
  """Return the smallest ratio of some terms with each of others beside them.

  Beside terms with the ratios l_k, orthogonal in W and T, the ratio with one
  more is the least root of w - ratio - sum_k b_k^2 / (l_k - ratio) = 0, where w
  is the ratio of what it has of its own, and b_k that part's product with them
  in W. One decomposition serves all others.

  Args:
    within: `[F, F]`.
    total: `[F, F]`.
    base: `[k]`, indices of terms.
    others: `[n]`, indices of other terms.

  Returns:
    `[n]`.

  Example:
    >>> ratios = ratios_beside(np.diag([3., 1., 5.]), np.eye(3), np.array([0]),
    ...                        np.array([1, 2]))
    >>> ratios.round(9).tolist()
    [1.0, 3.0]
  """
  own_within, own_total = within[others, others], total[others, others]
  if not len(base):
    return own_within / np.maximum(own_total, 1e-300)
  whiten = whitening(sub(total, base))
  values, vectors = np.linalg.eigh(whiten.T @ sub(within, base) @ whiten)
  axes = whiten @ vectors
  along = axes.T @ total[np.ix_(base, others)]
  cross = axes.T @ within[np.ix_(base, others)]
  levels = values[:, None]
  left = own_total - np.sum(along**2, axis=0)
  # Redundant terms change nothing.
  new = left > RANK_TOLERANCE * total.diagonal().max()
  left = np.where(new, left, 1.)
  square = (cross - levels * along)**2 / left
  corner = (own_within - np.sum(along * (2 * cross - levels * along), 0)) / left
  low = np.zeros(len(others))
  high = np.maximum(np.minimum(corner, values[0]), 0.)
  with np.errstate(divide="ignore", invalid="ignore"):
    for _ in range(_BISECTIONS):
      middle = (low + high) / 2
      above = corner - middle > np.sum(square / (levels - middle), axis=0)
      low, high = np.where(above, middle, low), np.where(above, high, middle)
  return np.where(new, high, max(values[0], 0.))


def _likeness(form: np.ndarray, terms: Sequence[Term | PathTerm]) -> int:
  """How many pairs of terms are the same but for their columns."""
  shapes = Counter(_shape(terms[i]) for i in form)
  return sum(n * (n - 1) // 2 for n in shapes.values())


def _shape(term: Term | PathTerm) -> tuple[object, ...]:
  along = isinstance(term, PathTerm)
  factors = term.rate.factors if isinstance(term, PathTerm) else term.factors
  return (along, *sorted(
      (atom.kind, len(atom.plus), len(atom.minus), float(power))
      for atom, power in factors))
