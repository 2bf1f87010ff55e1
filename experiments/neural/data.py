"""What f and g learn from, and the paths they are measured on."""

import os
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from scipy.interpolate import CubicHermiteSpline

from datasets import loading
from datasets.systems.catalogue import SYSTEMS
from datasets.systems.system import Sampling
from experiments.neural import simulation
from noether_jax.data.smoothing import local_polynomial
from noether_jax.symbolic.noise import integrate

Array = jax.Array

REAL_PENDULUM = SYSTEMS["real_pendulum"]
WINDOW = 45


class Data(NamedTuple):
  """All seeds' data in float32, S seeds stacked.

  Attributes:
    states: `[S, N, T, D]`, training trajectories as observed.
    derivatives: `[S, N, T, D]`, the field at the clean states; of measured
      data, the derivative of the smooth states.
    smooth: `[S, N, T, D]`, states without most of the noise: the integral of
      the derivatives, which have none, shifted to fit the states; of measured
      data, local polynomials. The same as `states` without noise.
    sigma: `[S, D]`, standard error of that shift; zero without noise.
    test: `[S, M, L, D]`, longer; clean, unless measured.
    dt: the time step.
    noisy: whether there is noise.
    shifted: whether the noise that is left in `smooth` is a shift.
  """
  states: Array
  derivatives: Array
  smooth: Array
  sigma: Array
  test: Array
  dt: float
  noisy: bool
  shifted: bool


def make(sampling: Sampling, *, noise: float, trajectories: int,
         seeds: list[int], num_test: int, stretch: int) -> Data:
  """Simulates all seeds.

  Args:
    sampling: one of simulation.SAMPLINGS' values.
    noise: see `simulation.generate`.
    trajectories: N.
    seeds: S seeds.
    num_test: M.
    stretch: length of the test paths over that of the training paths.

  Returns:
    `Data`.
  """
  sets = [
      simulation.generate(sampling,
                          noise=noise,
                          seed=seed,
                          num_train=trajectories,
                          num_test=num_test,
                          stretch=stretch) for seed in seeds
  ]
  time = sampling.times
  states, derivatives = (np.stack(
      [np.stack(getattr(d.train, name))
       for d in sets])
                         for name in ("states", "derivatives"))
  smooth, sigma = states, np.zeros((len(seeds), states.shape[-1]))
  if noise:
    found = [integrate(*pair, time) for pair in zip(states, derivatives)]
    smooth = np.stack([paths for paths, _ in found])
    sigma = np.stack([error.sigma for _, error in found])
  single = lambda values: jnp.asarray(values, jnp.float32)
  return Data(single(states), single(derivatives), single(smooth),
              single(sigma), single(np.stack([d.test for d in sets])),
              float(time[1]), noise > 0, noise > 0)


def measured(seeds: list[int],
             *,
             stretch: int,
             data_dir: str | os.PathLike[str] = loading.DEFAULT_DATA_DIR,
             manual_dir: str | os.PathLike[str] | None = None) -> Data:
  """The measured pendulum: one series, the same for every seed.

  States and derivatives come from polynomials of degree 4 in 9 samples; where a
  sample was lost (about one in forty), the smooth curve stands for it. The
  training part is cut into paths of WINDOW samples, which follow each other.

  Args:
    seeds: S seeds.
    stretch: length of the test path over that of a training path, at most: it
      ends with the series.
    data_dir: where prepared data lie.
    manual_dir: folder with real_pend_h_1.txt or schmidt_lipson/ with it.

  Returns:
    `Data`; the one test path is as measured.

  Raises:
    ValueError: if the file is missing or not the published one.
    ImportError: if the extra `data` is not installed.
  """
  load = lambda split: loading.load(
      "real_pendulum", split=split, data_dir=data_dir, manual_dir=manual_dir)
  train, test = load("train"), load("test")
  time, observed = train["time"][0], train["states"][0]
  smooth, slope, _ = local_polynomial(time, observed)
  curve = CubicHermiteSpline(time, smooth, slope)
  dt = float(np.median(np.diff(time)))
  place = np.rint((time - time[0]) / dt).astype(int)
  grid = time[0] + dt * np.arange(place[-1] + 1)
  states = curve(grid)
  states[place] = observed
  count = len(grid) // WINDOW
  cut = lambda values: values[:count * WINDOW].reshape(count, WINDOW, -1)
  path = test["states"][0][:1 + stretch * (WINDOW - 1)]
  repeat = lambda values: jnp.stack([jnp.asarray(values, jnp.float32)] * len(
      seeds))
  return Data(repeat(cut(states)), repeat(cut(curve(grid, 1))),
              repeat(cut(curve(grid))), repeat(np.zeros(observed.shape[1])),
              repeat(path[None]), dt, True, False)
