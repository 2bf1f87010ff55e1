"""The ephemeris: frames, units, derivatives, bounds, errors."""

import datetime
import importlib
import importlib.util
import warnings

import numpy as np
import pytest

from noether_jax import ephemeris


@pytest.fixture(scope="module", name="inner")
def _inner():
  return ephemeris.planet_states(ephemeris.INNER_PLANETS, "2000-01-01",
                                 "2010-01-01", 5)


def test_shapes_dtypes_and_times(inner):
  steps = 3653 // 5 + 1
  assert inner.bodies == ("mercury", "venus", "earth_moon", "mars")
  assert inner.positions.shape == inner.velocities.shape == (4, steps, 3)
  for array in (inner.time, inner.julian_dates, inner.positions,
                inner.velocities):
    assert array.dtype == np.float64
  np.testing.assert_array_equal(np.diff(inner.time), 5.0)
  assert inner.julian_dates[0] == 2451544.5


def test_published_state_of_the_earth():
  """JPL Horizons, Earth relative to the Sun at J2000.0 TDB, ICRF, AU."""
  states = ephemeris.planet_states("earth", 2451545.0, 2451545.0, 1)
  np.testing.assert_allclose(states.positions[0, 0],
                             [-0.1771350992, 0.8874285221, 0.3847428990],
                             atol=2e-8)


def test_velocity_is_the_derivative_of_the_position():
  states = ephemeris.planet_states(ephemeris.PLANETS, "2020-01-01",
                                   "2020-02-01", 0.01)
  central = ((states.positions[:, 2:] - states.positions[:, :-2]) / 0.02)
  np.testing.assert_allclose(states.velocities[:, 1:-1], central, atol=1e-8)


@pytest.mark.parametrize("body, perihelion, aphelion",
                         [("mercury", 0.3075, 0.4667),
                          ("venus", 0.7184, 0.7282),
                          ("earth_moon", 0.9833, 1.0167),
                          ("mars", 1.3814, 1.6660)])
def test_distances_from_the_sun(inner, body, perihelion, aphelion):
  radius = np.linalg.norm(inner.positions[inner.bodies.index(body)], axis=-1)
  np.testing.assert_allclose(radius.min(), perihelion, rtol=2e-3)
  np.testing.assert_allclose(radius.max(), aphelion, rtol=2e-3)


def test_pooled_inner_planets_give_the_suns_mass(inner):
  """v^2/2 - GM/r: the GM that makes each planet's energy constant."""
  speed = 0.5 * np.sum(inner.velocities**2, -1)
  inverse = 1 / np.linalg.norm(inner.positions, axis=-1)
  speed -= speed.mean(1, keepdims=True)
  inverse -= inverse.mean(1, keepdims=True)
  estimate = np.sum(speed * inverse) / np.sum(inverse**2)
  np.testing.assert_allclose(estimate, ephemeris.SUN_GM, rtol=1e-4)


def test_energy_is_kept_better_by_the_barycentre_than_by_the_earth():
  states = ephemeris.planet_states(["earth_moon", "earth"], "2000-01-01",
                                   "2012-01-01", 10)
  energy = (0.5 * np.sum(states.velocities**2, -1) -
            ephemeris.SUN_GM / np.linalg.norm(states.positions, axis=-1))
  spread = np.ptp(energy, axis=1) / np.abs(energy.mean(1))
  np.testing.assert_allclose(spread, [4.5e-5, 1.9e-3], rtol=0.05)


def test_earth_and_moon_balance_about_their_barycentre():
  states = ephemeris.planet_states(["earth_moon", "earth", "moon"],
                                   "2000-01-01", "2000-02-01", 1)
  centre, earth, moon = states.positions
  # DE421's Earth to Moon mass ratio.
  np.testing.assert_allclose(earth - centre, (centre - moon) / 81.3005690699,
                             rtol=1e-9,
                             atol=1e-12)
  distance = np.linalg.norm(earth - moon, axis=-1) * ephemeris.KM_PER_AU
  assert 356e3 < distance.min() < distance.max() < 407e3


@pytest.mark.parametrize("date",
                         ["2000-01-01", 2451544.5,
                          datetime.date(2000, 1, 1)])
def test_dates(date):
  assert ephemeris.julian_date(date) == 2451544.5


@pytest.mark.parametrize(
    "arguments, message",
    [((["vulcan"], "2000-01-01", "2001-01-01", 1), "bodies must be .* vulcan"),
     (([], "2000-01-01", "2001-01-01", 1), "bodies must be out of .* none"),
     ((["mars"], "2001-01-01", "2000-01-01", 1), "stop must not precede"),
     ((["mars"], "2000-01-01", "2001-01-01", 0), "step_days must be positive"),
     ((["mars"], "2000-01-01", "2001-01-01", float("nan")), "step_days"),
     ((["mars"], "1800-01-01", "2001-01-01", 1), "DE421 covers .*1899-07-29"),
     ((["mars"], "2000-01-01", "2100-01-01", 1), "DE421 covers .*2053-10-09"),
     ((["mars"], "1st of May", "2100-01-01", 1), "YYYY-MM-DD, got '1st"),
     ((["mars"], float("inf"), "2100-01-01", 1), "must be finite")])
def test_errors(arguments, message):
  with pytest.raises(ValueError, match=message):
    ephemeris.planet_states(*arguments)


def test_missing_package_names_the_extra(monkeypatch):
  monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
  with pytest.raises(ImportError, match=r"noether-jax\[planets\]"):
    ephemeris.planet_states(["mars"])


def test_missing_reader_names_the_extra(monkeypatch):

  def fail(name):
    raise ImportError(f"No module named {name!r}")

  monkeypatch.setattr(importlib, "import_module", fail)
  with pytest.raises(ImportError, match=r"jplephem.*noether-jax\[planets\]"):
    ephemeris.planet_states(["mars"])


def test_no_warning_about_expired_files():
  with warnings.catch_warnings():
    warnings.simplefilter("error")
    ephemeris.planet_states(["venus"], "2040-01-01", "2040-01-02", 1)
