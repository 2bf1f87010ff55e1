"""A g that is a polynomial in the momenta; symmetric copies of trajectories."""

import itertools

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax import networks
from noether_jax.learned import pretraining
from noether_jax.learned import quotients
from noether_jax.learned.augmentation import symmetric_copies
from noether_jax.networks.momenta import monomials


def mechanical(degree=2, **kwargs):
  return networks.conserved_mlp(jax.random.key(1),
                                4,
                                2,
                                hidden=(6, 6),
                                mean=jnp.array([.1, .2, .3, .4]),
                                scale=jnp.array([1., 2., .5, 3.]),
                                momenta=(0, 0, 1, 1),
                                degree=degree,
                                **kwargs)


def central():
  """A g for central forces in the plane: an energy and an angular momentum."""
  return networks.conserved_mlp(jax.random.key(0),
                                4,
                                2,
                                hidden=(6,),
                                transform=networks.planar_invariants,
                                mirror=networks.flip(1, 3),
                                parities=(1, -1),
                                momenta=(0, 2, 1, 1))


def derivative(net, order, columns):
  """The order-th derivatives of g in some columns, at one state."""
  x = jnp.array([.3, -.8, 1.2, .4])
  index = jnp.array(columns)
  g = lambda part: net.apply(net.params, x.at[index].set(part))
  for _ in range(order):
    g = jax.jacfwd(g)
  return np.asarray(g(x[index]))


@pytest.mark.parametrize("degree", [1, 2, 3])
def test_g_is_a_polynomial_in_the_momenta_alone(degree):
  net = mechanical(degree)
  largest = np.abs(derivative(net, degree, [2, 3])).max()
  assert largest > 1e-2
  np.testing.assert_allclose(derivative(net, degree + 1, [2, 3]),
                             0,
                             atol=1e-12 * largest)
  assert np.abs(derivative(net, degree + 1, [0, 1])).max() > 1e-3


@pytest.mark.parametrize("momenta", [(), (0, 0, 1, 1)])
def test_parameters_hold_all_that_data_have_told_a_network(momenta):
  """A fold's parameters mean the same in the network of all the data."""
  nets = [
      networks.conserved_mlp(jax.random.key(key),
                             4,
                             2,
                             hidden=(6, 6),
                             mean=jnp.full(4, mean),
                             scale=jnp.full(4, scale),
                             momenta=momenta)
      for key, mean, scale in ((0, .5, 2.), (1, -.3, .7))
  ]
  x = jnp.array([.3, -.8, 1.2, .4])
  first, second = (net.apply(nets[1].params, x) for net in nets)
  np.testing.assert_array_equal(first, second)
  assert np.abs(np.asarray(nets[0].apply(nets[0].params, x) - first)).min() > 0


def test_the_standardisation_is_not_trained():
  net = mechanical()
  slope = jax.grad(lambda p: jnp.sum(net.apply(p, jnp.ones(4))))(net.params)
  for name in ("mean", "scale"):
    np.testing.assert_array_equal(slope["features"][name], 0)
  assert np.abs(np.asarray(slope["readout"])).max() > 0


def test_products_are_those_of_the_total_degree():
  degrees = np.array([0, 1, 1, 2])
  inputs = [1, 2, 3]
  wanted = {
      product for n in range(4)
      for product in itertools.combinations_with_replacement(inputs, n)
      if sum(degrees[i] for i in product) <= 3
  }
  found = monomials(degrees, 3)
  assert found[0] == () and set(found) == wanted and len(found) == len(wanted)
  with pytest.raises(ValueError, match="`degree` must be at least 0"):
    monomials(degrees, -1)


@pytest.mark.parametrize("momenta", [(1, 1), (0, 1, 1), (0, -1)])
def test_momenta_must_be_degrees_of_all_inputs(momenta):
  with pytest.raises(ValueError, match="`momenta` must name the degree"):
    networks.conserved_mlp(jax.random.key(0), 2, momenta=momenta)


def test_momenta_go_with_a_mirror_and_a_transform():
  net = central()
  x = jnp.array([.3, -.8, 1.2, .4])
  even, odd = net.apply(net.params, x)
  mirrored = net.apply(net.params, networks.flip(1, 3)(x))
  np.testing.assert_allclose(mirrored, [even, -odd], rtol=1e-12)
  np.testing.assert_allclose(derivative(net, 3, [2, 3]), 0, atol=1e-10)
  assert net.mask.shape == net.params["readout"].shape


