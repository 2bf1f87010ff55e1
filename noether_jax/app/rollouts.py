"""Rollouts of learned vector fields from held-out starts, and their errors."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import jax
import jax.numpy as jnp
import numpy as np

from noether_jax.app.held_out import HeldOut
from noether_jax.app.held_out import PredictorData
from noether_jax.dynamics import integrators
from noether_jax.types import Array
from noether_jax.types import Params

# An error in standard deviations; a rollout that reaches it is lost.
CAP = 10.
_SUBSTEPS = 2


def roll_out(field: Callable[[Params, Array], Array], params: Params,
             parts: Sequence[HeldOut]) -> list[np.ndarray]:
  """Integrate a field from every start, for every seed.

  Args:
    field: `(params, x) -> dx/dt`, for one seed and state.
    params: leaves `[S, ...]`.
    parts: where to start, and at which times to look.

  Returns:
    For each part, states `[S, M, T, D]`.
  """
  dtype = jnp.result_type(float)
  planned = [_fine_steps(part.times) for part in parts]
  longest = max(sizes.shape[1] for sizes, _ in planned)
  # One program for all parts: shorter paths get steps of no length.
  steps = np.concatenate([
      np.pad(sizes, ((0, 0), (0, longest - sizes.shape[1])))
      for sizes, _ in planned
  ])
  start = jnp.asarray(np.concatenate([part.start for part in parts]), dtype)

  def one(p: Params, x: Array, sizes: Array) -> Array:

    def advance(state: Array, size: Array) -> tuple[Array, Array]:
      new = integrators.rk4(lambda y: field(p, y), size)(state)
      return new, new

    return jax.lax.scan(advance, x, sizes)[1]

  paths = jax.jit(
      jax.vmap(lambda p: jax.vmap(lambda x, h: one(p, x, h))
               (start, jnp.asarray(steps, dtype))))(params)
  ends = np.cumsum([len(part.start) for part in parts])[:-1]
  return [
      np.take_along_axis(rolled, index[None, :, :, None], 2)
      for rolled, (_, index) in zip(
          np.split(np.asarray(paths, np.float64), ends, axis=1), planned)
  ]


def _fine_steps(times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Choose the integrator's steps for times `[M, T]`.

  There are two steps between two usual samples, and more between samples far
  apart. Shorter paths are padded with steps of no length.

  Returns:
    Sizes `[M, F]` of the steps, and indices `[M, T]` of those that end at a
    sample.
  """
  sizes, ends = [], []
  for clock in times:
    spans = np.diff(clock[np.isfinite(clock)], prepend=0.)
    counts = np.ceil(_SUBSTEPS * spans / np.median(spans) - 1e-3)
    counts = np.maximum(counts, _SUBSTEPS).astype(int)
    sizes.append(np.repeat(spans / counts, counts))
    ends.append(np.cumsum(counts) - 1)
  steps = np.zeros((len(sizes), max(map(len, sizes))))
  index = np.zeros(times.shape, int)
  for n, (size, end) in enumerate(zip(sizes, ends)):
    steps[n, :len(size)] = size
    index[n, :len(end)], index[n, len(end):] = end, end[-1]
  return steps, index


def common_times(part: HeldOut, dt: float) -> np.ndarray:
  """Return times `[T]` in equal steps up to the end of the shortest path."""
  count = max(1, int(part.end / dt + 1e-3))
  return dt * np.arange(1, count + 1)


def at_horizon(values: np.ndarray, part: HeldOut, dt: float) -> np.ndarray:
  """Interpolate `[S, M, T]` from each path's own times to the common ones."""
  common = common_times(part, dt)
  out = np.empty((*values.shape[:2], len(common)))
  for m, clock in enumerate(part.times):
    known = np.isfinite(clock)
    for s in range(len(values)):
      out[s, m] = np.interp(common, clock[known], values[s, m, known])
  return out


def gaps(rolled: np.ndarray, part: HeldOut,
         samples: PredictorData) -> np.ndarray:
  """Return the errors of rollouts, in standard deviations of the columns.

  Args:
    rolled: `[S, M, T, D]` predicted states.
    part: with the paths `[M, T, D]`.
    samples: whose training states give the standard deviations.

  Returns:
    `[S, M, T, D]`; of angles the short way round.
  """
  with np.errstate(all="ignore"):
    gap = rolled - part.paths
    gap = np.where(samples.angles, np.angle(np.exp(1j * gap)), gap)
    return gap / samples.spread


def size(errors: np.ndarray) -> np.ndarray:
  """Return the root mean square over columns.

  Args:
    errors: `[..., D]`.

  Returns:
    `[...]`, at most 10; 10 where an error is not finite.

  Example:
    >>> size(np.array([[3., 4.], [np.nan, 0.]])).round(2).tolist()
    [3.54, 10.0]
  """
  with np.errstate(all="ignore"):
    return capped(np.sqrt(np.mean(errors**2, axis=-1)))


def capped(values: np.ndarray) -> np.ndarray:
  """Return values between 0 and the cap, which stands for what is not finite.

  Example:
    >>> capped(np.array([.5, np.nan, 1e9])).tolist()
    [0.5, 10.0, 10.0]
  """
  return np.nan_to_num(values, nan=CAP, posinf=CAP).clip(0, CAP)
