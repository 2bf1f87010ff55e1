"""How people write units: the names in a text, and what each name means."""

from __future__ import annotations

from fractions import Fraction
import functools
import re
from typing import Any, NamedTuple

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
# Spellings that people use, and those that the parser knows.
_SPELLINGS = (
    (re.compile("([⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+)"),
     lambda m: "^" + m[1].translate(_SUPERSCRIPTS)),
    (re.compile("°C"), lambda m: "degC"),
    (re.compile("°"), lambda m: "deg"),
    (re.compile("%"), lambda m: "percent"),
    (re.compile("μ"), lambda m: "µ"),
    (re.compile("[·⋅×]"), lambda m: "*"),
    (re.compile(r"\bper\b"), lambda m: "/"),
    (re.compile(r"\^"), lambda m: "**"),
    (re.compile(r"(?<=[^\W\d_])(-[0-9])"), lambda m: "**" + m[1]),
)
_EXPONENT = re.compile(r"\*\*\s*(?:-?[0-9]{1,3}(?![\w.])|"
                       r"\(\s*-?[0-9]{1,3}\s*(?:/\s*[0-9]{1,3}\s*)?\))")
_NAME = re.compile(r"[^\W\d]\w*")
_NAME_AND_DIGIT = re.compile(r"([^\W\d_]+)([2-9])")
_NUMBER = re.compile(r"(?<!\w)[0-9.]+")
# Symbols that this library writes otherwise than pint does.
_OWN = {
    "rev": "turn",
    "AU": "AU",
    "au": "AU",
    "astronomical_unit": "AU",
    "px": "px",
    "pixel": "px",
    "pixels": "px",
    "day": "day",
    "days": "day",
    "d": "day",
    "year": "yr",
    "years": "yr",
    "yr": "yr",
}


class Meaning(NamedTuple):
  """What the name of a unit means.

  Attributes:
    exponents: of base symbols.
    factor: takes data in the named unit to the base symbols.
    is_angle: whether this is a radian.
    is_time: whether it measures time.
  """
  exponents: dict[str, Fraction]
  factor: float = 1.
  is_angle: bool = False
  is_time: bool = False


def _error(text: str, reason: str) -> ValueError:
  return ValueError(f"Cannot read the unit {text!r}: {reason}. Write it like "
                    "'kg*m/s^2'.")


def exponents_by_name(text: str) -> dict[str, Fraction]:
  """Return the exponents in a unit's text, by name as written.

  Args:
    text: such as `kg*m/s^2` or `m s-1`.

  Returns:
    The exponents; empty for a pure number.

  Raises:
    ValueError: if the text is not a unit, or has a numeric factor.

  Example:
    >>> {n: int(p) for n, p in exponents_by_name("metres/s²").items()}
    {'metres': 1, 's': -2}
  """
  plain = text
  for pattern, spelling in _SPELLINGS:
    plain = pattern.sub(spelling, plain)
  plain = _NAME.sub(_spell_out_power, plain).strip()
  rest = _EXPONENT.sub("@", plain) if "@" not in plain else plain
  if "**" in rest or re.search(r"@\s*@", rest):
    raise _error(text, "an exponent must be an integer or like '(1/2)'")
  number = next((n for n in _NUMBER.findall(rest) if n != "1"), None)
  if number:
    raise _error(
        text, f"the factor {number} would need a conversion; only 1 "
        "is a factor, scale the data instead")
  odd = re.search(r"[^\w\s*/()]",
                  rest if "@" in plain else rest.replace("@", " "))
  if odd or not plain.isprintable():
    raise _error(text, f"unexpected {odd[0] if odd else plain[:9]!r}")
  if plain in ("", "1"):
    return {}
  # Placeholders, because pint could read a name as a prefix and a name.
  names: dict[str, str] = {}
  masked = _NAME.sub(lambda m: names.setdefault(m[0], f"x{len(names)}_"), plain)
  registry = _registry(empty=True)
  for placeholder in list(names.values()):
    if placeholder not in registry:
      registry.define(f"{placeholder} = [{placeholder}]")
  try:
    powers = dict(registry.parse_units(masked)._units)
  except ZeroDivisionError as error:
    raise _error(text, "an exponent is divided by zero") from error
  except Exception as error:  # pint lets many kinds through.
    raise _error(text, "a factor or a parenthesis is missing") from error
  return {n: Fraction(powers[p]) for n, p in names.items() if p in powers}


def _spell_out_power(match: re.Match[str]) -> str:
  """`s2` as `s**2` where only `s` is a unit."""
  parts = _NAME_AND_DIGIT.fullmatch(match[0])
  if parts and not meaning(match[0]) and meaning(parts[1]):
    return f"{parts[1]}**{parts[2]}"
  return match[0]


@functools.cache
def _registry(*, empty: bool = False) -> Any:
  """Pint's registry, or one without any unit and with exact exponents."""
  import pint  # pylint: disable=import-outside-toplevel
  if empty:
    return pint.UnitRegistry(None, non_int_type=Fraction)
  return pint.UnitRegistry()


@functools.lru_cache(maxsize=1000)
def meaning(name: str) -> Meaning | None:
  """Return what one name means, or None if it is unknown.

  Args:
    name: such as `m`, `metres` or `mrad`.

  Returns:
    The meaning: angles in radians and pure numbers have a factor; all other
    units are base symbols of their own, with the factor 1.

  Example:
    >>> meaning("minutes"), meaning("smoothed")
    (Meaning(exponents={'min': Fraction(1, 1)}, factor=1.0, ...), None)
  """
  if name == "rad":
    return Meaning({}, is_angle=True)
  registry = _registry()
  own = _OWN.get(name)
  try:
    unit = registry.parse_units(own if own == "turn" else name)
    factor, base = registry.get_base_units(unit)
    symbol = own or registry.get_symbol(str(unit))
    multiplies = registry.Quantity(1, unit)._is_multiplicative
  except Exception:  # pint lets many kinds through.
    return None
  is_time = dict(unit.dimensionality) == {"[time]": 1}
  powers = dict(base._units)
  turns = powers.pop("radian", 0)
  if multiplies and not is_time and (turns or not powers):
    return Meaning(
        {
            registry.get_symbol(n): Fraction(p) for n, p in powers.items()
        },
        float(factor),
        is_angle=turns == 1 and not powers)
  # Short symbols stay as written; long names and plurals become symbols.
  if not own and (len(name) <= len(symbol) or not _NAME.fullmatch(symbol)):
    symbol = name
  return Meaning({symbol: Fraction(1)}, is_time=is_time)
