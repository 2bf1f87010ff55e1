"""Conserved quantities, one for each seed."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from datasets.systems.catalogue import SYSTEMS

Array = jax.Array
FORMULAS = {
    "spring": "q^2 + p^2",
    "pendulum": "p^2 - 3 cos q",
    "real_pendulum": "p^2 - 2.4 cos q",
}


class Quantity(NamedTuple):
  """What is to be conserved; every seed has its own parameters.

  Attributes:
    conserved_fn: `(params, x [2]) -> [1]`.
    params: leaves `[S, ...]`, any dtype, never differentiated; `()` if none.
    formulas: S texts.
  """
  conserved_fn: Callable[[Any, Array], Array]
  params: Any
  formulas: tuple[str, ...]


def true(system: str, seeds: int) -> Quantity:
  """The known law of a system, the same for every seed.

  Args:
    system: a key of FORMULAS.
    seeds: S.

  Returns:
    A law without parameters.

  Example:
    >>> law = true("spring", 1)
    >>> law.conserved_fn((), jnp.array([1., 2.])).tolist()
    [5.0]
  """
  laws = SYSTEMS[system].laws
  assert laws is not None
  function = lambda _, x: laws(x, jnp)
  return Quantity(function, (), (FORMULAS[system],) * seeds)
