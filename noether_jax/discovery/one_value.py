"""A combination that has one and the same value in all the data."""

from __future__ import annotations

import numpy as np

from noether_jax.discovery.evidence import colour
from noether_jax.discovery.evidence import Evidence
from noether_jax.discovery.features import Features
from noether_jax.discovery.forms import Combination
from noether_jax.discovery.law import Law
from noether_jax.discovery.moments import smallest
from noether_jax.discovery.moments import sub
from noether_jax.discovery.rungs.central import central
from noether_jax.discovery.rungs.mechanics import mechanics
from noether_jax.discovery.rungs.quadratic import quadratic
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.sparse import leading_first
from noether_jax.discovery.subject import Subject
from noether_jax.reporting import verdicts

_MOST_TERMS = 7
# The variance of a constant beside that of its terms.
_TOLERANCE = 1e-6
# The same beside the noise's.
_EXCESS = 1.5
# Gradients of its terms must not cancel: else it is flat everywhere.
_MOVES = .01


def one_value(samples: Samples, subject: Subject) -> Law | None:
  """Return a short combination with one value in all the data, or None.

  It may be a law of which the data hold one value only, or a relation between
  the columns that always holds.

  Args:
    samples: the trajectories.
    subject: the roles of the columns.
  """
  for rung in (quadratic, central, mechanics):
    terms = tuple(rung(subject))
    if not 2 <= len(terms) <= 60:
      continue
    features = Features.make(samples, terms)
    found = _shortest(features)
    if found is not None:
      return _law(features, *found)
  return None


def _shortest(features: Features) -> tuple[np.ndarray, np.ndarray] | None:
  """Drop terms as long as what is left is constant."""
  values = np.concatenate(features.values)
  raw = np.concatenate(features.raw)
  swing = np.concatenate(features.swing)
  known = np.isfinite(raw).all(1)
  flat = swing[known].transpose(1, 0, 2).reshape(len(features.terms), -1)
  noise = flat @ flat.T / max(int(known.sum()), 1)
  seen = np.cov(raw[known].T, bias=True)
  pooled = np.cov(values.T, bias=True)
  noisy = bool(features.samples.noisy)
  gradients = features.free(np.zeros((len(features.slopes), 0, 0)))

  def level(support: np.ndarray) -> tuple[float, np.ndarray]:
    sizes, vectors = np.linalg.eigh(sub(pooled, support))
    if not noisy:
      return float(sizes[0]) / _TOLERANCE, vectors[:, 0]
    value, vector = smallest(sub(seen, support), sub(noise, support))
    moved = np.maximum(seen.diagonal() - noise.diagonal(), 0.)[support]
    # A combination of pure noise has one value, too.
    spared = float(
        vector @ sub(noise, support) @ vector) < .05 * float(moved @ vector**2)
    return (float(value) / _EXCESS if spared else np.inf), vector

  support = np.flatnonzero(features.usable)
  best = None
  while len(support) > 1:
    size, vector = level(support)
    if size > 1:
      break
    slopes = sub(gradients, support)
    moves = float(vector @ slopes @ vector) > _MOVES * float(
        vector**2 @ slopes.diagonal())
    if len(support) <= _MOST_TERMS and moves and _relates(features, support):
      best = support, vector
    rest = [np.delete(support, i) for i in range(len(support))]
    cost = [features.terms[i].cost for i in support]
    sizes = [max(level(s)[0], 1e-6) for s in rest]
    order = np.lexsort((-np.array(cost), np.round(np.log10(sizes), 1)))
    support = rest[int(order[0])]
  return best


def _relates(features: Features, support: np.ndarray) -> bool:
  """Whether the terms are no functions of the same columns, one and all."""
  columns = [{
      i
      for atom, _ in features.terms[k].factors
      for i in (*atom.plus, *atom.minus)
  }
             for k in support]
  return len(set().union(*columns)) > max(map(len, columns))


def _law(features: Features, support: np.ndarray, vector: np.ndarray) -> Law:
  part = features.take(support)
  order = leading_first(vector, part.terms)
  plain = vector[order] / part.scale[order]
  form = Combination(tuple(part.terms[i] for i in order), plain / plain[0],
                     np.zeros(len(order)))
  variance = part.variance(vector)
  residuals = [(r @ vector - np.nanmean(r @ vector)) / np.sqrt(v)
               for r, v in zip(part.raw, variance)]
  noisy = bool(part.samples.noisy)
  excess = float(np.nanmean(np.concatenate(residuals)**2)) if noisy else np.inf
  seen = colour([np.nan_to_num(z) for z in residuals]) if noisy else 0.
  return Law(part.samples.variables, form, Evidence(1., np.inf, excess, 0.,
                                                    seen), verdicts.UNKNOWN,
             verdicts.ONE_VALUE)
