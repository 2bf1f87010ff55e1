"""Coefficients as people write them: simple numbers where that is certain."""

from __future__ import annotations

from fractions import Fraction
import functools
import math

from scipy import stats

# Chance that some simple number lies this close to a number drawn at random.
_CHANCE = .05
# The probability of a normal variable beyond two standard deviations.
_TAIL = stats.norm.sf(2.)
_LARGEST = 12
_LARGEST_DENOMINATOR = 6
# A fit of clean data has an integrator's error, which no bootstrap shows.
_PRECISION = 5e-8


def simple_number(value: float,
                  uncertainty: float,
                  freedom: float = math.inf) -> Fraction | None:
  """Return the simple number that a coefficient agrees with, if one is certain.

  Simple numbers are fractions up to 12 with denominators up to 6. One agrees if
  it lies within two standard deviations: in an interval of 95.4 %. Few
  trajectories show the standard deviation badly. The interval is then Student's
  of as many degrees of freedom: 2.5 bootstrap deviations for nine trajectories,
  3.8 for four.

  The number is certain if so few simple numbers of its denominator or a smaller
  one exist that a random value is this close to one of them with a probability
  of at most 5 %: for many trajectories, integers need an uncertainty below
  1/80, halves below 1/160.

  `python -m benchmarks.coverage` measures how often either is right.

  Args:
    value: the fitted coefficient.
    uncertainty: its bootstrap standard deviation.
    freedom: degrees of freedom of the uncertainty: one less than the number of
      trajectories that were resampled.

  Returns:
    The number, or None.

  Example:
    >>> simple_number(-.9999873, 6.1e-6, freedom=3), simple_number(2.93, .04)
    (Fraction(-1, 1), None)
  """
  found = agreement(value, uncertainty, freedom)
  return found[0] if found else None


def agreement(value: float,
              uncertainty: float,
              freedom: float = math.inf) -> tuple[Fraction, float] | None:
  """Return a coefficient's simple number, and the chance of a coincidence.

  Args:
    value: as for `simple_number`.
    uncertainty: as for `simple_number`.
    freedom: as for `simple_number`.

  Returns:
    The number, and the probability, at most 5 %, that a random value is this
    close to a simple number of its denominator or a smaller one; or None.

  Example:
    >>> number, chance = agreement(2.001, .002)
    >>> number, round(chance, 4)
    (Fraction(2, 1), 0.008)
  """
  near = _near(value, uncertainty, freedom)
  if not abs(value) <= _LARGEST + near:
    return None
  density = 0
  for denominator in range(1, _LARGEST_DENOMINATOR + 1):
    # The fractions in lowest terms between two integers.
    density += sum(
        math.gcd(n, denominator) == 1 for n in range(1, denominator + 1))
    if 2 * near * density > _CHANCE:
      return None
    number = Fraction(round(value * denominator), denominator)
    if number and abs(value - number) <= near:
      return number, 2 * near * density
  return None


def is_short(value: float,
             uncertainty: float,
             freedom: float = math.inf) -> bool:
  """Return whether a coefficient is certainly a decimal of one or two places.

  People read 0.3 and 9.81 as easily as simple numbers. Certain means as little
  likely by chance as a simple number.

  Args:
    value: as for `simple_number`.
    uncertainty: as for `simple_number`.
    freedom: as for `simple_number`.

  Example:
    >>> is_short(9.810001, 1e-6), is_short(9.8101, 1e-6), is_short(9.8, .1)
    (True, False, False)
  """
  near = _near(value, uncertainty, freedom)
  return any(0 < abs(round(value, places)) and abs(value - round(value, places))
             <= near and 2 * near * 10**places <= _CHANCE for places in (1, 2))


def _near(value: float, uncertainty: float, freedom: float) -> float:
  """Return two standard deviations; not finite if the value is not."""
  return max(_deviations(freedom) * uncertainty, _PRECISION * abs(value))


@functools.cache
def _deviations(freedom: float) -> float:
  """Return how many bootstrap deviations two standard deviations are."""
  if freedom < 1:  # One trajectory shows no uncertainty.
    return 0.
  # A bootstrap of N values understates their spread by sqrt((N - 1) / N).
  return float(stats.t.isf(_TAIL, freedom)) * math.sqrt(1 + 1 / freedom)


def significant_digits(value: float, uncertainty: float) -> int:
  """Return the digits that reach two places into the uncertainty, 2 to 8.

  Example:
    >>> significant_digits(2.9591e-4, 1e-8), significant_digits(3., 1.)
    (6, 2)
  """
  if not uncertainty > 0 or not value or not math.isfinite(uncertainty):
    return 8
  apart = (math.floor(math.log10(abs(value))) -
           math.floor(math.log10(uncertainty)))
  return min(max(apart + 2, 2), 8)


def coefficient_text(value: float, uncertainty: float,
                     simple: Fraction | None) -> str:
  """Write a coefficient as its simple number, or with the digits that count.

  Args:
    value: the fitted coefficient.
    uncertainty: its standard deviation.
    simple: the simple number that it agrees with, or None.

  Returns:
    The text.

  Example:
    >>> coefficient_text(-.9999873, 6e-6, Fraction(-1))
    '-1'
    >>> coefficient_text(2.93123, .04, None)
    '2.931'
    >>> coefficient_text(.5, 1e-6, Fraction(1, 2))
    '0.5'
    >>> coefficient_text(.3333332, 1e-6, Fraction(1, 3))
    '1/3'
  """
  if simple is None:
    return f"{value:.{significant_digits(value, uncertainty)}g}"
  exact = simple.denominator in (1, 2, 4, 5)
  return f"{float(simple):g}" if exact else str(simple)


def product_text(term: str, value: float, uncertainty: float,
                 simple: Fraction | None) -> str:
  """Write a coefficient's size and its term; nothing is written for 1.

  Args:
    term: the term's text.
    value: the fitted coefficient, whose sign is left out.
    uncertainty: its standard deviation.
    simple: the simple number that it agrees with, or None.

  Example:
    >>> product_text("v^2", -2.93123, .04, None)
    '2.931 v^2'
    >>> product_text("1/|r|", 2., 1e-6, Fraction(2))
    '2/|r|'
  """
  size = coefficient_text(abs(value), uncertainty,
                          None if simple is None else abs(simple))
  if term.startswith("1/") and "/" not in size:
    return size + term[1:]
  return term if size == "1" else f"{size} {term}"
