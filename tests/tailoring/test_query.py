"""Tailored predictions: both implementations, exact cases, gradients."""

import functools

import jax
import jax.numpy as jnp
from jax.test_util import check_grads
import numpy as np
import optax
import pytest

from noether_jax import by_path
from noether_jax import gauss_newton
from noether_jax import meta_loss
from noether_jax import MetaParams
from noether_jax import networks
from noether_jax import tailored_params
from noether_jax import tailored_predict
from noether_jax import tailoring
from noether_jax.dynamics import integrators
from tests.comparison import assert_close

DT = 0.1
FIELD = functools.partial(tailoring.field_residuals, dt=DT)
PHI = jnp.array([1., 2.])


def quantities(phi, x):
  return jnp.stack([phi[0] * jnp.sum(x**2), phi[1] * jnp.cos(x[0])])


def network(hidden=(20, 20)):
  apply, params = networks.mlp(jax.random.key(0), 2, 2, hidden=hidden)
  return apply, jax.tree.map(lambda a: a.astype(jnp.float64), params)


def states(count=6):
  return jax.random.normal(jax.random.key(1), (count, 2))


def field(apply):
  return lambda params, x, key: apply(params, x)


def rolled(apply):
  return lambda params, x, key: integrators.rollout(
      integrators.euler(lambda s: apply(params, s), DT), x, 3)


CASES = {
    "field": (field, FIELD, lambda x: x[:, ::-1]),
    "rollout": (rolled, tailoring.trajectory_residuals,
                lambda x: jnp.stack([x[:, ::-1]] * 3, axis=1)),
}
OPTIMIZERS = {"sgd": optax.sgd(0.1), "gauss_newton": gauss_newton()}


def outer(case, optimizer, implementation, num_steps, rate=-0.3, **kwargs):
  """Loss and gradient of a meta-step, jitted."""
  apply, params = network()
  predict, residual_fn, target = CASES[case]
  x = states()
  fn = functools.partial(tailored_predict,
                         predict_fn=predict(apply),
                         conserved_fn=quantities,
                         optimizer=optimizer,
                         residual_fn=residual_fn,
                         num_steps=num_steps,
                         implementation=implementation,
                         **kwargs)
  loss = lambda p: meta_loss(
      p, (x, target(x)), jax.random.key(0), tailored_fn=fn)[0]
  return jax.jit(jax.value_and_grad(loss))(MetaParams(params, PHI,
                                                      jnp.asarray(rate)))


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("case, num_steps", [
    ("field", 1),
    ("field", 2),
    ("rollout", 1),
    pytest.param("rollout", 2, marks=pytest.mark.slow),
])
def test_factored_equals_general(case, name, num_steps):
  pair = [
      outer(case, OPTIMIZERS[name], implementation, num_steps)
      for implementation in ("factored", "general")
  ]
  # Gauss-Newton with 6 residuals in a rollout solves a poor system.
  assert_close(pair[0], pair[1], 1e-12 if name == "sgd" else 1e-8)


def test_factored_hamiltonian_network():
  """Kernels used forwards and transposed, in a field that is a gradient."""
  apply, params = networks.hamiltonian(jax.random.key(0), 2, hidden=(10, 10))
  fn = functools.partial(tailored_predict,
                         predict_fn=field(apply),
                         conserved_fn=quantities,
                         optimizer=optax.sgd(0.1),
                         residual_fn=FIELD)

  def loss(params, implementation):
    out = jax.vmap(lambda x: fn(
        MetaParams(params, PHI), x, None, implementation=implementation))(
            states())
    return jnp.sum(out.value**3), out.implementation

  params = jax.tree.map(lambda a: a.astype(jnp.float64), params)
  factored, implementation = jax.grad(loss, has_aux=True)(params, "factored")
  assert implementation.startswith("factored")
  assert_close(factored,
               jax.grad(loss, has_aux=True)(params, "general")[0], 1e-12)


def test_frozen_leaves_stay_out_of_the_result():
  apply, params = network()
  out = tailored_predict(MetaParams(params, PHI),
                         states()[0],
                         None,
                         predict_fn=field(apply),
                         conserved_fn=quantities,
                         optimizer=optax.sgd(.1),
                         residual_fn=FIELD,
                         adapt=by_path("layers/1/kernel"))
  assert out.implementation == "factored (1 of 1 kernels)"
  assert out.adapted["layers"][0]["kernel"] is None
  full = tailored_params(params, out.adapted)
  np.testing.assert_array_equal(full["layers"][0]["kernel"],
                                params["layers"][0]["kernel"])
  np.testing.assert_allclose(apply(full, states()[0]), out.value, rtol=1e-12)


