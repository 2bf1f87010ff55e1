"""A batch with failures: its mean, its gradient, and what they cost."""

import functools

import jax
import jax.numpy as jnp
from jax.test_util import check_grads
import numpy as np
import optax
import pytest

from noether_jax import gauss_newton
from noether_jax import init_state
from noether_jax import meta_loss
from noether_jax import MetaParams
from noether_jax import mse
from noether_jax import networks
from noether_jax import tailored_predict
from noether_jax import tailoring
from noether_jax import update
from noether_jax.dynamics import integrators
from noether_jax.training import failsafe
from noether_jax.training import sharding
from tests.comparison import assert_close

DT = 0.1
BATCH = 8
KEY = jax.random.key(0)
APPLY, _ = networks.mlp(jax.random.key(0), 2, 2, hidden=(12, 12))


def quantity(phi, x):
  """Singular where x[0] is zero, at which no tailoring is possible."""
  return jnp.stack([phi[0] * jnp.log(jnp.abs(x[0])), phi[1] * x[1]**2])


def field(params, x, key):
  del key
  return APPLY(params, x)


def rolled(params, x, key):
  del key
  step = integrators.euler(functools.partial(APPLY, params), DT)
  return integrators.rollout(step, x, 3)


KINDS = {
    "field": (field, functools.partial(tailoring.field_residuals, dt=DT)),
    "rollout": (rolled, tailoring.trajectory_residuals),
}

OPTIMIZERS = {"sgd": optax.sgd(0.05), "gauss_newton": gauss_newton()}


def problem(kind="field",
            implementation="factored",
            optimizer=OPTIMIZERS["sgd"],
            **kwargs):
  """Parameters, a batch whose third example fails, and its meta-loss."""
  _, predictor = networks.mlp(jax.random.key(0), 2, 2, hidden=(12, 12))
  predictor = jax.tree.map(lambda leaf: leaf.astype(jnp.float64), predictor)
  predict, residual_fn = KINDS[kind]
  tailored = functools.partial(tailored_predict,
                               predict_fn=predict,
                               conserved_fn=quantity,
                               optimizer=optimizer,
                               residual_fn=residual_fn,
                               implementation=implementation,
                               **kwargs)
  x = jax.random.normal(jax.random.key(1), (BATCH, 2)) + 2.0
  target = jax.vmap(lambda x: predict(predictor, x, None))(x) + 1.0
  params = MetaParams(predictor, jnp.array([0.3, 0.2]), jnp.asarray(-0.1))
  batch = x.at[2, 0].set(0.0), target
  return params, batch, functools.partial(meta_loss, tailored_fn=tailored)


def rows(batch, index):
  return jax.tree.map(lambda leaf: leaf[jnp.array(index)], batch)


def untailored_loss(kind, params, batch):
  predict = KINDS[kind][0]
  x, target = batch
  return mse(jax.vmap(lambda x: predict(params.predictor, x, None))(x), target)


def value_and_gradient(run, params, batch):
  (loss, metrics), gradient = run(params, batch, KEY)
  return (loss, gradient), metrics


def share_of_the_others(run, params, batch):
  """What all but the third example contribute, from batches that are good."""
  twice = value_and_gradient(run, params, rows(batch, [0, 1, 0, *range(3, 8)]))
  first = value_and_gradient(run, params, rows(batch, [0] * BATCH))
  return jax.tree.map(lambda all_, one: all_ - one / BATCH, twice[0], first[0])


@pytest.mark.parametrize("kind, implementation, num_steps, optimizer", [
    ("field", "factored", 1, "sgd"),
    ("field", "factored", 1, "gauss_newton"),
    ("field", "general", 1, "gauss_newton"),
    ("field", "general", 2, "sgd"),
    ("rollout", "factored", 2, "sgd"),
    ("rollout", "general", 1, "sgd"),
])
def test_a_failure_contributes_its_untailored_gradient(kind, implementation,
                                                       num_steps, optimizer):
  params, batch, loss_fn = problem(kind,
                                   implementation,
                                   optimizer=OPTIMIZERS[optimizer],
                                   num_steps=num_steps)
  run = jax.jit(jax.value_and_grad(loss_fn, has_aux=True))
  found, metrics = value_and_gradient(run, params, batch)
  assert int(metrics["non_finite"]) == int(metrics["rejected"]) == 1
  assert int(metrics["dropped"]) == 0
  plain = jax.value_and_grad(functools.partial(untailored_loss, kind))
  assert_close(
      found,
      jax.tree.map(lambda others, own: others + own / BATCH,
                   share_of_the_others(run, params, batch),
                   plain(params, rows(batch, [2]))))


