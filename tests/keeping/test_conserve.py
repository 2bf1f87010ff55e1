"""A model keeps laws: exact cases, every kind, refusals."""

import equinox as eqx
from flax import nnx
import jax
import jax.numpy as jnp
from jax.test_util import check_grads
import numpy as np
import optax
import pytest

from noether_jax import InputError
import noether_jax as nj
from tests.keeping.test_models import Linen
from tests.keeping.test_models import linen_pair
from tests.keeping.test_models import Nnx
from tests.keeping.test_models import stateful

KEY = jax.random.key(0)
STATES = jax.random.normal(jax.random.key(1), (5, 4)) + 1.


def energy(x):
  return 1e6 * (jnp.sum(x[2:]**2) / 2 - 1 / jnp.sqrt(jnp.sum(x[:2]**2)))


def momentum(x):
  return 1e-6 * (x[0] * x[3] - x[1] * x[2])


LAWS = [energy, momentum]


def mlp(size=4):
  return eqx.nn.MLP(size, size, 12, 1, activation=jnp.tanh, key=KEY)


def step(params, x):
  """A model of the next state that is not far off."""
  return x + .1 * params(x)


def path(params, x):
  return nj.rollout(lambda s: s + .01 * params(s), x, 3)


MODELS = {
    "vector_field": lambda: mlp(),
    "next_state": lambda: (step, mlp()),
    "trajectory": lambda: (path, mlp()),
}


def changes(of, x, value):
  """Relative changes of the laws, `[..., K]`."""
  g = lambda s: jnp.stack([energy(s) / 1e6, momentum(s) / 1e-6])
  if of == "vector_field":
    return jax.jvp(g, (x,), (value,))[1]
  return jax.vmap(g)(jnp.atleast_2d(value)) - g(x)[None]


@pytest.mark.parametrize("how", ["tailor", "project"])
@pytest.mark.parametrize("of", MODELS)
def test_laws_of_different_units_are_kept(of, how):
  keeps = nj.conserve(MODELS[of](), LAWS, of=of, how=how)
  out = jax.vmap(keeps.predict)(STATES)
  assert np.all(out.accepted)
  plain, kept = (np.abs(
      jax.vmap(lambda x, v: changes(of, x, v))(STATES, value)).max()
                 for value in (out.initial, out.value))
  assert plain > 1e-3
  # The many conditions of a trajectory need more steps.
  slow = (of, how) == ("trajectory", "tailor")
  assert kept < (1e-3 * plain if slow else 1e-9)
  assert out.implementation.startswith("projection") == (how == "project")


@pytest.mark.parametrize("model", [
    lambda: Nnx(nnx.Rngs(0)), lambda: linen_pair(Linen(), False), stateful,
    lambda: mlp(2)
])
def test_modules_of_every_kind(model):
  keeps = nj.conserve(model(), lambda x: x @ x)
  x = jnp.array([.3, -.7])
  out = keeps.predict(x)
  assert bool(out.accepted) and abs(x @ out.initial) > 1e-3
  assert abs(x @ keeps(x)) < 1e-7


def test_the_projection_of_a_field_in_closed_form():
  f = lambda x: jnp.array([1., 2., 3., 4.])
  scale = jnp.array([1., .1, 10., 2.])
  keeps = nj.conserve(f, lambda x: x @ x, how="project", state_scale=scale)
  x = STATES[0]
  slope = scale * x
  expected = f(x) - scale * slope * (x @ f(x)) / (slope @ slope)
  np.testing.assert_allclose(keeps(x), expected, rtol=1e-12)


def test_a_projected_state_is_the_nearest():
  keeps = nj.conserve(lambda x: 3 * x,
                      lambda x: x @ x,
                      of="next_state",
                      how="project",
                      num_steps=8)
  np.testing.assert_allclose(keeps(STATES[0]), STATES[0], rtol=1e-9)


@pytest.mark.parametrize("how", ["tailor", "project"])
def test_what_conserves_already_stays(how):
  field = lambda w, x: w @ x
  turn = jnp.array([[0., 1.], [-1., 0.]])
  keeps = nj.conserve((field, turn), lambda x: x @ x, how=how)
  x = jnp.array([.6, .8])
  np.testing.assert_allclose(keeps(x), turn @ x, atol=1e-15)


