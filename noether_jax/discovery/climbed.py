"""What a climb found, and how many laws there are."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np

from noether_jax.discovery import count as count_lib
from noether_jax.discovery import gradients
from noether_jax.discovery.law import Law
from noether_jax.discovery.law import law_gradients
from noether_jax.discovery.law import rank
from noether_jax.discovery.null import Null
from noether_jax.discovery.samples import Samples
from noether_jax.reporting import verdicts


@dataclasses.dataclass(frozen=True, eq=False)
class Climb:
  """What a climb found.

  Attributes:
    laws: conserved ones, functionally independent, in the order of the rungs;
      networks come last, also those whose precision leaves a doubt.
    near: combinations that are approximately conserved.
    rejected: the best combination that is no law, or None.
    num_terms: number of candidate terms of all rungs.
    nulls: of each rung that had one.
    left_out: names of rungs with too many terms.
    climbed: names of the rungs that were searched.
    dense: `[m, K, D]`, unit gradients of combinations that are conserved,
      whatever their form, or None.
    normals: `[m, r, D]`, directions in which the data cannot move, or None
      (see `identities`).
    notes: what a user should know of the laws.
    is_open: whether there may be more than networks show; None where none was
      trained.
  """
  laws: tuple[Law, ...] = ()
  near: tuple[Law, ...] = ()
  rejected: Law | None = None
  num_terms: int = 0
  nulls: tuple[Null, ...] = ()
  left_out: tuple[str, ...] = ()
  climbed: tuple[str, ...] = ()
  dense: np.ndarray | None = None
  normals: np.ndarray | None = None
  notes: tuple[str, ...] = ()
  is_open: bool | None = None

  @property
  def num_identities(self) -> int:
    """How many columns are functions of the others."""
    return 0 if self.normals is None else self.normals.shape[1]

  def joined(self, law: Law, samples: Samples) -> Climb:
    """Return the climb with a network, if the laws do not explain it."""
    if rank([*self.laws, law], samples.points, samples.spread,
            self.normals) <= len(self.laws):
      return self
    return dataclasses.replace(self, laws=(*self.laws, law))


def gradients_at_points(samples: Samples, laws: Sequence[Law]) -> np.ndarray:
  """Return gradients of K laws at the samples' points, `[m, K, D]`.

  They are by columns over their spread, and 0 where a term is singular.
  """
  slopes = law_gradients(laws, samples.points, samples.spread)
  return np.nan_to_num(slopes, posinf=0., neginf=0.)


def count_laws(samples: Samples, done: Climb,
               known: Sequence[Law] = ()) -> count_lib.Count:
  """Return how many independent quantities a climb has shown, beside known."""
  sure = [w for w in done.laws if w.verdict == verdicts.CONSERVED]
  networks = [w for w in done.laws if not w.terms]
  laws = [*known, *(w for w in sure if w.terms)]
  dense = done.dense
  at_least = len(laws)
  if dense is not None and dense.shape[1]:
    units = gradients.unit(gradients_at_points(samples, laws))
    dense = np.concatenate([dense, units], axis=1)
    if done.normals is not None:
      dense = gradients.outside(dense, done.normals)
    # Even independent gradients are parallel at some states.
    at_least = max(at_least, int(np.median(gradients.ranks(dense))))
  most = most_laws(samples, done)
  left = lambda n: max(min(n, most) - len(known), 0)
  estimate = None
  if done.is_open is not None:
    estimate = max(left(at_least), left(len(laws) + len(networks)))
  return count_lib.Count(left(at_least), left(most),
                         max(len(laws) - len(known), 0), estimate,
                         bool(done.is_open))


def most_laws(samples: Samples, done: Climb) -> int:
  """Return how many laws can be told apart.

  N trajectories have N - 1 differences; D columns that are no functions of each
  other, D - 1 laws.
  """
  columns = max(len(samples.moving) - done.num_identities, 1)
  if samples.rates is not None:
    return columns - 1
  return min(columns - 1, len(samples.states) - 1)
