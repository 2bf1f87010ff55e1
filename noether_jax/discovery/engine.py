"""From trajectories to ranked, verified conserved quantities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import functools
from typing import Any

import numpy as np
import threadpoolctl

from noether_jax.data import smoothing
from noether_jax.data.columns import Variable
from noether_jax.data.conversion import as_trajectories
from noether_jax.data.conversion import Columns
from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery import library
from noether_jax.discovery.evidence import UNVERIFIED
from noether_jax.discovery.law import Law
from noether_jax.discovery.library import as_vectors
from noether_jax.discovery.library import Vectors
from noether_jax.discovery.result import Discovery
from noether_jax.discovery.search import MIN_ROWS
from noether_jax.discovery.search import Search
from noether_jax.errors import InputError
from noether_jax.symbolic.noise import StateNoise

# Above this noise, relative to the signal, the raw data are smoothed first.
_SMOOTH_ABOVE = .03
_FEW = 3
_MOST_ROWS = 200_000


def check_columns(states: Sequence[np.ndarray],
                  variables: Sequence[Variable]) -> None:
  """Refuse data in which no law can be looked for.

  Args:
    states: N arrays `[T_i, D]`.
    variables: D columns.

  Raises:
    InputError: if a column never changes within a trajectory, is not finite or
      beyond 1e30, a trajectory is shorter than 20 samples, or there is only one
      column.

  Example:
    >>> check_columns([np.ones((30, 1))], [Variable("q")])
    Traceback (most recent call last):
    ...
    noether_jax.errors.InputError: Column 'q' never changes within ...
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
    if all(np.ptp(c) <= 1e-12 * max(largest, 1e-300) for c in columns):
      raise InputError(f"Column {variable.name!r} never changes within a "
                       "trajectory, so it is trivially conserved: leave it out "
                       "of the columns.")
  if len(variables) < 2:
    raise InputError(
        f"One column of state, {variables[0].name!r}: a law needs two or more. "
        "Add its time derivative as a column; "
        "noether_jax.data.local_polynomial(times, states) estimates it.")


def _prepare(
    states: Sequence[np.ndarray],
    times: Sequence[np.ndarray]) -> tuple[list[np.ndarray], StateNoise, bool]:
  """Smooth noisy states; return them, their noise, and whether smoothed."""
  noise = StateNoise.estimate(states, times)
  spread = np.concatenate(states).std(0)
  smoothed = bool(np.any(noise.sigma > _SMOOTH_ABOVE * spread))
  if not smoothed:
    return list(states), noise, False
  parts = [
      smoothing.local_polynomial(t, s, order=2) for t, s in zip(times, states)
  ]
  gain = float(np.mean([p[2] for p in parts]))
  return [p[0] for p in parts], noise.scaled(gain), True


def discover(data: Any,
             times: Any = None,
             *,
             columns: Columns | None = None,
             trial: str | None = None,
             time: str | None = None,
             degree: int | None = None,
             vectors: Vectors | None = None,
             seed: int = 0,
             progress: Callable[[str], None] = lambda _: None) -> Discovery:
  """Find what stays constant along trajectories and differs between them.

  A combination c of candidate terms is a law if its scatter within
  trajectories, W, is small beside its total scatter T. The smallest solution of
  W c = lambda T c is made sparse by backward elimination, and judged on
  trajectories that took no part in either (see `Evidence`).

  One or two trajectories are cut into windows of at least two cycles. Such a
  law is never more than unverified, because the data hold too few of its
  values.

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
    seed: of the bootstrap and the split.
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
  return _discover(known, degree, chosen, seed, progress)


# Thousands of small eigenproblems: more BLAS threads only wait for each other.
@threadpoolctl.threadpool_limits.wrap(limits=1, user_api="blas")
def _discover(data: Trajectories, degree: int | None,
              vectors: tuple[tuple[int, ...], ...] | None, seed: int,
              progress: Callable[[str], None]) -> Discovery:
  """Search checked trajectories."""
  messages = list(data.messages)
  prepared, noise, smoothed = _prepare(data.states, data.times)
  if smoothed:
    messages.append("noise above 3 %: the data were smoothed (9 samples)")
  prepared, times, step = _thin(prepared, data.times)
  if step > 1:
    messages.append(f"many rows: every {step}th of each trajectory was used; "
                    "the noise was estimated from all rows")
  terms = library.library(data.variables,
                          degree=degree,
                          vectors=vectors,
                          positive=_positive(data.variables, prepared))
  few = len(prepared) < _FEW
  make = functools.partial(Search.make, data.variables, terms, prepared, times,
                           noise, seed, progress)
  search = make(few)
  laws, rejected = search.run()
  if not laws and not few:
    progress("no law: searching windows for an approximate one")
    search = make(True)
    laws, again = search.run()
    rejected = rejected or again
    laws = [_demote(law, "approximately conserved") for law in laws]
    if laws:
      messages.append("nothing is conserved along whole trajectories; the law "
                      "below holds within windows of two cycles")
  if few:
    messages.append(
        f"{len(prepared)} trajector{'y' if len(prepared) == 1 else 'ies'}: too "
        "few to verify a law; searched in windows of at least two cycles")
    laws = [_demote(law, UNVERIFIED) for law in laws]
    constant = search.constant() if len(prepared) == 1 else None
    laws = [constant] if constant is not None else laws
  exact = [law for law in laws if law.verdict == "conserved"]
  return Discovery(data, tuple(laws), len(exact), None if laws else rejected,
                   len(terms), noise, smoothed, tuple(search.split.held_out),
                   tuple(messages))


def _thin(
    states: Sequence[np.ndarray], times: Sequence[np.ndarray]
) -> tuple[list[np.ndarray], list[np.ndarray], int]:
  """Thin trajectories of very many rows; return also the stride.

  A law holds at each sample, so more samples make it hardly more certain. But
  the values of the terms at all samples would fill the memory.
  """
  step = max(1, sum(map(len, states)) // _MOST_ROWS)
  steps = [max(1, min(step, len(s) // (10 * MIN_ROWS))) for s in states]
  return [s[::k] for s, k in zip(states, steps)
         ], [t[::k] for t, k in zip(times, steps)], max(steps)


def _positive(variables: Sequence[Variable],
              states: Sequence[np.ndarray]) -> list[int]:
  """Columns that stay positive and vary, so that they have a logarithm."""
  everything = np.concatenate(states)
  low, high = everything.min(0), everything.max(0)
  return [
      i for i, v in enumerate(variables)
      if not v.unit.is_angle and low[i] > 0 and high[i] > 1.5 * low[i]
  ]


def _demote(law: Law, verdict: str) -> Law:
  if law.verdict == "conserved":
    return dataclasses.replace(law, verdict=verdict)
  return law
