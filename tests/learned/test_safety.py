"""The safety rule: what it keeps, what it takes."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax.learned import safety

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


@pytest.mark.parametrize("spreads, allowed", [
    (PLAIN * .9, True),
    (PLAIN, False),
    (PLAIN * 1.1, False),
    (PLAIN * [.1, 1.2, 1.2, 1.2, 1.2], False),
    (PLAIN * [.5, 1.1, .6, .7, .6], True),
    (PLAIN * [.1, .1, .1, .1, np.inf], False),
    (PLAIN * np.nan, False),
])
def test_candidates_whose_folds_disagree_are_left_out(spreads, allowed):
  assert safety.agreeing(jnp.array([PLAIN,
                                    spreads])).tolist() == [True, allowed]


def test_a_fallback_that_diverges_excludes_nothing():
  spreads = jnp.array([PLAIN * np.inf, PLAIN, PLAIN * np.nan])
  assert safety.agreeing(spreads).tolist() == [True, True, False]


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


def rings(count=5, samples=40, seed=0):
  """Circles whose radii lie between 1 and 2, in units of their own."""
  random = np.random.default_rng(seed)
  radius = np.linspace(1, 2, count)[:, None]
  phase = random.uniform(0, 7, (count, 1)) + np.linspace(0, 6.3, samples)
  return jnp.array(
      np.stack([radius * np.cos(phase), 50 * radius * np.sin(phase)], -1))


def test_known_states_and_those_between_them_are_trusted():
  known = safety.region(rings())
  trust = jax.vmap(lambda x: safety.trust(known, x))
  np.testing.assert_array_equal(trust(rings().reshape(-1, 2)), 1)
  between = rings(count=9, seed=1)[1::2].reshape(-1, 2)
  assert float(trust(between).min()) == 1


def test_states_far_beyond_are_not():
  known = safety.region(rings(), least=0.2)
  at = lambda radius: float(safety.trust(known, jnp.array([0., 50. * radius])))
  assert at(2.) == 1 and at(4.) == 0 and at(0.) < .2
  falling = [at(r) for r in np.linspace(2, 3.5, 30)]
  assert np.all(np.diff(falling) <= 0)
  assert any(0 < value < 1 for value in falling)


def test_the_radius_is_the_distance_to_other_trajectories():
  lines = jnp.arange(6.)[:, None, None] * jnp.ones((6, 50, 1))
  scale = np.std(np.arange(6))
  known = safety.region(lines, least=0.)
  np.testing.assert_allclose(known.radius, 1 / scale, rtol=1e-9)
  np.testing.assert_allclose(safety.region(lines, least=3.).radius, 3)
  few = safety.region(lines, least=0., max_samples=60)
  assert len(few.states) <= 66
  np.testing.assert_allclose(few.radius, 1 / scale, rtol=1e-9)
  one = safety.region(rings()[:1], least=.3)
  np.testing.assert_allclose(one.radius, .3)
  with pytest.raises(ValueError, match=r"must be \[N, T, D\]"):
    safety.region(lines[0])
