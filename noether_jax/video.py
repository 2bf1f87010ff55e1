"""Tailoring of predicted frames: a convolutional g's residuals, SVG's loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from noether_jax.conservation import change_residuals
from noether_jax.conservation import difference
from noether_jax.conservation import Reference
from noether_jax.networks.recurrent import kl_divergence
from noether_jax.networks.svg import Noise
from noether_jax.networks.svg import Video
from noether_jax.types import Array, Key, Params


def draw_noise(key: Key, length: int, latent_size: int) -> Noise:
  """The noise of one sequence's latents, for every pass over it.

  Args:
    key: consumed.
    length: T, frames of the sequence.
    latent_size: Z.

  Returns:
    `Noise`, `[T-1, Z]` each.

  Example:
    >>> draw_noise(jax.random.key(0), 5, 2).prior.shape
    (4, 2)
  """
  prior, posterior = jax.random.normal(key, (2, length - 1, latent_size))
  return Noise(prior, posterior)


def frame_residuals(
    embedding: Callable[[Params, Array], Array],
    params: Params,
    x: Any,
    video: Video,
    *,
    reference: Reference = "previous",
    distance: Callable[[Array, Array], Array] = difference,
) -> Array:
  """Changes of what a convolutional g sees in a sequence.

  The given frames count, too: g must be the same before and after them.

  Args:
    embedding: `(params, frames [T, H, W, C]) -> [N, K]`, see
      `networks.frame_embedding`.
    params: of it.
    x: the query; not used.
    video: the prediction.
    reference: "first", "previous" (the published choice) or "both".
    distance: `(before, after) -> residual`.

  Returns:
    `[N-1, K]` (twice as many for "both"), divided by the root of K: squares sum
    to mean squared differences over K, summed over time.
  """
  del x
  values = embedding(params, video.frames)
  changes = change_residuals(values[0],
                             values[1:],
                             reference=reference,
                             distance=distance)
  return changes / jnp.sqrt(jnp.asarray(values.shape[-1], values.dtype))


def svg_loss(video: Video, frames: Array, *, kl_weight: float = 1e-4) -> Array:
  """SVG's training loss of one sequence.

    sum_t mean((predicted_t - true_t)^2) + kl_weight sum_t KL(q_t || p_t)

  Args:
    video: the prediction.
    frames: `[T, H, W, C]`, the true sequence.
    kl_weight: weight of the divergence between posterior and prior.

  Returns:
    Scalar `[]`.

  Raises:
    ValueError: if the shapes differ.
  """
  if video.frames.shape != frames.shape:
    raise ValueError("the prediction and the frames must have one shape: got "
                     f"{video.frames.shape} and {frames.shape}.")
  error = jnp.mean((video.frames - frames)**2, axis=(1, 2, 3))
  divergence = kl_divergence(video.posterior, video.prior)
  return jnp.sum(error) + kl_weight * jnp.sum(divergence)
