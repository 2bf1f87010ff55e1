"""Scatter and drift: what separates a law from a coincidence."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
import math

import numpy as np

from noether_jax.discovery import terms as terms_lib
from noether_jax.errors import InputError
from noether_jax.symbolic.noise import StateNoise

_RANK_TOLERANCE = 1e-9
_FLOOR = 1e-300
# Scatter ratio below which no noise is needed to explain a change.
EXACT = 1e-6
# The verdict on what too few trajectories show.
UNVERIFIED = "conserved, unverified"


@dataclasses.dataclass(frozen=True)
class Moments:
  """Second moments of scaled terms, one entry per trajectory.

  Attributes:
    within: `[N, F, F]` covariance within each trajectory.
    mean: `[N, F]` each trajectory's mean.
    noise: `[N, F, F]` covariance expected from observation noise alone.
    scale: `[F]` what the terms were divided by.
    values: N arrays `[T_i, F]`, scaled and centred.
  """
  within: np.ndarray
  mean: np.ndarray
  noise: np.ndarray
  scale: np.ndarray
  values: tuple[np.ndarray, ...]

  def total(self) -> np.ndarray:
    """Return the scatter over all trajectories, `[F, F]`."""
    return self.within.mean(0) + np.cov(self.mean.T, bias=True).reshape(
        self.within.shape[1:])


def moments(terms: Sequence[terms_lib.Term], states: Sequence[np.ndarray],
            noise: StateNoise) -> Moments:
  """Compute the scatter matrices.

  Args:
    terms: F terms.
    states: N arrays `[T_i, D]`.
    noise: theirs.

  Returns:
    The moments; terms are divided by their standard deviation over all.

  Raises:
    InputError: if a term is not finite on the data.
  """
  with np.errstate(all="ignore"):
    raw = [terms_lib.term_values(terms, s) for s in states]
  everything = np.concatenate(raw)
  finite = np.isfinite(everything).all(axis=0)
  if not finite.all():
    bad = terms[int(np.argmin(finite))].text
    raise InputError(f"The term {bad} is not finite on the data: leave out the "
                     "rows where it is singular.")
  centre, scale = everything.mean(0), everything.std(0)
  scale = np.where(scale > 1e-12 * np.abs(everything).max(0), scale, np.inf)
  values = tuple((r - centre) / scale for r in raw)
  mean = np.stack([v.mean(0) for v in values])
  within = np.stack(
      [np.cov(v.T, bias=True).reshape(len(scale), -1) for v in values])
  spread = [
      noise.covariance(terms_lib.gradients(terms, s) / scale[:, None])
      for s in states
  ]
  return Moments(within, mean, np.stack(spread), scale, values)


def smallest(within: np.ndarray,
             total: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Solve W c = lambda T c for the smallest lambda.

  Eigenvectors of T with an eigenvalue below 1e-9 of the largest are left out:
  the terms are redundant there, and any ratio is round-off.

  Args:
    within: `[..., F, F]`.
    total: `[..., F, F]`.

  Returns:
    lambda `[...]` and c `[..., F]` with c' T c = 1.

  Example:
    >>> value, vector = smallest(np.diag([1., 2.]), np.diag([4., 2.]))
    >>> float(value), np.abs(vector).tolist()
    (0.25, [0.5, 0.0])
  """
  sizes, axes = np.linalg.eigh(total)
  keep = sizes > _RANK_TOLERANCE * sizes[..., -1:]
  factor = np.where(keep, 1 / np.sqrt(np.where(keep, sizes, 1)), 0)
  whiten = axes * factor[..., None, :]
  inner = np.swapaxes(whiten, -1, -2) @ within @ whiten
  # Discarded directions must not win, so they get a ratio above any other.
  penalty = np.where(keep, 0.,
                     2. + np.trace(inner, axis1=-2, axis2=-1)[..., None])
  inner = inner + penalty[..., None] * np.eye(within.shape[-1])
  values, vectors = np.linalg.eigh(inner)
  return (np.maximum(values[..., 0],
                     0.), np.einsum("...ij,...j->...i", whiten, vectors[...,
                                                                        0]))


@dataclasses.dataclass(frozen=True)
class Evidence:
  """How well one combination of terms is conserved.

  Attributes:
    ratio: R = W/T, scatter within trajectories over total scatter.
    corrected: Rc = (W - N)/(T - N), the same without the noise's share.
    excess: Q = W/N, scatter within trajectories over that of noise alone.
    drift: t statistic of the quantity's slope along time.
  """
  ratio: float
  corrected: float
  excess: float
  drift: float

  @property
  def verdict(self) -> str:
    """One of conserved, approximately conserved and not conserved."""
    if self.ratio < EXACT:
      return "conserved"
    if self.corrected < .05:
      quiet = self.excess < 2 and abs(self.drift) < 4
      return "conserved" if quiet else "approximately conserved"
    return "not conserved"


def ratios(coefficients: np.ndarray, within: np.ndarray, total: np.ndarray,
           noise: np.ndarray) -> tuple[float, float, float]:
  """Return R, Rc and Q of one combination, as in `Evidence`.

  Args:
    coefficients: `[F]`.
    within: `[F, F]`.
    total: `[F, F]`.
    noise: `[F, F]`.
  """
  w, t, n = (max(float(coefficients @ m @ coefficients), 0.)
             for m in (within, total, noise))
  corrected = (w - n) / (t - n) if t > 2 * n else np.inf
  return w / max(t, _FLOOR), corrected, w / n if n > 0 else math.inf


def drift_statistic(series: Sequence[np.ndarray],
                    times: Sequence[np.ndarray],
                    *,
                    pieces: int = 8) -> float:
  """Return Student's t of the mean slope of a quantity along time.

  Few trajectories are cut into pieces, so that there are about `pieces` slopes.

  Args:
    series: values along each trajectory, arrays `[T_i]`.
    times: arrays `[T_i]`.
    pieces: number of slopes wanted.

  Returns:
    t; 0 if there are fewer than three slopes.

  Example:
    >>> t = [np.arange(30.)] * 9
    >>> r = np.random.default_rng(0)
    >>> drift_statistic([x + r.normal(size=30) for x in t], t) > 10
    True
  """
  slopes = []
  cuts = max(1, -(-pieces // len(series)))
  for values, when in zip(series, times):
    parts = min(cuts, len(values) // 10) or 1
    for v, t in zip(np.array_split(values, parts), np.array_split(when, parts)):
      centred = t - t.mean()
      slopes.append(float(centred @ v / max(centred @ centred, _FLOOR)))
  if len(slopes) < 3:
    return 0.
  spread = float(np.std(slopes, ddof=1)) / math.sqrt(len(slopes))
  return float(np.mean(slopes)) / max(spread, _FLOOR)
