"""The search of functions with a number inside, as a part of a climb."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
import dataclasses
import math

import numpy as np

from noether_jax.discovery.climbed import Climb
from noether_jax.discovery.climbed import count_laws
from noether_jax.discovery.climbed import gradients_at_points
from noether_jax.discovery.law import Law
from noether_jax.discovery.refining import refined
from noether_jax.discovery.rungs.tuned import tuned
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.series import arbitrary_numbers
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term
from noether_jax.discovery.tuning import Scan
from noether_jax.discovery.tuning import tune
from noether_jax.discovery.tuning import Tuned
from noether_jax.reporting import verdicts

# A function with a number is searched beside at most so many terms.
_MOST_FIXED = 20
# An energy of so many arbitrary numbers may approximate a function with a
# number inside; so may one that leaves more than its noise, by this factor, or
# without noise has a ratio above that.
_NUMBERS, _LEFT = 2, 1.05
_EXACT = 1e-10
# A law of fewer numbers may have so many times the ratio. What is left beside
# the noise differs clearly by the second factor, for one number more by the
# third.
_NO_WORSE, _CLEARLY, _FOR_ONE = 1.5, 1.01, 1.03
# A kinetic energy is one of all velocities above this part of the largest.
_SINGULAR = 1e-2


def climb_tuned(samples: Samples, subject: Subject, done: Climb, most: int,
                search: Callable[[Sequence[Term], Climb, int], Climb],
                progress: Callable[[str], None]) -> Climb:
  """Search functions with a number inside.

  It does so where no energy of all velocities was found, where less has a
  formula than is conserved, or where an energy approximates: not exact without
  noise, or with it, of arbitrary numbers or with more left than its noise. The
  new law is added, or replaces that energy if it is shorter and changes no
  more, or as short and leaves clearly less.

  Args:
    samples: trajectories; constants of a trial, and rates, are left alone.
    subject: the columns.
    done: the climb so far.
    most: number of laws that can be told apart.
    search: from terms, the climb so far and a number of laws to a climb.
    progress: called with one line.

  Returns:
    The climb.
  """
  if samples.rates is not None or samples.constants:
    return done
  energies = [w for w in done.laws if _is_energy(w, subject)]
  rough = [w for w in energies if _is_rough(w, samples)]
  count = count_laws(samples, done)
  missing = (count.at_least > count.with_formula or
             not _moves_all(energies, samples, subject))
  fixed = tuned(subject)
  # First without what may approximate: its error would pass for a further law.
  spared = [*rough, *([None] if missing and len(done.laws) < most else [])]
  if not spared or not 0 < len(fixed) <= _MOST_FIXED:
    return done
  progress("tuned: functions with a number inside")
  done = dataclasses.replace(done, climbed=(*done.climbed, "tuned"))
  for old in spared:
    rest = tuple(w for w in done.laws if w is not old)
    start = dataclasses.replace(done, laws=rest)
    for one, again in _further(samples, subject, start, fixed, search):
      new = again.laws[len(rest)]
      if old is not None and not is_better(new, old, 1):
        continue
      laws = again.laws if old is None else tuple(
          new if w is old else w for w in done.laws)
      return dataclasses.replace(again,
                                 laws=laws,
                                 notes=(*done.notes, one.text))
  return done


def _further(
    samples: Samples, subject: Subject, start: Climb, fixed: Sequence[Term],
    search: Callable[[Sequence[Term], Climb, int], Climb]
) -> Iterator[tuple[Tuned, Climb]]:
  """Yield functions, best first, with climbs that have one law more by them."""
  count = len(start.laws) + 1
  known = gradients_at_points(samples, start.laws)

  def beside(one: Tuned, own: Sequence[Term]) -> tuple[Tuned, Climb] | None:
    """Search for one law more, which has the function."""
    found = search((*own, *one.terms), start, count)
    has = len(found.laws) == count and any(
        term in one.terms for term in found.laws[-1].terms)
    return (one, found) if has else None

  def again(one: Tuned, own: Sequence[Term]) -> tuple[Tuned, Climb] | None:
    """Fit the number beside fewer terms, which determine it better."""
    scan = Scan.make(samples, subject, own, known)
    better = scan.tune(one.argument, one.family) or one
    return beside(refined(samples, subject, better, own), own)

  for one in tune(samples, subject, fixed, known):
    found = beside(refined(samples, subject, one, fixed), fixed)
    if found is None:
      continue
    one = found[0]
    own = [x for x in found[1].laws[-1].terms if x not in one.terms]
    if own:
      found = again(one, own) or found
    # Beside a term too many, noise leaves the number open.
    for term in own if samples.noisy else ():
      rest = [x for x in own if x is not term]
      shorter = again(one, rest) if rest else None
      if shorter and is_better(shorter[1].laws[-1], found[1].laws[-1], 0):
        own, found = rest, shorter
    yield found


def _is_energy(law: Law, subject: Subject) -> bool:
  """Whether a law has the square of a velocity; any law without velocities."""
  moving = {v for _, v in subject.velocities}
  return not moving or any(
      term.is_square and moving & set(term.factors[0][0].plus)
      for term in law.terms)


def _moves_all(laws: Sequence[Law], samples: Samples, subject: Subject) -> bool:
  """Whether energies have the squares of all velocities.

  The energy of the mean of two columns has those of their sum only.
  """
  moving = [v for _, v in subject.velocities]
  if not laws or not moving:
    return bool(laws)
  states = samples.sample(300)
  with np.errstate(all="ignore"):
    slopes = np.concatenate([law.gradient(states)[:, moving] for law in laws])
  sizes = np.linalg.svd(np.nan_to_num(slopes) * samples.spread[moving],
                        compute_uv=False)
  return bool(sizes[-1] > _SINGULAR * sizes[0])


def _is_rough(law: Law, samples: Samples) -> bool:
  """Whether a law that was found may approximate another form."""
  if law.verdict != verdicts.CONSERVED:
    return False
  if samples.noisy:
    return law.evidence.excess > _LEFT or arbitrary_numbers(
        law.form) >= _NUMBERS
  return law.evidence.ratio > _EXACT


def is_better(law: Law, other: Law, inside: int) -> bool:
  """Whether a law is to replace another one.

  With fewer numbers, it must not change clearly more. With as many, it must
  change clearly less; with one more, more clearly so.

  Args:
    law: with a number inside a function.
    other: that it may replace.
    inside: by how many numbers inside functions the law has more.
  """
  if law.verdict != verdicts.CONSERVED:
    return False
  new, old = law.evidence, other.evidence
  longer = len(law.terms) - len(other.terms)
  if math.isinf(old.excess):
    return longer < 0 and new.ratio < _NO_WORSE * old.ratio
  longer += inside
  if longer < 0:
    return (new.ratio < _NO_WORSE * old.ratio and
            new.excess <= _CLEARLY * max(old.excess, 1.))
  less = _FOR_ONE if longer else _CLEARLY
  return longer <= 1 and new.excess * less < old.excess
