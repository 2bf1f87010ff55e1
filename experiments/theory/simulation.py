"""f(x) = x + v, learned with and without the constraint g(f(x)) = g(x).

The states are in R^d, g is linear and its preimages are x + A z, z in R^m. The
columns of A are the first m of a random orthonormal frame; g(x) is x along the
others. The observation is y = x + v* + noise with v* in the range of A, so that
x + v* has the g of x; the noise is in all d directions. Prediction and error
depend on y - x alone, the displacement: x itself is never drawn.
"""

import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from experiments.theory.config import Config
from noether_jax import theory
from noether_jax.types import Array
from noether_jax.types import Key


class Measured(NamedTuple):
  """Gaps of S seeds with N training sets each, at M values of m.

  Attributes:
    unconstrained: expected minus empirical loss, `[S, N, M]`.
    constrained: the same with g(f(x)) = g(x), from the same training sets.
    last_step: the longest last step of any learner, `[]`.
  """
  unconstrained: Array
  constrained: Array
  last_step: Array


def closeness(error: Array, *, scale: float) -> Array:
  """exp(-|e|^2 / (2 s^2)) of one error `[d]`; the loss is C (1 - this)."""
  return jnp.exp(-jnp.sum(error**2) / (2 * scale**2))


def expected_loss(v: Array, shift: Array, *, config: Config) -> Array:
  """The loss of f(x) = x + v on new data, in closed form.

    C (1 - (s^2 / (s^2 + sigma^2))^(d/2) exp(-|v - v*|^2 / (2 (s^2 + sigma^2))))

  Args:
    v: `[d]`.
    shift: v*, `[d]`.
    config: C, and through it s, and sigma, the noise.

  Returns:
    `[]`, between 0 and C.
  """
  dimension = v.shape[0]
  square = config.scale(dimension)**2
  wider = square + config.noise**2
  factor = (square / wider)**(dimension / 2)
  return config.loss_bound * (1 -
                              factor * closeness(v - shift, scale=wider**.5))


def gap(v: Array, shift: Array, displacements: Array, *,
        config: Config) -> Array:
  """Expected minus empirical loss.

  Args:
    v: `[d]`.
    shift: v*, `[d]`.
    displacements: y - x of the training set, `[n, d]`.
    config: of the loss.

  Returns:
    `[]`.
  """
  scale = config.scale(v.shape[0])
  close = jax.vmap(lambda u: closeness(u - v, scale=scale))(displacements)
  empirical = config.loss_bound * (1 - jnp.mean(close))
  return expected_loss(v, shift, config=config) - empirical


def projector(frame: Array, free: Array) -> Array:
  """A A^T, where A is the first `free` columns of `frame` `[d, d]`.

  `free` is a value, not a shape: another m compiles nothing again.
  """
  mask = jnp.arange(frame.shape[0]) < free
  return (frame * mask[None, :]) @ frame.T


def learn(displacements: Array, projection: Array, *,
          config: Config) -> tuple[Array, Array]:
  """Empirical risk minimisation over v in the range of A with |v| <= R.

  A step minimises a quadratic that lies above the empirical loss and touches it
  at v. The minimum of this quadratic over all v is a weighted mean; over the
  allowed v, the allowed point that is nearest to this mean. So no step raises
  the empirical loss.

  Args:
    displacements: y - x, `[n, d]`.
    projection: A A^T, `[d, d]`; of the whole space without a constraint.
    config: of the loss, R, and when to stop.

  Returns:
    v `[d]` and the length of the last step `[]`.
  """
  scale = config.scale(displacements.shape[1])

  def allowed(v: Array) -> Array:
    v = projection @ v
    return v / jnp.maximum(1, jnp.linalg.norm(v) / config.radius)

  def step(carry: tuple[Array, Array, Array]) -> tuple[Array, Array, Array]:
    v, _, count = carry
    weights = jax.vmap(lambda u: closeness(u - v, scale=scale))(displacements)
    new = allowed(weights @ displacements / jnp.sum(weights))
    return new, jnp.linalg.norm(new - v), count + 1

  def unfinished(carry: tuple[Array, Array, Array]) -> Array:
    _, length, count = carry
    return (length > config.tolerance) & (count < config.max_steps)

  start = allowed(jnp.mean(displacements, axis=0))
  v, length, _ = jax.lax.while_loop(unfinished, step,
                                    (start, jnp.full(
                                        (), jnp.inf, start.dtype), 0))
  return v, length


