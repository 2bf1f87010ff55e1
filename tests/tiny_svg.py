"""A tiny video model, its frames and noise, for tests."""

import functools

import jax
import jax.numpy as jnp

from noether_jax import video
from noether_jax.video.backbones import Architecture

LENGTH, PAST, LATENT, SIZE = 5, 2, 3, 4
TINY = Architecture(SIZE, ((3, 3),))
CONFIG = video.SVGConfig(TINY,
                         channels=1,
                         code_size=6,
                         latent_size=LATENT,
                         hidden=8,
                         predictor_layers=1)


@functools.cache
def model(**changes):
  config = video.SVGConfig(**{**CONFIG.__dict__, **changes})
  return video.svg(jax.random.key(0), config)


def clip(seed=0, count=None, size=SIZE):
  shape = (LENGTH, size, size, 1)
  shape = shape if count is None else (count, *shape)
  return jax.random.uniform(jax.random.key(seed), shape, jnp.float32)


def normal(seed, shape):
  return jax.random.normal(jax.random.key(seed), shape, jnp.float32)


def noise(seed=1):
  return video.draw_noise(jax.random.key(seed), LENGTH, LATENT)
