"""The number inside a function, from observed values and their noise."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import functools
import math

import numpy as np
import scipy.optimize

from noether_jax.discovery.features import Features
from noether_jax.discovery.judging import TermFit
from noether_jax.discovery.moments import Moments
from noether_jax.discovery.moments import smallest
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term
from noether_jax.discovery.tuning import function_terms
from noether_jax.discovery.tuning import Tuned

# The search covers so many standard errors on each side, at least this part of
# the number, and at most that factor.
_ERRORS, _LEAST, _REACH = 4., .5, 6.
_STEPS, _PRECISION = 12, 1e-4
# Groups of trajectories that are left out in turn, and the step by which the
# logarithm of a number is varied to find their best numbers.
_GROUPS, _STEP = 6, .05
# A shorter number may be off by this part of the standard error.
_NEAR = .5
_DIGITS = 5

# Of the logarithm of a number: what is left over noise, by all trajectories and
# by those without each group.
Left = Callable[[float], np.ndarray]


def refined(samples: Samples, subject: Subject, one: Tuned,
            beside: Sequence[Term]) -> Tuned:
  """Fit a number again, so that the scatter over that of noise is least.

  The first fit is to smooth curves, of which each sample counts alike. Where
  noise is large, it is drawn to numbers that make the function flat.

  Args:
    samples: the trajectories; without noise nothing is done.
    subject: the columns.
    one: the function, with a number to start from.
    beside: the other terms.

  Returns:
    The function with the new number and its standard error, or with that of
    the first fit where groups of trajectories show none. As it was if the least
    lies outside of the range that is searched.
  """
  if not samples.noisy or not one.number:
    return one
  part = max(_ERRORS * one.error / abs(one.number), _LEAST)
  start = math.log(abs(one.number))
  sign = math.copysign(1., one.number)

  @functools.cache
  def left(log: float) -> np.ndarray:
    own = function_terms(subject, one.argument, one.family,
                         sign * math.exp(log))
    return _left(samples, [*beside, *own])

  low = -math.log(1 - part) if part < 1 else math.inf
  most = math.log(_REACH)
  # The least of a few numbers, because there may be several.
  tried = np.r_[np.linspace(-min(low, most), 0, 4),
                np.linspace(0, min(math.log1p(part), most), 4)[1:]] + start
  costs = [left(log)[0] for log in tried]
  at = int(np.argmin(costs))
  if at in (0, len(tried) - 1) or not math.isfinite(costs[at]):
    return one
  best = scipy.optimize.minimize_scalar(lambda log: min(left(log)[0], 1e9),
                                        bounds=(tried[at - 1], tried[at + 1]),
                                        method="bounded",
                                        options={
                                            "maxiter": _STEPS,
                                            "xatol": _PRECISION
                                        })
  log = best.x if best.fun <= costs[at] else tried[at]
  number = math.exp(log)
  error = _error(left, log)
  error = one.error if error is None else error * number
  for digits in range(1, _DIGITS + 1):
    short = float(f"{number:.{digits}g}")
    if abs(short - number) <= _NEAR * error or digits == _DIGITS:
      number = short
      break
  return dataclasses.replace(one,
                             terms=function_terms(subject, one.argument,
                                                  one.family, sign * number),
                             number=sign * number,
                             error=error)


def _left(samples: Samples, terms: Sequence[Term]) -> np.ndarray:
  """Scatter of block means over that of noise: of all, without each group."""
  features = Features.make(samples, terms)
  fit = TermFit.make(features, Moments.make(features, features.weights()))
  groups = np.arange(len(fit.within)) % _GROUPS
  out = np.full(1 + _GROUPS, np.inf)
  if fit.by_noise:
    for n in range(1 + _GROUPS):
      kept = groups != n - 1
      if kept.any():
        out[n] = smallest(fit.within[kept].sum(0), fit.noise[kept].sum(0))[0]
  return out


def _error(left: Left, log: float) -> float | None:
  """The standard error of a number's logarithm; None if it cannot be known.

  The best numbers without each group are the vertices of parabolas.
  """
  below, here, above = (left(log + k * _STEP)[1:] for k in (-1, 0, 1))
  with np.errstate(all="ignore"):
    bend = above - 2 * here + below
    shift = -_STEP * (above - below) / 2 / bend
  if not np.isfinite(shift).all() or np.any(bend <= 0):
    return None
  return float(np.sqrt((_GROUPS - 1) * np.var(shift)))
