"""A fit written as a law, with uncertainties."""

from __future__ import annotations

import numpy as np

from noether_jax.discovery.forms import Combination
from noether_jax.discovery.forms import Loss
from noether_jax.discovery.judging import TermFit
from noether_jax.discovery.law import Law
from noether_jax.discovery.path_term import PathTerm
from noether_jax.discovery.scale import simplest
from noether_jax.discovery.terms import Term

# Resamples for the uncertainties.
_BOOTSTRAP = 100


def to_law(fit: TermFit, seed: int) -> Law:
  """Return a fit as a law, with uncertainties from resampled trajectories.

  Args:
    fit: to all trajectories.
    seed: of the bootstrap.

  Returns:
    The law, with evidence from held-out trajectories and a verdict.
  """
  features, order = fit.features, fit.order
  plain = lambda c: c[order] / features.scale[order]
  count = len(fit.moments.mean)
  resamples = np.random.default_rng(seed).multinomial(count,
                                                      np.full(count, 1 / count),
                                                      size=_BOOTSTRAP)
  draws = np.stack([plain(fit.fit(w.astype(float))) for w in resamples])
  return Law(features.samples.variables,
             _form(fit, order, plain(fit.coefficients), draws), fit.evidence,
             fit.verdict)


def _form(fit: TermFit, order: np.ndarray, plain: np.ndarray,
          draws: np.ndarray) -> Combination:
  """The sum of terms, and what is lost beside it."""
  terms = [fit.features.terms[i] for i in order]
  state = [k for k, term in enumerate(terms) if isinstance(term, Term)]
  freedom = len(fit.moments.mean) - 1
  natural = [k for k in state if terms[k].unit == terms[0].unit]
  scaled = simplest(plain, draws, freedom, state, natural)
  span = float(
      np.sqrt(
          max(fit.coefficients @ fit.moments.total @ fit.coefficients, 1e-300)))
  losses = []
  for k, term in enumerate(terms):
    if isinstance(term, PathTerm):
      change = np.mean([np.ptp(v[:, order[k]]) for v in fit.features.values])
      losses.append(
          Loss(term, float(scaled.coefficients[k]),
               float(scaled.uncertainties[k]),
               float(abs(fit.coefficients[order[k]]) * change / span)))
  return Combination(tuple(t for t in terms if isinstance(t, Term)),
                     scaled.coefficients[state], scaled.uncertainties[state],
                     freedom, tuple(losses), state.index(scaled.reference))
