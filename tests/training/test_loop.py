"""The training loop: chunks, progress, saving, resumption."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from noether_jax.training import loop

OPTIMIZER = optax.adam(0.1)


def quadratic(params, batch):
  return jnp.sum((params - batch)**2)


def begin():
  params = jnp.array([1., 2.])
  return params, OPTIMIZER.init(params)


def test_steps_are_those_of_the_optimizer():
  step = loop.gradient_step(quadratic, OPTIMIZER)
  batches = jnp.arange(5.)
  (params, state), losses = loop.scan_steps(step, begin(), batches)
  expected, own = begin()
  for i, batch in enumerate(batches):
    loss, gradient = jax.value_and_grad(quadratic)(expected, batch)
    np.testing.assert_allclose(losses[i], loss)
    change, own = OPTIMIZER.update(gradient, own, expected)
    expected = optax.apply_updates(expected, change)
  np.testing.assert_allclose(params, expected)
  assert int(state[0].count) == 5


def test_one_step_stands_in_no_loop_and_is_the_same_step():
  step = loop.gradient_step(quadratic, OPTIMIZER)
  one = lambda carry: loop.scan_steps(step, carry, jnp.ones(1))
  two = lambda carry: loop.scan_steps(step, carry, jnp.ones(2))
  assert "scan" not in str(jax.make_jaxpr(one)(begin()))
  assert "scan" in str(jax.make_jaxpr(two)(begin()))
  carry, first = one(begin())
  (params, _), second = one(carry)
  (expected, _), losses = two(begin())
  np.testing.assert_allclose(params, expected)
  np.testing.assert_allclose(jnp.concatenate([first, second]), losses)


def test_without_batches_the_number_of_steps_is_needed():
  with pytest.raises(ValueError, match="`num_steps` is needed"):
    loop.scan_steps(lambda c, _: (c, c), 0.)


def test_seeds_can_be_trained_side_by_side():
  step = loop.gradient_step(quadratic, OPTIMIZER)
  run = lambda batches: loop.scan_steps(step, begin(), batches)[0][0]
  batches = jnp.arange(6.).reshape(2, 3)
  np.testing.assert_allclose(
      jax.vmap(run)(batches), jnp.stack([run(b) for b in batches]))


def count(state, done, length):
  assert state == done
  return state + length, {"length": length}


def test_the_last_chunk_is_shorter_and_all_is_told():
  told = []
  state, metrics, seconds = loop.training_loop(count,
                                               0,
                                               num_steps=7,
                                               chunk=3,
                                               report=told.append)
  assert state == 7 and metrics == {"length": 1} and seconds >= 0
  assert [progress.done for progress in told] == [3, 6, 7]
  assert all(progress.speed > 0 for progress in told)


def test_what_is_made_is_not_made_again():
  saved = []
  keep = lambda state, seconds: saved.append((state, seconds))
  assert loop.training_loop(count, 4, num_steps=4, done=4,
                            save=keep) == (4, None, 0.)
  assert not saved
  loop.training_loop(count, 4, num_steps=6, done=4, save=keep)
  assert [state for state, _ in saved] == [6]


@pytest.mark.parametrize("seconds, times", [(-1., 5), (1e9, 1)])
def test_saving_and_telling_now_and_then(seconds, times):
  saved, told = [], []
  loop.training_loop(count,
                     0,
                     num_steps=5,
                     report=told.append,
                     report_seconds=seconds,
                     save=lambda state, _: saved.append(state),
                     save_seconds=seconds)
  assert len(saved) == len(told) == times and saved[-1] == 5
  assert told[-1].done == 5


def test_an_interrupted_run_goes_on_from_what_was_saved():
  saved = []

  def failing(state, done, length):
    if done == 3:
      raise KeyboardInterrupt
    return count(state, done, length)

  with pytest.raises(KeyboardInterrupt):
    loop.training_loop(failing,
                       0,
                       num_steps=5,
                       save=lambda state, _: saved.append(state),
                       save_seconds=-1.)
  state, *_ = loop.training_loop(count, saved[-1], num_steps=5, done=saved[-1])
  assert saved[-1] == 3 and state == 5
