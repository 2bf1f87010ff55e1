"""Forms of arbitrary numbers: series that may approximate anything."""

from __future__ import annotations

import math

import numpy as np

from noether_jax.discovery.forms import Combination
from noether_jax.discovery.forms import Form
from noether_jax.discovery.law import Law
from noether_jax.reporting import simple_numbers
from noether_jax.symbolic.units import Unit

# Forms of fewer terms, or of fewer arbitrary numbers, are no series.
_TERMS, _NUMBERS = 6, 4
# A change of this part of the variance, hidden by noise, is next to nothing; so
# is the second one without noise, where a series may come close on short arcs.
_MOST, _EXACT = 3e-4, 1e-8
# If noise may hide more than the first part, a form of so many arbitrary
# numbers is doubted unless its residual has less colour.
_MUCH, _FEWER, _WHITE = .01, 3, .75
# Without noise, a law determines half of its numbers to this part, or more.
_OPEN = .1
# Sizes that differ by less than this part are one number.
_ALIKE = 1 / 8


def is_series(law: Law) -> bool:
  """Whether a form may be a series that only approximates.

  A law has few numbers: coefficients are simple, or several are alike, because
  bodies and directions are. Those of a series are arbitrary. It shows by its
  residual where noise excuses next to nothing. Where noise may hide much, a
  form of fewer numbers is doubted, too, if its residual is hardly white.
  Without noise, a form is doubted if the data determine less than half of its
  numbers.

  Args:
    law: with its evidence; losses do not count.
  """
  evidence, form = law.evidence, law.form
  noisy = not math.isinf(evidence.excess)
  if evidence.corrected < (_MOST if noisy else _EXACT):
    return False
  count, arbitrary = len(law.terms), arbitrary_numbers(form)
  if not noisy:
    left_open = form.uncertainties > _OPEN * np.abs(form.coefficients)
    if np.sum(left_open) >= max((count - 1) / 2, 1):
      return True
  elif evidence.corrected > _MUCH and evidence.colour > _WHITE:
    return arbitrary >= _FEWER
  return count >= _TERMS and arbitrary >= max(_NUMBERS, count / 2)


def arbitrary_numbers(form: Form) -> int:
  """How many coefficients are neither simple nor of the size of one before.

  Coefficients of terms of different units do not compare. A network has none.
  """
  if not isinstance(form, Combination):
    return 0
  numbers = zip(form.terms, np.abs(form.coefficients), form.uncertainties)
  known: list[tuple[Unit, float]] = []
  count = 0
  for n, (term, size, error) in enumerate(numbers):
    simple = simple_numbers.agreement(float(size), float(error), form.freedom)
    if n != form.reference and size and simple is None and not any(
        unit == term.unit and abs(size - other) < _ALIKE * max(size, other)
        for unit, other in known):
      count += 1
    known.append((term.unit, float(size)))
  return count
