"""One search for laws: repeated elimination over one library."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses

import numpy as np

from noether_jax.data.columns import Variable
from noether_jax.discovery import evidence as evidence_lib
from noether_jax.discovery import sparse
from noether_jax.discovery.forms import Combination
from noether_jax.discovery.law import Law
from noether_jax.discovery.law import rank
from noether_jax.discovery.terms import Term
from noether_jax.symbolic.noise import StateNoise

MIN_ROWS = 20
# A law of a lower degree may have this many times the scatter over noise. An
# approximation that the noise would excuse has more.
_EQUAL = 1.1
# Resamples for the uncertainties.
_BOOTSTRAP = 100


def _windows(
    states: Sequence[np.ndarray],
    times: Sequence[np.ndarray]) -> tuple[list[np.ndarray], list[np.ndarray]]:
  """Cut trajectories into windows of at least two of their cycles."""
  out: tuple[list[np.ndarray], list[np.ndarray]] = ([], [])
  for s, t in zip(states, times):
    centred = s - s.mean(0)
    crossings = np.sum(np.diff(np.sign(centred), axis=0) != 0, axis=0).min()
    count = int(np.clip(crossings // 4, 1, min(10, len(s) // MIN_ROWS)))
    out[0].extend(np.array_split(s, count))
    out[1].extend(np.array_split(t, count))
  return out


def _order(law: Law) -> tuple[float, ...]:
  """Sort by length, then by how well the laws are conserved."""
  return len(law.terms), law.evidence.ratio


@dataclasses.dataclass(frozen=True)
class Search:
  """One run over one library: repeated elimination, then evidence."""
  variables: tuple[Variable, ...]
  terms: tuple[Term, ...]
  data: evidence_lib.Moments
  states: Sequence[np.ndarray]
  times: Sequence[np.ndarray]
  split: sparse.Split
  seed: int
  progress: Callable[[str], None]

  @classmethod
  def make(cls, variables: tuple[Variable, ...], terms: tuple[Term, ...],
           states: Sequence[np.ndarray], times: Sequence[np.ndarray],
           noise: StateNoise, seed: int, progress: Callable[[str], None],
           windows: bool) -> Search:
    """Compute what the search needs, from trajectories or their windows."""
    if windows:
      states, times = _windows(states, times)
    progress(f"library of {len(terms)} terms, {len(states)} "
             f"{'windows' if windows else 'trajectories'}")
    data = evidence_lib.moments(terms, states, noise)
    split = sparse.Split.make(len(states), seed)
    return cls(variables, terms, data, states, times, split, seed, progress)

  def run(self) -> tuple[list[Law], Law | None]:
    """Search.

    Returns:
      The laws, exact ones first, and the best combination that is no law.
    """
    allowed = np.isfinite(self.data.scale)
    candidates: list[Law] = []
    rejected = None
    for _ in range(2 * len(self.variables)):
      if allowed.sum() < 2:
        break
      support = sparse.eliminate(self.data, self.split, np.flatnonzero(allowed),
                                 self.terms)
      law = self.judge(support)
      self.progress(f"candidate {law.text}: within/total "
                    f"{law.evidence.ratio:.2g}, {law.verdict}")
      if law.verdict == "not conserved":
        rejected = law
        break
      candidates += [law, *self.simpler(law, allowed)]
      # Without its leading term, the next candidate must be another law.
      allowed[self.terms.index(law.terms[0])] = False
    exact = self.independent(candidates)
    if exact:
      return exact, None
    best = min((law.evidence.ratio for law in candidates), default=0.)
    near = [law for law in candidates if law.evidence.ratio <= 5 * best]
    return sorted(near, key=_order)[:1], rejected

  def simpler(self, law: Law, allowed: np.ndarray) -> list[Law]:
    """Return the conserved law of the lowest degree that is the same quantity.

    A function of a law is conserved too. With noise, the square of an energy
    can have as small a ratio as the energy. Without noise there is no doubt.

    Args:
      law: the candidate.
      allowed: `[F]`, which terms may be used.

    Returns:
      The law, or nothing if none of a lower degree than the candidate's is
      conserved as well as the candidate.
    """
    noisy = law.evidence.ratio > evidence_lib.EXACT
    if law.verdict != "conserved" or not noisy:
      return []
    sample = self._sample()
    degrees = np.array([term.degree for term in self.terms])
    for degree in range(1, max(term.degree for term in law.terms)):
      usable = np.flatnonzero(allowed & (degrees <= degree))
      if len(usable) < 2:
        continue
      other = self.judge(
          sparse.eliminate(self.data, self.split, usable, self.terms))
      equal = other.evidence.excess < _EQUAL * law.evidence.excess
      if (other.verdict == "conserved" and equal and
          rank([law, other], sample) == 1):
        return [other]
    return []

  def _sample(self) -> np.ndarray:
    """Return about 500 states, at which gradients are compared."""
    sample = np.concatenate(self.states)
    return sample[::max(1, len(sample) // 500)]

  def independent(self, candidates: list[Law]) -> list[Law]:
    """Return the simplest exact laws that are functionally independent."""
    sample = self._sample()
    # N trajectories have N - 1 differences, so they can distinguish N - 1 laws.
    most = min(len(self.variables) - 1, len(self.states) - 1)
    found: list[Law] = []
    for law in sorted(candidates, key=_order):
      # Reject a candidate that passes only through the noise allowance if a
      # variant with less scatter was rejected.
      better = candidates[:candidates.index(law)]
      excused = law.evidence.ratio > evidence_lib.EXACT and any(
          other.verdict != "conserved" and rank([law, other], sample) == 1
          for other in better)
      if law.verdict != "conserved" or excused or len(found) == most:
        continue
      if rank([*found, law], sample) > len(found):
        found.append(law)
    return found

  def judge(self, support: np.ndarray) -> Law:
    """Fit on all trajectories; take evidence from held-out ones."""
    scaled = sparse.refit(self.data, support)
    lead = sparse.leading(scaled, support, self.terms)
    evidence = sparse.held_out_evidence(self.data, self.split, support,
                                        self.times, lead)
    return self._law(support, scaled, evidence, evidence.verdict)

  def _law(self, support: np.ndarray, scaled: np.ndarray,
           evidence: evidence_lib.Evidence, verdict: str) -> Law:
    lead = sparse.leading(scaled, support, self.terms)
    order = np.concatenate([[lead], np.delete(np.arange(len(support)), lead)])
    scale = self.data.scale[support][order]

    def natural(c: np.ndarray) -> np.ndarray:
      plain = c[order] / scale
      return plain / plain[0]

    spread = sparse.resample(self.data, support, self.seed, _BOOTSTRAP)
    form = Combination(tuple(self.terms[i] for i in support[order]),
                       natural(scaled),
                       np.std([natural(c) for c in spread], axis=0),
                       freedom=len(self.states) - 1)
    return Law(self.variables, form, evidence, verdict)

  def constant(self) -> Law | None:
    """Return a short combination with one value in all the data, or None."""
    simple = np.array([
        i for i, f in enumerate(self.terms)
        if f.degree <= 2 and np.isfinite(self.data.scale[i])
    ])
    pooled = self.data.total()
    support, coefficients = sparse.shortest_constant(pooled[np.ix_(
        simple, simple)])
    if support is None:
      return None
    support = simple[support]
    w, _, n = (coefficients @ m[np.ix_(support, support)] @ coefficients
               for m in (pooled, pooled, self.data.noise.mean(0)))
    evidence = evidence_lib.Evidence(1., np.inf, w / n if n > 0 else np.inf, 0.)
    return self._law(support, coefficients, evidence, "constant in all data")
