"""A formula's parameters without the bias of noise, with standard errors."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import optimize

from noether_jax.symbolic.expression import Expression
from noether_jax.symbolic.noise import StateNoise
from noether_jax.symbolic.samples import concatenate
from noether_jax.symbolic.samples import StackedStates
from noether_jax.symbolic.scatter import FormulaScatter


@dataclasses.dataclass(frozen=True)
class Refined:
  """Parameters of one formula.

  Attributes:
    parameters: `[P]`.
    errors: `[P]`, standard errors: jackknife over the trajectories.
    ratio: within over total scatter, without what noise added.
  """
  parameters: np.ndarray
  errors: np.ndarray
  ratio: float


def refine(formula: Expression,
           parameters: np.ndarray,
           samples: StackedStates,
           noise: StateNoise | None = None) -> Refined:
  """Minimise the part of the scatter that noise does not explain.

  Noise in a state makes the plain fit biased (errors in variables).

  Args:
    formula: with P parameters.
    parameters: `[P]`, where to begin.
    samples: the trajectories, at least 3.
    noise: theirs, or None.

  Returns:
    The parameters and their standard errors.

  Raises:
    ValueError: if there are fewer than 3 trajectories.

  Example:
    >>> from noether_jax.symbolic.grammar import make_grammar
    >>> from noether_jax.symbolic.parsing import parse
    >>> a = np.linspace(0, 1, 9)
    >>> ellipse = np.stack([np.cos(a), 2 * np.sin(a)], 1)
    >>> formula = parse("x^2 + c0[1]*y^2", make_grammar("xy", "11").inputs)
    >>> out = refine(formula, np.array([0.3]),
    ...              concatenate([ellipse * k for k in (1, 2, 3)]))
    >>> out.parameters.round(6).tolist(), bool(out.errors[0] < 1e-6)
    ([0.25], True)
  """
  parts = samples.split()
  if len(parts) < 3:
    raise ValueError("Standard errors need at least 3 trajectories: got "
                     f"{len(parts)}.")
  moments = FormulaScatter(formula)
  best = _minimise(moments, np.asarray(parameters, np.float64), samples, noise)
  ratio = moments.scatter(best, samples, noise).ratio
  if not best.size:
    return Refined(best, best, ratio)
  left_out = np.stack([
      _minimise(moments, best, concatenate(parts[:i] + parts[i + 1:]), noise)
      for i in range(len(parts))
  ])
  spread = np.sum((left_out - left_out.mean(0))**2, 0)
  errors = np.sqrt((len(parts) - 1) / len(parts) * spread)
  return Refined(best, errors, ratio)


def _minimise(moments: FormulaScatter, start: np.ndarray,
              samples: StackedStates, noise: StateNoise | None) -> np.ndarray:
  """Minimise the ratio near `start`; parameters in units of their size."""
  if not start.size:
    return start
  size = np.where(start == 0, 1.0, np.abs(start))

  def ratio(scaled: np.ndarray) -> float:
    value = moments.scatter(scaled * size, samples, noise).ratio
    return value if np.isfinite(value) else np.inf

  simplex = np.concatenate([[start / size],
                            start / size + 0.02 * np.eye(start.size)])
  found = optimize.minimize(ratio,
                            start / size,
                            method="Nelder-Mead",
                            options={
                                "initial_simplex": simplex,
                                "xatol": 1e-7,
                                "fatol": 1e-14,
                                "maxiter": 300
                            })
  return found.x * size
