"""Terms that accumulate along a trajectory: losses, and work by an input."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np
from scipy.interpolate import CubicSpline

from noether_jax.data.columns import Variable
from noether_jax.discovery.subject import Factor
from noether_jax.discovery.terms import Power
from noether_jax.discovery.terms import Term
from noether_jax.symbolic import units


@dataclasses.dataclass(frozen=True)
class PathTerm:
  """The integral of a rate over time, from a trajectory's start.

  Attributes:
    rate: what is integrated, such as v^2 for viscous friction.
    unit: of the integral.
    loss: whether it only takes, as friction does: its coefficient in an energy
      cannot be negative.

  Example:
    >>> from noether_jax.discovery.atoms import Atom
    >>> v = [Variable("q"), Variable("v")]
    >>> friction = PathTerm.make(((Atom("var", (1,)), 2),), v)
    >>> friction.text
    'integral(v^2)'
    >>> t = np.linspace(0., 1., 50)
    >>> along = friction.along(t, np.stack([t, np.ones(50)], 1))
    >>> float(along[-1].round(9))
    1.0
  """
  rate: Term
  unit: units.Unit
  loss: bool = True

  @classmethod
  def make(cls,
           factors: Sequence[Factor],
           variables: Sequence[Variable],
           time: units.Unit = units.Unit(),
           loss: bool = True) -> PathTerm:
    """Make the term of a rate; its unit is the rate's times `time`."""
    rate = Term.make(factors, variables)
    return cls(rate, rate.unit * time, loss)

  @property
  def text(self) -> str:
    """For people."""
    return f"integral({self.rate.text})"

  @property
  def cost(self) -> float:
    """How complex the term is."""
    return self.rate.cost

  @property
  def degree(self) -> Power:
    """The degree of the rate."""
    return self.rate.degree

  @property
  def is_square(self) -> bool:
    """False: such a term never leads a formula."""
    return False

  def along(self,
            times: np.ndarray,
            states: np.ndarray,
            excess: np.ndarray | float = 0.) -> np.ndarray:
    """Integrate along one trajectory.

    Args:
      times: `[T]`.
      states: `[T, D]`.
      excess: what noise adds to the rate on average, `[T]`; see `excess`.

    Returns:
      `[T]`, 0 at the start.
    """
    rate = self._rate(states) - excess
    return CubicSpline(times, rate).antiderivative()(times)

  def excess(self, states: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Return what noise adds to the rate on average.

    Args:
      states: `[T, D]`.
      sigma: `[D]`, standard deviations.

    Returns:
      `[T]`, half the sum of the changes at one sigma above and below.
    """
    added = np.zeros(len(states))
    for step in np.diag(sigma)[sigma > 0]:
      ends = self._rate(states + step) + self._rate(states - step)
      added += ends / 2 - self._rate(states)
    return added

  def swing(self, states: np.ndarray, sigma: np.ndarray) -> np.ndarray:
    """Return by how much noise changes the rate.

    Args:
      states: `[T, D]`.
      sigma: `[D]`, standard deviations.

    Returns:
      `[T, S]`, for each of the S columns with noise.
    """
    changes = [np.zeros((len(states), 0))]
    for d in np.flatnonzero(sigma):
      step = np.zeros(len(sigma))
      step[d] = sigma[d]
      change = (self._rate(states + step) - self._rate(states - step)) / 2
      changes.append(change[:, None])
    return np.concatenate(changes, axis=1)

  def _rate(self, states: np.ndarray) -> np.ndarray:
    columns = [states[:, i] for i in range(states.shape[1])]
    return np.broadcast_to(self.rate.value(columns), len(states))