def test_zero_steps_equal_the_plain_prediction():
  apply, params = network()
  x = states()[0]

  def tailored(params):
    out = tailored_predict(MetaParams(params, PHI),
                           x,
                           None,
                           predict_fn=field(apply),
                           conserved_fn=quantities,
                           optimizer=optax.sgd(.1),
                           residual_fn=FIELD,
                           num_steps=0)
    return jnp.sum(out.value), out.value

  plain = lambda params: (jnp.sum(apply(params, x)), apply(params, x))
  assert_close(
      jax.grad(tailored, has_aux=True)(params),
      jax.grad(plain, has_aux=True)(params), 0.)


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("reference", ["first", "previous", "both"])
def test_exact_trajectory_is_left_alone(name, reference):
  """Quarter turns, whose energy is the same to the last bit."""
  turn = lambda w, x, key: integrators.rollout(lambda s: w @ s, x, 4)
  out = tailored_predict(MetaParams(jnp.array([[0., 1.], [-1., 0.]])),
                         jnp.array([0.3, -2.]),
                         None,
                         predict_fn=turn,
                         conserved_fn=lambda _, x: jnp.sum(x**2)[None],
                         optimizer=OPTIMIZERS[name],
                         residual_fn=functools.partial(
                             tailoring.trajectory_residuals,
                             reference=reference),
                         num_steps=2)
  np.testing.assert_array_equal(out.value, out.initial)
  assert out.losses.tolist() == [0., 0., 0.]


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_exact_field_is_left_alone(name):
  rotation = jnp.array([[0., 1.], [-1., 0.]])
  out = tailored_predict(MetaParams(rotation),
                         jnp.array([0.3, -2.]),
                         None,
                         predict_fn=lambda w, x, key: w @ x,
                         conserved_fn=lambda _, x: jnp.sum(x**2)[None],
                         optimizer=OPTIMIZERS[name],
                         residual_fn=FIELD)
  np.testing.assert_array_equal(out.value, out.initial)
  assert out.losses.tolist() == [0., 0.]


def one_prediction(implementation, wrap=lambda f: f, **kwargs):
  """`(params, x) -> value` of a small network, and its parameters."""
  apply, params = network(hidden=(6,))
  fn = functools.partial(tailored_predict,
                         predict_fn=wrap(field(apply)),
                         conserved_fn=quantities,
                         optimizer=optax.sgd(.1),
                         residual_fn=FIELD,
                         implementation=implementation,
                         **kwargs)
  run = lambda params, x: fn(params, x, None).value
  return run, MetaParams(params, PHI, jnp.asarray(-.3))


@pytest.mark.parametrize("implementation", ["factored", "general"])
def test_gradients_to_second_order(implementation):
  run, params = one_prediction(implementation)
  x = states()[0]
  check_grads(jax.jit(lambda params: jnp.sum(run(params, x)**2)), (params,),
              order=2)


@pytest.mark.parametrize("implementation", ["factored", "general"])
def test_remat_equals_no_remat(implementation):
  x = states()[0]

  def gradient(wrap):
    run, params = one_prediction(implementation, wrap, num_steps=2)
    return jax.jit(jax.grad(lambda p: jnp.sum(run(p, x)**2)))(params)

  assert_close(gradient(jax.checkpoint), gradient(lambda f: f), 1e-12)


@pytest.mark.parametrize("implementation", ["factored", "general"])
def test_vmap_equals_a_loop(implementation):
  run, params = one_prediction(implementation)
  loss = lambda params, x: jnp.sum(run(params, x)**2)
  one = jax.jit(jax.value_and_grad(loss))
  together = jax.jit(jax.vmap(jax.value_and_grad(loss),
                              in_axes=(None, 0)))(params, states())
  for i, x in enumerate(states()):
    assert_close(one(params, x),
                 jax.tree.map(lambda leaf, i=i: leaf[i], together), 1e-12)


@pytest.mark.parametrize("implementation", ["factored", "general"])
def test_a_module_whose_leaves_are_functions_and_names(implementation):
  apply, params = network()
  x = states()[0]
  fn = functools.partial(tailored_predict,
                         conserved_fn=quantities,
                         optimizer=optax.sgd(.1),
                         residual_fn=FIELD,
                         implementation=implementation)
  plain = fn(MetaParams(params, PHI), x, None, predict_fn=field(apply))
  module = {"act": jnp.tanh, "layers": params, "name": "mlp"}
  out = fn(MetaParams(module, PHI),
           x,
           None,
           predict_fn=lambda m, x, key: apply(m["layers"], x))
  np.testing.assert_array_equal(out.value, plain.value)
  assert tailored_params(module, out.adapted)["act"] is jnp.tanh
