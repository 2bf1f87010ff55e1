"""Shifts of integrated trajectories, found together with the field."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from noether_jax.learned.denoising import shift_loss

SIGMA = jnp.array([.03, .05])


def linear(params, x):
  return params @ x


def shifted_ellipses(count=8):
  """Paths of dx/dt = A x, each shifted by its own error."""
  t = np.linspace(0, 3., 20)
  r = np.linspace(.5, 1.5, count)[:, None]
  states = np.stack([r * np.cos(2 * t), -2 * r * np.sin(2 * t)], -1)
  derivatives = np.stack([states[..., 1], -4 * states[..., 0]], -1)
  errors = np.random.default_rng(0).normal(size=(count, 2))
  return jnp.array(states -
                   (errors * np.array(SIGMA)[None])[:, None]), jnp.array(
                       derivatives), jnp.array(errors)


def test_field_and_shifts_are_found():
  states, derivatives, errors = shifted_ellipses()
  loss = lambda p: shift_loss(
      linear, p["a"], p["shift"], states, derivatives, sigma=SIGMA)
  chain = optax.adam(optax.cosine_decay_schedule(3e-2, 1500))
  params = {"a": jnp.eye(2), "shift": jnp.zeros((8, 2))}

  def step(carry, _):
    params, state = carry
    updates, state = chain.update(jax.grad(loss)(params), state)
    return (optax.apply_updates(params, updates), state), None

  (params, _), _ = jax.lax.scan(step, (params, chain.init(params)), length=1500)
  np.testing.assert_allclose(params["a"], [[0., 1.], [-4., 0.]], atol=1e-3)
  np.testing.assert_allclose(params["shift"], errors, atol=.02)


def test_without_a_standard_error_nothing_moves():
  states, derivatives, errors = shifted_ellipses()
  run = lambda shifts: shift_loss(linear,
                                  jnp.eye(2),
                                  shifts,
                                  states,
                                  derivatives,
                                  sigma=jnp.zeros(2),
                                  prior=0.)
  assert run(errors) == run(jnp.zeros((8, 2)))


def test_the_prior_changes_no_gradient_of_the_field():
  states, derivatives, errors = shifted_ellipses()
  slope = lambda prior: jax.grad(lambda a: shift_loss(
      linear, a, errors, states, derivatives, sigma=SIGMA, prior=prior))(jnp.
                                                                         eye(2))
  np.testing.assert_allclose(slope(0.), slope(3.))


def test_errors():
  states, derivatives, errors = shifted_ellipses()
  with pytest.raises(ValueError, match="`states` and `derivatives`"):
    shift_loss(linear, jnp.eye(2), errors, states, derivatives[:1], sigma=SIGMA)
  with pytest.raises(ValueError, match="`shifts` must be"):
    shift_loss(linear, jnp.eye(2), errors[:1], states, derivatives, sigma=SIGMA)
