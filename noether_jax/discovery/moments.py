"""Second moments of terms, and the combinations that vary least."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np

from noether_jax.discovery.features import Features
from noether_jax.discovery.features import Weights

# Terms are redundant in directions of which the scatter is below this part of
# the largest.
RANK_TOLERANCE = 1e-9
# Block means of observed samples decide a fit: twice as many blocks as the
# smooth curve has knots, and no block longer than this.
_LONGEST_BLOCK = 32
_BISECTIONS = 50
# Combinations that `smallest_below` tries, and what it takes for no variation.
_MOST, _FLAT = 12, 1e-6
# An integral along a trajectory is no part of what varies; this much keeps it
# from counting as redundant.
_PATH = 1e-6
# An integral has hardly any noise; this part of the other terms' keeps it from
# counting as redundant.
_PATH_NOISE = 1e-3


@dataclasses.dataclass(frozen=True, eq=False)
class Moments:
  """Second moments of scaled terms, one entry per trajectory.

  Attributes:
    within: `[N, F, F]` covariance within each trajectory.
    mean: `[N, F]` each trajectory's mean.
    total: `[F, F]` scatter over all trajectories.
  """
  within: np.ndarray
  mean: np.ndarray
  total: np.ndarray

  @classmethod
  def make(cls, features: Features, weights: Weights) -> Moments:
    """Compute moments of the smooth values.

    Args:
      features: of F terms.
      weights: N arrays `[T_i]`; each trajectory counts alike.
    """
    within, mean = [], []
    for values, weight in zip(features.values, weights):
      part = shares(weight)
      centre = part @ values
      scaled = (values - centre) * np.sqrt(part)[:, None]
      mean.append(centre)
      within.append(scaled.T @ scaled)
    centres, each = np.stack(mean), np.stack(within)
    total = features.total()
    if total is None:
      total = each.mean(0) + np.cov(centres.T, bias=True).reshape(
          each.shape[1:])
    paths = features.paths
    if paths.any():
      total = total * ~(paths[:, None] | paths)
      total += np.diag(np.where(paths, _PATH, 0.) * each.mean(0).diagonal())
    return cls(each, centres, total)


def shares(weight: np.ndarray) -> np.ndarray:
  """Return weights that sum to 1; equal ones if noise leaves nothing certain.

  Example:
    >>> shares(np.array([1., 3.])).tolist(), shares(np.zeros(2)).tolist()
    ([0.25, 0.75], [0.5, 0.5])
  """
  whole = float(weight.sum())
  return weight / whole if whole > 0 else np.full(len(weight), 1 / len(weight))


def block_moments(features: Features,
                  variance: Weights) -> tuple[np.ndarray, np.ndarray]:
  """Compute moments of block means of the observed values.

  A law is constant along a trajectory, so its mean over a few samples has less
  noise and no bias, however curved its terms are; means of the states would be
  biased.

  Args:
    features: of k terms.
    variance: of the noise of the combination, N arrays `[T_i]`.

  Returns:
    `(within [N, k, k], noise [N, k, k])`, both divided by the variance.
  """
  samples = features.samples
  gain = samples.gain[list(samples.noisy)]
  size = int(np.clip(round(.5 / float(np.mean(gain**2))), 1, _LONGEST_BLOCK))
  left = np.sqrt(samples.cancelled(size))
  # Squares and products of noise hardly cancel.
  left = np.pad(left, (0, features.swing[0].shape[-1] - len(left)),
                constant_values=1.)
  within, noise = [], []
  for raw, swing, var in zip(features.raw, features.swing, variance):
    known = np.isfinite(raw).all(1) & np.isfinite(swing).all((1, 2))
    weight = np.where(known, 1 / var, 0.)
    count = max(1, len(raw) // size)
    starts = np.linspace(0, len(raw), count + 1)[:-1].astype(np.intp)
    raw = np.where(known[:, None], raw, 0.)
    share = np.maximum(np.add.reduceat(weight, starts), 1e-300)
    means = np.add.reduceat(raw * weight[:, None], starts) / share[:, None]
    offset = means - (share @ means) / share.sum()
    scaled = offset * np.sqrt(share)[:, None]
    within.append(scaled.T @ scaled)
    # Each sample's part in the noise of the means of blocks.
    part = weight / np.sqrt(np.repeat(share, np.diff([*starts, len(raw)])))
    swing = np.where(known[:, None, None], swing, 0.)
    flat = (swing * left * part[:, None, None]).transpose(1, 0, 2)
    flat = flat.reshape(raw.shape[1], -1)
    noise.append(flat @ flat.T)
  every = np.stack(noise)
  paths = features.paths
  if paths.any():
    level = every[:, ~paths][:, :, ~paths].trace(axis1=1, axis2=2).mean()
    every = every + np.diag(np.where(paths, _PATH_NOISE * level, 0.))
  return np.stack(within), every


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
  keep = sizes > RANK_TOLERANCE * sizes[..., -1:]
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


def whitening(total: np.ndarray,
              tolerance: float = RANK_TOLERANCE) -> np.ndarray:
  """Return coordinates in which a scatter matrix is the identity.

  Args:
    total: `[F, F]`.
    tolerance: eigenvectors with an eigenvalue below this part of the largest
      are left out, because the terms are redundant there.

  Returns:
    `[F, r]`, V with V' T V = 1.

  Example:
    >>> whitening(np.diag([4., 0.])).round(9).tolist()
    [[0.5], [0.0]]
  """
  sizes, axes = np.linalg.eigh(total)
  keep = sizes > tolerance * sizes[-1]
  return axes[:, keep] / np.sqrt(sizes[keep])


def smallest_below(halves: tuple[np.ndarray, np.ndarray], total: np.ndarray,
                   level: float) -> np.ndarray:
  """Return combinations whose ratio is below a level in both halves.

  Args:
    halves: `[F, F]` scatter of the trajectories that are solved for, and of
      those that verify.
    total: `[F, F]`; combinations of less than 1e-6 of the largest are left out.
    level: the ratio.

  Returns:
    `[F, k]`, at most twelve, c with c' T c = 1.

  Example:
    >>> scatter = np.diag([1e-9, 1.])
    >>> smallest_below((scatter, scatter), np.eye(2), 1e-6).tolist()
    [[1.0], [0.0]]
  """
  chosen, held = halves
  whiten = whitening(total, _FLAT)
  values, vectors = np.linalg.eigh(whiten.T @ chosen @ whiten)
  found = whiten @ vectors[:, :_MOST][:, values[:_MOST] < level]
  return found[:, np.einsum("fk,fg,gk->k", found, held, found) < level]


def without_each(within: np.ndarray, total: np.ndarray) -> np.ndarray:
  """Return the smallest ratio that remains without each of the terms.

  Without term i, the ratio is a root of the secular equation
  sum_k v_k[i]^2 / (lambda_k - ratio) = 0, between the two smallest lambda of
  W v = lambda T v. One decomposition serves all F terms.

  Args:
    within: `[F, F]`.
    total: `[F, F]`.

  Returns:
    `[F]`; infinite if only one combination varies.

  Example:
    >>> without_each(np.diag([1., 2., 3.]), np.eye(3)).round(9).tolist()
    [2.0, 1.0, 1.0]
  """
  sizes, axes = np.linalg.eigh(total)
  keep = sizes > RANK_TOLERANCE * sizes[-1]
  if keep.sum() < 2:
    return np.full(len(within), np.inf)
  whiten = axes / np.sqrt(np.maximum(sizes, RANK_TOLERANCE * sizes[-1]))
  inner = whiten.T @ within @ whiten
  # Redundant directions change nothing, so that any term may be replaced by
  # others that equal it; by themselves they are no quantity.
  inner = np.where(keep[:, None] & keep, inner, 0.)
  inner += np.diag(np.where(keep, 0., 2. + np.trace(inner)))
  values, vectors = np.linalg.eigh(inner)
  square = (whiten @ vectors)**2
  low = np.full(len(within), values[0])
  high = np.full(len(within), values[1])
  with np.errstate(divide="ignore", invalid="ignore"):
    for _ in range(_BISECTIONS):
      middle = (low + high) / 2
      slope = np.sum(square / (values - middle[:, None]), axis=1)
      below = slope < 0
      low, high = np.where(below, middle, low), np.where(below, high, middle)
  # A term that the best combination does not use costs nothing.
  unused = square[:, 0] <= 1e-20 * square.sum(1)
  return np.maximum(np.where(unused, values[0], high), 0.)


def parallel(first: np.ndarray, second: np.ndarray) -> np.ndarray:
  """Return the parallel sum of two positive semidefinite matrices.

  Its quadratic form is nowhere above either one's, so a combination has to
  vary by both measures.

  Args:
    first: `[F, F]`.
    second: `[F, F]`.

  Returns:
    `[F, F]`, A (A + B)^-1 B.

  Example:
    >>> parallel(np.diag([2., 1.]), np.diag([2., 0.])).round(12).tolist()
    [[1.0, 0.0], [0.0, 0.0]]
  """
  sizes, axes = np.linalg.eigh(first + second)
  keep = sizes > 1e-12 * sizes[-1]
  inverse = (axes[:, keep] / sizes[keep]) @ axes[:, keep].T
  out = first - first @ inverse @ first
  return (out + out.T) / 2


def sub(matrix: np.ndarray, support: Sequence[int] | np.ndarray) -> np.ndarray:
  """Return rows and columns of the last two axes."""
  support = np.asarray(support)
  return matrix[..., support[:, None], support]
