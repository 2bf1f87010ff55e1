"""Whether tailoring helps, judged on trajectories held out for that.

A quantity that is learned imprecisely, or that is not conserved, makes a
tailored predictor worse than an untailored one. So the strength of the
tailoring is chosen among candidates whose first is the fallback, and the
fallback stays unless another one is better by more than chance. And a quantity
is trusted only where it was learned: `trust` falls to zero beyond.
"""

from __future__ import annotations

from typing import NamedTuple

import jax.numpy as jnp
import numpy as np

from noether_jax.learned.pretraining import spread_indices
from noether_jax.types import Array


class Choice(NamedTuple):
  """What was chosen, and why.

  Attributes:
    candidate: int `[]`, number of the one to use; 0 is the fallback.
    gains: `[C]`, mean logarithm of the fallback's error over the candidate's.
    uncertainties: `[C]`, standard errors of the gains over trajectories.
  """
  candidate: Array
  gains: Array
  uncertainties: Array


def choose(errors: Array, *, caution: float = 1.0) -> Choice:
  """The candidate with the largest gain, of those surely better than the first.

  A candidate is surely better if its gain exceeds `caution` standard errors. If
  no candidate is, the fallback stays.

  Pure; vmap over seeds. Not finite errors count as infinitely bad.

  Args:
    errors: `[C, N]`, error of each candidate on each held-out trajectory,
      paired: the trajectories must be those on which neither the quantity nor
      anything else that differs between the candidates was learned.
    caution: standard errors by which a candidate must be better.

  Returns:
    A `Choice`.

  Raises:
    ValueError: if `errors` is no matrix.

  Example:
    >>> plain, good = [1., 2., 3., 4.], [.5, 1.1, 1.4, 2.1]
    >>> bad, lucky = [2., 3., 5., 9.], [.3, 3., 5., 2.]
    >>> int(choose(jnp.array([plain, bad, lucky])).candidate)
    0
    >>> int(choose(jnp.array([plain, bad, good])).candidate)
    2
  """
  errors = jnp.asarray(errors)
  if errors.ndim != 2:
    raise ValueError("`errors` must be [candidates, trajectories]: got shape "
                     f"{errors.shape}.")
  count = errors.shape[1]
  tiny = jnp.finfo(errors.dtype).tiny
  logs = jnp.log(jnp.maximum(errors, tiny))
  finite = jnp.all(jnp.isfinite(errors), axis=1)
  differences = jnp.where(finite[:, None] & finite[0], logs[:1] - logs, 0.0)
  gains = jnp.mean(differences, axis=1)
  # One trajectory has no spread, so it can't be sure.
  spread = jnp.std(differences, axis=1) / jnp.sqrt(count - 1.0)
  # Also False where the gain is NaN, and for the fallback itself.
  sure = finite & (gains - caution * spread > 0)
  score = jnp.where(sure, gains, -jnp.inf).at[0].set(0.0)
  # A fallback that diverges is no measure: then the least error is taken.
  least = jnp.where(finite, -jnp.mean(logs, axis=1), -jnp.inf)
  score = jnp.where(finite[0], score, least)
  return Choice(jnp.argmax(score), jnp.where(finite, gains, -jnp.inf), spread)


def agreeing(spreads: Array, *, caution: float = 1.0) -> Array:
  """Candidates whose folds surely agree better than the fallback's.

  Held-out trajectories end where the data end. Beyond that, compare rollouts of
  predictors that were learned without different trajectories: their spread
  shows errors that nothing else shows, and needs no true state.

  Args:
    spreads: `[C, N]`, of each candidate's rollouts from N states, paired. Not
      finite ones count as infinitely bad.
    caution: see `choose`.

  Returns:
    bool `[C]`; of the fallback, which is the first, always True.

  Example:
    >>> agreeing(jnp.array([[1., 2.], [.5, 1.5], [2., 3.]])).tolist()
    [True, True, False]
  """
  choice = choose(spreads, caution=caution)
  # Against a fallback that diverges every finite spread is an improvement.
  sure = choice.gains - caution * choice.uncertainties > 0
  lost = ~jnp.all(jnp.isfinite(jnp.asarray(spreads)[0]))
  return (sure | lost & jnp.isfinite(choice.gains)).at[0].set(True)