@pytest.mark.parametrize("how", ["tailor", "project"])
def test_it_composes(how):
  keeps = nj.conserve(mlp(), LAWS, how=how)
  compiled = jax.jit(keeps)
  loop = jnp.stack([compiled(x) for x in STATES])
  together = jax.jit(jax.vmap(keeps))(STATES)
  np.testing.assert_allclose(together, loop, rtol=1e-9)
  np.testing.assert_allclose(keeps(STATES[0]), loop[0], rtol=1e-9)
  check_grads(compiled, (STATES[0],), order=1, modes=["rev"])
  # The predictor is a tree of its weights, and may be made while traced.
  square = lambda predictor: jnp.sum(predictor(STATES[0])**2)
  inside = lambda model: square(nj.conserve(model, LAWS, how=how))
  left = jax.tree.leaves(jax.jit(jax.grad(square))(keeps))
  right = jax.tree.leaves(eqx.filter_jit(eqx.filter_grad(inside))(mlp()))
  assert len(left) == len(right) == 4
  for a, b in zip(left, right):
    np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)
  assert any(np.any(a != 0) for a in left)


@pytest.mark.parametrize("how", ["tailor", "project"])
def test_a_state_where_no_law_can_change(how):
  """At rest the gradient of the energy vanishes: any field keeps it."""
  keeps = nj.conserve(mlp(2), lambda x: x @ x, how=how)
  x = jnp.zeros(2)
  out = keeps.predict(x)
  np.testing.assert_array_equal(out.value, out.initial)
  assert np.all(np.isfinite(jax.jacrev(keeps)(x)))


@pytest.mark.parametrize("how", ["tailor", "project"])
@pytest.mark.parametrize("of", ["vector_field", "next_state"])
def test_what_is_not_finite_is_the_plain_prediction(of, how):
  keeps = nj.conserve(MODELS[of](),
                      lambda x: jnp.sqrt(-x[0]) + x[1],
                      of=of,
                      how=how)
  out = keeps.predict(jnp.ones(4))
  assert not bool(out.accepted) and not bool(out.finite)
  np.testing.assert_array_equal(out.value, out.initial)


@pytest.mark.parametrize("how", ["tailor", "project"])
def test_what_keeps_a_law_no_better_is_not_accepted(how):
  # Newton's iteration on arctan runs away from |x| > 1.39.
  keeps = nj.conserve((lambda w, x: x + w, jnp.array([3.])),
                      lambda x: jnp.arctan(x[0]),
                      of="next_state",
                      how=how,
                      num_steps=2)
  out = keeps.predict(jnp.zeros(1))
  assert not bool(out.accepted) and bool(out.finite)
  np.testing.assert_array_equal(out.value, out.initial)
  assert float(out.losses[-1]) > float(out.losses[0])


def test_weights_that_adapt_are_chosen():
  keeps = nj.conserve(mlp(), LAWS, adapt=nj.by_path("layers/1"))
  adapted = keeps.predict(STATES[0]).adapted
  assert adapted.layers[0].weight is None and adapted.layers[0].bias is None
  assert adapted.layers[1].bias is not None
  change = changes("vector_field", STATES[0], keeps(STATES[0]))
  assert np.all(np.abs(change) < 1e-9)


def test_another_inner_optimizer():
  keeps = nj.conserve(mlp(),
                      lambda x: energy(x) / 1e6,
                      inner=optax.sgd(.01),
                      num_steps=1)
  out = keeps.predict(STATES[0])
  assert 0 < float(out.losses[-1]) < float(out.losses[0])


def test_dt_scales_the_inner_loss():
  losses = [
      nj.conserve(mlp(), LAWS, dt=dt).predict(STATES[0]).losses[0]
      for dt in (1., .5)
  ]
  np.testing.assert_allclose(losses[0], 4 * losses[1], rtol=1e-12)


