"""The ephemeris: frames, units, derivatives, bounds, errors."""

import datetime
import importlib
import importlib.util
import warnings

import numpy as np
import pytest

from noether_jax.data import ephemeris


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


def test_velocity_is_the_derivative_of_the_position():
  states = ephemeris.planet_states(ephemeris.PLANETS, "2020-01-01",
                                   "2020-02-01", 0.01)
  central = ((states.positions[:, 2:] - states.positions[:, :-2]) / 0.02)
  np.testing.assert_allclose(states.velocities[:, 1:-1], central, atol=1e-8)


def elements(positions, velocities):
  """Semi-major axis, eccentricity and area rate `[T]` about the Sun's GM."""
  radius = np.linalg.norm(positions, axis=-1)
  area = np.cross(positions, velocities)
  vector = (np.cross(velocities, area) / ephemeris.SUN_GM -
            positions / radius[:, None])
  vis_viva = 2 / radius - np.sum(velocities**2, -1) / ephemeris.SUN_GM
  return 1 / vis_viva, np.linalg.norm(vector, axis=-1), area


def period(time, positions, area):
  """Mean time of a turn about the mean axis, from whole turns, days."""
  axis = area.mean(0) / np.linalg.norm(area.mean(0))
  first = positions[0] - axis * (axis @ positions[0])
  second = np.cross(axis, first)
  angle = np.unwrap(np.arctan2(positions @ second, positions @ first))
  turns = int(angle[-1] // (2 * np.pi))
  return np.interp(2 * np.pi * turns, angle, time) / turns


# Jupiter's and Saturn's pull, and the Sun's own motion in this frame, disturb
# an ellipse by the ratio of their masses, about 1e-3.
@pytest.mark.parametrize("body, rtol", [("mercury", 1e-4), ("venus", 1e-4),
                                        ("earth_moon", 1e-4), ("mars", 3e-4),
                                        ("jupiter", 1e-2), ("saturn", 1e-2),
                                        ("uranus", 1e-2)])
def test_kepler(body, rtol):
  """States of 150 years: the third law, and the ellipse's extreme radii."""
  states = ephemeris.planet_states(body, "1900-01-01", "2050-01-01", 2)
  positions, velocities = states.positions[0], states.velocities[0]
  axis, eccentricity, area = elements(positions, velocities)
  turn = period(states.time, positions, area)
  np.testing.assert_allclose(4 * np.pi**2 * axis.mean()**3 / turn**2,
                             ephemeris.SUN_GM,
                             rtol=rtol)
  radius = np.linalg.norm(positions, axis=-1)
  ends = axis.mean() * (1 - eccentricity.mean() * np.array([1, -1]))
  np.testing.assert_allclose([radius.min(), radius.max()], ends, rtol=rtol)
  rate = np.linalg.norm(area, axis=-1)
  np.testing.assert_allclose(rate, rate.mean(), rtol=rtol)


def test_the_axes_are_the_equator_and_the_equinox():
  """The Sun's path is inclined by the obliquity and crosses at the equinox."""
  states = ephemeris.planet_states("earth_moon", "2000-01-01", "2001-01-01", 1)
  normal = np.cross(states.positions[0], states.velocities[0]).mean(0)
  normal /= np.linalg.norm(normal)
  # The IAU's obliquity of the ecliptic at J2000, in degrees.
  np.testing.assert_allclose(np.degrees(np.arccos(normal[2])),
                             84381.406 / 3600,
                             atol=1e-3)
  np.testing.assert_allclose(normal[0], 0, atol=1e-4)
  assert normal[1] < 0


def test_the_equinox_of_march_2000():
  """On 20 March the Sun, seen from the Earth, goes north through +x."""
  states = ephemeris.planet_states("earth", "2000-03-20", "2000-03-21", 1)
  seen = -states.positions[0]
  assert seen[0, 2] < 0 < seen[1, 2]
  np.testing.assert_allclose(seen[:, 0] / np.linalg.norm(seen, axis=-1),
                             1,
                             atol=2e-4)


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
  # One constant mass ratio, and the barycentre in between.
  ratio = np.sum((centre - moon) * (earth - centre), -1)
  ratio /= np.sum((earth - centre)**2, -1)
  assert ratio[0] > 1
  np.testing.assert_allclose(ratio, ratio[0], rtol=1e-9)
  np.testing.assert_allclose(centre - moon,
                             ratio[0] * (earth - centre),
                             atol=1e-12)


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
