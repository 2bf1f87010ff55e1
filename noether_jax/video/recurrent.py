"""Recurrent networks of SVG, for codes and for distributions of latents."""

from __future__ import annotations

from typing import NamedTuple

from flax import nnx
import jax
import jax.numpy as jnp

from noether_jax.types import Array

Carry = tuple[tuple[Array, Array], ...]


class Gaussian(NamedTuple):
  """Independent normal distributions.

  Attributes:
    mean: `[..., Z]`.
    log_variance: `[..., Z]`.
  """
  mean: Array
  log_variance: Array

  def sample(self, noise: Array) -> Array:
    """Return a sample `[..., Z]` from standard normal noise `[..., Z]`."""
    return self.mean + jnp.exp(0.5 * self.log_variance) * noise


def kl_divergence(first: Gaussian, second: Gaussian) -> Array:
  """Return KL(first || second) of each component, in nats.

  Args:
    first: `[..., Z]`.
    second: `[..., Z]`.

  Returns:
    `[..., Z]`.

  Example:
    >>> one = Gaussian(jnp.zeros(1), jnp.zeros(1))
    >>> kl_divergence(one, one._replace(mean=jnp.ones(1))).tolist()
    [0.5]
  """
  difference = second.log_variance - first.log_variance
  square = (first.mean - second.mean)**2
  return 0.5 * (difference - 1 + jnp.exp(-difference) +
                square * jnp.exp(-second.log_variance))


class Recurrent(nnx.Module):
  """A linear map, LSTM cells on top of each other, and one or more read-outs.

  Args:
    size_in: of an input.
    hidden: of each cell.
    layers: number of cells.
    rngs: for the parameters.
  """

  def __init__(self, size_in: int, hidden: int, layers: int, *, rngs: nnx.Rngs):
    self.hidden = hidden
    self.embed = nnx.Linear(size_in, hidden, rngs=rngs)
    self.cells = nnx.List([
        nnx.OptimizedLSTMCell(hidden, hidden, rngs=rngs) for _ in range(layers)
    ])

  def start(self, dtype: jnp.dtype) -> Carry:
    """Return the carry before the first step: zeros."""
    zero = jnp.zeros(self.hidden, dtype)
    return tuple((zero, zero) for _ in self.cells)

  def step(self, carry: Carry, x: Array) -> tuple[Carry, Array]:
    """Make one step: `(carry, input [size_in]) -> (carry, [hidden])`."""
    out, new = self.embed(x), []
    for cell, old in zip(self.cells, carry):
      state, out = cell(old, out)
      new.append(state)
    return tuple(new), out

  def along(self, carry: Carry, inputs: Array) -> tuple[Carry, Array]:
    """Make all steps of `[T, size_in]`; return the carry and `[T, hidden]`."""
    return jax.lax.scan(self.step, carry, inputs)


class CodePredictor(Recurrent):
  """The next frame's code from the last one's, a latent and an action."""

  def __init__(self, size_in: int, size_out: int, hidden: int, layers: int, *,
               rngs: nnx.Rngs):
    super().__init__(size_in, hidden, layers, rngs=rngs)
    self.output = nnx.Linear(hidden, size_out, rngs=rngs)

  def read(self, hidden: Array) -> Array:
    """Map `[..., hidden]` to a code `[..., size_out]` in (-1, 1)."""
    return jnp.tanh(self.output(hidden))


class LatentGaussian(Recurrent):
  """The distribution of a latent, from the codes so far."""

  def __init__(self, size_in: int, size_out: int, hidden: int, layers: int, *,
               rngs: nnx.Rngs):
    super().__init__(size_in, hidden, layers, rngs=rngs)
    self.mean = nnx.Linear(hidden, size_out, rngs=rngs)
    self.log_variance = nnx.Linear(hidden, size_out, rngs=rngs)

  def read(self, hidden: Array) -> Gaussian:
    """Map `[..., hidden]` to `[..., size_out]`."""
    return Gaussian(self.mean(hidden), self.log_variance(hidden))
