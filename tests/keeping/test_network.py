"""A NoetherNetwork is the composition of the pure functions, compiled once."""

import copy
import functools
import pickle

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from noether_jax import InputError
from noether_jax import NoetherNetwork
from noether_jax import training
import noether_jax as nj
from tests.keeping.oscillator import BATCH
from tests.keeping.oscillator import field
from tests.keeping.oscillator import KEY
from tests.keeping.oscillator import network
from tests.keeping.oscillator import OUTER
from tests.keeping.oscillator import PHI
from tests.keeping.oscillator import quantities
from tests.keeping.oscillator import THETA
from tests.keeping.oscillator import X


def trained(net, steps=3, batch=BATCH, **more):
  state, metrics = net.init(KEY, THETA, PHI, outer=OUTER, **more), {}
  for i in range(steps):
    state, metrics = net.update(state, batch, jax.random.key(i))
  return state, metrics


def assert_close(left, right, rtol=1e-9):
  jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=rtol), left,
               right)


def test_equals_the_composition():
  tailored = functools.partial(nj.tailored_predict,
                               predict_fn=lambda theta, x, key: field(theta, x),
                               conserved_fn=quantities,
                               optimizer=nj.gauss_newton(),
                               residual_fn=functools.partial(nj.field_residuals,
                                                             dt=.1))
  loss = functools.partial(nj.meta_loss, tailored_fn=tailored)
  step = jax.jit(functools.partial(nj.update, loss_fn=loss, optimizer=OUTER))
  rate = jnp.array(.1)
  expected = nj.init_state(nj.MetaParams(THETA, PHI, rate), OUTER)
  for i in range(3):
    expected, metrics = step(expected, BATCH, jax.random.key(i))
  state, measured = trained(network(), log_inner_rate=rate)
  assert_close(state.params, expected.params)
  assert_close(measured, metrics)
  assert_close(state.opt_state.state, expected.opt_state)
  assert int(state.step) == 3 and int(state.skipped) == 0


def test_one_device_equals_eight():
  one = trained(network(mesh=nj.make_mesh(jax.devices()[:1])))
  eight = trained(network())
  assert_close(one[0].params, eight[0].params)
  weights = eight[0].params.predictor["w"]
  assert weights.is_fully_replicated and len(weights.devices()) == 8
  assert len(one[0].params.predictor["w"].devices()) == 1


def test_a_batch_that_does_not_divide():
  batch = jax.tree.map(lambda leaf: leaf[:5], BATCH)
  one = trained(network(mesh=nj.make_mesh(jax.devices()[:1])), batch=batch)
  assert_close(trained(network(), batch=batch)[0].params, one[0].params)


def test_it_is_compiled_once():
  traces = []

  def counted(theta, x):
    traces.append(1)
    return field(theta, x)

  net = network(predict=counted)
  state, _ = trained(net, steps=1)
  count = len(traces)
  for i in range(3):
    state, _ = net.update(state, jax.tree.map(np.asarray, BATCH),
                          jax.random.key(i))
  assert len(traces) == count
  net.bind(state.params)(X[0])
  count = len(traces)
  net.bind(trained(net)[0].params)(X[1])
  assert len(traces) == count


def test_networks_do_not_share_what_is_compiled():
  first, second = network(), network(conserved=lambda phi, x: phi[0] * x[0])
  other = network(task_loss=lambda a, b: 10 * nj.training.mse(a, b))
  losses = [float(trained(net, 1)[1]["loss"]) for net in (first, second, other)]
  np.testing.assert_allclose(losses[2], 10 * losses[0])
  assert losses[1] != losses[0]
  # Two outer optimizers of one network.
  state = first.init(KEY, THETA, PHI, outer=optax.sgd(0.))
  state, _ = first.update(state, BATCH, KEY)
  assert_close(state.params.predictor, THETA)


def test_a_bound_predictor():
  net = network()
  state, _ = trained(net)
  predict = net.bind(state.params)
  assert isinstance(predict, nj.keeping.Predictor)
  expected = net.tailored(state.params, X[0], None)
  np.testing.assert_allclose(predict(X[0]), expected.value, rtol=1e-9)
  assert predict.predict(X[0]).implementation == expected.implementation
  with pytest.raises(InputError, match="Pass state.params"):
    net.bind(state)


