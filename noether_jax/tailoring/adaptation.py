"""Split a parameter tree into what adapts and what stays.

Adaptation is a partition of what is differentiated, never a mask on the
updates: `optax.masked` lets the frozen leaves' raw gradients pass through.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
import re
from typing import Any

import jax
import jax.numpy as jnp

from noether_jax.types import PyTree

Adapt = bool | PyTree | Callable[[str, Any], bool]


def by_path(pattern: str) -> Callable[[str, Any], bool]:
  """Adapt the leaves whose key path contains a match of a regular expression.

  Args:
    pattern: searched for in a leaf's key path, keys joined by "/".

  Returns:
    A predicate for the `adapt` argument of `partition` and `tailor`.

  Example:
    >>> params = {"norm": {"scale": 1.0}, "dense": {"kernel": 2.0}}
    >>> partition(params, by_path("norm"))[0]
    {'dense': {'kernel': None}, 'norm': {'scale': 1.0}}
  """
  compiled = re.compile(pattern)
  return lambda path, leaf: compiled.search(path) is not None


def _path_string(path: tuple[Any, ...]) -> str:
  return jax.tree_util.keystr(path, simple=True, separator="/")


def _is_inexact(leaf: Any) -> bool:
  known = hasattr(leaf, "dtype") or isinstance(leaf, (float, int, complex))
  return known and jnp.issubdtype(jnp.result_type(leaf), jnp.inexact)


def _selection(params: PyTree, adapt: Adapt, name: str) -> list[bool]:
  """One boolean per leaf of `params`."""
  if callable(adapt):
    paths = jax.tree_util.tree_flatten_with_path(params)[0]
    return [bool(adapt(_path_string(path), leaf)) for path, leaf in paths]
  mend = "Pass by_path('norm'), a boolean or a tree of booleans."
  try:
    spread = jax.tree.map(lambda a, sub: [a] * len(jax.tree.leaves(sub)), adapt,
                          params)
  except (ValueError, TypeError, KeyError) as error:
    raise ValueError(f"`adapt` must be a prefix of `{name}`: got {adapt!r} for "
                     f"{jax.tree.structure(params)}. {mend}") from error
  chosen = jax.tree.leaves(spread)
  if not all(isinstance(c, bool) for c in chosen):
    raise ValueError(f"`adapt` must hold booleans: got {adapt!r}. {mend}")
  return chosen


def _parted(tree: PyTree, chosen: Sequence[bool]) -> tuple[PyTree, PyTree]:
  leaves = jax.tree.leaves(tree)
  treedef: Any = jax.tree.structure(tree)
  pairs = list(zip(chosen, leaves))
  return (treedef.unflatten([leaf if c else None for c, leaf in pairs]),
          treedef.unflatten([None if c else leaf for c, leaf in pairs]))


def partition(params: PyTree,
              adapt: Adapt = True,
              *,
              name: str = "params") -> tuple[PyTree, PyTree]:
  """Split `params` into the leaves that adapt and the leaves that stay.

  A leaf without a gradient (an integer, a boolean, a key) always stays.

  Args:
    params: any pytree.
    adapt: True (all leaves), a tree prefix of booleans, or a predicate
      `(key path, leaf) -> bool` such as `by_path("norm")`.
    name: of the argument that `params` was given as, for messages.

  Returns:
    `(adapted, frozen)`, each with the structure of `params` and None where
    the leaf is in the other one.

  Raises:
    ValueError: if `adapt` is no prefix of `params`, or selects no leaf.

  Example:
    >>> partition({"w": 1.0, "b": 2.0}, {"w": True, "b": False})
    ({'b': None, 'w': 1.0}, {'b': 2.0, 'w': None})
  """
  leaves = jax.tree.leaves(params)
  chosen = [
      c and _is_inexact(leaf)
      for c, leaf in zip(_selection(params, adapt, name), leaves)
  ]
  if not any(chosen):
    paths = jax.tree_util.tree_flatten_with_path(params)[0]
    raise ValueError(
        f"`adapt` selects no leaf of `{name}` that has a gradient: nothing "
        "could be tailored. The key paths are "
        f"{[_path_string(p) for p, _ in paths]}.")
  return _parted(params, chosen)


def split_inexact(tree: PyTree) -> tuple[PyTree, PyTree]:
  """Split a tree into the leaves that have a gradient and the others.

  Args:
    tree: any pytree.

  Returns:
    `(inexact, others)`, each with the structure of `tree` and None where the
    leaf is in the other one; integers, booleans and keys are others.

  Example:
    >>> split_inexact({"w": 1.0, "n": 2})
    ({'n': None, 'w': 1.0}, {'n': 2, 'w': None})
  """
  return _parted(tree, [_is_inexact(leaf) for leaf in jax.tree.leaves(tree)])


def combine(first: PyTree, second: PyTree) -> PyTree:
  """Put together what `partition` took apart.

  Args:
    first: a tree with None where `second` has a value.
    second: a tree with None where `first` has a value.

  Returns:
    The tree with every leaf.

  Example:
    >>> combine(*partition({"w": 1.0, "b": 2.0}, {"w": True, "b": False}))
    {'b': 2.0, 'w': 1.0}
  """
  return jax.tree.map(lambda a, b: b if a is None else a,
                      first,
                      second,
                      is_leaf=lambda x: x is None)
