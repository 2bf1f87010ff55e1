"""Is a law true? Its gradient is compared with those of the known laws.

A law may be a function of other variables than the columns of the data: a name
NAME_dot is the time derivative of the column NAME. So a law is composed with
what the exact state gives its variables, and differentiated by that state.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

import numpy as np

from datasets.systems.system import System
from noether_jax.data.columns import Variable

FOUND = ("conserved", "balance")
_STEP = 1e-5


class Quantity(Protocol):
  """What is judged: a law of the engine, or one made by hand."""
  variables: tuple[Variable, ...]
  verdict: str

  def __call__(self, states: Any) -> Any:
    """`[..., d] -> [...]`."""

  def gradient(self, states: Any) -> Any:
    """`[..., d] -> [..., d]`."""


def values_of(variables: Sequence[Variable], system: System,
              states: np.ndarray) -> np.ndarray:
  """What an exact state gives the variables of a law.

  Args:
    variables: d names, of columns or of their time derivatives.
    system: which one.
    states: `[n, D]`, all columns, also those that are not observed.

  Returns:
    `[n, d]`.

  Raises:
    ValueError: if a name is neither a column nor one of its derivatives.
  """
  names = [v.name for v in system.variables]
  rates = None
  out = []
  for name in (v.name for v in variables):
    if name in names:
      out.append(states[..., names.index(name)])
    elif name.removesuffix("_dot") in names:
      if rates is None:
        rates = system.derivatives(states, np)
      out.append(rates[..., names.index(name.removesuffix("_dot"))])
    else:
      raise ValueError(f"{name!r} is no column of {system.name} and no time "
                       f"derivative NAME_dot of one: {', '.join(names)}.")
  return np.stack(out, axis=-1)


def _jacobian(function: Callable[[np.ndarray], np.ndarray], states: np.ndarray,
              scale: np.ndarray) -> np.ndarray:
  """`[n, K, D]` of `[n, D] -> [n, K]`, per spread of each column."""
  columns = [(function(states + d) - function(states - d)) / (2 * _STEP)
             for d in np.diag(_STEP * scale)]
  return np.stack(columns, axis=-1)


def _scale(system: System, states: np.ndarray) -> np.ndarray:
  """Spreads of the columns; zero for constants, so that they do not count."""
  scale = states.std(0)
  scale[list(system.constants)] = 0
  return scale


def _units(vectors: np.ndarray) -> np.ndarray:
  norms = np.linalg.norm(vectors, axis=-1, keepdims=True)
  return vectors / np.maximum(norms, 1e-300)


def known_gradients(system: System, states: np.ndarray,
                    balance: bool) -> np.ndarray:
  """Unit gradients of the known laws, `[n, K, D]`.

  Args:
    system: which one.
    states: `[n, D]`.
    balance: whether the balance laws count, too.

  Returns:
    Per spread of each column; by constants they are zero.
  """

  def known(s: np.ndarray) -> np.ndarray:
    parts = [system.conserved(s, np)]
    if balance and system.balances is not None:
      parts.append(system.balances.values(s, np))
    return np.concatenate(parts, axis=-1)

  return _units(_jacobian(known, states, _scale(system, states)))


def gradient(law: Quantity, system: System, states: np.ndarray) -> np.ndarray:
  """The unit gradient of a law by the state, `[n, D]`.

  Args:
    law: of any variables that `values_of` knows.
    system: which one.
    states: `[n, D]`.

  Raises:
    ValueError: as `values_of`.
  """
  inputs = lambda s: values_of(law.variables, system, s)
  slopes = np.asarray(law.gradient(inputs(states)))
  chain = _jacobian(inputs, states, _scale(system, states))
  return _units(np.einsum("nk,nkd->nd", slopes, chain))


def angle(law: Quantity, system: System, states: np.ndarray) -> float:
  """How far a law is from being a function of the known ones, in degrees.

  Args:
    law: its verdict says whether balance laws count.
    system: which one.
    states: `[n, D]`, exact, all columns.

  Returns:
    The median over states of the angle between its gradient and the span of
    theirs; 90 where there are none, or the law does not depend on the state.

  Raises:
    ValueError: as `values_of`.
  """
  known = known_gradients(system, states, law.verdict == "balance")
  found = gradient(law, system, states)
  angles = []
  for k, g in zip(known, found):
    _, sizes, base = np.linalg.svd(k, full_matrices=False)
    base = base[sizes > 1e-6]
    away = np.linalg.norm(g - base.T @ (base @ g)) if np.any(g) else 1.
    angles.append(np.rad2deg(np.arcsin(min(1., away))))
  return float(np.median(angles))


def is_true(law: Quantity,
            system: System,
            states: np.ndarray,
            degrees: float = 5.) -> bool:
  """Whether a law is a function of the known laws.

  Args:
    law: its verdict says whether balance laws count.
    system: which one.
    states: `[n, D]`, exact, all columns.
    degrees: how far its gradient may lie from their span.

  Raises:
    ValueError: as `values_of`.
  """
  return angle(law, system, states) < degrees


def num_independent(gradients: np.ndarray) -> int:
  """How many of K quantities are functionally independent.

  Args:
    gradients: `[n, K, D]`, of length 1.

  Returns:
    The 90th percentile over states of the number of singular values above 3 %
    of the largest: two quantities may have parallel gradients at some
    states.
  """
  if not gradients.shape[1]:
    return 0
  sizes = np.linalg.svd(gradients, compute_uv=False)
  ranks = np.sum(sizes > .03 * sizes[:, :1], axis=1)
  return int(np.quantile(ranks, .9, method="lower"))
