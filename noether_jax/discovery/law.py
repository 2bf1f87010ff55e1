"""A conserved quantity as a value: callable, printable, differentiable."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from typing import Any

import numpy as np

from noether_jax.data.columns import Variable
from noether_jax.discovery import evidence as evidence_lib
from noether_jax.discovery import terms as terms_lib
from noether_jax.discovery.terms import Term

UNVERIFIED = "conserved, unverified"


@dataclasses.dataclass(frozen=True, eq=False)
class Law:
  """A combination of terms, `sum_k coefficients[k] * terms[k]`.

  Attributes:
    variables: the D columns of a state.
    terms: k terms; the first has coefficient 1.
    coefficients: `[k]`, in units of terms[0] over terms[k].
    uncertainties: `[k]` bootstrap standard deviations.
    evidence: on held-out trajectories.
    verdict: "conserved", "approximately conserved",
      "conserved, unverified" (too few trajectories) or "constant in all data"
      (one value only).
  """
  variables: tuple[Variable, ...]
  terms: tuple[Term, ...]
  coefficients: np.ndarray
  uncertainties: np.ndarray
  evidence: evidence_lib.Evidence
  verdict: str

  def __call__(self, states: Any, xp: Any = np) -> Any:
    """Values `[...]` along states `[..., D]`; `xp` is numpy or jax.numpy."""
    values = terms_lib.term_values(self.terms, states, xp)
    return (values * xp.asarray(self.coefficients)).sum(-1)

  @property
  def text(self) -> str:
    """For people, with significant digits that the uncertainty allows."""
    out = self.terms[0].text
    for term, c, u in zip(self.terms[1:], self.coefficients[1:],
                          self.uncertainties[1:]):
      size = f"{abs(c):.{significant_digits(c, u)}g}"
      size = "" if size == "1" else size + " "
      out += f" {'-' if c < 0 else '+'} {size}{term.text}"
    return out

  @property
  def unit(self) -> str:
    """Unit of the quantity."""
    return str(self.terms[0].unit)

  def coefficient_unit(self, k: int) -> str:
    """Unit of one coefficient."""
    return str(self.terms[0].unit / self.terms[k].unit)

  def gradient(self, states: np.ndarray) -> np.ndarray:
    """Derivative by the state, `[n, D]` at states `[n, D]`."""
    slopes = terms_lib.gradients(self.terms, states)
    return np.einsum("k,nkd->nd", self.coefficients, slopes)


def significant_digits(value: float, uncertainty: float) -> int:
  """Digits that reach two places into the uncertainty, 2 to 8.

  Example:
    >>> significant_digits(2.9591e-4, 1e-8), significant_digits(3., 1.)
    (6, 2)
  """
  if not uncertainty > 0 or not value:
    return 8
  digits = np.floor(np.log10(abs(value))) - np.floor(np.log10(uncertainty)) + 2
  return int(np.clip(digits, 2, 8))


def rank(laws: Sequence[Law], states: np.ndarray) -> int:
  """Number of functionally independent laws.

  Args:
    laws: K laws.
    states: `[n, D]` at which gradients are compared.

  Returns:
    The 90th percentile over states of the number of singular values, of the
    stacked unit gradients, above a twentieth of the largest if all laws are
    exact (the energy and the angular momentum of nearly circular orbits have
    nearly parallel gradients), above 0.15 if noise blurs them.

  Example:
    >>> rank([], np.zeros((1, 2)))
    0
  """
  if not laws:
    return 0
  scale = states.std(0)
  slopes = np.stack([law.gradient(states) * scale for law in laws], axis=1)
  norms = np.linalg.norm(slopes, axis=-1, keepdims=True)
  unit = slopes / np.maximum(norms, 1e-300)
  sizes = np.linalg.svd(unit, compute_uv=False)
  exact = all(law.evidence.ratio < evidence_lib.EXACT for law in laws)
  ranks = np.sum(sizes > (.05 if exact else .15) * sizes[:, :1], axis=1)
  return int(np.quantile(ranks, .9, method="lower"))
