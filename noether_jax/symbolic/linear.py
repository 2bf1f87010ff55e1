"""Formulas whose parameters enter linearly: terms and their closed form."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

import numpy as np

from noether_jax.symbolic.expression import Expression
from noether_jax.symbolic.expression import Input
from noether_jax.symbolic.expression import Operation
from noether_jax.symbolic.expression import Parameter
from noether_jax.symbolic.operations import ARRAYS
from noether_jax.symbolic.samples import StackedStates

# Eigenvalues of the terms' correlation below this: terms are collinear.
RANK_TOLERANCE = 1e-9
# A term that contributes less than this share to a fitted formula is absent.
SMALLEST_SHARE = 1e-6


@dataclasses.dataclass(frozen=True)
class LinearTerm:
  """One term: `sign * parameter * feature`.

  Attributes:
    parameter: index of its parameter, or None.
    sign: 1.0 or -1.0.
    feature: a formula without parameters, or None for the number 1.
  """
  parameter: int | None
  sign: float
  feature: Expression | None


def linear_terms(formula: Expression) -> list[LinearTerm] | None:
  """Split a formula into terms with at most one parameter each.

  Args:
    formula: any formula, parameters numbered from left to right.

  Returns:
    The terms, or None if a parameter enters nonlinearly.

  Example:
    >>> from noether_jax.symbolic.parsing import parse
    >>> from noether_jax.symbolic.grammar import make_grammar
    >>> q = make_grammar(["q"], ["1"]).inputs
    >>> [(t.parameter, t.sign, str(t.feature))
    ...  for t in linear_terms(parse("q^2 - c0[1]*cos(q)", q))]
    [(None, 1.0, 'q^2'), (0, -1.0, 'cos(q)')]
    >>> linear_terms(parse("cos(c0[1]*q)", q)) is None
    True
  """
  if isinstance(formula, Input):
    return [LinearTerm(None, 1.0, formula)]
  if isinstance(formula, Parameter):
    return [LinearTerm(formula.index, 1.0, None)]
  assert isinstance(formula, Operation)
  if not formula.num_parameters:
    return [LinearTerm(None, 1.0, formula)]
  if formula.op in ("sin", "cos", "square"):
    return None
  left, right = (linear_terms(a) for a in formula.arguments)
  if left is None or right is None:
    return None
  if formula.op in ("+", "-"):
    sign = 1.0 if formula.op == "+" else -1.0
    return left + [dataclasses.replace(t, sign=sign * t.sign) for t in right]
  free = [not a.num_parameters for a in formula.arguments]
  if formula.op == "*" and free[0]:
    return [_times("*", t, formula.arguments[0]) for t in right]
  if free[1]:
    return [_times(formula.op, t, formula.arguments[1]) for t in left]
  return None


def _times(op: str, term: LinearTerm, factor: Expression) -> LinearTerm:
  if term.feature is not None:
    return dataclasses.replace(term,
                               feature=Operation(op, (term.feature, factor)))
  if op == "*":
    return dataclasses.replace(term, feature=factor)
  one = Parameter(factor.unit / factor.unit)
  return dataclasses.replace(term, feature=Operation("/", (one, factor)))


class TermValues:
  """Values of formulas without parameters, each sub-formula computed once."""

  def __init__(self, states: np.ndarray):
    """Store states `[M, D]`."""
    self._columns = np.ascontiguousarray(states.T)
    self._known: dict[Expression, np.ndarray] = {}

  def __call__(self, node: Expression) -> np.ndarray:
    """Return `[M]`; a parameter counts as 1. Not finite where undefined."""
    if isinstance(node, Input):
      return self._columns[node.index]
    if isinstance(node, Parameter):
      return np.ones(())
    if node not in self._known:
      assert isinstance(node, Operation)
      values = [self(a) for a in node.arguments]
      with np.errstate(all="ignore"):
        self._known[node] = ARRAYS[node.op](*values)
    return self._known[node]


def solve(values: np.ndarray,
          samples: StackedStates) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
  """Return the coefficients for which the within/total ratio is smallest.

  The generalised eigenproblem W c = R T c, for F formulas at once.

  Args:
    values: `[F, k, M]`, finite and not constant, the terms of each formula.
    samples: the trajectories.

  Returns:
    `(coefficients [F, k], ratio [F], sound [F])`; coefficients are those of
    the terms, up to a factor; `sound` is False where terms are collinear.

  Example:
    >>> from noether_jax.symbolic.samples import concatenate
    >>> angle = np.linspace(0, 1, 9)
    >>> circle = np.stack([np.cos(angle), np.sin(angle)], 1)
    >>> samples = concatenate([circle, 2 * circle])
    >>> c, ratio, _ = solve(samples.states.T[None]**2, samples)
    >>> round(float(c[0, 1] / c[0, 0]), 6), bool(ratio[0] < 1e-12)
    (1.0, True)
  """
  total = values - values.mean(-1, keepdims=True)
  size = np.sqrt(np.sum(total**2, -1))
  total /= size[..., None]
  within = samples.centred(total)
  gram = lambda v: np.einsum("fim,fjm->fij", v, v)
  eigenvalues, basis = np.linalg.eigh(gram(total))
  sound = eigenvalues[:, 0] > RANK_TOLERANCE * eigenvalues[:, -1]
  scales = np.sqrt(np.where(sound[:, None], eigenvalues, 1.0))
  basis = basis / scales[:, None, :]
  reduced = np.swapaxes(basis, 1, 2) @ gram(within) @ basis
  ratios, vectors = np.linalg.eigh(reduced)
  share = (basis @ vectors[:, :, :1])[:, :, 0]
  present = np.abs(share) > SMALLEST_SHARE * np.max(
      np.abs(share), axis=1, keepdims=True)
  # The quadratic form of the solution itself is more exact than eigh's value.
  residual = np.einsum("fi,fim->fm", share, within)
  whole = np.einsum("fi,fim->fm", share, total)
  with np.errstate(all="ignore"):
    ratio = np.sum(residual**2, -1) / np.sum(whole**2, -1)
  return share / size, ratio, sound & present.all(1)


def parameters_of(terms: Sequence[LinearTerm], coefficients: np.ndarray,
                  num_parameters: int) -> np.ndarray:
  """Return the parameters `[P]` of a formula from its terms' coefficients.

  If every term has a parameter, the formula is conserved up to a factor, and
  the first parameter is set to 1. A parameter that only shifts it is set to 0.

  Args:
    terms: its terms with a feature.
    coefficients: one for each.
    num_parameters: P.

  Returns:
    `[P]`.
  """
  scale = next(
      (c / t.sign for t, c in zip(terms, coefficients) if t.parameter is None),
      coefficients[0] / terms[0].sign)
  out = np.zeros(num_parameters)
  for term, coefficient in zip(terms, coefficients):
    if term.parameter is not None:
      out[term.parameter] = coefficient / scale / term.sign
  return out
