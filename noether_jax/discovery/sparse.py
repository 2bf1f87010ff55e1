"""Sparse laws: backward elimination, its choice of size, and refitting."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
import dataclasses

import numpy as np

from noether_jax.discovery import evidence as evidence_lib
from noether_jax.discovery.evidence import Moments
from noether_jax.discovery.terms import Term

# Ratios below this are round-off or the physics' own imperfection.
_RATIO_FLOOR = 2e-7
_SLACK = 1.5
_MAX_FOLDS = 8
# The fit allows for noise that is at least this share of the scatter within
# trajectories. A smaller estimate is mostly the signal's own curvature.
_NOISE_SHARE = .3
_ROUND_OFF = 1e-12


@dataclasses.dataclass(frozen=True)
class Split:
  """Which trajectories choose and which judge.

  With nine trajectories or more, a third is held out: it takes no part in any
  choice. With fewer, each trajectory judges the law that is fitted to all the
  others (leave one out).

  Attributes:
    chosen: indices of the trajectories that the elimination sees.
    held_out: indices of the trajectories that give the evidence.
    leave_one_out: whether each trajectory is left out in turn; `chosen` and
      `held_out` are then the same.
  """
  chosen: tuple[int, ...]
  held_out: tuple[int, ...]
  leave_one_out: bool

  @classmethod
  def make(cls, count: int, seed: int) -> Split:
    """Split `count` trajectories at random.

    Example:
      >>> s = Split.make(9, 0)
      >>> len(s.chosen), len(s.held_out), s.leave_one_out
      (6, 3, False)
    """
    if count < 9:
      return cls(tuple(range(count)), tuple(range(count)), count > 1)
    order = np.random.default_rng(seed).permutation(count)
    third = count // 3
    return cls(tuple(map(int, np.sort(order[third:]))),
               tuple(map(int, np.sort(order[:third]))), False)

  def folds(self) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield pairs (fit, judge) of indices of chosen trajectories."""
    chosen = np.array(self.chosen)
    count = min(len(chosen), _MAX_FOLDS)
    if count < 2:
      yield chosen, chosen
      return
    for n in range(count):
      judge = chosen[n::count]
      yield np.setdiff1d(chosen, judge), judge


def _sub(matrix: np.ndarray, support: np.ndarray) -> np.ndarray:
  return matrix[..., support[:, None], support]


def _fit(data: Moments, support: np.ndarray, chosen: np.ndarray,
         total: np.ndarray) -> np.ndarray:
  within = data.within[chosen].mean(0)
  return evidence_lib.smallest(_sub(within, support), _sub(total, support))[1]


def eliminate(data: Moments, split: Split, start: np.ndarray,
              terms: Sequence[Term]) -> np.ndarray:
  """Drop terms one by one and choose how many to keep.

  Each step drops the term whose loss raises the ratio W/T least; among equal
  terms, the most complex one. The number of terms is the smallest whose
  cross-validated ratio is within a factor of 1.5 of the best ratio.

  Args:
    data: moments of F terms.
    split: its chosen trajectories are used.
    start: indices of the terms to begin with.
    terms: F terms, for their complexity.

  Returns:
    Indices of the chosen terms, increasing.
  """
  chosen = np.array(split.chosen)
  within, total = data.within[chosen].mean(0), data.total()
  support = np.array(start)
  path = [support]
  while len(support) > 1:
    size = len(support)
    keep = np.array([np.delete(np.arange(size), i) for i in range(size)])
    rows = support[keep]
    w = within[rows[:, :, None], rows[:, None, :]]
    t = total[rows[:, :, None], rows[:, None, :]]
    ratio, _ = evidence_lib.smallest(w, t)
    # Round-off decides among perfect fits, so equals are told apart by degree.
    ratio = np.maximum(ratio, _RATIO_FLOOR)
    best = ratio <= ratio.min() * 1.0001
    cost = np.array(
        [terms[i].degree + len(terms[i].factors) * .1 for i in support])
    # Long libraries lose several terms at once: only the end is delicate.
    drop = 1 if size <= 40 else size // 10
    order = np.lexsort((-cost, np.where(best, 0., ratio)))
    support = np.delete(support, order[:drop])
    path.append(support)
  scores = np.array([_validated(data, split, s, total) for s in path])
  scores = np.maximum(scores, _RATIO_FLOOR)
  good = np.flatnonzero(scores <= _SLACK * scores.min())
  return np.sort(path[int(good[-1])])


def _validated(data: Moments, split: Split, support: np.ndarray,
               total: np.ndarray) -> float:
  """Return the cross-validated ratio W/T of the chosen trajectories."""
  ratios = []
  for fit, judge in split.folds():
    c = _fit(data, support, fit, total)
    ratios.append(c @ _sub(data.within[judge].mean(0), support) @ c /
                  max(c @ _sub(total, support) @ c, 1e-300))
  return float(np.mean(ratios))


