"""Tailor predicted frames: residuals of a convolutional g, loss of SVG."""

from __future__ import annotations

from collections.abc import Callable
import dataclasses
from typing import Any

import jax
import jax.numpy as jnp

from noether_jax.tailoring.adaptation import Adapt
from noether_jax.tailoring.inner_loop import as_inner_loop
from noether_jax.tailoring.inner_loop import InnerLoop
from noether_jax.tailoring.query import tailored_predict
from noether_jax.tailoring.residuals import change_residuals
from noether_jax.tailoring.residuals import difference
from noether_jax.tailoring.residuals import Reference
from noether_jax.types import Array
from noether_jax.types import Key
from noether_jax.types import MetaParams
from noether_jax.types import Params
from noether_jax.types import PredictFn
from noether_jax.types import Prediction
from noether_jax.types import ResidualFn
from noether_jax.video.generation import Noise
from noether_jax.video.generation import Video
from noether_jax.video.recurrent import kl_divergence

MODULATION = {"modulation": True, "weights": False}


def draw_noise(key: Key,
               length: int,
               latent_size: int,
               dtype: Any = jnp.float32) -> Noise:
  """Draw the noise of one sequence's latents, for every pass over it.

  Args:
    key: consumed.
    length: T, frames of the sequence.
    latent_size: Z.
    dtype: of the frames.

  Returns:
    `Noise`, `[T-1, Z]` each.

  Example:
    >>> draw_noise(jax.random.key(0), 5, 2).prior.shape
    (4, 2)
  """
  prior, posterior = jax.random.normal(key, (2, length - 1, latent_size), dtype)
  return Noise(prior, posterior)


def mean_difference(before: Array, after: Array) -> Array:
  """Return residuals whose squares sum to the mean squared difference over K.

  Args:
    before: `[..., K]`.
    after: `[..., K]`.

  Returns:
    `[..., K]`.
  """
  return difference(before, after) / before.shape[-1]**0.5


# Written out as in tailoring.residuals, because **kwargs would hide a typo.
def frame_residuals(
    embedding: Callable[[Params, Array], Array],
    params: Params,
    x: Any,
    video: Video,
    *,
    reference: Reference = "previous",
    distance: Callable[[Array, Array], Array] = mean_difference,
) -> Array:
  """Return how a convolutional g changes along a sequence.

  The given frames count too: g must be the same before and after them.

  Args:
    embedding: `(params, frames [T, H, W, C]) -> [N, K]`, see
      `video.frame_embedding`.
    params: of it.
    x: the query; not used.
    video: the prediction.
    reference: "first", "previous" (the published choice) or "both".
    distance: `(before, after) -> residual`, for instance
      `tailoring.cosine`.

  Returns:
    `[N-1, K]` (twice as many for "both"): with `mean_difference` squares sum to
    mean squared differences over K, summed over time.

  Raises:
    ValueError: if g sees the sequence only once.
  """
  del x
  values = embedding(params, video.frames)
  if len(values) < 2:
    raise ValueError("nothing can change: g sees a sequence of "
                     f"{len(video.frames)} frames {len(values)} times.")
  return change_residuals(values[0],
                          values[1:],
                          reference=reference,
                          distance=distance)


def svg_loss(video: Video, frames: Array, *, kl_weight: float = 1e-4) -> Array:
  """Return SVG's training loss of one sequence.

    sum_t mean((predicted_t - true_t)^2) + kl_weight sum_t KL(q_t || p_t)

  Args:
    video: the prediction.
    frames: `[T, H, W, C]`, the true sequence.
    kl_weight: weight of the divergence between posterior and prior.

  Returns:
    Scalar `[]`.

  Raises:
    ValueError: if the shapes differ, or the model was given too few frames for
      a posterior of each.
  """
  if video.posterior.mean.shape != video.prior.mean.shape:
    raise ValueError("the divergence needs the posterior of every frame: pass "
                     "all true frames to the model.")
  if video.frames.shape != frames.shape:
    raise ValueError("the prediction and the frames must have one shape: got "
                     f"{video.frames.shape} and {frames.shape}.")
  error = jnp.mean((video.frames - frames)**2, axis=(1, 2, 3))
  divergence = kl_divergence(video.posterior, video.prior)
  return jnp.sum(error) + kl_weight * jnp.sum(divergence)


def restarted(theta: Params) -> Params:
  """Return the parameters; no gradient passes through their modulation.

  Args:
    theta: `VideoModel.params`.

  Returns:
    The same values.
  """
  return {**theta, "modulation": jax.lax.stop_gradient(theta["modulation"])}


def tailored_video(params: MetaParams,
                   x: Any,
                   key: Key,
                   *,
                   predict_fn: PredictFn,
                   conserved_fn: Callable[[Params, Array], Array],
                   optimizer: Any | InnerLoop,
                   adapt: Adapt | None = None,
                   residual_fn: ResidualFn = frame_residuals) -> Prediction:
  """Call `tailored_predict` for video: only the modulation adapts.

  The modulation restarts from its value in `params`, the identity, and no outer
  gradient reaches it. On a CPU, make several inner steps as calls of one step,
  each with the parameters of the last: convolutions in a compiled loop of steps
  take many times as long.

  Args:
    params: `VideoModel.params`, and those of the embedding.
    x: one query, whatever `predict_fn` takes.
    key: see `tailored_predict`.
    predict_fn: `(params, x, key) -> Video`.
    conserved_fn: the embedding, see `video.frame_embedding`.
    optimizer: inner optimizer, any optax transformation or `gauss_newton()`;
      or an `InnerLoop`, which holds the number of steps and the other settings.
    adapt: which leaves adapt, None for the modulation;
      `by_path("modulation/decoder")` for the decoder's alone.
    residual_fn: what is to vanish; by default the change of g from frame to
      frame.

  Returns:
    `Prediction`, its value a `Video`.

  Raises:
    TypeError: see `tailor`.
    ValueError: see `tailor`; or if `adapt` is given beside an `InnerLoop`.

  Example:
    >>> import optax
    >>> from noether_jax.tailoring.inner_loop import InnerLoop
    >>> def predict(theta, x, key):        # The second frame, scaled.
    ...   frames = jnp.stack([x, theta["modulation"] * theta["weights"] * x])
    ...   return Video(frames, None, None)
    >>> brightness = lambda _, frames: frames.mean((1, 2))
    >>> theta = {"modulation": jnp.ones(()), "weights": jnp.full((), 2.)}
    >>> out = tailored_video(MetaParams(theta), jnp.ones((4, 4, 1)), None,
    ...                      predict_fn=predict, conserved_fn=brightness,
    ...                      optimizer=InnerLoop(optax.sgd(.1), num_steps=9))
    >>> round(float(out.adapted["modulation"]), 2), out.adapted["weights"]
    (0.5, None)
  """
  inner = as_inner_loop(optimizer, {"adapt": adapt})
  if inner.adapt is None:
    inner = dataclasses.replace(inner, adapt=MODULATION)
  return tailored_predict(
      params._replace(predictor=restarted(params.predictor)),
      x,
      key,
      predict_fn=predict_fn,
      conserved_fn=conserved_fn,
      optimizer=inner,
      residual_fn=residual_fn)
