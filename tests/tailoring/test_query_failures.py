"""What a prediction does with failures, and with the functions it is given."""

import functools

from flax import nnx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from noether_jax import MetaParams
from noether_jax import tailored_predict
from noether_jax import tailoring

FIELD = functools.partial(tailoring.field_residuals, dt=.1)


def test_detached_steps_keep_the_untailored_prediction():
  run = functools.partial(rejecting, jnp.array([1., 2.]), num_steps=2)
  plain, jumped = run(), run(num_detached_steps=3)
  np.testing.assert_array_equal(plain.initial, jumped.initial)
  np.testing.assert_allclose(plain.losses[0], jumped.losses[0])
  assert jumped.losses.shape == (6,)


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


def test_accept_only_if_better():
  too_far = functools.partial(rejecting, jnp.array([1., 2.]))
  worse = tailored_predict(MetaParams(jnp.ones(2)),
                           jnp.array([1., 2.]),
                           None,
                           predict_fn=lambda w, x, key: w * x,
                           conserved_fn=lambda _, x: x[:1],
                           optimizer=optax.sgd(1e3),
                           residual_fn=FIELD,
                           accept_only_if_better=True)
  assert worse.losses[-1] > worse.losses[0]
  assert bool(worse.finite) and not bool(worse.accepted)
  np.testing.assert_array_equal(worse.value, worse.initial)
  assert bool(too_far(accept_only_if_better=True).accepted)


def predicted(predict_fn, conserved_fn=lambda _, x: x):
  x = jnp.array([2., 2.], jnp.float32)
  return tailored_predict(MetaParams(jnp.float32(1.)),
                          x,
                          None,
                          predict_fn=predict_fn,
                          conserved_fn=conserved_fn,
                          optimizer=optax.sgd(.1))


def test_a_field_is_no_trajectory_of_scalars():
  with pytest.raises(ValueError, match="A vector field needs residual_fn="):
    predicted(lambda w, x, key: w * x)


class Counting(nnx.Module):
  """Updates a variable in its call, as BatchNorm does in training mode."""

  def __init__(self):
    self.norm = nnx.BatchNorm(2, rngs=nnx.Rngs(0))

  def __call__(self, x):
    return self.norm(x[None])


def test_a_model_that_updates_itself():
  model = Counting()
  with pytest.raises(ValueError, match="`predict_fn` updates a model"):
    jax.jit(lambda: predicted(lambda w, x, key: w * model(x)).value)()
  with pytest.raises(ValueError, match="`conserved_fn` updates a model"):
    predicted(lambda w, x, key: (w * x)[None], lambda _, x: model(x)[0])
  graphdef, params, rest = nnx.split(model, nnx.Param, ...)
  within = lambda w, x, key: w * nnx.merge(graphdef, params, rest, copy=True)(x)
  assert jnp.all(jnp.isfinite(predicted(within).value))
  model.eval()
  assert jnp.all(jnp.isfinite(predicted(lambda w, x, key: w * model(x)).value))


@pytest.mark.parametrize("predict_fn, conserved_fn, error, message", [
    (lambda w, x: x, lambda _, x: x, TypeError,
     r"`predict_fn` must take params, x, key: got a function of \(w, x\)"),
    (lambda w, x, key: x[None], lambda x: x, TypeError,
     r"`conserved_fn` must take params, state: got a function of \(x\)"),
    (lambda w, x, key: x[None], lambda _, x: 1j * x, ValueError,
     "`conserved_fn` must return real numbers: got complex64"),
    (lambda w, x, key: jnp.dot(x, key), lambda _, x: x, TypeError, "dot"),
])
def test_errors_in_the_functions_given(predict_fn, conserved_fn, error,
                                       message):
  with pytest.raises(error, match=message):
    predicted(predict_fn, conserved_fn)


def test_a_quantity_of_whole_numbers():
  out = predicted(lambda w, x, key: (w * x)[None], lambda _, x: jnp.int32(3))
  assert out.losses.tolist() == [0., 0.]


def test_a_line_search():
  out = tailored_predict(MetaParams(jnp.ones(2)),
                         jnp.array([1., 2.]),
                         None,
                         predict_fn=lambda w, x, key: w * x,
                         conserved_fn=lambda _, x: jnp.sum(x**2),
                         optimizer=optax.lbfgs(),
                         residual_fn=FIELD,
                         num_steps=3)
  assert out.losses[-1] < out.losses[0] / 100
