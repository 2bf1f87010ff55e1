"""Integrators against closed forms and their orders."""

import sys

import jax
import jax.numpy as jnp
from jax.test_util import check_grads
import numpy as np
import pytest

from noether_jax.dynamics import integrators


def oscillator(x):
  return jnp.stack([x[1], -x[0]])


def error(method, steps):
  start = jnp.array([1., 0.])
  end = integrators.rollout(method(oscillator, 1. / steps), start, steps)[-1]
  return float(jnp.max(jnp.abs(end - jnp.array([jnp.cos(1.), -jnp.sin(1.)]))))


@pytest.mark.parametrize("method, order", [(integrators.euler, 1),
                                           (integrators.rk4, 4)])
def test_order(method, order):
  ratio = error(method, 20) / error(method, 40)
  np.testing.assert_allclose(np.log2(ratio), order, atol=0.1)


def test_leapfrog_keeps_the_energy_bounded():
  step = integrators.leapfrog(lambda q: -q, 0.1)
  q, v = integrators.rollout(step, (jnp.asarray(1.), jnp.asarray(0.)), 10_000)
  energy = (q**2 + v**2) / 2
  assert float(jnp.max(jnp.abs(energy - 0.5))) < 1.3e-3


def test_adaptive_rollout():
  pytest.importorskip("diffrax")
  times = jnp.linspace(0., 10., 5)
  states = integrators.adaptive_rollout(oscillator,
                                        jnp.array([1., 0.]),
                                        times,
                                        rtol=1e-10,
                                        atol=1e-10)
  np.testing.assert_allclose(states[:, 0], jnp.cos(times), atol=1e-8)


def test_without_diffrax_the_extra_is_named(monkeypatch):
  monkeypatch.setitem(sys.modules, "diffrax", None)
  with pytest.raises(ImportError, match=r"pip install 'noether-jax\[ode\]'"):
    integrators.adaptive_rollout(oscillator, jnp.ones(2), jnp.arange(2.))


def pendulum(x):
  return jnp.stack([x[1], -jnp.sin(x[0])])


@pytest.mark.parametrize("method", [integrators.euler, integrators.rk4])
def test_gradients_to_second_order(method):
  end = lambda x, dt: integrators.rollout(method(pendulum, dt), x, 3)[-1]
  check_grads(jax.jit(end), (jnp.array([.4, -1.]), jnp.asarray(.1)), order=2)


def test_vmap_equals_a_loop():
  starts = jnp.array([[1., 0.], [0.3, -2.]])
  one = lambda x: integrators.rollout(integrators.rk4(pendulum, .1), x, 5)
  together = jax.vmap(one)(starts)
  for start, expected in zip(starts, together):
    np.testing.assert_allclose(one(start), expected, rtol=1e-14)


def test_rollout_needs_a_step():
  with pytest.raises(ValueError, match="at least 1"):
    integrators.rollout(lambda x: x, jnp.ones(2), 0)
