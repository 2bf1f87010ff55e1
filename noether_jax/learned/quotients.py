"""How well a function is conserved by measured data, with no law to compare.

Two scale-free measures of K candidate quantities: their variance within
trajectories over their variance in total, and how much of the measured velocity
lies along their gradients. Both are pure functions that can be differentiated;
under the second, a constant, a copy or a rescaled quantity gains nothing.
"""

from __future__ import annotations

import math

import jax
import jax.numpy as jnp

from noether_jax.types import Array
from noether_jax.types import ConservedFn
from noether_jax.types import Params

_TINY = 1e-30


def _weights(states: Array, weights: Array | None) -> Array:
  """Weights that sum to one, `[N, T]`."""
  if weights is None:
    weights = jnp.ones(states.shape[:2], states.dtype)
  if weights.shape != states.shape[:2]:
    raise ValueError("`weights` must have a number for each state: got shape "
                     f"{weights.shape} for states {states.shape}.")
  return weights / jnp.sum(weights)


def scatter(values: Array, weights: Array) -> tuple[Array, Array]:
  """Scatter matrices within trajectories and in total.

  Args:
    values: `[N, T, K]`, any K numbers along N trajectories.
    weights: `[N, T]`, summing to one; 0 where a state is missing.

  Returns:
    `(within [K, K], total [K, K])`, in units of the values squared.

  Example:
    >>> values = jnp.array([[[1.], [3.]], [[5.], [7.]]])
    >>> within, total = scatter(values, jnp.full((2, 2), 0.25))
    >>> float(within[0, 0]), float(total[0, 0])
    (1.0, 5.0)
  """
  own = jnp.sum(weights, 1, keepdims=True)
  mean = jnp.einsum("nt,ntk->nk", weights, values)
  means = mean / jnp.maximum(own, _TINY)
  rest = values - means[:, None]
  deviation = values - jnp.sum(mean, 0)[None, None]
  product = lambda v: jnp.einsum("nt,nti,ntj->ij", weights, v, v)
  return product(rest), product(deviation)


def _noise_scatter(conserved_fn: ConservedFn, params: Params, states: Array,
                   weights: Array, noise: Array) -> tuple[Array, Array]:
  """What noise of the states adds to both scatters, to first order."""
  slopes = jax.vmap(
      jax.vmap(lambda x: jax.jacobian(lambda s: conserved_fn(params, s))
               (x)))(states) * noise[None, None, None]
  own = jnp.maximum(jnp.sum(weights, 1, keepdims=True), _TINY)
  added = lambda w: jnp.einsum("nt,ntid,ntjd->ij", w, slopes, slopes)
  # A mean over a trajectory takes its share of the noise with it.
  return added(weights * (1 - weights / own)), added(weights * (1 - weights))


