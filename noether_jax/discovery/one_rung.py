"""The search for laws on one rung."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
import functools

import numpy as np

from noether_jax.discovery import count as count_lib
from noether_jax.discovery import null as null_lib
from noether_jax.discovery.balance import as_balance
from noether_jax.discovery.climbed import Climb
from noether_jax.discovery.climbed import gradients_at_points
from noether_jax.discovery.climbed import most_laws
from noether_jax.discovery.exchange import exchange
from noether_jax.discovery.features import Features
from noether_jax.discovery.fitted_law import to_law
from noether_jax.discovery.identities import identities
from noether_jax.discovery.judging import TermFit
from noether_jax.discovery.law import Law
from noether_jax.discovery.law import rank
from noether_jax.discovery.moments import Moments
from noether_jax.discovery.moments import parallel
from noether_jax.discovery.moments import smallest
from noether_jax.discovery.moments import sub
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.sparse import eliminate
from noether_jax.discovery.sparse import is_column
from noether_jax.discovery.terms import without_common_factor
from noether_jax.reporting import verdicts

# Below this ratio of a dense combination it is worth while to look for a law.
_HOPEFUL = .3
# Without noise, a shorter form may have so many times the best ratio.
_SLACK = 1.5
# With noise, the best form of at most so many terms is shortened further.
_REFINED = 20
# A rung is left after so many candidates in a row that are no further law.
_IDLE = 3


@dataclasses.dataclass(frozen=True, eq=False)
class RungSearch:
  """The search on one rung.

  Attributes:
    samples: the trajectories.
    features: the rung's terms on them.
    most: number of laws at which the search ends.
    seed: of the bootstrap and of the nulls.
    with_null: whether laws get a p-value.
    progress: called with a line for each law.
    velocities: indices of the columns that are velocities.
  """
  samples: Samples
  features: Features
  most: int
  seed: int
  with_null: bool
  progress: Callable[[str], None]
  velocities: tuple[int, ...] = ()

  def search(self, done: Climb) -> Climb:
    """Look for all laws that are independent of those known."""
    features, terms = self.features, self.features.terms
    moments = Moments.make(features, features.weights())
    allowed = features.usable.copy()
    done = dataclasses.replace(done, num_terms=done.num_terms + len(terms))
    first = not features.paths.any()
    normals = identities(features, done.normals)
    done = dataclasses.replace(done, normals=normals)
    most = min(self.most, most_laws(self.samples, done))
    more = count_lib.verified(features, moments)
    if done.dense is not None:
      more = np.concatenate([done.dense, more], axis=1)
    done = dataclasses.replace(done, dense=more)
    idle, lengths = 0, list(map(len, self.samples.raw))
    while idle < _IDLE and len(done.laws) < most and allowed.sum() > 1:
      count = len(done.laws)
      known = np.concatenate(
          [normals, gradients_at_points(self.samples, done.laws)], axis=1)
      total = moments.total
      if known.shape[1]:
        total = parallel(total, features.free(known))
      index = np.flatnonzero(allowed)
      null = None
      if self.with_null and first:
        null = null_lib.joined(features, index, known, self.seed)
        done = dataclasses.replace(done, nulls=(*done.nulls, null))
      first = False
      level, _ = smallest(sub(moments.within.mean(0), index), sub(total, index))
      if level > _HOPEFUL:
        break
      chosen = self.choose(moments, total, index)
      law = as_balance(self.tidied(chosen), self.velocities,
                       self.samples.points)
      self.progress(f"  {law.text}: {law.verdict}")
      if law.verdict == verdicts.NOT_CONSERVED:
        done = _with_rejected(done, law)
        # With losses, what is no energy may hide one: x = integral(|v|) does
        # where a body moves one way.
        if chosen.verdict == verdicts.NOT_CONSERVED:
          break
      elif law.verdict in (verdicts.CONSERVED, verdicts.BALANCE):
        if rank([*done.laws, law], self.samples.points, self.samples.spread,
                normals) > len(done.laws):
          if null is None and self.with_null:
            null = null_lib.joined(features, index, known, self.seed)
          done = _with_law(done, null_lib.doubted(law, null, lengths))
          first = len(done.laws) > count
      else:
        done = dataclasses.replace(done, near=(*done.near, law))
      idle = 0 if len(done.laws) > count else idle + 1
      # Without its leading term, the next candidate must be another law.
      allowed[terms.index(chosen.terms[0])] = False
    return done

  def choose(self, moments: Moments, total: np.ndarray,
             index: np.ndarray) -> Law:
    """Return the shortest combination that is a law, or the best one.

    Without noise, the shortest with a cross-validated ratio within 1.5 of the
    best. With noise, the shortest whose residual is white noise of the right
    size: a form that lacks a term has a residual that changes smoothly.
    """
    samples = self.samples
    path = eliminate(moments, total, samples.split, index, samples.floor,
                     self.features.terms)
    along = self.features.paths
    path = [(s, score)
            for s, score in path
            if np.sum(~along[s]) > 1 or self.is_noisy_column(s)] or path
    best = min(score for _, score in path)
    good = [s for s, score in path if score <= _SLACK * best]
    if best <= samples.floor:
      return to_law(self.fit(moments, good[-1]), self.seed)
    exchanged = functools.partial(self.exchanged, moments, total, index)
    if not samples.noisy:
      return exchanged(good[-1])
    start = next((g for g in good if len(g) <= _REFINED), good[-1])
    fit = self.fit(moments, start)
    # What is shorter than the best form is no better than it.
    if fit.verdict == verdicts.CONSERVED:
      for support in reversed(fit.shorter()):
        part = self.fit(moments, start[support])
        if part.verdict == verdicts.CONSERVED and part.leaves_no_more(fit):
          return exchanged(start[support], part)
      return to_law(fit, self.seed)
    return exchanged(good[-1])

  def is_noisy_column(self, support: np.ndarray) -> bool:
    """Whether one term only is left, which is a noisy column as it is.

    Without noise, a column that is constant is a constant of the trial.
    """
    if not is_column(self.features.terms, support):
      return False
    slopes = self.features.slopes[:, support[0]]
    return bool(slopes[:, list(self.samples.noisy)].any())

  def tidied(self, law: Law) -> Law:
    """Return a law without a common factor of constants, if it is no worse."""
    constants, variables = self.samples.constants, self.samples.variables
    terms = without_common_factor(law.terms, constants, variables)
    if law.losses or set(terms) == set(law.terms):
      return law
    features = Features.make(self.samples, terms)
    other = TermFit.make(features, Moments.make(features, features.weights()))
    return to_law(other, self.seed) if other.verdict == law.verdict else law

  def exchanged(self,
                moments: Moments,
                total: np.ndarray,
                index: np.ndarray,
                support: np.ndarray,
                fit: TermFit | None = None) -> Law:
    """Return a law of some terms, or of others that serve as well."""
    fit = fit or self.fit(moments, support)
    if fit.evidence.ratio >= fit.evidence.exact:
      form = exchange(moments, total, self.samples.split.chosen, support, index,
                      self.features.terms)
      if not np.array_equal(form, support):
        other = self.fit(moments, form)
        fit = other if other.serves_as_well(fit) else fit
    return to_law(fit, self.seed)

  def fit(self, moments: Moments, support: np.ndarray) -> TermFit:
    """Fit some of the terms."""
    part = Moments(sub(moments.within, support), moments.mean[:, support],
                   sub(moments.total, support))
    return TermFit.make(self.features.take(support), part)


def _with_rejected(done: Climb, law: Law) -> Climb:
  """Keep the best of what is not conserved."""
  better = done.rejected
  if better is None or law.evidence.ratio < better.evidence.ratio:
    return dataclasses.replace(done, rejected=law)
  return done


def _with_law(done: Climb, law: Law) -> Climb:
  """Add a law; if its verdict is "cannot tell", keep it as near."""
  if law.verdict == verdicts.UNKNOWN:
    return dataclasses.replace(done, near=(*done.near, law))
  return dataclasses.replace(done, laws=(*done.laws, law))