def held_out_evidence(data: Moments, split: Split, support: np.ndarray,
                      times: Sequence[np.ndarray],
                      lead: int) -> evidence_lib.Evidence:
  """Judge a support on trajectories that took no part in its fit.

  Args:
    data: moments.
    split: says which trajectories judge.
    support: indices of the terms.
    times: N arrays `[T_i]`.
    lead: position of the term whose coefficient is made positive, so that the
      drift has the sign of the law that is shown.

  Returns:
    The evidence; T comes from all trajectories, because few held-out ones
    would not show how much the quantity varies between trajectories.
  """
  total = data.total()
  if split.leave_one_out:
    pairs = [
        (np.setdiff1d(split.chosen, [n]), np.array([n])) for n in split.chosen
    ]
  else:
    pairs = [(np.array(split.chosen), np.array(split.held_out))]
  rows, series, when = [], [], []
  for fit, judge in pairs:
    c = _fit(data, support, fit, total)
    c = c * np.sign(c[lead])
    matrices = [
        _sub(m, support)
        for m in (data.within[judge].mean(0), total, data.noise[judge].mean(0))
    ]
    rows.append([c @ m @ c for m in matrices])
    # Drift is looked for everywhere: the fit does not hide it, and weak
    # damping needs every slope there is.
    seen = judge if split.leave_one_out else range(len(times))
    series += [data.values[n][:, support] @ c for n in seen]
    when += [times[n] for n in seen]
  w, t, n = np.mean(rows, axis=0)
  one = np.ones(1)
  ratio, corrected, excess = evidence_lib.ratios(one, w[None, None],
                                                 t[None, None], n[None, None])
  return evidence_lib.Evidence(ratio, corrected, excess,
                               evidence_lib.drift_statistic(series, when))


def refit(data: Moments,
          support: np.ndarray,
          weights: np.ndarray | None = None) -> np.ndarray:
  """Fit coefficients of scaled terms, corrected for the noise's bias.

  Noise adds N to W. This pulls c towards terms with little noise. Where noise
  makes up a good part of W, the consistent equation is W c = lambda N c; its
  smallest lambda is 1 for a law. Without noise it is W c = lambda T c.

  Args:
    data: moments.
    support: indices of the terms.
    weights: `[N]` weight of each trajectory; equal if None.

  Returns:
    `[k]`.
  """
  weights = np.ones(len(data.mean)) if weights is None else weights
  weights = weights / weights.sum()
  within, noise = (_sub(np.tensordot(weights, m, 1), support)
                   for m in (data.within, data.noise))
  total = _sub(data.total(), support)
  plain = evidence_lib.smallest(within, total)[1]
  w, n = plain @ within @ plain, plain @ noise @ plain
  if w > _ROUND_OFF and n > _NOISE_SHARE * w:
    return evidence_lib.smallest(within, noise)[1]
  return plain


def resample(data: Moments, support: np.ndarray, seed: int,
             count: int) -> list[np.ndarray]:
  """Refit to bootstrap samples of the trajectories.

  Args:
    data: moments.
    support: indices of the k terms.
    seed: of the samples.
    count: number of samples.

  Returns:
    `count` arrays `[k]`.
  """
  random = np.random.default_rng(seed)
  number = len(data.mean)
  draws = random.multinomial(number, np.full(number, 1 / number), size=count)
  return [refit(data, support, w.astype(float)) for w in draws]


def leading(coefficients: np.ndarray, support: np.ndarray,
            terms: Sequence[Term]) -> int:
  """Return the position of the term whose coefficient becomes 1.

  A term qualifies if it contributes at least a tenth of the largest
  contribution. The first square among these terms leads, so that energies begin
  with a square (p^2 - 3 cos(q)). Without a square, the first term of the
  highest degree leads.

  Args:
    coefficients: `[k]` of scaled terms.
    support: `[k]` indices of the terms.
    terms: F terms.

  Returns:
    A position in `support`.
  """
  size = np.abs(coefficients)
  able = size >= .1 * size.max()
  order = [(terms[i].is_square, terms[i].degree) if ok else (False, 0)
           for i, ok in zip(support, able)]
  return order.index(max(order))


def shortest_constant(
    pooled: np.ndarray,
    tolerance: float = 1e-6) -> tuple[np.ndarray | None, np.ndarray]:
  """Find the shortest combination whose pooled variance almost vanishes.

  Args:
    pooled: `[F, F]` covariance of terms with unit variance.
    tolerance: a variance below it counts as none.

  Returns:
    Indices and coefficients; None and an empty array if there is none with at
    most five terms.
  """
  support = np.arange(len(pooled))
  best: tuple[np.ndarray | None, np.ndarray] = (None, np.zeros(0))
  while len(support) > 1:
    sizes, vectors = np.linalg.eigh(_sub(pooled, support))
    if sizes[0] > tolerance:
      break
    if len(support) <= 5:
      best = (support, vectors[:, 0])
    trials = [np.delete(support, i) for i in range(len(support))]
    least = [np.linalg.eigvalsh(_sub(pooled, s))[0] for s in trials]
    support = trials[int(np.argmin(np.maximum(least, 1e-15)[::-1]) * -1 - 1)]
  return best
