"""Pretraining: the closed form, the fit, K quantities, invariances."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax import networks
from noether_jax.learned import pretraining
from noether_jax.learned import quotients
from noether_jax.learned.spectral import spectral_readout


def ellipses(count=6, samples=24):
  """A harmonic oscillator of frequency 2; conserved is 4 q^2 + p^2."""
  t = np.linspace(0, 3., samples)
  r = np.linspace(.5, 1.5, count)[:, None]
  states = np.stack([r * np.cos(2 * t), -2 * r * np.sin(2 * t)], -1)
  derivatives = np.stack([states[..., 1], -4 * states[..., 0]], -1)
  return jnp.array(states), jnp.array(derivatives)


def oscillators(count=12, samples=20):
  """Two uncoupled oscillators: two conserved energies."""
  random = np.random.default_rng(0)
  size, phase = random.uniform(.5, 1.5, (count, 2, 1)), random.uniform(
      0, 6, (count, 2, 1))
  t, rate = np.linspace(0, 4, samples), np.array([1., 1.7])[None, :, None]
  q, p = size * np.cos(rate * t + phase), -size * rate * np.sin(rate * t +
                                                                phase)
  states = np.moveaxis(np.concatenate([q, p], 1), 1, 2)
  derivatives = np.moveaxis(np.concatenate([p, -rate**2 * q], 1), 1, 2)
  return jnp.array(states), jnp.array(derivatives)


def net_for(states, count=1, **kwargs):
  flat = states.reshape(-1, states.shape[-1])
  return networks.conserved_mlp(jax.random.key(0),
                                flat.shape[1],
                                count,
                                hidden=(12, 12),
                                mean=flat.mean(0),
                                scale=flat.std(0),
                                **kwargs)


def angle(net, params, states, truth):
  """Largest median angle in degrees between true gradients and g's span."""
  flat = states.reshape(-1, states.shape[-1])
  slopes = [
      jax.vmap(jax.jacobian(f))(flat)
      for f in (lambda x: net.apply(params, x), truth)
  ]
  return float(jnp.median(quotients.principal_angles(*slopes)))


def test_spectral_readout_solves_the_eigenproblem():
  features = jax.random.normal(jax.random.key(0), (4, 9, 3))
  features = features.at[..., 2].add(jnp.arange(4.)[:, None] * 5)
  combinations, quotients = spectral_readout(features)
  values = np.asarray(features @ combinations)
  within = np.mean((values - values.mean(1, keepdims=True))**2, (0, 1))
  np.testing.assert_allclose(values.var((0, 1)), 1., rtol=1e-9)
  np.testing.assert_allclose(within, quotients, rtol=1e-9)
  assert np.all(np.diff(quotients) >= 0)


def test_nearly_constant_combinations_are_left_out():
  features = jax.random.normal(jax.random.key(0), (4, 9, 2))
  constant = 1. + 1e-9 * features[..., :1]
  combinations, quotients = spectral_readout(
      jnp.concatenate([features, constant], -1))
  assert quotients[-1] > 1 and not np.any(combinations[:, -1])


def test_one_quantity_becomes_the_energy():
  states, derivatives = ellipses()
  net = net_for(states)
  learned = jax.jit(lambda s, v: pretraining.pretrain(net, s, v))(states,
                                                                  derivatives)
  energy = lambda x: (4 * x[0]**2 + x[1]**2)[None]
  assert angle(net, learned.params, states, energy) < 0.2
  assert angle(net, learned.params, states,
               energy) < angle(net, learned.initial, states, energy)
  values = jax.vmap(jax.vmap(lambda x: net.apply(learned.params, x)))(states)
  np.testing.assert_allclose(np.std(values), 1., rtol=1e-6)
  assert learned.alignment_quotient < -10 and np.all(
      np.diff(learned.costs) <= 0)


def test_the_penalty_evens_the_gradient():
  states, derivatives = ellipses()
  net, flat = net_for(states), states.reshape(-1, 2)

  def unevenness(**kwargs):
    learned = pretraining.pretrain(net,
                                   states,
                                   derivatives,
                                   num_steps=25,
                                   **kwargs)
    assert learned.alignment_quotient < -8
    slopes = jax.vmap(
        jax.jacobian(lambda x: net.apply(learned.params, x)))(flat)
    size = jnp.linalg.norm(slopes[:, 0] * flat.std(0)[None], axis=-1)
    return float(size.std() / size.mean())

  assert unevenness(gradient_penalty=1e-2) < .5 * unevenness()


def test_two_quantities_stay_independent():
  states, derivatives = oscillators()
  net = net_for(states, 2)
  learned = jax.jit(lambda s, v: pretraining.pretrain(net, s, v))(states,
                                                                  derivatives)
  energies = lambda x: jnp.stack([x[0]**2 + x[2]**2, 2.89 * x[1]**2 + x[3]**2])
  assert angle(net, learned.params, states, energies) < 10


def test_held_out_trajectories_do_not_count():
  states, derivatives = ellipses()
  net = net_for(states)
  weights = jnp.ones(states.shape[:2]).at[2].set(0.)
  run = lambda s: pretraining.pretrain(
      net, s, derivatives, weights=weights, num_steps=2).params
  jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5),
               run(states), run(states.at[2].set(0.3)))


