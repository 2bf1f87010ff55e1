"""What a law is made of: a sum of terms, or a network."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from fractions import Fraction
import math
from typing import Any, Protocol

import jax
import jax.numpy as jnp
import numpy as np
import sympy

from noether_jax.data.columns import Variable
from noether_jax.discovery import terms as terms_lib
from noether_jax.discovery.path_term import PathTerm
from noether_jax.discovery.terms import Term
from noether_jax.reporting import formulas
from noether_jax.reporting import simple_numbers
from noether_jax.reporting import typeset
from noether_jax.symbolic.operations import array_namespace
from noether_jax.types import ConservedFn
from noether_jax.types import Params


# reporting.subjects.ShownLaw repeats some of these: that room comes earlier.
class Form(Protocol):
  """A function of the state that can be a law."""

  @property
  def unit(self) -> str:
    """The unit of its values."""

  @property
  def terms(self) -> tuple[Term, ...]:
    """The k terms of a sum; empty for a network."""

  @property
  def coefficients(self) -> np.ndarray:
    """`[k]`."""

  @property
  def uncertainties(self) -> np.ndarray:
    """`[k]` standard deviations."""

  @property
  def simple(self) -> tuple[Fraction | None, ...]:
    """The simple numbers (k) that coefficients agree with, where certain."""

  @property
  def reference(self) -> int:
    """Index of the term that sets the scale; its coefficient is not fitted."""

  @property
  def losses(self) -> tuple[Loss, ...]:
    """Of a balance law: integrals beside the terms; else empty."""

  def value(self, states: Any) -> Any:
    """Return `[...]` at states `[..., D]`, a NumPy or JAX array."""

  def gradient(self, states: Any) -> Any:
    """Return `[..., D]` at states `[..., D]`, a NumPy or JAX array."""

  def text(self, variables: Sequence[Variable]) -> str:
    """Return the formula for people."""

  def latex(self, variables: Sequence[Variable]) -> str:
    """Return the formula in LaTeX."""

  def to_sympy(self, variables: Sequence[Variable]) -> sympy.Expr:
    """Return the formula in SymPy; the columns' names are the symbols."""


@dataclasses.dataclass(frozen=True, eq=False)
class Loss:
  """What is lost, or put in, along a trajectory beside a sum of terms.

  Attributes:
    term: the integral along the trajectory.
    coefficient: in units of the sum over that of the term.
    uncertainty: its standard deviation.
    share: the part of the sum's spread that it takes over a trajectory.
  """
  term: PathTerm
  coefficient: float
  uncertainty: float
  share: float


@dataclasses.dataclass(frozen=True, eq=False)
class Combination:
  """A sum of terms, `sum_k coefficients[k] * terms[k]`.

  Attributes:
    terms: k terms.
    coefficients: `[k]`, in units of terms[reference] over terms[k].
    uncertainties: `[k]` bootstrap standard deviations.
    freedom: their degrees of freedom: one less than the number of trajectories
      that were resampled.
    losses: of a balance law: the sum of terms changes by minus what these
      integrals change.
    reference: index of the term that sets the scale and the unit. Its
      coefficient is a pure number that was chosen, mostly 1.
  """
  terms: tuple[Term, ...]
  coefficients: np.ndarray
  uncertainties: np.ndarray
  freedom: float = math.inf
  losses: tuple[Loss, ...] = ()
  reference: int = 0

  @property
  def simple(self) -> tuple[Fraction | None, ...]:
    """The simple numbers (k) that coefficients agree with, where certain."""
    return tuple(
        simple_numbers.simple_number(float(c), float(u), self.freedom)
        for c, u in zip(self.coefficients, self.uncertainties))

  @property
  def unit(self) -> str:
    """The unit of the term that sets the scale."""
    return str(self.terms[self.reference].unit)

  def value(self, states: Any) -> Any:
    """Return `[...]` at states `[..., D]`."""
    columns = [states[..., i] for i in range(states.shape[-1])]
    # Python's numbers do not change the precision of the states.
    return sum(
        float(c) * term.value(columns)
        for c, term in zip(self.coefficients, self.terms))

  def gradient(self, states: Any) -> Any:
    """Return `[..., D]` at states `[..., D]`."""
    slopes = terms_lib.gradients(self.terms, states)
    xp = array_namespace(states)
    weights = xp.asarray(self.coefficients, slopes.dtype)
    return xp.einsum("k,...kd->...d", weights, slopes)

  def text(self, variables: Sequence[Variable]) -> str:
    """Return the formula with the digits that the uncertainties allow."""
    del variables  # The terms know their names.
    out = ""
    for term, c, u, simple in zip(self.terms, self.coefficients,
                                  self.uncertainties, self.simple):
      sign = "-" if c < 0 else "+" if out else ""
      out += f" {sign} " if out else sign
      out += simple_numbers.product_text(term.text, float(c), float(u), simple)
    for loss in self.losses:
      size = simple_numbers.coefficient_text(abs(loss.coefficient),
                                             loss.uncertainty, None)
      out += f" {'-' if loss.coefficient < 0 else '+'} {size} {loss.term.text}"
    return out

  def latex(self, variables: Sequence[Variable]) -> str:
    """Return the formula in LaTeX, with the numbers of its text."""
    return typeset.sum_latex(self, variables)

  def to_sympy(self, variables: Sequence[Variable]) -> sympy.Expr:
    """Return the formula in SymPy with the fitted coefficients."""
    symbols = [sympy.Symbol(v.name) for v in variables]
    # A number that was chosen is exact.
    numbers = [
        sympy.Integer(int(c)) if c == 1 or
        (k == self.reference and float(c).is_integer()) else sympy.Float(
            float(c)) for k, c in enumerate(self.coefficients)
    ]
    return sympy.Add(*(number * term.to_sympy(symbols)
                       for number, term in zip(numbers, self.terms)))