@pytest.mark.parametrize("where", ["x", "target"])
def test_an_example_without_any_loss_contributes_nothing(where):
  params, (x, target), loss_fn = problem()
  x = x.at[2, 0].set(1.0)
  spoiled = {
      "x": (x.at[2, 1].set(jnp.nan), target),
      "target": (x, target.at[2].set(jnp.inf))
  }[where]
  run = jax.jit(jax.value_and_grad(loss_fn, has_aux=True))
  found, metrics = value_and_gradient(run, params, spoiled)
  assert int(metrics["dropped"]) == 1
  assert_close(found, share_of_the_others(run, params, (x, target)))


def test_a_batch_of_failures_has_the_plain_gradient():
  params, (x, target), loss_fn = problem()
  batch = x.at[:, 0].set(0.0), target
  gradient, metrics = jax.jit(jax.grad(loss_fn, has_aux=True))(params, batch,
                                                               KEY)
  assert_close(
      gradient,
      jax.grad(functools.partial(untailored_loss, "field"))(params, batch))
  assert int(metrics["non_finite"]) == BATCH


def test_an_update_is_made_unless_no_example_has_a_loss():
  params, (x, target), loss_fn = problem()
  optimizer = optax.adam(1e-3)
  state = init_state(params, optimizer)
  step = jax.jit(functools.partial(update, loss_fn=loss_fn,
                                   optimizer=optimizer))
  new, metrics = step(state, (x, target), KEY)
  assert int(metrics["skipped"]) == 0
  assert not jnp.array_equal(new.params.conserved, params.conserved)
  new, metrics = step(state, (x * jnp.nan, target), KEY)
  assert jnp.isnan(metrics["loss"]) and int(metrics["skipped"]) == 1
  assert_close(new.params, state.params, 0.0)


def test_without_failures_the_gradient_is_that_of_the_mean():
  params, (x, target), loss_fn = problem()
  batch = x.at[2, 0].set(1.0), target

  @jax.jit
  def plain(params):
    out = jax.vmap(lambda x: loss_fn.keywords["tailored_fn"]
                   (params, x, None).value)(batch[0])
    return mse(out, target)

  assert_close(
      jax.jit(jax.grad(loss_fn, has_aux=True))(params, batch, KEY)[0],
      jax.grad(plain)(params))


@pytest.mark.parametrize("implementation", ["factored", "general"])
def test_gradients_to_second_order(implementation):
  params, (x, target), loss_fn = problem(implementation=implementation)
  batch = x.at[2, 0].set(1.0), target
  rates = jnp.array([0.3, 0.2]), jnp.asarray(-0.1)
  check_grads(jax.jit(lambda conserved, rate: loss_fn(
      MetaParams(params.predictor, conserved, rate), batch, KEY)[0]),
              rates,
              order=2,
              modes=["rev"])


def test_metrics_are_differentiated_too():
  params, (x, target), loss_fn = problem()
  inner = jax.jit(
      jax.grad(lambda params, batch: loss_fn(params, batch, KEY)[1][
          "inner_loss_after"]))
  good = [0, 1, 3, 4]
  assert_close(inner(params, rows((x, target), good + [2] * 4)),
               inner(params, rows((x, target), good * 2)))


def test_what_is_closed_over_is_differentiated_too():
  params, batch, loss_fn = problem()
  base = loss_fn.keywords["tailored_fn"]

  def through_closure(rate):
    tailored = lambda p, x, key: base(p._replace(log_inner_rate=rate), x, key)
    return meta_loss(params, batch, KEY, tailored_fn=tailored)[0]

  through_params = lambda rate: loss_fn(params._replace(log_inner_rate=rate),
                                        batch, KEY)[0]
  rate = jnp.asarray(0.2)
  expected = jax.jit(jax.grad(through_params))
  assert_close(jax.jit(jax.grad(through_closure))(rate), expected(rate))
  rates = jnp.array([0.2, -0.3])
  assert_close(
      jax.jit(jax.vmap(jax.grad(through_closure)))(rates),
      jnp.stack([expected(rate) for rate in rates]))


