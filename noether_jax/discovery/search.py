"""One search of one set of columns, and what to say without a law."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import functools
from typing import NamedTuple

import numpy as np

from noether_jax.discovery.agreement import settled
from noether_jax.discovery.balance import nearest_balance
from noether_jax.discovery.climb import climb
from noether_jax.discovery.climb import MOST_TERMS
from noether_jax.discovery.climbed import Climb
from noether_jax.discovery.climbed import count_laws
from noether_jax.discovery.count import Count
from noether_jax.discovery.known import known_laws
from noether_jax.discovery.law import Law
from noether_jax.discovery.law import rank
from noether_jax.discovery.null import Null
from noether_jax.discovery.one_value import one_value
from noether_jax.discovery.requirements import MIN_ROWS
from noether_jax.discovery.roles import make_subject
from noether_jax.discovery.rungs.default import Rung
from noether_jax.discovery.rungs.network import network
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.symmetry import symmetries
from noether_jax.reporting import verdicts

SURE = (verdicts.CONSERVED, verdicts.BALANCE)
# Fewer trajectories than this are cut into windows.
_FEW = 3
# Measured rates that change a quantity by so many times their noise, or more,
# show that it is no law. So does a colour above this one.
_EXCUSED = 2.
_NEARLY = 5.
# A longer combination must change so many times less for each further term.
_PRICE = 1.25
# What one trajectory can show.
_BY_LOSSES = ("a balance law is verified, because losses lead through other "
              "values of it; too few to verify what is kept")
# A column takes part in a relation if its gradient does by this part.
_PART = .05


class Found(NamedTuple):
  """Laws of one set of columns."""
  laws: list[Law]
  climb: Climb
  messages: list[str]
  counted: Count


def search_samples(
    samples: Samples,
    vectors: tuple[tuple[int, ...], ...] | None,
    degree: int | None,
    rungs: Sequence[Rung],
    certify: bool,
    progress: Callable[[str], None],
    known: Sequence[str] = ()) -> Found:
  """Climb; without a law, look for the next best.

  Args:
    samples: the trajectories.
    vectors: indices of the components of each vector; found if None.
    degree: highest degree of polynomials; the rungs' own if None.
    rungs: functions that make terms.
    certify: find p-values on large libraries, too.
    progress: called with one line per stage.
    known: formulas of laws that are not looked for.

  Returns:
    The laws. Without any, what is approximately conserved along trajectories,
    within windows of them, or what has one value in all the data.
  """
  subject = make_subject(samples, vectors, degree)
  given = known_laws(known, subject)
  few = samples.rates is None and len(samples.raw) < _FEW
  search = functools.partial(climb,
                             subject=subject,
                             rungs=rungs,
                             seed=samples.seed,
                             certify=certify,
                             progress=progress,
                             known=given)
  parts = _in_windows(samples) if few else samples
  done = search(parts, pieces=few)
  if few:
    done = dataclasses.replace(done, is_open=network in rungs or None)
  else:
    done = dataclasses.replace(done, laws=settled(done.laws, samples, subject))
  laws = _with_symmetries(done.laws, subject, samples)
  found = Found(laws, done, list(done.notes), count_laws(samples, done, given))
  if done.left_out:
    found.messages.append(f"more terms than {MOST_TERMS}, so not searched: "
                          f"{', '.join(done.left_out)}")
  if done.num_identities:
    found.messages.append(_relations(samples, done))
  if samples.rates is not None:
    return found._replace(laws=laws or _doubtful(done.near))
  null, lengths = Null.best(done.nulls), list(map(len, parts.raw))
  found = found._replace(
      laws=laws or
      [nearest_balance(law, null, lengths) for law in _nearest(done.near)])
  if few:
    found = _too_few(found, len(samples.raw))
  if not samples.ordered:
    found = _untimed(found)
  elif not found.laws and not few:
    progress("no law: searching windows for an approximate one")
    found = _within_windows(found, search(_in_windows(samples), pieces=True))
  return _or_one_value(found, samples, subject, given)


def _or_one_value(found: Found, samples: Samples, subject: Subject,
                  given: Sequence[Law]) -> Found:
  """Without a law, say what has one value in all the data."""
  if any(law.verdict in SURE for law in found.laws):
    return found
  constant = one_value(samples, subject)
  if constant is not None and rank([*given, constant], samples.sample(500),
                                   samples.spread) > len(given):
    return found._replace(laws=[constant])
  return found


def _doubtful(near: Sequence[Law]) -> list[Law]:
  """What measured derivatives neither show to be a law nor to be none."""
  close = [
      w for w in near
      if w.evidence.excess < _EXCUSED and w.evidence.colour < _NEARLY
  ]
  return [
      dataclasses.replace(law,
                          verdict=verdicts.UNKNOWN,
                          reason=law.reason or verdicts.RATES)
      for law in _nearest(close)
  ]


def _relations(samples: Samples, done: Climb) -> str:
  """Name the columns that depend on each other."""
  parts = np.zeros(len(samples.variables))
  if done.normals is not None:
    parts = np.sqrt(np.mean(np.sum(done.normals**2, axis=1), axis=0))
  names = [v.name for v, p in zip(samples.variables, parts) if p > _PART]
  count = done.num_identities
  held = "a relation holds" if count == 1 else f"{count} relations hold"
  return (
      f"{held} between {', '.join(names)} in all the data (columns computed "
      "from others, or quantities with one value): laws that agree on it are "
      "one law")


def _too_few(found: Found, count: int) -> Found:
  """Doubt all laws of one or two trajectories."""
  balance = any(law.verdict == verdicts.BALANCE for law in found.laws)
  told = (f"{count} trajector{'y' if count == 1 else 'ies'}: "
          f"{_BY_LOSSES if balance else 'too few to verify a law'}; searched "
          "in windows of at least two cycles")
  # So few trajectories leave a greater doubt than coincidence within them.
  laws = [
      _demote(law, verdicts.UNKNOWN, verdicts.FEW,
              (verdicts.CONSERVED, verdicts.UNKNOWN)) for law in found.laws
  ]
  return found._replace(laws=laws, messages=[*found.messages, told])


def _untimed(found: Found) -> Found:
  """Doubt what changes a little: without times, that may be noise, or not."""
  return found._replace(laws=[
      _demote(law, verdicts.UNKNOWN, verdicts.UNTIMED, (verdicts.APPROXIMATE,))
      for law in found.laws
  ])


def _within_windows(found: Found, again: Climb) -> Found:
  """Take what is approximately conserved within windows of trajectories."""
  laws = [
      _demote(law, verdicts.APPROXIMATE)
      for law in _nearest([*again.laws, *again.near])
  ]
  done = dataclasses.replace(found.climb,
                             rejected=found.climb.rejected or again.rejected)
  told = ("nothing is conserved along whole trajectories; the law below holds "
          "within windows of two cycles")
  return found._replace(laws=laws,
                        climb=done,
                        messages=[*found.messages, *([told] if laws else [])])


def _with_symmetries(laws: Sequence[Law], subject: Subject,
                     samples: Samples) -> list[Law]:
  """Return laws with the symmetries that they generate."""
  names = symmetries(laws, subject.velocities, samples.sample(500))
  return [
      dataclasses.replace(law, symmetry=name) for law, name in zip(laws, names)
  ]


def _nearest(laws: Sequence[Law]) -> list[Law]:
  """Return the combination that comes nearest to a law, for its length."""
  length = lambda law: len(law.terms) + len(law.losses)
  ranked = sorted(laws, key=lambda w: w.evidence.ratio * _PRICE**length(w))
  return ranked[:1]


def _in_windows(samples: Samples) -> Samples:
  """Cut trajectories into windows of at least two of their cycles."""
  states, raw, times = [], [], []
  for s, r, t in zip(samples.states, samples.raw, samples.times):
    centred = s - s.mean(0)
    crossings = np.sum(np.diff(np.sign(centred), axis=0) != 0, axis=0)
    moving = np.delete(crossings, list(samples.constants))
    most = max(1, min(10, len(s) // MIN_ROWS))
    count = int(np.clip(moving.min() // 4, 1, most))
    states.extend(np.array_split(s, count))
    raw.extend(np.array_split(r, count))
    times.extend(np.array_split(t, count))
  return samples.select(states, raw, times)


def _demote(
    law: Law,
    verdict: str,
    reason: str = "",
    of: tuple[str, ...] = (verdicts.CONSERVED,)) -> Law:
  """Return a law with a lesser verdict, if it had one of some verdicts."""
  if law.verdict in of:
    return dataclasses.replace(law, verdict=verdict, reason=reason)
  return law