def test_models_bring_their_weights():
  f = eqx.nn.MLP(2, 2, 8, 1, key=KEY)
  g = eqx.nn.MLP(2, "scalar", 8, 1, key=jax.random.key(1))
  net = network(predict=f, conserved=g)
  state = net.init(KEY, outer=OUTER)
  new, metrics = net.update(state, BATCH, KEY)
  assert np.isfinite(float(metrics["loss"]))
  for part in ("predictor", "conserved"):
    pairs = zip(
        *(jax.tree.leaves(getattr(s.params, part)) for s in (state, new)))
    assert any(np.any(a != b) for a, b in pairs)


def test_laws_without_parameters():
  law = lambda x: jnp.sum(x**2)
  losses = []
  for conserved in (law, [law], lambda phi, x: jnp.sum(x**2)):
    net = network(conserved=conserved)
    state = net.init(KEY, THETA, (), outer=OUTER)
    losses.append(jax.jit(net.loss)(state.params, BATCH, KEY)[0])
  np.testing.assert_allclose(losses, losses[0])


def test_trajectories_are_the_default():
  path = lambda theta, x: nj.rollout(lambda s: s + .1 * field(theta, s), x, 3)
  net = NoetherNetwork(predict=path, conserved=quantities)
  target = jnp.stack([X] * 3, axis=1)
  state = net.init(KEY, THETA, PHI, outer=OUTER)
  state, metrics = net.update(state, (X, target), KEY)
  assert int(metrics["non_finite"]) == 0
  net = NoetherNetwork(predict=field, conserved=quantities)
  with pytest.raises(InputError, match='Pass of="vector_field"'):
    net.update(net.init(KEY, THETA, PHI, outer=OUTER), BATCH, KEY)


def test_another_residual():
  net = network(residual_fn=lambda g, phi, x, rate: g(phi, rate),
                of="trajectory")
  out = net.tailored(nj.MetaParams(THETA, PHI), X[0], None)
  assert float(out.losses[-1]) < float(out.losses[0])


def test_initialisers_and_other_leaves():
  init = lambda key: {**THETA, "count": 3, "key": key, "on": True}
  net = network()
  state = net.init(KEY, init, lambda key: PHI, outer=OUTER)
  new, _ = net.update(state, BATCH, KEY)
  assert int(new.params.predictor["count"]) == 3
  assert np.any(new.params.predictor["w"] != THETA["w"])
  expected, _ = trained(net, steps=1)
  for name in ("w", "v"):
    assert_close(new.params.predictor[name], expected.params.predictor[name])
  assert net.bind(new.params)(X[0]).shape == (2,)


def test_half_precision_becomes_single():
  theta = jax.tree.map(lambda a: a.astype(jnp.bfloat16), THETA)
  state = network().init(KEY, theta, PHI, outer=OUTER)
  assert state.params.predictor["w"].dtype == jnp.float32


def test_the_key_of_the_model():
  noisy = lambda theta, x, key: field(theta, x) + jax.random.normal(key, (2,))
  net = network(predict=noisy)
  params = nj.MetaParams(THETA, PHI)
  loss = jax.jit(net.loss)
  losses = [loss(params, BATCH, jax.random.key(i))[0] for i in (0, 0, 1)]
  assert losses[0] == losses[1] != losses[2]


def test_it_composes():
  net = network()
  state = net.init(KEY, THETA, PHI, outer=OUTER)
  step = lambda state, key: net.update(state, BATCH, key)
  scanned, _ = jax.jit(
      lambda s: jax.lax.scan(step, s, jax.random.split(KEY, 2)))(state)
  for key in jax.random.split(KEY, 2):
    state, _ = net.update(state, BATCH, key)
  assert_close(scanned.params, state.params)


def test_checkpoints(tmp_path):
  net = network()
  state, _ = trained(net)
  training.checkpoints.save(tmp_path, 3, state)
  like = net.init(KEY, THETA, PHI, outer=OUTER)
  restored, _ = training.checkpoints.restore(tmp_path, like)
  left, right = (net.update(s, BATCH, KEY)[0] for s in (state, restored))
  assert_close(left.params, right.params)


def test_pickle_and_copies():
  net = network()
  state, _ = trained(net)
  copied = net.update(copy.deepcopy(state), BATCH, KEY)[0]
  stored = pickle.loads(pickle.dumps(jax.device_get(state)))
  with pytest.raises(InputError, match="has lost its outer optimizer"):
    net.update(stored, BATCH, KEY)
  stored = net.update(net.with_outer(stored, OUTER), BATCH, KEY)[0]
  assert_close(stored.params, copied.params)
  with pytest.raises(InputError, match="`outer` does not fit the state"):
    net.with_outer(state, optax.sgd(.1))
