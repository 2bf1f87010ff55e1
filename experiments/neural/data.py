"""What f and g learn from, and the paths they are measured on."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from datasets import dynamics
from noether_jax.symbolic.noise import integrate

Array = jax.Array


class Data(NamedTuple):
  """All seeds' data in float32, S seeds stacked.

  Attributes:
    states: `[S, N, T, D]`, training trajectories as observed.
    rates: `[S, N, T, D]`, the field at the clean states.
    smooth: `[S, N, T, D]`, states without most of the noise: the integral of
      the rates, which have none, shifted to fit the states. The same as
      `states` without noise.
    sigma: `[S, D]`, standard error of that shift; zero without noise.
    test: `[S, M, L, D]`, clean, longer.
    dt: the time step.
    noisy: whether there is noise.
  """
  states: Array
  rates: Array
  smooth: Array
  sigma: Array
  test: Array
  dt: float
  noisy: bool


def make(system: dynamics.System, *, noise: float, trajectories: int,
         seeds: list[int], num_test: int, stretch: int) -> Data:
  """Simulates all seeds.

  Args:
    system: one of dynamics.SYSTEMS' values.
    noise: see `dynamics.generate`.
    trajectories: N.
    seeds: S seeds.
    num_test: M.
    stretch: length of the test paths over that of the training paths.

  Returns:
    `Data`.
  """
  sets = [
      dynamics.generate(system,
                        noise=noise,
                        seed=seed,
                        num_train=trajectories,
                        num_test=num_test,
                        stretch=stretch) for seed in seeds
  ]
  single = lambda values: jnp.asarray(np.stack(values), jnp.float32)
  smooth = [(d.states, np.zeros(d.states.shape[-1])) for d in sets]
  if noise:
    found = [integrate(d.states, d.rates, d.time) for d in sets]
    smooth = [(states, error.sigma) for states, error in found]
  return Data(single([d.states for d in sets]), single([d.rates for d in sets]),
              single([states for states, _ in smooth]),
              single([sigma for _, sigma in smooth]),
              single([d.test for d in sets]), float(sets[0].time[1]), noise > 0)
