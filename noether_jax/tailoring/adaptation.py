"""Split a parameter tree into what adapts and what stays.

Adaptation is a partition of what is differentiated, never a mask on the
updates: `optax.masked` lets the frozen leaves' raw gradients pass through.
"""

from __future__ import annotations

from collections.abc import Callable
import re
from typing import Any

import jax

from noether_jax.types import PyTree

Adapt = bool | PyTree | Callable[[str, Any], bool]


def by_path(pattern: str) -> Callable[[str, Any], bool]:
  """Adapt the leaves whose path contains a match of a regular expression.

  Args:
    pattern: searched for in a leaf's path, keys joined by "/".

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


def _selection(params: PyTree, adapt: Adapt) -> list[bool]:
  """One boolean per leaf of `params`."""
  if callable(adapt):
    paths = jax.tree_util.tree_flatten_with_path(params)[0]
    return [bool(adapt(_path_string(path), leaf)) for path, leaf in paths]
  try:
    spread = jax.tree.map(lambda a, sub: [a] * len(jax.tree.leaves(sub)), adapt,
                          params)
  except (ValueError, TypeError, KeyError) as error:
    raise ValueError(
        f"`adapt` must be a prefix of `params`: got {adapt!r} for "
        f"{jax.tree.structure(params)}. Pass by_path('norm'), a boolean or a "
        "tree of booleans.") from error
  chosen = jax.tree.leaves(spread)
  if not all(isinstance(c, bool) for c in chosen):
    raise ValueError(f"`adapt` must hold booleans: got {adapt!r}. Pass "
                     "by_path('norm'), a boolean or a tree of booleans.")
  return chosen


def partition(params: PyTree, adapt: Adapt = True) -> tuple[PyTree, PyTree]:
  """Split `params` into the leaves that adapt and the leaves that stay.

  Args:
    params: any pytree.
    adapt: True (all leaves), a tree prefix of booleans, or a predicate
      `(path, leaf) -> bool` such as `by_path("norm")`.

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
  treedef: Any = jax.tree.structure(params)
  chosen = _selection(params, adapt)
  if not any(chosen):
    paths = jax.tree_util.tree_flatten_with_path(params)[0]
    raise ValueError("`adapt` selects no leaf: nothing could be tailored. The "
                     f"paths are {[_path_string(p) for p, _ in paths]}.")
  pairs = list(zip(chosen, leaves))
  return (treedef.unflatten([leaf if c else None for c, leaf in pairs]),
          treedef.unflatten([None if c else leaf for c, leaf in pairs]))


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
