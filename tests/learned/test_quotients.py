"""Quotients: closed forms, invariances, noise, the rank term, gradients."""

import functools

import jax
import jax.numpy as jnp
from jax.test_util import check_grads
import numpy as np
import pytest

from noether_jax.learned import quotients


def circles(radii=(1., 1.5, 2.), count=40, noise=0.0, seed=0):
  t = np.linspace(0, 2 * np.pi, count, endpoint=False)
  states = np.stack([r * np.stack([np.cos(t), np.sin(t)], -1) for r in radii])
  derivatives = np.stack([-states[..., 1], states[..., 0]], -1)
  errors = np.random.default_rng(seed).normal(size=states.shape)
  return jnp.array(states + noise * errors), jnp.array(derivatives)


def energy(_, x):
  return jnp.sum(x**2)[None]


def pair(phi, x):
  """Two quantities of a free particle in the plane, mixed by phi."""
  return phi @ jnp.stack([x[2], x[3]])


def free_particles(count=4):
  start = np.random.default_rng(1).normal(size=(count, 1, 4))
  t = np.linspace(0., 1., 9)[None, :, None]
  states = np.concatenate([
      start[..., :2] + t * start[..., 2:],
      np.broadcast_to(start[..., 2:], (count, 9, 2))
  ], -1)
  derivatives = np.concatenate(
      [states[..., 2:], np.zeros_like(states[..., 2:])], -1)
  return jnp.array(states), jnp.array(derivatives)


def test_variance_quotient_is_the_logarithm_of_within_over_total():
  states, _ = circles(noise=0.1)
  values = np.asarray(jnp.sum(states**2, -1))
  within = np.mean((values - values.mean(1, keepdims=True))**2)
  expected = np.log(within / values.var())
  found = quotients.variance_quotient(energy, None, states, floor=0.)
  np.testing.assert_allclose(found, expected, rtol=1e-12)


def test_missing_states_do_not_count():
  states, derivatives = circles(noise=0.1)
  weights = jnp.ones(states.shape[:2]).at[1].set(0.).at[0, 5:].set(0.)
  spoilt = states.at[1].set(1e3).at[0, 5:].set(-7.)
  for quotient in (functools.partial(quotients.variance_quotient, energy, None),
                   lambda s, weights: quotients.alignment_quotient(
                       energy, None, s, derivatives, weights=weights)):
    np.testing.assert_allclose(quotient(spoilt, weights=weights),
                               quotient(states, weights=weights),
                               rtol=1e-12)


def test_what_noise_adds_is_subtracted():
  states, _ = circles(radii=np.linspace(1., 2., 30), noise=0.05)
  raw = quotients.variance_quotient(energy, None, states)
  corrected = quotients.variance_quotient(energy,
                                          None,
                                          states,
                                          noise=jnp.full(2, 0.05))
  assert corrected < raw - 1.5


@pytest.mark.parametrize("matrix",
                         [np.array([[2., 1.], [-1., 3.]]),
                          np.diag([1., 1e3])])
def test_mixing_quantities_changes_no_quotient(matrix):
  states, derivatives = free_particles()
  noisy = states + 0.01 * np.random.default_rng(0).normal(size=states.shape)
  variance = lambda phi: quotients.variance_quotient(pair, phi, noisy)
  np.testing.assert_allclose(variance(jnp.array(matrix)),
                             variance(jnp.eye(2)),
                             rtol=1e-6)
  # The rank term knows the angle between two gradients, not their sizes.
  rate = lambda phi: quotients.alignment_quotient(pair, phi, noisy, derivatives)
  np.testing.assert_allclose(rate(jnp.diag(jnp.array([1., 1e3]))),
                             rate(jnp.eye(2)),
                             rtol=1e-6)


def test_alignment_residuals_are_the_cosine_to_the_span():
  key = jax.random.key(0)
  matrix, x, rate = (jax.random.normal(k, shape)
                     for k, shape in zip(jax.random.split(key, 3), ((2, 5),
                                                                    (5,),
                                                                    (5,))))
  linear = lambda p, s: p @ s
  residuals = quotients.alignment_residuals(linear,
                                            matrix,
                                            x,
                                            rate,
                                            epsilon=1e-14)
  basis = np.linalg.qr(np.asarray(matrix).T)[0]
  unit = rate / jnp.linalg.norm(rate)
  np.testing.assert_allclose(jnp.sum(residuals[:2]**2),
                             np.sum((basis.T @ unit)**2),
                             rtol=1e-8)


def test_the_rank_term_is_one_for_a_copy():
  copy = lambda p, x: jnp.stack([x @ x, 3 * (x @ x) + 1])
  residuals = quotients.alignment_residuals(copy, None, jnp.array([1., 2.]),
                                            jnp.array([-2., 1.]))
  np.testing.assert_allclose(residuals, [0., 0., 1.], atol=1e-6)


@pytest.mark.parametrize("second, angle", [
    ([[1., 1., 0.]], 0.),
    ([[1., 0., 1.]], 45.),
    ([[0., 0., 3.]], 90.),
    ([[2., 1., 0.], [1., 3., 0.]], 0.),
    ([[2., 1., 0.], [0., 0., 1.]], 90.),
])
def test_principal_angles(second, angle):
  plane = jnp.array([[[1., 0., 0.], [0., 1., 0.]]])
  np.testing.assert_allclose(quotients.principal_angles(plane,
                                                        jnp.array([second])),
                             [angle],
                             atol=1e-5)


def test_a_constant_has_finite_gradients():
  states, derivatives = circles()
  network = lambda p, x: (p * x[0] * 0 + p)[None]
  for loss in (
      lambda p: quotients.alignment_quotient(network, p, states, derivatives),
      lambda p: quotients.variance_quotient(network, p, states)):
    value, slope = jax.value_and_grad(loss)(jnp.asarray(2.))
    assert jnp.isfinite(value) and jnp.isfinite(slope)


def test_gradients_to_second_order():
  states, derivatives = free_particles()
  noisy = states + 0.1 * np.random.default_rng(0).normal(size=states.shape)
  curved = lambda phi, x: jnp.stack(
      [phi[0] * x[2] + x[0]**2, x[3] * x[2] + phi[1] * x[1]])
  phi = jnp.array([1.3, .4])
  for loss in (
      lambda p: quotients.alignment_quotient(curved, p, noisy, derivatives),
      lambda p: quotients.variance_quotient(curved, p, noisy)):
    check_grads(jax.jit(loss), (phi,), order=2, rtol=1e-3)


def test_vmap_equals_a_loop():
  states, derivatives = circles(noise=0.1)
  scales = jnp.array([1., 2.])
  tilted = lambda phi, x: jnp.stack([x[0]**2 + phi * x[1]**2])
  one = lambda phi: quotients.alignment_quotient(tilted, phi, states,
                                                 derivatives)
  np.testing.assert_allclose(jax.vmap(one)(scales), [one(s) for s in scales],
                             rtol=1e-12)


@pytest.mark.parametrize("call, message", [
    (lambda s, v: quotients.variance_quotient(energy, None, s[0]),
     r"must be \[N, T, D\]: got shape \(40, 2\)"),
    (lambda s, v: quotients.alignment_quotient(energy, None, s, v[:1]),
     "must have the shape of `states`"),
    (lambda s, v: quotients.variance_quotient(
        energy, None, s, weights=jnp.ones(3)), "a number for each state"),
])
def test_errors(call, message):
  with pytest.raises(ValueError, match=message):
    call(*circles())
