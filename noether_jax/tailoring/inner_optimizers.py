"""Inner optimizers beyond optax, and arithmetic on factored gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jax.extend import core as jex_core
import jax.numpy as jnp
import optax

from noether_jax.tailoring.low_rank.capture import bind
from noether_jax.tailoring.low_rank.outer_products import Factors
from noether_jax.types import Array
from noether_jax.types import PyTree


def is_factors(x: Any) -> bool:
  """Whether a node of a tree is a factored kernel change."""
  return isinstance(x, Factors)


def scale(tree: PyTree, factor: Array | float) -> PyTree:
  """Multiply every leaf of a gradient by a scalar, factored or not."""

  def one(leaf: Any) -> Any:
    if is_factors(leaf):
      return Factors(leaf.inputs, leaf.deltas * factor)
    return leaf * factor

  return jax.tree.map(one, tree, is_leaf=is_factors)


def gram(rows: PyTree) -> Array:
  """Inner products of M gradients.

  Args:
    rows: leaves `[M, ...]`, arrays or Factors.

  Returns:
    `[M, M]`, the products summed over all parameters.

  Example:
    >>> gram({"w": jnp.array([[1., 2.], [0., 1.]])}).tolist()
    [[5.0, 2.0], [2.0, 1.0]]
  """

  def one(leaf: Any) -> Array:
    if is_factors(leaf):
      left = jnp.einsum("mri,nsi->mrns", leaf.inputs, leaf.inputs)
      right = jnp.einsum("mro,nso->mrns", leaf.deltas, leaf.deltas)
      return jnp.einsum("mrns,mrns->mn", left, right)
    flat = leaf.reshape(leaf.shape[0], -1)
    return flat @ flat.T

  return jnp.sum(jnp.stack(
      [one(leaf) for leaf in jax.tree.leaves(rows, is_leaf=is_factors)]),
                 axis=0)


class GaussNewton(optax.GradientTransformationExtraArgs):
  """What `gauss_newton` returns: an optax transformation that can be told."""


def _solve(matrix: Array, vector: Array) -> Array:
  """Solve a small positive definite system; a division where it is 1 x 1."""
  if vector.shape[0] == 1:
    return vector / matrix[0]
  return jax.scipy.linalg.solve(matrix, vector, assume_a="pos")


def gauss_newton(*,
                 fraction: float | Array = 1.0,
                 damping: float | Array = 1e-6) -> GaussNewton:
  """The least-norm weight change that zeroes the linearised residuals.

    d theta = - fraction J^T (J J^T + damping I)^-1 r,   J = d r / d theta

  One step brings the conservation error to second order of itself, whatever
  its scale, so there is no inner rate to choose.

  Args:
    fraction: how much of the error is to vanish, dimensionless.
    damping: added to the Gram matrix, in units of (residual / weight)^2; it
      bounds the step where the residuals do not depend on the weights.

  Returns:
    An optax transformation. Its `update` needs the extra arguments that
    `tailor` passes: `residuals`, an array, and `pullback`, which maps a
    cotangent of the residuals to a gradient of the weights.

  Example:
    >>> from noether_jax.tailoring.query import tailor
    >>> residual = lambda w: w[:1] + 2.0 * w[1:] - 5.0
    >>> step = tailor(residual, jnp.zeros(2), gauss_newton(damping=0.0))
    >>> step.adapted.tolist()
    [1.0, 2.0]

  Reference:
    Nocedal and Wright, Numerical Optimization, section 10.3; the
    underdetermined case is the minimum-norm solution.
  """

  def init(params: PyTree) -> optax.OptState:
    del params
    return optax.EmptyState()

  def update(updates: PyTree,
             state: optax.OptState,
             params: PyTree = None,
             *,
             residuals: Array,
             pullback: Callable[[Array], PyTree],
             **extra: Any) -> tuple[PyTree, optax.OptState]:
    del updates, params, extra
    if residuals.ndim == 0:
      raise ValueError("gauss_newton needs residuals: got a scalar loss. Let "
                       "`loss_fn` return the array whose squares sum to it.")
    flat = residuals.reshape(-1)
    count = flat.shape[0]
    as_residuals = lambda v: v.reshape(residuals.shape)
    if count == 1:
      row = pullback(jnp.ones_like(residuals))
      rows = jax.tree.map(lambda leaf: leaf[None], row)
    else:
      rows = jax.vmap(lambda v: pullback(as_residuals(v)))(jnp.eye(
          count, dtype=flat.dtype))
    matrix = gram(rows) + damping * jnp.eye(count, dtype=flat.dtype)
    coefficients = -fraction * _solve(matrix, flat)
    if count == 1:
      return scale(row, coefficients[0]), state
    return pullback(as_residuals(coefficients)), state

  return GaussNewton(init, update)


class _Multiple(NamedTuple):
  """`factor` times the input number `leaf`, within a traced update."""
  leaf: int
  factor: Any


def _is_scalar(value: Any) -> bool:
  return not isinstance(value, _Multiple) and jnp.ndim(value) == 0


def _propagate(name: str, values: list[Any]) -> _Multiple | None:
  """The multiple that one equation makes of its only `_Multiple` operand."""
  first = values[0]
  if len(values) == 1:
    if name == "neg":
      return _Multiple(first.leaf, -first.factor)
    return first if name in ("copy", "convert_element_type") else None
  if len(values) == 2:
    if name == "mul" and _is_scalar(first):
      return _Multiple(values[1].leaf, values[1].factor * first)
    if name in ("mul", "div") and _is_scalar(values[1]):
      other = values[1] if name == "mul" else 1 / values[1]
      return _Multiple(first.leaf, first.factor * other)
  return None


def _multiples(jaxpr: Any, consts: Any, args: list[Any]) -> list[Any] | None:
  """Evaluate a jaxpr on multiples; None where it is not one throughout."""
  env: dict[Any, Any] = dict(zip(jaxpr.constvars, consts))
  env.update(zip(jaxpr.invars, args))
  read = lambda v: v.val if isinstance(v, jex_core.Literal) else env[v]
  for eqn in jaxpr.eqns:
    values = [read(v) for v in eqn.invars]
    if not any(isinstance(v, _Multiple) for v in values):
      outs: list[Any] | None = bind(eqn, values)
    elif eqn.primitive.name in ("pjit", "jit"):
      inner = eqn.params["jaxpr"]
      outs = _multiples(inner.jaxpr, inner.consts, values)
    else:
      one = _propagate(eqn.primitive.name, values)
      outs = None if one is None else [one]
    if outs is None:
      return None
    env.update(zip(eqn.outvars, outs))
  return [read(v) for v in jaxpr.outvars]


def gradient_multiples(optimizer: Any, params: PyTree) -> list[Any] | None:
  """The scalars by which a stateless optimizer multiplies each gradient leaf.

  `optax.sgd(rate)` is such an optimizer; clipping, momentum and Adam are not.
  The update is traced and its equations are read, so the answer is certain.

  Args:
    optimizer: an optax transformation.
    params: the tree it updates.

  Returns:
    One scalar per leaf of `params`, or None if the update is anything else
    than such a multiple.

  Example:
    >>> [float(m) for m in gradient_multiples(optax.sgd(0.5), jnp.ones(3))]
    [-0.5]
    >>> gradient_multiples(optax.adam(0.5), {"w": jnp.ones(3)}) is None
    True
  """
  state = optimizer.init(params)
  if jax.tree.leaves(state):
    return None
  leaves, treedef = jax.tree.flatten(params)
  closed = jax.make_jaxpr(lambda *flat: jax.tree.leaves(
      optimizer.update(jax.tree.unflatten(treedef, flat), state, params)[0]))(
          *leaves)
  args = [_Multiple(i, 1.0) for i in range(len(leaves))]
  outs = _multiples(closed.jaxpr, closed.consts, args)
  if outs is None:
    return None
  if any(
      not isinstance(o, _Multiple) or o.leaf != i for i, o in enumerate(outs)):
    return None
  return [o.factor for o in outs]
