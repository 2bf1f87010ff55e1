"""Energies with losses: within their errors; none where there is none."""

import numpy as np
import pytest
from scipy.integrate import solve_ivp

from noether_jax import discover
from noether_jax.reporting import verdicts

TIMES = np.linspace(0., 20., 401)


def _drawn(field, count=10, noise=0., seed=0):
  random, states = np.random.default_rng(seed), []
  for size in np.linspace(.5, 2., count):
    path = solve_ivp(field, (0, 20), (size, 0.), t_eval=TIMES, rtol=1e-9).y.T
    states.append(path + noise * path.std(0) * random.normal(size=path.shape))
  return states


def _balance(states, columns):
  found = discover(states, TIMES, columns=columns)
  (law,) = found.laws
  assert law.verdict == verdicts.BALANCE and found.independent == 0
  return law


@pytest.mark.parametrize("noise", [0., .01])
def test_a_damped_pendulum(noise):
  field = lambda t, s: (s[1], -9. * np.sin(s[0]) - .1 * s[1])
  law = _balance(_drawn(field, noise=noise), "q:rad,w:rad/s")
  assert [t.text for t in law.terms] == ["w^2", "cos(q)"]
  (loss,) = law.losses
  # d(w^2 - 18 cos q)/dt = -0.2 w^2
  assert loss.term.text == "integral(|w|^2)"
  slack = 1e-3 if not noise else 0.
  assert abs(law.coefficients[1] + 18) < 2 * law.uncertainties[1] + 18 * slack
  assert abs(loss.coefficient - .2) < 2 * loss.uncertainty + .2 * slack


def test_coefficients_lie_within_their_errors():
  field = lambda t, s: (s[1], -9. * s[0] - .1 * s[1])
  pulls = []
  for seed in range(8):
    law = _balance(_drawn(field, noise=.01, seed=seed), "q:m,v:m/s")
    (loss,) = law.losses
    pulls += [(law.coefficients[1] - 9) / law.uncertainties[1],
              (loss.coefficient - .2) / loss.uncertainty]
  # Of 16, more than four beyond two deviations have a chance of .1 %.
  assert np.sum(np.abs(pulls) > 2) <= 4 and np.max(np.abs(pulls)) < 5


def test_dry_friction():
  field = lambda t, s: (s[1], -4. * s[0] - .03 * np.tanh(1e3 * s[1]))
  found = discover(_drawn(field), TIMES, columns="q:m,v:m/s")
  (law,) = found.laws
  # The integral errs where |v| has a kink, by more than the noise explains.
  assert law.verdict in (verdicts.BALANCE, verdicts.APPROXIMATE)
  assert {t.text for t in law.terms} == {"q^2", "v^2"}
  (loss,) = law.losses
  assert loss.term.text == "integral(|v|)"
  np.testing.assert_allclose(loss.coefficient, .06, rtol=.05)


def test_negative_friction_is_no_law():
  field = lambda t, s: (s[1], -9. * s[0] + .05 * s[1])
  found = discover(_drawn(field), TIMES, columns="q:m,v:m/s")
  assert not any(law.verdict == verdicts.BALANCE for law in found.laws)
  assert found.independent == 0


@pytest.mark.parametrize("noise", [0., .01])
def test_a_hidden_drive_has_no_balance(noise):
  field = lambda t, s: (s[1], s[0] - s[0]**3 - .2 * s[1] + .3 * np.cos(1.2 * t))
  found = discover(_drawn(field, noise=noise), TIMES, columns="q:m,v:m/s")
  assert not any(law.verdict in (verdicts.BALANCE, verdicts.CONSERVED)
                 for law in found.laws)
