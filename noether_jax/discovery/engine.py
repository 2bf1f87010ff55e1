"""From trajectories to ranked, verified conserved quantities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
from typing import Any

import numpy as np
import threadpoolctl

from noether_jax.data import smoothing
from noether_jax.data.columns import Variable
from noether_jax.discovery import library
from noether_jax.discovery.law import Law
from noether_jax.discovery.law import UNVERIFIED
from noether_jax.discovery.search import MIN_ROWS
from noether_jax.discovery.search import Search
from noether_jax.errors import InputError

# Above this noise, relative to the signal, the raw data are smoothed first.
_SMOOTH_ABOVE = .03
_FEW = 3


@dataclasses.dataclass(frozen=True)
class Discovery:
  """What was found.

  Attributes:
    variables: the D columns.
    laws: exact laws first, then approximate ones; functionally independent.
    independent: number of independent exact laws.
    best_rejected: the best combination that is no law, if no law was found.
    num_terms: size of the library.
    noise: `[D]` estimated noise of each column, in its unit.
    smoothed: whether the data were smoothed before the search.
    held_out: indices of the trajectories that gave the evidence.
    messages: what a user should know.
  """
  variables: tuple[Variable, ...]
  laws: tuple[Law, ...]
  independent: int
  best_rejected: Law | None
  num_terms: int
  noise: np.ndarray
  smoothed: bool
  held_out: tuple[int, ...]
  messages: tuple[str, ...]

  @property
  def verdict(self) -> str:
    """One line."""
    if self.independent:
      plural = "s" if self.independent > 1 else ""
      return f"{self.independent} independent conservation law{plural} found"
    kinds = {law.verdict for law in self.laws}
    if UNVERIFIED in kinds:
      return ("no law can be verified: a quantity is conserved here, but there "
              "are too few trajectories to tell it from a coincidence")
    if "approximately conserved" in kinds:
      return "no exact law found; approximately conserved quantity found"
    if kinds:
      return ("no law can be verified: a combination is constant in all the "
              "data, but they hold only one value of it")
    return "no law found"


def check_columns(states: Sequence[np.ndarray],
                  variables: Sequence[Variable]) -> None:
  """Refuses data in which no law can be looked for.

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
                       "of --columns.")
  if len(variables) < 2:
    raise InputError(
        f"One column of state, {variables[0].name!r}: a law needs two or more. "
        "Add its rate of change as a column; "
        "noether_jax.data.local_polynomial(times, states) estimates it.")


def _prepare(states: Sequence[np.ndarray],
             times: Sequence[np.ndarray]) -> tuple[list[np.ndarray], Any, Any]:
  """Smooths where noise asks for it: states, remaining noise, smoothed."""
  noise = smoothing.noise_level(states, times)
  spread = np.concatenate(states).std(0)
  smoothed = bool(np.any(noise > _SMOOTH_ABOVE * spread))
  if not smoothed:
    return list(states), noise, False
  parts = [
      smoothing.local_polynomial(t, s, order=2) for t, s in zip(times, states)
  ]
  gain = float(np.mean([p[2] for p in parts]))
  return [p[0] for p in parts], noise * gain, True


# Thousands of small eigenproblems: more BLAS threads only wait for each other.
@threadpoolctl.threadpool_limits.wrap(limits=1, user_api="blas")
def discover(states: Sequence[np.ndarray],
             variables: Sequence[Variable],
             *,
             times: Sequence[np.ndarray] | None = None,
             degree: int | None = None,
             vectors: Sequence[tuple[int, ...]] | None = None,
             seed: int = 0,
             bootstrap: int = 100,
             progress: Callable[[str], None] = lambda _: None) -> Discovery:
  """Finds what stays constant along trajectories and differs between them.

  A combination c of the library's terms is a law if its scatter within
  trajectories, W, is small beside its total scatter T: the smallest solution of
  W c = lambda T c, made sparse by backward elimination, and judged on
  trajectories that took no part in either (see `evidence.Evidence`).

  One or two trajectories are cut into windows of at least two cycles; what they
  show can be at best approximate, for they hold too few values of a law.

  Args:
    states: N arrays `[T_i, D]`.
    variables: D columns with units.
    times: N arrays `[T_i]`, increasing; the row number if None.
    degree: highest polynomial degree; chosen from D if None.
    vectors: indices of the components of vectors; recognised by name if None.
    seed: of the bootstrap and the split.
    bootstrap: number of resamples for the uncertainties.
    progress: called with one line per stage.

  Returns:
    The discovery.

  Raises:
    InputError: if the data cannot hold a law (see `check_columns`).

  Example:
    >>> angle = np.linspace(0, 6, 60)[:, None]
    >>> circle = np.hstack([np.cos(angle), np.sin(angle)])
    >>> found = discover([r * circle for r in (1., 2., 3., 4., 5.)],
    ...                  [Variable("q"), Variable("p")], degree=2)
    >>> found.laws[0].text, found.independent
    ('q^2 + p^2', 1)
  """
  variables = tuple(variables)
  check_columns(states, variables)
  if times is None:
    times = [np.arange(float(len(s))) for s in states]
  messages = []
  prepared, noise, smoothed = _prepare(states, times)
  if smoothed:
    messages.append("noise above 3 %: the data were smoothed (9 samples)")
  everything = np.concatenate(prepared)
  positive = [
      i for i, v in enumerate(variables)
      if not v.unit.is_angle and everything[:, i].min() > 0 and
      everything[:, i].max() > 1.5 * everything[:, i].min()
  ]
  terms = library.library(variables,
                          degree=degree,
                          vectors=vectors,
                          positive=positive)
  few = len(prepared) < _FEW
  search = Search.make(variables, terms, prepared, times, noise, seed,
                       bootstrap, progress, few)
  laws, rejected = search.run()
  if not laws and not few:
    progress("no law: searching windows for an approximate one")
    search = Search.make(variables, terms, prepared, times, noise, seed,
                         bootstrap, progress, True)
    laws, again = search.run()
    rejected = rejected or again
    laws = [_demote(law, "approximately conserved") for law in laws]
    if laws:
      messages.append("nothing is conserved along whole trajectories; the law "
                      "below holds within windows of two cycles")
  if few:
    messages.append(
        f"{len(states)} trajector{'y' if len(states) == 1 else 'ies'}: too few "
        "to verify a law; searched in windows of at least two cycles")
    laws = [_demote(law, UNVERIFIED) for law in laws]
    constant = search.constant() if len(prepared) == 1 else None
    laws = [constant] if constant is not None else laws
  exact = [law for law in laws if law.verdict == "conserved"]
  return Discovery(variables, tuple(laws), len(exact),
                   None if laws else rejected, len(terms), noise, smoothed,
                   tuple(search.split.held_out), tuple(messages))


def _demote(law: Law, verdict: str) -> Law:
  if law.verdict == "conserved":
    return dataclasses.replace(law, verdict=verdict)
  return law
