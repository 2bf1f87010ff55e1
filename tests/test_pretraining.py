"""Pretraining: the closed form, the fit, K quantities, invariances."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax import networks
from noether_jax import pretraining
from noether_jax import quotients


def ellipses(count=6, samples=24):
  """A harmonic oscillator of frequency 2; conserved is 4 q^2 + p^2."""
  t = np.linspace(0, 3., samples)
  r = np.linspace(.5, 1.5, count)[:, None]
  states = np.stack([r * np.cos(2 * t), -2 * r * np.sin(2 * t)], -1)
  rates = np.stack([states[..., 1], -4 * states[..., 0]], -1)
  return jnp.array(states), jnp.array(rates)


def oscillators(count=12, samples=20):
  """Two uncoupled oscillators: two conserved energies."""
  random = np.random.default_rng(0)
  size, phase = random.uniform(.5, 1.5, (count, 2, 1)), random.uniform(
      0, 6, (count, 2, 1))
  t, rate = np.linspace(0, 4, samples), np.array([1., 1.7])[None, :, None]
  q, p = size * np.cos(rate * t + phase), -size * rate * np.sin(rate * t +
                                                                phase)
  states = np.moveaxis(np.concatenate([q, p], 1), 1, 2)
  rates = np.moveaxis(np.concatenate([p, -rate**2 * q], 1), 1, 2)
  return jnp.array(states), jnp.array(rates)


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
  combinations, quotients = pretraining.spectral_readout(features)
  values = np.asarray(features @ combinations)
  within = np.mean((values - values.mean(1, keepdims=True))**2, (0, 1))
  np.testing.assert_allclose(values.var((0, 1)), 1., rtol=1e-9)
  np.testing.assert_allclose(within, quotients, rtol=1e-9)
  assert np.all(np.diff(quotients) >= 0)


def test_nearly_constant_combinations_are_left_out():
  features = jax.random.normal(jax.random.key(0), (4, 9, 2))
  constant = 1. + 1e-9 * features[..., :1]
  combinations, quotients = pretraining.spectral_readout(
      jnp.concatenate([features, constant], -1))
  assert quotients[-1] > 1 and not np.any(combinations[:, -1])


def test_one_quantity_becomes_the_energy():
  states, rates = ellipses()
  net = net_for(states)
  learned = jax.jit(lambda s, v: pretraining.pretrain(net, s, v))(states, rates)
  energy = lambda x: (4 * x[0]**2 + x[1]**2)[None]
  assert angle(net, learned.params, states, energy) < 0.2
  assert angle(net, learned.params, states,
               energy) < angle(net, learned.initial, states, energy)
  values = jax.vmap(jax.vmap(lambda x: net.apply(learned.params, x)))(states)
  np.testing.assert_allclose(np.std(values), 1., rtol=1e-6)
  assert learned.rate_quotient < -10 and np.all(np.diff(learned.costs) <= 0)


def test_two_quantities_stay_independent():
  states, rates = oscillators()
  net = net_for(states, 2)
  learned = jax.jit(lambda s, v: pretraining.pretrain(net, s, v))(states, rates)
  energies = lambda x: jnp.stack([x[0]**2 + x[2]**2, 2.89 * x[1]**2 + x[3]**2])
  assert angle(net, learned.params, states, energies) < 10


def test_held_out_trajectories_do_not_count():
  states, rates = ellipses()
  net = net_for(states)
  weights = jnp.ones(states.shape[:2]).at[2].set(0.)
  run = lambda s: pretraining.pretrain(
      net, s, rates, weights=weights, num_steps=2).params
  jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5),
               run(states), run(states.at[2].set(0.3)))


def test_without_steps_the_closed_form_is_left():
  states, rates = ellipses()
  learned = pretraining.pretrain(net_for(states), states, rates, num_steps=0)
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
  states, rates = ellipses()
  with pytest.raises(ValueError, match=r"must both be \[N, T, D\]"):
    pretraining.pretrain(net_for(states), states, rates[:2])
  with pytest.raises(ValueError, match="`hidden` must name at least one"):
    networks.conserved_mlp(jax.random.key(0), 2, hidden=())
