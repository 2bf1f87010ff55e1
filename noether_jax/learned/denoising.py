"""Trajectories shifted back, together with the field that explains them."""

from __future__ import annotations

from collections.abc import Callable

import jax
import jax.numpy as jnp

from noether_jax.learned.checks import check_derivatives
from noether_jax.training.outer_loop import mse
from noether_jax.types import Array
from noether_jax.types import Params


def shift_loss(
    field: Callable[[Params, Array], Array],
    params: Params,
    shifts: Array,
    states: Array,
    derivatives: Array,
    *,
    sigma: Array,
    prior: float | Array = 0.5,
) -> Array:
  """Loss of a vector field and of a shift of each integrated trajectory.

    misfit + prior * stop_gradient(misfit) * mean(shifts^2)

  `symbolic.noise.integrate` turns the noise of a trajectory into one unknown
  shift. Where trajectories meet, no field explains all derivatives unless the
  trajectories are shifted back. So train `params` and `shifts` together. The
  Gaussian prior is weighed against the misfit of the field. The misfit counts
  once for each trajectory, because its values along a trajectory are not
  independent.

  Args:
    field: `(params, state [D]) -> [D]`, per unit of time.
    params: of `field`.
    shifts: `[N, D]`, in standard errors; begin with zeros.
    states: `[N, T, D]`, integrated; shifted back they are `states + (shifts *
      sigma)[:, None]`.
    derivatives: `[N, T, D]`, per unit of time.
    sigma: `[D]`, the shifts' standard errors, in the states' units.
    prior: weight of the prior.

  Returns:
    Scalar `[]`, in squared units of the derivatives.

  Raises:
    ValueError: if the shapes do not fit.

  Example:
    >>> t = jnp.linspace(0., 6., 20)
    >>> path = jnp.stack([jnp.cos(t), -jnp.sin(t)], -1)
    >>> turn = lambda p, x: jnp.stack([x[1], -x[0]])
    >>> derivatives = jax.vmap(lambda x: turn(None, x))(path)
    >>> loss = lambda shift: shift_loss(turn, None, shift, path[None] - .1,
    ...                                 derivatives[None],
    ...                                 sigma=jnp.full(2, .1))
    >>> bool(loss(jnp.ones((1, 2))) < 1e-12 < loss(jnp.zeros((1, 2))))
    True
  """
  check_derivatives(states, derivatives)
  if shifts.shape != (states.shape[0], states.shape[2]):
    raise ValueError("`shifts` must be [N, D]: got shape "
                     f"{shifts.shape} for states {states.shape}.")
  moved = states + (shifts * sigma[None])[:, None]
  out = jax.vmap(jax.vmap(lambda x: field(params, x)))(moved)
  misfit = mse(out, derivatives)
  return misfit + prior * jax.lax.stop_gradient(misfit) * jnp.mean(shifts**2)
