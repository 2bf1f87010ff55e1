"""The climb: libraries of terms one after the other, small ones first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import functools

import numpy as np

from noether_jax.discovery import count as count_lib
from noether_jax.discovery import null as null_lib
from noether_jax.discovery import tuned_climb
from noether_jax.discovery.balance import as_balance
from noether_jax.discovery.balance import keeps_energy
from noether_jax.discovery.climbed import Climb
from noether_jax.discovery.climbed import count_laws
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
from noether_jax.discovery.path_term import PathTerm
from noether_jax.discovery.rungs.default import default
from noether_jax.discovery.rungs.default import Rung
from noether_jax.discovery.rungs.network import network
from noether_jax.discovery.rungs.tuned import tuned
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.sparse import eliminate
from noether_jax.discovery.subject import Subject
from noether_jax.reporting import verdicts

# A rung of more terms is left out; one of so many has no null unless asked.
MOST_TERMS = 150
_FREE_NULL = 80
# Below this ratio of a dense combination it is worth while to look for a law.
_HOPEFUL = .3
# Without noise, a shorter form may have so many times the best ratio.
_SLACK = 1.5
# With noise, the best form of at most so many terms is shortened further.
_REFINED = 20
# A rung is left after so many candidates in a row that are no further law.
_IDLE = 3


def climb(samples: Samples,
          subject: Subject,
          rungs: Sequence[Rung],
          *,
          seed: int,
          certify: bool,
          progress: Callable[[str], None],
          known: Sequence[Law] = (),
          pieces: bool = False) -> Climb:
  """Search rung by rung, until no further law can be told apart.

  Where more is conserved than has a formula, a network is learned for the rest;
  the rung `network` does so in any case, and looks for its formulas.

  Args:
    samples: the trajectories.
    subject: the roles of the columns.
    rungs: functions that make terms.
    seed: of the bootstrap and of the nulls.
    certify: make nulls on large rungs, too.
    progress: called with a line for each rung.
    known: laws that are not looked for.
    pieces: whether several samples are pieces of one trajectory, with equal
      values of a law: a network would know the trajectory by its neighbours.

  Returns:
    The laws without the known ones; each rung looks only for what is
    independent of those before.
  """
  done = Climb(laws=tuple(known))
  climber = _Climber(samples, subject, seed, certify, progress)
  most = most_laws(samples, done)
  for rung in rungs:
    if rung is network and not pieces:
      done = climber.learn(done, most)
    elif rung is tuned:
      done = done if pieces else climber.tune(done, most)
    else:
      done = climber.step(rung, done, most)
  new = lambda: dataclasses.replace(done, laws=done.laws[len(known):])
  if network not in rungs and samples.rates is None and not pieces:
    count = count_laws(samples, new(), known)
    if count.at_least > count.with_formula:
      done = climber.learn(done, len(known) + count.at_least)
  return new()


@dataclasses.dataclass(frozen=True, eq=False)
class _Climber:
  """What all steps of a climb share; see `climb`."""
  samples: Samples
  subject: Subject
  seed: int
  certify: bool
  progress: Callable[[str], None]

  def step(self, rung: Rung, done: Climb, most: int) -> Climb:
    """Search one rung for what is independent of the laws so far."""
    samples = self.samples
    most = min(most, most_laws(samples, done))
    if len(done.laws) >= most:
      return done
    velocities = tuple(v for _, v in self.subject.velocities)
    name = getattr(rung, "__name__", "rung")
    terms = tuple(rung(self.subject))
    if len(terms) > MOST_TERMS:
      return dataclasses.replace(done, left_out=(*done.left_out, name))
    if len(terms) < 2:
      return done
    lossy = any(isinstance(term, PathTerm) for term in terms)
    # Rates of change know nothing of a path.
    if lossy and (samples.rates is not None or
                  keeps_energy(done.laws, velocities)):
      return done
    done = dataclasses.replace(done, climbed=(*done.climbed, name))
    self.progress(f"{name}: {len(terms)} terms")
    features = Features.make(samples, terms)
    wanted = samples.rates is None and (self.certify or
                                        len(terms) <= _FREE_NULL)
    return _Rung(samples, features, most, self.seed, wanted, self.progress,
                 velocities).search(done)

  def tune(self, done: Climb, most: int) -> Climb:
    """Search functions with a number inside; see `tuned_climb.climb_tuned`."""

    def rung(features: Features, limit: int) -> _Rung:
      free = len(features.terms) <= _FREE_NULL
      return _Rung(self.samples, features, limit, self.seed, free,
                   self.progress, tuple(v for _, v in self.subject.velocities))

    return tuned_climb.climb_tuned(
        self.samples, self.subject, done, most,
        lambda features, start, limit: rung(features, limit).search(start),
        lambda features, laws: rung(features, 0).gradients(laws), self.progress)

  def learn(self, done: Climb, most: int) -> Climb:
    """Learn networks; what has a formula is written as one."""
    # Loaded here, because most searches train no network.
    # pylint: disable-next=import-outside-toplevel
    from noether_jax.discovery import network_search
    self.progress("network: counting what is conserved without formulas")
    found = network_search.learn_networks(self.samples, self.subject, done.laws,
                                          most, self.progress)
    done = dataclasses.replace(done,
                               climbed=(*done.climbed, "network"),
                               is_open=found.is_open)
    count = len(done.laws) + len(found.laws)
    for rung in default:
      if getattr(rung, "__name__", "rung") not in done.climbed:
        done = self.step(rung, done, count)
    for law in found.laws:
      done = done.joined(law, self.samples)
    return done


@dataclasses.dataclass(frozen=True, eq=False)
class _Rung:
  """The search on one rung."""
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
      known = np.concatenate([normals, self.gradients(done.laws)], axis=1)
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
      law = as_balance(self.choose(moments, total, index), self.velocities,
                       self.samples.points)
      self.progress(f"  {law.text}: {law.verdict}")
      if law.verdict == verdicts.NOT_CONSERVED:
        better = done.rejected
        if better is None or law.evidence.ratio < better.evidence.ratio:
          done = dataclasses.replace(done, rejected=law)
        break
      if law.verdict in (verdicts.CONSERVED, verdicts.BALANCE):
        if rank([*done.laws, law], self.samples.points, self.samples.spread,
                normals) > len(done.laws):
          if null is None and self.with_null:
            null = null_lib.joined(features, index, known, self.seed)
          law = null_lib.doubted(law, null, lengths)
          if law.verdict == verdicts.UNKNOWN:
            done = dataclasses.replace(done, near=(*done.near, law))
          else:
            done = dataclasses.replace(done, laws=(*done.laws, law))
            first = True
      else:
        done = dataclasses.replace(done, near=(*done.near, law))
      idle = 0 if len(done.laws) > count else idle + 1
      # Without its leading term, the next candidate must be another law.
      allowed[terms.index(law.terms[0])] = False
    return done

  def gradients(self, laws: Sequence[Law]) -> np.ndarray:
    """Return gradients at the features' states, `[m, K, D]`."""
    size = self.features.slopes.shape
    if not laws:
      return np.zeros((size[0], 0, size[2]))
    with np.errstate(all="ignore"):
      slopes = np.stack([law.gradient(self.samples.points) for law in laws],
                        axis=1)
    return np.nan_to_num(slopes, posinf=0., neginf=0.) * self.samples.spread

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
    path = [(s, score) for s, score in path if np.sum(~along[s]) > 1] or path
    best = min(score for _, score in path)
    good = [s for s, score in path if score <= _SLACK * best]
    if best <= samples.floor:
      return to_law(self.fit(moments, good[-1]), self.seed)
    exchanged = functools.partial(self.exchanged, moments, total, index)
    if not samples.noisy:
      return to_law(exchanged(good[-1]), self.seed)
    start = next((g for g in good if len(g) <= _REFINED), good[-1])
    fit = self.fit(moments, start)
    # What is shorter than the best form is no better than it.
    if fit.verdict == verdicts.CONSERVED:
      for support in reversed(fit.shorter()):
        part = self.fit(moments, start[support])
        if part.verdict == verdicts.CONSERVED:
          return to_law(exchanged(start[support]), self.seed)
      return to_law(fit, self.seed)
    return to_law(exchanged(good[-1]), self.seed)

  def exchanged(self, moments: Moments, total: np.ndarray, index: np.ndarray,
                support: np.ndarray) -> TermFit:
    """Fit some terms, or others in their place that serve as well."""
    fit = self.fit(moments, support)
    if fit.evidence.ratio < fit.evidence.exact:
      return fit
    form = exchange(moments, total, self.samples.split.chosen, support, index,
                    self.features.terms)
    other = self.fit(moments, form)
    return other if other.serves_as_well(fit) else fit

  def fit(self, moments: Moments, support: np.ndarray) -> TermFit:
    """Fit some of the terms."""
    part = Moments(sub(moments.within, support), moments.mean[:, support],
                   sub(moments.total, support))
    return TermFit.make(self.features.take(support), part)
