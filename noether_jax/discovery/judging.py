"""Fits one set of terms, and judges the combination."""

from __future__ import annotations

import dataclasses
import functools
import math

import numpy as np

from noether_jax.discovery import evidence as evidence_lib
from noether_jax.discovery import residuals as residuals_lib
from noether_jax.discovery.evidence import Evidence
from noether_jax.discovery.features import Features
from noether_jax.discovery.features import Weights
from noether_jax.discovery.moments import block_moments
from noether_jax.discovery.moments import Moments
from noether_jax.discovery.moments import smallest
from noether_jax.discovery.moments import sub
from noether_jax.discovery.moments import without_each
from noether_jax.discovery.rate_noise import is_flat
from noether_jax.discovery.sparse import is_column
from noether_jax.discovery.sparse import leading_first
from noether_jax.reporting import verdicts

# Fits and weights depend on each other.
_ROUNDS = 2
# Up to this many times the noise's scatter, a fit is weighted by the noise.
_NOISY_BELOW = 4.
# A form is too short if the scatter of block means grows by more than this.
_HOPELESS = 2.
# Trajectories of fewer rows need a ratio this small if noise is to excuse it.
_SHORT = 48
_SMALL = .01
# A shorter form may leave so much more than a longer one.
_MORE = .05
# Of smooth values, noise excuses no larger ratio.
_EXCUSED = .2
# A column takes part in a combination if its gradient does by this part.
_PART = 1e-6
# Held-out ratios are as good as equal up to this factor.
_ALIKE = 1.1


@dataclasses.dataclass(frozen=True, eq=False)
class TermFit:
  """A set of terms with what its fits need.

  Attributes:
    features: of the k terms.
    moments: of the smooth values, weighted for this combination.
    within: `[N, k, k]`, of block means of observed values.
    noise: `[N, k, k]`, the noise's share of that.
    by_noise: whether the noise is large enough to decide the coefficients.
    coefficients: `[k]` of scaled terms, from all trajectories.
  """
  features: Features
  moments: Moments
  within: np.ndarray
  noise: np.ndarray
  by_noise: bool
  coefficients: np.ndarray

  @classmethod
  def make(cls, features: Features, moments: Moments) -> TermFit:
    """Fit k terms to all trajectories.

    Without noise, the coefficients have the least W/T. Otherwise samples are
    weighted by the inverse of the variance that noise gives the combination
    there, and the coefficients have the least scatter of block means over that
    of their noise.

    Args:
      features: of the k terms.
      moments: theirs, with weights of a library.
    """
    c = smallest(moments.within.mean(0), moments.total)[1]
    empty = np.zeros_like(moments.within)
    fit = cls(features, moments, empty, empty, False, c)
    if not features.samples.noisy:
      return fit
    moments = Moments.make(features, features.weights(c))
    c = smallest(moments.within.mean(0), moments.total)[1]
    plain = dataclasses.replace(fit, moments=moments, coefficients=c)
    for _ in range(_ROUNDS):
      within, noise = block_moments(features, features.variance(c))
      level, better = smallest(within.sum(0), noise.sum(0))
      # Terms without noise, or all of it infinite, leave no combination.
      if not 0 < level < _NOISY_BELOW or not better.any():
        return plain
      c = better
    c = c / np.sqrt(max(float(c @ moments.total @ c), 1e-300))
    return cls(features, moments, within, noise, True, c)

  def fit(self, weights: np.ndarray) -> np.ndarray:
    """Return coefficients `[k]` of trajectories that count by `weights` [N]."""
    weights = weights / weights.sum()
    if self.by_noise:
      c = smallest(np.tensordot(weights, self.within, 1),
                   np.tensordot(weights, self.noise, 1))[1]
    else:
      c = smallest(np.tensordot(weights, self.moments.within, 1),
                   self.moments.total)[1]
    return c * np.sign(c @ self.moments.total @ self.coefficients)

  def shorter(self) -> list[np.ndarray]:
    """Drop terms one by one, those first that the noise covers most.

    Returns:
      Indices of the terms left, longest first, as long as the scatter of block
      means stays near the noise's; at least one term is no path integral, and
      one alone is a column.
    """
    within, noise = self.within.sum(0), self.noise.sum(0)
    along = self.features.paths
    support = np.arange(len(within))
    best = smallest(within, noise)[0]
    out: list[np.ndarray] = []
    while self.by_noise and np.sum(~along[support]) > 1:
      left = without_each(sub(within, support), sub(noise, support))
      drop = int(np.argmin(left))
      if left[drop] > _HOPELESS * best or (len(support) == 2 and not is_column(
          self.features.terms, np.delete(support, drop))):
        break
      support = np.delete(support, drop)
      out.append(support)
    return out

  def leaves_no_more(self, longer: TermFit) -> bool:
    """Whether its residual is no larger than that of a form with more terms.

    What noise could be is not enough: of the same noise, each further term
    takes one row's part, and a true one takes more. Where trials differ by
    constants, forms that are multiplied by functions of these weigh trials
    differently, and do not compare.
    """
    if self.features.samples.constants:
      return True
    rows = sum(map(len, self.features.raw))
    more = len(longer.coefficients) - len(self.coefficients)
    # The size of the noise is an estimate, and differs from form to form.
    least = max(longer.evidence.excess, 1.)
    return self.evidence.excess <= least * (1 + _MORE) + 2 * more / rows

  def serves_as_well(self, other: TermFit) -> bool:
    """Whether this fit is no less a law than another one, but for chance."""
    return self.evidence.ratio <= _ALIKE * other.evidence.ratio and (
        other.verdict != verdicts.CONSERVED or
        self.verdict == verdicts.CONSERVED)

  @functools.cached_property
  def evidence(self) -> Evidence:
    """From trajectories that took no part in the fit."""
    return _evidence(self)

  @property
  def verdict(self) -> str:
    """The evidence's, unless the combination is of a kind that misleads it.

    What a nearly constant term changes by itself would be excused by the noise
    of others that are added to it. A sum of functions of one column may be
    stationary where the column is; if it were a law, so would be the column.
    """
    verdict = self.evidence.verdict
    if self.evidence.ratio > _EXCUSED:
      return verdicts.NOT_CONSERVED
    if verdict == verdicts.CONSERVED and len(
        self.coefficients) > 1 and (self._hides_a_steady_term or
                                    self._is_of_one_column):
      return verdicts.APPROXIMATE
    return verdict

  @property
  def _hides_a_steady_term(self) -> bool:
    if math.isinf(self.evidence.excess):
      return False
    within = self.moments.within.mean(0).diagonal()
    total = np.maximum(self.moments.total.diagonal(), 1e-300)
    steady = ~self.features.paths & (within < self.evidence.ratio * total)
    return bool(steady.any())

  @property
  def _is_of_one_column(self) -> bool:
    # With losses, one term may be a law: the energy v^2 of a free body.
    if np.sum(~self.features.paths) < 2:
      return False
    slopes = np.einsum("mfd,f->md", self.features.slopes, self.coefficients)
    parts = np.sqrt(np.mean(slopes**2, axis=0))
    return int(np.sum(parts > _PART * parts.max())) == 1

  @functools.cached_property
  def variance(self) -> Weights:
    """What noise adds to each observed sample, N arrays `[T_i]`."""
    return self.features.variance(self.coefficients)

  @property
  def order(self) -> np.ndarray:
    """`[k]`, the terms as they are written: the leading one first."""
    return leading_first(self.coefficients, self.features.terms)


