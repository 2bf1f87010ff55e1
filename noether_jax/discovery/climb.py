"""The climb: libraries of terms one after the other, small ones first."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses

from noether_jax.discovery.balance import keeps_energy
from noether_jax.discovery.climbed import Climb
from noether_jax.discovery.climbed import count_laws
from noether_jax.discovery.climbed import most_laws
from noether_jax.discovery.features import Features
from noether_jax.discovery.law import Law
from noether_jax.discovery.one_rung import RungSearch
from noether_jax.discovery.path_term import PathTerm
from noether_jax.discovery.rungs.default import default
from noether_jax.discovery.rungs.default import Rung
from noether_jax.discovery.rungs.network import network
from noether_jax.discovery.rungs.tuned import tuned
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.terms import Term
from noether_jax.discovery.tuned_climb import climb_tuned

# A rung of more terms is left out; one of so many has no null unless asked.
MOST_TERMS = 150
_FREE_NULL = 80


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
    if rung in (network, tuned) and pieces:
      continue
    if rung is network:
      done = climber.learn(done, most)
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
    if rung is tuned:
      # It may also replace a law that only approximates.
      return climb_tuned(samples, self.subject, done, most, self.searched,
                         self.progress)
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
    return self.searched(terms, done, most)

  def searched(self, terms: Sequence[Term | PathTerm], done: Climb,
               most: int) -> Climb:
    """Search the combinations of some terms, up to so many laws."""
    samples = self.samples
    free = self.certify or len(terms) <= _FREE_NULL
    return RungSearch(samples, Features.make(samples, terms), most, self.seed,
                      samples.rates is None and free, self.progress,
                      tuple(v for _, v in self.subject.velocities)).search(done)

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
