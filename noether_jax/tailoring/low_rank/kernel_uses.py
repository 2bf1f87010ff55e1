"""Where a traced function uses its kernels, read off its jaxpr.

A kernel is a 2-D parameter. A plain product with it is a *use*; a use within a
scan counts once per iteration. Any other use of a kernel disqualifies it.
"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses
from typing import Any

from jax.extend import core as jex_core
import jax.numpy as jnp

from noether_jax.tailoring.low_rank.outer_products import OuterProducts

CALLS = ("pjit", "jit", "closed_call", "core_call")
REMATS = ("checkpoint", "remat", "remat2")


@dataclasses.dataclass(frozen=True)
class Ref:
  """A kernel as seen by the static analysis."""
  leaf: int
  transposed: bool = False


@dataclasses.dataclass(frozen=True)
class Use:
  """One product with a kernel: which leaf, and the output's shape."""
  leaf: int
  swapped: bool  # the contraction runs over the kernel's second axis
  axis: int  # of the output, the kernel's free axis
  rows: int  # vectors per evaluation
  aval: Any


@dataclasses.dataclass(frozen=True)
class Nest:
  """The uses within a sub-jaxpr; `length` is a scan's, or None."""
  items: tuple[Any, ...]
  length: int | None


def _is_ref(refs: dict[Any, Ref], var: Any) -> bool:
  return not isinstance(var, jex_core.Literal) and var in refs


def dot_use(eqn: Any, refs: dict[Any, Ref]) -> Use | None:
  """Return the use that a `dot_general` makes of a kernel, if it is plain."""
  held = [_is_ref(refs, v) for v in eqn.invars]
  if sum(held) != 1:
    return None
  side = held.index(True)
  contract, batch = eqn.params["dimension_numbers"]
  if batch[0] or len(contract[side]) != 1:
    return None
  ref = refs[eqn.invars[side]]
  out = eqn.outvars[0].aval
  other = eqn.invars[1 - side].aval
  if other.dtype != out.dtype or eqn.invars[side].aval.dtype != out.dtype:
    return None
  return Use(leaf=ref.leaf,
             swapped=(contract[side][0] == 1) != ref.transposed,
             axis=0 if side == 0 else out.ndim - 1,
             rows=other.size // other.shape[contract[1 - side][0]],
             aval=out)


def alias_of(eqn: Any, refs: dict[Any, Ref]) -> Ref | None:
  """Return the kernel that an equation merely renames or transposes."""
  ref = refs[eqn.invars[0]] if _is_ref(refs, eqn.invars[0]) else None
  name = eqn.primitive.name
  if ref is None:
    return None
  if name == "transpose":
    return dataclasses.replace(ref, transposed=not ref.transposed)
  same = eqn.invars[0].aval.dtype == eqn.outvars[0].aval.dtype
  if name == "copy" or (name == "convert_element_type" and same):
    return ref
  return None


def sub_jaxpr(eqn: Any) -> Any:
  """Return the open jaxpr of a call, remat or scan equation."""
  jaxpr = eqn.params["jaxpr"]
  return jaxpr.jaxpr if hasattr(jaxpr, "jaxpr") else jaxpr


def scan_split(eqn: Any) -> tuple[int, int]:
  """Return how many inputs of a scan are constants, and how many carried."""
  p = eqn.params
  if "num_consts" in p:
    return p["num_consts"], p["num_carry"]
  # Since jax 0.11: constants, carries and what is scanned over, as one tree.
  consts, carry, _ = p["ft_in"].unpack()
  return len(consts), len(carry)


def count_equations(jaxpr: Any) -> int:
  """Return how many equations a jaxpr has, without calls and scans."""
  total = 0
  for eqn in jaxpr.eqns:
    nested = eqn.primitive.name in (*CALLS, *REMATS, "scan")
    if nested and "jaxpr" in eqn.params:
      total += eqn.params.get("length", 1) * count_equations(sub_jaxpr(eqn))
    else:
      total += 1
  return total


def recursable(eqn: Any, refs: dict[Any, Ref]) -> bool:
  name = eqn.primitive.name
  if name in CALLS or name in REMATS:
    return "jaxpr" in eqn.params
  if name == "scan":
    rest = eqn.invars[scan_split(eqn)[0]:]
    return not any(_is_ref(refs, v) for v in rest)
  return False


def analyse(jaxpr: Any, refs: dict[Any, Ref], bad: set[int]) -> list[Any]:
  """Return the uses of `refs` in order; disqualified leaves go to `bad`."""
  refs = dict(refs)
  items: list[Any] = []
  for eqn in jaxpr.eqns:
    hit = [refs[v].leaf for v in eqn.invars if _is_ref(refs, v)]
    if not hit:
      continue
    if eqn.primitive.name == "dot_general":
      use = dot_use(eqn, refs)
      if use is None:
        bad.update(hit)
      else:
        items.append(use)
      continue
    alias = alias_of(eqn, refs)
    if alias is not None:
      refs[eqn.outvars[0]] = alias
    elif recursable(eqn, refs):
      inner = sub_jaxpr(eqn)
      passed = {
          b: refs[v]
          for b, v in zip(inner.invars, eqn.invars)
          if _is_ref(refs, v)
      }
      length = (eqn.params["length"] if eqn.primitive.name == "scan" else None)
      items.append(Nest(tuple(analyse(inner, passed, bad)), length))
    else:
      bad.update(hit)
  bad.update(refs[v].leaf for v in jaxpr.outvars if _is_ref(refs, v))
  return items


def zero_perturbations(
    items: Sequence[Any], lead: tuple[int, ...] = ()) -> list[Any]:
  """Return zeros for every use; each enclosing scan adds an axis."""
  out: list[Any] = []
  for item in items:
    if isinstance(item, Use):
      out.append(jnp.zeros(lead + item.aval.shape, item.aval.dtype))
    else:
      inner = lead if item.length is None else lead + (item.length,)
      out.append(zero_perturbations(item.items, inner))
  return out


def count_uses(items: Sequence[Any], leaf: int, times: int = 1) -> int:
  """Return how many outer products the gradient of `leaf` has."""
  total = 0
  for item in items:
    if isinstance(item, Use):
      total += times * item.rows * (item.leaf == leaf)
    else:
      total += count_uses(item.items, leaf, times * (item.length or 1))
  return total


def gather(items: Sequence[Any],
           activations: Sequence[Any],
           cotangents: Sequence[Any],
           found: dict[int, list[OuterProducts]],
           lead: int = 0) -> None:
  """Pair activations with the perturbations' cotangents, leaf by leaf.

  Args:
    items: from `analyse`.
    activations: the input of every use, the contracted axis last.
    cotangents: the cotangent of every perturbation.
    found: leaf number -> outer products; appended to.
    lead: number of enclosing scans, each a leading axis.
  """
  for item, activation, cotangent in zip(items, activations, cotangents):
    if isinstance(item, Nest):
      deeper = lead + (item.length is not None)
      gather(item.items, activation, cotangent, found, deeper)
      continue
    last = jnp.moveaxis(cotangent, lead + item.axis, -1)
    right = last.reshape(-1, last.shape[-1])
    left = activation.reshape(-1, activation.shape[-1])
    pair = (right, left) if item.swapped else (left, right)
    found.setdefault(item.leaf, []).append(OuterProducts(*pair))
