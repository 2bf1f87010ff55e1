"""The inner loop: closed forms, both paths, rejection, gradients."""

import functools

import jax
from jax.test_util import check_grads
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from noether_jax import by_path
from noether_jax import conservation
from noether_jax import gauss_newton
from noether_jax import integrators
from noether_jax import meta_loss
from noether_jax import MetaParams
from noether_jax import networks
from noether_jax import tailor
from noether_jax import tailored_params
from noether_jax import tailored_predict

DT = 0.1
FIELD = functools.partial(conservation.field_residuals, dt=DT)
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
    "rollout": (rolled, conservation.trajectory_residuals,
                lambda x: jnp.stack([x[:, ::-1]] * 3, axis=1)),
}
OPTIMIZERS = {"sgd": optax.sgd(0.1), "gauss_newton": gauss_newton()}


def outer(case, optimizer, path, num_steps, rate=-0.3, **kwargs):
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
                         path=path,
                         **kwargs)
  loss = lambda p: meta_loss(
      p, (x, target(x)), jax.random.key(0), tailored_fn=fn)[0]
  return jax.jit(jax.value_and_grad(loss))(MetaParams(params, PHI,
                                                      jnp.asarray(rate)))


def assert_close(left, right, rtol):
  jax.tree.map(
      lambda a, b: np.testing.assert_allclose(
          a, b, rtol=0, atol=rtol * float(jnp.max(jnp.abs(b)) + 1e-12)), left,
      right)


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("num_steps", [1, 2])
def test_factored_equals_general(case, name, num_steps):
  pair = [
      outer(case, OPTIMIZERS[name], path, num_steps)
      for path in ("factored", "general")
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

  def loss(params, path):
    out = jax.vmap(lambda x: fn(MetaParams(params, PHI), x, None, path=path))(
        states())
    return jnp.sum(out.value**3), out.path

  params = jax.tree.map(lambda a: a.astype(jnp.float64), params)
  factored, path = jax.grad(loss, has_aux=True)(params, "factored")
  assert path.startswith("factored")
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
  assert out.path == "factored (1 of 1 kernels)"
  assert out.adapted["layers"][0]["kernel"] is None
  full = tailored_params(params, out.adapted)
  np.testing.assert_array_equal(full["layers"][0]["kernel"],
                                params["layers"][0]["kernel"])
  np.testing.assert_allclose(apply(full, states()[0]), out.value, rtol=1e-12)


def test_zero_steps_equal_the_plain_prediction():
  apply, params = network()
  x = states()[0]
  out = tailored_predict(MetaParams(params, PHI),
                         x,
                         None,
                         predict_fn=field(apply),
                         conserved_fn=quantities,
                         optimizer=optax.sgd(.1),
                         residual_fn=FIELD,
                         num_steps=0)
  np.testing.assert_array_equal(out.value, apply(params, x))


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


def test_gauss_newton_zeroes_the_linearised_residuals():
  matrix = jax.random.normal(jax.random.key(0), (2, 5))
  goal = jnp.array([1., -3.])
  result = tailor(lambda w: matrix @ w - goal, jnp.zeros(5),
                  gauss_newton(damping=0.))
  np.testing.assert_allclose(result.adapted,
                             jnp.linalg.pinv(matrix) @ goal,
                             rtol=1e-10)


def test_gauss_newton_without_gradient_is_finite():
  loss = lambda w: jnp.sum(w[:1] * 0 + 1.0)[None]
  gradient = jax.grad(
      lambda w: jnp.sum(tailor(loss, w, gauss_newton()).adapted))(jnp.ones(3))
  np.testing.assert_allclose(gradient, jnp.ones(3))


@pytest.mark.parametrize("optimizer", [
    optax.sgd(0.1),
    optax.adam(0.1, eps_root=1e-8),
    optax.chain(optax.clip(1.), optax.sgd(.1, momentum=.9)),
],
                         ids=["sgd", "adam", "chain"])
def test_any_optax_transformation_descends(optimizer):
  result = tailor(lambda w: w - 1., jnp.zeros(3), optimizer, num_steps=20)
  assert result.losses[-1] < result.losses[0] / 10
  assert result.losses.shape == (20,)


def test_outer_gradients():
  check_grads(lambda w, rate: jnp.sum(
      tailor(
          lambda v: jnp.sin(v), w, optax.sgd(.1), num_steps=3, inner_rate=rate).
      adapted**3), (jnp.array([.3, -1.]), jnp.asarray(.2)),
              order=2)


def test_general_scan_equals_unrolled_steps():
  loss = lambda w: jnp.sin(w)
  together = tailor(loss, jnp.ones(2), optax.sgd(.1), num_steps=3).adapted
  apart = jnp.ones(2)
  for _ in range(3):
    apart = tailor(loss, apart, optax.sgd(.1)).adapted
  np.testing.assert_allclose(together, apart, rtol=1e-14)


def test_jump_steps_reach_the_same_weights_without_a_gradient():
  loss = lambda w: w - 1.
  run = lambda w, jump, steps: tailor(
      loss, w, optax.sgd(.1), num_steps=steps, jump_steps=jump).adapted
  np.testing.assert_allclose(run(jnp.zeros(2), 3, 1),
                             run(jnp.zeros(2), 0, 4),
                             rtol=1e-14)
  gradient = jax.grad(lambda w: jnp.sum(run(w, 3, 1)))(jnp.zeros(2))
  np.testing.assert_array_equal(gradient, jnp.zeros(2))


def test_jump_steps_keep_the_untailored_prediction():
  run = functools.partial(rejecting, jnp.array([1., 2.]), num_steps=2)
  plain, jumped = run(), run(jump_steps=3)
  np.testing.assert_array_equal(plain.initial, jumped.initial)
  np.testing.assert_allclose(plain.losses[0], jumped.losses[0])
  assert jumped.losses.shape == (6,)


@pytest.mark.parametrize("rate", [jnp.log(2.), {"a": jnp.log(2.), "b": 0.}])
def test_inner_rate_scales_the_updates(rate):
  params = {"a": jnp.ones(2), "b": jnp.ones(2)}
  loss = lambda p: jnp.concatenate([p["a"], p["b"]])
  adapted = tailor(loss, params, optax.sgd(.1), inner_rate=rate).adapted
  np.testing.assert_allclose(adapted["a"], 1 - .4)
  expected = 1 - .2 if isinstance(rate, dict) else 1 - .4
  np.testing.assert_allclose(adapted["b"], expected)


def rejecting(x, **kwargs):
  return tailored_predict(MetaParams(jnp.ones(2)),
                          x,
                          None,
                          predict_fn=lambda w, x, key: w * x,
                          conserved_fn=lambda _, x: jnp.log(x[:1]),
                          optimizer=optax.sgd(.1),
                          residual_fn=FIELD,
                          **kwargs)


def test_non_finite_examples_are_rejected_alone():
  x = jnp.array([[1., 2.], [0., 1.], [2., 1.]])
  out = jax.vmap(rejecting)(x)
  assert out.finite.tolist() == [True, False, True]
  assert out.accepted.tolist() == [True, False, True]
  np.testing.assert_array_equal(out.value[1], out.initial[1])
  assert jnp.all(jnp.isfinite(out.value))
  assert not jnp.array_equal(out.value[0], out.initial[0])


def test_keep_if_better():
  too_far = functools.partial(rejecting, jnp.array([1., 2.]))
  worse = tailored_predict(MetaParams(jnp.ones(2)),
                           jnp.array([1., 2.]),
                           None,
                           predict_fn=lambda w, x, key: w * x,
                           conserved_fn=lambda _, x: x[:1],
                           optimizer=optax.sgd(1e3),
                           residual_fn=FIELD,
                           keep_if_better=True)
  assert worse.losses[-1] > worse.losses[0]
  assert bool(worse.finite) and not bool(worse.accepted)
  np.testing.assert_array_equal(worse.value, worse.initial)
  assert bool(too_far(keep_if_better=True).accepted)


def test_vmap_equals_a_loop():
  apply, params = network()
  one = lambda x: tailored_predict(MetaParams(params, PHI),
                                   x,
                                   None,
                                   predict_fn=field(apply),
                                   conserved_fn=quantities,
                                   optimizer=optax.sgd(.1),
                                   residual_fn=FIELD).value
  together = jax.vmap(one)(states())
  for x, expected in zip(states(), together):
    np.testing.assert_allclose(one(x), expected, rtol=1e-12)


def test_learned_rate_does_not_recompile():
  traces = []

  @jax.jit
  def run(rate):
    traces.append(1)
    return tailor(lambda w: w, jnp.ones(2), optax.sgd(.1),
                  inner_rate=rate).adapted

  for rate in (0.1, 0.2, 0.3):
    run(jnp.asarray(rate))
  assert len(traces) == 1


@pytest.mark.parametrize("kwargs, message", [
    ({
        "num_steps": -1
    }, "must be at least 0"),
    ({
        "inner_rate": {
            "b": 1.
        }
    }, "must be a prefix"),
    ({
        "path": "fast"
    }, "must be 'auto'"),
    ({
        "path": "factored"
    }, "no kernel"),
])
def test_errors(kwargs, message):
  with pytest.raises(ValueError, match=message):
    tailor(lambda p: p["a"], {"a": jnp.ones(2)}, optax.sgd(.1), **kwargs)


def test_gauss_newton_refuses_a_scalar_loss():
  with pytest.raises(ValueError, match="needs residuals"):
    tailor(lambda w: jnp.sum(w**2), jnp.ones(2), gauss_newton())


@pytest.mark.parametrize("optimizer, reason", [
    (optax.adam(.1), "not a multiple"),
    (optax.chain(optax.clip(1.), optax.sgd(.1)), "not a multiple"),
])
def test_the_general_path_says_why(optimizer, reason):
  result = tailor(lambda w: jnp.ones(3) @ w, jnp.ones((3, 3)), optimizer)
  assert reason in result.path
