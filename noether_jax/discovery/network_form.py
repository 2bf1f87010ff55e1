"""A learned quantity as the form of a law, and as a term that can be judged."""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from typing import Any

import jax.numpy as jnp
import sympy

from noether_jax.data.columns import Variable
from noether_jax.discovery.forms import WithoutTerms
from noether_jax.learned import safety
from noether_jax.networks import structured
from noether_jax.reporting import formulas
from noether_jax.symbolic.operations import array_namespace
from noether_jax.types import Array
from noether_jax.types import Params


@dataclasses.dataclass(frozen=True, eq=False)
class LearnedForm(WithoutTerms):
  """A network that was learned from trajectories.

  Attributes:
    structure: of the network.
    params: with its read-out.
    name: such as "g1".
    region: where states were seen that the network was fitted to; None if it
      is to be trusted everywhere.
    unit: its values have none: they are multiples of their own spread.
  """
  structure: structured.Structure
  params: Params
  name: str = "g"
  unit: str = "1"
  region: safety.Region | None = None

  def trust(self, state: Array) -> Array:
    """Return how far to trust the network at a state `[D]`: 0 to 1, `[]`."""
    if self.region is None:
      return jnp.ones((), state.dtype)
    return safety.trust(self.region, state)

  def value(self, states: Any) -> Any:
    """Return `[...]` at states `[..., D]`, a NumPy or JAX array."""
    return structured.network_value(self.structure, self.params, states)

  def gradient(self, states: Any) -> Any:
    """Return `[..., D]` at states `[..., D]`, a NumPy or JAX array."""
    return structured.network_gradient(self.structure, self.params, states)

  def text(self, variables: Sequence[Variable]) -> str:
    """Return `network g1(q, p)`."""
    return f"network {self.name}({', '.join(v.name for v in variables)})"

  def latex(self, variables: Sequence[Variable]) -> str:
    """Return the network's name with its arguments."""
    names = ", ".join(formulas.symbol(v.name) for v in variables)
    return rf"{formulas.symbol(self.name)}({names})"

  def to_sympy(self, variables: Sequence[Variable]) -> sympy.Expr:
    """Return an unknown function of the columns."""
    return sympy.Function(self.name)(*(sympy.Symbol(v.name) for v in variables))


@dataclasses.dataclass(frozen=True, eq=False)
class LearnedAtom:
  """A learned quantity as a factor of a term.

  Attributes:
    form: the quantity.
    plus: indices of the columns.
    minus: empty; an `Atom` has such an attribute.
    kind: "network".
  """
  form: LearnedForm
  plus: tuple[int, ...]
  minus: tuple[int, ...] = ()
  kind: str = "network"

  def value(self, columns: Sequence[Any]) -> Any:
    """Evaluate on D columns of equal shape, NumPy or JAX arrays."""
    return self.form.value(_stack(columns))

  def gradient(self, columns: Sequence[Any]) -> dict[int, Any]:
    """Return derivatives by variable index, each of the columns' shape."""
    slopes = self.form.gradient(_stack(columns))
    return {i: slopes[..., i] for i in self.plus}


def _stack(columns: Sequence[Any]) -> Any:
  """Return states `[..., D]` of D columns."""
  return array_namespace(columns[0]).stack(list(columns), axis=-1)
