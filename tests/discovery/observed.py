"""Samples and orbits, made by hand."""

import numpy as np

from noether_jax.data.columns import parse_columns
from noether_jax.data.trajectories import Trajectories
from noether_jax.discovery.samples import Samples
from noether_jax.discovery.split import Split
from noether_jax.symbolic.noise import StateNoise


def samples(states, columns, sigma=None, raw=None, times=None, constants=()):
  """Samples of which all is known, nothing estimated."""
  variables = parse_columns(columns)
  if times is None:
    times = [np.arange(float(len(s))) for s in states]
  sigma = np.zeros(len(variables)) if sigma is None else np.asarray(sigma)
  return Samples(variables=variables,
                 raw=tuple(states if raw is None else raw),
                 states=tuple(states),
                 times=tuple(times),
                 noise=StateNoise(sigma),
                 gain=np.ones(len(variables)),
                 ordered=True,
                 constants=constants,
                 split=Split.make(len(states), 0))


def trajectories(states, times, columns, timed=True):
  """As a file gives them."""
  labels = tuple(map(str, range(len(states))))
  return Trajectories(parse_columns(columns),
                      labels, (times,) * len(states),
                      tuple(states),
                      timed=timed)


def circles(count=10, rows=200, noise=0., seed=0):
  """Oscillators `[x, v]` of several sizes, and their times."""
  random = np.random.default_rng(seed)
  times = np.linspace(0., 10., rows)
  states = []
  for n in range(count):
    angle = times + random.uniform(0, 6)
    orbit = (1 + n / 4) * np.stack([np.cos(angle), -np.sin(angle)], -1)
    states.append(orbit + noise * random.normal(size=orbit.shape))
  return states, times
