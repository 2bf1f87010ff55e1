"""The null against coincidence: trajectories broken and joined anew."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
import dataclasses
import functools
import math

import numpy as np
import scipy.linalg

from noether_jax.discovery.features import Features
from noether_jax.discovery.law import Law
from noether_jax.discovery.moments import parallel
from noether_jax.discovery.moments import shares
from noether_jax.discovery.moments import whitening
from noether_jax.discovery.series import is_series
from noether_jax.reporting import verdicts

_DRAWS = 99
# So few trajectories have too few ways to join their halves.
_FEW = 6
_FOLDS = 3
_MANY = 9
# A p-value above this is no evidence. Of noisy data, a trajectory determines so
# many terms; its rows, as many as this part of the root of their number.
_CHANCE = .05
_TERMS_PER_TRAJECTORY = 2
_TERMS_PER_ROOT = .4


@dataclasses.dataclass(frozen=True)
class Null:
  """How constant the most constant combination is, in data and in nulls.

  Attributes:
    observed: the held-out ratio within/total.
    drawn: `[n]`, the same where pieces of different trajectories were joined.
  """
  observed: float
  drawn: np.ndarray

  @property
  def p_value(self) -> float:
    """The part of all data sets, this one included, that do as well."""
    return self.at(self.observed)

  def at(self, ratio: float) -> float:
    """Return the part of the data sets that do as well as a ratio.

    A short form may have a smaller ratio than the combination of all terms,
    which noise spoils.
    """
    level = min(ratio, self.observed)
    return (1 + int(np.sum(self.drawn <= level))) / (1 + len(self.drawn))

  @classmethod
  def best(cls, nulls: Iterable[Null]) -> Null | None:
    """Return the null of a search that takes the best of several libraries."""
    every = list(nulls)
    if not every:
      return None
    return functools.reduce(
        lambda a, b: cls(min(a.observed, b.observed),
                         np.minimum(a.drawn, b.drawn)), every)


def doubted(law: Law, null: Null | None, lengths: Sequence[int]) -> Law:
  """Return a law with its p-value, in doubt if it may be a coincidence.

  It is in doubt, too, if it may be a series that approximates.

  Args:
    law: as found.
    null: of the search that found it, or None.
    lengths: numbers of rows of the trajectories; a fit of noise needs
      trajectories and rows for its terms.
  """
  evidence = law.evidence
  if null is not None:
    evidence = dataclasses.replace(evidence, p_value=null.at(evidence.ratio))
  size = len(law.terms) + len(law.losses)
  most = min(_TERMS_PER_TRAJECTORY * len(lengths),
             _TERMS_PER_ROOT * float(np.sum(np.sqrt(lengths))))
  long = not math.isinf(evidence.excess) and size > most
  reason = ""
  if evidence.p_value > _CHANCE or long:
    reason = verdicts.CHANCE
  elif is_series(law):
    reason = verdicts.SERIES
  law = dataclasses.replace(law, evidence=evidence)
  return dataclasses.replace(law, verdict=verdicts.UNKNOWN,
                             reason=reason) if reason else law


def joined(features: Features,
           allowed: np.ndarray,
           known: np.ndarray,
           seed: int,
           draws: int = _DRAWS) -> Null:
  """Search joined pieces of trajectories as the trajectories themselves.

  Each trajectory is cut into halves (few ones into quarters), and each piece
  after the first is taken from another trajectory at random. What is conserved
  along trajectories changes at the joints; what only seems to be, because the
  terms are many or the data slow, stays. Applied to data that are joined
  pieces themselves, the p-value is uniform.

  Args:
    features: of F terms.
    allowed: indices of the terms that may be used.
    known: `[m, K, D]`, gradients of the laws known before.
    seed: of the draws; the same seed joins the same pieces.
    draws: number of nulls.

  Returns:
    The held-out ratios.
  """
  part = features.take(allowed)
  count = len(part.values)
  pieces = 2 if count >= _FEW else 4
  mean, within = _piece_moments(part, pieces)
  identity = np.tile(np.arange(count)[:, None], (1, pieces))
  inside = _joined_within(mean, within, identity)
  centres = mean.mean(1)
  total = inside.mean(0) + np.cov(centres.T, bias=True).reshape(
      inside.shape[1:])
  if known.shape[1]:
    total = parallel(total, part.free(known))
  whiten = whitening(total)
  random = np.random.default_rng(seed)
  # Of many trajectories a third judges; few ones take turns.
  folds = np.arange(count) % min(_FOLDS, count)
  judges = range(1 if count >= _MANY else int(folds.max()) + 1)
  observed = _held_out(inside, whiten, folds, judges)
  drawn = []
  for _ in range(draws):
    order = np.stack([np.arange(count)] +
                     [random.permutation(count) for _ in range(pieces - 1)], 1)
    broken = _joined_within(mean, within, order)
    drawn.append(_held_out(broken, whiten, folds, judges))
  return Null(observed, np.array(drawn))


def _piece_moments(features: Features,
                   pieces: int) -> tuple[np.ndarray, np.ndarray]:
  """Return mean `[N, P, F]` and covariance `[N, P, F, F]` of each piece."""
  weights = features.weights()
  mean, within = [], []
  for values, weight in zip(features.values, weights):
    for v, w in zip(np.array_split(values, pieces),
                    np.array_split(weight, pieces)):
      part = shares(w)
      centre = part @ v
      scaled = (v - centre) * np.sqrt(part)[:, None]
      mean.append(centre)
      within.append(scaled.T @ scaled)
  shape = (len(features.values), pieces)
  return (np.reshape(mean, (*shape, -1)),
          np.reshape(within, (*shape, *within[0].shape)))


def _joined_within(mean: np.ndarray, within: np.ndarray,
                   order: np.ndarray) -> np.ndarray:
  """Return `[N, F, F]`: covariance along trajectories joined from pieces."""
  places = np.arange(order.shape[1])
  centres = mean[order, places]
  offset = centres - centres.mean(1, keepdims=True)
  return (within[order, places].mean(1) +
          np.einsum("npf,npg->nfg", offset, offset) / len(places))


def _held_out(within: np.ndarray, whiten: np.ndarray, folds: np.ndarray,
              judges: Iterable[int]) -> float:
  """Return the smallest ratio of a fit, on the trajectories left out."""
  inner = whiten.T @ within @ whiten
  ratios = []
  for fold in judges:
    vector = scipy.linalg.eigh(inner[folds != fold].mean(0),
                               subset_by_index=[0, 0],
                               check_finite=False)[1][:, 0]
    ratios.append(float(vector @ inner[folds == fold].mean(0) @ vector))
  return float(np.mean(ratios))
