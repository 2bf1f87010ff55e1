"""A rung of terms that a user writes, beside those of `quadratic`."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from noether_jax.discovery.rungs.quadratic import quadratic
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term
from noether_jax.discovery.terms import term_values

_STATES = 20


def given(*texts: str) -> Callable[[Subject], tuple[Term, ...]]:
  """Make a rung of given terms, which combine with those of `quadratic`.

  Args:
    *texts: formulas of the columns, such as `"exp(-x/2)*v^2"`.

  Returns:
    The rung. It raises `InputError` if a text is no formula of the columns.

  Example:
    >>> from noether_jax.data import parse_columns
    >>> rung = given("exp(-x)", "v*x")
    >>> [t.text for t in rung(Subject(parse_columns("x,v")))]
    ['x', 'v', 'x^2', 'x*v', 'v^2', 'exp(-x)']
  """

  def own(subject: Subject) -> tuple[Term, ...]:
    terms = list(quadratic(subject))
    # At positive states most functions have values.
    shape = _STATES, len(subject.variables)
    states = np.random.default_rng(0).uniform(.5, 2., shape)
    for term in subject.terms(*texts):
      with np.errstate(all="ignore"):
        values = term_values([*terms, term], states)
        ratios = values[:, :-1] / values[:, -1:]
        same = np.ptp(ratios, axis=0) <= 1e-9 * np.abs(ratios[0])
      if not same.any():
        terms.append(term)
    return tuple(terms)

  return own
