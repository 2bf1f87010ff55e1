"""The Noether loss: closed forms, gradients, exact laws."""

import jax
import jax.numpy as jnp
from jax.test_util import check_grads
import numpy as np
import pytest

from noether_jax import tailoring

STATES = jnp.array([[1., 0.], [3., 0.], [4., 1.]])


def first_coordinate(params, state):
  del params
  return state[:1]


def energy(params, state):
  return params * jnp.sum(state**2)[None]


@pytest.mark.parametrize("reference, expected", [
    ("first", 4. + 9.),
    ("previous", 4. + 1.),
    ("both", 4. + 9. + 4. + 1.),
])
def test_closed_form(reference, expected):
  loss = tailoring.noether_loss(first_coordinate,
                                None,
                                STATES,
                                reference=reference)
  np.testing.assert_allclose(loss, expected)


@pytest.mark.parametrize("reference", ["first", "previous", "both"])
def test_exact_trajectory_has_no_loss(reference):
  angle = jnp.linspace(0., 5., 20)
  circle = jnp.stack([jnp.cos(angle), jnp.sin(angle)], axis=1)
  loss = tailoring.noether_loss(energy, 2., circle, reference=reference)
  assert loss < 1e-29


@pytest.mark.parametrize("distance", [tailoring.difference, tailoring.cosine])
def test_gradients_to_second_order(distance):

  def loss(params, states):
    g = lambda p, s: jnp.tanh(p @ s)
    return tailoring.noether_loss(g, params, states, distance=distance)

  weights = jax.random.normal(jax.random.key(0), (3, 2))
  check_grads(loss, (weights, STATES), order=2)


def test_cosine_is_one_minus_the_cosine():
  u, v = jnp.array([1., 2., 3.]), jnp.array([-1., 0.5, 2.])
  cos = u @ v / jnp.sqrt(u @ u) / jnp.sqrt(v @ v)
  np.testing.assert_allclose(jnp.sum(tailoring.cosine(u, v)**2),
                             1 - cos,
                             rtol=1e-10)


def test_cosine_gradient_at_zero_is_finite():
  gradient = jax.grad(lambda u: jnp.sum(tailoring.cosine(u, jnp.ones(2))**2))(
      jnp.zeros(2))
  assert jnp.all(jnp.isfinite(gradient))


def test_field_residuals():
  x, v = jnp.array([1., 2.]), jnp.array([3., -1.])
  np.testing.assert_allclose(tailoring.field_residuals(energy, 1., x, v, dt=.5),
                             [1.])


def test_field_residuals_are_the_limit_of_trajectory_residuals():
  x, v, dt = jnp.array([1., 2.]), jnp.array([3., 1.]), 1e-7
  g = lambda p, s: jnp.sin(s)
  secant = tailoring.trajectory_residuals(g, None, x, (x + v * dt)[None])[0]
  tangent = tailoring.field_residuals(g, None, x, v, dt=dt)
  np.testing.assert_allclose(secant, tangent, rtol=1e-6)


def test_drift():
  np.testing.assert_allclose(
      tailoring.drift(first_coordinate, None, STATES)[:, 0], [0., 2., 3.])


@pytest.mark.parametrize("call, message", [
    (lambda: tailoring.noether_loss(first_coordinate, None, STATES[:1]),
     "at least two states"),
    (lambda: tailoring.noether_loss(
        first_coordinate, None, STATES, reference="last"), "must be one of"),
    (lambda: tailoring.noether_loss(lambda p, s: s[0], None, STATES),
     "must return a vector"),
])
def test_errors(call, message):
  with pytest.raises(ValueError, match=message):
    call()