def test_without_steps_the_closed_form_is_left():
  states, derivatives = ellipses()
  learned = pretraining.pretrain(net_for(states),
                                 states,
                                 derivatives,
                                 num_steps=0)
  assert learned.costs.shape == (0,) and learned.variance_quotient < -3


@pytest.mark.parametrize("move", [[1], [0, 1]])
def test_invariances_hold_exactly(move):
  flips = [networks.flip(i) for i in move]
  net = net_for(ellipses()[0], invariances=flips)
  x = jnp.array([.3, -.8])
  for turn in flips:
    np.testing.assert_allclose(net.apply(net.params, turn(x)),
                               net.apply(net.params, x),
                               rtol=1e-12)


def test_rotations_change_no_invariant():
  x = jnp.array([.3, -.8, 1.2, .4])
  c, s = jnp.cos(.7), jnp.sin(.7)
  turn = jnp.array([[c, -s], [s, c]])
  turned = jnp.concatenate([turn @ x[:2], turn @ x[2:]])
  np.testing.assert_allclose(networks.planar_invariants(turned),
                             networks.planar_invariants(x),
                             rtol=1e-10)


def test_errors():
  states, derivatives = ellipses()
  with pytest.raises(ValueError, match=r"must both be \[N, T, D\]"):
    pretraining.pretrain(net_for(states), states, derivatives[:2])
  with pytest.raises(ValueError, match="`hidden` must name at least one"):
    networks.conserved_mlp(jax.random.key(0), 2, hidden=())


def test_mirrored_quantities_have_their_parity_and_are_not_mixed():
  states, _ = oscillators()
  net = net_for(states, 2, mirror=networks.flip(1, 3), parities=(1, -1))
  x = jnp.array([.3, .2, -.4, .7])
  even, odd = net.apply(net.params, x)
  mirrored = net.apply(net.params, networks.flip(1, 3)(x))
  np.testing.assert_allclose(mirrored, [even, -odd], rtol=1e-12)
  # Rotations in the plane: radius (even), and a signed area (odd).
  t = np.linspace(0, 2., 12)
  random = np.random.default_rng(1)
  r, w = random.uniform(.5, 1.5,
                        (10, 1)), random.uniform(.5, 1.5, (10, 1)) * np.where(
                            np.arange(10)[:, None] % 2, 1, -1)
  q = np.stack([r * np.cos(w * t), r * np.sin(w * t)], -1)
  v = w[..., None] * np.stack([-q[..., 1], q[..., 0]], -1)
  states = jnp.array(np.concatenate([q, v], -1))
  derivatives = jnp.array(np.concatenate([v, -w[..., None]**2 * q], -1))
  net = net_for(states, 2, mirror=networks.flip(1, 3), parities=(1, -1))
  learned = jax.jit(lambda s, v: pretraining.pretrain(net, s, v, num_steps=4))(
      states, derivatives)
  value = lambda x: net.apply(learned.params, x)
  even, odd = value(states[0, 0])
  np.testing.assert_allclose(value(networks.flip(1, 3)(states[0, 0])),
                             [even, -odd],
                             rtol=1e-9)
  values = jax.vmap(jax.vmap(value))(states).reshape(-1, 2)
  np.testing.assert_allclose(np.var(values, axis=0), 1., rtol=1e-6)


def test_of_several_starts_the_best_is_fitted_on():
  states, derivatives = ellipses()
  net = net_for(states)
  starts = jax.vmap(
      lambda key: networks.conserved_mlp(key, 2, hidden=(12, 12)).params)(
          jax.random.split(jax.random.key(3), 4))
  run = jax.jit(lambda p, **more: pretraining.pretrain(
      net, states, derivatives, num_steps=6, starts=p, **more),
                static_argnames=("keep", "trial_steps"))
  pick = lambda i: jax.tree.map(lambda leaf: leaf[i:i + 1], starts)
  score = lambda fit: float(fit.alignment_quotient + fit.variance_quotient)
  alone = [score(run(pick(i))) for i in range(4)]
  assert np.ptp(alone) > 1e-3
  np.testing.assert_allclose(score(run(starts, keep=4)), min(alone), rtol=1e-9)
  tried = run(starts, keep=4, trial_steps=2)
  assert tried.costs.shape == (7,) and np.isfinite(score(tried))
  assert min(alone) - 1 < score(tried) < max(alone) + 1
  with pytest.raises(ValueError, match="`keep` must lie in"):
    run(starts, keep=5)


def test_parities_must_be_signs():
  for parities in ((), (1, 0), (1,)):
    with pytest.raises(ValueError, match="parities"):
      networks.conserved_mlp(jax.random.key(0),
                             2,
                             2,
                             mirror=networks.flip(1),
                             parities=parities)
  with pytest.raises(ValueError, match="need `mirror`"):
    networks.conserved_mlp(jax.random.key(0), 2, 2, parities=(1, -1))


@pytest.mark.parametrize("count,length,limit", [(200, 60, 2500), (25, 60, 2500),
                                                (7, 12, 20), (3, 5, 100)])
def test_the_states_fitted_are_spread_over_time(count, length, limit):
  chosen = pretraining.spread_indices(count, length, limit)
  trajectory, time = np.divmod(chosen, length)
  stride = -(-count * length // limit)
  assert len(chosen) <= limit + stride and len(np.unique(chosen)) == len(chosen)
  each = np.bincount(trajectory, minlength=count)
  assert each.max() - each.min() <= 1
  if count >= stride:
    assert set(time) == set(range(length))
