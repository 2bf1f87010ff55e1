"""Evaluate a function with kernels whose change is kept as factors.

A function of a parameter tree is traced to its jaxpr once. The jaxpr is then
evaluated with some 2-D leaves, the kernels, replaced by `base + sum of outer
products`, which is never formed. Each product with a kernel is a *use*. For the
gradient, the input of every use is recorded and a zero *slot* is added to its
output: the slot's cotangent and the recorded input are the factors of the
kernel's gradient. Uses within scans (rollouts), jitted and rematerialised
functions are found too; any other use disqualifies the leaf.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
from typing import Any

import jax
from jax.extend import core as jex_core
import jax.numpy as jnp

from noether_jax.tailoring.low_rank import kernel_uses
from noether_jax.tailoring.low_rank.outer_products import factor_product
from noether_jax.tailoring.low_rank.outer_products import Factors
from noether_jax.types import Array
from noether_jax.types import PyTree

# Unrolling makes compilation slower, about twice as slow at this number.
_UNROLLED_EQUATIONS = 256


@dataclasses.dataclass(frozen=True)
class _Kernel:
  """A kernel as a value of a jaxpr variable while it is evaluated."""
  base: Array
  change: Factors | None
  transposed: bool = False

  def dense(self) -> Array:
    full = self.base
    if self.change is not None:
      full = full + self.change.materialise()
    return full.T if self.transposed else full


def _product(eqn: Any, kernel: _Kernel, side: int, other: Array,
             slot: Array | None) -> tuple[Array, Array]:
  """One use: the output, and the input with the contracted axis last."""
  contract = eqn.params["dimension_numbers"][0]
  base = kernel.base.T if kernel.transposed else kernel.base
  operands = (base, other) if side == 0 else (other, base)
  out = eqn.primitive.bind(*operands, **eqn.params)
  x = jnp.moveaxis(other, contract[1 - side][0], -1)
  if kernel.change is not None:
    pair = (kernel.change.inputs, kernel.change.deltas)
    if (contract[side][0] == 1) != kernel.transposed:
      pair = pair[::-1]
    extra = factor_product(x, *pair)
    out = out + (jnp.moveaxis(extra, -1, 0) if side == 0 else extra)
  return (out if slot is None else out + slot), x


def _scan(eqn: Any, values: list[Any], slots: Any,
          unrolled: int) -> tuple[list[Any], Any]:
  """A scan whose constants hold kernels; slots and records are its xs, ys."""
  p = eqn.params
  num_consts, num_carry = kernel_uses.scan_split(eqn)
  consts, rest = values[:num_consts], values[num_consts:]
  carry, xs = rest[:num_carry], rest[num_carry:]

  def body(carry: list[Any], per_step: Any) -> tuple[list[Any], Any]:
    x, slot = per_step
    outs, records = _run(p["jaxpr"].jaxpr, p["jaxpr"].consts,
                         [*consts, *carry, *x], slot, unrolled)
    return outs[:num_carry], (outs[num_carry:], records)

  size = p["length"] * kernel_uses.count_equations(p["jaxpr"].jaxpr)
  short = size <= unrolled
  # A loop stacks, per iteration, everything that its derivatives need, and the
  # outer derivative of an inner gradient needs much: most of the time goes into
  # that memory. Unrolled, little of it is left; else keep products alone.
  if not short:
    body = jax.checkpoint(body,
                          prevent_cse=False,
                          policy=jax.checkpoint_policies.dots_saveable)
  carry, (ys, records) = jax.lax.scan(body,
                                      carry, (xs, slots),
                                      length=p["length"],
                                      reverse=p["reverse"],
                                      unroll=short or p["unroll"])
  return [*carry, *ys], records


def _call(eqn: Any, values: list[Any], slots: Any,
          unrolled: int) -> tuple[list[Any], Any]:
  """A jitted (inlined) or rematerialised function that is given kernels."""
  jaxpr = eqn.params["jaxpr"]
  consts = getattr(jaxpr, "consts", ())
  inner = kernel_uses.sub_jaxpr(eqn)
  held = {i: v for i, v in enumerate(values) if isinstance(v, _Kernel)}
  plain = [None if i in held else v for i, v in enumerate(values)]
  kernels = {i: (k.base, k.change) for i, k in held.items()}

  def run(plain: list[Any], kernels: dict[int, Any], slots: Any) -> Any:
    bound = [
        _Kernel(kernels[i][0], kernels[i][1], held[i].transposed)
        if i in held else v for i, v in enumerate(plain)
    ]
    return _run(inner, consts, bound, slots, unrolled)

  if eqn.primitive.name in kernel_uses.REMATS:
    run = jax.checkpoint(run,
                         prevent_cse=eqn.params["prevent_cse"],
                         policy=eqn.params["policy"])
  return run(plain, kernels, slots)


def _step(eqn: Any, values: list[Any], slots: Any, records: list[Any],
          unrolled: int) -> list[Any]:
  """Evaluate one equation that is given a kernel."""
  refs = {
      v: kernel_uses.Ref(0, val.transposed)
      for v, val in zip(eqn.invars, values)
      if isinstance(val, _Kernel)
  }
  if eqn.primitive.name == "dot_general" and kernel_uses.dot_use(
      eqn, refs) is not None:
    side = 0 if isinstance(values[0], _Kernel) else 1
    slot = None if slots is None else slots[len(records)]
    out, record = _product(eqn, values[side], side, values[1 - side], slot)
    records.append(record)
    return [out]
  alias = kernel_uses.alias_of(eqn, refs)
  if alias is not None:
    return [dataclasses.replace(values[0], transposed=alias.transposed)]
  if kernel_uses.recursable(eqn, refs):
    nested = None if slots is None else slots[len(records)]
    run = _scan if eqn.primitive.name == "scan" else _call
    outs, record = run(eqn, values, nested, unrolled)
    records.append(record)
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


def _run(jaxpr: Any, consts: Sequence[Any], args: Sequence[Any], slots: Any,
         unrolled: int) -> tuple[list[Any], list[Any]]:
  """Evaluate a jaxpr whose arguments may be kernels.

  Args:
    jaxpr: an open jaxpr.
    consts: the values of its constants.
    args: values or kernels.
    slots: what is added to each use's output, or None.
    unrolled: scans with at most that many equations are unrolled.

  Returns:
    `(outputs, the inputs of the uses)`.
  """
  env: dict[Any, Any] = dict(zip(jaxpr.constvars, consts))
  env.update(zip(jaxpr.invars, args))
  records: list[Any] = []

  def read(var: Any) -> Any:
    return var.val if isinstance(var, jex_core.Literal) else env[var]

  for eqn in jaxpr.eqns:
    values = [read(v) for v in eqn.invars]
    if any(isinstance(v, _Kernel) for v in values):
      outs = _step(eqn, values, slots, records, unrolled)
    else:
      outs = bind(eqn, values)
    env.update(zip(eqn.outvars, outs))
  outs = [read(v) for v in jaxpr.outvars]
  return [o.dense() if isinstance(o, _Kernel) else o for o in outs], records


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
    self._closed, shape = jax.make_jaxpr(
        lambda *flat: fn(jax.tree.unflatten(treedef, flat)),
        return_shape=True)(*leaves)
    self._out_tree = jax.tree.structure(shape)
    self._candidates = [i for i, leaf in enumerate(leaves) if leaf.ndim == 2]
    bad: set[int] = set()
    items = self._layout(self._candidates, bad)
    self.uses = {
        i: kernel_uses.count_uses(items, i)
        for i in self._candidates
        if i not in bad and kernel_uses.count_uses(items, i) > 0
    }

  def _layout(self, kernels: Sequence[int], bad: set[int]) -> list[Any]:
    invars = self._closed.jaxpr.invars
    return kernel_uses.analyse(self._closed.jaxpr,
                               {invars[i]: kernel_uses.Ref(i) for i in kernels},
                               bad)

  def _evaluate(self, leaves: Sequence[Any], slots: Any) -> Any:
    outs, records = _run(self._closed.jaxpr, self._closed.consts, leaves, slots,
                         self._unrolled)
    return jax.tree.unflatten(self._out_tree, outs), records

  def __call__(self, leaves: Sequence[Array], changes: dict[int,
                                                            Factors]) -> PyTree:
    """Evaluate with `leaves`; leaf i in `changes` is a changed kernel."""
    args = [
        _Kernel(leaf, changes[i]) if i in changes else leaf
        for i, leaf in enumerate(leaves)
    ]
    return self._evaluate(args, None)[0]

  def vjp(
      self, leaves: Sequence[Array], changes: dict[int, Factors | None],
      plain: Sequence[int]
  ) -> tuple[Array, Callable[[Array], dict[int, Any]], PyTree]:
    """Value and pullback of a function that returns `(value, aux)`.

    Args:
      leaves: every leaf of the parameters.
      changes: the leaves whose gradient is to be factored -> their change so
        far, or None.
      plain: the leaves whose gradient is to be an array.

    Returns:
      `(value, pullback, aux)`; `pullback(cotangent)` maps leaf number to
      `Factors` or array.
    """
    items = self._layout(list(changes), set())

    def objective(slots: Any, values: dict[int, Array]) -> Any:
      args: list[Any] = [values.get(i, v) for i, v in enumerate(leaves)]
      for i, change in changes.items():
        args[i] = _Kernel(leaves[i], change)
      (value, aux), records = self._evaluate(args, slots)
      return value, (aux, records)

    value, pull, (aux, records) = jax.vjp(objective,
                                          kernel_uses.zero_slots(items),
                                          {i: leaves[i] for i in plain},
                                          has_aux=True)

    def pullback(cotangent: Array) -> dict[int, Any]:
      slots, gradients = pull(cotangent)
      found: dict[int, list[Factors]] = {}
      kernel_uses.gather(items, records, slots, found)
      for i, parts in found.items():
        gradients[i] = Factors(jnp.concatenate([p.inputs for p in parts]),
                               jnp.concatenate([p.deltas for p in parts]))
      return gradients

    return value, pullback, aux
