"""Counts conserved quantities without formulas, and learns each as a network.

Networks are fitted one quantity after the other, each independent of the laws
that are known. A network counts if it is as constant along trajectories that it
was not fitted to as the precision of such a fit allows. What a network merely
memorises, it does not keep there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
from typing import Any, cast, NamedTuple

import numpy as np

from noether_jax.discovery.law import Law
from noether_jax.discovery.law import law_gradients
from noether_jax.discovery.network_fit import grade
from noether_jax.discovery.network_fit import Grade
from noether_jax.discovery.network_fit import refine_network
from noether_jax.discovery.network_fit import Seen
from noether_jax.discovery.network_fit import solved_readout
from noether_jax.discovery.network_form import LearnedForm
from noether_jax.discovery.network_ladder import Ladder
from noether_jax.discovery.network_ladder import make_ladder
from noether_jax.discovery.network_law import as_law
from noether_jax.discovery.network_paths import Paths
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.split import Split
from noether_jax.discovery.subject import Subject
from noether_jax.networks import structured
from noether_jax.networks.structured import Structure
from noether_jax.types import Params

# Without so many trajectories, none can be held out.
_FEWEST = 6
# Networks that are drawn, trained in any case, and trained if none is a law.
_DRAWN, _STARTS, _MOST_STARTS = 6, 2, 3
# A network of more features memorises any twenty trajectories.
_MOST_FEATURES = 300
# Scatter over total scatter of a law, along the paths of the fit: polynomials
# that are exact, and networks; and along the others.
_EXACT, _PRECISE, _HELD_OUT = 1e-6, 3e-4, .02
# The same with any noise; times the noise's own share, at first and at last.
_MOST = .1
_NOISE, _MOST_NOISE = 2., 5.
# Sine of the angle to known laws below which a quantity is a function of them.
_FREE = .05


class Networks(NamedTuple):
  """What networks show.

  Attributes:
    laws: one network for each quantity that they found.
    is_open: whether there may be more: networks fit the trajectories that they
      see, and not the others, so these are too few to tell.
  """
  laws: tuple[Law, ...]
  is_open: bool


def learn_networks(
    samples: Samples,
    subject: Subject,
    known: Sequence[Law],
    most: int,
    progress: Callable[[str], None] = lambda _: None) -> Networks:
  """Learn conserved quantities that are independent of the known ones.

  Args:
    samples: the trajectories, with times.
    subject: the roles of the columns.
    known: laws that are known.
    most: how many laws the data can tell apart, with the known ones.
    progress: called with a line for each quantity.

  Returns:
    The networks, each judged on trajectories that took no part in its fit.
  """
  along = samples.ordered and samples.rates is None
  if len(samples.raw) < _FEWEST or not along:
    return Networks((), True)
  search = _Search.make(samples, known, most, progress)
  ladder = make_ladder(samples, subject)
  search.library(ladder, _NOISE)
  is_open = search.general(ladder)
  # A polynomial that noise hardly excuses stands in for a better network.
  search.library(ladder, _MOST_NOISE)
  return Networks(tuple(search.laws), is_open)


def _passes(found: Grade,
            limit: float = _PRECISE,
            times: float = _MOST_NOISE) -> bool:
  """Whether a quantity is a law.

  Args:
    found: of the quantity.
    limit: what it may change without noise.
    times: the noise's own share.
  """
  noise = times * found.noise
  return (found.chosen < limit + noise and
          found.held_out < min(_HELD_OUT + noise, _MOST) and found.free > _FREE)


def _memorises(found: Grade) -> bool:
  """Whether a quantity is constant on the paths that it was fitted to only."""
  noise = _MOST_NOISE * found.noise
  return found.chosen < _PRECISE + noise and found.held_out > _HELD_OUT + noise


@dataclasses.dataclass(eq=False)
class _Search:
  """The search on one data set; `laws` grows.

  Attributes:
    samples: with trajectories that are held out.
    known: laws that are known.
    most: how many laws can be told apart.
    progress: called with a line for each quantity.
    paths: what networks are learned from.
    whole: all trajectories, for the last fit.
    random: for the initial weights.
    laws: those found.
  """
  samples: Samples
  known: Sequence[Law]
  most: int
  progress: Callable[[str], None]
  paths: Paths
  whole: Paths
  random: np.random.Generator
  laws: list[Law] = dataclasses.field(default_factory=list)

  @classmethod
  def make(cls, samples: Samples, known: Sequence[Law], most: int,
           progress: Callable[[str], None]) -> _Search:
    """Hold out a third of the trajectories, also of few."""
    if samples.split.leave_one_out:
      every = range(len(samples.raw))
      held = tuple(every[1::3])
      chosen = tuple(n for n in every if n not in held)
      samples = dataclasses.replace(samples, split=Split(chosen, held, False))
    whole = tuple(range(len(samples.raw)))
    return cls(samples, known, most, progress, Paths.make(samples),
               Paths.make(samples, whole), np.random.default_rng(samples.seed))

  @property
  def full(self) -> bool:
    """Whether no further law can be told apart."""
    return len(self.known) + len(self.laws) >= self.most

  def gradients(self, paths: Paths | None = None) -> np.ndarray:
    """Of all laws at the paths' points, `[B, K, D]`."""
    paths = paths or self.paths
    points = paths.flat(paths.chosen)
    slopes = law_gradients((*self.known, *self.laws), points, paths.spread)
    return np.nan_to_num(slopes, posinf=0., neginf=0.)

  def initial(
      self, structure: Structure, hidden: Sequence[int] = ()) -> dict[str, Any]:
    """New parameters of a network."""
    states = self.paths.chosen
    return structured.network_params(self.random, structure,
                                     states.reshape(-1, states.shape[-1]),
                                     hidden)

  def seen(self, structure: Structure, params: Params) -> tuple[Seen, Seen]:
    """A network's features on the chosen paths, and on the others."""
    paths = self.paths
    return (Seen.make(paths, paths.chosen, structure, params),
            Seen.make(paths, paths.held_out, structure, params))

  def library(self, ladder: Ladder, times: float) -> None:
    """Solve for networks without hidden units, small ones first.

    Args:
      ladder: the networks.
      times: the noise's share that a law may change by.
    """
    if self.full:
      return
    structure, paths = ladder.library, self.paths
    params = self.initial(structure)
    chosen, held = self.seen(structure, params)
    for level in ladder.levels:
      part, other = chosen.take(level), held.take(level)
      while not self.full:
        known = self.gradients()
        readout = solved_readout(part, paths, known)
        found = grade(part, other, paths, readout, known)
        if not _passes(found, _EXACT, times):
          break
        some = structure._replace(monomials=tuple(
            structure.monomials[k] for k in level))
        self.add(some, {**params, "readout": readout})

  def general(self, ladder: Ladder) -> bool:
    """Train networks; return whether more trajectories may show more laws."""
    structure = ladder.general
    size = len(structure.monomials) + len(structure.powers) * ladder.hidden[-1]
    while not self.full:
      if size > _MOST_FEATURES:
        return True
      known = self.gradients()
      tries: list[tuple[Grade, dict[str, Any]]] = []
      for number, start in enumerate(self.starts(ladder, known)):
        tries += self.trained(structure, start, known)
        if number + 1 >= _STARTS and any(_passes(one) for one, _ in tries):
          break
      best, params = min(tries,
                         key=lambda one: (not _passes(one[0]), one[0].held_out))
      if not _passes(best):
        return any(_memorises(one) for one, _ in tries)
      self.add(structure, params)
    return False

  def starts(self, ladder: Ladder, known: np.ndarray) -> list[dict[str, Any]]:
    """The best of some initial networks, with read-outs solved for."""
    structure, paths = ladder.general, self.paths
    drawn = []
    for _ in range(_DRAWN):
      params = self.initial(structure, ladder.hidden)
      chosen, held = self.seen(structure, params)
      readout = solved_readout(chosen, paths, known)
      found = grade(chosen, held, paths, readout, known)
      drawn.append((found.chosen, {**params, "readout": readout}))
    return [one for _, one in sorted(drawn, key=lambda d: d[0])[:_MOST_STARTS]]

  def trained(self, structure: Structure, start: dict[str, Any],
              known: np.ndarray) -> list[tuple[Grade, dict[str, Any]]]:
    """Train a network; return it, and it with a read-out solved for."""
    paths = self.paths
    params = refine_network(paths, structure, start, known)
    chosen, held = self.seen(structure, params)
    again = {**params, "readout": solved_readout(chosen, paths, known)}
    return [(grade(chosen, held, paths, p["readout"], known), p)
            for p in (params, again)]

  def add(self, structure: Structure, params: Params) -> None:
    """Judge a quantity as any law is judged, and keep it."""
    name = f"g{len(self.laws) + 1}"
    region = self.whole.region
    law = as_law(self.samples,
                 LearnedForm(structure, params, name, region=region))
    if structure.powers:
      law = self.fitted_to_all(law)
    self.progress(f"  {law.text}: {law.verdict}")
    self.laws.append(law)

  def fitted_to_all(self, law: Law) -> Law:
    """Return a law fitted to all trajectories; its evidence stays.

    So it is with formulas: those held out judge, and then count for the fit.
    """
    form = cast(LearnedForm, law.form)
    params = refine_network(self.whole, form.structure, dict(form.params),
                            self.gradients(self.whole))
    again = as_law(self.samples, dataclasses.replace(form, params=params))
    if not again.evidence.ratio <= law.evidence.ratio:
      return law
    return dataclasses.replace(law, form=again.form)