def springs(count=8, samples=24):
  """An isotropic quartic spring in the plane: circles, whose radii differ."""
  t = np.linspace(0, 2., samples)
  r = np.linspace(.5, 1.5, count)[:, None]
  w = np.sqrt(1 + r**2) * np.where(np.arange(count)[:, None] % 2, 1, -1)
  q = np.stack([r * np.cos(w * t), r * np.sin(w * t)], -1)
  v = w[..., None] * np.stack([-q[..., 1], q[..., 0]], -1)
  return (jnp.array(np.concatenate([q, v], -1)),
          jnp.array(np.concatenate([v, -w[..., None]**2 * q], -1)))


def turned(key, x):
  angle = jax.random.uniform(key, (), x.dtype, 0, 2 * jnp.pi)
  c, s = jnp.cos(angle), jnp.sin(angle)
  return (x.reshape(-1, 2) @ jnp.stack([jnp.stack([c, s]),
                                        jnp.stack([-s, c])])).reshape(x.shape)


def test_copies_are_trajectories_of_the_same_system():
  states, derivatives = springs()
  new, velocities = symmetric_copies(jax.random.key(0), states, derivatives,
                                     turned, 3)
  assert new.shape == (24, 24, 4)
  q, v = new[..., :2], new[..., 2:]
  square = jnp.sum(q * q, -1, keepdims=True)
  np.testing.assert_allclose(velocities,
                             jnp.concatenate([v, -q * (1 + square)], -1),
                             atol=1e-12)
  # A trajectory's images stand together and differ; the map is one for all T.
  np.testing.assert_allclose(jnp.linalg.norm(q[:3], axis=-1), .5, rtol=1e-9)
  assert np.ptp(np.asarray(new[:3, 0, 0])) > .05
  steps = lambda s: jnp.linalg.norm(jnp.diff(s, axis=1), axis=-1)
  np.testing.assert_allclose(steps(new), jnp.repeat(steps(states), 3, axis=0))


def test_copies_need_trajectories_and_a_count():
  states, derivatives = springs()
  with pytest.raises(ValueError, match=r"must both be \[N, T, D\]"):
    symmetric_copies(jax.random.key(0), states, derivatives[:2], turned, 1)
  with pytest.raises(ValueError, match="`count` must be at least 1"):
    symmetric_copies(jax.random.key(0), states, derivatives, turned, 0)


def test_the_energy_of_an_oscillator_is_found_in_momenta():
  t = jnp.linspace(0., 3., 20)
  radius = jnp.linspace(.5, 1.5, 6)[:, None]
  states = jnp.stack([radius * jnp.cos(t)[None], -radius * jnp.sin(t)[None]],
                     -1)
  derivatives = jnp.stack([states[..., 1], -states[..., 0]], -1)
  flat = states.reshape(-1, 2)
  net = networks.conserved_mlp(jax.random.key(0),
                               2,
                               hidden=(6,),
                               mean=flat.mean(0),
                               scale=flat.std(0),
                               momenta=(0, 1))
  learned = jax.jit(lambda s, v: pretraining.pretrain(net, s, v, num_steps=8))(
      states, derivatives)
  slope = jax.vmap(jax.jacobian(lambda x: net.apply(learned.params, x)))(flat)
  angle = quotients.principal_angles(slope, flat[:, None])
  assert float(jnp.median(angle)) < .1


def test_combinations_left_out_are_not_taken_for_quantities():
  # Two circles of one radius: of the odd features nothing but the sense of
  # rotation differs, so that few combinations are left.
  states, derivatives = springs(count=2, samples=40)
  pair, velocities = states[:1], derivatives[:1]
  pair = jnp.concatenate([pair, pair.at[..., 1::2].multiply(-1)])
  velocities = jnp.concatenate(
      [velocities, velocities.at[..., 1::2].multiply(-1)])
  net = central()
  learned = jax.jit(lambda s, v: pretraining.pretrain(net, s, v, num_steps=0))(
      pair, velocities)
  assert np.abs(np.asarray(learned.initial["readout"])).max(axis=0).min() > 0


def test_arguments_that_do_not_fit_are_refused():
  make = lambda **kwargs: networks.conserved_mlp(jax.random.key(0), 2, **kwargs)
  assert make(momenta=np.array([0, 1])).params["readout"].shape[1] == 1
  for name in ("mean", "scale"):
    for count in (1, 3):
      with pytest.raises(ValueError, match=f"`{name}` must be"):
        make(**{name: jnp.ones(count)})
  with pytest.raises(ValueError, match="needs the columns to reverse"):
    networks.flip()
