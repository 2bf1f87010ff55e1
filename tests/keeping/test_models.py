"""Models of every kind become a pure function and its weights."""

import equinox as eqx
from flax import linen
from flax import nnx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax import InputError
from noether_jax.keeping import pure_function

X = jnp.array([.3, -.4], jnp.float32)
KEY = jax.random.key(0)


class Nnx(nnx.Module):
  """Dense layers, batch statistics, dropout and a counter."""

  def __init__(self, rngs, **kwargs):
    self.layers = nnx.List(
        [nnx.Linear(2, 3, rngs=rngs, **kwargs),
         nnx.Linear(3, 2, rngs=rngs)])
    self.norm = nnx.BatchNorm(3, rngs=rngs)
    self.dropout = nnx.Dropout(.5, rngs=rngs)
    self.count = nnx.Variable(jnp.array(0))
    self.buffer = jnp.ones(2)

  def __call__(self, x):
    self.count[...] = self.count[...] + 1
    hidden = self.dropout(self.norm(self.layers[0](x)))
    return self.layers[1](hidden) * self.buffer

  def next(self, x, key):
    return self(x) + jax.random.normal(key, (2,))


class Linen(linen.Module):

  @linen.compact
  def __call__(self, x, train):
    x = linen.BatchNorm(use_running_average=not train)(linen.Dense(3)(x))
    x = linen.Dropout(.5, deterministic=not train)(x)
    return linen.Dense(2)(x)


class LinenWithField(linen.Module):
  train: bool = True

  @linen.compact
  def __call__(self, x):
    x = linen.BatchNorm(use_running_average=not self.train)(x)
    return linen.Dense(2)(linen.Dropout(.5, deterministic=not self.train)(x))


class Stateful(eqx.Module):
  linear: eqx.nn.Linear
  dropout: eqx.nn.Dropout
  norm: eqx.nn.BatchNorm
  count: jax.Array

  def __init__(self, key):
    self.linear = eqx.nn.Linear(2, 2, key=key)
    self.dropout = eqx.nn.Dropout(.5)
    self.norm = eqx.nn.BatchNorm(2, "batch", mode="ema")
    self.count = jnp.array(3)

  def __call__(self, x, state, *, key=None):
    out, state = self.norm(self.linear(x), state)
    return self.dropout(out, key=key) * self.count, state


def stateful():
  return eqx.nn.make_with_state(Stateful)(KEY)


def linen_pair(module=Linen(), *args):
  streams = {"params": KEY, "dropout": KEY}
  return module, module.init(streams, X, *args)


MODELS = {
    "nnx": lambda: Nnx(nnx.Rngs(0)),
    "nnx, split": lambda: nnx.split(Nnx(nnx.Rngs(0))),
    "nnx, bfloat16": lambda: Nnx(nnx.Rngs(0), param_dtype=jnp.bfloat16),
    "linen": lambda: linen_pair(Linen(), False),
    "linen, apply": lambda: (Linen().apply, linen_pair(Linen(), False)[1]),
    "linen, bound": lambda: Linen().bind(linen_pair(Linen(), False)[1]),
    "linen, field": lambda: linen_pair(LinenWithField()),
    "linen, one layer": lambda: linen_pair(
        linen.BatchNorm(use_running_average=True)),
    "equinox": lambda: eqx.nn.MLP(2, 2, 4, 1, key=KEY),
    "equinox, state": stateful,
    "equinox, dropout": lambda: eqx.nn.Sequential(
        [eqx.nn.Linear(2, 2, key=KEY),
         eqx.nn.Dropout(.5)]),
    "equinox, method": lambda: eqx.nn.MLP(2, 2, 4, 1, key=KEY).__call__,
    "pair": lambda: (lambda p, x: p["w"] * x,
                     {"w": 2., "n": 3, "key": KEY, "on": True}),
    "pair, bfloat16": lambda: (lambda w, x: w * x, jnp.ones(2, jnp.bfloat16)),
    "partial": lambda: jax.tree_util.Partial(lambda w, x: w * x, jnp.ones(2)),
}  # yapf: disable


@pytest.mark.parametrize("name", MODELS)
def test_a_model_of_each_kind(name):
  apply, params = pure_function(MODELS[name]())
  leaves = jax.tree.leaves(params)
  assert leaves and all(
      leaf.dtype in (jnp.float32, jnp.float64) for leaf in leaves)
  out = apply(params, X, None)
  assert out.shape == (2,)
  # Pure, in evaluation mode, and traceable.
  np.testing.assert_array_equal(apply(params, X, KEY), out)
  gradient = jax.jit(jax.grad(lambda p: jnp.sum(apply(p, X, None)**2)))(params)
  assert jax.tree.structure(gradient) == jax.tree.structure(params)
  assert all(np.all(np.isfinite(g)) for g in jax.tree.leaves(gradient))


