"""Velocities where the data hold positions only."""

import numpy as np
import pytest

from noether_jax import discover
from noether_jax.discovery.velocities import can_have_velocities
from noether_jax.discovery.velocities import with_velocities
from noether_jax.errors import InputError
from tests.discovery import observed

TIMES = np.linspace(0., 20., 401)


def _springs(noise=0., rate=2., count=8):
  """Positions `[T, 1]` of a mass on a spring."""
  random = np.random.default_rng(0)
  return [
      a * np.cos(rate * TIMES + a)[:, None] +
      noise * random.normal(size=(401, 1)) for a in np.linspace(.5, 2., count)
  ]


def _planar():
  """Positions `[T, 2]` of a mass on an isotropic spring."""
  random = np.random.default_rng(1)
  states = []
  for _ in range(10):
    a, b, c, d = random.normal(size=4)
    cosine, sine = np.cos(2 * TIMES), np.sin(2 * TIMES)
    states.append(np.stack([a * cosine + b * sine, c * cosine + d * sine], 1))
  return states


@pytest.mark.parametrize("noise,tolerance", [(0., 1e-4), (.01, .03)])
def test_a_spring_from_positions(noise, tolerance):
  found = discover(_springs(noise), TIMES, columns="q:m", time=None)
  (law,) = found.laws
  assert [v.name for v in found.variables] == ["q", "q_dot"]
  assert law.verdict == "conserved"
  ratio = dict(zip([t.text for t in law.terms], law.coefficients))
  assert set(ratio) == {"q^2", "q_dot^2"}
  np.testing.assert_allclose(ratio["q^2"] / ratio["q_dot^2"], 4, rtol=tolerance)
  (told,) = [m for m in found.messages if "no velocities" in m]
  assert "q_dot to " in told and ("smoothing" in told) == (noise > 0)


def test_an_orbit_in_the_plane_from_positions():
  found = discover(_planar(), TIMES, columns="x:m,y:m")
  assert [v.name for v in found.variables] == ["x", "y", "x_dot", "y_dot"]
  texts = [{t.text for t in law.terms} for law in found.laws]
  assert {"x*y_dot", "y*x_dot"} in texts
  assert found.independent == 3


def test_known_velocities_are_not_estimated():
  states, times = observed.circles()
  found = discover(states, times, columns="q,p")
  assert [v.name for v in found.variables] == ["q", "p"]
  assert not any("no velocities" in m for m in found.messages)


def test_positions_without_times_are_refused():
  with pytest.raises(InputError, match="One column of state, 'q'"):
    discover(_springs(), columns="q")


@pytest.mark.parametrize("noise", [0., .01])
def test_slopes_and_the_size_of_their_noise(noise):
  states = _springs(noise)
  clean = _springs()
  smooth = clean if noise else states
  samples = observed.samples(smooth, "q:m", [noise], states, [TIMES] * 8)
  more = with_velocities(samples)
  assert len(more.variables) == 2 and len(more.times[0]) < 401
  for n, (a, t) in enumerate(zip(np.linspace(.5, 2., 8), more.times)):
    exact = -2 * a * np.sin(2 * t + a)
    spread = exact.std()
    # What was estimated from noisy positions is smooth, yet not exact.
    assert np.std(more.states[n][:, 1] -
                  exact) < (.06 if noise else 1e-5) * spread
    if noise:
      rest = np.std(more.raw[n][:, 1] - exact)
      np.testing.assert_allclose(rest, more.noise.sigma[1], rtol=.5)
    else:
      assert more.noise.sigma[1] == 0


def test_constants_of_a_trial_get_no_derivative():
  states = [np.c_[s, np.full(401, k)] for k, s in enumerate(_springs())]
  samples = observed.samples(states, "q,k", times=[TIMES] * 8, constants=(1,))
  assert [v.name for v in with_velocities(samples).variables
         ] == ["q", "k", "q_dot"]


def test_short_trajectories_and_rows_in_no_order_have_none():
  long = observed.samples(_springs(), "q", times=[TIMES] * 8)
  assert can_have_velocities(long)
  short = observed.samples([s[:20] for s in _springs()],
                           "q",
                           times=[TIMES[:20]] * 8)
  assert not can_have_velocities(short)
