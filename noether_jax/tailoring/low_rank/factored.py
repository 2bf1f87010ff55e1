"""The inner loop with kernels whose per-example change is never a matrix.

One gradient step on a dense kernel W changes it, for one example, by a sum of
outer products, so `x W' = x W + sum_r (x . a_r) d_r`: the shared W stays one
matrix product for the whole batch, and only the outer products are per example.
"""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from noether_jax.tailoring import inner_optimizers
from noether_jax.tailoring.inner_loop import InnerLoop
from noether_jax.tailoring.low_rank import outer_products
from noether_jax.tailoring.low_rank.capture import Captured
from noether_jax.tailoring.low_rank.outer_products import OuterProducts
from noether_jax.tailoring.optimizer_updates import gradient_multiples
from noether_jax.types import Array
from noether_jax.types import Params
from noether_jax.types import PyTree


@dataclasses.dataclass(frozen=True)
class Plan:
  """How one inner loop is going to be computed.

  Attributes:
    kernels: numbers of the leaves whose change is kept as outer products; none
      on the general implementation.
    plain: numbers of the other adapted leaves.
    description: "factored (...)" or "general (why)".
  """
  kernels: tuple[int, ...]
  plain: tuple[int, ...]
  description: str
  captured: Captured | None = None
  leaves: tuple[Array, ...] = ()
  treedef: Any = None
  optimizer: Any = None
  multiples: dict[int, Any] | None = None


def _general(reason: str, implementation: str) -> Plan:
  if implementation == "factored":
    raise ValueError(f"implementation='factored' cannot be had: {reason}. Pass "
                     "implementation='auto' or 'general'.")
  return Plan((), (), f"general ({reason})")


def plan(function: Callable[[Params], Any], params: Params, adapted: Params,
         inner: InnerLoop) -> Plan:
  """Decide which kernels are kept as outer products, and say why or why not.

  Args:
    function: `params -> (residuals or loss, aux)`.
    params: the whole parameter tree.
    adapted: the same tree with None for the leaves that stay.
    inner: the settings; detached steps are always general.

  Returns:
    A `Plan`.

  Raises:
    ValueError: if the implementation is to be "factored" and cannot be.
  """
  implementation, optimizer = inner.implementation, inner.optimizer
  if implementation == "general":
    return Plan((), (), "general (asked for)")
  if inner.num_detached_steps:
    return _general("detached steps", implementation)
  leaves = jax.tree.leaves(params)
  treedef: Any = jax.tree.structure(params)
  # The tree of the parameters may itself hold None, which is no leaf.
  numbers = [
      i for i, leaf in enumerate(treedef.flatten_up_to(adapted))
      if leaf is not None
  ]
  if not any(jnp.ndim(leaves[i]) == 2 for i in numbers):
    return _general("no kernel", implementation)
  multiples = None
  if not isinstance(optimizer, inner_optimizers.GaussNewton):
    found = gradient_multiples(optimizer, adapted)
    if found is None:
      return _general("optimizer is not a multiple of the gradient",
                      implementation)
    multiples = dict(zip(numbers, found))
  captured = Captured(function, params, evaluations=inner.num_steps)
  usable = [i for i in numbers if i in captured.uses]
  kernels = [
      i for i in usable if implementation == "factored" or outer_products.
      cheaper_as_outer_products(leaves[i].shape, inner.num_steps *
                                captured.uses[i])
  ]
  if not kernels:
    return _general(
        "outer products would be larger than the kernels"
        if usable else "kernels are not used in plain products", implementation)
  of = sum(jnp.ndim(leaves[i]) == 2 for i in numbers)
  return Plan(tuple(kernels), tuple(i for i in numbers if i not in kernels),
              f"factored ({len(kernels)} of {of} kernels)", captured,
              tuple(leaves), treedef, optimizer, multiples)


def _update(what: Plan, gradient: dict[int, Any], state: Any, residuals: Array,
            pullback: Callable[[Array], Any]) -> tuple[dict[int, Any], Any]:
  if what.multiples is None:
    return what.optimizer.update(gradient,
                                 state,
                                 residuals=residuals,
                                 pullback=pullback)
  scaled = {
      i: outer_products.times(g, what.multiples[i]) for i, g in gradient.items()
  }
  return scaled, state


def inner_loop(what: Plan, num_steps: int,
               inner_rates: PyTree | None) -> tuple[Params, Array, Any]:
  """Take K inner steps; every step appends its outer products.

  Args:
    what: a plan with kernels.
    num_steps: number of inner steps K, unrolled.
    inner_rates: a factor on each adapted leaf's update, or None.

  Returns:
    `(adapted, losses [K], aux at the initial weights)`.
  """
  assert what.captured is not None
  inner_rate_leaves = (None if inner_rates is None else
                       what.treedef.flatten_up_to(inner_rates))
  leaves = list(what.leaves)
  changes: dict[int, OuterProducts | None] = {i: None for i in what.kernels}
  losses, first_aux = [], None
  for step in range(num_steps):
    residuals, pullback, aux = what.captured.vjp(leaves, changes, what.plain)
    scalar = residuals.ndim == 0
    gradient = pullback(jnp.ones_like(residuals) if scalar else 2 * residuals)
    updates, _ = _update(what, gradient, (), residuals, pullback)
    if inner_rate_leaves is not None:
      updates = {
          i: outer_products.times(u, inner_rate_leaves[i])
          for i, u in updates.items()
      }
    for i in what.kernels:
      before = changes[i]
      changes[i] = updates[i] if before is None else before.appended(updates[i])
    for i in what.plain:
      leaves[i] = leaves[i] + updates[i]
    losses.append(residuals if scalar else jnp.sum(residuals**2))
    first_aux = aux if step == 0 else first_aux
  out: list[Any] = [None] * len(leaves)
  for i in what.plain:
    out[i] = leaves[i]
  for i in what.kernels:
    out[i] = changes[i]
  return jax.tree.unflatten(what.treedef, out), jnp.stack(losses), first_aux


def apply(fn: Callable[[Params], PyTree], params: Params,
          adapted: Params) -> PyTree:
  """Evaluate `fn` at tailored parameters without forming factored kernels.

  Args:
    fn: a function of the whole parameter tree.
    params: the untailored parameters.
    adapted: `Tailored.adapted` of one example.

  Returns:
    `fn(tailored parameters)`.

  Example:
    >>> change = OuterProducts(jnp.ones((1, 2)), jnp.ones((1, 3)))
    >>> x = jnp.array([1., 2.])
    >>> apply(lambda p: x @ p["w"], {"w": jnp.zeros((2, 3))},
    ...       {"w": change}).tolist()
    [3.0, 3.0, 3.0]
  """
  treedef: Any = jax.tree.structure(params)
  full, changes = outer_products.split_changes(params, adapted)
  if not changes:
    return fn(jax.tree.unflatten(treedef, full))
  return Captured(fn, params)(full, changes)
