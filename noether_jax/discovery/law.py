"""A conserved quantity as a value: callable, printable, differentiable."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from fractions import Fraction
from typing import Any

import numpy as np
import sympy as sympy_lib

from noether_jax.data.columns import Variable
from noether_jax.discovery import checking
from noether_jax.discovery import evidence as evidence_lib
from noether_jax.discovery import gradients
from noether_jax.discovery import naming
from noether_jax.discovery.check_result import Check
from noether_jax.discovery.forms import as_states
from noether_jax.discovery.forms import Form
from noether_jax.discovery.forms import Loss
from noether_jax.discovery.terms import Term
from noether_jax.errors import InputError

# How far gradients must differ if laws are exact, and if noise blurs them.
_ANGLE, _NOISY_ANGLE = .05, .08


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class Law:
  """A conserved quantity: a function of the state, with its evidence.

  A law is a formula or a network; `form` holds which. It is immutable.

  Attributes:
    variables: the D columns of a state.
    form: the function, a `Combination` of terms or a `Network`.
    evidence: on held-out trajectories.
    verdict: "conserved", "approximately conserved", "cannot tell", or
      "not conserved" for the best combination where there is no law.
    reason: why one cannot tell, one of `reporting.verdicts`; else empty.
    symmetry: what the law generates, such as "rotation about z", where
      positions and momenta are known; else None.

  Example:
    >>> from noether_jax.data import parse_columns
    >>> from noether_jax.discovery import Combination, Evidence, Subject
    >>> columns = parse_columns("q:rad,p:1/s")
    >>> terms = Subject(columns).terms("p^2", "cos(q)")
    >>> form = Combination(terms, np.array([1., -3.]), np.array([0., .004]))
    >>> law = Law(columns, form, Evidence(0., 0., 0., 0.), "conserved")
    >>> law.text, law.unit
    ('p^2 - 3 cos(q)', '1/s^2')
    >>> law([[0., 2.], [0., 1.]]).tolist()
    [1.0, -2.0]
    >>> law.gradient([0., 2.]).tolist()
    [0.0, 4.0]
  """
  variables: tuple[Variable, ...]
  form: Form
  evidence: evidence_lib.Evidence
  verdict: str
  reason: str = ""
  symmetry: str | None = None

  def __call__(self, states: Any) -> Any:
    """Evaluate the quantity.

    Args:
      states: `[..., D]`, a NumPy or JAX array, a tracer or nested lists.

    Returns:
      `[...]`, in `unit`; a JAX array if `states` holds one, else NumPy's.

    Raises:
      InputError: if the last axis does not hold the D columns.
    """
    return self.form.value(self._checked(states))

  def gradient(self, states: Any) -> Any:
    """Differentiate the quantity by the state.

    Args:
      states: `[..., D]`, as in a call.

    Returns:
      `[..., D]`; a JAX array if `states` holds one, else NumPy's.

    Raises:
      InputError: if the last axis does not hold the D columns.
    """
    return self.form.gradient(self._checked(states))

  def _checked(self, states: Any) -> Any:
    array = as_states(states)
    if array.shape[-1:] != (len(self.variables),):
      names = ", ".join(v.name for v in self.variables)
      raise InputError(f"a law takes states [..., {len(self.variables)}] with "
                       f"the columns {names}: got the shape {array.shape}.")
    return array

  def __repr__(self) -> str:
    return f"Law({self.text!r}, {self.verdict!r})"

  def check(self,
            new_data: Any,
            times: Any = None,
            *,
            trial: str | None = None,
            time: str | None = None) -> Check:
    """Judge whether the law holds on other data.

    Args:
      new_data: trajectories with the law's columns, as for `check`.
      times: as for `check`.
      trial: column of a table that tells trials apart.
      time: column of a table that holds the times.

    Returns:
      The check.

    Raises:
      InputError: if the data cannot be used.
    """
    return checking.check(self,
                          new_data,
                          times,
                          columns=self.variables,
                          trial=trial,
                          time=time)

  @property
  def terms(self) -> tuple[Term, ...]:
    """The k terms of a formula, the leading one first; it is positive."""
    return self.form.terms

  @property
  def coefficients(self) -> np.ndarray:
    """The fitted coefficients `[k]`, in `unit` over that of terms[k]."""
    return self.form.coefficients

  @property
  def reference(self) -> int:
    """Index of the term that sets the scale; its coefficient is not fitted.

    It is the leading term with coefficient 1, unless another scale makes more
    coefficients simple numbers.
    """
    return self.form.reference

  @property
  def uncertainties(self) -> np.ndarray:
    """Standard deviations of the coefficients, `[k]`."""
    return self.form.uncertainties

  @property
  def losses(self) -> tuple[Loss, ...]:
    """What a balance law loses or gains along a trajectory; else empty."""
    return self.form.losses

  @property
  def simple(self) -> tuple[Fraction | None, ...]:
    """The simple numbers that the coefficients agree with (k), where certain.

    See `simple_numbers.simple_number`. `text` and `latex` show these numbers.
    """
    return self.form.simple

  @property
  def text(self) -> str:
    """For people, with significant digits that the uncertainty allows."""
    return self.form.text(self.variables)

  @property
  def latex(self) -> str:
    """In LaTeX, with the numbers of `text`."""
    return self.form.latex(self.variables)

  def _repr_latex_(self) -> str:
    return rf"$\displaystyle {self.latex}$"

  @property
  def name(self) -> str | None:
    """A physicist's name, such as "energy", where it is certain, else None."""
    return naming.law_name(self.variables, self.terms, self.coefficients,
                           self.uncertainties)

  @property
  def unit(self) -> str:
    """The unit of the quantity."""
    return self.form.unit

  def coefficient_unit(self, k: int) -> str:
    """Return the unit of one coefficient of a formula.

    Args:
      k: index of its term, from 0.

    Returns:
      `unit` over that of terms[k].

    Raises:
      InputError: if there is no such term; a network has none.
    """
    count = len(self.terms)
    if not 0 <= k < count:
      has = f"its terms are 0 to {count - 1}" if count else "a network has none"
      raise InputError(f"{self.text} has no coefficient {k}: {has}.")
    return str(self.terms[self.reference].unit / self.terms[k].unit)

  def loss_unit(self, k: int) -> str:
    """Return the unit of the coefficient of `losses[k]`."""
    return str(self.terms[self.reference].unit / self.losses[k].term.unit)

  def sympy(self) -> sympy_lib.Expr:
    """Return the quantity in SymPy; the columns' names are the symbols."""
    return self.form.to_sympy(self.variables)


