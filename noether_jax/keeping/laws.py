"""Laws in any form that users bring, as one function of a state."""

from __future__ import annotations

from collections.abc import Callable
import functools
from typing import Any

import jax
import jax.numpy as jnp

from noether_jax.discovery import Discovery
from noether_jax.discovery import Law
from noether_jax.discovery.network_form import LearnedForm
from noether_jax.errors import InputError
from noether_jax.keeping.models import pure_function
from noether_jax.types import Array
from noether_jax.types import PyTree
from noether_jax.types import State

Quantities = Callable[[State], Array]
_LOST = (
    "losses or inputs change such a quantity, so a prediction must not keep "
    "it")


def is_pair(value: Any) -> bool:
  """Whether this is `(apply, params)`, and not a list of two laws.

  Args:
    value: anything.

  Returns:
    Whether its second and last item is no function.

  Example:
    >>> is_pair((abs, 1.0)), is_pair([abs, abs])
    (True, False)
  """
  return (isinstance(value, (tuple, list)) and len(value) == 2 and
          callable(value[0]) and not callable(value[1]))


def _listed(laws: Any, name: str) -> list[Any]:
  """The laws one by one."""
  if isinstance(laws, Discovery):
    if not laws.laws:
      raise InputError(f"`{name}` holds no law: {laws.verdict}. Pass a "
                       "discovery with laws, or a function of a state.")
    kept = [law for law in laws.laws if not law.losses]
    if not kept:
      raise InputError(f"`{name}` holds balance laws only: {_LOST}.")
    return kept
  if isinstance(laws, Law) and laws.losses:
    raise InputError(f"`{name}` is the balance law {laws.text}: {_LOST}.")
  if isinstance(laws, str):
    raise InputError(f"`{name}` is the text {laws!r}: pass a function of a "
                     "state, such as lambda x: x[0]**2 + x[1]**2, or a law of "
                     "nj.discover.")
  if not isinstance(laws, (list, tuple)):
    return [laws]
  if is_pair(laws):
    return [laws]
  if not laws:
    raise InputError(f"`{name}` is empty: pass at least one law.")
  return [one for law in laws for one in _listed(law, name)]


def _from_law(law: Law, name: str) -> Quantities:
  count = len(law.variables)

  def values(x: State) -> Array:
    shape = getattr(x, "shape", None)
    if shape != (count,):
      columns = ", ".join(v.name for v in law.variables)
      given = jax.tree.map(jnp.shape, x) if shape is None else list(shape)
      raise InputError(f"{name} is a function of the {count} columns "
                       f"{columns}: it needs a state of shape [{count}], got "
                       f"{given}.")
    return law(x)

  return values


def _quantity(law: Any, name: str) -> Quantities:
  """A law as a function of a state that returns `[K]`."""
  if isinstance(law, Law):
    function = _from_law(law, name)
  else:
    apply, params = pure_function(law, name=name)
    function = lambda x: apply(params, x, None)

  def values(x: State) -> Array:
    out = function(x)
    if len(jax.tree.leaves(out)) != 1 or jnp.ndim(out) > 1:
      shape = jax.tree.map(jnp.shape, out)
      raise InputError(f"{name} must return a number or a vector [K] for one "
                       f"state: got shape {shape}.")
    return jnp.atleast_1d(out)

  return values


def conserved_quantities(laws: Any, *, name: str = "laws") -> Quantities:
  """Join laws into one function `state -> [K]`.

  Args:
    laws: a `Discovery`, a `Law`, a function or model `state -> scalar or [K]`
      (see `pure_function`), or a list of these.
    name: the argument that holds them, for messages.

  Returns:
    A function of one state that returns the K values, in the precision of the
    state.

  Raises:
    InputError: if there is no law, or, when it is called, if a law does not
      fit the state or returns neither a number nor a vector.

  Example:
    >>> g = conserved_quantities([lambda x: x[0], lambda x: x[1:] ** 2])
    >>> g(jnp.array([1., 2., 3.])).tolist()
    [1.0, 4.0, 9.0]
  """
  listed = _listed(laws, name)
  single = len(listed) == 1 and not isinstance(laws, (list, tuple))
  quantities = [
      _quantity(law, f"`{name}`" if single else f"`{name}[{i}]`")
      for i, law in enumerate(listed)
  ]

  def values(x: State) -> Array:
    dtype = jnp.result_type(*jax.tree.leaves(x))
    return jnp.concatenate([q(x) for q in quantities]).astype(dtype)

  return values


def least_trust(laws: Any,
                *,
                name: str = "laws") -> Callable[[State], Array] | None:
  """Return how far to trust laws that were learned as networks.

  Args:
    laws: as for `conserved_quantities`.
    name: the argument that holds them, for messages.

  Returns:
    A function of one state, from 0, far from the states that the networks were
    learned from, to 1; None if no law is such a network.

  Example:
    >>> least_trust(lambda x: x[0]) is None
    True
  """
  forms = [law.form for law in _listed(laws, name) if isinstance(law, Law)]
  learned = [form for form in forms if isinstance(form, LearnedForm)]
  if not learned:
    return None
  return lambda x: functools.reduce(jnp.minimum, [f.trust(x) for f in learned])


def steepness(quantities: Quantities, x: State, state_scale: PyTree) -> Array:
  """How much each quantity changes when the state changes by its scale.

  Args:
    quantities: `state -> [K]`.
    x: one state.
    state_scale: the size of a typical change, leaves like those of the state.

  Returns:
    `[K]`: the norm of the gradient in units of the scale; 1 where it vanishes.

  Example:
    >>> g = lambda x: jnp.stack([x[0]**2, 100. * x[1]])
    >>> steepness(g, jnp.array([3., 0.]), jnp.ones(2)).tolist()
    [6.0, 100.0]
  """
  rows = jax.jacrev(quantities)(x)
  squares = jax.tree.map(
      lambda row, s: jnp.sum(
          (row * s[None]).reshape(row.shape[0], -1)**2, axis=1), rows,
      state_scale)
  total = sum(jax.tree.leaves(squares))
  # The square root has no derivative at zero.
  flat = ~(total > 0)
  return jnp.where(flat, 1, jnp.sqrt(jnp.where(flat, 1, total)))
