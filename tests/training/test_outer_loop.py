"""The outer loop, on one device and on eight."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from noether_jax import apply_gradient
from noether_jax import init_state
from noether_jax import meta_loss
from noether_jax import MetaParams
from noether_jax import microbatched_gradient
from noether_jax import mse
from noether_jax import networks
from noether_jax import tailored_predict
from noether_jax import tailoring
from noether_jax import update
from noether_jax.training import sharding

OPTIMIZER = optax.adam(1e-3)


def problem(implementation="auto"):
  apply, params = networks.mlp(jax.random.key(0), 2, 2, hidden=(16, 16))
  params = jax.tree.map(lambda a: a.astype(jnp.float64), params)
  fn = functools.partial(tailored_predict,
                         predict_fn=lambda p, x, key: apply(p, x),
                         conserved_fn=lambda phi, x: phi * jnp.sum(x**2)[None],
                         optimizer=optax.sgd(.1),
                         residual_fn=functools.partial(
                             tailoring.field_residuals, dt=.1),
                         implementation=implementation)
  x = jax.random.normal(jax.random.key(1), (16, 2))
  step = functools.partial(update,
                           loss_fn=functools.partial(meta_loss, tailored_fn=fn),
                           optimizer=OPTIMIZER)
  state = init_state(MetaParams(params, jnp.asarray(1.), jnp.asarray(0.)),
                     OPTIMIZER)
  return step, state, (x, -x)


def assert_close(left, right):
  jax.tree.map(
      functools.partial(np.testing.assert_allclose, rtol=1e-9, atol=1e-11),
      left, right)


def test_training_lowers_the_loss_and_moves_everything():
  step, state, batch = problem()
  first, losses, jitted = state, [], jax.jit(step)
  for i in range(50):
    state, metrics = jitted(state, batch, jax.random.key(i))
    losses.append(float(metrics["loss"]))
  assert losses[-1] < 0.9 * losses[0]
  assert int(state.step) == 50 and int(state.skipped) == 0
  assert state.params.conserved != first.params.conserved
  assert state.params.log_inner_rate != first.params.log_inner_rate


@pytest.mark.parametrize("implementation", ["factored", "general"])
def test_eight_devices_equal_one(implementation):
  step, state, batch = problem(implementation)
  key = jax.random.key(0)
  alone, _ = jax.jit(step)(state, batch, key)
  mesh = sharding.make_mesh()
  assert mesh.size == 8
  together, _ = jax.jit(step)(sharding.replicate(state, mesh),
                              sharding.shard_batch(batch, mesh), key)
  assert_close(alone.params, together.params)


def test_rates_keys_and_batches_do_not_recompile():
  apply, params = networks.mlp(jax.random.key(0), 2, 2, hidden=(6,))
  traces = []

  def predict(params, x, key):
    traces.append(1)
    return apply(params, x) + 0.1 * jax.random.normal(key, (2,), x.dtype)

  fn = functools.partial(tailored_predict,
                         predict_fn=predict,
                         conserved_fn=lambda phi, x: phi * jnp.sum(x**2)[None],
                         optimizer=optax.sgd(.1),
                         residual_fn=tailoring.field_residuals)
  step = jax.jit(
      functools.partial(update,
                        loss_fn=functools.partial(meta_loss, tailored_fn=fn),
                        optimizer=OPTIMIZER))
  counts, losses = [], []
  for i, rate in enumerate((-.3, 0., 1.)):
    state = init_state(MetaParams(params, jnp.float32(1.), jnp.float32(rate)),
                       OPTIMIZER)
    x = jax.random.normal(jax.random.key(i), (4, 2), jnp.float32)
    _, metrics = step(state, (x, -x), jax.random.key(i + 1))
    counts.append(len(traces))
    losses.append(float(metrics["loss"]))
  assert counts[0] == counts[1] == counts[2]
  assert len(set(losses)) == 3


def test_pmap_with_a_mean_of_the_gradients_equals_one_device():
  step, state, batch = problem()
  loss_fn = step.keywords["loss_fn"]
  key = jax.random.key(0)
  whole = jax.grad(lambda p: loss_fn(p, batch, key)[0])(state.params)
  split = jax.tree.map(lambda leaf: leaf.reshape(8, 2, *leaf.shape[1:]), batch)

  def gradient(params, batch):
    return jax.lax.pmean(
        jax.grad(lambda p: loss_fn(p, batch, key)[0])(params), "data")

  parts = jax.pmap(gradient, "data", in_axes=(None, 0))(state.params, split)
  assert_close(whole, jax.tree.map(lambda leaf: leaf[0], parts))


def test_a_gradient_that_is_not_finite_is_skipped_and_counted():
  loss = lambda p, batch, key: (jnp.sum(p) * batch, {})
  state = init_state(jnp.ones(2), OPTIMIZER)
  new, metrics = update(state,
                        jnp.asarray(jnp.nan),
                        jax.random.key(0),
                        loss_fn=loss,
                        optimizer=OPTIMIZER)
  np.testing.assert_array_equal(new.params, state.params)
  assert int(metrics["skipped"]) == 1 and int(new.step) == 1


def test_parts_of_a_batch_add_up_to_its_gradient():
  step, state, batch = problem()
  gradient = jax.grad(step.keywords["loss_fn"], has_aux=True)
  key = jax.random.key(0)
  whole, metrics = gradient(state.params, batch, key)
  for size in (16, 4):
    parts, sums = microbatched_gradient(jax.jit(gradient),
                                        state.params,
                                        batch,
                                        key,
                                        size=size)
    assert_close(whole, parts)
    assert_close(metrics["loss"], sums["loss"])
    assert int(sums["rejected"]) == int(metrics["rejected"])


def test_a_part_without_any_loss_skips_the_step():
  step, state, (x, target) = problem()
  gradient = jax.jit(jax.grad(step.keywords["loss_fn"], has_aux=True))
  batch = x[:4], target[:4].at[2].set(jnp.nan)
  parts = lambda size: microbatched_gradient(
      gradient, state.params, batch, jax.random.key(0), size=size)
  apply = lambda gradient, metrics: apply_gradient(
      state, gradient, metrics, optimizer=step.keywords["optimizer"])
  after, metrics = apply(*parts(1))
  assert int(metrics["skipped"]) == 1 and int(metrics["dropped"]) == 1
  assert_close(after.params, state.params)
  # Beside another example the one without a loss is left out.
  after, metrics = apply(*parts(2))
  assert int(metrics["skipped"]) == 0 and int(metrics["dropped"]) == 1
  assert all(
      bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(after.params))


def test_counts_of_the_parts_are_added():
  gradient = lambda p, b, k: (p, {"count": jnp.sum(b > 0), "mean": jnp.mean(b)})
  batch = jnp.array([1., 2., -1., 6.])
  _, metrics = microbatched_gradient(gradient,
                                     jnp.ones(()),
                                     batch,
                                     jax.random.key(0),
                                     size=2)
  assert int(metrics["count"]) == 3 and float(metrics["mean"]) == 2.0


@pytest.mark.parametrize("size", [3, 0, 5])
def test_parts_must_fill_the_batch(size):
  with pytest.raises(ValueError, match=f"parts of {size} .* batch of 4"):
    microbatched_gradient(lambda p, b, k: (p, {}),
                          jnp.ones(()),
                          jnp.ones(4),
                          jax.random.key(0),
                          size=size)


def test_a_batch_must_divide():
  with pytest.raises(ValueError, match="12 examples for 8 devices"):
    sharding.shard_batch(jnp.ones((12, 2)), sharding.make_mesh())


@pytest.mark.parametrize("prediction, target, message", [
    (jnp.ones((3, 1)), jnp.ones(3), r"got \(3, 1\) and \(3,\)"),
    ({
        "a": jnp.ones(2)
    }, {
        "b": jnp.ones(2)
    }, "same structure"),
])
def test_mse_refuses_what_would_broadcast(prediction, target, message):
  with pytest.raises(ValueError, match=message):
    mse(prediction, target)
