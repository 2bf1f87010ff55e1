"""Evaluate a function with kernels whose change is kept as outer products.

A function of a parameter tree is traced to its jaxpr once. The jaxpr is then
evaluated with some 2-D leaves, the kernels, replaced by `base + sum of outer
products`, which is never formed. Each product with a kernel is a *use*. For the
gradient, the *activations* (the input of every use) are recorded and a zero
*perturbation* is added to its output: the activations and the perturbation's
cotangents are the outer products of the kernel's gradient. Uses within scans
(rollouts), jitted and rematerialised functions are found too; any other use
disqualifies the leaf.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
from typing import Any

import jax
from jax.extend import core as jex_core
import jax.numpy as jnp

from noether_jax.tailoring.low_rank import kernel_uses
from noether_jax.tailoring.low_rank.outer_products import OuterProducts
from noether_jax.types import Array
from noether_jax.types import PyTree

# Unrolling makes compilation slower, about twice as slow at this number.
_UNROLLED_EQUATIONS = 256


@dataclasses.dataclass(frozen=True)
class _Kernel:
  """A kernel as a value of a jaxpr variable while it is evaluated."""
  base: Array
  change: OuterProducts | None
  transposed: bool = False

  def dense(self) -> Array:
    change = self.change
    full = self.base if change is None else change.added_to(self.base)
    return full.T if self.transposed else full


def _product(eqn: Any, kernel: _Kernel, side: int, other: Array,
             perturbation: Array | None) -> tuple[Array, Array]:
  """One use: the output, and the input with the contracted axis last."""
  contract = eqn.params["dimension_numbers"][0]
  base = kernel.base.T if kernel.transposed else kernel.base
  operands = (base, other) if side == 0 else (other, base)
  out = eqn.primitive.bind(*operands, **eqn.params)
  x = jnp.moveaxis(other, contract[1 - side][0], -1)
  if kernel.change is not None:
    swapped = (contract[side][0] == 1) != kernel.transposed
    extra = kernel.change.product(x, transposed=swapped)
    out = out + (jnp.moveaxis(extra, -1, 0) if side == 0 else extra)
  return (out if perturbation is None else out + perturbation), x


def _scan(eqn: Any, values: list[Any], perturbations: Any,
          unrolled: int) -> tuple[list[Any], Any]:
  """A scan whose constants hold kernels.

  Perturbations are scanned over, activations are stacked.
  """
  p = eqn.params
  num_consts, num_carry = kernel_uses.scan_split(eqn)
  consts, rest = values[:num_consts], values[num_consts:]
  carry, xs = rest[:num_carry], rest[num_carry:]

  def body(carry: list[Any], per_step: Any) -> tuple[list[Any], Any]:
    x, perturbation = per_step
    outs, activations = _run(p["jaxpr"].jaxpr, p["jaxpr"].consts,
                             [*consts, *carry, *x], perturbation, unrolled)
    return outs[:num_carry], (outs[num_carry:], activations)

  size = p["length"] * kernel_uses.count_equations(p["jaxpr"].jaxpr)
  short = size <= unrolled
  # A loop stacks, per iteration, all values that its derivatives need. The
  # outer derivative of an inner gradient needs many, and most of the time goes
  # into this memory. An unrolled scan stacks few of them; other scans keep the
  # products alone.
  if not short:
    body = jax.checkpoint(body,
                          prevent_cse=False,
                          policy=jax.checkpoint_policies.dots_saveable)
  carry, (ys, activations) = jax.lax.scan(body,
                                          carry, (xs, perturbations),
                                          length=p["length"],
                                          reverse=p["reverse"],
                                          unroll=short or p["unroll"])
  return [*carry, *ys], activations


def _call(eqn: Any, values: list[Any], perturbations: Any,
          unrolled: int) -> tuple[list[Any], Any]:
  """A jitted (inlined) or rematerialised function that is given kernels."""
  jaxpr = eqn.params["jaxpr"]
  consts = getattr(jaxpr, "consts", ())
  inner = kernel_uses.sub_jaxpr(eqn)
  held = {i: v for i, v in enumerate(values) if isinstance(v, _Kernel)}
  plain = [None if i in held else v for i, v in enumerate(values)]
  kernels = {i: (k.base, k.change) for i, k in held.items()}

  def run(plain: list[Any], kernels: dict[int, Any], perturbations: Any) -> Any:
    bound = [
        _Kernel(kernels[i][0], kernels[i][1], held[i].transposed)
        if i in held else v for i, v in enumerate(plain)
    ]
    return _run(inner, consts, bound, perturbations, unrolled)

  if eqn.primitive.name in kernel_uses.REMATS:
    run = jax.checkpoint(run,
                         prevent_cse=eqn.params["prevent_cse"],
                         policy=eqn.params["policy"])
  return run(plain, kernels, perturbations)


def _step(eqn: Any, values: list[Any], perturbations: Any,
          activations: list[Any], unrolled: int) -> list[Any]:
  """Evaluate one equation that is given a kernel."""
  refs = {
      v: kernel_uses.Ref(0, val.transposed)
      for v, val in zip(eqn.invars, values)
      if isinstance(val, _Kernel)
  }
  if eqn.primitive.name == "dot_general" and kernel_uses.dot_use(
      eqn, refs) is not None:
    side = 0 if isinstance(values[0], _Kernel) else 1
    perturbation = None if perturbations is None else perturbations[len(
        activations)]
    out, activation = _product(eqn, values[side], side, values[1 - side],
                               perturbation)
    activations.append(activation)
    return [out]
  alias = kernel_uses.alias_of(eqn, refs)
  if alias is not None:
    return [dataclasses.replace(values[0], transposed=alias.transposed)]
  if kernel_uses.recursable(eqn, refs):
    nested = None if perturbations is None else perturbations[len(activations)]
    run = _scan if eqn.primitive.name == "scan" else _call
    outs, activation = run(eqn, values, nested, unrolled)
    activations.append(activation)
    return list(outs)
  dense = [v.dense() if isinstance(v, _Kernel) else v for v in values]
  return bind(eqn, dense)


def bind(eqn: Any, values: list[Any]) -> list[Any]:
  """Evaluate one equation of a jaxpr as it stands."""
  params = eqn.primitive.get_bind_params(eqn.params)
  # Before jax 0.9 the functions among the parameters came apart from them.
  subfuns, params = params if isinstance(params, tuple) else ((), params)
  out = eqn.primitive.bind(*subfuns, *values, **params)
  return list(out) if eqn.primitive.multiple_results else [out]


def _run(jaxpr: Any, consts: Sequence[Any], args: Sequence[Any],
         perturbations: Any, unrolled: int) -> tuple[list[Any], list[Any]]:
  """Evaluate a jaxpr whose arguments may be kernels.

  Args:
    jaxpr: an open jaxpr.
    consts: the values of its constants.
    args: values or kernels.
    perturbations: what is added to the output of each use, or None.
    unrolled: scans with at most that many equations are unrolled.

  Returns:
    `(outputs, the inputs of the uses)`.
  """
  env: dict[Any, Any] = dict(zip(jaxpr.constvars, consts))
  env.update(zip(jaxpr.invars, args))
  activations: list[Any] = []

  def read(var: Any) -> Any:
    return var.val if isinstance(var, jex_core.Literal) else env[var]

  for eqn in jaxpr.eqns:
    values = [read(v) for v in eqn.invars]
    if any(isinstance(v, _Kernel) for v in values):
      outs = _step(eqn, values, perturbations, activations, unrolled)
    else:
      outs = bind(eqn, values)
    env.update(zip(eqn.outvars, outs))
  outs = [read(v) for v in jaxpr.outvars]
  return [o.dense() if isinstance(o, _Kernel) else o for o in outs], activations


class Captured:
  """A function of a parameter tree, traced once, and the uses of its kernels.

  Attributes:
    uses: leaf number -> R, the outer products in that leaf's gradient, for the
      2-D leaves that are used in plain products only.
  """

  def __init__(self,
               fn: Callable[[PyTree], PyTree],
               params: PyTree,
               evaluations: int = 1):
    """Trace `fn(params)`.

    Args:
      fn: a pure function of a parameter tree.
      params: a tree of arrays, which fixes shapes and dtypes.
      evaluations: how often it is going to be evaluated, which bounds what is
        unrolled.
    """
    self._unrolled = _UNROLLED_EQUATIONS // max(1, evaluations)
    leaves, treedef = jax.tree.flatten(params)
    # A module may hold functions and names, which are no input of a jaxpr.
    self._traced = [
        i for i, leaf in enumerate(leaves)
        if hasattr(leaf, "dtype") or isinstance(leaf, (bool, int, float,
                                                       complex))
    ]

    def function(*traced: Any) -> PyTree:
      full = {**dict(enumerate(leaves)), **dict(zip(self._traced, traced))}
      return fn(jax.tree.unflatten(treedef, full.values()))

    self._closed, shape = jax.make_jaxpr(
        function, return_shape=True)(*(leaves[i] for i in self._traced))
    self._out_tree = jax.tree.structure(shape)
    self._candidates = [i for i in self._traced if jnp.ndim(leaves[i]) == 2]
    bad: set[int] = set()
    items = self._layout(self._candidates, bad)
    self.uses = {
        i: kernel_uses.count_uses(items, i)
        for i in self._candidates
        if i not in bad and kernel_uses.count_uses(items, i) > 0
    }

  def _layout(self, kernels: Sequence[int], bad: set[int]) -> list[Any]:
    invars = dict(zip(self._traced, self._closed.jaxpr.invars))
    return kernel_uses.analyse(self._closed.jaxpr,
                               {invars[i]: kernel_uses.Ref(i) for i in kernels},
                               bad)

  def _evaluate(self, leaves: Sequence[Any], perturbations: Any) -> Any:
    traced = [leaves[i] for i in self._traced]
    outs, activations = _run(self._closed.jaxpr, self._closed.consts, traced,
                             perturbations, self._unrolled)
    return jax.tree.unflatten(self._out_tree, outs), activations

  def __call__(self, leaves: Sequence[Array],
               changes: dict[int, OuterProducts]) -> PyTree:
    """Evaluate with `leaves`; leaf i in `changes` is a changed kernel."""
    args = [
        _Kernel(leaf, changes[i]) if i in changes else leaf
        for i, leaf in enumerate(leaves)
    ]
    return self._evaluate(args, None)[0]

  def vjp(
      self, leaves: Sequence[Array], changes: dict[int, OuterProducts | None],
      plain: Sequence[int]
  ) -> tuple[Array, Callable[[Array], dict[int, Any]], PyTree]:
    """Value and pullback of a function that returns `(value, aux)`.

    Args:
      leaves: every leaf of the parameters.
      changes: the leaves whose gradient is to be outer products -> their change
        so far, or None.
      plain: the leaves whose gradient is to be an array.

    Returns:
      `(value, pullback, aux)`; `pullback(cotangent)` maps leaf number to
      `OuterProducts` or array.
    """
    items = self._layout(list(changes), set())

    def objective(perturbations: Any, values: dict[int, Array]) -> Any:
      args: list[Any] = [values.get(i, v) for i, v in enumerate(leaves)]
      for i, change in changes.items():
        args[i] = _Kernel(leaves[i], change)
      (value, aux), activations = self._evaluate(args, perturbations)
      return value, (aux, activations)

    value, pull, (aux,
                  activations) = jax.vjp(objective,
                                         kernel_uses.zero_perturbations(items),
                                         {i: leaves[i] for i in plain},
                                         has_aux=True)

    def pullback(cotangent: Array) -> dict[int, Any]:
      perturbations, gradients = pull(cotangent)
      found: dict[int, list[OuterProducts]] = {}
      kernel_uses.gather(items, activations, perturbations, found)
      for i, parts in found.items():
        gradients[i] = parts[0].appended(*parts[1:])
      return gradients

    return value, pullback, aux