def variance_quotient(
    conserved_fn: ConservedFn,
    params: Params,
    states: Array,
    *,
    weights: Array | None = None,
    noise: Array | None = None,
    floor: float = 1e-6,
) -> Array:
  """Logarithm of the scatter within trajectories over the total scatter.

    mean_k log |lambda_k|,   W c = lambda T c

  For one quantity this is log(W / T). It is the same for every invertible
  linear combination of the quantities. It does not distinguish g^2 from g: for
  K > 1 see `alignment_quotient`.

  Args:
    conserved_fn: `(params, state [D]) -> [K]`.
    params: of `conserved_fn`.
    states: `[N, T, D]`, N trajectories as observed; also `[N, T, ...]`, for
      instance frames.
    weights: `[N, T]`, 0 where a state is missing or held out; None for ones.
    noise: `[D]` standard deviations of the observation noise, in the states'
      units: what it adds to the scatters is subtracted, to first order. A W
      below the noise counts as much as one above.
    floor: the quotient below which nothing is gained.

  Returns:
    Scalar `[]`, 0 for a function of independent noise.

  Raises:
    ValueError: if the shapes do not fit.

  Example:
    >>> t = jnp.linspace(0., 6., 50)
    >>> circles = jnp.stack([jnp.stack([r * jnp.cos(t), r * jnp.sin(t)], -1)
    ...                      for r in (1., 2.)])
    >>> energy = lambda p, x: jnp.sum(x**2)[None]
    >>> float(variance_quotient(energy, None, circles)) < -13
    True
    >>> float(variance_quotient(lambda p, x: x[:1], None, circles)) > -.1
    True
  """
  if states.ndim < 3:
    raise ValueError("`states` must be [N, T, D]: got shape "
                     f"{states.shape}. Frames are [N, T, ...]; pass weights 0 "
                     "where a trajectory is shorter.")
  if noise is not None and states.ndim != 3:
    raise ValueError("`noise` is for states [N, T, D]: got shape "
                     f"{states.shape}.")
  share = _weights(states, weights)
  values = jax.vmap(jax.vmap(lambda x: conserved_fn(params, x)))(states)
  within, total = scatter(values, share)
  if noise is not None:
    inner, outer = _noise_scatter(conserved_fn, params, states, share,
                                  jnp.asarray(noise, states.dtype))
    within, total = within - inner, total - outer
  count = values.shape[-1]
  if count == 1:
    quotient = within[0, 0] / (jnp.abs(total[0, 0]) + _TINY)
    return 0.5 * jnp.log(quotient**2 + floor**2)
  size = jax.lax.rsqrt(jnp.abs(jnp.diagonal(total)) + _TINY)
  within, total = (m * size[:, None] * size[None] for m in (within, total))
  ridge = max(1e-9, 10 * float(jnp.finfo(total.dtype).eps))
  factor = jnp.linalg.cholesky(total + ridge * jnp.eye(count))
  half = jax.scipy.linalg.solve_triangular(factor, within, lower=True)
  matrix = jax.scipy.linalg.solve_triangular(factor, half.T, lower=True)
  square = matrix @ matrix.T + floor**2 * jnp.eye(count)
  return 0.5 * jnp.linalg.slogdet(square)[1] / count


def alignment_residuals(
    conserved_fn: ConservedFn,
    params: Params,
    x: Array,
    derivative: Array,
    *,
    scale: Array | float = 1.0,
    slow: float | Array = 1e-6,
    epsilon: float = 1e-6,
) -> Array:
  """The part of a measured velocity along the quantities' gradients.

    r_k = e_k . v,   e_1..e_K an orthonormal basis of span(grad g_1..grad g_K)

  with v the unit velocity, both in scaled coordinates. The squares sum to the
  squared cosine between the velocity and the span: 0 where all K quantities are
  conserved, whatever their scale, their mixing or a function of them.

  The rank term: a quantity that depends on the others has no direction of its
  own. For each pair j < k there is a residual whose squares sum, over j, to

    epsilon cos^2 / (sin^2 + epsilon)

  with the angle between grad g_k and the span of those before it: 1 if it lies
  in the span, about epsilon / tan^2 else. It has no scale and no noise level.

  Args:
    conserved_fn: `(params, state [D]) -> [K]`.
    params: of `conserved_fn`.
    x: `[D]`, one state.
    derivative: `[D]`, the time derivative measured there.
    scale: `[D]` or a scalar, the states' spread, in their units.
    slow: speed, in scaled coordinates, below which a velocity counts less.
    epsilon: squared sine of the angle at which the rank term is a half.

  Returns:
    `[K + K (K - 1) / 2]`, dimensionless, each in [-1, 1]: the quantities', then
    the rank term; finite where a gradient vanishes.

  Example:
    >>> energy = lambda p, x: jnp.sum(x**2)[None]
    >>> x = jnp.array([0., 2.])
    >>> alignment_residuals(energy, None, x, jnp.array([5., 0.])).tolist()
    [0.0]
    >>> velocity = jnp.array([3., 4.])
    >>> round(float(alignment_residuals(energy, None, x, velocity)[0]), 4)
    0.8
    >>> twice = lambda p, x: jnp.stack([x @ x, (x @ x)**2])
    >>> across = jnp.array([5., 0.])
    >>> alignment_residuals(twice, None, x, across).round(2).tolist()
    [0.0, 0.0, 1.0]
  """
  spread = jnp.broadcast_to(jnp.asarray(scale, x.dtype), x.shape)
  slopes = jax.jacobian(lambda s: conserved_fn(params, s))(x) * spread[None]
  velocity = derivative / spread
  unit = velocity * jax.lax.rsqrt(velocity @ velocity + slow**2)
  basis: list[Array] = []
  dependence: list[Array] = []
  for row in slopes:
    shares = [row @ direction for direction in basis]
    rest = row
    for share, direction in zip(shares, basis):
      rest = rest - share * direction
    ridge = epsilon if basis else 0.0
    size = jax.lax.rsqrt(rest @ rest + ridge * (row @ row) + _TINY)
    dependence += [math.sqrt(epsilon) * share * size for share in shares]
    basis.append(rest * size)
  return jnp.concatenate(
      [jnp.stack(basis) @ unit, jnp.
       stack(dependence)] if dependence else [jnp.stack(basis) @ unit])


