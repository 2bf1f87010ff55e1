"""What the predictors are trained on, and the paths they are measured on."""

import os
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from datasets import hamiltonian
from datasets import loading
from experiments.scientific.config import Config

Array = jax.Array
HORIZON_SECONDS = 18.0


class Data(NamedTuple):
  """All seeds' data in float32, S seeds stacked.

  Attributes:
    x: `[S, B, 2]`, training states (q, p).
    y: `[S, B, 2]`, targets for dx/dt at `x`.
    train: `[S, N, T, 2]`, training paths as observed.
    train_mask: `[S, N, T]`, 1 where a sample was observed, 0 where it is lost.
    test: `[S, M, T, 2]`, test paths; simulated ones without noise.
    test_mask: `[S, M, T]`, as `train_mask`.
    dt: the data's time step, in `time_unit`.
    time_unit: "s", or "" where time has no unit.
    axes: names of the two coordinates with their units.
  """
  x: Array
  y: Array
  train: Array
  train_mask: Array
  test: Array
  test_mask: Array
  dt: float
  time_unit: str
  axes: tuple[str, str]


def _single(values: np.ndarray) -> Array:
  return jnp.asarray(values, jnp.float32)


def simulated(system: str, config: Config, seeds: int) -> Data:
  """HNN's simulated data; seed s is the seed of its random numbers.

  Args:
    system: "spring" or "pendulum".
    config: says how many trajectories, what noise and which targets.
    seeds: S.

  Returns:
    `Data`; the test paths are clean, the training paths as noisy as `x`.
  """
  sets = [
      hamiltonian.generate(hamiltonian.SAMPLINGS[system],
                           noise=config.noise,
                           targets=config.targets,
                           seed=seed,
                           num_trajectories=config.trajectories)
      for seed in range(seeds)
  ]
  half = config.trajectories // 2
  stack = lambda name: np.stack([np.stack(getattr(d, name)) for d in sets])
  train, test = stack("states")[:, :half], stack("clean")[:, half:]
  flat = lambda values: _single(values.reshape(seeds, -1, 2))
  return Data(x=flat(train),
              y=flat(stack("derivatives")[:, :half]),
              train=_single(train),
              train_mask=jnp.ones(train.shape[:3], jnp.float32),
              test=_single(test),
              test_mask=jnp.ones(test.shape[:3], jnp.float32),
              dt=float(sets[0].times[0][1]),
              time_unit="",
              axes=("q", "p"))


def windows(time: np.ndarray, states: np.ndarray, dt: float,
            length: int) -> tuple[np.ndarray, np.ndarray]:
  """Cuts one measured series into paths on an even grid of times.

  Args:
    time: `[B]`, increasing, multiples of `dt` apart: samples may be lost.
    states: `[B, D]`.
    dt: the grid's step, in the unit of `time`.
    length: T, at least 2.

  Returns:
    Paths `[N, T, D]`, zero where a sample is lost, and masks `[N, T]`. The
    windows follow each other; each begins with a sample that was observed.

  Raises:
    ValueError: if the series is shorter than one window.

  Example:
    >>> paths, mask = windows(np.array([0., 1., 3., 4., 5.]),
    ...                       np.arange(5.)[:, None], 1.0, 3)
    >>> paths[..., 0].tolist(), mask.tolist()
    ([[0.0, 1.0, 0.0], [2.0, 3.0, 4.0]], [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]])
  """
  index = np.rint((time - time[0]) / dt).astype(int)
  if index[-1] + 1 < length:
    raise ValueError(f"the series spans {index[-1] + 1} time steps: a window "
                     f"needs {length}.")
  mask = np.zeros(index[-1] + 1)
  mask[index] = 1
  full = np.zeros((len(mask), states.shape[1]))
  full[index] = states
  starts, start = [], 0
  while start + length <= len(mask):
    starts.append(start)
    following = index[index >= start + length]
    start = following[0] if len(following) else len(mask)
  cut = lambda values: np.stack([values[s:s + length] for s in starts])
  return cut(full), cut(mask)


def measured(config: Config,
             seeds: int,
             *,
             data_dir: str | os.PathLike[str] = loading.DEFAULT_DATA_DIR,
             manual_dir: str | os.PathLike[str] | None = None) -> Data:
  """The measured pendulum: one series, the same for every seed.

  Args:
    config: says which finite differences are the targets.
    seeds: S.
    data_dir: where prepared data lie.
    manual_dir: folder with real_pend_h_1.txt or schmidt_lipson/ with it.

  Returns:
    `Data`; the test path begins with the test part's first sample and lasts
    18 s, the training paths are windows as long.

  Raises:
    ValueError: if the file is missing or not the published one.
    ImportError: if the extra `data` is not installed.
  """
  parts = [
      loading.load("real_pendulum",
                   split=split,
                   data_dir=data_dir,
                   manual_dir=manual_dir,
                   config={"targets": config.targets})
      for split in ("train", "test")
  ]
  (train_time, x,
   y), (test_time, path,
        _) = ([part[name][0]
               for name in ("time", "states", "derivatives")]
              for part in parts)
  dt = float(np.median(np.diff(train_time)))
  shortest = min(t[-1] - t[0] for t in (train_time, test_time))
  length = 1 + int(np.rint(min(HORIZON_SECONDS, shortest) / dt))
  train, train_mask = windows(train_time, x, dt, length)
  test, test_mask = windows(test_time, path, dt, length)
  repeat = lambda values: jnp.stack([_single(values)] * seeds)
  return Data(x=repeat(x),
              y=repeat(y),
              train=repeat(train),
              train_mask=repeat(train_mask),
              test=repeat(test[:1]),
              test_mask=repeat(test_mask[:1]),
              dt=dt,
              time_unit="s",
              axes=("angle [rad]", "angular velocity [rad/s]"))
