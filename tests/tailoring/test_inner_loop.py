"""The inner loop alone: closed forms, optimizers, steps, rates, errors."""

import jax
import jax.numpy as jnp
from jax.test_util import check_grads
import numpy as np
import optax
import pytest

from noether_jax import gauss_newton
from noether_jax import InnerLoop
from noether_jax import MetaParams
from noether_jax import tailor
from noether_jax import tailored_predict


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
  check_grads(jax.jit(lambda w, rate: jnp.sum(
      tailor(jnp.sin, w, optax.sgd(.1), num_steps=3, log_inner_rate=rate).
      adapted**3)), (jnp.array([.3, -1.]), jnp.asarray(.2)),
              order=2)


def unrolled(loss_fn, params, optimizer, rate, num_steps):
  """One step after the other, without a scan and without remat."""
  for _ in range(num_steps):
    params = tailor(loss_fn, params, optimizer, log_inner_rate=rate).adapted
  return params


def test_scan_with_remat_equals_unrolled_steps_without():
  loss_fn = lambda w: jnp.sin(w) * w[::-1]
  optimizer = optax.sgd(.1)
  arguments = jnp.array([.3, -1., 2.]), jnp.asarray(.2)
  together = lambda w, rate: tailor(
      loss_fn, w, optimizer, num_steps=4, log_inner_rate=rate).adapted
  apart = lambda w, rate: unrolled(loss_fn, w, optimizer, rate, 4)
  assert "remat" in str(jax.make_jaxpr(together)(*arguments))
  np.testing.assert_allclose(together(*arguments),
                             apart(*arguments),
                             rtol=1e-14)
  gradient = lambda fn: jax.jit(
      jax.grad(lambda *a: jnp.sum(fn(*a)**3), argnums=(0, 1)))(*arguments)
  jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-12),
               gradient(together), gradient(apart))


def test_detached_steps_reach_the_same_weights_without_a_gradient():
  loss = lambda w: w - 1.
  run = lambda w, detached, steps: tailor(
      loss, w, optax.sgd(.1
                        ), num_steps=steps, num_detached_steps=detached).adapted
  np.testing.assert_allclose(run(jnp.zeros(2), 3, 1),
                             run(jnp.zeros(2), 0, 4),
                             rtol=1e-14)
  gradient = jax.grad(lambda w: jnp.sum(run(w, 3, 1)))(jnp.zeros(2))
  np.testing.assert_array_equal(gradient, jnp.zeros(2))


@pytest.mark.parametrize("rate", [jnp.log(2.), {"a": jnp.log(2.), "b": 0.}])
def test_inner_rate_scales_the_updates(rate):
  params = {"a": jnp.ones(2), "b": jnp.ones(2)}
  loss = lambda p: jnp.concatenate([p["a"], p["b"]])
  adapted = tailor(loss, params, optax.sgd(.1), log_inner_rate=rate).adapted
  np.testing.assert_allclose(adapted["a"], 1 - .4)
  expected = 1 - .2 if isinstance(rate, dict) else 1 - .4
  np.testing.assert_allclose(adapted["b"], expected)


def test_learned_rate_does_not_recompile():
  traces = []

  @jax.jit
  def run(rate):
    traces.append(1)
    return tailor(lambda w: w, jnp.ones(2), optax.sgd(.1),
                  log_inner_rate=rate).adapted

  for rate in (0.1, 0.2, 0.3):
    run(jnp.asarray(rate))
  assert len(traces) == 1


@pytest.mark.parametrize("kwargs, message", [
    ({
        "num_steps": -1
    }, "must be at least 0: got -1 and 0"),
    ({
        "num_detached_steps": -2
    }, "must be at least 0: got 1 and -2"),
    ({
        "adapt": {
            "b": True
        }
    }, "`adapt` must be a prefix"),
    ({
        "log_inner_rate": {
            "b": 1.
        }
    }, "`log_inner_rate` must be a prefix"),
    ({
        "implementation": "fast"
    }, "must be 'auto'"),
    ({
        "implementation": "factored"
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
  assert reason in result.implementation


INNER = InnerLoop(optax.sgd(.1), num_steps=2, adapt={"a": True, "b": False})


def test_an_inner_loop_holds_what_the_arguments_say():
  params = {"a": jnp.ones(2), "b": jnp.ones(2)}
  loss = lambda p: p["a"] * p["b"]
  one = tailor(loss, params, INNER)
  apart = tailor(loss, params, INNER.optimizer, num_steps=2, adapt=INNER.adapt)
  np.testing.assert_array_equal(one.adapted["a"], apart.adapted["a"])
  assert one.adapted["b"] is None and one.losses.shape == (2,)


def test_an_inner_loop_holds_what_the_arguments_of_a_prediction_say():
  predict = lambda better: tailored_predict(
      MetaParams(jnp.ones(2)),
      jnp.ones(2),
      None,
      predict_fn=lambda w, x, key: (2 * w * x)[None],
      conserved_fn=lambda _, x: x,
      optimizer=InnerLoop(
          optax.sgd(1e3), num_steps=2, accept_only_if_better=better))
  assert predict(False).losses.shape == (3,)
  assert bool(predict(False).accepted) and not bool(predict(True).accepted)


@pytest.mark.parametrize("make, error, message", [
    (lambda: InnerLoop(.1), TypeError, "optax transformation: got 0.1"),
    (lambda: InnerLoop(optax.sgd(.1), num_steps=1.5), TypeError,
     "`num_steps` must be an integer: got 1.5"),
    (lambda: tailor(lambda p: p["a"], {}, INNER, num_steps=3), ValueError,
     "got num_steps=3 beside it. Pass dataclasses.replace"),
    (lambda: tailor(lambda p: p, jnp.ones(1),
                    InnerLoop(optax.sgd(.1), accept_only_if_better=True)),
     ValueError, "`tailor` makes none"),
])
def test_errors_of_the_settings(make, error, message):
  with pytest.raises(error, match=message):
    make()
