"""Checkpoints: every kind of leaf, on any devices, and going on from one."""

import collections
import functools
import os
import socket
import subprocess
import sys
import textwrap

import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np
import optax
import pytest

from noether_jax import init_state
from noether_jax import meta_loss
from noether_jax import MetaParams
from noether_jax import networks
from noether_jax import tailored_predict
from noether_jax import tailoring
from noether_jax import update
from noether_jax.training import checkpoints
from noether_jax.training import sharding

Pair = collections.namedtuple("Pair", ["left", "right"])


def every_kind():
  return {
      "jax": [jnp.arange(6.).reshape(2, 3),
              jnp.float32(1.5),
              jnp.int32(-3)],
      "half": jnp.arange(3, dtype=jnp.bfloat16),
      "a/b['c']": Pair(np.arange(4, dtype=np.int16), np.float64(np.pi)),
      "empty": (jnp.zeros((0, 3)), (), None),
      "number": (7, 2.5, True, 1 + 2j),
      "key": jax.random.key(3),
      "keys": jax.random.split(jax.random.key(4, impl="rbg"), 3),
      "flags": jnp.array([True, False])
  }


def zeroed(tree):
  """The same kinds of leaves, with other values."""

  def one(leaf):
    if isinstance(leaf, jax.Array) and jnp.issubdtype(leaf.dtype,
                                                      jax.dtypes.prng_key):
      zero = jnp.zeros_like(jax.random.key_data(leaf))
      return jax.random.wrap_key_data(zero, impl=jax.random.key_impl(leaf))
    if isinstance(leaf, jax.Array):
      return jnp.zeros_like(leaf)
    return type(leaf)(0) if np.ndim(leaf) == 0 else np.zeros_like(leaf)

  return jax.tree.map(one, tree)


def assert_same(found, expected):
  """The same kinds of leaves with the same bits."""
  assert jax.tree.structure(found) == jax.tree.structure(expected)
  for a, b in zip(jax.tree.leaves(found), jax.tree.leaves(expected)):
    assert type(a) is type(b)
    if hasattr(b, "dtype"):
      assert a.dtype == b.dtype and a.shape == b.shape
      if jnp.issubdtype(b.dtype, jax.dtypes.prng_key):
        a, b = jax.random.key_data(a), jax.random.key_data(b)
      assert np.asarray(a).tobytes() == np.asarray(b).tobytes()
    else:
      assert a == b


def test_every_kind_of_leaf_survives(tmp_path):
  tree = every_kind()
  checkpoints.save(tmp_path, 5, tree)
  restored, step = checkpoints.restore(tmp_path, zeroed(tree))
  assert step == 5
  assert_same(restored, tree)
  draw = lambda tree: jax.random.normal(tree["keys"][1])
  np.testing.assert_array_equal(draw(restored), draw(tree))


SCALARS = [
    np.bool_, np.int8, np.int16, np.int32, np.int64, np.uint8, np.uint16,
    np.uint32, np.uint64, np.float16, np.float32, np.float64, np.complex64,
    np.complex128, ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn
]


def test_every_numpy_scalar_survives(tmp_path):
  tree = {kind.__name__: kind(1.5) for kind in SCALARS}
  checkpoints.save(tmp_path, 1, tree)
  found, _ = checkpoints.restore(tmp_path, zeroed(tree))
  assert_same(found, tree)


@pytest.mark.parametrize("leaf",
                         [np.longdouble(1), np.clongdouble(1)],
                         ids=["longdouble", "clongdouble"])
def test_scalars_that_no_format_holds(tmp_path, leaf):
  with pytest.raises(TypeError,
                     match="no format that holds float128|complex256"):
    checkpoints.save(tmp_path, 1, {"a": leaf})


def test_shapes_are_enough_to_restore(tmp_path):
  tree = {"w": jnp.arange(3.), "key": jax.random.key(1), "no": jnp.ones((0, 2))}
  checkpoints.save(tmp_path, 0, tree)
  assert_same(
      checkpoints.restore(tmp_path, jax.eval_shape(lambda: tree))[0], tree)


def test_empty_trees(tmp_path):
  checkpoints.save(tmp_path, 0, ((), None))
  assert checkpoints.restore(tmp_path, ((), None)) == (((), None), 0)


