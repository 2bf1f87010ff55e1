"""Learn a conserved quantity from trajectories, before any tailoring.

A network that is trained through the task loss alone becomes extra capacity.
Here its linear read-out is solved for in closed form, then all weights are
fitted to the measured velocities by Levenberg-Marquardt: tailoring needs a
precise gradient, not a high correlation.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from noether_jax.learned import quotients
from noether_jax.learned.checks import check_derivatives
from noether_jax.learned.least_squares import levenberg_marquardt
from noether_jax.learned.spectral import spectral_readout
from noether_jax.networks import ConservedNet
from noether_jax.types import Array
from noether_jax.types import Params

_SLOW = 0.05
_MANY = 1000


class Learned(NamedTuple):
  """A learned quantity, and measures of its quality that need no known law.

  Attributes:
    params: of the network; each quantity has unit variance on the data.
    initial: those of the closed form, before the fit.
    variance_quotient: `[]`, log of the variance within over total, mean over
      K; near 0 means that nothing was found.
    alignment_quotient: `[]`, log of the mean squared cosine to the velocity.
    costs: of the fit, before each step and at the end.
  """
  params: Params
  initial: Params
  variance_quotient: Array
  alignment_quotient: Array
  costs: Array


class _Problem(NamedTuple):
  """The data from which g is learned, in the precision of the fit.

  Attributes:
    states: `[N, T, D]`.
    derivatives: `[N, T, D]`.
    share: `[N, T]` weights, summing to one.
    measure: what `quotients.alignment_residuals` scales with.
    few: as many states, derivatives and weights as are fitted, `[B, ...]` each.
  """
  states: Array
  derivatives: Array
  share: Array
  measure: dict[str, Any]
  few: tuple[Array, Array, Array]


def spread_indices(count: int, length: int, max_samples: int) -> np.ndarray:
  """Return which states represent N trajectories of T states.

  Takes every m-th state of a trajectory, from the first, second, ... m-th on in
  turn: a stride through all states may divide T and meet equal times in each.

  Args:
    count: N.
    length: T.
    max_samples: about how many are wanted.

  Returns:
    Ascending positions in `[N T]`.

  Example:
    >>> spread_indices(2, 4, 4)
    array([0, 2, 5, 7])
  """
  stride = math.ceil(count * length / max_samples)
  shifted = np.arange(length)[None] - np.arange(count)[:, None]
  return np.flatnonzero(shifted % stride == 0)


def _problem(states: Array, derivatives: Array, weights: Array | None,
             max_samples: int) -> _Problem:
  dtype = jnp.result_type(float)
  states, derivatives = states.astype(dtype), derivatives.astype(dtype)
  share = jnp.ones(states.shape[:2], dtype) if weights is None else weights
  share = (share / jnp.sum(share)).astype(dtype)
  spread = jnp.sqrt(jnp.diagonal(quotients.scatter(states, share)[1]) + 1e-30)
  speed = jnp.sqrt(
      jnp.einsum("nt,ntd->", share, (derivatives / spread[None, None])**2))
  few = spread_indices(states.shape[0], states.shape[1], max_samples)
  thin = lambda leaf: leaf.reshape(-1, *leaf.shape[2:])[few]
  return _Problem(states, derivatives, share, {
      "scale": spread,
      "slow": _SLOW * speed
  }, (thin(states), thin(derivatives), thin(share)))


def _few_quotient(net: ConservedNet, params: Params,
                  problem: _Problem) -> Array:
  states, derivatives, share = problem.few
  return quotients.alignment_quotient(net.apply,
                                      params,
                                      states[None],
                                      derivatives[None],
                                      weights=share[None],
                                      **problem.measure)


def _variance(net: ConservedNet, params: Params, problem: _Problem) -> Array:
  return quotients.variance_quotient(net.apply,
                                     params,
                                     problem.states,
                                     weights=problem.share)


def _closed_form(net: ConservedNet, params: Params, problem: _Problem,
                 candidates: int) -> tuple[Params, Array]:
  """K combinations of the features, added one by one, and both quotients' sum.

  The alignment quotient accepts a quantity that hardly varies between
  trajectories, the variance quotient accepts dependent quantities.
  """
  features = jax.vmap(jax.vmap(lambda x: net.features(params, x)))(
      problem.states)
  size, count = params["readout"].shape
  masks = np.ones((size, count)) if net.mask is None else net.mask
  free = net._replace(apply=lambda p, x: net.features(p, x) @ p["readout"])
  pools: dict[bytes, Array] = {}
  chosen = jnp.zeros((size, 0), features.dtype)
  for mask in masks.T:
    if mask.tobytes() not in pools:
      pools[mask.tobytes()] = spectral_readout(
          features * mask[None, None],
          weights=problem.share)[0][:, :candidates].T

    def quotient(column: Array, chosen: Array = chosen) -> Array:
      readout = jnp.concatenate([chosen, column[:, None]], axis=1)
      value = _few_quotient(free, {**params, "readout": readout}, problem)
      # Zeros, which stand for combinations left out, never change.
      return jnp.where(jnp.any(column != 0), value, jnp.inf)

    pool = pools[mask.tobytes()]
    best = jnp.argmin(jax.lax.map(quotient, pool))
    chosen = jnp.concatenate([chosen, pool[best][:, None]], axis=1)
  initial = {**params, "readout": chosen}
  return initial, _few_quotient(free, initial, problem) + _variance(
      free, initial, problem)


def _unit_variance(net: ConservedNet, params: Params,
                   problem: _Problem) -> Params:
  """The same quantities, mixed so that their covariance is the identity.

  Quantities that read different features are not mixed.
  """
  values = jax.vmap(jax.vmap(lambda x: net.apply(params, x)))(problem.states)
  total = quotients.scatter(values, problem.share)[1]
  if net.mask is not None:
    total = total * np.all(net.mask.T[:, None] == net.mask.T[None], axis=-1)
  size = jnp.sqrt(jnp.diagonal(total) + 1e-30)
  ridge = jnp.finfo(total.dtype).eps * jnp.eye(len(total), dtype=total.dtype)
  factor = jnp.linalg.cholesky(total / (size[:, None] * size[None]) + ridge)
  mixed = jax.scipy.linalg.solve_triangular(factor,
                                            (params["readout"] / size[None]).T,
                                            lower=True)
  return {**params, "readout": mixed.T}


def _fit(net: ConservedNet, initial: Params, problem: _Problem, num_steps: int,
         anchor: float | Array, penalty: float) -> Learned:
  """Levenberg-Marquardt from the closed form on."""
  states, derivatives, share = problem.few

  def residuals(params: Params, example: tuple[Array, Array]) -> Array:
    own = quotients.alignment_residuals(net.apply, params, *example,
                                        **problem.measure)
    if not penalty:
      return own
    slopes = jax.jacobian(lambda x: net.apply(params, x))(example[0])
    squares = jnp.sum((slopes * problem.measure["scale"][None])**2, axis=-1)
    return jnp.append(own, math.sqrt(penalty) * (jnp.sqrt(squares + 1e-30) - 1))

  fitted, costs = initial, jnp.zeros((0,), states.dtype)
  if num_steps:
    fit = levenberg_marquardt(residuals,
                              initial, (states, derivatives),
                              num_steps=num_steps,
                              anchor=anchor,
                              weights=share / jnp.sum(share) *
                              jnp.sum(share > 0))
    fitted, costs = fit.params, fit.costs
  fitted = _unit_variance(net, fitted, problem)
  return Learned(
      fitted, initial, _variance(net, fitted, problem),
      quotients.alignment_quotient(net.apply,
                                   fitted,
                                   problem.states,
                                   problem.derivatives,
                                   weights=problem.share,
                                   **problem.measure), costs)


def pretrain(
    net: ConservedNet,
    states: Array,
    derivatives: Array,
    *,
    weights: Array | None = None,
    num_steps: int = 25,
    anchor: float | Array = 1e-2,
    candidates: int = 12,
    max_samples: int = 2500,
    starts: Params | None = None,
    keep: int = 1,
    trial_steps: int | None = None,
    gradient_penalty: float = 0.0,
) -> Learned:
  """Make a network a conserved quantity of the trajectories.

  Pure: vmap over seeds, or over `weights` that leave out some trajectories.
  Call it within `jax.jit`, or each call compiles again. In float64
  (`jax_enable_x64`) the gradient becomes more precise. On a busy CPU limit the
  threads of BLAS (`threadpoolctl.threadpool_limits(1, "blas")`): they wait for
  each other.

  Args:
    net: from `networks.conserved_mlp`; its read-out says how many quantities K
      are learned.
    states: `[N, T, D]`, with as little noise as possible: see
      `symbolic.noise.integrate` and `learned.shift_loss`.
    derivatives: `[N, T, D]`, time derivatives at them, measured or estimated.
    weights: `[N, T]`, 0 where a state is missing or held out; None for ones.
    num_steps: Levenberg-Marquardt steps; 0 leaves the closed form.
    anchor: how strongly the fit stays near the closed form, see
      `levenberg_marquardt`; it hardly changes what the data determine.
    candidates: number of best combinations to choose K > 1 quantities from.
    max_samples: of more states, about as many are fitted: `spread_indices`.
    starts: leaves `[R, ...]`, several initial parameters instead of the net's;
      `jax.vmap(lambda key: conserved_mlp(key, ...).params)(keys)` makes them.
    keep: how many of them, those with the best closed forms, are fitted.
    trial_steps: steps after which only the fit with the least sum of both
      quotients goes on; they are made on half of the states if these are many.
      None for `num_steps`.
    gradient_penalty: weight of (|grad g| - 1)^2, in scaled coordinates, next to
      the squared cosine to the velocity; it chooses among functions of g.

  Returns:
    A `Learned`.

  Raises:
    ValueError: if the shapes do not fit, or `keep` is not in [1, R].

  Example:
    >>> from noether_jax.networks import conserved_mlp
    >>> t = jnp.linspace(0., 6., 30)
    >>> circle = jnp.stack([jnp.cos(t), jnp.sin(t)], -1)
    >>> states = jnp.stack([r * circle for r in (1., 1.5, 2., 2.5)])
    >>> derivatives = jnp.stack([-states[..., 1], states[..., 0]], -1)
    >>> net = conserved_mlp(jax.random.key(0), 2, hidden=(8, 8))
    >>> learned = pretrain(net, states, derivatives, num_steps=10)
    >>> float(learned.variance_quotient) < -6
    True
  """
  check_derivatives(states, derivatives)
  if starts is None:
    starts = jax.tree.map(lambda leaf: leaf[None], net.params)
  count = jax.tree.leaves(starts)[0].shape[0]
  if not 1 <= keep <= count:
    raise ValueError(f"`keep` must lie in [1, {count}], the number of starts: "
                     f"got {keep}.")
  problem = _problem(states, derivatives, weights, max_samples)
  starts = jax.tree.map(lambda leaf: leaf.astype(problem.states.dtype), starts)
  solved, scores = jax.lax.map(
      lambda p: _closed_form(net, p, problem, candidates), starts)
  best = jnp.argsort(scores)[:keep]
  trial = num_steps if trial_steps is None else min(trial_steps, num_steps)
  half = problem
  if trial < num_steps and len(problem.few[0]) >= _MANY:
    few, velocities, share = problem.few
    half = problem._replace(few=(few[::2], velocities[::2], share[::2]))
  fits = jax.lax.map(
      lambda p: _fit(net, p, half, trial, anchor, gradient_penalty),
      jax.tree.map(lambda leaf: leaf[best], solved))
  total = fits.alignment_quotient + fits.variance_quotient
  # argmin would take a NaN.
  chosen = jnp.argmin(jnp.where(jnp.isfinite(total), total, jnp.inf))
  tried = jax.tree.map(lambda leaf: leaf[chosen], fits)
  if trial == num_steps:
    return tried
  fitted = _fit(net, tried.params, problem, num_steps - trial, anchor,
                gradient_penalty)
  return fitted._replace(initial=tried.initial,
                         costs=jnp.concatenate([tried.costs, fitted.costs[1:]]))
