"""Which columns are velocities, vectors, constants: from data, units, names."""

from __future__ import annotations

from collections.abc import Sequence
import itertools
import re

import numpy as np
import scipy.spatial

from noether_jax.data.columns import Variable
from noether_jax.discovery import naming
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.vectors import find_vectors

# v1 and p1 belong to x1 or q1, w1 to an angle, and vx1 to x1.
_VELOCITY = re.compile(r"(v|p|w|omega)_?(.*)")
_PLACES = ("", "x", "q", "o", "a", "theta", "phi")
_UNNAMED = re.compile(r"x\d+")
# A column is a velocity if a multiple of it explains this part of a derivative.
_EXPLAINED = .95
# Noise may hide that it is one; no input is what explains this part.
_PERHAPS = .5
# A column has one sign if so few of its values have the other one.
_SELDOM = .02
# Pairs of near states: how many are tried, how few are enough, and how alike
# their derivatives are in a closed system.
_NEAR = 400
_FEW_PAIRS = 20
_ALIKE = .1


def make_subject(samples: Samples, vectors: tuple[tuple[int, ...], ...] | None,
                 degree: int | None) -> Subject:
  """Find the roles of the columns.

  Args:
    samples: the trajectories.
    vectors: indices of the components of each vector; found if None.
    degree: highest degree of polynomials; the rungs' own if None.

  Returns:
    The subject. A column counts as a velocity (or momentum) of another one if
    it is proportional to the other's time derivative; without times, if units
    or names say so.
  """
  pairs = _pairs(samples)
  if vectors is None:
    vectors = find_vectors(samples.variables) or _from_pairs(samples, pairs)
  return Subject(samples.variables,
                 _positive(samples), samples.constants, pairs, vectors,
                 _inputs(samples, pairs), degree, samples.time_unit,
                 _one_sided(samples))


