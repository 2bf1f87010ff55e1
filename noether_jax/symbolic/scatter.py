"""The scatter of a formula along trajectories, and what noise adds to it."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np
import sympy

from noether_jax.symbolic.expression import Expression
from noether_jax.symbolic.expression import Input
from noether_jax.symbolic.noise import StateNoise
from noether_jax.symbolic.samples import StackedStates


@dataclasses.dataclass(frozen=True)
class Scatter:
  """Sums of squares of a formula, and what noise added to them.

  Attributes:
    within: about each trajectory's mean.
    total: about the mean of all.
    noise_within: the part of `within` that noise explains.
    noise_total: the part of `total` that noise explains.
  """
  within: float
  total: float
  noise_within: float
  noise_total: float

  @property
  def ratio(self) -> float:
    """Return within/total, both without what noise added; may be negative."""
    return ((self.within - self.noise_within) / (self.total - self.noise_total))


class FormulaScatter:
  """A formula with its derivatives by the state, for the scatter under noise.

  Example:
    >>> from noether_jax.symbolic.grammar import make_grammar
    >>> from noether_jax.symbolic.samples import concatenate
    >>> from noether_jax.symbolic.parsing import parse
    >>> square = FormulaScatter(parse("q^2", make_grammar(["q"], ["m"]).inputs))
    >>> rng = np.random.default_rng(0)
    >>> noisy = [e + 0.1 * rng.normal(size=(999, 1)) for e in (1., 2., 3.)]
    >>> noise = StateNoise(np.array([0.1]))
    >>> scatter = square.scatter([], concatenate(noisy), noise)
    >>> round(scatter.noise_within / scatter.within, 1)
    1.0
  """

  def __init__(self, formula: Expression):
    """Differentiate a formula twice, symbolically."""
    inputs = sorted({n for n in formula.nodes() if isinstance(n, Input)},
                    key=lambda n: n.index)
    symbols = [sympy.Symbol(n.label, real=True) for n in inputs]
    constants = [
        sympy.Symbol(f"c{i}", real=True) for i in range(formula.num_parameters)
    ]
    value = formula.to_sympy()
    first = [value.diff(s) for s in symbols]
    second = [value.diff(s, 2) for s in symbols]
    self._used = [n.index for n in inputs]
    self._function = sympy.lambdify([symbols, constants],
                                    [value, first, second], "numpy")

  def scatter(self, parameters: Sequence[float] | np.ndarray,
              samples: StackedStates, noise: StateNoise | None) -> Scatter:
    """Return the scatter with and without noise, to second order in the noise.

    With f = g - sigma^2 g'' / 2, which has the mean of g at the true state,
    noise adds sigma^2 g'^2 + sigma^4 g''^2 / 4 to the square of f.

    Args:
      parameters: `[P]`.
      samples: the trajectories as observed.
      noise: theirs, or None.

    Returns:
      The sums of squares.
    """
    columns = [samples.states[:, i] for i in self._used]
    with np.errstate(all="ignore"):
      value, first, second = self._function(columns, list(parameters))
    size = len(samples.states)
    spread = lambda v: np.broadcast_to(np.asarray(v, np.float64), (size,))
    value = spread(value)
    if noise is None:
      return Scatter(float(np.sum(samples.centred(value)**2)),
                     float(np.sum((value - value.mean())**2)), 0.0, 0.0)
    variance = noise.sigma[self._used]**2
    slopes = np.stack([spread(v) for v in first])
    bends = np.stack([spread(v) for v in second])
    value = value - 0.5 * variance @ bends
    added = dataclasses.replace(noise, sigma=noise.sigma[self._used]).scatter(
        slopes, bends, samples)
    return Scatter(float(np.sum(samples.centred(value)**2)),
                   float(np.sum((value - value.mean())**2)), *added)
