"""A learned vector field, and the same one tailored with a law."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import functools
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from noether_jax import evidence
from noether_jax import integrators
from noether_jax import networks
from noether_jax import tailoring
from noether_jax.conservation import field_residuals
from noether_jax.law import Law
from noether_jax.types import Array, MetaParams, Params

_WINDOW = 5
_CAP = 10.
_BATCH = 512
_MANY = 5


@dataclasses.dataclass(frozen=True)
class Samples:
  """What the predictor learns from and is judged on.

  Attributes:
    states: `[n, D]` to train on.
    rates: `[n, D]` time derivatives at them.
    start: `[M, D]` first states of the held-out paths.
    paths: `[M, T, D]` held-out states after `start`.
    dt: time step between them.
    angles: `[D]` bool, columns that are angles.
    split: what was held out, for people.
  """
  states: np.ndarray
  rates: np.ndarray
  start: np.ndarray
  paths: np.ndarray
  dt: float
  angles: np.ndarray
  split: str


@dataclasses.dataclass(frozen=True)
class Outcome:
  """Errors of rollouts, in standard deviations of each column.

  Attributes:
    times: `[T]` horizon.
    plain: `[S, M, T]` error of the learned field, by seed and path.
    tailored: `[S, M, T]` error of the same field, tailored.
    plain_drift: `[S, M, T]` change of the law's quantity, in its own standard
      deviations.
    tailored_drift: `[S, M, T]` the same, tailored.
    diverged: how many of the (plain, tailored) rollouts passed the cap of 10
      standard deviations, at which errors are cut.
    training_loss: `[S]` final mean squared error of the scaled derivatives.
    split: what was held out.
    path: how the inner step was computed.
  """
  times: np.ndarray
  plain: np.ndarray
  tailored: np.ndarray
  plain_drift: np.ndarray
  tailored_drift: np.ndarray
  diverged: tuple[int, int]
  training_loss: np.ndarray
  split: str
  path: str

  @property
  def rmse(self) -> tuple[np.ndarray, np.ndarray]:
    """Root mean square error over paths and times: `[S]` plain, `[S]`."""
    return tuple(  # type: ignore[return-value]
        np.sqrt(np.mean(e**2, axis=(1, 2))) for e in (self.plain, self.tailored))

  @property
  def summary(self) -> dict[str, Any]:
    """Plain numbers: means, spreads over seeds, paired ratio, wins."""
    plain, tailored = self.rmse
    ratio = tailored / plain
    drifts = [float(np.sqrt(np.mean(d**2)))
              for d in (self.plain_drift, self.tailored_drift)]
    return {
        "split": self.split,
        "seeds": len(plain),
        "held_out_paths": self.plain.shape[1],
        "horizon": float(self.times[-1]),
        "rmse_plain": [float(plain.mean()), float(plain.std())],
        "rmse_tailored": [float(tailored.mean()), float(tailored.std())],
        "ratio_paired": [float(ratio.mean()), float(ratio.std())],
        "wins": int(np.sum(ratio < 1)),
        "drift_plain": drifts[0],
        "drift_tailored": drifts[1],
        "diverged_plain": self.diverged[0],
        "diverged_tailored": self.diverged[1],
        "training_loss": [float(x) for x in self.training_loss],
        "inner_step": self.path,
    }


def split(states: Sequence[np.ndarray],
          times: Sequence[np.ndarray],
          angles: Sequence[bool],
          *,
          seed: int = 0,
          smoothed: bool = False) -> Samples:
  """Holds out trajectories if there are five or more, else the last quarter.

  Derivatives are those of local polynomials (5 samples; 9 if the data are
  smoothed). Time steps are taken as equal.

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
  local = [evidence.local_polynomial(t, s, window=window, order=order)
           for s, t in zip(states, times)]
  used = [p[0] if smoothed else s for p, s in zip(local, states)]
  rates = [p[1] for p in local]
  count = len(states)
  if count >= _MANY:
    shuffled = np.random.default_rng(seed).permutation(count)
    held = np.sort(shuffled[:max(1, count // 4)])
    kept = [i for i in range(count) if i not in held]
    train = [(used[i], rates[i]) for i in kept]
    tests = [used[i] for i in held]
    name = f"{len(held)} of {count} trajectories held out"
  else:
    cuts = [3 * len(s) // 4 for s in states]
    train = [(u[:c], r[:c]) for u, r, c in zip(used, rates, cuts)]
    tests = [u[c - 1:] for u, c in zip(used, cuts)]
    name = "last quarter of the time of every trajectory held out"
  length = min(len(t) for t in tests)
  paths = np.stack([t[:length] for t in tests])
  return Samples(np.concatenate([a for a, _ in train]),
                 np.concatenate([b for _, b in train]), paths[:, 0],
                 paths[:, 1:], float(np.median(np.diff(times[0]))),
                 np.asarray(angles), name)


@dataclasses.dataclass(frozen=True)
class Field:
  """dx/dt as a network of the standardised state.

  Attributes:
    apply: `(params, inputs) -> outputs`, the network.
    mean: `[D]` of the states.
    scale: `[D]` standard deviation of the states.
    rate: `[D]` standard deviation of the derivatives.
    angles: indices of angles; they enter as sine and cosine.
    lines: indices of the other columns.
  """
  apply: Callable[[Params, Array], Array]
  mean: Array
  scale: Array
  rate: Array
  angles: tuple[int, ...]
  lines: tuple[int, ...]

  def __call__(self, params: Params, x: Array, key: Any = None) -> Array:
    """dx/dt `[D]` at one state `[D]`."""
    del key
    scaled = (x - self.mean) / self.scale
    pieces = [scaled[jnp.array(self.lines, int)]] if self.lines else []
    if self.angles:
      turn = x[jnp.array(self.angles, int)]
      pieces += [jnp.sin(turn), jnp.cos(turn)]
    return self.apply(params, jnp.concatenate(pieces)) * self.rate


def make_field(samples: Samples, keys: Array,
               hidden: tuple[int, ...]) -> tuple[Field, Params]:
  """The field and its initial parameters, one set per key."""
  angles = tuple(int(i) for i in np.flatnonzero(samples.angles))
  lines = tuple(int(i) for i in np.flatnonzero(~samples.angles))
  width = samples.states.shape[1]
  inputs = len(lines) + 2 * len(angles)
  made = [networks.mlp(k, inputs, width, hidden=hidden) for k in keys]
  params = jax.tree.map(lambda *leaves: jnp.stack(leaves),
                        *[m[1] for m in made])
  floor = lambda a: np.maximum(a, 1e-12 * max(float(a.max()), 1e-300))
  mean, scale, rate = (jnp.asarray(a, jnp.result_type(float)) for a in (
      samples.states.mean(0), floor(samples.states.std(0)),
      floor(samples.rates.std(0))))
  return Field(made[0][0], mean, scale, rate, angles, lines), params


def train(field: Field,
          params: Params,
          samples: Samples,
          key: Array,
          *,
          steps: int,
          learning_rate: float = 3e-3,
          progress: Callable[[int, float], None] = lambda *_: None
         ) -> tuple[Params, np.ndarray]:
  """Fits the derivatives by Adam with a cosine schedule, all seeds at once.

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
  rates = jnp.asarray(samples.rates, dtype)
  optimizer = optax.adam(optax.cosine_decay_schedule(learning_rate, steps))

  def loss_fn(p: Params, index: Array) -> Array:
    out = jax.vmap(lambda x: field(p, x))(states[index])
    return jnp.mean(((out - rates[index]) / field.rate)**2)

  def one(carry: Any, index: Array) -> Any:
    p, opt = carry
    loss, gradient = jax.value_and_grad(loss_fn)(p, index)
    updates, opt = optimizer.update(gradient, opt, p)
    return (optax.apply_updates(p, updates), opt), loss

  @jax.jit
  def chunk(carry: Any, keys: Array) -> Any:
    size = min(_BATCH, len(states))
    batches = jax.vmap(lambda k: jax.random.choice(
        k, len(states), (size,), replace=False))(keys)
    return jax.vmap(lambda c: jax.lax.scan(one, c, batches))(carry)

  carry = (params, jax.vmap(optimizer.init)(params))
  length = max(1, steps // 10)
  done, losses = 0, jnp.zeros((1, 1))
  while done < steps:
    carry, losses = chunk(
        carry, jax.random.split(jax.random.fold_in(key, done), length))
    done += length
    progress(done, float(losses[:, -1].mean()))
  return carry[0], np.asarray(losses.mean(axis=1))


def compare(law: Law,
            samples: Samples,
            *,
            seeds: int = 3,
            steps: int = 3000,
            hidden: tuple[int, ...] = (200, 200),
            seed: int = 0,
            progress: Callable[[int, float], None] = lambda *_: None
           ) -> Outcome:
  """Trains a vector field and rolls it out with and without the law.

  The tailored field is the same network: at every state one Gauss-Newton step
  changes its weights, as little as possible, until the law's quantity does not
  change along the field. Nothing is trained for it, so the untailored field of
  the same seed is its control.

  Args:
    law: the law to respect.
    samples: training and held-out data.
    seeds: number S of independently initialised networks.
    steps: updates of training.
    hidden: widths of the hidden layers.
    seed: of everything.
    progress: called with (step, loss) now and then.

  Returns:
    Errors along held-out paths.
  """
  key = jax.random.key(seed)
  field, params = make_field(samples, jax.random.split(key, seeds), hidden)
  params, losses = train(field, params, samples, jax.random.fold_in(key, 1),
                         steps=steps, progress=progress)
  spread = float(np.std(law(samples.states))) or 1.
  conserved: Any = lambda _, x: law(x, jnp)[None] / spread
  tailored = functools.partial(tailoring.tailored_predict,
                               predict_fn=field,
                               conserved_fn=conserved,
                               optimizer=tailoring.gauss_newton(),
                               residual_fn=functools.partial(
                                   field_residuals, dt=samples.dt))
  fixed = jax.random.key(0)
  tailor_field = lambda p: lambda x: tailored(MetaParams(p), x, fixed).value
  plain_field = lambda p: lambda x: field(p, x)
  dtype = jnp.result_type(float)
  start = jnp.asarray(samples.start, dtype)
  number = samples.paths.shape[1]

  def roll(make: Callable[[Params], Any]) -> np.ndarray:

    @jax.jit
    def run(all_params: Params) -> Array:
      def one(p: Params, x: Array) -> Array:
        step = integrators.rk4(make(p), samples.dt)
        return integrators.rollout(step, x, number)
      paths = jax.vmap(lambda p: jax.vmap(lambda x: one(p, x))(start))
      return paths(all_params)

    return np.asarray(run(params), np.float64)

  example = jax.eval_shape(lambda p, x: tailored(MetaParams(p), x, fixed),
                           jax.tree.map(lambda a: a[0], params), start[0])
  rolled = [roll(plain_field), roll(tailor_field)]
  errors = [rollout_error(r, samples) for r in rolled]
  drifts = [np.nan_to_num(np.abs(law(r) - law(samples.start)[:, None]) / spread,
                          nan=_CAP).clip(0, _CAP) for r in rolled]
  diverged = tuple(int(np.sum(e.max(-1) >= _CAP)) for e in errors)
  return Outcome(samples.dt * np.arange(1, number + 1), errors[0], errors[1],
                 drifts[0], drifts[1], (diverged[0], diverged[1]), losses,
                 samples.split, example.path)


def rollout_error(rolled: np.ndarray, samples: Samples) -> np.ndarray:
  """Root mean square over columns, each in its standard deviations.

  Args:
    rolled: `[S, M, T, D]` predicted states.
    samples: with the paths `[M, T, D]`.

  Returns:
    `[S, M, T]`, at most 10; 10 where a prediction is not finite.
  """
  gap = rolled - samples.paths
  gap = np.where(samples.angles, np.angle(np.exp(1j * gap)), gap)
  scaled = gap / np.maximum(samples.states.std(0), 1e-300)
  error = np.sqrt(np.mean(scaled**2, axis=-1))
  return np.nan_to_num(error, nan=_CAP, posinf=_CAP).clip(0, _CAP)
