"""What the user's functions return, checked where they are called."""

from __future__ import annotations

from collections.abc import Callable
import inspect
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from noether_jax.types import Array
from noether_jax.types import ConservedFn
from noether_jax.types import Params
from noether_jax.types import PyTree
from noether_jax.types import State

# Of a conserved quantity, and of a predictor.
_ARGUMENTS = {2: ("params", "state"), 3: ("params", "x", "key")}


def _takes(function: Callable[..., Any], count: int) -> bool:
  try:
    inspect.signature(function).bind(*range(count))
  except TypeError:
    return False
  except ValueError:  # Functions without a signature.
    pass
  return True


def call(name: str, function: Callable[..., Any], *args: Any) -> Any:
  """Return what a function of the user returns, errors in the user's words.

  Args:
    name: of the argument that the function was given as.
    function: any callable.
    *args: what it is called with.

  Returns:
    `function(*args)`.

  Raises:
    TypeError: if the function does not take these arguments.
    ValueError: if the function updates a model that it closes over.

  Example:
    >>> call("predict_fn", lambda params, x, key: params * x, 2, 3, None)
    6
  """
  try:
    return function(*args)
  except TypeError as error:
    if _takes(function, len(args)):
      raise
    raise TypeError(
        f"`{name}` must take {', '.join(_ARGUMENTS[len(args)])}: "
        f"got a function of {inspect.signature(function)}.") from error
  except Exception as error:
    # Flax's own error, which is not worth Flax's import.
    if type(error).__name__ != "TraceContextError":
      raise
    raise ValueError(
        f"`{name}` updates a model that it closes over, such as the statistics "
        "of a BatchNorm or the keys of a Dropout in training mode. Call "
        "model.eval() before, or let the function make the model: "
        "graphdef, params, rest = nnx.split(model, nnx.Param, ...) once, and "
        "nnx.merge(graphdef, params, rest, copy=True)(x) within.") from error


def quantities(conserved_fn: ConservedFn, params: Params, state: State, *,
               name: str) -> Array:
  """Return the conserved quantities of one state.

  Args:
    conserved_fn: `(params, state) -> [K]`, or one quantity `[]`.
    params: parameters of `conserved_fn`.
    state: one state.
    name: of the argument that `conserved_fn` was given as.

  Returns:
    `[K]`; `[1]` for one quantity.

  Raises:
    ValueError: if `conserved_fn` returns anything else, or updates a model that
      it closes over.

  Example:
    >>> g = lambda p, s: s[0]
    >>> quantities(g, None, jnp.array([1., 2.]), name="g").tolist()
    [1.0]
  """
  values = call(name, conserved_fn, params, state)
  if not isinstance(values, (np.ndarray, float, int)) and not hasattr(
      values, "dtype") and not hasattr(values, "__jax_array__"):
    raise ValueError(
        f"`{name}` must return an array [K] for one state: got a "
        f"{type(values).__name__}. Put its quantities together by jnp.stack.")
  values = jnp.asarray(values)
  if jnp.iscomplexobj(values):
    raise ValueError(f"`{name}` must return real numbers: got {values.dtype}. "
                     "Stack real and imaginary parts.")
  if values.ndim > 1:
    raise ValueError(
        f"`{name}` must return a vector [K] for one state: got shape "
        f"{values.shape}. It is called with one state at a time, without a "
        "leading axis.")
  if not jnp.issubdtype(values.dtype, jnp.inexact):
    values = values.astype(jnp.result_type(float))
  return values.reshape(-1)


def _shapes(tree: PyTree) -> PyTree:
  return jax.tree.map(jnp.shape, tree)


def _is_shape(node: Any) -> bool:
  return isinstance(node, tuple) and all(isinstance(n, int) for n in node)


def _without_lead(tree: PyTree) -> PyTree | None:
  """The shapes without their first axis; None if those axes differ."""
  shapes = _shapes(tree)
  every = jax.tree.leaves(shapes, is_leaf=_is_shape)
  if not all(every) or len({shape[0] for shape in every}) != 1:
    return None
  return jax.tree.map(lambda s: s[1:], shapes, is_leaf=_is_shape)


def check_states(x: State, prediction: PyTree) -> None:
  """Check that a prediction is a sequence of states.

  Args:
    x: one state.
    prediction: what the predictor returned for it.

  Raises:
    ValueError: unless the prediction has the structure of `x`, with one more
      axis in front.

  Example:
    >>> check_states(jnp.zeros(2), jnp.zeros((5, 2)))
  """
  if _without_lead(prediction) == _shapes(x):
    return
  hint = ("Let `predict_fn` return states of the query's structure, stacked "
          "along a leading axis.")
  if _shapes(prediction) == _shapes(x):
    hint = ("A vector field needs residual_fn=functools.partial("
            "field_residuals, dt=dt); one next state needs a leading axis.")
  raise ValueError(
      "`trajectory_residuals`, the default residual_fn, needs predicted states "
      f"[T, ...] for a query [...]: got shapes {_shapes(prediction)} for "
      f"{_shapes(x)}. {hint}")


def _is_inexact(leaf: Any) -> bool:
  return jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)


def _primal(leaf: Any, derivative: Any) -> Any:
  """A leaf of the state: an integer that has a derivative becomes real."""
  if _is_inexact(derivative) and not _is_inexact(leaf):
    return jnp.asarray(leaf).astype(jnp.result_type(derivative))
  return leaf


def _tangent(leaf: Any, derivative: Any) -> Any:
  """The derivative in the dtype of the leaf; none for an integer."""
  if not _is_inexact(leaf):
    return np.zeros(jnp.shape(leaf), jax.dtypes.float0)
  return jnp.asarray(derivative).astype(jnp.result_type(leaf))


def along_field(x: State, derivative: PyTree) -> tuple[State, PyTree]:
  """Return the primals and tangents of a step along a vector field.

  Args:
    x: one state.
    derivative: what the predictor returned for it.

  Returns:
    `(primals, tangents)` for `jax.jvp`. An integer of the state becomes real
    if it has a derivative, and else has no tangent.

  Raises:
    ValueError: unless `derivative` has the structure and the shapes of `x`.

  Example:
    >>> along_field(jnp.array(1), jnp.array(.5))[0].dtype
    dtype('float32')
  """
  if _shapes(derivative) != _shapes(x):
    hint = "Let `predict_fn` return dx/dt with the query's structure."
    if _without_lead(derivative) == _shapes(x):
      hint = "Predicted states [T, ...] need residual_fn=trajectory_residuals."
    raise ValueError(
        "`field_residuals` needs a derivative with the structure and shapes of "
        f"the query: got {_shapes(derivative)} for {_shapes(x)}. {hint}")
  primal = jax.tree.map(_primal, x, derivative)
  return primal, jax.tree.map(_tangent, primal, derivative)
