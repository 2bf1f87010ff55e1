"""A linear read-out of the true state from a frame."""

from typing import NamedTuple

import numpy as np

_SIZE = 32
_RIDGES = (1e-3, 1e-2, 1e-1, 1.0)


class Probe(NamedTuple):
  """A linear read-out of the true state from one frame.

  Attributes:
    weights: `[1 + F, P]`.
    scale: `[P]`, the labels' standard deviations.
  """
  weights: np.ndarray
  scale: np.ndarray

  def error(self, frames: np.ndarray, places: np.ndarray) -> np.ndarray:
    """`[N, T]`, root of the mean squared error in standard deviations."""
    read = _pixels(frames) @ self.weights
    return np.sqrt(np.mean(((read - places) / self.scale)**2, axis=-1))


def _pixels(frames: np.ndarray) -> np.ndarray:
  """`[N, T, H, W, C]` to `[N, T, 1 + F]`: 1, and averages over areas."""
  n, t, size, _, channels = frames.shape
  small = min(size, _SIZE)
  flat = frames.reshape(n, t, small, size // small, small, size // small,
                        channels).mean(axis=(3, 5)).reshape(n, t, -1)
  return np.concatenate([np.ones((n, t, 1), np.float32), flat], axis=-1)


def fit(frames: np.ndarray, places: np.ndarray) -> Probe:
  """Ridge regression; its strength is chosen on every fourth sequence.

  Args:
    frames: `[N, T, H, W, C]` in [0, 1], true training frames.
    places: `[N, T, P]`.

  Returns:
    A `Probe`.
  """
  x = np.asarray(_pixels(frames), np.float64)
  held = np.arange(len(x)) % 4 == 3
  scale = places.reshape(-1, places.shape[-1]).std(axis=0) + 1e-12

  def solved(use: np.ndarray, ridge: float) -> np.ndarray:
    flat, y = x[use].reshape(-1, x.shape[-1]), places[use].reshape(
        -1, places.shape[-1])
    normal = flat.T @ flat
    size = ridge * len(flat) * np.var(flat)
    return np.linalg.solve(normal + size * np.eye(len(normal)), flat.T @ y)

  def judged(ridge: float) -> float:
    if held.all() or not held.any():
      return ridge
    return float(
        np.mean(((x[held] @ solved(~held, ridge) - places[held]) / scale)**2))

  best = min(_RIDGES, key=judged)
  return Probe(solved(np.ones(len(x), bool), best), scale)
