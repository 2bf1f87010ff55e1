"""Formulas whose parameters enter nonlinearly: batched Gauss-Newton."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np

from noether_jax.symbolic import duals
from noether_jax.symbolic.expression import Expression
from noether_jax.symbolic.expression import Input
from noether_jax.symbolic.expression import Operation
from noether_jax.symbolic.expression import Parameter
from noether_jax.symbolic.linear import TermValues
from noether_jax.symbolic.programs import encode
from noether_jax.symbolic.programs import Program
from noether_jax.symbolic.samples import StackedStates

# Small enough for a chunk's arrays to stay in a processor's cache.
_CHUNK = 512
_SMALLEST = np.finfo(np.float64).tiny


def localise(formula: Expression) -> tuple[Expression, list[Expression]]:
  """Replace the largest sub-formulas without parameters by inputs.

  Args:
    formula: any formula.

  Returns:
    `(formula of inputs x0, x1, ..., the sub-formulas they stand for)`.

  Example:
    >>> from noether_jax.symbolic.parsing import parse
    >>> from noether_jax.symbolic.grammar import make_grammar
    >>> q = make_grammar(["q"], ["1"]).inputs
    >>> local, parts = localise(parse("cos(c0[1]*q^2)", q))
    >>> str(local), [str(part) for part in parts]
    ('cos(c0[1]*x0)', ['q^2'])
  """
  parts: list[Expression] = []

  def visit(node: Expression) -> Expression:
    if isinstance(node, Parameter):
      return node
    if not node.num_parameters:
      if node not in parts:
        parts.append(node)
      index = parts.index(node)
      return Input(index, f"x{index}", node.unit)
    assert isinstance(node, Operation)
    return Operation(node.op, tuple(visit(a) for a in node.arguments))

  return visit(formula), parts


@dataclasses.dataclass
class _Problem:
  """F formulas, their leaves' values, and the trajectories."""
  program: Program
  leaves: np.ndarray  # [L, F, M]
  samples: StackedStates

  def select(self, rows: np.ndarray) -> "_Problem":
    return _Problem(Program(*(part[rows] for part in self.program)),
                    self.leaves[:, rows], self.samples)

  def evaluate(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return values `[F, M]` and their derivatives `[P, F, M]`."""
    num_parameters = parameters.shape[1]
    constants = np.broadcast_to(parameters.T[:, :, None],
                                (num_parameters, *self.leaves.shape[1:]))
    slopes = np.eye(len(self.leaves) + num_parameters)[:, len(self.leaves):]
    return duals.evaluate_duals(self.program,
                                np.concatenate([self.leaves, constants]),
                                slopes)

  def spread(self, parameters: np.ndarray) -> np.ndarray:
    """Return `[F]`: standard deviation over root mean square."""
    value, _ = self.evaluate(parameters)
    with np.errstate(all="ignore"):
      return np.std(value, -1) / np.sqrt(np.mean(value**2, -1))

  def residuals(self, parameters: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return residuals `[F, M]`, squares sum to the ratio, and `[P, F, M]`."""
    value, slope = self.evaluate(parameters)
    with np.errstate(all="ignore"):
      total = value - value.mean(-1, keepdims=True)
      norm = np.sqrt(np.sum(total**2, -1, keepdims=True))
      within = self.samples.centred(value) / norm
      total /= norm
      slope /= norm
      along = np.sum(slope * total, -1, keepdims=True)
      return within, self.samples.centred(slope) - within * along


def _cost(residuals: np.ndarray) -> np.ndarray:
  cost = np.sum(residuals**2, -1)
  return np.where(np.isfinite(cost), cost, np.inf)


def _proposal(residuals: np.ndarray, slopes: np.ndarray,
              damping: np.ndarray) -> np.ndarray:
  """Return the Levenberg-Marquardt step `[F, P]`."""
  slopes = np.where(np.isfinite(slopes), slopes, 0.0)
  residuals = np.where(np.isfinite(residuals), residuals, 0.0)
  normal = np.einsum("pfm,qfm->fpq", slopes, slopes)
  gradient = np.einsum("pfm,fm->fp", slopes, residuals)
  diagonal = np.einsum("fpp->fp", normal)
  diagonal += damping[:, None] * diagonal + _SMALLEST**0.5
  return -np.linalg.solve(normal, gradient[..., None])[..., 0]


def _minimise(problem: _Problem, parameters: np.ndarray,
              num_steps: int) -> tuple[np.ndarray, np.ndarray]:
  """Make damped Gauss-Newton steps; return `[F, P]` and ratios `[F]`."""
  parameters = parameters.copy()
  damping = np.full(len(parameters), 1e-2)
  residuals, slopes = problem.residuals(parameters)
  cost = _cost(residuals)
  active = np.flatnonzero(np.isfinite(cost))
  part = problem.select(active)
  residuals, slopes = residuals[active], slopes[:, active]
  for _ in range(num_steps):
    if not active.size:
      break
    trial = parameters[active] + _proposal(residuals, slopes, damping[active])
    new_residuals, new_slopes = part.residuals(trial)
    new_cost = _cost(new_residuals)
    better = new_cost < cost[active]
    # A rejected step is repeated with more damping, and may still succeed.
    gain = np.ones_like(new_cost)
    gain[better] -= new_cost[better] / cost[active][better]
    rows = active[better]
    parameters[rows], cost[rows] = trial[better], new_cost[better]
    damping[active] *= np.where(better, 0.2, 10.0)
    residuals[better] = new_residuals[better]
    slopes[:, better] = new_slopes[:, better]
    going = (gain > 1e-4) & (damping[active] < 1e6)
    active, part = active[going], part.select(going)
    residuals, slopes = residuals[going], slopes[:, going]
  return parameters, cost


def fit_nonlinear(
    formulas: Sequence[Expression],
    samples: StackedStates,
    starts: np.ndarray,
    *,
    num_steps: int = 15) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Return the parameters for which the within/total ratio is smallest.

  Args:
    formulas: F formulas with 1 to P parameters each.
    samples: the trajectories.
    starts: `[K, F, P]`, initial values; the best end is returned.
    num_steps: Gauss-Newton steps.

  Returns:
    `(parameters [F, P], ratio [F], spread [F])`; the ratio is infinite where
    no start had a finite value; the spread is the standard deviation of the
    fitted formula over its root mean square.

  Example:
    >>> from noether_jax.symbolic.samples import concatenate
    >>> from noether_jax.symbolic.parsing import parse
    >>> from noether_jax.symbolic.grammar import make_grammar
    >>> path = lambda e: np.stack([np.linspace(0, 1, 9),
    ...                            (e + np.linspace(0, 1, 9) - 0.5)**2], 1)
    >>> formula = parse("y - (x + c0[1])^2",
    ...                 make_grammar("xy", "11").inputs)
    >>> samples = concatenate([path(0) + [0, k] for k in range(3)])
    >>> c, ratio, _ = fit_nonlinear([formula], samples, np.zeros((1, 1, 1)))
    >>> round(float(c[0, 0]), 6), bool(ratio[0] < 1e-9)
    (-0.5, True)
  """
  known = TermValues(samples.states)
  parameters = np.zeros(starts.shape[1:])
  ratios = np.full(len(formulas), np.inf)
  spreads = np.zeros(len(formulas))
  for first in range(0, len(formulas), _CHUNK):
    rows = slice(first, min(first + _CHUNK, len(formulas)))
    problem = _problem(formulas[rows], starts.shape[2], known, samples)
    for start in starts:
      ends, costs = _minimise(problem, start[rows], num_steps)
      better = costs < ratios[rows]
      parameters[rows][better] = ends[better]
      ratios[rows] = np.where(better, costs, ratios[rows])
    spreads[rows] = problem.spread(parameters[rows])
  return parameters, ratios, spreads


def _problem(formulas: Sequence[Expression], num_parameters: int,
             known: TermValues, samples: StackedStates) -> _Problem:
  pairs = [localise(f) for f in formulas]
  most = max(1, *(len(parts) for _, parts in pairs))
  leaves = np.zeros((most, len(formulas), len(samples.states)))
  for row, (_, parts) in enumerate(pairs):
    for index, part in enumerate(parts):
      leaves[index, row] = known(part)
  program = encode([local for local, _ in pairs],
                   num_inputs=most,
                   num_parameters=num_parameters)
  return _Problem(program, leaves, samples)
