"""Learn a conserved quantity from trajectories, before any tailoring.

A network that is trained through the task loss alone becomes extra capacity.
Here its linear read-out is first solved for in closed form, then all its
weights are fitted to the measured velocities by Levenberg-Marquardt: what
tailoring needs is a precise gradient, not a high correlation.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from noether_jax import quotients
from noether_jax.least_squares import levenberg_marquardt
from noether_jax.networks import ConservedNet
from noether_jax.types import Array, Params

_DROPPED = 9.0
_SLOW = 0.05


class Learned(NamedTuple):
  """A learned quantity and what tells its quality without a known law.

  Attributes:
    params: of the network; each quantity has unit variance on the data.
    initial: those of the closed form, before the fit.
    variance_quotient: `[]`, log of the variance within over total, mean over
      K; near 0 means that nothing was found.
    rate_quotient: `[]`, log of the mean squared cosine to the velocity.
    costs: of the fit, before each step and at the end.
  """
  params: Params
  initial: Params
  variance_quotient: Array
  rate_quotient: Array
  costs: Array


def spectral_readout(
    features: Array,
    *,
    weights: Array | None = None,
    tolerance: float = 1e-8,
) -> tuple[Array, Array]:
  """Linear combinations of features by how well they are conserved.

    W c = lambda T c

  with W and T the scatters of the features within trajectories and in total.

  Args:
    features: `[N, T, H]`.
    weights: `[N, T]`, 0 where a state is missing or held out; None for ones.
    tolerance: directions of T with a smaller share of its largest eigenvalue
      are left out: nearly constant combinations are no quantities.

  Returns:
    `(combinations [H, H], quotients [H])`, best first; a combination has unit
    variance; those left out come last, as zeros, with a quotient above 1.

  Example:
    >>> radius = jnp.array([[1., 1.], [2., 2.], [3., 3.]])
    >>> noise = jnp.array([[0., 1.], [1., 0.], [0., 1.]])
    >>> c, quotients = spectral_readout(jnp.stack([noise, radius], -1))
    >>> abs(float(c[0, 0])) < 1e-3 and float(quotients[0]) < 1e-3
    True
  """
  share = jnp.ones(features.shape[:2]) if weights is None else weights
  within, total = quotients.scatter(features, share / jnp.sum(share))
  sizes, vectors = jnp.linalg.eigh(total)
  keep = sizes > tolerance * sizes[-1]
  scale = jnp.where(keep, jax.lax.rsqrt(jnp.where(keep, sizes, 1.0)), 0.0)
  white = vectors * scale[None]
  matrix = white.T @ within @ white
  matrix = matrix + jnp.diag(jnp.where(keep, 0.0, _DROPPED))
  ratios, turned = jnp.linalg.eigh(matrix)
  return white @ turned, ratios


def _independent(net: ConservedNet, params: Params, pool: Array, count: int,
                 states: Array, rates: Array, weights: Array,
                 **kwargs: Any) -> Array:
  """K of the pool's combinations, added one by one by the rate quotient."""
  chosen = pool[:, :0]
  for _ in range(count):

    def quotient(column: Array, chosen: Array = chosen) -> Array:
      readout = jnp.concatenate([chosen, column[:, None]], axis=1)
      return quotients.rate_quotient(net.apply, {
          **params, "readout": readout
      },
                                     states,
                                     rates,
                                     weights=weights,
                                     **kwargs)

    best = jnp.argmin(jax.lax.map(quotient, pool.T))
    chosen = jnp.concatenate([chosen, pool[:, best][:, None]], axis=1)
  return chosen


def _unit_variance(net: ConservedNet, params: Params, states: Array,
                   weights: Array) -> Params:
  """The same quantities, mixed so that their covariance is the identity."""
  values = jax.vmap(jax.vmap(lambda x: net.apply(params, x)))(states)
  total = quotients.scatter(values, weights)[1]
  sizes, vectors = jnp.linalg.eigh(total)
  sizes = jnp.maximum(sizes, jnp.finfo(sizes.dtype).eps * sizes[-1])
  return {
      **params, "readout":
          params["readout"] @ (vectors * jax.lax.rsqrt(sizes)[None])
  }


