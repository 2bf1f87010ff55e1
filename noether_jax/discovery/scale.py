"""The scale of a law: under which its coefficients are simple numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import dataclasses
from fractions import Fraction
import math
from typing import Any

import numpy as np

from noether_jax.reporting import simple_numbers

# How likely random coefficients may be to give a scale up.
_CHANCE = .05
# Numbers outside of this range are hard to read.
_SMALL, _LARGE = 1e-3, 1e3
# Systematic errors, which no bootstrap shows, are no reason for another scale.
_ERROR = 2e-6
# Up to the first number, simple numbers are those of `simple_numbers`; whole
# numbers up to the other one are as easy to read.
_SIMPLE, _LONGEST = 12, 99.5

# By index, a simple number and the chance that a random one is this close.
Agreements = dict[int, tuple[Fraction, float]]


@dataclasses.dataclass(frozen=True, eq=False)
class Scaled:
  """Coefficients under one scale.

  Attributes:
    reference: index of the term that sets the scale. Its coefficient is a whole
      number, which was chosen.
    coefficients: `[k]`; the first is positive.
    uncertainties: `[k]` standard deviations.
  """
  reference: int
  coefficients: np.ndarray
  uncertainties: np.ndarray

  def agreements(self, freedom: float) -> Agreements:
    """Return the simple numbers that coefficients agree with, by index.

    Whole numbers up to 99 count, too, where they are as certain as decimals.

    Args:
      freedom: degrees of freedom of the uncertainties.

    Returns:
      By index, the number and the chance of a coincidence.
    """
    found: Agreements = {}
    for k, (c, u) in enumerate(zip(self.coefficients, self.uncertainties)):
      value, spread = float(c), float(u)
      simple = simple_numbers.agreement(value, spread, freedom)
      if simple is not None:
        found[k] = simple
      elif (_SIMPLE < abs(value) < _LONGEST and
            simple_numbers.is_short(value, spread, freedom) and
            round(value, 2) == round(value)):
        found[k] = Fraction(round(value)), _CHANCE / 10
    return found


def simplest(coefficients: np.ndarray,
             draws: np.ndarray,
             freedom: float,
             terms: Sequence[int],
             natural: Sequence[int] = ()) -> Scaled:
  """Return coefficients under the scale that makes most of them simple.

  The first coefficient is 1, unless another scale is clearly better. If the
  first one only is odd, as in 0.37 v1^2 + v2^2 + x1^2 + 2 x2^2, a 1 there makes
  all others odd: v1^2 + 2.703 v2^2 + 2.703 x1^2 + 5.405 x2^2. Another scale is
  taken only if

  - the simple numbers beside the first coefficient are more than all simple
    numbers and short decimals, such as 2.7, where the first one is 1;
  - a coincidence among random coefficients is improbable (5 %);
  - no more coefficients are very large or very small.

  Of several such scales, the one of most simple numbers is taken, then one that
  keeps the first term's unit, then the one that is written shortest (1 is not
  written at all), then the one of most whole and of the smallest numbers.

  Args:
    coefficients: `[k]`, fitted, with any factor.
    draws: `[B, k]`, the same from resampled trajectories.
    freedom: degrees of freedom of the uncertainties.
    terms: indices of the coefficients that count, 0 among them. Others, such
      as losses, are scaled with them.
    natural: indices of the terms that have the first one's unit.

  Returns:
    The coefficients, with uncertainties for their scale.

  Example:
    >>> c = np.array([.37, 1., 1., 2.])
    >>> simplest(2. * c, 2. * c[None], 7, range(4)).coefficients.tolist()
    [0.37, 1.0, 1.0, 2.0]
  """
  plain = best = _under(coefficients, draws, 0)
  readable = sum(_is_readable(plain, k, freedom) for k in terms)
  # One trajectory shows no uncertainty.
  if freedom < 1 or readable == len(terms):
    return plain
  best_rank: tuple[Any, ...] = (readable,)
  for k in terms:
    if not k or not coefficients[k]:
      continue
    tried = _under(coefficients, draws, k)
    agreed = _others(tried, freedom, terms)
    if (len(agreed) <= readable or _coincidence(agreed, k,
                                                len(terms) - 1) > _CHANCE or
        _awkward(tried, terms) > _awkward(plain, terms)):
      continue
    for scaled in (tried, *_whole(coefficients, draws, tried, agreed, freedom)):
      rank = (len(agreed), k in natural, *_ease(scaled, freedom, terms))
      if rank > best_rank:
        best, best_rank = scaled, rank
  return best


def _under(coefficients: np.ndarray,
           draws: np.ndarray,
           reference: int,
           number: int = 1) -> Scaled:
  """Scale so that one coefficient is a whole number; the first is positive."""
  number *= -1 if coefficients[0] * coefficients[reference] < 0 else 1
  # A resample without the term shows that it cannot set a scale.
  with np.errstate(all="ignore"):
    spread = np.std(number * (draws / draws[:, [reference]]), axis=0)
  return Scaled(reference, number * (coefficients / coefficients[reference]),
                spread)


def _is_readable(tried: Scaled, k: int, freedom: float) -> bool:
  """Whether a coefficient is simple or short, but for a small error."""
  value = float(tried.coefficients[k])
  spread = max(float(tried.uncertainties[k]), _ERROR * abs(value))
  return (simple_numbers.agreement(value, spread, freedom) is not None or
          simple_numbers.is_short(value, spread, freedom))


def _coincidence(agreed: Agreements, reference: int, count: int) -> float:
  """Bound the chance that as many of `count` random numbers fit together."""
  chances = [chance for k, (_, chance) in agreed.items() if k != reference]
  return math.comb(count, len(agreed)) * math.prod(chances)


def _awkward(tried: Scaled, terms: Sequence[int]) -> int:
  size = np.abs(tried.coefficients[list(terms)])
  return int(np.sum((size < _SMALL) | (size > _LARGE)))


def _others(tried: Scaled, freedom: float, terms: Sequence[int]) -> Agreements:
  """The simple numbers of all terms but the first one.

  A simple first number would not show that it should not be 1.
  """
  found = tried.agreements(freedom)
  return {k: simple for k, simple in found.items() if k and k in terms}


def _whole(coefficients: np.ndarray, draws: np.ndarray, tried: Scaled,
           agreed: Agreements, freedom: float) -> Iterator[Scaled]:
  """Make whole numbers of thirds and sixths, if all numbers stay simple."""
  parts = {simple.denominator for simple, _ in agreed.values()}
  if all(n % 3 for n in parts):
    return
  number = math.lcm(*parts)
  larger = _under(coefficients, draws, tried.reference, number)
  still = larger.agreements(freedom)
  if all(k in still and still[k][0] == number * simple
         for k, (simple, _) in agreed.items()):
    yield larger


def _ease(tried: Scaled, freedom: float,
          terms: Sequence[int]) -> tuple[float, ...]:
  """How easily numbers are read: short, whole and small ones are best.

  Of equal scales, the number that was chosen is 1 where one of the numbers is.
  """
  agreed = tried.agreements(freedom)
  texts = [
      simple_numbers.coefficient_text(
          abs(float(tried.coefficients[k])), float(tried.uncertainties[k]),
          abs(agreed[k][0]) if k in agreed else None) for k in terms
  ]
  numbers = [agreed[k][0] for k in terms if k in agreed]
  return (-sum(len(text) for text in texts if text != "1"),
          sum(number.denominator == 1 for number in numbers),
          -float(sum(map(abs, numbers))),
          -abs(float(tried.coefficients[tried.reference])))
