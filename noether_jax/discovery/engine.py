"""From trajectories to ranked, verified conserved quantities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import functools
import math
from typing import Any, NamedTuple

import numpy as np
import threadpoolctl

from noether_jax.data.columns import Variable
from noether_jax.data.conversion import as_trajectories
from noether_jax.data.conversion import Columns
from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery.climb import Climb
from noether_jax.discovery.climb import climb
from noether_jax.discovery.law import Law
from noether_jax.discovery.null import Null
from noether_jax.discovery.one_value import one_value
from noether_jax.discovery.result import Discovery
from noether_jax.discovery.roles import has_velocities
from noether_jax.discovery.roles import make_subject
from noether_jax.discovery.rungs.default import default
from noether_jax.discovery.rungs.default import Rung
from noether_jax.discovery.samples import find_constants
from noether_jax.discovery.samples import prepare
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.vectors import as_vectors
from noether_jax.discovery.vectors import Vectors
from noether_jax.discovery.velocities import can_have_velocities
from noether_jax.discovery.velocities import with_velocities
from noether_jax.errors import InputError
from noether_jax.reporting import verdicts

MIN_ROWS = 20
_FEW = 3
_SURE = (verdicts.CONSERVED, verdicts.BALANCE)


def check_columns(states: Sequence[np.ndarray],
                  variables: Sequence[Variable]) -> None:
  """Refuse data in which no law can be looked for.

  Args:
    states: N arrays `[T_i, D]`.
    variables: D columns.

  Raises:
    InputError: if a column never changes in all the data, is not finite or
      beyond 1e30, or a trajectory is shorter than 20 samples.

  Example:
    >>> check_columns([np.ones((30, 1))], [Variable("q")])
    Traceback (most recent call last):
    ...
    noether_jax.errors.InputError: Column 'q' never changes, so it is ...
  """
  if not states:
    raise InputError("There is no trajectory.")
  for n, s in enumerate(states):
    if len(s) < MIN_ROWS:
      raise InputError(
          f"Trajectory {n + 1} of {len(states)} has {len(s)} rows: "
          f"at least {MIN_ROWS} are needed.")
  for i, variable in enumerate(variables):
    columns = [s[:, i] for s in states]
    largest = max(np.abs(c).max() for c in columns)
    if not largest < 1e30:
      raise InputError(f"Column {variable.name!r} holds values beyond 1e30 or "
                       "not finite: choose other units or mend the rows.")
    still = all(np.ptp(c) <= 1e-12 * max(largest, 1e-300) for c in columns)
    if still and i not in find_constants(states):
      raise InputError(f"Column {variable.name!r} never changes, so it is "
                       "trivially conserved: leave it out of the columns.")


def discover(data: Any,
             times: Any = None,
             *,
             columns: Columns | None = None,
             trial: str | None = None,
             time: str | None = None,
             degree: int | None = None,
             vectors: Vectors | None = None,
             rungs: Sequence[Rung] | None = None,
             seed: int = 0,
             certify: bool = False,
             progress: Callable[[str], None] = lambda _: None) -> Discovery:
  """Find what stays constant along trajectories and differs between them.

  A combination c of candidate terms is a law if its scatter within
  trajectories, W, is small beside its total scatter T. The smallest solution of
  W c = lambda T c is made sparse by backward elimination, and judged on
  trajectories that took no part in either (see `Evidence`).

  One or two trajectories are cut into windows of at least two cycles. Such a
  law is none that one can tell from a coincidence ("cannot tell"), because the
  data hold too few of its values.

  Args:
    data: a list of arrays `[T, D]`, one array `[N, T, D]` or `[T, D]`, a table,
      or the path of a file (see `as_trajectories`).
    times: N arrays `[T]`, increasing, or one for all; the row number if None.
    columns: names and units of the D columns, such as `"q:rad,p:1/s"` or
      `{"q": "rad", "p": "1/s"}`. A column in rad enters by sine and cosine.
    trial: column of a table that tells trials apart.
    time: column of a table that holds the times.
    degree: highest polynomial degree; chosen from D if None.
    vectors: names of the components of vectors, such as
      `[("x", "y"), ("vx", "vy")]` or `"x,y;vx,vy"`; `()` for none; recognised
      by name if None.
    rungs: functions that make candidate terms of the columns, small libraries
      first, such as `[*noether_jax.rungs.default, mine]`; the default if None.
    seed: of the bootstrap and the split.
    certify: find p-values on large libraries, too; it takes longer.
    progress: called with one line per stage.

  Returns:
    The discovery.

  Raises:
    InputError: if the data or the arguments cannot be used (see
      `check_columns`).

  Example:
    >>> angle = np.linspace(0, 6, 60)[:, None]
    >>> circle = np.hstack([np.cos(angle), np.sin(angle)])
    >>> found = discover([r * circle for r in (1., 2., 3., 4., 5.)],
    ...                  columns="q,p", degree=2)
    >>> found.laws[0].text, found.independent
    ('q^2 + p^2', 1)
  """
  known = as_trajectories(data, times, columns=columns, trial=trial, time=time)
  try:
    check_columns(known.states, known.variables)
  except InputError as error:
    if known.source:
      raise InputError(f"{known.source}: {error}") from error
    raise
  chosen = None if vectors is None else as_vectors(vectors, known.variables)
  return _discover(known, degree, chosen,
                   default if rungs is None else tuple(rungs), seed, certify,
                   progress)


# Thousands of small eigenproblems: more BLAS threads only wait for each other.
@threadpoolctl.threadpool_limits.wrap(limits=1, user_api="blas")
def _discover(data: Trajectories, degree: int | None,
              vectors: tuple[tuple[int, ...], ...] | None,
              rungs: Sequence[Rung], seed: int, certify: bool,
              progress: Callable[[str], None]) -> Discovery:
  """Search checked trajectories."""
  samples = prepare(data, seed)
  search = functools.partial(_search,
                             vectors=vectors,
                             degree=degree,
                             rungs=rungs,
                             certify=certify or len(data.variables) <= 4,
                             progress=progress)
  alone = len(samples.variables) - len(samples.constants) == 1
  if alone:
    need_velocity(samples)
    samples = with_velocities(samples)
  found = search(samples)
  sure = any(law.verdict in _SURE for law in found.laws)
  if not (sure or alone
         ) and not has_velocities(samples) and can_have_velocities(samples):
    progress("no law: velocities are estimated from the columns")
    more = with_velocities(samples)
    again = search(more)
    if any(law.verdict in _SURE for law in again.laws):
      samples, found = more, again
  if samples.variables != data.variables:
    data = _extended(data, samples)
  laws, messages = found.laws, [
      *data.messages, *samples.messages, *found.messages
  ]
  null = Null.best(found.climb.nulls)
  exact = [law for law in laws if law.verdict == verdicts.CONSERVED]
  return Discovery(data, tuple(laws), len(exact),
                   None if laws else found.climb.rejected,
                   found.climb.num_terms, samples.noise, samples.smoothed,
                   tuple(samples.split.held_out), tuple(messages),
                   null.p_value if null else math.nan, found.climb.climbed)


def need_velocity(samples: Samples) -> None:
  """Refuse a single column whose derivative cannot be estimated.

  Raises:
    InputError: if there are no times, or too few rows.
  """
  if not can_have_velocities(samples):
    raise InputError(
        f"One column of state, {samples.variables[0].name!r}: a law needs two "
        "or more. Its time derivative could be estimated as a second one, if "
        "the data held times and enough rows (40 in each trial).")


def _extended(data: Trajectories, samples: Samples) -> Trajectories:
  """The trajectories with the columns that were estimated."""
  return dataclasses.replace(data,
                             variables=samples.variables,
                             times=samples.times,
                             states=samples.states,
                             derivatives=None,
                             clean=None,
                             others={})


class _Found(NamedTuple):
  """Laws of one set of columns."""
  laws: list[Law]
  climb: Climb
  messages: list[str]


def _search(samples: Samples, vectors: tuple[tuple[int, ...], ...] | None,
            degree: int | None, rungs: Sequence[Rung], certify: bool,
            progress: Callable[[str], None]) -> _Found:
  """Climb; without a law, look for the next best."""
  subject = make_subject(samples, vectors, degree)
  few = len(samples.raw) < _FEW
  search = functools.partial(climb,
                             subject=subject,
                             rungs=rungs,
                             seed=samples.seed,
                             certify=certify,
                             progress=progress)
  messages: list[str] = []
  done = search(in_windows(samples) if few else samples)
  laws = list(done.laws) or nearest(done.near)
  if not laws and not few:
    progress("no law: searching windows for an approximate one")
    again = search(in_windows(samples))
    laws = [
        _demote(law, verdicts.APPROXIMATE)
        for law in (nearest([*again.laws, *again.near]))
    ]
    done = dataclasses.replace(done, rejected=done.rejected or again.rejected)
    if laws:
      messages.append("nothing is conserved along whole trajectories; the law "
                      "below holds within windows of two cycles")
  if few:
    messages.append(
        f"{len(samples.raw)} trajector{'y' if len(samples.raw) == 1 else 'ies'}"
        ": too few to verify a law; searched in windows of at least two cycles")
    laws = [_demote(law, verdicts.UNKNOWN, verdicts.FEW) for law in laws]
  if not any(law.verdict in _SURE for law in laws):
    constant = one_value(samples, subject)
    if constant is not None:
      laws = [constant]
  return _Found(laws, done, messages)


def nearest(laws: Sequence[Law]) -> list[Law]:
  """Return the shortest of the best combinations that are no exact law."""
  best = min((law.evidence.ratio for law in laws), default=0.)
  near = [law for law in laws if law.evidence.ratio <= 5 * best]
  return sorted(near, key=lambda w: (len(w.terms), w.evidence.ratio))[:1]


def in_windows(samples: Samples) -> Samples:
  """Cut trajectories into windows of at least two of their cycles."""
  states, raw, times = [], [], []
  for s, r, t in zip(samples.states, samples.raw, samples.times):
    centred = s - s.mean(0)
    crossings = np.sum(np.diff(np.sign(centred), axis=0) != 0, axis=0)
    moving = np.delete(crossings, list(samples.constants))
    count = int(np.clip(moving.min() // 4, 1, min(10, len(s) // MIN_ROWS)))
    states.extend(np.array_split(s, count))
    raw.extend(np.array_split(r, count))
    times.extend(np.array_split(t, count))
  return samples.select(states, raw, times)


def _demote(law: Law, verdict: str, reason: str = "") -> Law:
  if law.verdict == verdicts.CONSERVED:
    return dataclasses.replace(law, verdict=verdict, reason=reason)
  return law
