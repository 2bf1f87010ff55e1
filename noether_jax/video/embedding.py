"""A convolutional g: the conserved quantity of frames."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from flax import nnx
import jax
import jax.numpy as jnp

from noether_jax.networks.mlp import Apply
from noether_jax.networks.mlp import functional
from noether_jax.types import Array
from noether_jax.types import Key
from noether_jax.types import Params
from noether_jax.video.convolutions import max_pool


class FrameEmbedding(nnx.Module):
  """5x5 convolutions, rectified and pooled, then a linear map.

  Args:
    size: height and width of a frame.
    channels: of what is seen at once: a frame's, times the stacked frames.
    filters: of each convolution.
    num_quantities: K.
    rngs: for the parameters.
  """

  def __init__(self, size: int, channels: int, filters: Sequence[int],
               num_quantities: int, *, rngs: nnx.Rngs):
    sizes = [channels, *filters]
    self.convolutions = nnx.List([
        nnx.Conv(before, after, (5, 5), rngs=rngs)
        for before, after in zip(sizes, sizes[1:])
    ])
    small = size >> len(filters)
    self.output = nnx.Linear(small * small * sizes[-1],
                             num_quantities,
                             rngs=rngs)

  def maps(self, frames: Array) -> Array:
    """Map `[T, H, W, channels]` to the last convolution's `[T, h, w, F]`."""
    x = frames
    for i, layer in enumerate(self.convolutions):
      x = jax.nn.relu(layer(max_pool(x) if i else x))
    return x

  def read(self, maps: Array) -> Array:
    """Map `[T, h, w, F]` to `[T, K]`."""
    return self.output(max_pool(maps).reshape(len(maps), -1))

  def __call__(self, frames: Array) -> Array:
    """Map `[T, H, W, channels]` to `[T, K]`."""
    return self.read(self.maps(frames))


class FrameNet(NamedTuple):
  """A convolutional g of N = T + 1 - (stacked frames) windows of a sequence.

  Attributes:
    apply: `(params, frames [T, H, W, C]) -> [N, K]`, `read` of `maps`.
    params: the initial parameters.
    maps: `(params, frames [T, H, W, C]) -> [N, h, w, F]`, the rectified last
      convolution, whose h is H halved for each convolution before it.
    read: `(params, maps [N, h, w, F]) -> [N, K]`.
  """
  apply: Apply
  params: Params
  maps: Apply
  read: Apply


def frame_embedding(
    key: Key,
    size: int,
    *,
    channels: int = 3,
    stacked: int = 2,
    filters: Sequence[int] = (32, 64),
    num_quantities: int = 64,
) -> FrameNet:
  """Return a convolutional g of one or two stacked frames.

  Args:
    key: consumed by the initialisation.
    size: height and width of a frame, divisible by 2 for each convolution.
    channels: of a frame.
    stacked: how many frames that follow each other g sees at once.
    filters: of each convolution.
    num_quantities: K.

  Returns:
    A `FrameNet`.

  Raises:
    ValueError: if `size` can't be halved for each convolution, or `stacked` is
      below 1.

  Example:
    >>> net = frame_embedding(jax.random.key(0), 8, filters=(2,),
    ...                       num_quantities=3)
    >>> net.apply(net.params, jnp.zeros((5, 8, 8, 3))).shape
    (4, 3)
  """
  if size % (1 << len(filters)) or stacked < 1:
    raise ValueError("`size` must be divisible by 2 for each convolution, and "
                     f"`stacked` at least 1: got {size} and {stacked} for "
                     f"{len(filters)} convolutions.")
  module = FrameEmbedding(size,
                          channels * stacked,
                          filters,
                          num_quantities,
                          rngs=nnx.Rngs(key))
  (maps,
   params), (read,
             _) = (functional(module, method) for method in ("maps", "read"))

  def windows(params: Params, frames: Array) -> Array:
    if len(frames) < stacked:
      raise ValueError(f"g needs {stacked} frames: got {len(frames)}.")
    count = len(frames) + 1 - stacked
    parts = [frames[i:i + count] for i in range(stacked)]
    return maps(params, jnp.concatenate(parts, axis=-1))

  def apply(params: Params, frames: Array) -> Array:
    return read(params, windows(params, frames))

  return FrameNet(apply, params, windows, read)
