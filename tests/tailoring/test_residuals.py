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


def test_one_quantity_may_be_a_scalar():
  vector = lambda p, s: s[:1]**2
  scalar = lambda p, s: s[0]**2
  x, v = STATES[0], jnp.array([3., -1.])
  for fn in (lambda g: tailoring.trajectory_residuals(g, None, x, STATES),
             lambda g: tailoring.field_residuals(g, None, x, v),
             lambda g: tailoring.drift(g, None, STATES),
             lambda g: tailoring.noether_loss(g, None, STATES)):
    np.testing.assert_array_equal(fn(vector), fn(scalar))


NESTED = {"q": jnp.array([1., 2.]), "p": (jnp.float64(3.),)}


def nested_quantity(params, state):
  del params
  return state["q"].sum() + state["p"][0]


@pytest.mark.parametrize("x, g", [
    (jnp.float64(3.), lambda p, s: 2 * s),
    (jnp.array([1., 2.]), lambda p, s: jnp.sum(s)),
    (NESTED, nested_quantity),
],
                         ids=["scalar", "vector", "nested"])
def test_states_of_every_structure(x, g):
  states = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf + 1.]), x)
  ones = jax.tree.map(jnp.ones_like, x)
  slope = g(None, jax.tree.map(jnp.add, x, ones)) - g(None, x)
  np.testing.assert_allclose(
      tailoring.trajectory_residuals(g, None, x, states)[:, 0], [0., slope])
  np.testing.assert_allclose(tailoring.field_residuals(g, None, x, ones),
                             [slope])
  np.testing.assert_allclose(tailoring.drift(g, None, states)[:, 0], [0, slope])


def test_a_field_takes_the_dtype_of_the_state():
  g = lambda p, s: s["x"]**2 + s["n"]
  for dtype in (jnp.float32, jnp.bfloat16):
    x = {"x": jnp.asarray(2., dtype), "n": jnp.int32(1)}
    derivative = {"x": jnp.float64(3.), "n": jnp.int32(0)}
    out = tailoring.field_residuals(g, None, x, derivative)
    assert out.dtype == dtype and out.tolist() == [12.]
  whole = tailoring.field_residuals(lambda p, s: s**2, None, jnp.int32(2),
                                    jnp.float64(3.))
  assert whole.tolist() == [12.]


VECTOR = jnp.array([2., 2.])


@pytest.mark.parametrize(
    "call, message",
    [
        (lambda: tailoring.noether_loss(first_coordinate, None, STATES[:1]),
         "at least two states"),
        (lambda: tailoring.noether_loss(first_coordinate, None, jnp.float64(1.)
                                       ), "at least two states"),
        (lambda: tailoring.noether_loss(
            first_coordinate, None, STATES, reference="last"),
         "must be one of"),
        (lambda: tailoring.noether_loss(lambda p, s: s[:, None], None, STATES),
         r"must return a vector \[K\] for one state: got shape \(2, 1\)"),
        (lambda: tailoring.noether_loss(lambda p, s:
                                        (s[0], s[1]), None, STATES),
         "`conserved_fn` must return an array .* got a tuple. .*jnp.stack"),
        (lambda: tailoring.drift(first_coordinate, None, {
            "a": STATES,
            "b": STATES[1:]
        }), "at least one state along"),
        (lambda: tailoring.change_residuals(jnp.ones(1), jnp.ones(
            (3, 2))), r"same quantities: got shapes \(1,\) and \(3, 2\)"),
        # A field of a trajectory of scalars, which would broadcast.
        (lambda: tailoring.trajectory_residuals(
            lambda p, s: s, None, VECTOR, 2 * VECTOR), "A vector field needs "
         r"residual_fn=functools.partial\(field_residuals, dt=dt\)"),
        (lambda: tailoring.trajectory_residuals(
            lambda p, s: s, None, jnp.float64(2.), jnp.float64(2.)),
         "A vector field needs"),
        (lambda: tailoring.trajectory_residuals(
            nested_quantity, None, NESTED, NESTED), "A vector field needs"),
        (lambda: tailoring.trajectory_residuals(
            nested_quantity, None, NESTED, STATES), "states of the query's"),
        (lambda: tailoring.trajectory_residuals(nested_quantity, None, NESTED, {
            "q": jnp.ones((3, 2)),
            "p": (jnp.ones(4),)
        }), "states of the query's"),
        (lambda: tailoring.field_residuals(lambda p, s: s, None, jnp.float64(
            2.), VECTOR),
         r"got \(2,\) for \(\). Predicted states \[T, ...\] need "
         "residual_fn=trajectory_residuals"),
        (lambda: tailoring.field_residuals(first_coordinate, None, VECTOR,
                                           STATES),
         "need residual_fn=trajectory_residuals"),
        (lambda: tailoring.field_residuals(nested_quantity, None, NESTED, VECTOR
                                          ),
         "dx/dt with the query's structure"),
    ])
def test_errors(call, message):
  with pytest.raises(ValueError, match=message):
    call()