def alignment_quotient(
    conserved_fn: ConservedFn,
    params: Params,
    states: Array,
    derivatives: Array,
    *,
    weights: Array | None = None,
    scale: Array | float = 1.0,
    slow: float | Array = 1e-6,
    floor: float = 1e-9,
) -> Array:
  """Logarithm of the mean squared cosine between velocity and gradients.

  The differential counterpart of `variance_quotient`, with a rank term that
  keeps K > 1 quantities apart: see `alignment_residuals`.

  Args:
    conserved_fn: `(params, state [D]) -> [K]`.
    params: of `conserved_fn`.
    states: `[N, T, D]`.
    derivatives: `[N, T, D]`, time derivatives at them, measured or estimated.
    weights: `[N, T]` or None.
    scale: see `alignment_residuals`.
    slow: see `alignment_residuals`.
    floor: the mean square below which nothing is gained.

  Returns:
    Scalar `[]`; log(K / D) for functions that know nothing of the system.

  Raises:
    ValueError: if the shapes do not fit.

  Example:
    >>> x = jnp.array([[[1., 0.], [0., 2.]]])
    >>> turning = jnp.stack([-x[..., 1], x[..., 0]], -1)
    >>> energy = lambda p, x: jnp.sum(x**2)[None]
    >>> float(alignment_quotient(energy, None, x, turning)) < -20
    True
  """
  if states.shape != derivatives.shape:
    raise ValueError("`derivatives` must have the shape of `states`: got "
                     f"{derivatives.shape} and {states.shape}.")
  share = _weights(states, weights)
  residuals = jax.vmap(
      jax.vmap(lambda x, v: alignment_residuals(
          conserved_fn, params, x, v, scale=scale, slow=slow)))(states,
                                                                derivatives)
  mean = jnp.einsum("nt,ntk->", share, residuals**2)
  return jnp.log(mean + floor)


def principal_angles(first: Array, second: Array) -> Array:
  """Largest angle between the spans of two sets of gradients, state by state.

  For quantities that were learned from different trajectories, the angle shows
  how precise their gradients are, without a known law. It does not show that
  they are conserved, because two fits can agree on a wrong function; see
  `variance_quotient`. If the sets differ in size, it is the largest angle of
  the smaller one to the larger one's span.

  Args:
    first: `[n, K, D]`, gradients of K quantities at n states.
    second: `[n, L, D]`, of L others there, in the same scaled coordinates.

  Returns:
    `[n]`, degrees, 0 to 90.

  Example:
    >>> one, other = jnp.array([[[2., 0.]]]), jnp.array([[[1., 1.]]])
    >>> round(float(principal_angles(one, other)[0]), 3)
    45.0
  """
  wide, narrow = (first,
                  second) if first.shape[1] >= second.shape[1] else (second,
                                                                     first)
  wide, narrow = (
      jnp.linalg.svd(rows, full_matrices=False)[2] for rows in (wide, narrow))
  product = jnp.einsum("nld,nkd->nlk", narrow, wide)
  rest = narrow - jnp.einsum("nlk,nkd->nld", product, wide)
  # The arc cosine alone would lose small angles in float32.
  sines, cosines = (
      jnp.linalg.svd(m, compute_uv=False) for m in (rest, product))
  return jnp.degrees(jnp.arctan2(sines[:, 0], cosines[:, -1]))
