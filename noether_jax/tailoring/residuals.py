"""How "this quantity must not change" is measured.

Everything is a residual: an array that is zero exactly where the quantity is
conserved, and whose squares sum to the Noether loss. Gradient descent uses the
sum, Gauss-Newton the residuals themselves.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import jax
import jax.numpy as jnp

from noether_jax.tailoring import callables
from noether_jax.types import Array
from noether_jax.types import ConservedFn
from noether_jax.types import Params
from noether_jax.types import PyTree
from noether_jax.types import State

Reference = Literal["first", "previous", "both"]
_REFERENCES = ("first", "previous", "both")


def _quantities(conserved_fn: ConservedFn, params: Params,
                state: State) -> Array:
  return callables.quantities(conserved_fn, params, state, name="conserved_fn")


def _check_length(states: PyTree, least: int) -> None:
  shapes = [jnp.shape(leaf) for leaf in jax.tree.leaves(states)]
  lengths = {shape[:1] for shape in shapes}
  if len(lengths) != 1 or not all(lengths) or lengths.pop()[0] < least:
    many = {1: "one state", 2: "two states"}[least]
    raise ValueError(f"`states` must have at least {many} along the leading "
                     f"axis of every leaf: got shapes {shapes}.")


def difference(before: Array, after: Array) -> Array:
  """Return the residual of the squared distance, `after - before`.

  Args:
    before: `[..., K]` quantities.
    after: `[..., K]` quantities.

  Returns:
    `[..., K]`.

  Example:
    >>> difference(jnp.array([1., 2.]), jnp.array([1., 5.])).tolist()
    [0.0, 3.0]
  """
  return after - before


def cosine(before: Array, after: Array, *, epsilon: float = 1e-12) -> Array:
  """Return the residual of the cosine distance, `1 - cos(angle)`.

  Its squares sum to that distance.

    1 - <u, v> / (|u| |v|) = | u/|u| - v/|v| |^2 / 2

  Args:
    before: `[..., K]` quantities.
    after: `[..., K]` quantities.
    epsilon: added to the squared norms, so that a zero vector has a gradient.

  Returns:
    `[..., K]`, dimensionless.

  Example:
    >>> r = cosine(jnp.array([2., 0.]), jnp.array([0., 3.]))
    >>> round(float(jnp.sum(r**2)), 6)
    1.0
  """

  def unit(v: Array) -> Array:
    square = jnp.sum(v * v, axis=-1, keepdims=True)
    return v * jax.lax.rsqrt(square + epsilon)

  return (unit(after) - unit(before)) * jnp.sqrt(jnp.asarray(0.5, after.dtype))


def trajectory_residuals(
    conserved_fn: ConservedFn,
    params: Params,
    x: State,
    prediction: PyTree,
    *,
    reference: Reference = "first",
    distance: Callable[[Array, Array], Array] = difference,
) -> Array:
  """Return the changes of the conserved quantities along a prediction.

    r_t = g(s_t) - g(s_0)        "first"     (Alet et al. 2021, Eq. 2a)
    r_t = g(s_t) - g(s_{t-1})    "previous"  (Eq. 2b)

  Args:
    conserved_fn: `(params, state) -> [K]`, or one quantity `[]`.
    params: parameters of `conserved_fn`.
    x: the true input, one state.
    prediction: predicted states, leaves `[T, ...]`.
    reference: what each state is compared with; "both" gives both sets.
    distance: `(before, after) -> residual`, `difference` or `cosine`.

  Returns:
    `[T, K]`; `[2 T, K]` for "both"; in units of g.

  Raises:
    ValueError: if `reference` is unknown, `conserved_fn` returns no vector, or
      `prediction` is no sequence of states like `x`.

  Example:
    >>> g = lambda p, s: s[:1]
    >>> steps = jnp.array([[3., 0.], [4., 0.]])
    >>> x = jnp.array([1., 0.])
    >>> trajectory_residuals(g, None, x, steps)[:, 0].tolist()
    [2.0, 3.0]
    >>> sequential = trajectory_residuals(g, None, x, steps,
    ...                                   reference="previous")
    >>> sequential[:, 0].tolist()
    [2.0, 1.0]
  """
  callables.check_states(x, prediction)
  start = _quantities(conserved_fn, params, x)
  values = jax.vmap(lambda s: _quantities(conserved_fn, params, s))(prediction)
  return change_residuals(start, values, reference=reference, distance=distance)


def change_residuals(
    start: Array,
    values: Array,
    *,
    reference: Reference = "first",
    distance: Callable[[Array, Array], Array] = difference,
) -> Array:
  """Return the changes of quantities whose values are known.

  See `trajectory_residuals`.

  Args:
    start: `[K]`, at the first state.
    values: `[T, K]`, at those after it.
    reference: what each is compared with.
    distance: `(before, after) -> residual`, `difference` or `cosine`.

  Returns:
    `[T, K]`; `[2 T, K]` for "both"; in units of g.

  Raises:
    ValueError: if `reference` is unknown, or the shapes do not fit.

  Example:
    >>> change_residuals(jnp.zeros(1), jnp.array([[1.], [3.]]),
    ...                  reference="previous")[:, 0].tolist()
    [1.0, 2.0]
  """
  if reference not in _REFERENCES:
    raise ValueError(f"`reference` must be one of {_REFERENCES}: "
                     f"got {reference!r}.")
  if start.shape != values.shape[1:]:
    raise ValueError("`start` [K] and `values` [T, K] must hold the same "
                     f"quantities: got shapes {start.shape} and "
                     f"{values.shape}.")
  anchored = jnp.broadcast_to(start, values.shape)
  shifted = jnp.concatenate([start[None], values[:-1]])
  befores = {
      "first": [anchored],
      "previous": [shifted],
      "both": [anchored, shifted]
  }[reference]
  return jnp.concatenate([distance(before, values) for before in befores])


def noether_loss(
    conserved_fn: ConservedFn,
    params: Params,
    states: PyTree,
    *,
    reference: Reference = "first",
    distance: Callable[[Array, Array], Array] = difference,
) -> Array:
  """Return the summed squared change of the quantities along a trajectory.

    L = sum_t |g(s_t) - g(s_0)|^2                    (Alet et al. 2021, Eq. 2a)

  Args:
    conserved_fn: `(params, state) -> [K]`, or one quantity `[]`.
    params: parameters of `conserved_fn`.
    states: pytree, leaves `[T+1, ...]`; the first state is the true input.
    reference: "first" (Eq. 2a), "previous" (Eq. 2b) or "both".
    distance: `difference` (squared distance) or `cosine`.

  Returns:
    Scalar `[]`, in units of g squared.

  Raises:
    ValueError: if fewer than two states are given, `reference` is unknown, or
      `conserved_fn` returns no vector.

  Example:
    >>> g = lambda p, s: s[:1]
    >>> float(noether_loss(g, None, jnp.array([[1., 0.], [3., 0.]])))
    4.0
  """
  _check_length(states, 2)
  first = jax.tree.map(lambda leaf: leaf[0], states)
  rest = jax.tree.map(lambda leaf: leaf[1:], states)
  residuals = trajectory_residuals(conserved_fn,
                                   params,
                                   first,
                                   rest,
                                   reference=reference,
                                   distance=distance)
  return jnp.sum(residuals**2)


def field_residuals(
    conserved_fn: ConservedFn,
    params: Params,
    x: State,
    derivative: State,
    *,
    dt: float | Array = 1.0,
) -> Array:
  """Return the derivative of the quantities along a vector field, times dt.

    r = grad g(x) . f(x) * dt

  It contains no integrator's own drift, unlike `g(x + f(x) dt) - g(x)`.

  Args:
    conserved_fn: `(params, state) -> [K]`, or one quantity `[]`.
    params: parameters of `conserved_fn`.
    x: one state.
    derivative: dx/dt as predicted at `x`, same structure as `x`.
    dt: time step that sets the scale of the loss; the data's sampling interval
      makes it comparable with `trajectory_residuals`.

  Returns:
    `[K]`, in units of g (if `dt` carries the time unit of `derivative`).

  Raises:
    ValueError: if `conserved_fn` returns no vector, or `derivative` does not
      have the structure and shapes of `x`.

  Example:
    >>> energy = lambda p, s: jnp.sum(s**2)[None]
    >>> x = jnp.array([1., 2.])
    >>> field_residuals(energy, None, x, jnp.array([2., -1.])).tolist()
    [0.0]
  """
  primal, tangent = callables.along_field(x, derivative)
  _, change = jax.jvp(lambda state: _quantities(conserved_fn, params, state),
                      (primal,), (tangent,))
  return change * dt


def drift(conserved_fn: ConservedFn, params: Params, states: PyTree) -> Array:
  """Return the change of each conserved quantity since the first state.

  Args:
    conserved_fn: `(params, state) -> [K]`, or one quantity `[]`.
    params: parameters of `conserved_fn`.
    states: pytree, leaves `[T+1, ...]`.

  Returns:
    `[T+1, K]`, in units of g; the first row is zero.

  Raises:
    ValueError: if `states` holds no state, or `conserved_fn` returns no vector.

  Example:
    >>> drift(lambda p, s: s, None, jnp.array([[1.], [1.5]]))[:, 0].tolist()
    [0.0, 0.5]
  """
  _check_length(states, 1)
  values = jax.vmap(lambda s: _quantities(conserved_fn, params, s))(states)
  return values - values[:1]
