"""Vector fields that tailor themselves to every state they are asked about."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from noether_jax.learned import safety
from noether_jax.tailoring.inner_optimizers import gauss_newton
from noether_jax.tailoring.query import tailored_predict
from noether_jax.tailoring.residuals import field_residuals
from noether_jax.types import MetaParams

Array = jax.Array
Field = Callable[..., Array]


def tailored(apply: Field,
             conserved_fn: Callable[..., Array],
             sgd: float | None = None) -> Field:
  """f after one inner step on grad g . f at each state.

  Args:
    apply: `(theta, x [D]) -> [D]`, the predictor f.
    conserved_fn: `(phi, x [D]) -> [K]`.
    sgd: the inner rate; None for a Gauss-Newton step.

  Returns:
    `((theta, phi, fraction), x [D]) -> [D]`; the fraction of the Gauss-Newton
    step is a value, which SGD does not use.
  """

  def field(params: Any, x: Array) -> Array:
    theta, phi, fraction = params
    optimizer = gauss_newton(
        fraction=fraction) if sgd is None else optax.sgd(sgd)
    return tailored_predict(MetaParams(theta, phi),
                            x,
                            jax.random.key(0),
                            predict_fn=lambda p, s, _: apply(p, s),
                            conserved_fn=conserved_fn,
                            optimizer=optimizer,
                            residual_fn=field_residuals).value

  return field


def guarded(apply: Field, conserved_fn: Callable[..., Array],
            seen: Callable[[Array], Array]) -> Field:
  """The same, perhaps only where states have been seen, and else another f.

  Args:
    apply: see `tailored`.
    conserved_fn: see `tailored`.
    seen: `x [D] -> [C]`, what the quantity sees of a state: distances are
      measured in it.

  Returns:
    `((theta, phi, fraction, fallback, region, guard), x [D]) -> [D]`; the
    `fallback` are f's parameters where nothing has been seen; `guard` is a
    boolean, False for the tailored f everywhere.
  """
  inner = tailored(apply, conserved_fn)

  def field(params: Any, x: Array) -> Array:
    theta, phi, fraction, fallback, known, guard = params
    trust = jnp.where(guard, safety.trust(known, seen(x)), 1.0)
    out = inner((theta, phi, fraction), x)
    return trust * out + (1 - trust) * apply(fallback, x)

  return field
