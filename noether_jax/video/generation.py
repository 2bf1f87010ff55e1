"""Stochastic video generation whose normalisation can be tailored.

SVG-LP predicts the code of the next frame from the last one's and a latent,
whose prior is learned. Everything here is for ONE sequence; `jax.vmap` gives
each its own modulation while the convolutions are shared.

Reference:
  Denton and Fergus, Stochastic Video Generation with a Learned Prior, ICML
  2018; Alet et al., Noether Networks, NeurIPS 2021, appendix.
"""

from __future__ import annotations

import dataclasses
from typing import Any, NamedTuple

from flax import nnx
import jax
import jax.numpy as jnp

from noether_jax.types import Array
from noether_jax.video.backbones import Architecture
from noether_jax.video.backbones import architecture
from noether_jax.video.backbones import Decoder
from noether_jax.video.backbones import Encoder
from noether_jax.video.recurrent import CodePredictor
from noether_jax.video.recurrent import Gaussian
from noether_jax.video.recurrent import LatentGaussian


class Video(NamedTuple):
  """A predicted sequence.

  Attributes:
    frames: `[T, H, W, C]`, the given frames, then the predicted ones.
    posterior: of the latents of steps 1 .. T-1, `[T-1, Z]`; of fewer steps
      where the model was given fewer frames.
    prior: the same, of all steps.
  """
  frames: Array
  posterior: Gaussian
  prior: Gaussian


class Noise(NamedTuple):
  """Standard normal noise, drawn once per sequence and used in every pass.

  Attributes:
    prior: `[T-1, Z]`.
    posterior: `[T-1, Z]`.
  """
  prior: Array
  posterior: Array


@dataclasses.dataclass(frozen=True)
class SVGConfig:
  """Sizes of the model; the defaults are the published ones.

  Attributes:
    backbone: "vgg_64", "vgg_128", "dcgan_64", "small_32", or an
      `Architecture`.
    channels: of a frame.
    code_size: of a frame's code.
    latent_size: Z.
    hidden: of every LSTM cell.
    predictor_layers: LSTM cells of the predictor.
    prior_layers: of prior and posterior.
    actions: length of an action, 0 for none.
    remat: whether the decoder's activations are computed again for gradients.
  """
  backbone: str | Architecture = "vgg_64"
  channels: int = 3
  code_size: int = 128
  latent_size: int = 64
  hidden: int = 256
  predictor_layers: int = 2
  prior_layers: int = 1
  actions: int = 0
  remat: bool = False


class SVG(nnx.Module):
  """Encoder, decoder, predictor, prior and posterior.

  Args:
    config: sizes.
    rngs: for the parameters.
  """

  def __init__(self, config: SVGConfig, *, rngs: nnx.Rngs):
    shape = architecture(config.backbone)
    code, latent = config.code_size, config.latent_size
    self.encoder = Encoder(shape, config.channels, code, rngs=rngs)
    self.decoder = Decoder(shape,
                           config.channels,
                           code,
                           rngs=rngs,
                           remat=config.remat)
    self.predictor = CodePredictor(code + latent + config.actions,
                                   code,
                                   config.hidden,
                                   config.predictor_layers,
                                   rngs=rngs)
    self.prior = LatentGaussian(code,
                                latent,
                                config.hidden,
                                config.prior_layers,
                                rngs=rngs)
    self.posterior = LatentGaussian(code,
                                    latent,
                                    config.hidden,
                                    config.prior_layers,
                                    rngs=rngs)


def _latents(network: LatentGaussian, codes: Array) -> Gaussian:
  return network.read(network.along(network.start(codes.dtype), codes)[1])


def _details(skips: list[Array], num_past: int) -> list[Array]:
  """Return the skip connections of the last frame before a given one."""
  return [level[max(num_past - 2, 0)] for level in skips]


def _part(actions: Array | None, which: slice) -> Array | None:
  return None if actions is None else actions[which]


def _inputs(codes: Array, latents: Array, actions: Array | None) -> Array:
  parts = [codes, latents] + ([] if actions is None else [actions])
  return jnp.concatenate(parts, axis=-1)


def teacher_forced(model: SVG,
                   frames: Array,
                   noise: Noise,
                   *,
                   num_past: int,
                   actions: Array | None = None) -> Video:
  """Predict each frame from the true ones before it.

  Every frame is encoded once, all together; latents are the posterior's. Skip
  connections are those of frame P - 2 (the only one for P = 1), as in the
  published code.

  Args:
    model: the network.
    frames: `[T, H, W, C]` in [0, 1].
    noise: of the latents.
    num_past: frames P that are given; those after them are predicted.
    actions: `[T-1, A]`, between frames, if the model takes any.

  Returns:
    A `Video`.
  """
  codes, skips = model.encoder(frames)
  posterior = _latents(model.posterior, codes[1:])
  prior = _latents(model.prior, codes[:-1])
  inputs = _inputs(codes[:-1], posterior.sample(noise.posterior), actions)
  _, hidden = model.predictor.along(model.predictor.start(codes.dtype), inputs)
  predicted = model.decoder(model.predictor.read(hidden[num_past - 1:]),
                            _details(skips, num_past))
  return Video(jnp.concatenate([frames[:num_past], predicted]), posterior,
               prior)


def generated(model: SVG,
              frames: Array,
              noise: Noise,
              *,
              num_past: int,
              actions: Array | None = None,
              unroll: int | bool = 1) -> Video:
  """Predict frames from the given ones and from its own predictions.

  Latents come from the prior; between given frames, from the posterior.

  Args:
    model: the network.
    frames: the P given frames `[P, H, W, C]` in [0, 1]; further ones do not
      influence the prediction, only the posterior that is returned.
    noise: of the latents; its length T-1 says how many frames are predicted.
    num_past: P.
    actions: `[T-1, A]`, between frames, if the model takes any.
    unroll: steps that are compiled as one, True for all: convolutions in a loop
      are slow on a CPU, and long programs are slow to compile.

  Returns:
    A `Video`; its posterior is that of the frames that were passed.
  """
  codes, skips = model.encoder(frames)
  details = _details(skips, num_past)
  posterior = _latents(model.posterior, codes[1:])
  given = num_past - 1
  prior_carry, hidden = model.prior.along(model.prior.start(codes.dtype),
                                          codes[:given])
  early = model.prior.read(hidden)
  between = jax.tree.map(lambda leaf: leaf[:given], posterior)
  samples = between.sample(noise.posterior[:given])
  carry, _ = model.predictor.along(
      model.predictor.start(codes.dtype),
      _inputs(codes[:given], samples, _part(actions, slice(given))))

  def step(state: Any, inputs: Any) -> Any:
    carry, prior_carry, code = state
    eps, action = inputs
    prior_carry, hidden = model.prior.step(prior_carry, code)
    prior = model.prior.read(hidden)
    carry, hidden = model.predictor.step(
        carry, _inputs(code, prior.sample(eps), action))
    frame = model.decoder(model.predictor.read(hidden)[None], details)
    return (carry, prior_carry, model.encoder(frame)[0][0]), (frame[0], prior)

  rest = slice(given, None)
  _, (predicted, late) = jax.lax.scan(step, (carry, prior_carry, codes[given]),
                                      (noise.prior[rest], _part(actions, rest)),
                                      unroll=unroll)
  prior = jax.tree.map(lambda *parts: jnp.concatenate(parts), early, late)
  return Video(jnp.concatenate([frames[:num_past], predicted]), posterior,
               prior)