def test_a_state_may_be_a_tree():
  model = lambda w, x: {"q": w * x["p"], "p": -x["q"] + w}
  energy_of = lambda x: jnp.sum(x["q"]**2 + x["p"]**2)
  x = {"q": jnp.ones(2), "p": jnp.array([.5, .2])}
  scale = {"q": 1., "p": jnp.array([.1, .2])}
  for how in ("tailor", "project"):
    keeps = nj.conserve((model, jnp.float64(.5)),
                        energy_of,
                        how=how,
                        state_scale=scale)
    assert abs(jax.jvp(energy_of, (x,), (keeps(x),))[1]) < 1e-9


def test_a_model_that_draws_random_numbers():
  noisy = lambda w, x, key: w * x + jax.random.normal(key, x.shape)
  keeps = nj.conserve((noisy, jnp.ones(2)), lambda x: x @ x)
  x = jnp.array([1., 2.])
  assert abs(x @ keeps(x, KEY)) < 1e-9
  assert np.any(keeps(x, KEY) != keeps(x, jax.random.key(1)))
  with pytest.raises(InputError, match="takes a random key"):
    keeps(x)


def test_half_precision():
  model = (lambda w, x: w @ x, jnp.array([[.1, 1.], [-1., 0.]], jnp.bfloat16))
  keeps = nj.conserve(model, lambda x: x @ x)
  x = jnp.ones(2, jnp.bfloat16)
  assert keeps(x).dtype == jnp.float32
  assert abs(jnp.ones(2) @ keeps(x)) < 1e-6
  model = (lambda w, x: (w @ x).astype(jnp.bfloat16), jnp.eye(2))
  with pytest.raises(InputError, match="computes in bfloat16: its rounding"):
    nj.conserve(model, lambda x: x @ x)(x)
  keeps = nj.conserve(model, lambda x: x @ x, how="project")
  assert abs(jnp.ones(2) @ keeps(x)) < 1e-6


def test_whole_numbers_are_a_state():
  keeps = nj.conserve(mlp(), LAWS)
  np.testing.assert_allclose(keeps(np.array([1, 0, 0, 1])),
                             keeps(np.array([1., 0., 0., 1.])))


@pytest.mark.parametrize("of, model, message", [
    ("trajectory", lambda w, x: w * x, "vector_field.* or of=\"next_state\""),
    ("vector_field", lambda w, x: w * jnp.stack([x, x]),
     r"shape \[2, 2\] for a state of shape \[2\].*Pass of=\"trajectory\""),
    ("next_state", lambda w, x: w * x[:1], r"shape \[1\] for a state"),
    ("trajectory", lambda w, x: jnp.zeros((0, 2)), r"shape \[0, 2\]"),
    ("next_state", lambda w, x: (w * x, x), "means the next state: the model"),
    ("next_state", lambda w, x: jnp.ones(2, int), "predict floating numbers"),
])
def test_a_prediction_of_another_shape(of, model, message):
  keeps = nj.conserve((model, jnp.float64(2.)), lambda x: x @ x, of=of)
  with pytest.raises(InputError, match=message):
    keeps(jnp.ones(2))


@pytest.mark.parametrize("arguments, message", [
    ({
        "of": "field"
    }, "`of` must be one of .* got 'field'"),
    ({
        "how": "force"
    }, "`how` must be one of .* got 'force'"),
    ({
        "num_steps": 0
    }, "`num_steps` must be at least 1: got 0"),
    ({
        "how": "project",
        "inner": optax.sgd(.1)
    }, "choose how weights change"),
    ({
        "how": "project",
        "adapt": True
    }, "choose how weights change"),
    ({
        "inner": nj.tailoring.InnerLoop(optax.sgd(.1)),
        "num_steps": 2
    }, "`inner` is an InnerLoop"),
])
def test_other_arguments(arguments, message):
  with pytest.raises(InputError, match=message):
    nj.conserve(mlp(), LAWS, **arguments)


def test_a_model_without_weights():
  with pytest.raises(InputError, match="no floating weights to tailor"):
    nj.conserve(lambda x: x, lambda x: x @ x)


def test_other_states():
  keeps = nj.conserve(mlp(), LAWS)
  with pytest.raises(InputError, match="real numbers: got an array of complex"):
    keeps(jnp.ones(4, complex))
  keeps = nj.conserve(mlp(), LAWS, state_scale=jnp.ones(3))
  with pytest.raises(InputError, match="`state_scale` must be a number or"):
    keeps(jnp.ones(4))
