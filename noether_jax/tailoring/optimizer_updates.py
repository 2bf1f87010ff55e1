"""Recognise inner optimizers whose update is a multiple of the gradient."""

from __future__ import annotations

from typing import Any, NamedTuple

import jax
from jax.extend import core as jex_core
import jax.numpy as jnp

from noether_jax.tailoring.low_rank.capture import bind
from noether_jax.types import PyTree


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
  """Return the scalars by which an optimizer multiplies each gradient leaf.

  `optax.sgd(0.1)` is such an optimizer; clipping, momentum and Adam are not.
  The update is traced and its equations are read, so the answer is certain.

  Args:
    optimizer: an optax transformation.
    params: the tree it updates.

  Returns:
    One scalar per leaf of `params`, or None if the update is anything else
    than such a multiple.

  Example:
    >>> import optax
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