def is_closed(samples: Samples) -> bool:
  """Whether the columns determine their own derivatives.

  Where different trajectories come near each other, their derivatives are
  alike; positions alone are passed both ways. So it is also true where no two
  trajectories come near each other.
  """
  x, dx, number = samples.rates_of_change
  if len(x) < _NEAR:
    return True
  scale = np.maximum(x.std(0), 1e-300)
  # Constants of a trial must be alike, too.
  tree = scipy.spatial.cKDTree(x / scale)
  chosen = np.arange(len(x))[::max(1, len(x) // _NEAR)]
  near = np.array(tree.query(x[chosen] / scale, k=min(30, len(x)))[1])
  # Neighbours in time are near in any case, and so is an orbit to itself.
  apart = number[near] != number[chosen, None]
  first = np.argmax(apart, axis=1)
  pairs = np.stack([chosen, near[np.arange(len(chosen)), first]], 1)
  pairs = pairs[apart.any(axis=1)]
  if len(pairs) < _FEW_PAIRS:
    return True
  size = np.maximum(dx.std(0), 1e-300)
  rest = (dx[pairs[:, 0]] - dx[pairs[:, 1]]) / size
  return bool(
      np.median(np.mean(rest[:, list(samples.moving)]**2, axis=1)) < _ALIKE)


def has_velocities(samples: Samples) -> bool:
  """Whether any column is the velocity of another."""
  return bool(_pairs(samples))


def _pairs(samples: Samples) -> tuple[tuple[int, int], ...]:
  pairs = _by_data(samples) if samples.ordered else ()
  # Noise can hide a pair from the data.
  known = {i for pair in pairs for i in pair}
  more = tuple(p for p in _by_name(samples.variables) if not known & set(p))
  return tuple(sorted((*pairs, *more)))


def _positive(samples: Samples) -> tuple[int, ...]:
  """Columns that stay positive and vary, so that they have a logarithm."""
  everything = np.concatenate(samples.states)
  low, high = everything.min(0), everything.max(0)
  return tuple(i for i, v in enumerate(samples.variables)
               if not v.unit.is_angle and low[i] > 0 and high[i] > 1.5 * low[i])


def _one_sided(samples: Samples) -> tuple[int, ...]:
  """Columns that hardly ever change their sign."""
  share = np.mean(np.concatenate(samples.states) > 0, axis=0)
  return tuple(np.flatnonzero(np.minimum(share, 1 - share) < _SELDOM).tolist())


def multiple(slope: np.ndarray, column: np.ndarray) -> tuple[float, float]:
  """Return the factor of a column that fits a derivative, and what is left.

  The rest is in units of the derivative's spread; medians, because a derivative
  errs at fast events.
  """
  factor = float(slope @ column) / max(float(column @ column), 1e-300)
  size = float(np.median(np.abs(slope - np.median(slope))))
  left = float(np.median(np.abs(slope - factor * column)))
  return factor, left / max(size, 1e-300)


def _is_rate(samples: Samples,
             column: int,
             other: int,
             part: float = _EXPLAINED) -> bool:
  """Whether a multiple of another column explains a part of a derivative."""
  x, dx, _ = samples.rates_of_change
  return bool(len(x)) and multiple(dx[:, column], x[:, other])[1]**2 < 1 - part


def _by_data(samples: Samples) -> tuple[tuple[int, int], ...]:
  """Pairs (position, velocity), by the positions' derivatives."""
  x, dx, _ = samples.rates_of_change
  if not len(x):
    return ()
  pairs: list[tuple[float, int, int]] = []
  for i in range(x.shape[1]):
    for j in range(x.shape[1]):
      if i == j or {i, j} & set(samples.constants):
        continue
      factor, left = multiple(dx[:, i], x[:, j])
      if factor > 0 and left**2 < 1 - _EXPLAINED:
        pairs.append((left, i, j))
  chosen: dict[int, int] = {}
  for _, i, j in sorted(pairs):
    if i not in chosen and j not in chosen.values():
      chosen[i] = j
  # A velocity's own derivative is an acceleration: no position of its own.
  moving = set(chosen.values())
  return tuple(sorted((i, j) for i, j in chosen.items() if i not in moving))


def _inputs(samples: Samples, pairs: Sequence[tuple[int,
                                                    int]]) -> tuple[int, ...]:
  """Columns beside positions and velocities; accelerations are none."""
  if not pairs or not samples.ordered:
    return ()
  known = {i for pair in pairs for i in pair} | set(samples.constants)
  rest = [i for i in range(len(samples.variables)) if i not in known]
  doubtful = {
      i for a, b in itertools.permutations(rest, 2)
      if _is_rate(samples, a, b, _PERHAPS) for i in (a, b)
  }
  rest = [i for i in rest if i not in doubtful]
  return tuple(i for i in rest
               if not samples.variables[i].unit.is_angle and not any(
                   _is_rate(samples, v, i) for _, v in pairs))


def _by_name(variables: Sequence[Variable]) -> tuple[tuple[int, int], ...]:
  """Pairs (position, velocity) where units or names leave no doubt."""
  found = naming.velocities(variables)
  pairs = [(min(places), i) for i, places in found.items() if len(places) == 1]
  where = {v.name: i for i, v in enumerate(variables)}
  for name, i in where.items():
    match = _VELOCITY.fullmatch(name)
    if match and not any(i in pair for pair in pairs):
      places = [
          where[stem + match[2]] for stem in _PLACES if stem + match[2] in where
      ]
      if len(places) == 1 and not any(places[0] in pair for pair in pairs):
        pairs.append((places[0], i))
  return tuple(sorted(pairs))


def _from_pairs(
    samples: Samples,
    pairs: Sequence[tuple[int, int]]) -> tuple[tuple[int, ...], ...]:
  """Two or three lengths of one unit with their velocities are vectors."""
  lengths = [(i, j) for i, j in pairs if not samples.variables[i].unit.is_angle]
  if not 2 <= len(lengths) <= 3 or len(lengths) != len(pairs):
    return ()
  names = [samples.variables[i].name for i, _ in lengths]
  every = [v.name for v in samples.variables]
  # Numbers tell bodies apart, unless no column has a name of its own.
  numbered = {n.rstrip("0123456789") for n in names}
  if len(numbered) == 1 and not all(_UNNAMED.fullmatch(n) for n in every):
    return ()
  groups = list(zip(*lengths))
  if any(len({samples.variables[i].unit for i in g}) > 1 for g in groups):
    return ()
  return tuple(tuple(g) for g in groups)
