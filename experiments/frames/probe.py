"""A linear read-out of the true state from a frame."""

from typing import NamedTuple

import numpy as np

_SIZE = 32
_RIDGES = (1e-3, 1e-2, 1e-1, 1.0)


class Probe(NamedTuple):
  """A linear read-out of the true state from one frame.

  Attributes:
    weights: `[F, P]`.
    pixels: `[F]`, their means.
    mean: `[P]` of the labels.
    scale: `[P]`, the labels' standard deviations.
  """
  weights: np.ndarray
  pixels: np.ndarray
  mean: np.ndarray
  scale: np.ndarray

  def error(self, frames: np.ndarray, places: np.ndarray) -> np.ndarray:
    """`[N, T]`, root of the mean squared error in standard deviations."""
    read = (_pixels(frames) - self.pixels) @ self.weights + self.mean
    return np.sqrt(np.mean(((read - places) / self.scale)**2, axis=-1))

  def blind(self, places: np.ndarray) -> np.ndarray:
    """`[N, T]`, the error of the training labels' mean."""
    return np.sqrt(np.mean(((self.mean - places) / self.scale)**2, axis=-1))


def _pixels(frames: np.ndarray) -> np.ndarray:
  """`[N, T, H, W, C]` to `[N, T, F]`, averages over areas."""
  n, t, size, _, channels = frames.shape
  small = min(size, _SIZE)
  return frames.reshape(n, t, small, size // small, small, size // small,
                        channels).mean(axis=(3, 5)).reshape(n, t, -1)


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

  def solved(use: np.ndarray, ridge: float) -> Probe:
    flat = x[use].reshape(-1, x.shape[-1])
    y = places[use].reshape(-1, places.shape[-1])
    pixels, mean = flat.mean(axis=0), y.mean(axis=0)
    flat, y = flat - pixels, y - mean
    normal = flat.T @ flat
    size = ridge * np.trace(normal) / len(normal)
    weights = np.linalg.solve(normal + size * np.eye(len(normal)), flat.T @ y)
    return Probe(weights, pixels, mean, scale)

  def judged(ridge: float) -> float:
    if held.all() or not held.any():
      return ridge
    return float(
        np.mean(solved(~held, ridge).error(frames[held], places[held])**2))

  return solved(np.ones(len(x), bool), min(_RIDGES, key=judged))
