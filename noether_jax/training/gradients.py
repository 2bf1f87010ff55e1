"""Gradients of a loss: of leaves of all kinds, a few examples at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from noether_jax.tailoring.adaptation import combine
from noether_jax.tailoring.adaptation import split_inexact
from noether_jax.types import Array
from noether_jax.types import Key
from noether_jax.types import PyTree

Metrics = dict[str, Array]


def loss_gradient(
    loss_fn: Callable[..., tuple[Array,
                                 Any]]) -> Callable[..., tuple[PyTree, Any]]:
  """Make the gradient of a loss by those leaves that have one.

  `jax.grad` refuses integers, booleans and keys among the parameters.

  Args:
    loss_fn: `(params, *args) -> (loss [], metrics)`, such as `meta_loss`.

  Returns:
    `(params, *args) -> (gradient, metrics)`: the gradient is a tree like the
    parameters, with None in the place of a leaf that has none. The function
    raises a ValueError if no leaf has a gradient.

  Raises:
    ValueError: by the function returned, see there.

  Example:
    >>> loss = lambda p, x: (jnp.sum((p["w"] * p["n"] - x)**2), {})
    >>> params = {"n": 2, "w": jnp.ones(())}
    >>> gradient, _ = loss_gradient(loss)(params, 3.)
    >>> gradient["n"], float(gradient["w"])
    (None, -4.0)
  """

  def gradient(params: PyTree, *args: Any) -> tuple[PyTree, Any]:
    learned, fixed = split_inexact(params)
    if not jax.tree.leaves(learned):
      kinds = [str(jnp.result_type(leaf)) for leaf in jax.tree.leaves(fixed)]
      raise ValueError("`params` hold no leaf that has a gradient: got leaves "
                       f"of {kinds}. Pass floating-point arrays.")
    return jax.grad(lambda tree: loss_fn(combine(tree, fixed), *args),
                    has_aux=True)(learned)

  return gradient


def _gradient(gradient_fn: Callable[..., tuple[PyTree, Metrics]],
              params: PyTree, part: PyTree, key: Key) -> tuple[PyTree, Metrics]:
  """One part's gradient, None in the place of leaves that have none."""
  try:
    gradient, metrics = gradient_fn(params, part, key)
  except TypeError as error:
    fixed = jax.tree_util.tree_flatten_with_path(split_inexact(params)[1])[0]
    if not fixed:
      raise
    names = ", ".join(jax.tree_util.keystr(path) for path, _ in fixed)
    raise TypeError(
        f"`gradient_fn` failed, and `params` have leaves without a gradient: "
        f"{names}. Pass loss_gradient(loss_fn), which leaves them out, in the "
        "place of jax.grad(loss_fn, has_aux=True).") from error
  none = lambda leaf: getattr(leaf, "dtype", None) == jax.dtypes.float0
  return jax.tree.map(lambda leaf: None
                      if none(leaf) else leaf, gradient), metrics


def microbatched_gradient(
    gradient_fn: Callable[[PyTree, PyTree, Key], tuple[PyTree, Metrics]],
    params: PyTree,
    batch: PyTree,
    key: Key,
    *,
    size: int,
) -> tuple[PyTree, Metrics]:
  """Return a batch's gradient, taken a few examples at a time to save memory.

  Do not compile it as a whole: `gradient_fn` is called again and again.

  Args:
    gradient_fn: `(params, part, key) -> (gradient, metrics)`, compiled, such as
      `jax.jit(loss_gradient(loss_fn))`.
    params: what is learned; leaves that have no gradient (integers, booleans,
      keys) get None.
    batch: leaves `[B, ...]`.
    key: consumed; each part gets its own.
    size: examples of a part; divides B.

  Returns:
    The mean of the parts' gradients, and their metrics: whole numbers, which
    count, are added, others averaged over parts. If the gradient of one part is
    not finite, the mean is not finite, and `apply_gradient` skips the step.
    This happens if `meta_loss` drops all examples of a part.

  Raises:
    ValueError: if the parts do not fill the batch.
    TypeError: if `gradient_fn` differentiates by leaves that have no gradient.

  Example:
    >>> loss = lambda p, b, k: (jnp.mean((p - b)**2), {"count": len(b)})
    >>> microbatched_gradient(loss_gradient(loss), jnp.float32(1.),
    ...               jnp.array([0., 4.]), jax.random.key(0), size=1)
    (Array(-2., dtype=float32), {'count': Array(2, dtype=int32...)})
  """
  length = jax.tree.leaves(batch)[0].shape[0]
  if size < 1 or not length or length % size:
    raise ValueError(f"parts of {size} examples do not fill a batch of "
                     f"{length}.")
  count = length // size
  part = lambda i: jax.tree.map(lambda leaf: leaf[i * size:
                                                  (i + 1) * size], batch)
  total: Any = None
  for i in range(count):
    new = _gradient(gradient_fn, params, part(i), jax.random.fold_in(key, i))
    if i + 1 < count:
      # Wait for each part: two at once would need the memory of both.
      new = jax.block_until_ready(new)
    total = new if total is None else jax.tree.map(jnp.add, total, new)
    del new
  whole = lambda leaf: jnp.issubdtype(jnp.result_type(leaf), jnp.integer)
  return jax.tree.map(lambda leaf: leaf if whole(leaf) else leaf / count, total)