def pretrain(
    net: ConservedNet,
    states: Array,
    rates: Array,
    *,
    weights: Array | None = None,
    num_steps: int = 25,
    anchor: float | Array = 1e-2,
    candidates: int = 12,
    max_samples: int = 2500,
) -> Learned:
  """Make a network a conserved quantity of the trajectories.

  Pure: vmap over seeds, or over `weights` that leave out some trajectories. In
  float64 (`jax_enable_x64`) the gradient becomes more precise.

  Args:
    net: from `networks.conserved_mlp`; its read-out says how many quantities K
      are learned.
    states: `[N, T, D]`, as free of noise as they can be had.
    rates: `[N, T, D]`, time derivatives at them, measured or estimated.
    weights: `[N, T]`, 0 where a state is missing or held out; None for ones.
    num_steps: Levenberg-Marquardt steps; 0 leaves the closed form.
    anchor: how strongly the fit stays near the closed form, see
      `levenberg_marquardt`; what the data determine does not feel it.
    candidates: how many of the best combinations K > 1 are chosen from.
    max_samples: of more states, evenly spread ones are fitted.

  Returns:
    A `Learned`.

  Raises:
    ValueError: if the shapes do not fit.

  Example:
    >>> from noether_jax.networks import conserved_mlp
    >>> t = jnp.linspace(0., 6., 30)
    >>> circle = jnp.stack([jnp.cos(t), jnp.sin(t)], -1)
    >>> states = jnp.stack([r * circle for r in (1., 1.5, 2., 2.5)])
    >>> rates = jnp.stack([-states[..., 1], states[..., 0]], -1)
    >>> net = conserved_mlp(jax.random.key(0), 2, hidden=(8, 8))
    >>> learned = pretrain(net, states, rates, num_steps=10)
    >>> float(learned.variance_quotient) < -6
    True
  """
  if states.shape != rates.shape or states.ndim != 3:
    raise ValueError("`states` and `rates` must both be [N, T, D]: got "
                     f"{states.shape} and {rates.shape}.")
  dtype = jnp.result_type(float)
  states, rates = states.astype(dtype), rates.astype(dtype)
  share = jnp.ones(states.shape[:2], dtype) if weights is None else weights
  share = share / jnp.sum(share)
  params = jax.tree.map(lambda leaf: leaf.astype(dtype), net.params)
  spread = jnp.sqrt(jnp.diagonal(quotients.scatter(states, share)[1]) + 1e-30)
  speed = jnp.sqrt(
      jnp.einsum("nt,ntd->", share, (rates / spread[None, None])**2))
  measure: dict[str, Any] = {"scale": spread, "slow": _SLOW * speed}
  features = jax.vmap(jax.vmap(lambda x: net.features(params, x)))(states)
  pool = spectral_readout(features, weights=share)[0][:, :candidates]
  stride = math.ceil(states.shape[0] * states.shape[1] / max_samples)
  thin = lambda leaf: leaf.reshape(-1, leaf.shape[-1])[::stride]
  few, velocities = thin(states), thin(rates)
  few_share = share.reshape(-1)[::stride]
  initial = {
      **params, "readout":
          _independent(net, params, pool, params["readout"].shape[1], few[None],
                       velocities[None], few_share[None], **measure)
  }
  costs = jnp.zeros((0,), dtype)
  fitted = initial
  if num_steps:
    count = jnp.sum(few_share > 0)
    fit = levenberg_marquardt(
        lambda p, e: quotients.rate_residuals(net.apply, p, *e, **measure),
        initial, (few, velocities),
        num_steps=num_steps,
        anchor=anchor,
        weights=few_share / jnp.sum(few_share) * count)
    fitted, costs = fit.params, fit.costs
  fitted = _unit_variance(net, fitted, states, share)
  return Learned(
      fitted, initial,
      quotients.variance_quotient(net.apply, fitted, states, weights=share),
      quotients.rate_quotient(net.apply,
                              fitted,
                              states,
                              rates,
                              weights=share,
                              **measure), costs)
