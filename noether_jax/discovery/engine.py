"""From trajectories to ranked, verified conserved quantities."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import functools
import math
from typing import Any

import threadpoolctl

from noether_jax.data.conversion import as_trajectories
from noether_jax.data.conversion import Columns
from noether_jax.data.derivatives import with_array_derivatives
from noether_jax.data.derivatives import with_named_derivatives
from noether_jax.data.derivatives import with_rates
from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery.equations import Equations
from noether_jax.discovery.equations import from_equations
from noether_jax.discovery.measured_rates import agreed
from noether_jax.discovery.measured_rates import are_trajectories
from noether_jax.discovery.measured_rates import from_derivatives
from noether_jax.discovery.measured_rates import with_less_noise
from noether_jax.discovery.null import Null
from noether_jax.discovery.requirements import check_columns
from noether_jax.discovery.requirements import need_velocity
from noether_jax.discovery.result import Discovery
from noether_jax.discovery.roles import has_velocities
from noether_jax.discovery.roles import is_closed
from noether_jax.discovery.rungs.default import default
from noether_jax.discovery.rungs.default import Rung
from noether_jax.discovery.rungs.network import network
from noether_jax.discovery.samples import prepare
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.search import Found
from noether_jax.discovery.search import search_samples
from noether_jax.discovery.search import SURE
from noether_jax.discovery.vectors import as_vectors
from noether_jax.discovery.vectors import Vectors
from noether_jax.discovery.velocities import can_have_velocities
from noether_jax.discovery.velocities import with_velocities
from noether_jax.errors import InputError
from noether_jax.reporting import verdicts


def discover(data: Any = None,
             times: Any = None,
             *,
             derivatives: Any = None,
             equations: Equations | None = None,
             sample: Any = None,
             columns: Columns | None = None,
             trial: str | None = None,
             time: str | None = None,
             degree: int | None = None,
             vectors: Vectors | None = None,
             rungs: Sequence[Rung] | None = None,
             seed: int = 0,
             certify: bool = False,
             known: Sequence[str] = (),
             progress: Callable[[str], None] = lambda _: None) -> Discovery:
  """Find what stays constant along trajectories and differs between them.

  A combination c of candidate terms is a law if its scatter within
  trajectories, W, is small beside its total scatter T. The smallest solution of
  W c = lambda T c is made sparse by backward elimination, and judged on
  trajectories that took no part in either, and on the data as observed (see
  `Evidence`). Libraries of terms are tried one after the other, small ones
  first.

  One or two trajectories are cut into windows of at least two cycles. Whether
  such a quantity is a law one cannot tell, because the data hold too few of its
  values. Rows without times are points of a trial, in no order.

  Args:
    data: a list of arrays `[T, D]`, one array `[N, T, D]` or `[T, D]`, a table,
      or the path of a file (see `as_trajectories`).
    times: N arrays `[T]`, increasing, or one for all; the row number if None.
    derivatives: measured time derivatives of the columns: names of columns of
      a table or file, as `"dx,dv"` in the order of the columns or as
      `"dv:v,dx:x"`, or arrays of the shapes of `data`. Where trajectories are
      too short, or have no times, the laws are those of the derivatives; else
      they must agree with them.
    equations: instead of data, the rates of change of a state, `[D] -> [D]` or
      `[n, D] -> [n, D]`; then laws hold to rounding.
    sample: `[n, D]`, 50 states or more at which the equations are evaluated.
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
    known: formulas of laws that are known, such as `["v^2 + x^2"]`: they are
      not tested, and only what is independent of them is looked for.
    progress: called with one line per stage.

  Returns:
    The discovery.

  Raises:
    InputError: if the data or the arguments cannot be used (see
      `check_columns`).

  Example:
    >>> import numpy as np
    >>> angle = np.linspace(0, 6, 60)[:, None]
    >>> circle = np.hstack([np.cos(angle), np.sin(angle)])
    >>> found = discover([r * circle for r in (1., 2., 3., 4., 5.)],
    ...                  columns="q,p", degree=2)
    >>> found.laws[0].text, found.independent
    ('q^2 + p^2', 1)
  """
  if (data is None) == (equations is None) or (equations is None) != (sample
                                                                      is None):
    raise InputError("Give data, or `equations` with a `sample` of states.")
  formulas = (known,) if isinstance(known, str) else tuple(known)
  if equations is not None:
    if not all(x is None for x in (times, trial, time, derivatives)):
      raise InputError("`times`, `trial`, `time` and `derivatives` are of "
                       "data: equations have none.")
    if rungs is not None and network in rungs:
      raise InputError("The rung `network` learns from trajectories: leave it "
                       "out, or give data instead of `equations`.")
    trajectories, samples = from_equations(equations, sample, columns, seed)
  else:
    trajectories = _read(data, times, columns, trial, time, derivatives)
    try:
      samples = _samples(trajectories, derivatives is not None, rungs, seed)
    except InputError as error:
      if trajectories.source:
        raise InputError(f"{trajectories.source}: {error}") from error
      raise
  chosen = None if vectors is None else as_vectors(vectors, samples.variables)
  search = functools.partial(search_samples,
                             vectors=chosen,
                             degree=degree,
                             rungs=default if rungs is None else tuple(rungs),
                             certify=certify or len(samples.variables) <= 4,
                             progress=progress,
                             known=formulas)
  found = _discover(trajectories, samples, search, progress)
  if derivatives is not None:
    laws = agreed(found.laws, trajectories)
    sure = sum(law.verdict == verdicts.CONSERVED for law in laws)
    found = dataclasses.replace(
        found,
        laws=tuple(laws),
        independent=sure,
        count=found.count if sure == found.independent else None)
  if formulas:
    told = f"known, so not looked for: {', '.join(formulas)}"
    found = dataclasses.replace(found, messages=(*found.messages, told))
  return found


def _read(data: Any, times: Any, columns: Columns | None, trial: str | None,
          time: str | None, derivatives: Any) -> Trajectories:
  """Return trajectories, with derivatives if any are told."""
  named = isinstance(derivatives, str) or isinstance(
      derivatives, (list, tuple)) and bool(derivatives) and all(
          isinstance(d, str) for d in derivatives)
  if derivatives is not None and not named:
    if isinstance(data, Trajectories):
      return with_rates(as_trajectories(data, columns=columns), derivatives)
    if trial or time:
      raise InputError("`trial` and `time` name columns of a table: name the "
                       "columns of `derivatives`, too.")
    return with_array_derivatives(data, times, derivatives, columns)
  found = as_trajectories(data, times, columns=columns, trial=trial, time=time)
  return with_named_derivatives(found, derivatives) if named else found


def _samples(data: Trajectories, measured: bool, rungs: Sequence[Rung] | None,
             seed: int) -> Samples:
  """Make trajectories, or states with measured rates, ready for a search."""
  if measured and not are_trajectories(data):
    if rungs is not None and network in rungs:
      raise InputError("The rung `network` learns from trajectories: leave it "
                       "out, or give longer ones with times.")
    return from_derivatives(data, seed)
  check_columns(data.states, data.variables)
  samples = prepare(data, seed)
  if len(samples.moving) == 1:
    need_velocity(samples)
  return samples


# Thousands of small eigenproblems: more BLAS threads only wait for each other.
@threadpoolctl.threadpool_limits.wrap(limits=1, user_api="blas")
def _discover(data: Trajectories, samples: Samples, search: Callable[[Samples],
                                                                     Found],
              progress: Callable[[str], None]) -> Discovery:
  """Search, with estimated velocities where the columns call for them."""
  alone = len(samples.moving) == 1
  if alone:
    samples = with_velocities(samples)
  found = search(samples)
  quieter = with_less_noise(samples, found.laws)
  if quieter is not None:
    samples, found = quieter, search(quieter)
  if not alone and _lacks_velocities(samples, found):
    progress("no law: velocities are estimated from the columns")
    more = with_velocities(samples)
    again = search(more)
    if any(law.verdict in SURE for law in again.laws):
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
                   null.p_value if null else math.nan, found.climb.climbed,
                   found.counted)


def _lacks_velocities(samples: Samples, found: Found) -> bool:
  """Whether the columns may be positions without their velocities."""
  if any(law.verdict in SURE for law in found.laws):
    return False
  return can_have_velocities(samples) and not (has_velocities(samples) or
                                               is_closed(samples))


def _extended(data: Trajectories, samples: Samples) -> Trajectories:
  """The trajectories with the columns that were searched."""
  if set(samples.variables) <= set(data.variables):
    return data.take([data.variables.index(v) for v in samples.variables])
  return dataclasses.replace(data,
                             variables=samples.variables,
                             times=samples.times,
                             states=samples.states,
                             derivatives=None,
                             clean=None,
                             others={})