def test_the_module_of_the_user_stays_as_it_is():
  module = Nnx(nnx.Rngs(0))
  apply, params = pure_function(module)
  apply(params, X, None)
  assert not module.dropout.deterministic
  assert not module.norm.use_running_average
  assert module.count[...] == 0


def test_statistics_and_counts_are_no_weights():
  paths = jax.tree_util.tree_flatten_with_path(
      pure_function(Nnx(nnx.Rngs(0)))[1])[0]
  assert {
      jax.tree_util.keystr(p, simple=True, separator="/") for p, _ in paths
  } == {
      f"{layer}/{name}" for layer, name in [(
          "layers/0",
          "kernel"), ("layers/0",
                      "bias"), ("layers/1",
                                "kernel"), ("layers/1",
                                            "bias"), ("norm",
                                                      "scale"), ("norm",
                                                                 "bias")]
  }
  assert set(pure_function(linen_pair(
      Linen(), False))[1]) == {"BatchNorm_0", "Dense_0", "Dense_1"}
  model, state = stateful()
  assert pure_function((model, state))[1].count is None


def test_equals_the_model_in_evaluation_mode():
  module = Nnx(nnx.Rngs(0))
  apply, params = pure_function(module)
  module.eval()
  np.testing.assert_allclose(apply(params, X, None), module(X), rtol=1e-6)
  model, state = stateful()
  apply, params = pure_function((model, state))
  expected = eqx.nn.inference_mode(model)(X, state)[0]
  np.testing.assert_allclose(apply(params, X, None), expected, rtol=1e-6)


def test_a_method_with_a_key():
  apply, params = pure_function(Nnx(nnx.Rngs(0)).next)
  assert np.any(apply(params, X, KEY) != apply(params, X, jax.random.key(1)))


def test_a_module_that_takes_rngs():

  class Noisy(nnx.Module):

    def __init__(self, rngs):
      self.linear = nnx.Linear(2, 2, rngs=rngs)

    def __call__(self, x, *, rngs):
      return self.linear(x) + jax.random.normal(rngs(), (2,))

  apply, params = pure_function(Noisy(nnx.Rngs(0)))
  assert np.any(apply(params, X, KEY) != apply(params, X, jax.random.key(1)))


def test_a_linen_module_that_draws():

  class Noisy(linen.Module):

    @linen.compact
    def __call__(self, x):
      return linen.Dropout(.5, deterministic=False)(linen.Dense(20)(x))

  apply, params = pure_function(linen_pair(Noisy()))
  assert np.any(apply(params, X, KEY) != apply(params, X, jax.random.key(1)))
  with pytest.raises(InputError, match="draws random numbers: pass a key"):
    apply(params, X, None)


def test_a_function_has_no_weights():
  apply, params = pure_function(lambda x: 2 * x)
  assert params == ()
  np.testing.assert_array_equal(apply(params, X, None), 2 * X)


class Training(nnx.Module):

  def __init__(self, rngs):
    self.norm = nnx.BatchNorm(2, rngs=rngs)

  def __call__(self, x):
    return self.norm(x, use_running_average=False)


class LinenTraining(linen.Module):

  @linen.compact
  def __call__(self, x):
    return linen.BatchNorm(use_running_average=False)(x)


COUNTER = nnx.Variable(jnp.array(0))


def counting(w, x):
  COUNTER[...] = COUNTER[...] + 1
  return w * x


@pytest.mark.parametrize("model, message", [
    (lambda: Training(nnx.Rngs(0)), "updates its batch statistics"),
    (lambda: linen_pair(LinenTraining()), "changes its own variables"),
    (lambda:
     (counting, jnp.ones(2)), "changes its own variables when it is called"),
    (lambda: (lambda w, x: np.asarray(w) * np.asarray(x), jnp.ones(2)),
     "computes with NumPy"),
])
def test_models_that_cannot_be_pure(model, message):
  apply, params = pure_function(model())
  with pytest.raises(InputError, match=message):
    jax.jit(apply, static_argnums=2)(params, X, None)


@pytest.mark.parametrize("model, message", [
    (3, "must be a Flax NNX module, .* got int"),
    (Nnx, "got ModuleMeta"),
    ((Nnx(nnx.Rngs(0)), {}), "got a pair of Nnx and dict"),
    (Linen(), "linen module without its variables"),
    ((Linen(), {
        "Dense_0": 1
    }), r"needs the variables .* \['Dense_0'\]"),
    (lambda t, y, args: y, r"must take \(x\) or \(x, key\)"),
    ((lambda x: x, 1.), r"must take \(params, x\) or \(params, x, key\)"),
    (stateful()[0], r"it takes \(x, state, key=None\)"),
])
def test_other_models(model, message):
  with pytest.raises(InputError, match=message):
    pure_function(model)
