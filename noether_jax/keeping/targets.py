"""What a model predicts, and what the laws then ask of its prediction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp

from noether_jax.errors import InputError
from noether_jax.keeping.weights import to_single
from noether_jax.tailoring.residuals import field_residuals
from noether_jax.tailoring.residuals import trajectory_residuals
from noether_jax.types import Array
from noether_jax.types import ConservedFn
from noether_jax.types import Params
from noether_jax.types import PyTree
from noether_jax.types import ResidualFn
from noether_jax.types import State

Of = Literal["vector_field", "next_state", "trajectory"]
_SHAPES = {
    "vector_field": "dx/dt, shaped like the state",
    "next_state": "the next state",
    "trajectory": "states with a leading axis of time, [T, ...]",
}


def check_choice(name: str, value: Any, choices: Any) -> None:
  """Refuse a value that is none of the choices.

  Args:
    name: the argument's.
    value: what was given.
    choices: what may be given.

  Raises:
    InputError: if it is another one.

  Example:
    >>> check_choice("how", "tailor", ("tailor", "project"))
  """
  if value not in choices:
    raise InputError(f"`{name}` must be one of {tuple(choices)}: "
                     f"got {value!r}.")


def check_of(of: str) -> None:
  """Refuse an unknown kind of prediction.

  Args:
    of: "vector_field", "next_state" or "trajectory".

  Raises:
    InputError: if it is another one.

  Example:
    >>> check_of("next_state")
  """
  check_choice("of", of, _SHAPES)


def as_state(x: State) -> State:
  """A state as floating arrays of at least 32 bits.

  Args:
    x: a tree of real arrays or numbers; integers become floats.

  Returns:
    The tree of JAX arrays.

  Raises:
    InputError: if a leaf is complex or no number.

  Example:
    >>> as_state({"q": jnp.arange(2), "p": jnp.ones(2, jnp.bfloat16)})
    {'p': Array([1., 1.], dtype=float32), 'q': Array([0., 1.], dtype=float32)}
  """

  def one(leaf: Any) -> Array:
    leaf = jnp.asarray(leaf)
    if jnp.issubdtype(leaf.dtype, jnp.floating):
      return to_single(leaf)
    if leaf.dtype == bool or not jnp.issubdtype(leaf.dtype, jnp.integer):
      raise InputError("A state must hold real numbers: got an array of "
                       f"{leaf.dtype}. Pass complex numbers as two columns.")
    return leaf.astype(jnp.result_type(float))

  return jax.tree.map(one, x)


def cast_like(x: State, prediction: PyTree) -> PyTree:
  """A prediction in the precision of the state.

  Args:
    x: one state.
    prediction: what the model returned for it; integers stay.

  Returns:
    The prediction.

  Example:
    >>> cast_like(jnp.ones(2), jnp.ones(2, jnp.bfloat16)).dtype.name
    'float32'
  """
  dtype = jnp.result_type(*jax.tree.leaves(x))

  def one(leaf: Any) -> Array:
    leaf = jnp.asarray(leaf)
    real = jnp.issubdtype(leaf.dtype, jnp.floating)
    return leaf.astype(dtype) if real else leaf

  return jax.tree.map(one, prediction)


def _kind(x: State, prediction: PyTree) -> list[str]:
  """Which kinds of prediction the shapes allow."""
  structures: list[Any] = [jax.tree.structure(t) for t in (x, prediction)]
  if structures[0] != structures[1]:
    return []
  shapes = [(jnp.shape(a), jnp.shape(b))
            for a, b in zip(jax.tree.leaves(x), jax.tree.leaves(prediction))]
  if all(a == b for a, b in shapes):
    return ["vector_field", "next_state"]
  lengths = {b[:1] for _, b in shapes}
  if all(b and b[1:] == a for a, b in shapes) and len(lengths) == 1:
    return ["trajectory"] if lengths != {(0,)} else []
  return []


def check_prediction(of: str, x: State, prediction: PyTree) -> None:
  """Refuse a prediction that is not what `of` says.

  Args:
    of: "vector_field", "next_state" or "trajectory".
    x: the state it was made for.
    prediction: what the model returned.

  Raises:
    InputError: if structure or shapes differ, or a prediction is no floating
      number.

  Example:
    >>> check_prediction("next_state", jnp.ones(2), jnp.ones(2))
  """
  fitting = _kind(x, prediction)
  if of not in fitting:
    shape = lambda tree: jax.tree.map(lambda a: list(jnp.shape(a)), tree)
    mend = ("" if not fitting else " Pass " +
            " or ".join(f'of="{k}"' for k in fitting) + ", if that is meant.")
    raise InputError(
        f'`of="{of}"` means {_SHAPES[of]}: the model returned shape '
        f"{shape(prediction)} for a state of shape {shape(x)}.{mend}")
  for leaf in jax.tree.leaves(prediction):
    if not jnp.issubdtype(leaf.dtype, jnp.floating):
      raise InputError("The model must predict floating numbers: got "
                       f"{leaf.dtype}.")


def check_precision(prediction: PyTree) -> None:
  """Refuse to tailor a model that computes in fewer than 32 bits.

  Args:
    prediction: what the model returned.

  Raises:
    InputError: if a leaf has fewer than 32 bits.

  Example:
    >>> check_precision(jnp.ones(2))
  """
  for leaf in jax.tree.leaves(prediction):
    if leaf.dtype.itemsize < 4:
      raise InputError(
          f"The model computes in {leaf.dtype}: its rounding error is larger "
          "than what tailoring corrects. Let it compute in float32, or pass "
          'how="project".')


def _next_state_residuals(conserved_fn: ConservedFn, params: Params, x: State,
                          prediction: State) -> Array:
  steps = jax.tree.map(lambda leaf: leaf[None], prediction)
  return trajectory_residuals(conserved_fn, params, x, steps)


def residuals_of(of: str, dt: float | Array = 1.0) -> ResidualFn:
  """How much the quantities change, for a kind of prediction.

  Args:
    of: "vector_field" (their rate of change times `dt`), "next_state" or
      "trajectory" (their changes since the state that the model was given).
    dt: time step, for a vector field.

  Returns:
    `(conserved_fn, params, x, prediction) -> residuals`, which refuses a
    prediction that is of another kind.

  Raises:
    InputError: if `of` is unknown.

  Example:
    >>> change = residuals_of("next_state")
    >>> first = lambda _, x: x[:1]
    >>> change(first, (), jnp.ones(2), jnp.array([3., 0.])).tolist()
    [[2.0]]
  """
  check_of(of)
  functions: dict[str, Callable[..., Array]] = {
      "vector_field":
          lambda g, params, x, rate: field_residuals(g, params, x, rate, dt=dt),
      "next_state":
          _next_state_residuals,
      "trajectory":
          trajectory_residuals,
  }

  def residuals(conserved_fn: ConservedFn, params: Params, x: State,
                prediction: PyTree) -> Array:
    check_prediction(of, x, prediction)
    return functions[of](conserved_fn, params, x, prediction)

  return residuals
