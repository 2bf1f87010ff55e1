"""The update of an inner optimizer, with a derivative at zero gradient.

An outer gradient passes through the update of every inner step. Adam divides by
the root of an average of squares, clipping divides by a norm: where the inner
gradient is zero, the derivative of the root is infinite. Multiplied by zero it
gives NaN, although the whole update has a derivative there. The update is
traced, and each root and quotient gets the derivative zero where it has none.
Its values stay as they are, and so does its derivative everywhere else.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import functools
from typing import Any

import jax
from jax.extend import core as jex_core
import jax.numpy as jnp

from noether_jax.tailoring.low_rank import kernel_uses
from noether_jax.tailoring.low_rank.capture import bind
from noether_jax.types import Array
from noether_jax.types import PyTree

_AT_ZERO = ("sqrt", "rsqrt", "cbrt", "log")
# Primitives whose value may be infinite: products with them are guarded, too.
_UNBOUNDED = ("rsqrt", "log", "div", "pow", "integer_pow")


def _singular(eqn: Any, values: Sequence[Array]) -> Array | None:
  """Where an equation has no derivative; None if it has one everywhere."""
  name = eqn.primitive.name
  if name in _AT_ZERO:
    return values[0] == 0
  if name == "div":
    return values[1] == 0
  if name == "pow":
    return (values[0] == 0) & (values[1] < 1)
  if name == "integer_pow" and eqn.params["y"] < 0:
    return values[0] == 0
  if name == "mul":
    return ~(jnp.isfinite(values[0]) & jnp.isfinite(values[1]))
  return None


def _guarded(eqn: Any, values: Sequence[Any]) -> Array:
  """One equation, whose derivative is zero where there is none."""
  evaluate = lambda *operands: bind(eqn, list(operands))[0]

  @jax.custom_jvp
  def fn(*operands: Array) -> Array:
    return evaluate(*operands)

  @fn.defjvp
  def rule(operands: Any, tangents: Any) -> Any:
    bad: Any = _singular(eqn, operands)
    harmless = tuple(jnp.where(bad, jnp.ones_like(v), v) for v in operands)
    tangent = jax.jvp(evaluate, harmless, tangents)[1]
    return fn(*operands), jnp.where(bad, jnp.zeros_like(tangent), tangent)

  # A scalar may stand beside an array.
  shape = eqn.outvars[0].aval.shape
  return fn(*(jnp.broadcast_to(jnp.asarray(value, var.aval.dtype), shape)
              for value, var in zip(values, eqn.invars)))


def _names(jaxpr: Any) -> set[str]:
  """The primitives of a jaxpr and of those that `_run` enters."""
  names: set[str] = set()
  for eqn in jaxpr.eqns:
    names.add(eqn.primitive.name)
    for inner in _entered(eqn):
      names |= _names(inner.jaxpr)
  return names


def _entered(eqn: Any) -> Sequence[Any]:
  if eqn.primitive.name in kernel_uses.CALLS and "jaxpr" in eqn.params:
    return (eqn.params["jaxpr"],)
  return eqn.params["branches"] if eqn.primitive.name == "cond" else ()


def _step(eqn: Any, values: list[Any], unbounded: bool) -> list[Any]:
  """Evaluate one equation; `unbounded` says that an operand may be infinite."""
  inner = _entered(eqn)
  if inner and eqn.primitive.name == "cond":
    branches = [functools.partial(_run, c.jaxpr, c.consts) for c in inner]
    return list(jax.lax.switch(values[0], branches, *values[1:]))
  if inner:
    return _run(inner[0].jaxpr, inner[0].consts, *values)
  real = all(jnp.issubdtype(v.aval.dtype, jnp.inexact) for v in eqn.invars)
  name = eqn.primitive.name
  if real and (name in _AT_ZERO or name in _UNBOUNDED or
               (name == "mul" and unbounded)):
    return [_guarded(eqn, values)] if _singular(
        eqn, values) is not None else bind(eqn, values)
  return bind(eqn, values)


def _run(jaxpr: Any, consts: Sequence[Any], *args: Any) -> list[Any]:
  """Evaluate a jaxpr with guarded equations."""
  env: dict[Any, Any] = dict(zip(jaxpr.constvars, consts))
  env.update(zip(jaxpr.invars, args))
  infinite: set[Any] = set()
  for eqn in jaxpr.eqns:
    named = [v for v in eqn.invars if not isinstance(v, jex_core.Literal)]
    values = [
        v.val if isinstance(v, jex_core.Literal) else env[v] for v in eqn.invars
    ]
    unbounded = any(v in infinite for v in named)
    env.update(zip(eqn.outvars, _step(eqn, values, unbounded)))
    if unbounded or eqn.primitive.name in _UNBOUNDED or _entered(eqn):
      infinite.update(eqn.outvars)
  return [
      v.val if isinstance(v, jex_core.Literal) else env[v]
      for v in jaxpr.outvars
  ]


def safe_update(update: Callable[[PyTree, PyTree], Any], gradient: PyTree,
                state: PyTree) -> Any:
  """Return an optimizer's update, with a finite derivative at zero gradient.

  Args:
    update: `(gradient, state) -> (updates, state)`.
    gradient: of the inner loss.
    state: of the optimizer.

  Returns:
    `update(gradient, state)`.

  Example:
    >>> import optax
    >>> adam = optax.adam(0.1, eps=0.5)
    >>> step = lambda g, safe: safe(adam.update, g, adam.init(0.0))[0]
    >>> float(jax.grad(step)(0.0, lambda update, g, state: update(g, state)))
    nan
    >>> round(float(jax.grad(step)(0.0, safe_update)), 6)
    -0.2
  """
  leaves, treedef = jax.tree.flatten((gradient, state))
  closed, shape = jax.make_jaxpr(
      lambda *flat: update(*jax.tree.unflatten(treedef, flat)),
      return_shape=True)(*leaves)
  if not _names(closed.jaxpr) & {*_AT_ZERO, *_UNBOUNDED}:
    return update(gradient, state)
  outs = _run(closed.jaxpr, closed.consts, *leaves)
  return jax.tree.unflatten(jax.tree.structure(shape), outs)
