"""Columns of noisy data that somebody computed from other columns."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from noether_jax.data.columns import Variable
from noether_jax.discovery.rungs.functions import functions
from noether_jax.discovery.rungs.linear import linear
from noether_jax.discovery.rungs.quadratic import quadratic
from noether_jax.discovery.rungs.waves import waves
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term
from noether_jax.discovery.terms import term_values

# What is left of a computed column, by its variance, and by its noise's: digits
# that were cut off.
_LEFT = 1e-8
_LEFT_OF_NOISE = 1e-3
# Terms that contribute less than this are none.
_NOTHING = 1e-4
_MOST_ROWS = 3000
_ROWS = 3
_SHORT = 3


def computed_columns(variables: Sequence[Variable],
                     states: Sequence[np.ndarray],
                     sigma: np.ndarray) -> dict[int, str]:
  """Find noisy columns that are exact functions of others: p = 2 v.

  Their noise is no noise of their own, so that beside the others they add
  nothing, and any estimate that takes it for independent errs.

  Args:
    variables: D columns.
    states: N arrays `[T_i, D]`, as observed.
    sigma: `[D]`, the noise; columns without noise are kept.

  Returns:
    For each such column how it follows from the others. Of columns that follow
    from each other, the first ones are kept.

  Example:
    >>> from noether_jax.data import parse_columns
    >>> v = np.random.default_rng(0).normal(size=99)
    >>> computed_columns(parse_columns("v,p"), [np.c_[v, 2 * v]], np.ones(2))
    {1: 'p = 2 v'}
  """
  rows = np.concatenate(states)
  rows = rows[::max(1, len(rows) // _MOST_ROWS)]
  level = lambda i: min(_LEFT * float(rows[:, i].var()),
                        _LEFT_OF_NOISE * float(sigma[i])**2)
  found: dict[int, str] = {}
  for column in reversed(range(len(variables))):
    others = [
        i for i in range(len(variables)) if i != column and i not in found
    ]
    if sigma[column] <= 0 or not others:
      continue
    told = _relation(variables, rows, column, others, level(column))
    if told:
      found[column] = told
  kept = [i for i in range(len(variables)) if i not in found]
  # Written in columns of which none follows from others, they are short.
  return {
      i: _relation(variables, rows, i, kept, level(i)) or told
      for i, told in found.items()
  }


def _relation(variables: Sequence[Variable], rows: np.ndarray, column: int,
              others: Sequence[int], level: float) -> str:
  """Return how a column, or its square, follows from others; empty if not."""
  seen, target = rows[:, others], rows[:, column]
  # A conversion may be hidden in the numbers, so units decide nothing.
  subject = Subject(tuple(Variable(variables[i].name) for i in others),
                    positive=tuple(np.flatnonzero(seen.min(0) > 0).tolist()))
  name = variables[column].name
  for rung in (linear, quadratic, functions, waves):
    told = _sum(subject, rung(subject), seen, target, level)
    if told:
      return f"{name} = {told}"
  if target.min() > 0:
    square = level * float(np.mean(2 * target))**2
    told = _sum(subject, quadratic(subject), seen, target**2, square)
    if told:
      return f"{name}^2 = {told}"
  return ""


def _sum(subject: Subject, terms: Sequence[Term], states: np.ndarray,
         target: np.ndarray, level: float) -> str:
  """Write a target as a sum of terms; empty if the rest exceeds a level.

  Args:
    subject: the D columns.
    terms: F terms.
    states: `[m, D]`.
    target: `[m]`.
    level: the variance that may be left, in rows that took no part in the fit.
  """
  if len(states) < _ROWS * (len(terms) + 1):
    return ""
  with np.errstate(all="ignore"):
    values = term_values(terms, states)
  values = np.where(np.isfinite(values).all(0), values, 0.)
  scale = np.maximum(values.std(0), 1e-300)
  design = np.c_[values / scale, np.ones(len(values))]
  fit, judge = design[::2], design[1::2]
  chosen = np.linalg.lstsq(fit, target[::2], rcond=1e-12)[0]
  if np.mean((judge @ chosen - target[1::2])**2) > level:
    return ""
  part = np.flatnonzero(np.abs(chosen) > _NOTHING * np.std(target))
  plain = chosen / np.append(scale, 1.)
  texts = [*(t.text for t in terms), ""]
  if len(part) <= _SHORT:
    sizes = [f"{plain[i]:.5g}" for i in part]
    told = " + ".join(texts[i] if size == "1" and texts[i] else f"{size} " +
                      texts[i] for i, size in zip(part, sizes))
    return told.replace("+ -", "- ").strip()
  return f"a function of {', '.join(v.name for v in subject.variables)}"
