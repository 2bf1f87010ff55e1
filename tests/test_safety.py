"""The safety rule: what it keeps, what it takes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax import safety

PLAIN = np.array([1., 2., 3., 4., 5.])


@pytest.mark.parametrize(
    "candidates, index", [
        ([PLAIN * .5, PLAIN * .8], 1),
        ([PLAIN * 1.01], 0),
        ([PLAIN], 0),
        ([PLAIN * [.2, 1.3, 1.4, 1.2, .9]], 0),
        ([PLAIN * [.5, .5, .5, .5, np.inf], PLAIN * .9], 2),
        ([PLAIN * np.nan], 0),
    ],
    ids=["sure", "worse", "equal", "lucky", "one diverged", "nothing finite"])
def test_choices(candidates, index):
  choice = safety.choose(jnp.array([PLAIN, *candidates]))
  assert int(choice.candidate) == index


def test_gains_are_mean_logarithms():
  choice = safety.choose(jnp.array([PLAIN, PLAIN / 2]))
  np.testing.assert_allclose(choice.gains, [0., np.log(2.)], atol=1e-12)
  np.testing.assert_allclose(choice.uncertainties, 0., atol=1e-12)


def test_one_trajectory_is_never_sure():
  assert int(safety.choose(jnp.array([[2.], [.1]])).candidate) == 0


def test_a_fallback_that_diverges_is_left():
  errors = jnp.array([[jnp.inf, 1.], [2., 2.]])
  assert int(safety.choose(errors).candidate) == 1


def test_vmap_equals_a_loop():
  errors = jax.random.uniform(jax.random.key(0), (7, 3, 6))
  np.testing.assert_array_equal(
      jax.vmap(safety.choose)(errors).candidate,
      [safety.choose(e).candidate for e in errors])


@pytest.mark.parametrize("count, num_folds", [(5, 2), (6, 3), (4, 4)])
def test_every_trajectory_is_held_out_once(count, num_folds):
  masks = safety.folds(count, num_folds)
  assert masks.shape == (num_folds, count)
  np.testing.assert_array_equal(masks.sum(0), 1)


def test_errors():
  with pytest.raises(ValueError, match=r"must be \[candidates, trajectories\]"):
    safety.choose(jnp.ones(3))
  with pytest.raises(ValueError, match="got 5 for 3 trajectories"):
    safety.folds(3, 5)
