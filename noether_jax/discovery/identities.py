"""Relations between columns that hold in all the data, such as p = m v."""

from __future__ import annotations

import numpy as np

from noether_jax.discovery import gradients
from noether_jax.discovery.features import Features
from noether_jax.discovery.moments import shares
from noether_jax.discovery.moments import smallest_below
from noether_jax.discovery.terms import Term
from noether_jax.discovery.terms import term_values

# The variance of a relation, by that which its gradient would make of the
# columns' spreads: rounding; beside noise, at most so much and, by what the
# noise makes of it, at most so much.
_EXACT = 1e-9
_SMALL = .1
_NOISE = 1.3
# The usual gradient is at least this part of their root mean square.
_STEEP = .1
# With noise, many terms approximate one.
_MOST_NOISY = 20
# Rows for each term.
_ROWS = 2


def identities(features: Features,
               known: np.ndarray | None = None) -> np.ndarray:
  """Return directions in which the data cannot move.

  A momentum beside a velocity, degrees beside radians, an energy that somebody
  computed: such columns are functions of the others. Along them, gradients of
  one law written twice differ, and would be counted as two laws. A quantity
  with one value in all the data is such a relation, too.

  Args:
    features: of F terms on N trajectories; with fewer than three, laws have one
      value by chance.
    known: `[m, r, D]`, orthonormal directions that are known already, or None.

  Returns:
    `[m, r', D]`, orthonormal directions at the samples' points, by columns over
    their spread; those known and those of combinations of the terms that are
    constant over all trajectories, the held-out ones included.
  """
  index = np.flatnonzero(features.usable & ~features.paths)
  samples = features.samples
  if known is None:
    known = np.zeros((len(samples.points), 0, len(samples.variables)))
  if samples.rates is not None or len(samples.raw) < 3 or not len(index):
    return known
  part = features.take(index)
  normals = np.einsum("mfd,fk->mkd", part.slopes, _constant(part))
  size = np.linalg.norm(normals, axis=-1)
  # z - |z| is 0 where z > 0: a relation has a gradient everywhere.
  steep = np.median(size, axis=0) > _STEEP * np.sqrt(np.mean(size**2, axis=0))
  normals = gradients.unit(normals[:, steep])
  if not normals.shape[1]:
    return known
  normals = np.concatenate([known, normals], axis=1)
  count = int(np.median(gradients.ranks(normals)))
  if count <= known.shape[1]:
    return known
  return np.linalg.svd(normals, full_matrices=False)[2][:, :count]


def _constant(features: Features) -> np.ndarray:
  """Combinations `[F, k]` that are constant in all the data."""
  empty = np.zeros((len(features.terms), 0))
  slopes = features.free(np.zeros((len(features.slopes), 0, 0)))
  halves = _scatters(features)
  if halves is None:
    return empty
  found = smallest_below(halves, slopes, _EXACT)
  if (found.shape[1] or not features.samples.noisy or
      len(features.terms) > _MOST_NOISY):
    return found
  swing = np.concatenate(features.swing)
  swing = swing[np.isfinite(swing).all((1, 2))]
  flat = swing.transpose(1, 0, 2).reshape(len(features.terms), -1)
  found = smallest_below(halves, flat @ flat.T / max(len(swing), 1), _NOISE)
  level = np.einsum("fk,fg,gk->k", found, halves[0], found)
  whole = np.einsum("fk,fg,gk->k", found, slopes, found)
  found = found[:, level < _SMALL * whole]
  quiet = [_is_noise(features, c) for c in found.T]
  return found[:, np.array(quiet, bool)]


def _is_noise(features: Features, combination: np.ndarray) -> bool:
  """Whether a combination changes by the noise of each sample alone.

  Where a term is steep, noise is large, and hides all changes in a mean.
  """
  with np.errstate(all="ignore"):
    values = np.concatenate(features.raw) @ combination
  variance = np.concatenate(features.variance(combination))
  known = np.isfinite(values) & np.isfinite(variance)
  values, weight = values[known], 1 / variance[known]
  if not len(values):
    return False
  rest = values - shares(weight) @ values
  return bool(np.mean(rest**2 * weight) < _NOISE)


def _scatters(features: Features) -> tuple[np.ndarray, np.ndarray] | None:
  """Scatter of observed terms about the mean of the trajectories that choose.

  Returns:
    `[F, F]` of the trajectories that choose and of the held-out ones, or None
    if there are too few rows.
  """
  samples = features.samples
  terms = [t for t in features.terms if isinstance(t, Term)]
  values = features.values
  if samples.noisy:
    with np.errstate(all="ignore"):
      values = tuple(
          term_values(terms, s) / features.scale for s in samples.raw)
  chosen, held = (np.concatenate([values[i]
                                  for i in part])
                  for part in samples.split.halves())
  chosen, held = (v[np.isfinite(v).all(1)] for v in (chosen, held))
  if min(len(chosen), len(held)) < _ROWS * len(terms):
    return None
  centre = chosen.mean(0)
  first, second = (
      (v - centre).T @ (v - centre) / len(v) for v in (chosen, held))
  return first, second
