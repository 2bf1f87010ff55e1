"""The search of functions with a number inside, as a part of a climb."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses

import numpy as np

from noether_jax.discovery.climbed import Climb
from noether_jax.discovery.climbed import count_laws
from noether_jax.discovery.climbed import gradients_at_points
from noether_jax.discovery.law import Law
from noether_jax.discovery.rungs.tuned import tuned
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term
from noether_jax.discovery.tuning import Scan
from noether_jax.discovery.tuning import tune
from noether_jax.reporting import verdicts

# A function with a number is searched beside at most so many terms.
_MOST_FIXED = 20
# An energy of more terms than this, or without noise of a ratio above that, may
# approximate a function with a number inside.
_SHORT = 4
_EXACT = 1e-10
# A shorter law may have so many times the ratio.
_NO_WORSE = 1.5
# A kinetic energy is one of all velocities above this part of the largest.
_SINGULAR = 1e-2


def climb_tuned(samples: Samples, subject: Subject, done: Climb, most: int,
                search: Callable[[Sequence[Term], Climb, int], Climb],
                progress: Callable[[str], None]) -> Climb:
  """Search functions with a number inside.

  It does so where no energy of all velocities was found, where less has a
  formula than is conserved, or where an energy approximates: not exact without
  noise, or of many terms. The new law replaces it if it is shorter and changes
  no more.

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
  rough = next((w for w in energies if _is_rough(w, samples)), None)
  rest = tuple(w for w in done.laws if w is not rough)
  fixed = tuned(subject)
  count = count_laws(samples, done)
  missing = (count.at_least > count.with_formula or
             not _moves_all(energies, samples, subject))
  if not missing and rough is None or len(rest) >= most or not (0 < len(fixed)
                                                                <= _MOST_FIXED):
    return done
  progress("tuned: functions with a number inside")
  done = dataclasses.replace(done, climbed=(*done.climbed, "tuned"))
  known = gradients_at_points(samples, rest)
  for one in tune(samples, subject, fixed, known):
    again = search((*fixed, *one.terms), dataclasses.replace(done, laws=rest),
                   len(rest) + 1)
    new = again.laws[len(rest):]
    if new:
      # Fewer terms beside it determine the number better.
      own = [x for x in new[0].terms if x not in one.terms]
      better = one
      if own:
        scan = Scan.make(samples, subject, own, known)
        better = scan.tune(one.argument, one.family) or one
      final = search((*own, *better.terms), dataclasses.replace(done,
                                                                laws=rest),
                     len(rest) + 1)
      if len(final.laws) > len(rest):
        one, again, new = better, final, final.laws[len(rest):]
    if new and (rough is None or _is_better(new[0], rough)):
      laws = again.laws if rough is None else tuple(
          new[0] if w is rough else w for w in done.laws)
      return dataclasses.replace(again,
                                 laws=laws,
                                 notes=(*done.notes, one.text))
  return done


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
    return len(law.terms) > _SHORT
  return law.evidence.ratio > _EXACT


def _is_better(law: Law, other: Law) -> bool:
  """Whether a law is shorter than another one and changes no more."""
  return law.verdict == verdicts.CONSERVED and len(law.terms) < len(
      other.terms) and law.evidence.ratio < _NO_WORSE * other.evidence.ratio
