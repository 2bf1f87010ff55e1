"""The quantities to keep: laws that discovery finds, and what never varies."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments.benchmark.sparse import exponents
from noether_jax import discovery
from noether_jax.data.trajectories import Trajectories

Array = jax.Array
# Relative to the largest singular value: exact states, in float64.
_EQUAL = 1e-7
# A gradient whose direction the others give up to this angle is no new one.
_DEPENDENT = .05
_MOST_STATES = 500


class Found(NamedTuple):
  """Quantities of a state that predictions keep.

  Attributes:
    kept: functions of a state `[D]`, each `[]`, of independent gradients.
    texts: what they are, for people.
  """
  kept: list[Callable[[Array], Array]]
  texts: list[str]


def _null(columns: np.ndarray) -> np.ndarray:
  """Combinations `[m, k]` of columns `[n, k]` that do not vary."""
  centred = columns - columns.mean(0)
  size = np.maximum(centred.std(0), 1e-300)
  _, values, rows = np.linalg.svd(centred / size, full_matrices=False)
  return rows[values < _EQUAL * values[0]] / size


def _quadratic(basis: np.ndarray, mean: np.ndarray, powers: np.ndarray,
               weights: np.ndarray) -> Callable[[Array], Array]:

  def value(x: Array) -> Array:
    z = jnp.asarray(basis, x.dtype) @ (x - jnp.asarray(mean, x.dtype))
    table = jnp.stack([jnp.ones_like(z), z, z * z])
    terms = jnp.prod(table[powers, np.arange(z.shape[0])], axis=1)
    return jnp.asarray(weights, x.dtype) @ terms

  return value


def single_valued(
    states: np.ndarray) -> tuple[list[Callable[[Array], Array]], int]:
  """Linear and quadratic quantities with one value in all data.

  A discovery of laws leaves them out, because nothing tells whether another
  trajectory has another value. A prediction should still keep them.

  Args:
    states: `[n, D]`, exact.

  Returns:
    Functions of a state `[D]`, and how many of them are linear.

  Example:
    >>> angle = np.linspace(0, 6, 50)
    >>> circle = np.stack([np.cos(angle), np.sin(angle), 0 * angle + 3.], 1)
    >>> found, linear = single_valued(circle)
    >>> len(found), linear
    (2, 1)
  """
  mean = states.mean(0)
  _, values, rows = np.linalg.svd(states - mean, full_matrices=False)
  free = values >= _EQUAL * values[0]
  linear: list[Callable[[Array], Array]] = [
      (lambda row: lambda x: jnp.asarray(row, x.dtype) @ x)(row)
      for row in rows[~free]
  ]
  basis = rows[free]
  powers = exponents(len(basis), 2)[1:]
  terms = np.prod(((states - mean) @ basis.T)[:, None]**powers[None], axis=2)
  bent = [_quadratic(basis, mean, powers, row) for row in _null(terms)]
  return linear + bent, len(linear)


def _gradients(quantity: Callable[[Array], Array], states: Array) -> np.ndarray:
  rows = np.asarray(jax.jit(jax.vmap(jax.grad(quantity)))(states), np.float64)
  return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300)


def independent(quantities: Sequence[Any], states: np.ndarray) -> list[int]:
  """Indices of quantities whose gradients the earlier ones do not give.

  Args:
    quantities: functions of a state `[D]`.
    states: `[n, D]`.

  Returns:
    Increasing indices; at most D - 1, for a field needs a direction.
  """
  step = max(1, len(states) // _MOST_STATES)
  chosen = jnp.asarray(states[::step], jnp.result_type(float))
  basis: list[np.ndarray] = []
  kept = []
  for i, quantity in enumerate(quantities):
    row = _gradients(quantity, chosen)
    for other in basis * 2:
      row = row - np.sum(row * other, axis=1, keepdims=True) * other
    size = np.linalg.norm(row, axis=1, keepdims=True)
    if np.median(size) > _DEPENDENT and len(kept) < states.shape[1] - 1:
      basis.append(row / np.maximum(size, 1e-300))
      kept.append(i)
  return kept


def find(observed: Trajectories, states: np.ndarray, seed: int) -> Found:
  """All quantities that a prediction of these data should keep.

  Args:
    observed: training simulations.
    states: `[n, D]`, all their rows.
    seed: of the discovery.

  Returns:
    Independent ones: first those with one value, then the laws.
  """
  always, linear = single_valued(states)
  found = discovery.discover(observed, seed=seed)
  columns = [v.name for v in observed.variables]
  # Losses change the quantity of a balance law: nothing to keep.
  laws = [
      x for x in found.laws
      if [v.name for v in x.variables] == columns and not x.losses
  ]
  texts = [
      "one value in all data, " + ("linear" if i < linear else "quadratic")
      for i in range(len(always))
  ] + [x.text for x in laws]
  quantities = [*always, *laws]
  kept = independent(quantities, states)
  return Found([quantities[i] for i in kept], [texts[i] for i in kept])
