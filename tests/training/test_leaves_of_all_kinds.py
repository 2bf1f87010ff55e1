"""Leaves without a gradient, and parameters of 16 bits."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from noether_jax import apply_gradient
from noether_jax import by_path
from noether_jax import field_residuals
from noether_jax import gauss_newton
from noether_jax import init_state
from noether_jax import meta_loss
from noether_jax import MetaParams
from noether_jax import microbatched_gradient
from noether_jax import tailor
from noether_jax import tailored_predict
from noether_jax import update
from noether_jax.tailoring import split_inexact
from noether_jax.training import gradient_step
from noether_jax.training import loss_gradient
from noether_jax.training import scan_steps


def model(dtype=jnp.float32):
  """Parameters with an integer, a flag and a key, and their prediction."""
  kernel = jax.random.normal(jax.random.key(1), (2, 20))
  params = {
      "in": kernel.astype(dtype) / 2,
      "out": kernel.T.astype(dtype) / 4,
      "count": jnp.arange(4).reshape(2, 2),
      "flag": True,
      "key": jax.random.key(3),
  }

  def predict(params, x, key):
    del key
    noise = jax.random.normal(params["key"], (2,), dtype)
    wide = jnp.tanh(x @ params["in"]) * params["count"][0, 1]
    return wide @ params["out"] + noise * params["flag"]

  return params, predict


def tailored(predict, **kwargs):
  return functools.partial(
      tailored_predict, **{
          "predict_fn": predict,
          "conserved_fn": lambda phi, x: phi * jnp.sum(x**2)[None],
          "optimizer": optax.sgd(.1),
          "residual_fn": field_residuals,
          **kwargs
      })


def assert_not_moved(after, before):
  np.testing.assert_array_equal(after["count"], before["count"])
  assert bool(after["flag"])
  assert after["key"] == before["key"]


@pytest.mark.parametrize("implementation", ["general", "factored"])
@pytest.mark.parametrize("optimizer",
                         [optax.sgd(.1), gauss_newton()],
                         ids=["sgd", "gauss_newton"])
def test_leaves_without_a_gradient_stay(implementation, optimizer):
  params, predict = model()
  x = jnp.array([[1., 2.], [.5, 1.]], jnp.float32)
  fn = tailored(predict, implementation=implementation, optimizer=optimizer)
  outer = optax.adam(1e-3)
  state = init_state(
      MetaParams(params, jnp.float32(1.),
                 jnp.float32(0.) if optimizer is not None else None), outer)
  after, metrics = jax.jit(
      functools.partial(update,
                        loss_fn=functools.partial(meta_loss, tailored_fn=fn),
                        optimizer=outer))(state, (x, -x), jax.random.key(0))
  assert_not_moved(after.params.predictor, params)
  assert not jnp.array_equal(after.params.predictor["in"], params["in"])
  assert int(metrics["skipped"]) == 0
  out = fn(state.params, x[0], None)
  assert out.adapted["count"] is None and out.adapted["key"] is None


def test_a_gradient_may_hold_anything_for_them():
  params = {"w": jnp.ones(2), "n": jnp.int32(3)}
  outer = optax.sgd(.5)
  loss = lambda p: jnp.sum(p["w"] * p["n"])
  gradient = jax.grad(loss, allow_int=True)(params)
  for given in (gradient, {"w": gradient["w"], "n": None}):
    state, metrics = apply_gradient(init_state(params, outer),
                                    given, {},
                                    optimizer=outer)
    np.testing.assert_array_equal(state.params["w"], [-.5, -.5])
    assert int(state.params["n"]) == 3 and metrics["gradient_norm"] > 0


LEAVES = {
    "integer": jnp.int32(2),
    "number": 2,
    "boolean": True,
    "key": jax.random.key(7)
}


def as_factor(leaf):
  """A number that depends on a leaf of any kind."""
  if jnp.issubdtype(jnp.result_type(leaf), jax.dtypes.prng_key):
    return jax.random.uniform(leaf)
  return 1. * leaf


def scaled_error(params, x):
  return jnp.mean((params["w"] * as_factor(params["other"]) - x)**2)


@pytest.mark.parametrize("leaf", LEAVES.values(), ids=LEAVES)
@pytest.mark.parametrize("optimizer",
                         [optax.sgd(.1), optax.adam(.1)],
                         ids=["sgd", "adam"])
def test_steps_leave_them_as_they_are(leaf, optimizer):
  params = {"other": leaf, "w": jnp.array([1., 2.])}
  batches = jnp.arange(3.)
  (after, _), losses = jax.jit(
      functools.partial(scan_steps, gradient_step(scaled_error, optimizer)))(
          (params, optimizer.init(split_inexact(params)[0])), batches)
  assert bool(after["other"] == leaf)
  # The same as if the leaf were no parameter.
  alone = lambda w, x: scaled_error({"other": leaf, "w": w}, x)
  (wanted, _), same = scan_steps(gradient_step(alone, optimizer),
                                 (params["w"], optimizer.init(params["w"])),
                                 batches)
  np.testing.assert_allclose(after["w"], wanted, rtol=1e-12)
  np.testing.assert_allclose(losses, same, rtol=1e-12)
  assert not np.allclose(wanted, params["w"])


@pytest.mark.parametrize("leaf", LEAVES.values(), ids=LEAVES)
def test_parts_of_a_batch_give_them_no_gradient(leaf):
  params = {"other": leaf, "w": jnp.array([1., 2.])}
  batch = jnp.arange(4.)
  loss = lambda p, x, key: (jnp.mean(jax.vmap(lambda x: scaled_error(p, x))
                                     (x)), {})
  whole = jax.grad(lambda w: loss({**params, "w": w}, batch, None)[0])
  for gradient_fn in (loss_gradient(loss),
                      jax.grad(loss, has_aux=True, allow_int=True)):
    gradient, _ = microbatched_gradient(jax.jit(gradient_fn),
                                        params,
                                        batch,
                                        jax.random.key(0),
                                        size=2)
    assert gradient["other"] is None
    np.testing.assert_allclose(gradient["w"], whole(params["w"]), rtol=1e-12)
    state, _ = apply_gradient(init_state(params, optax.sgd(.1)),
                              gradient, {},
                              optimizer=optax.sgd(.1))
    assert bool(state.params["other"] == leaf)
  with pytest.raises(TypeError, match=r"without a gradient: \['other'\]. Pass"):
    microbatched_gradient(jax.grad(loss, has_aux=True),
                          params,
                          batch,
                          jax.random.key(0),
                          size=2)


def test_other_errors_of_a_gradient_stay_as_they_are():
  wrong = lambda params, x, key: len(1.)
  with pytest.raises(TypeError, match="has no len"):
    microbatched_gradient(wrong,
                          jnp.ones(1),
                          jnp.ones(1),
                          jax.random.key(0),
                          size=1)


@pytest.mark.parametrize("call, message", [
    (lambda: gradient_step(lambda p, x: p * x, optax.sgd(.1))(
        (3, optax.sgd(.1).init(3)), 1.),
     "no leaf that has a gradient: got leaves of .*int"),
    (lambda: update(init_state({"k": jax.random.key(0)}, optax.sgd(.1)),
                    1.,
                    None,
                    loss_fn=lambda p, x, key: (x, {}),
                    optimizer=optax.sgd(.1)),
     r"no leaf that has a gradient: got leaves of \['key"),
    (lambda: gradient_step(scaled_error, optax.adam(.1))(({
        "other": 2,
        "w": jnp.ones(2)
    }, optax.adam(.1).init({
        "other": 2,
        "w": jnp.ones(2)
    })), 1.), r"begin with optimizer.init\(split_inexact"),
    (lambda: tailor(lambda p: p, jnp.arange(2), optax.sgd(.1)),
     "selects no leaf of `params` that has a gradient"),
    (lambda: tailored(lambda w, x, key: x, adapt=by_path("nothing"))
     (MetaParams({"w": jnp.ones(1)}, 1.), jnp.ones(1), None),
     "selects no leaf of `params.predictor`"),
    (lambda: tailored(lambda w, x, key: x)
     (MetaParams({"w": jnp.ones(1)}, 1., {"b": 0.}), jnp.ones(1), None),
     "`params.log_inner_rate` must be a prefix of `params.predictor`"),
    (lambda: apply_gradient(init_state({"w": jnp.ones(1)}, optax.sgd(.1)),
                            {"v": jnp.ones(1)}, {},
                            optimizer=optax.sgd(.1)),
     "`gradient` must have the structure of `state.params`"),
])
def test_errors(call, message):
  with pytest.raises(ValueError, match=message):
    call()


@pytest.mark.parametrize("dtype, optimizer, implementation, steps", [
    (jnp.float16, optax.sgd(1e-3), "factored", 1),
    (jnp.bfloat16, optax.sgd(jnp.float32(1e-3)), "general", 2),
    (jnp.bfloat16, gauss_newton(), "factored", 2),
    (jnp.float16, gauss_newton(), "general", 1),
    (jnp.bfloat16, optax.adam(.01, eps=1e-3), "general", 2),
])
def test_parameters_of_16_bits_keep_their_dtype(dtype, optimizer,
                                                implementation, steps):
  params, predict = model(dtype)
  x = jnp.array([[1., 2.], [.5, 1.]], dtype)
  fn = tailored(
      predict,
      implementation=implementation,
      optimizer=optimizer,
      num_steps=steps,
      conserved_fn=lambda phi, x: phi * jnp.stack([jnp.sum(x**2), x[0]]))
  outer = optax.adam(1e-2)
  state = init_state(MetaParams(params, jnp.asarray(1., dtype), jnp.zeros(())),
                     outer)

  @jax.jit
  def one(params):
    out = fn(params, x[0], None)
    return out.value, out.losses, out.finite

  value, losses, finite = one(state.params)
  assert value.dtype == dtype and bool(finite)
  assert losses[-1] < losses[0]
  step = jax.jit(
      functools.partial(update,
                        loss_fn=functools.partial(meta_loss, tailored_fn=fn),
                        optimizer=outer))
  after, metrics = step(state, (x, -x), jax.random.key(0))
  assert int(metrics["skipped"]) == 0
  same = lambda a, b: jnp.result_type(a) == jnp.result_type(b)
  assert all(jax.tree.leaves(jax.tree.map(same, after.params, state.params)))
  assert not jnp.array_equal(after.params.predictor["in"], params["in"])
  assert_not_moved(after.params.predictor, params)


def test_the_norm_of_16_bits_does_not_overflow():
  state = init_state(jnp.zeros(2, jnp.float16), optax.sgd(1e-3))
  state, metrics = apply_gradient(state,
                                  jnp.full(2, 1000, jnp.float16), {},
                                  optimizer=optax.sgd(1e-3))
  assert int(state.skipped) == 0 and metrics["gradient_norm"] > 1414


def test_the_cause_of_a_skipped_step_is_told():
  loss = lambda p, batch, key: (jnp.sum(jnp.sqrt(p["a"])) + p["b"], {})
  outer = optax.sgd(.1)
  state = init_state({"a": jnp.zeros(2), "b": jnp.zeros(())}, outer)
  state, metrics = update(state, (),
                          jax.random.key(0),
                          loss_fn=loss,
                          optimizer=outer)
  assert int(metrics["skipped"]) == 1
  assert int(metrics["non_finite_gradients"]) == 1
