"""A network for the time derivative of a state, and what it learns from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from noether_jax import networks
from noether_jax.data import smoothing
from noether_jax.training.loop import gradient_step
from noether_jax.training.loop import scan_steps
from noether_jax.training.loop import training_loop
from noether_jax.types import Array
from noether_jax.types import Params

_WINDOW = 5
_BATCH = 512
_MANY = 5
_MOST_PATHS = 8
_LONGEST = 400


@dataclasses.dataclass(frozen=True)
class PredictorData:
  """What the predictor learns from and is judged on.

  Attributes:
    states: `[n, D]` to train on.
    derivatives: `[n, D]` time derivatives at `states`.
    start: `[M, D]` first states of the held-out paths.
    paths: `[M, T, D]` held-out states after `start`; NaN beyond a path's end.
    times: `[M, T]` time since `start`, likewise.
    dt: the usual time step.
    angles: `[D]` bool, columns that are angles.
    split: what was held out, for people.
  """
  states: np.ndarray
  derivatives: np.ndarray
  start: np.ndarray
  paths: np.ndarray
  times: np.ndarray
  dt: float
  angles: np.ndarray
  split: str


def split(states: Sequence[np.ndarray],
          times: Sequence[np.ndarray],
          angles: Sequence[bool],
          *,
          seed: int = 0,
          smoothed: bool = False) -> PredictorData:
  """Hold out trajectories if there are five or more, else the last quarter.

  Derivatives are those of local polynomials (of 5 samples; of 9 if the data are
  smoothed). Every trajectory has its own times. At most eight held-out paths
  are kept. They end with the shortest path, or after 400 usual steps.

  Args:
    states: N arrays `[T_i, D]`.
    times: N arrays `[T_i]`.
    angles: which columns are angles.
    seed: of the choice.
    smoothed: whether to train on smoothed states.

  Returns:
    The samples.

  Example:
    >>> t = np.arange(40.)
    >>> s = split([t[:, None]] * 2, [t] * 2, [False])
    >>> s.states.shape, s.paths.shape, s.split[:12]
    ((60, 1), (2, 10, 1), 'last quarter')
  """
  window, order = (9, 2) if smoothed else (_WINDOW, 4)
  local = [
      smoothing.local_polynomial(t, s, window=window, order=order)
      for s, t in zip(states, times)
  ]
  used = [p[0] if smoothed else s for p, s in zip(local, states)]
  derivatives = [p[1] for p in local]
  count = len(states)
  if count >= _MANY:
    shuffled = np.random.default_rng(seed).permutation(count)
    held = np.sort(shuffled[:max(1, count // 4)])
    kept = [i for i in range(count) if i not in held]
    train = [(used[i], derivatives[i]) for i in kept]
    tests = [(used[i], times[i]) for i in held[:_MOST_PATHS]]
    name = f"{len(held)} of {count} trajectories held out"
  else:
    cuts = [3 * len(s) // 4 for s in states]
    train = [(u[:c], d[:c]) for u, d, c in zip(used, derivatives, cuts)]
    tests = [(u[c - 1:], t[c - 1:]) for u, t, c in zip(used, times, cuts)]
    name = "last quarter of the time of every trajectory held out"
  dt = float(np.median(np.concatenate([np.diff(t) for t in times])))
  paths, clocks = _stack(tests, dt)
  return PredictorData(np.concatenate([a for a, _ in train]),
                       np.concatenate([b for _, b in train]),
                       paths[:, 0], paths[:, 1:], clocks[:, 1:], dt,
                       np.asarray(angles), name)


def _stack(tests: Sequence[tuple[np.ndarray, np.ndarray]],
           dt: float) -> tuple[np.ndarray, np.ndarray]:
  """Return paths `[M, T, D]` and times since their start `[M, T]`, NaN-padded.
  """
  horizon = min([_LONGEST * dt, *(float(t[-1] - t[0]) for _, t in tests)])
  # A path of coarser steps than the horizon keeps one of them.
  counts = [
      max(2, int(np.sum(t - t[0] <= horizon + 1e-6 * dt))) for _, t in tests
  ]
  paths = np.full((len(tests), max(counts), tests[0][0].shape[1]), np.nan)
  clocks = np.full(paths.shape[:2], np.nan)
  for n, ((states, times), count) in enumerate(zip(tests, counts)):
    paths[n, :count] = states[:count]
    clocks[n, :count] = times[:count] - times[0]
  return paths, clocks


@dataclasses.dataclass(frozen=True)
class Field:
  """dx/dt as a network of the standardised state.

  Attributes:
    apply: `(params, inputs) -> outputs`, the network.
    mean: `[D]` of the states.
    scale: `[D]` standard deviation of the states.
    derivative_scale: `[D]` standard deviation of the derivatives.
    angles: indices of angles; they enter as sine and cosine.
    lines: indices of the other columns.
  """
  apply: Callable[[Params, Array], Array]
  mean: Array
  scale: Array
  derivative_scale: Array
  angles: tuple[int, ...]
  lines: tuple[int, ...]

  def __call__(self, params: Params, x: Array, key: Any = None) -> Array:
    """Return dx/dt `[D]` at one state `[D]`."""
    del key
    scaled = (x - self.mean) / self.scale
    pieces = [scaled[jnp.array(self.lines, int)]] if self.lines else []
    if self.angles:
      turn = x[jnp.array(self.angles, int)]
      pieces += [jnp.sin(turn), jnp.cos(turn)]
    scaled_derivatives = self.apply(params, jnp.concatenate(pieces))
    return scaled_derivatives * self.derivative_scale


def make_field(samples: PredictorData, keys: Array,
               hidden: tuple[int, ...]) -> tuple[Field, Params]:
  """Return the field and its initial parameters, one set per key."""
  angles = tuple(int(i) for i in np.flatnonzero(samples.angles))
  lines = tuple(int(i) for i in np.flatnonzero(~samples.angles))
  width = samples.states.shape[1]
  inputs = len(lines) + 2 * len(angles)
  made = [networks.mlp(k, inputs, width, hidden=hidden) for k in keys]
  params = jax.tree.map(lambda *leaves: jnp.stack(leaves),
                        *[m[1] for m in made])
  floor = lambda a: np.maximum(a, 1e-12 * max(float(a.max()), 1e-300))
  mean, scale, derivative_scale = (jnp.asarray(a, jnp.result_type(float))
                                   for a in (samples.states.mean(0),
                                             floor(samples.states.std(0)),
                                             floor(samples.derivatives.std(0))))
  return Field(made[0][0], mean, scale, derivative_scale, angles, lines), params


def train(
    field: Field,
    params: Params,
    samples: PredictorData,
    key: Array,
    *,
    steps: int,
    learning_rate: float = 3e-3,
    progress: Callable[[int, float], None] = lambda *_: None
) -> tuple[Params, np.ndarray]:
  """Fit the derivatives by Adam with a cosine schedule, all seeds at once.

  Args:
    field: the model.
    params: leaves `[S, ...]`.
    samples: states and derivatives.
    key: of the batches.
    steps: number of updates.
    learning_rate: at the beginning.
    progress: called with (step, loss) now and then.

  Returns:
    Parameters with leaves `[S, ...]`, and the final loss `[S]`.
  """
  dtype = jnp.result_type(float)
  states = jnp.asarray(samples.states, dtype)
  derivatives = jnp.asarray(samples.derivatives, dtype)
  optimizer = optax.adam(optax.cosine_decay_schedule(learning_rate, steps))

  def loss_fn(p: Params, index: Array) -> Array:
    out = jax.vmap(lambda x: field(p, x))(states[index])
    return jnp.mean(
        ((out - derivatives[index]) / field.derivative_scale[None])**2)

  step = gradient_step(loss_fn, optimizer)

  @jax.jit
  def chunk(carry: Any, keys: Array) -> Any:
    size = min(_BATCH, len(states))
    batches = jax.vmap(lambda k: jax.random.choice(
        k, len(states), (size,), replace=False))(keys)
    return jax.vmap(lambda c: scan_steps(step, c, batches))(carry)

  length = max(1, steps // 10)
  carry, losses, _ = training_loop(
      lambda carry, done, length: chunk(
          carry, jax.random.split(jax.random.fold_in(key, done), length)),
      (params, jax.vmap(optimizer.init)(params)),
      # Whole chunks: another length would be compiled again.
      num_steps=-(-steps // length) * length,
      chunk=length,
      report=lambda now: progress(now.done, float(now.metrics[:, -1].mean())))
  return carry[0], np.asarray(losses.mean(axis=1))
