"""The parameters that make a formula vary least along trajectories.

R is the scatter within trajectories over the total scatter: 0 for a conserved
quantity, about 1 for a quantity that is not conserved. R is invariant to scale
and shift, so no formula can win by being small. Fits for which R means nothing
are rejected, with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np

from noether_jax.symbolic import linear
from noether_jax.symbolic import nonlinear
from noether_jax.symbolic.expression import Expression
from noether_jax.symbolic.expression import Input
from noether_jax.symbolic.expression import Parameter
from noether_jax.symbolic.samples import StackedStates
from noether_jax.symbolic.units import Unit

# Standard deviation over root mean square of a formula that is as good as
# constant. Those with parameters get there by running to infinity.
CONSTANT = 1e-3
# Parameters beyond this many times the data's scale ran to infinity.
UNBOUNDED = 1e3
_CHUNK = 2048
_NUM_STARTS = 4
_COARSE = 256
_FINE = 1200


@dataclasses.dataclass(frozen=True)
class Fits:
  """Fitted formulas.

  Attributes:
    formulas: F formulas.
    parameters: `[F, P]`, padded with zeros.
    ratio: `[F]`, within over total scatter; NaN where rejected.
    reason: `[F]`, why a fit is rejected; empty if it is not.
  """
  formulas: list[Expression]
  parameters: np.ndarray
  ratio: np.ndarray
  reason: np.ndarray

  def select(self, rows: np.ndarray) -> "Fits":
    """Return the fits of some rows."""
    return Fits([self.formulas[i] for i in rows], self.parameters[rows],
                self.ratio[rows], self.reason[rows])

  def counts(self) -> dict[str, int]:
    """Return how many fits were rejected for each reason."""
    names, numbers = np.unique(self.reason[self.reason != ""],
                               return_counts=True)
    return dict(zip(names.tolist(), numbers.tolist()))


def unit_scales(formula: Expression, states: np.ndarray) -> list[float]:
  """Return the data's scale in the unit of each parameter of a formula.

  Args:
    formula: with parameters numbered from left to right.
    states: `[M, D]`.

  Returns:
    P numbers: the product of powers of the inputs' root mean squares that
    has the parameter's unit, 1 where there is none.

  Example:
    >>> from noether_jax.symbolic.grammar import make_grammar
    >>> from noether_jax.symbolic.parsing import parse
    >>> inputs = make_grammar(["q", "p"], ["1", "1/s"]).inputs
    >>> formula = parse("p^2 - c0[1/s^2]*cos(q)", inputs)
    >>> unit_scales(formula, np.array([[1., 3.], [1., -3.]]))
    [9.0]
  """
  size = np.sqrt(np.mean(states**2, axis=0))
  inputs = {n.index: n.unit for n in formula.nodes() if isinstance(n, Input)}
  scales = [1.0] * formula.num_parameters
  for node in formula.nodes():
    if isinstance(node, Parameter):
      scales[node.index] = _scale(node.unit, inputs, size)
  return scales


def _scale(unit: Unit, inputs: dict[int, Unit], size: np.ndarray) -> float:
  for index, own in inputs.items():
    for power in (1, 2, -1, -2, 3, 4):
      if not own.is_dimensionless and own**power == unit:
        return float(size[index]**power) or 1.0
  return 1.0


def fit_formulas(formulas: Sequence[Expression],
                 samples: StackedStates,
                 *,
                 seed: int = 0) -> Fits:
  """Fit every formula's parameters.

  Parameters that enter linearly have a closed form. The others are found by
  damped Gauss-Newton steps from several starts, on fewer states first.

  Args:
    formulas: F formulas, parameters numbered from left to right.
    samples: the trajectories.
    seed: of the initial values.

  Returns:
    The fits, in the order given.

  Example:
    >>> from noether_jax.symbolic.grammar import make_grammar
    >>> from noether_jax.symbolic.samples import concatenate
    >>> from noether_jax.symbolic.parsing import parse
    >>> a = np.linspace(0, 1, 9)
    >>> ellipse = np.stack([np.cos(a), 2 * np.sin(a)], 1)
    >>> xy = make_grammar("xy", "11").inputs
    >>> fits = fit_formulas([parse("x^2 + c0[1]*y^2", xy), parse("x/x", xy)],
    ...            concatenate([ellipse, 2 * ellipse]))
    >>> fits.parameters.round(3).tolist(), fits.reason.tolist()
    ([[0.25], [0.0]], ['', 'constant'])
  """
  samples = samples.thinned(_FINE)
  most = max((f.num_parameters for f in formulas), default=0)
  out = Fits(list(formulas), np.zeros((len(formulas), most)),
             np.full(len(formulas), np.nan),
             np.full(len(formulas), "", dtype=object))
  terms = [linear.linear_terms(f) for f in formulas]
  _fit_linear(out, terms, samples)
  rest = np.array([i for i, t in enumerate(terms) if t is None], dtype=int)
  sizes = np.array([formulas[i].num_parameters for i in rest], dtype=int)
  # Apart, so that none carries derivatives by parameters it does not have.
  for size in np.unique(sizes):
    _fit_nonlinear(out, rest[sizes == size], int(size), samples, seed)
  return out


def judge(values: np.ndarray) -> np.ndarray:
  """Return why R of these values `[F, M]` means nothing; "" if it is sound."""
  reason = np.full(len(values), "", dtype=object)
  with np.errstate(all="ignore"):
    size = np.sqrt(np.mean(values**2, -1))
    spread = np.std(values, -1)
    reason[spread < CONSTANT * size] = "nearly constant"
    reason[~(spread > 1e-9 * size)] = "constant"
    reason[~np.isfinite(size)] = "not finite"
  return reason


def _columns(terms: list[linear.LinearTerm],
             known: linear.TermValues) -> tuple[list[linear.LinearTerm], list]:
  """Return one column per parameter, and one for all terms without one."""
  kept: list[linear.LinearTerm] = []
  values: list[np.ndarray] = []
  for term in terms:
    if term.feature is None:
      continue
    value = known(term.feature)
    first = [i for i, t in enumerate(kept) if t.parameter is None]
    if term.parameter is None and first:
      own = kept[first[0]].sign
      with np.errstate(all="ignore"):
        values[first[0]] = values[first[0]] + own * term.sign * value
    else:
      kept.append(term)
      values.append(value)
  return kept, values


def _fit_linear(out: Fits, terms: list, samples: StackedStates) -> None:
  """Fill in the formulas whose parameters enter linearly."""
  known = linear.TermValues(samples.states)
  groups: dict[int, list] = {}
  for row, own in enumerate(terms):
    if own is not None:
      kept, values = _columns(own, known)
      groups.setdefault(len(kept), []).append((row, kept, values))
  for members in groups.values():
    for first in range(0, len(members), _CHUNK):
      _solve_chunk(out, members[first:first + _CHUNK], samples)


def _solve_chunk(out: Fits, members: list, samples: StackedStates) -> None:
  """Solve formulas with equally many terms in closed form."""
  rows = np.array([row for row, _, _ in members])
  values = np.array([v for _, _, v in members])
  count, width, _ = values.shape
  reasons = judge(values.reshape(count * width, -1)).reshape(count, width)
  # A column may be nearly constant where only its small change matters.
  reasons[reasons == "nearly constant"] = "" if width > 1 else "constant"
  for column in range(width):
    out.reason[rows] = np.where(out.reason[rows] == "", reasons[:, column],
                                out.reason[rows])
  good = np.flatnonzero(out.reason[rows] == "")
  if not good.size:
    return
  found, ratio, sound = linear.solve(values[good], samples)
  out.ratio[rows[good]] = np.where(sound, ratio, np.nan)
  out.reason[rows[good[~sound]]] = "terms are collinear or absent"
  for i in np.flatnonzero(sound):
    row, kept, _ = members[good[i]]
    count = out.formulas[row].num_parameters
    out.parameters[row, :count] = linear.parameters_of(kept, found[i], count)


def _fit_nonlinear(out: Fits, rows: np.ndarray, width: int,
                   samples: StackedStates, seed: int) -> None:
  """Fill in the formulas with `width` parameters, from a few starts each.

  All starts run on few states. Only possible survivors are fitted to all.
  """
  formulas = [out.formulas[i] for i in rows]
  scales = np.array([unit_scales(f, samples.states) for f in formulas])
  rng = np.random.default_rng(seed)
  shape = (_NUM_STARTS, *scales.shape)
  factors = np.exp(rng.normal(size=shape)) * rng.choice([-1, 1], size=shape)
  coarse = samples.thinned(_COARSE)
  found, ratio, _ = nonlinear.fit_nonlinear(formulas, coarse, factors * scales)
  good = np.flatnonzero(ratio < 0.5)
  found[good], ratio[good], spread = nonlinear.fit_nonlinear(
      [formulas[i] for i in good], samples, found[None, good], num_steps=100)
  reason = np.full(len(rows), "", dtype=object)
  reason[(np.abs(found) > UNBOUNDED * scales).any(1)] = "unbounded parameter"
  reason[(np.abs(found) < scales / UNBOUNDED).any(1)] = "vanishing parameter"
  reason[good] = np.where(spread < CONSTANT, "nearly constant", reason[good])
  reason[~np.isfinite(ratio)] = "not finite"
  out.parameters[rows, :width] = found
  out.ratio[rows] = np.where(reason == "", ratio, np.nan)
  out.reason[rows] = reason