def _evidence(fit: TermFit) -> Evidence:
  """Judge on trajectories that took no part in the fit."""
  split = fit.features.samples.split
  sign = float(np.sign(fit.coefficients[fit.order[0]]))
  moments, count = fit.moments, len(fit.moments.mean)
  within, total = [], []
  for chosen, judge_on in split.judged():
    weights = np.zeros(count)
    weights[chosen] = 1.
    c = fit.fit(weights)
    within.append(c @ moments.within[judge_on].mean(0) @ c)
    total.append(c @ moments.total @ c)
  ratio = max(float(np.mean(within)), 0.) / max(float(np.mean(total)), 1e-300)
  if not fit.features.samples.constants:
    ratio *= evidence_lib.inflation(
        moments.mean @ fit.coefficients,
        np.einsum("f,nfg,g->n", fit.coefficients, moments.within,
                  fit.coefficients))
  if fit.features.samples.rates is not None and is_flat(
      np.einsum("mfd,f->md", fit.features.slopes, fit.coefficients)):
    ratio = np.inf
  walks = residuals_lib.walk_steps(fit)
  residuals, excess, corrected = residuals_lib.over_noise(fit, walks)
  if not fit.features.samples.noisy:
    excess, corrected = np.inf, ratio
  colour = 0.
  if np.isfinite(excess):
    if fit.features.samples.rates is not None:
      return Evidence(ratio,
                      corrected,
                      excess,
                      0.,
                      residuals_lib.rate_colour(fit, ratio),
                      exact=fit.features.samples.exact)
    colour = evidence_lib.colour(residuals, walks,
                                 residuals_lib.left_in_blocks(fit))
    # Too few rows to see a slow change: then it must be small by itself.
    if np.median([len(z) for z in residuals]) < _SHORT:
      colour = max(colour, ratio / _SMALL)
  drift = 0.
  if fit.features.samples.ordered:
    drift = evidence_lib.drift_statistic([sign * z for z in residuals],
                                         fit.features.samples.times)
  return Evidence(ratio,
                  corrected,
                  excess,
                  drift,
                  colour,
                  exact=fit.features.samples.exact,
                  explained=residuals_lib.explained(fit))