def _one_seed(key: Key, free: Array, *, dimension: int, num_examples: int,
              config: Config) -> tuple[Array, Array]:
  """Gaps and lengths of the last steps, `[N, M, 2]`: without and with."""
  frame_key, shift_key, sets_key = jax.random.split(key, 3)
  frame = jnp.linalg.qr(jax.random.normal(frame_key, (dimension, dimension)))[0]
  # All learners run the same code, so that m = d equals no constraint exactly.
  pairs = jnp.stack([jnp.full_like(free, dimension), free], axis=1)
  projections = jax.vmap(jax.vmap(functools.partial(projector, frame)))(pairs)
  direction = projections[:, 1] @ jax.random.normal(shift_key, (dimension,))
  length = jnp.linalg.norm(direction, axis=1, keepdims=True)
  shifts = jnp.where(length > 0, config.shift * direction / length, 0)

  def one_set(key: Key) -> tuple[Array, Array]:
    noise = config.noise * jax.random.normal(key, (num_examples, dimension))

    def one_learner(shift: Array, projection: Array) -> tuple[Array, Array]:
      displacements = shift[None, :] + noise
      v, last = learn(displacements, projection, config=config)
      return gap(v, shift, displacements, config=config), last

    both = jax.vmap(one_learner, in_axes=(None, 0))
    return jax.vmap(both)(shifts, projections)

  # All at once would not fit into the caches.
  part = min(max(1, 2**20 // (num_examples * dimension)), config.training_sets)
  return jax.lax.map(one_set,
                     jax.random.split(sets_key, config.training_sets),
                     batch_size=part)


@functools.partial(jax.jit,
                   static_argnames=("dimension", "num_examples", "config"))
def measure(keys: Key, free: Array, *, dimension: int, num_examples: int,
            config: Config) -> Measured:
  """The gaps at one d and one n; one compilation for all m.

  Args:
    keys: one a seed, `[S]`; consumed.
    free: values of m, int `[M]`.
    dimension: d.
    num_examples: n.
    config: everything else.

  Returns:
    A `Measured`.
  """
  one = functools.partial(_one_seed,
                          free=free,
                          dimension=dimension,
                          num_examples=num_examples,
                          config=config)
  gaps, last = jax.lax.map(one, keys)
  return Measured(gaps[..., 0], gaps[..., 1], jnp.max(last))


def rows(measured: Measured, free: tuple[int, ...], *, dimension: int,
         num_examples: int, config: Config) -> list[dict[str, Any]]:
  """What the table, the figure and results.json hold, a row for each m.

  Args:
    measured: of `measure`.
    free: the same values of m.
    dimension: d.
    num_examples: n.
    config: the same.

  Returns:
    Dicts: "d", "m", "n"; for "unconstrained" and "constrained" a seed's mean
    gap over its training sets, the largest gap of all, and the tightest bound
    with its rho; "held" of "checked" gaps were within their bound.
  """
  bound = functools.partial(theory.tightest_bound,
                            dimension=dimension,
                            loss_bound=config.loss_bound,
                            lipschitz=config.lipschitz(dimension),
                            radius=config.radius,
                            num_examples=num_examples,
                            delta=config.delta,
                            max_rho=config.max_rho)
  found = []
  for place, m in enumerate(free):
    row: dict[str, Any] = {"d": dimension, "m": m, "n": num_examples}
    row.update(held=0, checked=0)
    for name in ("unconstrained", "constrained"):
      gaps = np.asarray(getattr(measured, name)[..., place])
      best = bound(free_dimension=m, conserved=name == "constrained")
      row[name] = gaps.mean(1, dtype=float).tolist()
      row[f"{name}_largest"] = float(gaps.max())
      row[f"{name}_bound"] = float(best.bound)
      row[f"{name}_rho"] = int(best.rho)
      row["held"] += int((gaps <= row[f"{name}_bound"]).sum())
      row["checked"] += gaps.size
    found.append(row)
  return found
