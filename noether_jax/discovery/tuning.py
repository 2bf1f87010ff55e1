"""Which number inside a function makes a quantity change least."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import math

import numpy as np
import scipy.optimize

from noether_jax.discovery.bordered import Columns
from noether_jax.discovery.bordered import deviations
from noether_jax.discovery.bordered import Part
from noether_jax.discovery.families import Argument
from noether_jax.discovery.families import arguments
from noether_jax.discovery.families import families
from noether_jax.discovery.families import Family
from noether_jax.discovery.families import written
from noether_jax.discovery.features import Features
from noether_jax.discovery.gradients import outside
from noether_jax.discovery.gradients import span
from noether_jax.discovery.moments import parallel
from noether_jax.discovery.moments import smallest
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term

# Rows that choose a number.
_MOST_ROWS = 3000
_PARTS = 6
# A ratio of a dense combination above this one is no law.
_HOPEFUL = .3
_BEST = 4
# A shorter number may have so many times the best ratio.
_SLACK = 1.1
_ROUNDING = 1e-13
_DIGITS = 9
# A number is shortened by at most this part of its standard error; by more
# where the ratio shows that no noise is there.
_NEAR, _NEAR_EXACT = .5, 5.
_EXACT = 1e-9
# The logarithm of a ratio that is no number.
_OVERFLOW = 100.


@dataclasses.dataclass(frozen=True, eq=False)
class Tuned:
  """A function whose number is fitted.

  Attributes:
    terms: one or two, of the number.
    ratio: the least ratio within/total of a combination.
    number: of the function.
    error: its standard error.
    argument: of the function.
    family: of the function.
  """
  terms: tuple[Term, ...]
  ratio: float
  number: float
  error: float
  argument: Argument
  family: Family

  @property
  def text(self) -> str:
    """For people."""
    return (f"the number in {self.terms[0].text} was fitted: "
            f"{self.number:.6g} with the standard error {self.error:.1g}")


@dataclasses.dataclass(frozen=True, eq=False)
class Scan:
  """Combinations of fixed terms and functions with a number.

  Attributes:
    subject: the columns.
    parts: thinned trajectories that choose: without each one of up to six
      groups, and at the end, all of them.
    points: `[m, D]`.
    slopes: of `[m D, F]`, gradients of the fixed terms there, by columns over
      their spread, outside the span of those of known laws.
    spread: `[D]`.
    axes: `[m, K, D]`, that span.
  """
  subject: Subject
  parts: tuple[Part, ...]
  points: np.ndarray
  slopes: Columns
  spread: np.ndarray
  axes: np.ndarray

  @classmethod
  def make(cls, samples: Samples, subject: Subject, fixed: Sequence[Term],
           known: np.ndarray) -> Scan:
    """Evaluate the fixed terms.

    Args:
      samples: trajectories; those that choose are kept.
      subject: the columns.
      fixed: F terms.
      known: `[m, K, D]`, gradients of known laws.
    """
    features = Features.make(samples, fixed)
    chosen = samples.split.chosen
    rows = sum(len(samples.states[n]) for n in chosen)
    step = max(1, rows // _MOST_ROWS)
    use = np.flatnonzero(features.usable)
    states = [samples.states[n][::step] for n in chosen]
    values = [features.values[n][::step][:, use] for n in chosen]
    parts = []
    for group in (*range(min(_PARTS, len(chosen))), None):
      kept = [n for n in range(len(chosen)) if n % _PARTS != group]
      parts.append(
          Part.make([states[n] for n in kept], [values[n] for n in kept]))
    axes = span(known)
    slopes = _flat(outside(features.slopes[:, use], axes))
    return cls(subject, tuple(parts), samples.points, Columns.make(slopes),
               samples.spread, axes)

  # What overflows for a number is no law for it.
  @np.errstate(all="ignore")
  def ratio(self,
            argument: Argument,
            family: Family,
            number: float,
            part: int = -1) -> float:
    """Return the least ratio within/total.

    Args:
      argument: of the functions.
      family: the functions.
      number: inside.
      part: which trajectories are used; all by default.
    """
    states, lengths, within, total = self.parts[part]
    u = argument.value(states)
    own = np.column_stack([f(u, number)[0] for f in family.functions])
    slopes = self._own_slopes(argument, family, number)
    if not np.isfinite(own).all() or not np.isfinite(slopes).all():
      return np.inf
    inside, whole = deviations(own, lengths)
    scatter = total.beside(whole)
    scale = np.sqrt(scatter.diagonal())
    least = 1e-9 * np.abs(own).max(0)
    if not (np.isfinite(scale) &
            (scale > 0)).all() or np.any(scale[-own.shape[1]:] <= least):
      return np.inf
    units = np.outer(scale, scale)
    scatter = scatter / units
    if self.axes.shape[1]:
      free = self.slopes.beside(slopes) / units / len(self.points)
      scatter = parallel(scatter, free)
    return float(smallest(within.beside(inside) / units, scatter)[0])

  def _own_slopes(self, argument: Argument, family: Family,
                  number: float) -> np.ndarray:
    """Return `slopes` of k functions, `[m D, k]`."""
    u = argument.value(self.points)
    steep = argument.gradient(self.points) * self.spread
    own = [f(u, number)[1][:, None] * steep for f in family.functions]
    return _flat(outside(np.stack(own, 1), self.axes))

  def bracket(self, argument: Argument,
              family: Family) -> tuple[float, float, float] | None:
    """Return the least ratio of the first numbers, and the ones beside it."""
    size = argument.value(self.parts[-1].states)
    unit = float(size.mean() if argument.squared else size.std())
    tried = family.numbers * family.unit(max(unit, 1e-300))
    ratios = np.array([self.ratio(argument, family, a) for a in tried])
    best = int(np.argmin(ratios))
    if not ratios[best] < _HOPEFUL or best in (0, len(tried) - 1):
      return None
    return float(ratios[best]), tried[best - 1], tried[best + 1]

  def tune(self, argument: Argument, family: Family) -> Tuned | None:
    """Fit the number of one family."""
    found = self.bracket(argument, family)
    if found is None:
      return None
    _, low, high = found
    number = self._least(argument, family, low, high)
    ratio = self.ratio(argument, family, number)
    parts = [
        self._least(argument, family, low, high, part=n)
        for n in range(len(self.parts) - 1)
    ]
    error = np.sqrt((len(parts) - 1) * np.var(parts))
    near = error * (_NEAR_EXACT if ratio < _EXACT else _NEAR)
    for digits in range(2, _DIGITS):
      short = float(f"{number:.{digits}g}")
      if abs(short - number) > near:
        continue
      if self.ratio(argument, family, short) <= _SLACK * ratio + _ROUNDING:
        number = short
        break
    return Tuned(function_terms(self.subject, argument, family, number), ratio,
                 number, float(error), argument, family)

  def _least(self,
             argument: Argument,
             family: Family,
             low: float,
             high: float,
             part: int = -1) -> float:

    def cost(number: float) -> float:
      # Infinity has no parabola; what is no number is no law.
      ratio = self.ratio(argument, family, number, part)
      return min(math.log(ratio +
                          _ROUNDING), _OVERFLOW) if ratio >= 0 else _OVERFLOW

    return float(
        scipy.optimize.minimize_scalar(cost,
                                       bounds=(low, high),
                                       method="bounded",
                                       options={
                                           "xatol": 1e-10 * abs(high),
                                           "maxiter": 60
                                       }).x)


def function_terms(subject: Subject, argument: Argument, family: Family,
                   number: float) -> tuple[Term, ...]:
  """Write the functions of a family as terms.

  Args:
    subject: the columns.
    argument: of the functions.
    family: the functions.
    number: inside.
  """
  texts = [written(text, argument, number) for text in family.texts]
  return subject.terms(*texts)


def _flat(slopes: np.ndarray) -> np.ndarray:
  """Return gradients `[m, k, D]` as columns `[m D, k]`."""
  return slopes.transpose(0, 2, 1).reshape(-1, slopes.shape[1])


def tune(samples: Samples, subject: Subject, fixed: Sequence[Term],
         known: np.ndarray) -> list[Tuned]:
  """Fit the number of each function beside fixed terms.

  Args:
    samples: trajectories; those that choose decide.
    subject: the columns.
    fixed: F terms.
    known: `[m, K, D]`, gradients of known laws at the samples' points, by
      columns over their spread.

  Returns:
    The best four, best first; none that cannot be a law.
  """
  scan = Scan.make(samples, subject, fixed, known)
  tried = [(argument, family)
           for argument in arguments(subject)
           for family in families(argument)]
  first = [(scan.bracket(*one), one) for one in tried]
  near = sorted(((found[0], n) for n, (found, _) in enumerate(first) if found))
  good = [scan.tune(*first[n][1]) for _, n in near[:_BEST]]
  return sorted((f for f in good if f is not None), key=lambda f: f.ratio)
