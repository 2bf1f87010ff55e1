"""Terms of a form exchanged for others that serve as well or better."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from noether_jax.discovery.moments import Moments
from noether_jax.discovery.moments import smallest
from noether_jax.discovery.moments import sub
from noether_jax.discovery.path_term import PathTerm
from noether_jax.discovery.terms import Term

# Ratios this close to each other are equal.
_EQUAL = .02
_ROUNDS = 10


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
    ratios = smallest(_take(within, forms), _take(total, forms))[0]
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
  """All forms `[n, k]` with one of the k terms exchanged."""
  forms = np.repeat(support[None], len(support) * len(others), axis=0)
  for k in range(len(support)):
    forms[k * len(others):(k + 1) * len(others), k] = others
  return np.sort(forms, axis=1)


def _take(matrix: np.ndarray, forms: np.ndarray) -> np.ndarray:
  return matrix[forms[:, :, None], forms[:, None, :]]


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
