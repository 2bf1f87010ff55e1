"""Convolutions that compute nothing twice."""

from __future__ import annotations

from flax import nnx
import jax
import jax.numpy as jnp
import numpy as np

from noether_jax.types import Array

# Pixels of a doubled image under a 3-tap kernel, by the parity of the output:
# [parity, tap of two, tap of three].
_FOLD = np.array([[[1, 0, 0], [0, 1, 1]], [[1, 1, 0], [0, 0, 1]]], np.float32)
# Below this height four small convolutions are slower than a large one.
_LEAST = 8


def _convolve(x: Array,
              kernel: Array,
              padding: tuple[tuple[int, int], tuple[int, int]],
              stride: int = 1,
              dilation: int = 1) -> Array:
  return jax.lax.conv_general_dilated(x,
                                      kernel, (stride,) * 2,
                                      padding,
                                      lhs_dilation=(dilation,) * 2,
                                      dimension_numbers=("NHWC", "HWIO",
                                                         "NHWC"))


def convolve_doubled(x: Array, kernel: Array) -> Array:
  """Convolve an image at twice its resolution, with a 3x3 kernel.

  The result equals a convolution of `upsample(x)`. Equal pixels are multiplied
  by the sum of their weights: 16 products instead of 36.

  Args:
    x: `[T, H, W, C]`.
    kernel: `[3, 3, C, D]`.

  Returns:
    `[T, 2 H, 2 W, D]`, with zeros beyond the edges.

  Example:
    >>> convolve_doubled(jnp.ones((1, 8, 8, 1)),
    ...                  jnp.ones((3, 3, 1, 1)))[0, :3, 0, 0].tolist()
    [4.0, 6.0, 6.0]
  """
  t, h, w, _ = x.shape
  if h < _LEAST:
    return _convolve(upsample(x), kernel, ((1, 1), (1, 1)))
  fold = jnp.asarray(_FOLD, kernel.dtype)
  kernels = jnp.einsum("api,bqj,ijcd->abpqcd", fold, fold, kernel)
  rows = [
      jnp.stack([
          _convolve(x, kernels[a, b], ((1 - a, a), (1 - b, b))) for b in (0, 1)
      ], 3) for a in (0, 1)
  ]
  return jnp.stack(rows, 2).reshape(t, 2 * h, 2 * w, -1)


class JoinedConv(nnx.Module):
  """A convolution of two inputs' channels, the second one the same for all T.

  Equal to convolving the concatenation, but the second input's part is computed
  once instead of T times.

  Args:
    size_in: channels of both.
    size_out: channels.
    kernel: height and width of the kernel.
    stride: between outputs.
    dilation: of the input, 2 for doubling the resolution.
    padding: zeros on every side.
    doubled: whether the first input is convolved at twice its resolution, see
      `convolve_doubled`: for a kernel of 3, without stride and dilation.
    rngs: for the parameters.
  """

  def __init__(self,
               size_in: int,
               size_out: int,
               *,
               kernel: int = 3,
               stride: int = 1,
               dilation: int = 1,
               padding: int = 1,
               doubled: bool = False,
               rngs: nnx.Rngs):
    init = nnx.initializers.lecun_normal()
    self.kernel = nnx.Param(
        init(rngs.params(), (kernel, kernel, size_in, size_out), jnp.float32))
    self.bias = nnx.Param(jnp.zeros(size_out, jnp.float32))
    self.stride, self.dilation, self.padding = stride, dilation, padding
    self.doubled = doubled

  def __call__(self, x: Array, constant: Array | None = None) -> Array:
    """Convolve.

    Args:
      x: `[T, H, W, C]`, all channels, or the first ones.
      constant: `[H, W, D]`, the other channels, or None; of twice that height
        and width if x is doubled.

    Returns:
      `[T, H', W', size_out]`.

    Raises:
      ValueError: if the channels do not add up.
    """
    kernel, shared = self.kernel[...], self.bias.reshape(1, 1, 1, -1)
    count = x.shape[-1] + (0 if constant is None else constant.shape[-1])
    if count != kernel.shape[2]:
      raise ValueError(f"{kernel.shape[2]} channels are needed: got {count}.")
    if constant is not None:
      rest = kernel[:, :, x.shape[-1]:]
      shared = shared + self._convolve(constant[None], rest)
    own = kernel[:, :, :x.shape[-1]]
    out = convolve_doubled(x, own) if self.doubled else self._convolve(x, own)
    return out + shared

  def _convolve(self, x: Array, kernel: Array) -> Array:
    return _convolve(x, kernel, ((self.padding,) * 2,) * 2, self.stride,
                     self.dilation)


def upconv(size_in: int, size_out: int, rngs: nnx.Rngs) -> JoinedConv:
  """Double the resolution, as torch's `ConvTranspose2d(in, out, 4, 2, 1)`.

  The kernel is that of the equivalent convolution: torch's, reversed in space.
  """
  return JoinedConv(size_in,
                    size_out,
                    kernel=4,
                    dilation=2,
                    padding=2,
                    rngs=rngs)


class FromVector(nnx.Module):
  """A vector to a small image: `ConvTranspose2d(in, out, size, 1, 0)` on 1 x 1.

  Args:
    size_in: length of the vector.
    size_out: channels.
    size: height and width.
    rngs: for the parameters.
  """

  def __init__(self, size_in: int, size_out: int, size: int, *, rngs: nnx.Rngs):
    init = nnx.initializers.lecun_normal()
    flat = init(rngs.params(), (size_in, size * size * size_out), jnp.float32)
    self.kernel = nnx.Param(flat.reshape(size_in, size, size, size_out))
    self.bias = nnx.Param(jnp.zeros(size_out, jnp.float32))

  def __call__(self, x: Array) -> Array:
    """Map `[T, size_in]` to `[T, size, size, size_out]`."""
    out = jnp.einsum("ti,ihwo->thwo", x, self.kernel[...])
    return out + self.bias.reshape(1, 1, 1, -1)


class ToVector(nnx.Module):
  """A small image to a vector: `Conv2d(in, out, size, 1, 0)` on size x size.

  Args:
    size_in: channels.
    size_out: length of the vector.
    size: height and width.
    rngs: for the parameters.
  """

  def __init__(self, size_in: int, size_out: int, size: int, *, rngs: nnx.Rngs):
    init = nnx.initializers.lecun_normal()
    flat = init(rngs.params(), (size * size * size_in, size_out), jnp.float32)
    self.kernel = nnx.Param(flat.reshape(size, size, size_in, size_out))
    self.bias = nnx.Param(jnp.zeros(size_out, jnp.float32))

  def __call__(self, x: Array) -> Array:
    """Map `[T, size, size, size_in]` to `[T, size_out]`."""
    out = jnp.einsum("thwi,hwio->to", x, self.kernel[...])
    return out + self.bias.reshape(1, -1)


def upsample(x: Array) -> Array:
  """Repeat every pixel four times: `[T, H, W, C]` to `[T, 2 H, 2 W, C]`."""
  t, h, w, c = x.shape
  wide = jnp.broadcast_to(x[:, :, None, :, None], (t, h, 2, w, 2, c))
  return wide.reshape(t, 2 * h, 2 * w, c)


def max_pool(x: Array) -> Array:
  """Pool the largest of four: `[T, H, W, C]` to `[T, H / 2, W / 2, C]`."""
  t, h, w, c = x.shape
  return jnp.max(x.reshape(t, h // 2, 2, w // 2, 2, c), axis=(2, 4))
