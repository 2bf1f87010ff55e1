"""Coefficients as people write them: simple numbers where that is certain."""

from __future__ import annotations

from fractions import Fraction
import math

# Chance that some simple number lies this close to a number drawn at random.
_CHANCE = .05
_SIGMAS = 2.5
_LARGEST = 12
_LARGEST_DENOMINATOR = 6
# A fit of clean data has an integrator's error, which no bootstrap shows.
_PRECISION = 5e-8


def simple_number(value: float, uncertainty: float) -> Fraction | None:
  """Return the simple number that a coefficient agrees with, if one is certain.

  Simple numbers are fractions up to 12 with denominators up to 6. One agrees if
  it lies within two standard deviations, and half a one more, because the
  bootstrap of a few trajectories understates the deviation by up to a fifth.
  The number is certain if so few simple numbers of its denominator or a smaller
  one exist that a random value is this close to one of them with a probability
  of at most 5 %: integers need an uncertainty below 1/100, halves below 1/200.

  Args:
    value: the fitted coefficient.
    uncertainty: its standard deviation.

  Returns:
    The number, or None.

  Example:
    >>> simple_number(-.9999873, 6.1e-6), simple_number(2.93, .04)
    (Fraction(-1, 1), None)
  """
  if not (math.isfinite(value) and math.isfinite(uncertainty)):
    return None
  near = max(_SIGMAS * uncertainty, _PRECISION * abs(value))
  if abs(value) > _LARGEST + near:
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
      return number
  return None


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


def coefficient_text(value: float, uncertainty: float) -> str:
  """Write a coefficient as a simple number, or with the digits that count.

  Example:
    >>> coefficient_text(-.9999873, 6.1e-6), coefficient_text(2.93, .04)
    ('-1', '2.93')
    >>> coefficient_text(.5, 1e-6), coefficient_text(1 / 3, 1e-6)
    ('0.5', '1/3')
  """
  simple = simple_number(value, uncertainty)
  if simple is None:
    return f"{value:.{significant_digits(value, uncertainty)}g}"
  exact = simple.denominator in (1, 2, 4, 5)
  return f"{float(simple):g}" if exact else str(simple)
