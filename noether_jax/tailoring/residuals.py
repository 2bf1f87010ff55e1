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

from noether_jax.types import Array
from noether_jax.types import ConservedFn
from noether_jax.types import Params
from noether_jax.types import PyTree
from noether_jax.types import State

Reference = Literal["first", "previous", "both"]
_REFERENCES = ("first", "previous", "both")


def difference(before: Array, after: Array) -> Array:
  """The squared distance's residual, `after - before`.

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
  """The cosine distance's residual: its squares sum to `1 - cos(angle)`.

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
  """Changes of the conserved quantities along a predicted trajectory.

    r_t = g(s_t) - g(s_0)        "first"     (Alet et al. 2021, Eq. 2a)
    r_t = g(s_t) - g(s_{t-1})    "previous"  (Eq. 2b)

  Args:
    conserved_fn: `(params, state) -> [K]`.
    params: parameters of `conserved_fn`.
    x: the true input, one state.
    prediction: predicted states, leaves `[T, ...]`.
    reference: what each state is compared with; "both" gives both sets.
    distance: `(before, after) -> residual`, `difference` or `cosine`.

  Returns:
    `[T, K]`; `[2 T, K]` for "both"; in units of g.

  Raises:
    ValueError: if `reference` is unknown or `conserved_fn` returns no vector.

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
  start = conserved_fn(params, x)
  if start.ndim != 1:
    raise ValueError("`conserved_fn` must return a vector [K] for one state: "
                     f"got shape {start.shape}. Wrap a scalar in [None].")
  values = jax.vmap(lambda state: conserved_fn(params, state))(prediction)
  return change_residuals(start, values, reference=reference, distance=distance)


def change_residuals(
    start: Array,
    values: Array,
    *,
    reference: Reference = "first",
    distance: Callable[[Array, Array], Array] = difference,
) -> Array:
  """Changes of quantities whose values are known; see `trajectory_residuals`.

  Args:
    start: `[K]`, at the first state.
    values: `[T, K]`, at those after it.
    reference: what each is compared with.
    distance: `(before, after) -> residual`, `difference` or `cosine`.

  Returns:
    `[T, K]`; `[2 T, K]` for "both"; in units of g.

  Raises:
    ValueError: if `reference` is unknown.

  Example:
    >>> change_residuals(jnp.zeros(1), jnp.array([[1.], [3.]]),
    ...                  reference="previous")[:, 0].tolist()
    [1.0, 2.0]
  """
  if reference not in _REFERENCES:
    raise ValueError(f"`reference` must be one of {_REFERENCES}: "
                     f"got {reference!r}.")
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
  """Summed squared change of the conserved quantities along a trajectory.

    L = sum_t |g(s_t) - g(s_0)|^2                    (Alet et al. 2021, Eq. 2a)

  Args:
    conserved_fn: `(params, state) -> [K]`.
    params: parameters of `conserved_fn`.
    states: pytree, leaves `[T+1, ...]`; the first state is the true input.
    reference: "first" (Eq. 2a), "previous" (Eq. 2b) or "both".
    distance: `difference` (squared distance) or `cosine`.

  Returns:
    Scalar `[]`, in units of g squared.

  Raises:
    ValueError: if fewer than two states are given, or `reference` is unknown.

  Example:
    >>> g = lambda p, s: s[:1]
    >>> float(noether_loss(g, None, jnp.array([[1., 0.], [3., 0.]])))
    4.0
  """
  lengths = {leaf.shape[0] for leaf in jax.tree.leaves(states)}
  if len(lengths) != 1 or lengths.pop() < 2:
    shapes = [leaf.shape for leaf in jax.tree.leaves(states)]
    raise ValueError("`states` must have at least two states along the leading "
                     f"axis of every leaf: got shapes {shapes}.")
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
  """Rate of change of the conserved quantities along a vector field, times dt.

    r = grad g(x) . f(x) * dt

  It contains no integrator's own drift, unlike `g(x + f(x) dt) - g(x)`.

  Args:
    conserved_fn: `(params, state) -> [K]`.
    params: parameters of `conserved_fn`.
    x: one state.
    derivative: dx/dt as predicted at `x`, same structure as `x`.
    dt: time step that sets the scale of the loss; the data's sampling interval
      makes it comparable with `trajectory_residuals`.

  Returns:
    `[K]`, in units of g (if `dt` carries the time unit of `derivative`).

  Example:
    >>> energy = lambda p, s: jnp.sum(s**2)[None]
    >>> x = jnp.array([1., 2.])
    >>> field_residuals(energy, None, x, jnp.array([2., -1.])).tolist()
    [0.0]
  """
  _, rate = jax.jvp(lambda state: conserved_fn(params, state), (x,),
                    (derivative,))
  return rate * dt


def drift(conserved_fn: ConservedFn, params: Params, states: PyTree) -> Array:
  """Change of each conserved quantity since the first state.

  Args:
    conserved_fn: `(params, state) -> [K]`.
    params: parameters of `conserved_fn`.
    states: pytree, leaves `[T+1, ...]`.

  Returns:
    `[T+1, K]`, in units of g; the first row is zero.

  Example:
    >>> drift(lambda p, s: s, None, jnp.array([[1.], [1.5]]))[:, 0].tolist()
    [0.0, 0.5]
  """
  values = jax.vmap(lambda state: conserved_fn(params, state))(states)
  return values - values[:1]