def test_an_ensemble_computes_the_second_gradient_only_if_needed():
  """Under vmap the branch stays a branch, and the results those of a loop."""
  params, batch, loss_fn = problem()
  ensemble = params._replace(conserved=jnp.array([[0.3, 0.2], [0.5, 0.1]]))
  axes = MetaParams(None, 0, None)
  one = lambda params, batch: jax.grad(loss_fn, has_aux=True)(params, batch, KEY
                                                             )[0]
  batches = jax.tree.map(lambda leaf: jnp.stack([leaf, leaf]), batch)
  batches = batches[0].at[1, 2, 0].set(1.0), batches[1]
  together = jax.jit(jax.vmap(one, in_axes=(axes, 0)))
  assert " conditional(" in together.lower(ensemble,
                                           batches).compile().as_text()
  found = together(ensemble, batches)
  for i in range(2):
    alone = one(ensemble._replace(conserved=ensemble.conserved[i]),
                jax.tree.map(lambda leaf, i=i: leaf[i], batches))
    assert_close(jax.tree.map(lambda leaf, i=i: leaf[i], found), alone)


def test_eight_devices_equal_one():
  params, batch, loss_fn = problem()
  run = jax.jit(jax.grad(loss_fn, has_aux=True))
  mesh = sharding.make_mesh()
  together, metrics = run(sharding.replicate(params, mesh),
                          sharding.shard_batch(batch, mesh), KEY)
  assert int(metrics["non_finite"]) == 1
  assert_close(together, run(params, batch, KEY)[0])


def test_integers_and_keys_may_be_examples():

  def example(w, item):
    number, key = item
    loss = w * number + 0 * jax.random.normal(key)
    return failsafe.ExampleLoss(loss, loss, {}, jnp.array(True),
                                jnp.array(True))

  items = jnp.arange(3), jax.random.split(KEY, 3)
  total = lambda w: failsafe.failsafe_mean(example, w, items)[0]
  assert float(jax.grad(total)(2.0)) == 1.0


def test_ones_own_loss_over_a_batch_with_a_failure():
  """The gradient is the mean of each example's own; by `jnp.mean` it is NaN."""
  x, target = jnp.array([1., 0., 2.]), jnp.array([2., 1., 1.])

  def prediction(params, x):
    return tailored_predict(params,
                            x,
                            None,
                            predict_fn=lambda w, x, key: (w * x + w)[None],
                            conserved_fn=lambda phi, x: jnp.log(x),
                            optimizer=optax.sgd(.1))

  def own(params, item):
    out = prediction(params, item[0])
    return failsafe.ExampleLoss.of(out, lambda v: jnp.abs(v[0] - item[1])**3,
                                   {"size": jnp.abs(out.value[0])})

  params = MetaParams(jnp.float64(1.5))
  mean = lambda p: failsafe.failsafe_mean(own, p, (x, target))
  (loss, (metrics, flags)), gradient = jax.value_and_grad(lambda p:
                                                          (lambda out:
                                                           (out[0], out[1:]))
                                                          (mean(p)),
                                                          has_aux=True)(params)
  naive = lambda p: jnp.mean(
      jax.vmap(lambda item: own(p, item).loss)((x, target)))
  np.testing.assert_allclose(loss, naive(params))
  assert jnp.isnan(jax.grad(naive)(params).predictor)
  plain = lambda p, i: jnp.abs(p.predictor * (x[i] + 1) - target[i])**3
  one = [
      jax.grad(lambda p, i=i: own(p, (x[i], target[i])).loss) for i in (0, 2)
  ]
  expected = (sum(g(params).predictor
                  for g in one) + jax.grad(plain)(params, 1).predictor) / 3
  np.testing.assert_allclose(gradient.predictor, expected)
  assert flags.finite.tolist() == [True, False, True] and metrics["size"] > 0
