"""What a report asks of the objects that it shows.

The rooms that make these objects come later, so that their results can show
themselves in a notebook. Hence only the attributes are named here.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Protocol

import numpy as np

from noether_jax.data.columns import Variable
from noether_jax.symbolic.noise import StateNoise


class ShownEvidence(Protocol):
  """How well a quantity is conserved; see `discovery.Evidence`."""

  @property
  def ratio(self) -> float:
    """Scatter within trajectories over total scatter."""

  @property
  def corrected(self) -> float:
    """The same without the noise's share."""

  @property
  def excess(self) -> float:
    """Scatter within trajectories over that of noise alone."""

  @property
  def drift(self) -> float:
    """t statistic of the slope along time."""

  @property
  def colour(self) -> float:
    """How far the residual is from white noise."""

  @property
  def p_value(self) -> float:
    """How often a coincidence is as constant; NaN if that was not tried."""


class ShownQuantity(Protocol):
  """A quantity and how well it is conserved."""

  @property
  def text(self) -> str:
    """The formula in plain text, or the quantity's name."""

  @property
  def latex(self) -> str:
    """The formula in LaTeX; empty if there is none."""

  @property
  def unit(self) -> str:
    """Of the quantity."""

  @property
  def verdict(self) -> str:
    """One of the keys of `verdicts.MEANINGS`."""

  @property
  def reason(self) -> str:
    """Why one cannot tell, a key of `verdicts.REASONS`; else empty."""

  @property
  def evidence(self) -> ShownEvidence:
    """Scatter and drift on the data that judge."""


class ShownLoss(Protocol):
  """An integral beside a sum of terms; see `discovery.forms.Loss`."""

  @property
  def term(self) -> Any:
    """With `text`, `rate` and `along`; see `discovery.path_term.PathTerm`."""

  @property
  def coefficient(self) -> float:
    """In units of the sum over that of the term."""

  @property
  def uncertainty(self) -> float:
    """Its standard deviation."""

  @property
  def share(self) -> float:
    """The part of the sum's spread that it takes over a trajectory."""


class ShownLaw(ShownQuantity, Protocol):
  """A conserved quantity; see `discovery.Law`."""

  @property
  def variables(self) -> tuple[Variable, ...]:
    """The D columns of a state."""

  @property
  def terms(self) -> tuple[Any, ...]:
    """k terms."""

  @property
  def coefficients(self) -> np.ndarray:
    """`[k]`."""

  @property
  def uncertainties(self) -> np.ndarray:
    """`[k]`."""

  @property
  def simple(self) -> tuple[Fraction | None, ...]:
    """The simple numbers (k) that coefficients agree with, where certain."""

  @property
  def reference(self) -> int:
    """Index of the term whose coefficient was chosen, not fitted."""

  @property
  def losses(self) -> Sequence[ShownLoss]:
    """Of a balance law: integrals beside the terms; else empty."""

  @property
  def name(self) -> str | None:
    """A physicist's name, where it is certain."""

  @property
  def symmetry(self) -> str | None:
    """The symmetry that it generates, where that is known."""

  def coefficient_unit(self, k: int) -> str:
    """Of one coefficient."""

  def loss_unit(self, k: int) -> str:
    """Of the coefficient of one loss."""

  def __call__(self, states: Any) -> Any:
    """Values `[...]` along states `[..., D]`."""


class ShownDiscovery(Protocol):
  """What was found; see `discovery.Discovery`."""

  @property
  def variables(self) -> tuple[Variable, ...]:
    """The D columns."""

  @property
  def laws(self) -> Sequence[Any]:
    """Exact ones first."""

  @property
  def independent(self) -> int:
    """Number of independent exact laws."""

  @property
  def best_rejected(self) -> Any:
    """The best combination that is no law, or None."""

  @property
  def num_terms(self) -> int:
    """Number of candidate terms."""

  @property
  def count(self) -> Any:
    """A dataclass: how many quantities are conserved; or None."""

  @property
  def rungs(self) -> Sequence[str]:
    """Names of the rungs that were climbed, if they are known."""

  @property
  def p_value(self) -> float:
    """How often a coincidence is as constant; NaN if that was not tried."""

  @property
  def noise(self) -> StateNoise:
    """Of the D columns."""

  @property
  def smoothed(self) -> bool:
    """Whether the data were smoothed."""

  @property
  def held_out(self) -> tuple[int, ...]:
    """Indices of the trajectories that gave the evidence."""

  @property
  def messages(self) -> tuple[str, ...]:
    """What a user should know."""

  @property
  def verdict(self) -> str:
    """One line."""


class ShownVariant(Protocol):
  """Rollouts of one field; see `app.prediction.Variant`."""

  @property
  def name(self) -> str:
    """For people."""

  @property
  def error(self) -> np.ndarray:
    """`[S, M, T]`."""

  @property
  def drift(self) -> np.ndarray:
    """`[S, M, T]`."""


class ShownOutcome(Protocol):
  """The comparison of predictors; see `app.prediction.Outcome`."""

  @property
  def times(self) -> np.ndarray:
    """`[T]`."""

  @property
  def variants(self) -> Sequence[ShownVariant]:
    """The plain field first."""

  @property
  def summary(self) -> dict[str, Any]:
    """Plain numbers."""


class ShownCheck(ShownQuantity, Protocol):
  """Whether a given quantity is conserved on given data."""

  @property
  def values(self) -> Sequence[np.ndarray]:
    """N arrays `[T_i]`: the quantity along each trajectory."""

  @property
  def drift(self) -> float:
    """Mean slope along time, in the quantity's unit over that of time."""

  @property
  def scale(self) -> float:
    """With what changes are compared, in the quantity's unit."""

  @property
  def scale_name(self) -> str:
    """What `scale` is, such as "its spread over all data"."""

  @property
  def drift_interval(self) -> tuple[float, float]:
    """95 % confidence interval of the drift."""

  @property
  def excursion(self) -> float:
    """Largest distance from a trajectory's mean, in the quantity's unit."""

  @property
  def messages(self) -> Sequence[str]:
    """What a user should know."""
