"""Which number inside a function makes a quantity change least."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np
import scipy.optimize

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
    states: N arrays `[T_i, D]`, thinned; of trajectories that choose.
    fixed: N arrays `[T_i, F]`, fixed terms.
    points: `[m, D]`.
    slopes: `[m, F, D]`, gradients of the fixed terms there, by columns over
      their spread.
    spread: `[D]`.
    axes: `[m, K, D]`, the span of the gradients of known laws.
  """
  subject: Subject
  states: tuple[np.ndarray, ...]
  fixed: tuple[np.ndarray, ...]
  points: np.ndarray
  slopes: np.ndarray
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
    return cls(subject, tuple(samples.states[n][::step] for n in chosen),
               tuple(features.values[n][::step][:, use] for n in chosen),
               samples.points, features.slopes[:, use], samples.spread,
               span(known))

  # What overflows for a number is no law for it.
  @np.errstate(all="ignore")
  def ratio(self,
            argument: Argument,
            family: Family,
            number: float,
            without: int = -1) -> float:
    """Return the least ratio within/total.

    Args:
      argument: of the functions.
      family: the functions.
      number: inside.
      without: the part of the trajectories that is left out.
    """
    u = argument.value(self.points)
    outer = [f(u, number)[1] for f in family.functions]
    steep = argument.gradient(self.points) * self.spread
    slopes = np.concatenate(
        [self.slopes,
         np.stack([o[:, None] * steep for o in outer], 1)], axis=1)
    tables = []
    for n, (states, fixed) in enumerate(zip(self.states, self.fixed)):
      if n % _PARTS == without:
        continue
      u = argument.value(states)
      tables.append(
          np.column_stack([fixed] +
                          [f(u, number)[0] for f in family.functions]))
    every = np.concatenate(tables)
    if not np.isfinite(every).all() or not np.isfinite(slopes).all():
      return np.inf
    scale = every.std(0)
    if not np.isfinite(scale).all() or np.any(scale <= 1e-9 *
                                              np.abs(every).max(0)):
      return np.inf
    tables = [t / scale for t in tables]
    within = np.mean([np.cov(t.T, bias=True) for t in tables], axis=0)
    total = np.cov((every / scale).T, bias=True)
    if self.axes.shape[1]:
      free = outside(slopes / scale[:, None], self.axes)
      flat = free.transpose(1, 0, 2).reshape(len(scale), -1)
      total = parallel(total, flat @ flat.T / len(free))
    return float(smallest(within, total)[0])

  def bracket(self, argument: Argument,
              family: Family) -> tuple[float, float, float] | None:
    """Return the least ratio of the first numbers, and the ones beside it."""
    size = np.concatenate([argument.value(s) for s in self.states])
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
        self._least(argument, family, low, high, without=n)
        for n in range(min(_PARTS, len(self.states)))
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
    return Tuned(self.terms(argument, family, number), ratio, number,
                 float(error), argument, family)

  def _least(self,
             argument: Argument,
             family: Family,
             low: float,
             high: float,
             without: int = -1) -> float:
    cost = lambda a: np.log(
        self.ratio(argument, family, a, without) + _ROUNDING)
    return float(
        scipy.optimize.minimize_scalar(cost,
                                       bounds=(low, high),
                                       method="bounded",
                                       options={
                                           "xatol": 1e-10 * abs(high),
                                           "maxiter": 60
                                       }).x)

  def terms(self, argument: Argument, family: Family,
            number: float) -> tuple[Term, ...]:
    """Write the functions as terms."""
    texts = [written(text, argument, number) for text in family.texts]
    return self.subject.terms(*texts)


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
