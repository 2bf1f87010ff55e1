"""The number inside a function, from observed values and their noise."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import functools
import math

import numpy as np
import scipy.optimize

from noether_jax.discovery.features import Features
from noether_jax.discovery.judging import TermFit
from noether_jax.discovery.moments import Moments
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.terms import Term
from noether_jax.discovery.tuning import Scan
from noether_jax.discovery.tuning import Tuned

# A number is looked for within so many standard errors, and at least within the
# first part of it; at most within the factor.
_ERRORS, _LEAST, _REACH = 4., .5, 6.
_STEPS, _PRECISION = 12, 1e-4
# A shorter number may leave so many times as much.
_SLACK = 1.003
_DIGITS = 5


def refined(samples: Samples, scan: Scan, one: Tuned,
            beside: Sequence[Term]) -> Tuned:
  """Fit a number anew, so that least is left beside the noise.

  The first fit is to smooth curves, of which each sample counts alike. Where
  noise is large, it is drawn to numbers that make the function flat.

  Args:
    samples: the trajectories; without noise nothing is done.
    scan: writes functions.
    one: the function, with a number to start from.
    beside: the other terms.
  """
  if not samples.noisy or not one.number:
    return one
  part = max(_ERRORS * one.error / abs(one.number), _LEAST)

  @functools.cache
  def left(number: float) -> float:
    terms = scan.terms(one.argument, one.family, number)
    features = Features.make(samples, [*beside, *terms])
    fit = TermFit.make(features, Moments.make(features, features.weights()))
    return fit.left_over_noise

  cost = lambda log: min(left(math.copysign(math.exp(log), one.number)), 1e9)
  start = math.log(abs(one.number))
  # The least of a few numbers, because there may be several.
  low = -math.log(1 - part) if part < 1 else math.inf
  reach = min(low, math.log(_REACH)), min(math.log1p(part), math.log(_REACH))
  tried = start + np.r_[np.linspace(-reach[0], 0, 4),
                        np.linspace(0, reach[1], 4)[1:]]
  at = int(np.argmin([cost(log) for log in tried]))
  if at in (0, len(tried) - 1) or not cost(tried[at]) < cost(start) * 2:
    return one
  best = scipy.optimize.minimize_scalar(cost,
                                        bounds=(tried[at - 1], tried[at + 1]),
                                        method="bounded",
                                        options={
                                            "maxiter": _STEPS,
                                            "xatol": _PRECISION
                                        }).x
  number = math.copysign(math.exp(best), one.number)
  short = [float(f"{number:.{n}g}") for n in range(1, _DIGITS + 1)]
  number = next((x for x in short if left(x) <= _SLACK * left(number)),
                short[-1])
  return dataclasses.replace(one,
                             terms=scan.terms(one.argument, one.family, number),
                             number=number)
