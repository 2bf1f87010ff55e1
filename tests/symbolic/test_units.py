"""Units: parsing, arithmetic, printing."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
import numpy as np
import pytest

from noether_jax.symbolic import units
from noether_jax.symbolic.units import Unit

_POWERS = st.fractions(min_value=-4, max_value=4, max_denominator=5)
_UNITS = st.dictionaries(st.sampled_from(["m", "s", "kg", "AU", "px_2"]),
                         _POWERS).map(Unit.from_mapping)


@pytest.mark.parametrize("text, expected", [
    ("kg*m/s^2", {
        "kg": 1,
        "m": 1,
        "s": -2
    }),
    ("1/s", {
        "s": -1
    }),
    ("", {}),
    ("1", {}),
    ("rad", {}),
    ("rad/s", {
        "s": -1
    }),
    ("AU^3/day^2", {
        "AU": 3,
        "day": -2
    }),
    ("m s^-1", {
        "m": 1,
        "s": -1
    }),
    ("kg·m²·s⁻²", {
        "kg": 1,
        "m": 2,
        "s": -2
    }),
    ("kg*(m/s)**2", {
        "kg": 1,
        "m": 2,
        "s": -2
    }),
    ("W/m/K", {
        "W": 1,
        "m": -1,
        "K": -1
    }),
    ("V^(1/2)", {
        "V": Fraction(1, 2)
    }),
    ("m^(-3/2)", {
        "m": Fraction(-3, 2)
    }),
    ("m/m", {}),
    ("m s-1", {
        "m": 1,
        "s": -1
    }),
    ("m/s2", {
        "m": 1,
        "s": -2
    }),
    ("meters per second", {
        "m": 1,
        "s": -1
    }),
    ("furlongs/fortnight", {
        "fur": 1,
        "fortnight": -1
    }),
    ("AU/day", {
        "AU": 1,
        "day": -1
    }),
    ("px", {
        "px": 1
    }),
    ("widget", {
        "widget": 1
    }),
])
def test_parse(text, expected):
  assert Unit.parse(text) == Unit.from_mapping(expected)


@pytest.mark.parametrize("text, reason", [
    ("m^", "exponent must be an integer"),
    ("m*", "is missing"),
    ("/s", "is missing"),
    ("2*m", "conversion"),
    ("m^1/2", "conversion"),
    ("(m", "is missing"),
    ("m)", "is missing"),
    ("m^(1/0)", "divided by zero"),
    ("deg", "multiply the data by 0.0174532.* and give 'rad'"),
    ("m**9**9", "exponent must be an integer"),
    ("m+s", r"unexpected '\+'"),
    ("m$", "unexpected"),
    ("m\x00", "unexpected"),
    ("m" * 300, "at most 100"),
    (3, "must be text"),
])
def test_parse_refuses(text, reason):
  with pytest.raises(ValueError, match=reason) as caught:
    Unit.parse(text)
  assert "\n" not in str(caught.value)


@given(st.text(max_size=30))
def test_any_text_is_a_unit_or_one_clear_line(text):
  try:
    unit = Unit.parse(text)
  except ValueError as error:
    assert "\n" not in str(error)
  else:
    assert Unit.parse(str(unit)) == unit


@given(_UNITS)
def test_text_round_trip(unit):
  assert Unit.parse(str(unit)) == unit


@given(_UNITS, _UNITS, _POWERS)
def test_arithmetic(a, b, power):
  assert a * b == b * a
  assert (a * b) / b == a
  assert (a * b)**power == a**power * b**power
  assert (a / a).is_dimensionless
  assert len({a, Unit.parse(str(a))}) == 1


@pytest.mark.parametrize("text, angle", [
    ("rad", True),
    ("rad*1", True),
    ("rad^2", False),
    ("rad/rad", False),
    ("rad*m/m", True),
    ("1/rad", False),
    ("1", False),
])
def test_angle_flag(text, angle):
  unit = Unit.parse(text)
  assert unit.is_dimensionless
  assert unit.is_angle == angle
  assert str(unit) == ("rad" if angle else "1")


@pytest.mark.parametrize("text, unit, factor", [
    ("deg", "rad", np.pi / 180),
    ("°", "rad", np.pi / 180),
    ("degrees", "rad", np.pi / 180),
    ("mrad", "rad", 1e-3),
    ("deg/s^2", "1/s^2", np.pi / 180),
    ("rpm", "1/s", 2 * np.pi / 60),
    ("rev/s", "1/s", 2 * np.pi),
    ("%", "1", .01),
    ("sr", "1", 1.),
    ("°C", "degC", 1.),
    ("km/h", "km/h", 1.),
])
def test_angles_and_percent_are_converted(text, unit, factor):
  got, scale = units.parse_with_factor(text)
  assert str(got) == unit
  np.testing.assert_allclose(scale, factor)


@pytest.mark.parametrize("text, known, time", [
    ("m/s", True, False),
    ("s", True, True),
    ("hours", True, True),
    ("1/s", True, False),
    ("smoothed", False, False),
    ("m/widget", False, False),
    ("m^", False, False),
    ("2", False, False),
    ("", False, False),
])
def test_what_is_known(text, known, time):
  assert units.is_known(text) == known
  assert units.is_time(text) == time
