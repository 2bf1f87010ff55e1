"""Units: parsing, arithmetic, printing."""

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st
import pytest

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
])
def test_parse(text, expected):
  assert Unit.parse(text) == Unit.from_mapping(expected)


@pytest.mark.parametrize("text, reason", [
    ("m^", "exponent must be an integer"),
    ("m*", "ends too early"),
    ("/s", "unexpected '/'"),
    ("2*m", "conversion"),
    ("m^1/2", "conversion"),
    ("(m", "not closed"),
    ("m)", "unexpected"),
    ("m^(1/0)", "divided by zero"),
    ("deg", "radians"),
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
    ("rad*m/m", False),
    ("1/rad", False),
    ("1", False),
])
def test_angle_flag(text, angle):
  unit = Unit.parse(text)
  assert unit.is_dimensionless
  assert unit.is_angle == angle
  assert str(unit) == ("rad" if angle else "1")