class WithoutTerms:
  """What a form that is no sum of terms says of terms: nothing."""

  @property
  def terms(self) -> tuple[Term, ...]:
    """Empty."""
    return ()

  @property
  def coefficients(self) -> np.ndarray:
    """Empty."""
    return np.zeros(0)

  @property
  def uncertainties(self) -> np.ndarray:
    """Empty."""
    return np.zeros(0)

  @property
  def simple(self) -> tuple[Fraction | None, ...]:
    """Empty."""
    return ()

  @property
  def reference(self) -> int:
    """0, without a meaning."""
    return 0

  @property
  def losses(self) -> tuple[Loss, ...]:
    """Empty."""
    return ()


@dataclasses.dataclass(frozen=True, eq=False)
class Network(WithoutTerms):
  """One component of a learned conserved quantity.

  Attributes:
    apply: `(params, state [D]) -> [K]` or a scalar, for one state.
    params: its parameters.
    component: which of the K quantities.
    unit: of that quantity.
  """
  apply: ConservedFn
  params: Params
  component: int = 0
  unit: str = "1"

  def value(self, states: Any) -> Any:
    """Return `[...]` at states `[..., D]`."""
    return self._map(self._one, states, ())

  def gradient(self, states: Any) -> Any:
    """Return `[..., D]` at states `[..., D]`."""
    return self._map(jax.grad(self._one), states, states.shape[-1:])

  def _one(self, state: Any) -> Any:
    return jnp.ravel(self.apply(self.params, state))[self.component]

  def _map(self, function: Any, states: Any, shape: tuple[int, ...]) -> Any:
    """Map over all leading axes; NumPy arrays in, NumPy arrays out."""
    flat = jnp.reshape(jnp.asarray(states), (-1, states.shape[-1]))
    out = jax.vmap(function)(flat).reshape((*states.shape[:-1], *shape))
    return array_namespace(states).asarray(out)

  def text(self, variables: Sequence[Variable]) -> str:
    """Return `network(q, p)`."""
    return f"network({', '.join(v.name for v in variables)})"

  def latex(self, variables: Sequence[Variable]) -> str:
    """Return the network's name with its arguments."""
    names = ", ".join(formulas.symbol(v.name) for v in variables)
    return rf"\mathrm{{network}}({names})"

  def to_sympy(self, variables: Sequence[Variable]) -> sympy.Expr:
    """Return an unknown function of the columns."""
    return sympy.Function("network")(*(sympy.Symbol(v.name) for v in variables))


def as_states(states: Any) -> Any:
  """Return states as a floating-point array, NumPy or JAX.

  Args:
    states: `[..., D]`, an array or nested lists; with a JAX array or tracer
      inside, the result is a JAX array.

  Returns:
    `[..., D]`.

  Example:
    >>> as_states([[1, 2]]).dtype
    dtype('float64')
  """
  is_jax = any(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(states))
  xp = jnp if is_jax else np
  array = xp.asarray(states)
  if not xp.issubdtype(array.dtype, xp.inexact):
    array = array.astype(jnp.result_type(float) if is_jax else np.float64)
  return array
