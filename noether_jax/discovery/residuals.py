"""What is left of a fitted combination beside the noise that it should have."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import functools
from typing import Protocol

import numpy as np

from noether_jax.discovery import evidence as evidence_lib
from noether_jax.discovery.differences import left_in_means
from noether_jax.discovery.features import Features
from noether_jax.discovery.features import Weights
from noether_jax.discovery.moments import Moments
from noether_jax.discovery.rate_noise import distance_from_noise
from noether_jax.discovery.rate_noise import ratio_by_state

# Parts of states with measured rates, each judged by fits to the others.
_FOLDS = 6


class FittedTerms(Protocol):
  """A fitted combination of k terms: `judging.TermFit`."""

  @property
  def features(self) -> Features:
    """Of the k terms."""

  @property
  def moments(self) -> Moments:
    """Theirs, weighted for this combination."""

  @property
  def coefficients(self) -> np.ndarray:
    """`[k]`."""

  @property
  def variance(self) -> Weights:
    """What noise adds to each observed sample, N arrays `[T_i]`."""

  def fit(self, weights: np.ndarray) -> np.ndarray:
    """Return `[k]` of trajectories that count by `weights` [N]."""


def explained(fit: FittedTerms) -> float:
  """By how many times losses and inputs lessen the scatter within."""
  if not fit.features.paths.any():
    return 1.
  within = fit.moments.within.mean(0)
  state = np.where(fit.features.paths, 0., fit.coefficients)
  left = float(fit.coefficients @ within @ fit.coefficients)
  return float(state @ within @ state) / max(left, 1e-300)


def over_noise(fit: FittedTerms,
               walks: Sequence[float]) -> tuple[list[np.ndarray], float, float]:
  """Return the observed values over their noise, Q, and Rc.

  Args:
    fit: to all trajectories.
    walks: what the noise of integrals adds, see `walk_steps`.

  Returns:
    N arrays `[T_i]` without their means; the scatter within trajectories over
    that of noise; the ratio within/total without the noise's share.
  """
  c = fit.coefficients
  out, means, shares, squares, degrees = [], [], [], 0., 0
  for raw, var in zip(fit.features.raw, fit.variance):
    values = raw @ c
    known = np.isfinite(values) & np.isfinite(var)
    weight = np.where(known, 1 / var, 0.)
    values = np.where(known, values, 0.)
    share = max(float(weight.sum()), 1e-300)
    mean = float(weight @ values) / share
    z = (values - mean) * np.sqrt(weight)
    out.append(z)
    means.append(mean)
    shares.append(share / len(z))
    squares += float(z @ z)
    degrees += max(int(known.sum()) - 1, 1)
  walked = np.mean(
      [w * evidence_lib.walk_variance(len(z)) for w, z in zip(walks, out)])
  excess = squares / degrees / (1 + float(walked))
  # The noise of one sample is the unit; a mean's own is far below it.
  level = 1 / float(np.mean(shares))
  between = float(np.var(means))
  if fit.features.samples.constants or fit.features.samples.rates is not None:
    # Means of trials also differ because their constants do; rates have none.
    between = max(float(c @ fit.moments.total @ c) - level * excess, 0.)
  change = max(excess - 1, 3 * np.sqrt(2 / degrees)) * level
  return out, excess, change / max(change + between, 1e-300)


def rate_colour(fit: FittedTerms, ratio: float) -> float:
  """How far measured rates of change are from noise; each occurs twice.

  Each group of states is judged by a fit to the others, because many terms
  could follow the noise of the states that they are fitted to.
  """
  features = fit.features
  count = len(features.raw)
  values, swing = [], []
  for n, (raw, change) in enumerate(zip(features.raw, features.swing)):
    c = fit.fit(1. * (np.arange(count) % _FOLDS != n % _FOLDS))
    once = len(raw) // 2
    values.append(raw[:once] @ c)
    swing.append(np.einsum("tfs,f->ts", change[:once], c))
  change, noise = np.concatenate(values), np.concatenate(swing)
  samples = features.samples
  assert samples.rate_noise is not None
  columns = list(samples.noisy)
  slopes = noise / samples.rate_noise[columns] * samples.spread[columns]
  ratio = max(ratio, ratio_by_state(change, slopes))
  return distance_from_noise(change, noise, np.concatenate(samples.states),
                             ratio)


def left_in_blocks(fit: FittedTerms) -> Callable[[int], float]:
  """The part of white noise's variance in means of so many samples."""
  c = fit.coefficients
  parts = []
  for swing, var in zip(fit.features.swing, fit.variance):
    with np.errstate(all="ignore"):
      change = np.einsum("tfs,f->ts", swing, c) / np.sqrt(var)[:, None]
    parts.append(np.nan_to_num(change, posinf=0., neginf=0.))
  return functools.partial(left_in_means, fit.features.samples, parts)


def walk_steps(fit: FittedTerms) -> list[float]:
  """Variances of what noise adds to integrals at each sample, over its own."""
  c = fit.coefficients
  return [
      float(c @ walk @ c) / float(np.mean(var))
      for walk, var in zip(fit.features.walk, fit.variance)
  ]
