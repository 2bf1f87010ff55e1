"""Encoders and decoders of frames, with skip connections.

The architectures are those of SVG (Denton and Fergus 2018), and a small one.
"""

from __future__ import annotations

from collections.abc import Sequence
import dataclasses

from flax import nnx
import jax
import jax.numpy as jnp

from noether_jax.types import Array
from noether_jax.video import convolutions
from noether_jax.video.modulation import Normed


@dataclasses.dataclass(frozen=True)
class Architecture:
  """An encoder and the decoder that mirrors it.

  Attributes:
    size: height and width of a frame.
    blocks: channels of the convolutions at each resolution, the finest first.
    strided: whether convolutions change the resolution themselves (DCGAN);
      else pooling and doubling do (VGG).
  """
  size: int
  blocks: tuple[tuple[int, ...], ...]
  strided: bool = False

  @property
  def coarsest(self) -> int:
    """Return the height and width of the map that becomes the code."""
    return self.size >> len(self.blocks)


ARCHITECTURES = {
    "small_32":
        Architecture(32, ((16, 16), (32, 32), (64, 64))),
    "dcgan_64":
        Architecture(64, ((64,), (128,), (256,), (512,)), strided=True),
    "vgg_64":
        Architecture(64, ((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3)),
    "vgg_128":
        Architecture(128, ((64,) * 2, (128,) * 2, (256,) * 3, (512,) * 3,
                           (512,) * 3)),
}


def architecture(name: str | Architecture) -> Architecture:
  """Return one of ARCHITECTURES by name, or the architecture given.

  Args:
    name: of it, or an `Architecture`, which is returned.

  Returns:
    An `Architecture`.

  Raises:
    ValueError: if there is none of that name, the size can't be halved for each
      of its blocks, or a block has too few or too many convolutions.
  """
  if isinstance(name, Architecture):
    lengths = [len(block) for block in name.blocks]
    if name.strided and set(lengths) != {1}:
      raise ValueError("strided blocks must have one convolution each: got "
                       f"{name.blocks}.")
    if not name.strided and (not lengths or min(lengths) < 1 or lengths[0] < 2):
      raise ValueError("the finest block needs two convolutions, the others "
                       f"one: got {name.blocks}.")
    if name.size % (1 << len(name.blocks)):
      raise ValueError(f"a frame of {name.size} pixels can't be halved "
                       f"{len(name.blocks)} times.")
    return name
  if name not in ARCHITECTURES:
    raise ValueError(f"there is no architecture {name!r}: choose one of "
                     f"{', '.join(ARCHITECTURES)}.")
  return ARCHITECTURES[name]


class Block(nnx.Module):
  """Normed convolutions at one resolution.

  Args:
    sizes: channels before, between and after them.
    strided: whether each halves the resolution.
    doubled: whether the first of them sees its input at twice its resolution.
    rngs: for the parameters.
  """

  def __init__(self,
               sizes: Sequence[int],
               *,
               strided: bool = False,
               doubled: bool = False,
               rngs: nnx.Rngs):
    kernel = 4 if strided else 3
    self.layers = nnx.List([
        Normed(convolutions.JoinedConv(before,
                                       after,
                                       kernel=kernel,
                                       stride=2 if strided else 1,
                                       doubled=doubled and not i,
                                       rngs=rngs),
               after,
               rngs=rngs)
        for i, (before, after) in enumerate(zip(sizes, sizes[1:]))
    ])

  def __call__(self, x: Array, constant: Array | None = None) -> Array:
    """Return `[T, H, W, C]`; the further channels are the same for all T."""
    x = self.layers[0](x, constant)
    for layer in self.layers[1:]:
      x = layer(x)
    return x


class Encoder(nnx.Module):
  """Frames to codes, and what the decoder may copy.

  Args:
    shape: the architecture.
    channels: of a frame.
    code_size: length of a code.
    rngs: for the parameters.
  """

  def __init__(self, shape: Architecture, channels: int, code_size: int, *,
               rngs: nnx.Rngs):
    self.strided = shape.strided
    before = [channels] + [block[-1] for block in shape.blocks]
    self.blocks = nnx.List([
        Block((size, *block), strided=shape.strided, rngs=rngs)
        for size, block in zip(before, shape.blocks)
    ])
    self.last = Normed(convolutions.ToVector(before[-1],
                                             code_size,
                                             shape.coarsest,
                                             rngs=rngs),
                       code_size,
                       activation=jnp.tanh,
                       rngs=rngs)

  def __call__(self, frames: Array) -> tuple[Array, list[Array]]:
    """Encode frames.

    Args:
      frames: `[T, H, W, C]`.

    Returns:
      Codes `[T, code_size]`, and a map `[T, H', W', C']` of each resolution,
      the finest first.
    """
    skips = []
    x = frames
    for i, block in enumerate(self.blocks):
      if i and not self.strided:
        x = convolutions.max_pool(x)
      x = block(x)
      skips.append(x)
    return self.last(x if self.strided else convolutions.max_pool(x)), skips


class Decoder(nnx.Module):
  """Codes to frames, with the details of one frame.

  Args:
    shape: the architecture.
    channels: of a frame.
    code_size: length of a code.
    rngs: for the parameters.
    remat: whether activations are computed again for the gradient.
  """

  def __init__(self,
               shape: Architecture,
               channels: int,
               code_size: int,
               *,
               rngs: nnx.Rngs,
               remat: bool = False):
    self.strided, self.remat = shape.strided, remat
    widths = [block[-1] for block in shape.blocks[::-1]]
    self.first = Normed(convolutions.FromVector(code_size,
                                                widths[0],
                                                shape.coarsest,
                                                rngs=rngs),
                        widths[0],
                        rngs=rngs)
    blocks: list[nnx.Module] = []
    if shape.strided:
      for width, narrow in zip(widths, widths[1:]):
        blocks.append(
            Normed(convolutions.upconv(2 * width, narrow, rngs),
                   narrow,
                   rngs=rngs))
      self.last = convolutions.upconv(2 * widths[-1], channels, rngs)
    else:
      for i, block in enumerate(shape.blocks[::-1]):
        # As many convolutions as the encoder has; the last of a resolution
        # makes the next one's channels, and the very last the frame's.
        sizes = (2 * block[-1], *block[:-1], *widths[i + 1:i + 2])
        blocks.append(Block(sizes, doubled=True, rngs=rngs))
      self.last = convolutions.JoinedConv(widths[-1], channels, rngs=rngs)
    self.blocks = nnx.List(blocks)

  def __call__(self, codes: Array, skips: Sequence[Array]) -> Array:
    """Decode codes.

    Args:
      codes: `[T, code_size]`.
      skips: of one frame, `[H', W', C']` of each resolution, finest first.

    Returns:
      `[T, H, W, C]` in (0, 1).
    """
    x = self.first(codes)
    details = list(skips)[::-1]
    for block, detail in zip(self.blocks, details):
      stage = lambda x, detail, block=block: block(x, detail)
      x = (jax.checkpoint(stage) if self.remat else stage)(x, detail)
    if self.strided:
      return jax.nn.sigmoid(self.last(x, details[-1]))
    return jax.nn.sigmoid(self.last(x))
