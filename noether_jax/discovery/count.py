"""How many independent quantities are conserved, whatever their formula."""

from __future__ import annotations

import dataclasses

import numpy as np

from noether_jax.discovery import gradients
from noether_jax.discovery.features import Features
from noether_jax.discovery.moments import Moments
from noether_jax.discovery.moments import smallest_below

# The ratio of a combination of many terms, far below that of a sparse law.
_EXACT = 1e-12
_NONE = "none, with a formula or without"
_MORE = ("; there may be more: these trajectories are too few to count without "
         "formulas")


@dataclasses.dataclass(frozen=True)
class Count:
  """A number of functionally independent conserved quantities.

  Attributes:
    at_least: so many are certain: they hold on trajectories that took no part
      in their fit.
    at_most: no more can be told apart in these data.
    with_formula: so many of them have a formula.
    estimate: so many hold if networks count, too, which are verified on
      trajectories to which they were not fitted; None if none was trained.
    is_open: whether the count cannot be known from these data: networks fit
      the trajectories that they see and fail on others.

  Example:
    >>> print(Count(2, 3, 2, estimate=3))
    2 of 3 independent quantities have a formula
  """
  at_least: int
  at_most: int
  with_formula: int
  estimate: int | None = None
  is_open: bool = False

  def __str__(self) -> str:
    number = max(self.at_least, self.estimate or 0)
    if number > self.with_formula:
      return (f"{self.with_formula} of {number} independent quantities "
              f"have a formula{_MORE if self.is_open else ''}")
    if self.is_open:
      return f"at least {number}{_MORE}"
    if self.estimate is not None:
      each = "each " if number > 1 else ""
      return f"{number}, {each}with a formula" if number else _NONE
    if self.at_least == self.at_most:
      return f"{self.at_least}, as many as these data can tell apart"
    return f"at least {self.at_least}; these data can tell {self.at_most} apart"


def verified(features: Features, moments: Moments) -> np.ndarray:
  """Return gradients of combinations that are conserved, whatever their form.

  All combinations of terms that are constant along the chosen trajectories are
  solved for, and kept if they are constant along the held-out ones, too. Their
  number counts functions of a law as well; the rank of their gradients does
  not.

  Args:
    features: of F terms, without noise: with noise, approximations would pass.
    moments: theirs.

  Returns:
    `[m, K, D]`, unit gradients at the states of `features.slopes`.
  """
  samples = features.samples
  width = features.slopes.shape[2]
  empty = np.zeros((len(features.slopes), 0, width))
  if samples.noisy or features.paths.any() or len(samples.raw) < 3:
    return empty
  chosen, held = samples.split.halves()
  halves = (moments.within[list(chosen)].mean(0),
            moments.within[list(held)].mean(0))
  found = smallest_below(halves, moments.total, _EXACT)
  return gradients.unit(np.einsum("mfd,fk->mkd", features.slopes, found))