def test_arrays_come_back_on_the_devices_asked_for(tmp_path):
  mesh = sharding.make_mesh()
  alone = {"w": jnp.arange(16.).reshape(8, 2), "key": jax.random.key(0)}
  split = {
      "w": sharding.shard_batch(alone["w"], mesh),
      "key": sharding.replicate(alone["key"], mesh)
  }
  checkpoints.save(tmp_path, 1, alone)
  checkpoints.save(tmp_path, 2, split)
  for step in (1, 2):
    for like in (alone, split):
      found, _ = checkpoints.restore(tmp_path, zeroed(like), step=step)
      assert_same(found, alone)
      for name, leaf in like.items():
        assert found[name].sharding == leaf.sharding
        assert found[name].committed == leaf.committed


def test_old_steps_are_removed(tmp_path):
  for step in (1, 2, 10, 100):
    checkpoints.save(tmp_path, step, {"w": float(step)}, keep=2)
  assert checkpoints.steps(tmp_path) == (10, 100)
  assert sorted(
      p.name for p in tmp_path.iterdir()) == ["step_00000010", "step_00000100"]
  checkpoints.save(tmp_path, 101, {"w": 0.}, keep=None)
  assert checkpoints.steps(tmp_path) == (10, 100, 101)
  assert checkpoints.restore(tmp_path, {"w": 0.}, step=10) == ({"w": 10.}, 10)


def test_resumed_training_equals_uninterrupted_bit_for_bit(tmp_path):
  apply, predictor = networks.mlp(jax.random.key(0), 2, 2, hidden=(8, 8))
  noisy = lambda p, x, key: apply(p, x) + jax.random.normal(key, (2,), x.dtype)
  tailored = functools.partial(
      tailored_predict,
      predict_fn=noisy,
      conserved_fn=lambda phi, x: phi * jnp.sum(x**2)[None],
      optimizer=optax.sgd(.1),
      residual_fn=tailoring.field_residuals)
  optimizer = optax.adam(1e-2)
  step = jax.jit(
      functools.partial(update,
                        loss_fn=functools.partial(meta_loss,
                                                  tailored_fn=tailored),
                        optimizer=optimizer))
  x = jax.random.normal(jax.random.key(1), (8, 2), jnp.float32)

  def train(state, key, count):
    for _ in range(count):
      now = jax.random.fold_in(key, state.step)
      state, _ = step(state, (x, -x), now)
    return state

  start = init_state(MetaParams(predictor, jnp.float32(1.), jnp.float32(0.)),
                     optimizer)
  key = jax.random.key(7)
  checkpoints.save(tmp_path, 3, (train(start, key, 3), key))
  (state, key), _ = checkpoints.restore(tmp_path, (start, jax.random.key(0)))
  assert int(state.step) == 3
  assert_same(train(state, key, 3), train(start, jax.random.key(7), 6))


@pytest.mark.slow
def test_two_processes_share_a_checkpoint(tmp_path):
  with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    port = probe.getsockname()[1]
  program = textwrap.dedent("""
      import sys
      import jax
      import numpy as np
      from noether_jax.training import checkpoints
      from noether_jax.training import sharding
      number, port, folder = int(sys.argv[1]), sys.argv[2], sys.argv[3]
      sharding.start_processes(f"127.0.0.1:{port}", 2, number)
      mesh = sharding.make_mesh()
      x = sharding.shard_batch(np.arange(4.) + 4 * number, mesh)
      tree = {"x": x, "n": np.float64(2.5), "k": 3}
      for step in (1, 2):
        checkpoints.save(folder, step, tree, keep=1)
      zero = {"x": jax.jit(lambda x: 0 * x)(x), "n": np.float64(0), "k": 0}
      found, step = checkpoints.restore(folder, zero)
      mine = np.concatenate([s.data for s in found["x"].addressable_shards])
      assert step == 2 and found["k"] == 3 and found["n"] == 2.5
      np.testing.assert_array_equal(mine, np.arange(4.) + 4 * number)
      print("good")
  """)
  environment = {
      **os.environ, "XLA_FLAGS": "--xla_force_host_platform_device_count=2"
  }
  workers = [
      subprocess.Popen(
          [sys.executable, "-c", program,
           str(i),
           str(port),
           str(tmp_path)],
          env=environment,
          text=True,
          stdout=subprocess.PIPE,
          stderr=subprocess.PIPE) for i in range(2)
  ]
  for worker in workers:
    out, errors = worker.communicate(timeout=240)
    assert worker.returncode == 0 and "good" in out, errors[-2000:]
  assert checkpoints.steps(tmp_path) == (2,)