def folds(num_trajectories: int, num_folds: int) -> np.ndarray:
  """Which trajectories each fold holds out.

  Args:
    num_trajectories: N.
    num_folds: F, at most N; a fold holds out every F-th trajectory.

  Returns:
    Bool `[F, N]`, True where held out; each trajectory exactly once.

  Raises:
    ValueError: if there are fewer than two folds, or more than trajectories.

  Example:
    >>> folds(3, 2).tolist()
    [[True, False, True], [False, True, False]]
  """
  if not 2 <= num_folds <= num_trajectories:
    raise ValueError("`num_folds` must lie in [2, num_trajectories]: got "
                     f"{num_folds} for {num_trajectories} trajectories.")
  own = np.arange(num_trajectories) % num_folds
  return own[None] == np.arange(num_folds)[:, None]


class Region(NamedTuple):
  """Where states have been seen.

  Attributes:
    states: `[M, D]`, in units of `scale`.
    scale: `[D]`, standard deviations of the states.
    radius: `[]`, how far from the nearest of them a new state usually lies.
  """
  states: Array
  scale: Array
  radius: Array


def region(states: Array,
           *,
           quantile: float = 0.9,
           least: float = 0.5,
           max_samples: int = 600) -> Region:
  """The region of some trajectories' states.

  The radius is a quantile of the distances between a state and the nearest
  state of another trajectory: what a new trajectory should expect.

  Args:
    states: `[N, T, D]`.
    quantile: in [0, 1].
    least: the least radius, in standard deviations: a smooth quantity is right
      a little beyond dense states. A single trajectory has this radius.
    max_samples: of more states about as many are kept, evenly.

  Returns:
    A `Region`.

  Raises:
    ValueError: if `states` is not `[N, T, D]`.

  Example:
    >>> lines = jnp.arange(4.)[:, None, None] * jnp.ones((4, 9, 1))
    >>> round(float(region(lines).radius), 3)  # 1 over the deviation of 0 .. 3
    0.894
  """
  if states.ndim != 3:
    raise ValueError(f"`states` must be [N, T, D]: got {states.shape}.")
  count, length, size = states.shape
  chosen = spread_indices(count, length, max_samples)
  flat = states.reshape(-1, size)
  scale = jnp.sqrt(jnp.var(flat, axis=0)) + jnp.finfo(states.dtype).tiny
  known = flat[chosen] / scale[None]
  squares = jnp.sum((known[:, None] - known[None])**2, axis=-1)
  own = chosen // length
  squares = jnp.where(own[:, None] == own[None], jnp.inf, squares)
  distances = jnp.sqrt(jnp.min(squares, axis=1)) if count > 1 else jnp.zeros(1)
  return Region(known, scale,
                jnp.maximum(jnp.quantile(distances, quantile), least))


def trust(known: Region, x: Array, *, reach: float = 1.5) -> Array:
  """How much of a step to take at a state: 1 where states have been seen.

  Multiply it with the fraction of `gauss_newton`: a prediction falls back to
  the untailored one where nothing was learned.

  Args:
    known: from `region`.
    x: `[D]`, a state.
    reach: radii from the nearest known state at which the trust is 0; it falls
      linearly from 1 at one radius.

  Returns:
    `[]`, in [0, 1].

  Example:
    >>> lines = jnp.arange(4.)[:, None, None] * jnp.ones((4, 9, 1))
    >>> found = region(lines)
    >>> [round(float(trust(found, jnp.array([x]))), 2) for x in (1., 4.25, 9.)]
    [1.0, 0.5, 0.0]
  """
  squares = jnp.sum((known.states - (x / known.scale)[None])**2, axis=1)
  radii = jnp.sqrt(jnp.min(squares)) / known.radius
  share = jnp.clip((reach - radii) / (reach - 1.0), 0.0, 1.0)
  # Cast to the state's dtype, so that a field does not change the precision.
  return share.astype(x.dtype)
