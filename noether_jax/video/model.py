"""Stochastic video generation as pure functions of parameters."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flax import nnx
import jax
import jax.numpy as jnp

from noether_jax.types import Array
from noether_jax.types import Key
from noether_jax.types import Params
from noether_jax.video.backbones import architecture
from noether_jax.video.generation import generated
from noether_jax.video.generation import Noise
from noether_jax.video.generation import SVG
from noether_jax.video.generation import SVGConfig
from noether_jax.video.generation import teacher_forced
from noether_jax.video.generation import Video
from noether_jax.video.modulation import Modulation


def _check(config: SVGConfig, frames: Array, noise: Noise, num_past: int,
           actions: Array | None, count: int) -> None:
  """Raise a ValueError where shapes would be broadcast or cut silently."""
  size = architecture(config.backbone).size
  shape, steps = (size, size, config.channels), len(noise.prior)
  if frames.ndim != 4 or frames.shape[1:] != shape or not jnp.issubdtype(
      frames.dtype, jnp.floating):
    raise ValueError(f"`frames` must be [T, {', '.join(map(str, shape))}] in "
                     f"[0, 1]: got {frames.dtype}{list(frames.shape)}.")
  if not 1 <= num_past <= min(len(frames), steps) or len(frames) < count:
    raise ValueError("`num_past` must lie between 1 and the number of frames "
                     f"given, and of steps ({steps}): got {num_past} for "
                     f"{len(frames)} frames.")
  wanted = (steps, config.latent_size)
  if noise.prior.shape != wanted or noise.posterior.shape != wanted or len(
      frames) > steps + 1:
    raise ValueError(f"`noise` must be [T-1, {config.latent_size}] for T "
                     f"frames in all: got {noise.prior.shape} and "
                     f"{noise.posterior.shape} for {len(frames)}.")
  kinds = {leaf.dtype for leaf in (frames, *noise)}
  if len(kinds) > 1:
    raise ValueError(f"frames and noise must have one dtype: got {kinds}.")
  shapes = None if actions is None else actions.shape
  if shapes != ((steps, config.actions) if config.actions else None):
    raise ValueError(f"the model takes actions [{steps}, {config.actions}]: "
                     f"got {shapes}.")


class VideoModel(NamedTuple):
  """Pure functions of an SVG model, and its parameters.

  Attributes:
    teacher_forced: `(params, frames, noise, *, num_past, actions) -> Video`,
      see `svg.teacher_forced`; a ValueError for shapes that do not fit.
    generated: `(params, frames, noise, *, num_past, actions, unroll) -> Video`,
      see `svg.generated`; the same.
    params: {"modulation": what tailoring adapts, "weights": all else}.
    config: the sizes.
  """
  teacher_forced: Callable[..., Video]
  generated: Callable[..., Video]
  params: Params
  config: SVGConfig


def _split(model: SVG) -> tuple[Callable[[Params], SVG], Params]:
  """Return what fills the network with parameters, and its own parameters."""
  graph, *states = nnx.split(model, Modulation, nnx.Param)
  trees = [jax.tree.structure(state) for state in states]
  names = ("modulation", "weights")

  def merged(params: Params) -> SVG:
    leaves = [jax.tree.leaves(params[name]) for name in names]
    return nnx.merge(graph, *map(jax.tree.unflatten, trees, leaves))

  return merged, dict(zip(names, map(nnx.to_pure_dict, states)))


def svg(key: Key, config: SVGConfig = SVGConfig()) -> VideoModel:
  """Return stochastic video generation as pure functions of one sequence.

  Args:
    key: consumed by the initialisation.
    config: sizes.

  Returns:
    A `VideoModel`. Tailor with `adapt={"modulation": True, "weights": False}`;
    `by_path("modulation/decoder")` adapts the decoder's only, True everything.

  Raises:
    ValueError: if there is no such backbone.

  Example:
    >>> from noether_jax.video.prediction import draw_noise
    >>> model = svg(jax.random.key(0), SVGConfig("small_32", hidden=8))
    >>> frames = jnp.zeros((2, 32, 32, 3), jnp.float32)
    >>> video = model.generated(model.params, frames,
    ...                         draw_noise(jax.random.key(1), 4, 64),
    ...                         num_past=2)
    >>> video.frames.shape
    (4, 32, 32, 3)
  """
  merged, params = _split(SVG(config, rngs=nnx.Rngs(key)))

  def forced(params: Params,
             frames: Array,
             noise: Noise,
             *,
             num_past: int,
             actions: Array | None = None) -> Video:
    _check(config, frames, noise, num_past, actions, len(noise.prior) + 1)
    return teacher_forced(merged(params),
                          frames,
                          noise,
                          num_past=num_past,
                          actions=actions)

  def free(params: Params,
           frames: Array,
           noise: Noise,
           *,
           num_past: int,
           actions: Array | None = None,
           unroll: int | bool = 1) -> Video:
    _check(config, frames, noise, num_past, actions, num_past)
    return generated(merged(params),
                     frames,
                     noise,
                     num_past=num_past,
                     actions=actions,
                     unroll=unroll)

  return VideoModel(forced, free, params, config)
