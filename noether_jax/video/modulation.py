"""Conditional normalisation: tailoring adapts it in a convolutional network.

Every example has its own scale and shift of every channel, so that a batch is
tailored in parallel although its convolutions are shared (CNGrad).
"""

from __future__ import annotations

from collections.abc import Callable

from flax import nnx
import jax
import jax.numpy as jnp

from noether_jax.types import Array

Activation = Callable[[Array], Array]
EPSILON = 1e-5


class Modulation(nnx.Variable):
  """A scale or a shift that an inner step adapts; no outer step trains it."""


def leaky(x: Array) -> Array:
  """Apply the leaky rectifier of SVG, slope 0.2."""
  return jax.nn.leaky_relu(x, 0.2)


class ConditionalNorm(nnx.Module):
  """Normalise one example's channels together, then scale and shift each.

  The norm is a group norm with one group: it sees no other example. Its own
  scale and shift are parameters; a second pair begins at the identity and is of
  type `Modulation`.

  Args:
    channels: C.
    rngs: for the parameters.
  """

  def __init__(self, channels: int, *, rngs: nnx.Rngs):
    self.norm = nnx.GroupNorm(channels,
                              num_groups=1,
                              epsilon=EPSILON,
                              use_fast_variance=False,
                              rngs=rngs)
    self.scale = Modulation(jnp.ones(channels, jnp.float32))
    self.shift = Modulation(jnp.zeros(channels, jnp.float32))

  def __call__(self, x: Array) -> Array:
    """Map `[T, H, W, C]` to the same shape."""
    shape = (1,) * (x.ndim - 1) + (-1,)
    return self.norm(x) * self.scale.reshape(shape) + self.shift.reshape(shape)


class Normed(nnx.Module):
  """A layer, conditional normalisation, and an activation.

  Args:
    layer: to `[T, H, W, channels]`.
    channels: C.
    activation: after it.
    rngs: for the parameters.
  """

  def __init__(self,
               layer: nnx.Module,
               channels: int,
               *,
               activation: Activation = leaky,
               rngs: nnx.Rngs):
    self.layer = layer
    self.norm = ConditionalNorm(channels, rngs=rngs)
    self.activation = activation

  def __call__(self, *inputs: Array | None) -> Array:
    out = self.layer(*inputs)  # type: ignore[operator]
    return self.activation(self.norm(out))
