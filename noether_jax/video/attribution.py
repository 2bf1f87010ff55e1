"""Show what a convolutional g looks at: principal components and Grad-CAM."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp

from noether_jax.types import Array
from noether_jax.types import Params
from noether_jax.video.embedding import FrameNet


class Components(NamedTuple):
  """The directions in which values vary most.

  Attributes:
    mean: `[K]`.
    directions: `[C, K]`, orthonormal, the strongest first.
    shares: `[C]` of the total variance.
  """
  mean: Array
  directions: Array
  shares: Array

  def scores(self, values: Array) -> Array:
    """Map `[..., K]` to coordinates `[..., C]`."""
    return (values -
            jnp.broadcast_to(self.mean, values.shape)) @ self.directions.T


def principal_components(values: Array, count: int) -> Components:
  """Return the leading principal components of the values of g.

  The sign of a direction is such that its largest entry is positive.

  Args:
    values: `[N, K]`.
    count: C, at most K and N.

  Returns:
    `Components`.

  Raises:
    ValueError: if there are fewer directions than that.

  Example:
    >>> line = jnp.arange(4.)[:, None] * jnp.array([3., 4.])
    >>> found = principal_components(line, 1)
    >>> [round(float(v), 3) for v in (*found.directions[0], *found.shares)]
    [0.6, 0.8, 1.0]
  """
  if values.ndim != 2 or not 1 <= count <= min(values.shape):
    raise ValueError("`values` must be [N, K] and `count` at most both: got "
                     f"{values.shape} and {count}.")
  mean = jnp.mean(values, axis=0)
  _, size, rows = jnp.linalg.svd(values - mean[None], full_matrices=False)
  largest = jnp.take_along_axis(rows,
                                jnp.argmax(jnp.abs(rows), axis=1)[:, None],
                                axis=1)
  total = jnp.sum(size**2) + jnp.finfo(values.dtype).tiny
  return Components(mean, (rows * jnp.sign(largest))[:count],
                    (size**2 / total)[:count])


def class_activation(read: Callable[[Array], Array], maps: Array) -> Array:
  """Return Grad-CAM of a scalar function of feature maps.

    relu(sum_f mean_hw(d read / d maps_f) maps_f)

  Args:
    read: `maps [h, w, F] -> []`.
    maps: `[h, w, F]`.

  Returns:
    `[h, w]`, not negative, in units of the scalar per pixel of the map.

  Example:
    >>> maps = jnp.zeros((2, 2, 2)).at[0, 1, 0].set(3.).at[1, 1, 1].set(5.)
    >>> class_activation(lambda m: m[..., 0].sum() - m[..., 1].sum(),
    ...                  maps).tolist()
    [[0.0, 3.0], [0.0, 0.0]]

  Reference:
    Selvaraju et al., Grad-CAM: visual explanations from deep networks via
    gradient-based localization, ICCV 2017.
  """
  weights = jnp.mean(jax.grad(read)(maps), axis=(0, 1))
  return jax.nn.relu(maps @ weights)


def grad_cam(net: FrameNet, params: Params, frames: Array,
             direction: Array) -> Array:
  """Return where g looks for one direction of its values, frame by frame.

  Args:
    net: from `video.frame_embedding`.
    params: of it.
    frames: `[T, H, W, C]`.
    direction: `[K]`, for instance a principal component.

  Returns:
    `[N, H, W]` for the N windows of frames that g sees, interpolated linearly
    from the last convolution's map.

  Raises:
    ValueError: if the direction does not fit g.

  Example:
    >>> from noether_jax.video.embedding import frame_embedding
    >>> net = frame_embedding(jax.random.key(0), 8, filters=(2, 2),
    ...                       num_quantities=3)
    >>> frames = jax.random.uniform(jax.random.key(1), (4, 8, 8, 3))
    >>> grad_cam(net, net.params, frames, jnp.array([1., 0., 0.])).shape
    (3, 8, 8)
  """
  maps = net.maps(params, frames)
  size = jax.eval_shape(net.read, params, maps).shape[1]
  if direction.shape != (size,):
    raise ValueError(f"`direction` must be [{size}], as g's values: got "
                     f"{direction.shape}.")
  one = lambda m: class_activation(
      lambda own: net.read(params, own[None])[0] @ direction, m)
  heat = jax.vmap(one)(maps)
  return jax.image.resize(heat, (len(heat), *frames.shape[1:3]), "linear")
