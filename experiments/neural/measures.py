"""How good a learned quantity is, and how far a predictor's rollouts stray."""

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import scipy.stats

from experiments.neural.study import Study
from experiments.neural.study import TailoredField
from noether_jax.learned import quotients

Array = jax.Array


def _rmse(out: Array, truth: Array) -> np.ndarray:
  """`[S]`, over paths, times and columns; inf where not finite."""
  value = jnp.sqrt(jnp.mean((out - truth)**2, axis=(1, 2, 3)))
  return np.asarray(jnp.nan_to_num(value, nan=jnp.inf, posinf=jnp.inf))


def rollouts(e: Study, predictor: TailoredField) -> dict[str, np.ndarray]:
  """Errors along the test paths.

  Returns:
    `[S]` each: "short" and "long", RMSE over the training trajectories'
    duration and over `stretch` times that; "drift", mean change of the true
    laws since the start, in their standard deviations.
  """
  test = e.data.test
  short = e.data.states.shape[2] - 1
  out = e.roller(predictor.field, test.shape[2] - 1)(predictor.params,
                                                     test[:, :, 0])
  laws = e.system.laws(out, jnp)
  true = e.system.laws(test, jnp)
  change = jnp.abs(laws - true[:, :, :1])
  spread = jnp.std(true, axis=(1, 2), keepdims=True)
  drift = jnp.mean(change / spread, axis=(1, 2, 3))
  return {
      "short": _rmse(out[:, :, :short], test[:, :, 1:short + 1]),
      "long": _rmse(out, test[:, :, 1:]),
      "drift": np.asarray(jnp.nan_to_num(drift, nan=jnp.inf)),
  }


def _quadratic(values: np.ndarray) -> np.ndarray:
  """1, g_i and g_i g_j of `[n, K]`."""
  rows, columns = np.triu_indices(values.shape[1])
  return np.concatenate(
      [np.ones((len(values), 1)), values, values[:, rows] * values[:, columns]],
      axis=1)


def read_out(learned: np.ndarray, laws: np.ndarray, test: np.ndarray,
             truth: np.ndarray) -> np.ndarray:
  """R^2 of a quadratic read-out of each true law, fitted on training data.

  Args:
    learned: `[n, K]` values of g on training data.
    laws: `[n, L]` true quantities there.
    test: `[m, K]` values of g on test data.
    truth: `[m, L]`.

  Returns:
    `[L]`.

  Example:
    >>> g = np.linspace(1., 2., 9)[:, None]
    >>> read_out(g, g**2, g + .1, (g + .1)**2).round(6).tolist()
    [1.0]
  """
  coefficients = np.linalg.lstsq(_quadratic(learned), laws, rcond=None)[0]
  rest = truth - _quadratic(test) @ coefficients
  return 1 - np.mean(rest**2, axis=0) / np.var(truth, axis=0)


def _names(e: Study) -> list[str]:
  return [
      "spearman", "spearman between paths", "r2", "within_total", "angle",
      *(f"r2 {law}" for law in e.system.law_names)
  ]


def _of_seed(names: tuple[str, ...], on_train: np.ndarray, laws: np.ndarray,
             on_test: np.ndarray, truth: np.ndarray, learned: np.ndarray,
             true: np.ndarray) -> dict[str, float]:
  """Measures of one seed's g; empty for a constant g.

  Args:
    names: of the L laws.
    on_train: `[n, K]`, g.
    laws: `[n, L]`, there.
    on_test: `[M, T, K]`, g along the test paths.
    truth: `[M T, L]`.
    learned: `[m, K, D]`, gradients in scaled coordinates.
    true: `[m, L, D]`.

  Returns:
    As in `quantity`.
  """
  flat = on_test.reshape(-1, on_test.shape[-1])
  if not (np.std(flat, axis=0) > 0).all():
    return {}
  explained = read_out(on_train, laws, flat, truth)
  quotient = quotients.variance_quotient(lambda _, x: x, None,
                                         jnp.asarray(on_test))
  out = {
      "r2": float(explained.min()),
      "within_total": float(jnp.exp(quotient)),
      "angle": float(jnp.median(quotients.principal_angles(learned, true))),
      **{
          f"r2 {law}": float(value) for law, value in zip(names, explained)
      }
  }
  if len(names) == 1:
    means = on_test.mean((1, 2)), truth.reshape(len(on_test), -1).mean(1)
    for name, pair in (("spearman", (flat[:, 0], truth[:, 0])),
                       ("spearman between paths", means)):
      out[name] = abs(float(scipy.stats.spearmanr(*pair)[0]))
  return out


def quantity(e: Study, predictor: TailoredField) -> dict[str, Any]:
  """What g is, measured on clean test data within the training duration.

  Returns:
    Lists with a value per seed: "spearman", the rank correlation with the true
    law for K = 1, None else; "spearman between paths", that of the means along
    the paths; "r2", the least over the laws, and "r2 LAW" of each;
    "within_total", of g along the test paths; "angle", the median over states
    of the largest angle between the gradients' spans, whose cosine is the least
    canonical correlation.
  """
  assert predictor.conserved_fn is not None
  function = predictor.conserved_fn
  length = e.data.states.shape[2]
  test = e.data.test[:, :, :length]
  value = jax.jit(
      jax.vmap(lambda phi, s: jax.vmap(lambda x: function(phi, x))(s)))
  slope = jax.jit(
      jax.vmap(lambda phi, s: jax.vmap(jax.jacobian(lambda x: function(phi, x)))
               (s)))
  true_slope = jax.jit(
      jax.vmap(jax.vmap(jax.jacobian(lambda x: e.system.laws(x, jnp)))))
  flat = lambda states: states.reshape(len(e.seeds), -1, states.shape[-1])
  on_train, on_test = (np.asarray(value(predictor.phi, flat(s)), np.float64)
                       for s in (e.data.smooth, test))
  laws, truth = (np.asarray(e.system.laws(flat(s), jnp), np.float64)
                 for s in (e.data.smooth, test))
  few = flat(test)[:, ::7]
  scale = jnp.std(flat(e.data.smooth), axis=1)[:, None, None]
  learned, true = (np.asarray(a * scale, np.float64)
                   for a in (slope(predictor.phi, few), true_slope(few)))
  seeds = [
      _of_seed(e.system.law_names, on_train[s], laws[s],
               on_test[s].reshape(*test.shape[1:3],
                                  -1), truth[s], learned[s], true[s])
      for s in range(len(e.seeds))
  ]
  return {key: [seed.get(key) for seed in seeds] for key in _names(e)}