def law_gradients(laws: Sequence[Law], states: np.ndarray,
                  scale: np.ndarray) -> np.ndarray:
  """Return gradients of K laws, by columns over their spread.

  Args:
    laws: K laws.
    states: `[n, D]`.
    scale: `[D]`, the columns' spreads.

  Returns:
    `[n, K, D]`; not finite where a term is singular.

  Example:
    >>> law_gradients([], np.zeros((5, 2)), np.ones(2)).shape
    (5, 0, 2)
  """
  empty = np.zeros((len(states), 0, states.shape[1]))
  with np.errstate(all="ignore"):
    slopes = [(law.gradient(states) * scale)[:, None] for law in laws]
  return np.concatenate([empty, *slopes], axis=1)


def rank(laws: Sequence[Law],
         states: np.ndarray,
         scale: np.ndarray | None = None,
         known: np.ndarray | None = None) -> int:
  """Count the functionally independent laws.

  Args:
    laws: K laws.
    states: `[n, D]` at which gradients are compared.
    scale: `[D]`, the columns' spreads; 0 for a column that is no state.
    known: `[n, r, D]`, orthonormal directions, of the columns over their
      spread, in which states cannot differ; gradients along them do not count.

  Returns:
    The 90th percentile over states of the number of singular values, of the
    stacked unit gradients, above a twentieth of the largest if all laws are
    exact (the energy and the angular momentum of nearly circular orbits have
    nearly parallel gradients), above 0.08 if noise blurs them.

  Example:
    >>> rank([], np.zeros((1, 2)))
    0
  """
  if not laws:
    return 0
  scale = states.std(0) if scale is None else scale
  slopes = law_gradients(laws, states, scale)
  # A gradient has no value where a term is singular.
  finite = np.isfinite(slopes).all(axis=(1, 2))
  if not finite.any():
    return 0
  slopes = gradients.unit(slopes[finite])
  if known is not None:
    slopes = gradients.outside(slopes, known[finite])
  exact = all(law.evidence.ratio < law.evidence.exact for law in laws)
  found = gradients.ranks(slopes, _ANGLE if exact else _NOISY_ANGLE)
  return int(np.quantile(found, .9, method="lower"))
