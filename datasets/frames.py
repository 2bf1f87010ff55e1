"""Frames of the video data sets: their size, and the extra that makes them."""

import importlib
from typing import Any

import numpy as np


def optional(module: str) -> Any:
  """Imports a module that only the video data sets need.

  Args:
    module: its name.

  Returns:
    The module.

  Raises:
    ImportError: naming the extra, if it is not installed.

  Example:
    >>> optional("no_such_renderer")
    Traceback (most recent call last):
    ...
    ImportError: video data sets need no_such_renderer (No module named \
'no_such_renderer'): pip install 'noether-jax[video]'
  """
  try:
    return importlib.import_module(module)
  except ImportError as error:
    raise ImportError(f"video data sets need {module.partition('.')[0]} "
                      f"({error}): pip install 'noether-jax[video]'") from error


def resized(frame: np.ndarray, size: int) -> np.ndarray:
  """A square frame in another size, by averages over areas.

  Args:
    frame: `[H, H, 3]` uint8.
    size: new height and width, at most H.

  Returns:
    `[size, size, 3]` uint8.

  Raises:
    ValueError: if the frame is not square, or smaller than that.

  Example:
    >>> checks = np.zeros((4, 4, 3), np.uint8)
    >>> checks[:2, :2] = 100
    >>> resized(checks, 2)[..., 0].tolist()
    [[100, 0], [0, 0]]
  """
  height, width = frame.shape[:2]
  if height != width or height < size:
    raise ValueError(f"a frame must be square and at least {size} pixels high: "
                     f"got {height} x {width}.")
  image = optional("PIL.Image")
  return np.asarray(
      image.fromarray(frame).resize((size, size), image.Resampling.BOX))
