"""The outer gradient where the inner gradient is zero."""

import functools

import jax
import jax.numpy as jnp
from jax.test_util import check_grads
import numpy as np
import optax
import pytest

from noether_jax import init_state
from noether_jax import meta_loss
from noether_jax import MetaParams
from noether_jax import tailor
from noether_jax import tailored_predict
from noether_jax import update
from noether_jax.tailoring.safe_update import safe_update


def quotient_of_norms(max_norm):
  """A transformation of one's own: its product with a quotient is infinite."""

  def step(gradient, state, params=None):
    del params
    norm = jnp.sqrt(sum(jnp.sum(g**2) for g in jax.tree.leaves(gradient)))
    one = lambda g: -jnp.where(norm > max_norm, g * (max_norm / norm), g)
    return jax.tree.map(one, gradient), state

  return optax.GradientTransformation(lambda _: optax.EmptyState(), step)


def conditional():
  """Clips within a branch."""
  clip = optax.clip_by_global_norm(1.)

  def step(gradient, state, params=None):
    del params
    big = jnp.sum(gradient["a"]) >= 0
    return jax.lax.cond(big, lambda g: clip.update(g, None)[0], lambda g: g,
                        gradient), state

  return optax.GradientTransformation(lambda _: optax.EmptyState(), step)


OPTIMIZERS = {
    "adam": optax.adam(.1),
    "adamw": optax.adamw(.1),
    "rmsprop": optax.rmsprop(.1, eps_in_sqrt=False),
    "adagrad": optax.adagrad(.1, initial_accumulator_value=0.),
    "lamb": optax.lamb(.1),
    "clip": optax.chain(optax.clip_by_global_norm(1.), optax.sgd(.1)),
    "normalise": optax.chain(optax.normalize_by_update_norm(), optax.sgd(.1)),
    "own": quotient_of_norms(1.),
    "conditional": conditional(),
}


def zero_gradient(w):
  """A residual that is zero, and one that does not depend on the weights."""
  return jnp.stack([jnp.sum(w["a"]) * w["b"][0], 0. * w["b"][1]])


@pytest.mark.parametrize("name", OPTIMIZERS)
@pytest.mark.parametrize("steps", [1, 2])
def test_the_outer_gradient_is_finite(name, steps):
  weights = {"a": jnp.array([1., 2.]), "b": jnp.array([0., 3.])}

  def loss(w):
    adapted = tailor(zero_gradient, w, OPTIMIZERS[name],
                     num_steps=steps).adapted
    return sum(jnp.sum(leaf**2) for leaf in jax.tree.leaves(adapted))

  for leaf in jax.tree.leaves(jax.grad(loss)(weights)):
    assert jnp.all(jnp.isfinite(leaf))


def test_clipping_is_the_identity_at_zero():
  clip = optax.clip_by_global_norm(1.)
  step = lambda g: safe_update(lambda g, s: clip.update(g, s), g,
                               optax.EmptyState())[0]
  np.testing.assert_array_equal(jax.jacobian(step)(jnp.zeros(2)), jnp.eye(2))


def test_adam_at_zero_is_steep():
  """The derivative of g / (|g| + eps), the first step of Adam, at 0."""
  adam = optax.adam(1., eps=.25)
  step = lambda g: safe_update(adam.update, g, adam.init(g))[0]
  np.testing.assert_allclose(jax.grad(step)(jnp.float64(0.)), -4., rtol=1e-6)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_elsewhere_nothing_changes(name):
  optimizer = OPTIMIZERS[name]
  gradient = {"a": jnp.array([1., -2.]), "b": jnp.array([.3, 3.])}
  state = optimizer.init(gradient)

  def total(g, safe):
    step = functools.partial(optimizer.update, params=gradient)
    updates, _ = safe_update(step, g, state) if safe else step(g, state)
    return sum(jnp.sum(leaf**3) for leaf in jax.tree.leaves(updates))

  one, two = (
      jax.value_and_grad(total)(gradient, safe) for safe in (True, False))
  jax.tree.map(
      functools.partial(np.testing.assert_allclose, rtol=1e-14, atol=1e-17),
      one, two)


def test_second_derivatives():
  adam = optax.adam(.1, eps=.1)
  step = lambda g: safe_update(adam.update, g, adam.init(g))[0]
  check_grads(step, (jnp.array([.5, -.3]),), order=2)


@pytest.mark.parametrize("name", ["adam", "clip"])
def test_a_batch_with_zero_gradients_is_learned_from(name):
  """At the origin the energy has no gradient, and no step was made."""
  fn = functools.partial(tailored_predict,
                         predict_fn=lambda w, x, key: (w * x)[None],
                         conserved_fn=lambda _, x: x**2,
                         optimizer=OPTIMIZERS[name])
  x = jnp.array([[0., 0.], [1., 2.]])
  outer = optax.sgd(1e-3)
  state = init_state(MetaParams(jnp.array([1., 2.])), outer)
  state, metrics = update(state, (x, x[:, None]),
                          jax.random.key(0),
                          loss_fn=functools.partial(meta_loss, tailored_fn=fn),
                          optimizer=outer)
  assert int(state.skipped) == 0 and int(metrics["non_finite_gradients"]) == 0
  assert jnp.all(jnp.isfinite(state.params.predictor))
