"""How fields and laws are written: once, for NumPy and for JAX."""

from collections.abc import Callable
from typing import Any


def stack(*columns: Any, xp: Any) -> Any:
  """`[..., K]` of K arrays `[...]`."""
  return xp.stack(columns, axis=-1)


def by_columns(function: Callable[..., tuple[Any, ...]]) -> Callable[..., Any]:
  """A function of the columns, and of the time if driven, for states.

  Args:
    function: `(column 1, ..., column D, xp[, time]) -> K columns`.

  Returns:
    `(states [..., D], xp[, time]) -> [..., K]`.

  Example:
    >>> import numpy as np
    >>> by_columns(lambda q, p, xp: (p, -xp.sin(q)))(np.zeros((5, 2)), np).shape
    (5, 2)
  """

  def apply(s: Any, xp: Any, *time: Any) -> Any:
    return xp.stack(function(*(s[..., i] for i in range(s.shape[-1])), xp,
                             *time),
                    axis=-1)

  return apply


def unchanged(column: Any) -> Any:
  """The derivative of a constant of the trial."""
  return 0 * column
