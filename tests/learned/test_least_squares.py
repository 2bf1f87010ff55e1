"""Levenberg-Marquardt: closed form, descent, weights, anchor, vmap."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax.learned.least_squares import levenberg_marquardt


def line(params, example):
  x, y = example
  return (params["a"] * x + params["b"] - y)[None]


START = {"a": jnp.zeros(()), "b": jnp.zeros(())}
X = jnp.linspace(-1., 2., 12)
Y = 3 * X - 1 + 0.1 * jnp.sin(20 * X)


def test_a_linear_problem_is_solved_exactly():
  fit = levenberg_marquardt(line, START, (X, Y), num_steps=20)
  slope, offset = np.polyfit(X, Y, 1)
  np.testing.assert_allclose([fit.params["a"], fit.params["b"]],
                             [slope, offset],
                             rtol=1e-8)


def test_costs_never_rise_and_are_of_the_parameters():
  rosenbrock = lambda p, e: jnp.stack([10 * (p[1] - p[0]**2), 1 - p[0]]) * e
  fit = levenberg_marquardt(rosenbrock,
                            jnp.array([-1.2, 1.]),
                            jnp.ones(1),
                            num_steps=60)
  assert fit.costs.shape == (61,) and np.all(np.diff(fit.costs) <= 0)
  np.testing.assert_allclose(fit.params, [1., 1.], atol=1e-6)
  last = 0.5 * jnp.sum(rosenbrock(fit.params, 1.)**2)
  np.testing.assert_allclose(fit.costs[-1], last, atol=1e-20)


def test_weightless_examples_do_not_count():
  weights = (jnp.arange(12) % 2).astype(float)
  fit = levenberg_marquardt(line,
                            START, (X, Y.at[::2].set(1e3)),
                            weights=weights,
                            num_steps=20)
  slope, offset = np.polyfit(X[1::2], Y[1::2], 1)
  np.testing.assert_allclose([fit.params["a"], fit.params["b"]],
                             [slope, offset],
                             rtol=1e-7)


def test_the_anchor_holds_what_the_data_leave_open():
  start = jnp.array([5., 0., 7.])
  partly = lambda p, e: (p[1] - e)[None]
  fit = levenberg_marquardt(partly,
                            start,
                            jnp.array([2.]),
                            anchor=1e-6,
                            num_steps=20)
  np.testing.assert_allclose(fit.params, [5., 2., 7.], atol=1e-4)


def test_a_step_that_is_not_finite_is_not_taken():
  steep = lambda p, e: jnp.where(p[0] > 2., jnp.nan, p[0] - e)[None]
  fit = levenberg_marquardt(steep, jnp.zeros(1), jnp.array([3.]), num_steps=10)
  assert jnp.isfinite(fit.params[0]) and fit.costs[-1] < fit.costs[0]


def test_vmap_equals_a_loop():
  starts = jnp.array([[-1.2, 1.], [.5, 2.]])
  residual = lambda p, e: jnp.stack([10 * (p[1] - p[0]**2), 1 - p[0]]) * e
  run = lambda start: levenberg_marquardt(
      residual, start, jnp.ones(1), num_steps=5).params
  np.testing.assert_allclose(jax.jit(jax.vmap(run))(starts),
                             jnp.stack([run(s) for s in starts]),
                             rtol=1e-9)


def test_it_needs_a_step():
  with pytest.raises(ValueError, match="`num_steps` must be at least 1: got 0"):
    levenberg_marquardt(line, START, (X, Y), num_steps=0)
