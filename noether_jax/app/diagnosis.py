"""What laws can mend of a field's errors, and what they leave."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from noether_jax.app.held_out import HeldOut
from noether_jax.discovery.law import Law
from noether_jax.types import Array
from noether_jax.types import Params

# Rows of a data set that suffice for a mean.
_MOST_STATES = 256
# Of the start, in standard deviations of the columns.
_DEVIATION = 1e-3
# A larger error is not split: gradients do not stay the same so far away.
_SMALL = 1.
# A column is the velocity of another one if it differs so little from the
# measured derivative, relative to its size.
_VELOCITY = .05
# The cosine above which a gradient points along the velocities.
_PARALLEL = .95


@dataclasses.dataclass(frozen=True)
class Mended:
  """The errors of a field before and after it keeps laws.

  All of them are measured on the paths held out to choose.

  Attributes:
    share_before: how much of the squared error of the plain rollouts lies along
      the gradients of the laws, which is all that they can mend.
    share_after: the same for the field that keeps them.
    across: error of dx/dt in the directions that the laws leave free (root mean
      square, in standard deviations of the derivatives), after over before.
  """
  share_before: float
  share_after: float
  across: float


def deviated(part: HeldOut, spread: np.ndarray, seed: int = 0) -> HeldOut:
  """Move the starts a little, in a random direction.

  Args:
    part: paths.
    spread: `[D]` standard deviations of the columns.
    seed: of the directions.

  Returns:
    The paths with other starts, a thousandth of the spread away.
  """
  random = np.random.default_rng(seed).normal(size=part.start.shape)
  random /= np.linalg.norm(random, axis=1, keepdims=True)
  return dataclasses.replace(part,
                             start=part.start + _DEVIATION * spread * random)


def growth(rolled: np.ndarray, moved: np.ndarray, part: HeldOut,
           spread: np.ndarray) -> float:
  """Return by what factor small deviations of the start grow to the end.

  Args:
    rolled: `[S, M, T, D]` from the starts.
    moved: the same from the starts that `deviated` gives.
    part: the paths.
    spread: `[D]` standard deviations of the columns.

  Returns:
    The median over seeds and paths; inf where rollouts are not finite.
  """
  ends = np.isfinite(part.times).sum(1) - 1
  paths = np.arange(len(ends))
  with np.errstate(all="ignore"):
    gap = (moved - rolled)[:, paths, ends] / spread
    size = np.linalg.norm(gap, axis=-1) / _DEVIATION
  return float(np.median(np.nan_to_num(size, nan=np.inf)))


def field_errors(field: Callable[[Params, Array], Array], params: Params,
                 part: HeldOut, scale: np.ndarray) -> np.ndarray:
  """Return a field's errors at held-out states.

  Args:
    field: `(params, x) -> dx/dt`.
    params: leaves `[S, ...]`.
    part: held-out states and derivatives.
    scale: `[D]`, the unit of the error of each column.

  Returns:
    `[S, n, D]`.
  """
  chosen = _chosen(part)
  states = jnp.asarray(part.states[chosen], jnp.result_type(float))
  values = jax.jit(
      jax.vmap(lambda p: jax.vmap(lambda x: field(p, x))(states)))(params)
  gaps = np.asarray(values, np.float64) - part.derivatives[chosen]
  return gaps / scale


def _chosen(part: HeldOut) -> np.ndarray:
  count = min(_MOST_STATES, len(part.states))
  return np.linspace(0, len(part.states) - 1, count).astype(int)


def across(laws: Sequence[Law], part: HeldOut, before: np.ndarray,
           after: np.ndarray, scale: np.ndarray) -> float:
  """Return how the error of dx/dt changes in the directions left free.

  Args:
    laws: K laws that the field keeps.
    part: held-out states.
    before: `[S, n, D]` errors of the plain field, from `field_errors`.
    after: `[S, n, D]` errors of the field that keeps the laws.
    scale: `[D]`, as in `field_errors`.

  Returns:
    Root mean square over seeds and states, after over before.
  """
  along = _along(laws, part.states[_chosen(part)], scale)
  finite = (np.isfinite(before) & np.isfinite(after)).all(-1, keepdims=True)
  sizes = [
      np.sqrt(np.sum((e - np.einsum("nij,snj->sni", along, e))**2))
      for e in (np.where(finite, before, 0.), np.where(finite, after, 0.))
  ]
  return float(sizes[1] / max(sizes[0], 1e-300))


def share_along(laws: Sequence[Law], part: HeldOut, gaps: np.ndarray,
                spread: np.ndarray) -> float:
  """Return how much of the rollouts' squared error lies along the gradients.

  Args:
    laws: K laws.
    part: the paths.
    gaps: `[S, M, T, D]` errors in standard deviations of the columns.
    spread: `[D]` these standard deviations.

  Returns:
    Between 0 and 1, over the errors of less than a standard deviation; 0 if
    there are none.
  """
  known = np.isfinite(part.times)
  along = _along(laws, part.paths[known], spread)
  errors = gaps[:, known]
  with np.errstate(all="ignore"):
    small = np.mean(errors**2, axis=-1, keepdims=True) < _SMALL**2
  errors = np.where(small, errors, 0.)
  parts = np.einsum("nij,snj->sni", along, errors)
  return float(np.sum(parts**2) / max(np.sum(errors**2), 1e-300))


def _along(laws: Sequence[Law], states: np.ndarray,
           scale: np.ndarray) -> np.ndarray:
  """Return projectors `[n, D, D]` onto the gradients, in units of `scale`."""
  rows = np.stack([_gradients(law, states) for law in laws], 1) * scale
  size = np.linalg.norm(rows, axis=2, keepdims=True)
  rows = rows / np.where(size > 0, size, 1.)
  return np.linalg.pinv(rows, rcond=1e-6) @ rows


def _gradients(law: Law, states: np.ndarray) -> np.ndarray:
  """Return `[n, D]`; zero where a law has no gradient."""
  x = jnp.asarray(states, jnp.result_type(float))
  rows = np.asarray(jax.jit(jax.vmap(jax.grad(law)))(x), np.float64)
  return np.where(np.isfinite(rows).all(1, keepdims=True), rows, 0.)


def speed_only(law: Law, part: HeldOut) -> tuple[str, ...]:
  """Return the velocities of which a law fixes the size and not the direction.

  A column is a velocity if the derivative of another column equals it. The law
  fixes their size if its gradient with respect to them points along them.

  Args:
    law: a law of the D columns.
    part: held-out states and derivatives.

  Returns:
    Names of two or more columns, or none.
  """
  chosen = _chosen(part)
  states, derivatives = part.states[chosen], part.derivatives[chosen]
  columns = []
  for j in range(states.shape[1]):
    size = np.sqrt(np.mean(states[:, j]**2))
    gaps = np.sqrt(np.mean((derivatives - states[:, j:j + 1])**2, axis=0))
    if size > 0 and np.any(np.delete(gaps, j) < _VELOCITY * size):
      columns.append(j)
  if len(columns) < 2:
    return ()
  velocity, slope = states[:, columns], _gradients(law, states)[:, columns]
  product = np.sum(velocity * slope, axis=1)
  norms = np.linalg.norm(velocity, axis=1) * np.linalg.norm(slope, axis=1)
  cosine = np.abs(product) / np.where(norms > 0, norms, 1.)
  if np.mean(cosine) < _PARALLEL:
    return ()
  return tuple(law.variables[j].name for j in columns)
