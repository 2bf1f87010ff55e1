"""A compact frame predictor in JAX and in PyTorch with `higher`.

Both have the same weights and the same per-example modulation, as CNGrad has
it: scale and shift of every channel after a norm over one frame. One inner SGD
step on them, then the outer gradient. As in the library, and not in PyTorch,
doubled images are convolved at the lower resolution.
"""

from __future__ import annotations

from collections.abc import Callable
import functools
import importlib
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from noether_jax import MetaParams
from noether_jax import video
from noether_jax.video import Video
from noether_jax.video.convolutions import convolve_doubled
from noether_jax.video.modulation import EPSILON

# Channels before and after, stride, and whether (2) or not (1) it is doubled.
LAYERS = ((3, 16, 2, 1), (16, 32, 2, 1), (32, 16, 1, 2), (16, 3, 1, 2))
INNER_RATE = 0.5
QUANTITIES = 8
FILTERS = 8


def parameters(size: int) -> MetaParams:
  """Random parameters for frames of a size, in single precision."""
  random = np.random.default_rng(0)
  draw = lambda *shape: jnp.asarray(
      random.normal(size=shape) / np.sqrt(np.prod(shape[:-1])), jnp.float32)
  weights = [{
      "kernel": draw(3, 3, before, after),
      "bias": draw(after) / 10
  } for before, after, _, _ in LAYERS]
  modulation = [{
      "scale": jnp.ones(after, jnp.float32),
      "shift": jnp.zeros(after, jnp.float32)
  } for _, after, _, _ in LAYERS[:-1]]
  phi = {
      "kernel": draw(5, 5, 6, FILTERS),
      "output": draw((size // 2)**2 * FILTERS, QUANTITIES)
  }
  return MetaParams({"weights": weights, "modulation": modulation}, phi)


def _convolve(x: jax.Array, kernel: jax.Array, stride: int) -> jax.Array:
  pad = kernel.shape[0] // 2
  return jax.lax.conv_general_dilated(x,
                                      kernel, (stride,) * 2, ((pad, pad),) * 2,
                                      dimension_numbers=("NHWC", "HWIO",
                                                         "NHWC"))


def _predict(theta: Any, frames: jax.Array, key: jax.Array) -> Video:
  """Every frame from the one before it."""
  del key
  x = frames[:-1]
  for i, (weight, (_, _, stride,
                   times)) in enumerate(zip(theta["weights"], LAYERS)):
    x = convolve_doubled(x, weight["kernel"]) if times == 2 else _convolve(
        x, weight["kernel"], stride)
    x = x + weight["bias"].reshape(1, 1, 1, -1)
    if i == len(LAYERS) - 1:
      break
    mean = jnp.mean(x, axis=(1, 2, 3), keepdims=True)
    variance = jnp.var(x, axis=(1, 2, 3), keepdims=True)
    own = theta["modulation"][i]
    x = (x - mean) * jax.lax.rsqrt(variance + EPSILON)
    x = jax.nn.leaky_relu(
        x * own["scale"].reshape(1, 1, 1, -1) +
        own["shift"].reshape(1, 1, 1, -1), 0.2)
  return Video(jnp.concatenate([frames[:1], jax.nn.sigmoid(x)]), None, None)


def _conserved(phi: Any, frames: jax.Array) -> jax.Array:
  pairs = jnp.concatenate([frames[:-1], frames[1:]], axis=-1)
  x = jax.nn.relu(_convolve(pairs, phi["kernel"], 1))
  t, h, w, c = x.shape
  x = x.reshape(t, h // 2, 2, w // 2, 2, c).mean(axis=(2, 4))
  return x.reshape(t, -1) @ phi["output"]


def jax_call(params: MetaParams, frames: jax.Array) -> Callable[[], Any]:
  """A call that returns the outer gradient in JAX.

  Args:
    params: from `parameters`.
    frames: `[B, T, H, W, 3]`.

  Returns:
    `() -> (gradient of the weights, gradient of phi)`.
  """
  tailored = functools.partial(video.tailored_video,
                               predict_fn=_predict,
                               conserved_fn=_conserved,
                               optimizer=optax.sgd(INNER_RATE))

  def loss(params: MetaParams, frames: jax.Array) -> jax.Array:
    out = jax.vmap(lambda x: tailored(params, x, None).value.frames)(frames)
    return jnp.mean((out - frames)**2)

  step = jax.jit(jax.grad(loss))

  def call() -> Any:
    gradient = jax.block_until_ready(step(params, frames))
    return gradient.predictor["weights"], gradient.conserved

  return call


def peer() -> Any:
  """The module with the PyTorch side; an ImportError names its extra."""
  return importlib.import_module("benchmarks.torch_video")


def torch_call(params: MetaParams, frames: jax.Array) -> Callable[[], Any]:
  """The same with PyTorch and `higher`, batched as CNGrad is.

  Args:
    params: from `parameters`.
    frames: `[B, T, H, W, 3]`.

  Returns:
    `() -> (gradient of the weights, gradient of phi)`, in JAX's layouts.

  Raises:
    ImportError: if the extra `peers` is missing.
  """
  return peer().call(jax.tree.map(np.asarray, params), np.asarray(frames),
                     LAYERS, INNER_RATE, EPSILON)
