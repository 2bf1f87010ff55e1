"""Quotients minimised by gradient steps: vectors, frames, going on, errors."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from noether_jax.learned import minibatch
from noether_jax.learned import quotients


def circles(count=8, samples=24):
  t = np.linspace(0, 6., samples)
  r = np.linspace(.5, 1.5, count)[:, None]
  states = np.stack([r * np.cos(t), -r * np.sin(t)], -1)
  return jnp.array(states), jnp.array(
      np.stack([states[..., 1], -states[..., 0]], -1))


def small_mlp(params, x):
  return jnp.tanh(x @ params["w"] + params["b"]) @ params["out"]


def small_params(size=2, count=1):
  keys = jax.random.split(jax.random.key(1), 3)
  return {
      "w": jax.random.normal(keys[0], (size, 16)),
      "b": jax.random.normal(keys[1], (16,)),
      "out": jax.random.normal(keys[2], (16, count))
  }


def test_a_network_becomes_conserved():
  states, _ = circles()
  before = quotients.variance_quotient(small_mlp, small_params(), states)
  trained = minibatch.minimise_quotient(small_mlp,
                                        small_params(),
                                        states,
                                        jax.random.key(0),
                                        batch_size=6)
  after = quotients.variance_quotient(small_mlp, trained.params, states)
  assert before > -3 and after < -5
  assert trained.losses.shape == (500,)


def test_a_convolution_of_frames_finds_what_stays():
  """A moving spot whose brightness differs between sequences only."""
  random = np.random.default_rng(0)
  bright, speed = random.uniform(.5, 2, (8, 1)), random.uniform(1, 3, (8, 1))
  place = 3.5 + 2 * np.sin(speed * np.linspace(0, 3, 10)[None])
  pixels = np.arange(8.)
  blob = np.exp(-(pixels - place[..., None])**2)
  frames = jnp.array((bright[..., None] * blob)[..., None, :, None] *
                     np.exp(-(pixels - 4)**2)[:, None, None])

  def conv(params, frame):
    out = jax.lax.conv_general_dilated(frame[None],
                                       params["kernel"], (2, 2),
                                       "SAME",
                                       dimension_numbers=("NHWC", "HWIO",
                                                          "NHWC"))
    return jnp.mean(jnp.tanh(out), axis=(0, 1, 2)) @ params["out"]

  keys = jax.random.split(jax.random.key(2))
  params = {
      "kernel": jax.random.normal(keys[0], (3, 3, 1, 6)),
      "out": jax.random.normal(keys[1], (6, 1))
  }
  trained = minibatch.minimise_quotient(conv,
                                        params,
                                        frames,
                                        jax.random.key(0),
                                        num_steps=200,
                                        batch_size=5)
  values = jax.vmap(jax.vmap(lambda x: conv(trained.params, x)))(frames)
  assert quotients.variance_quotient(conv, trained.params, frames) < -4
  own = np.asarray(values).mean((1, 2))
  assert abs(np.corrcoef(own, bright[:, 0])[0, 1]) > .95


def test_two_calls_equal_one_of_the_same_batches():
  states, derivatives = circles()
  run = lambda params, key, steps, **more: minibatch.minimise_quotient(
      small_mlp,
      params,
      states,
      key,
      optimizer=optax.adam(1e-2),
      num_steps=steps,
      batch_size=8,
      derivatives=derivatives,
      **more)
  # All trajectories: the order of a batch does not count.
  whole = run(small_params(), jax.random.key(0), 6)
  first = run(small_params(), jax.random.key(1), 3)
  second = run(first.params, jax.random.key(2), 3, opt_state=first.opt_state)
  for one, other in zip(jax.tree.leaves(whole.params),
                        jax.tree.leaves(second.params)):
    np.testing.assert_allclose(one, other, rtol=1e-6)


def test_a_single_step_stands_in_no_loop():
  """In one, convolutions are tens of times slower on a CPU."""
  states, derivatives = circles()
  run = lambda steps: lambda params: minibatch.minimise_quotient(
      small_mlp,
      params,
      states,
      jax.random.key(0),
      num_steps=steps,
      batch_size=8,
      derivatives=derivatives)
  lengths = lambda steps: {
      e.params["length"]
      for e in jax.make_jaxpr(run(steps))(small_params()).eqns
      if e.primitive.name == "scan"
  }
  assert 2 in lengths(2) and not lengths(1)


def test_seeds_can_be_vmapped():
  states, _ = circles()
  run = lambda key: minibatch.minimise_quotient(
      small_mlp, small_params(), states, key, num_steps=3, batch_size=4).losses
  keys = jax.random.split(jax.random.key(0), 2)
  np.testing.assert_allclose(jax.vmap(run)(keys)[1], run(keys[1]), rtol=1e-9)


def test_values_get_unit_variance():
  states, _ = circles()
  params = small_params(count=2)
  scale = minibatch.unit_variance(small_mlp, params, states)
  values = jax.vmap(jax.vmap(lambda x: small_mlp(params, x)))(states)
  np.testing.assert_allclose(np.var(values * scale[None, None], axis=(0, 1)),
                             1.)


def test_errors():
  states, _ = circles()
  with pytest.raises(ValueError, match="batch_size"):
    minibatch.minimise_quotient(small_mlp,
                                small_params(),
                                states,
                                jax.random.key(0),
                                batch_size=9)
  with pytest.raises(ValueError, match="several quantities need"):
    minibatch.minimise_quotient(small_mlp,
                                small_params(count=2),
                                states,
                                jax.random.key(0),
                                batch_size=4)
  with pytest.raises(ValueError, match="noise"):
    quotients.variance_quotient(lambda _, x: x.reshape(-1)[:1],
                                None,
                                states[..., None],
                                noise=jnp.ones(2))
