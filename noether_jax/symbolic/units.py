"""Physical units as vectors of exact exponents over named base symbols."""

import dataclasses
from fractions import Fraction
import functools
import re
from typing import Any, Mapping, Union

Exponents = tuple[tuple[str, Fraction], ...]

_MAX_LENGTH = 100
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
# How people write what the parser knows by another spelling.
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


@dataclasses.dataclass(frozen=True)
class Unit:
  """A physical unit: a product of powers of base symbols.

  Every identifier is a base symbol (`m`, `s`, `AU`, `px`): units are compared,
  never converted. Angles in radians are pure numbers, so `rad` equals `1` and
  `rad/s` equals `1/s`; `is_angle` remembers that a unit was written `rad`.

  Attributes:
    exponents: pairs (symbol, exponent), sorted, without zero exponents.
    is_angle: whether this is exactly one radian; not part of equality.

  Example:
    >>> str(Unit.parse("kg*m/s^2") * Unit.parse("s"))
    'kg*m/s'
    >>> Unit.parse("rad/s") == Unit.parse("1/s")
    True
  """
  exponents: Exponents = ()
  is_angle: bool = dataclasses.field(default=False, compare=False)

  @classmethod
  def parse(cls, text: str) -> "Unit":
    """Read a unit such as `kg*m/s^2`, `1/s`, `m s-1`, `AU³/day²`, `rad`.

    Products (`*`, `·` or a space) and quotients bind equally and from left to
    right, so `W/m/K` is `W/(m*K)`. An empty text is the pure number. Names that
    pint knows are written by their symbols (`meters` is `m`); any other name is
    a base symbol of its own.

    Args:
      text: at most 100 characters.
    Returns:
      The unit.
    Raises:
      ValueError: if the text is not a unit, or data in it must be converted (a
        numeric factor other than 1, or degrees).
    Example:
      >>> str(Unit.parse("AU³/day²"))
      'AU^3/day^2'
    """
    unit, factor = parse_with_factor(text)
    if factor != 1:
      raise ValueError(f"The unit {text!r} needs a conversion: multiply the "
                       f"data by {factor:.10g} and give {str(unit)!r}.")
    return unit

  @classmethod
  def from_mapping(cls, exponents: Mapping[str, Union[int,
                                                      Fraction]]) -> "Unit":
    """Make a unit from symbol -> exponent; zero exponents are dropped.

    Args:
      exponents: exact exponents by base symbol.
    Returns:
      The unit.
    Example:
      >>> str(Unit.from_mapping({"m": 1, "s": -2}))
      'm/s^2'
    """
    return cls(
        tuple(
            sorted((name, Fraction(power))
                   for name, power in exponents.items()
                   if power)))

  @property
  def is_dimensionless(self) -> bool:
    """Return whether this is a pure number (angles included)."""
    return not self.exponents

  def __mul__(self, other: "Unit") -> "Unit":
    total = dict(self.exponents)
    for name, power in other.exponents:
      total[name] = total.get(name, Fraction(0)) + power
    product = Unit.from_mapping(total)
    # An angle times a pure number is an angle; an angle squared is not.
    angle = product.is_dimensionless and self.is_angle != other.is_angle
    return dataclasses.replace(product, is_angle=angle)

  def __truediv__(self, other: "Unit") -> "Unit":
    quotient = self * other**-1
    angle = (quotient.is_dimensionless and self.is_angle and not other.is_angle)
    return dataclasses.replace(quotient, is_angle=angle)

  def __pow__(self, power: Union[int, Fraction]) -> "Unit":
    power = Fraction(power)
    return Unit(tuple(
        (name, value * power) for name, value in self.exponents if power),
                is_angle=self.is_angle and power == 1)

  def __str__(self) -> str:
    if self.is_angle:
      return "rad"
    above = [(n, p) for n, p in self.exponents if p > 0]
    below = [(n, -p) for n, p in self.exponents if p < 0]
    text = "*".join(_power(*pair) for pair in above) or "1"
    return "".join([text, *(f"/{_power(*pair)}" for pair in below)])


def _power(name: str, power: Fraction) -> str:
  """Format a positive power of a base symbol."""
  if power == 1:
    return name
  if power.denominator == 1:
    return f"{name}^{power.numerator}"
  return f"{name}^({power.numerator}/{power.denominator})"


@functools.lru_cache(maxsize=1000)
def parse_with_factor(text: str) -> tuple[Unit, float]:
  """Read a unit, and the factor that takes data in the written one to it.

  Angles go to radians (`deg`, `rpm`, `mrad`), percent and the like to pure
  numbers; all other units are kept as written, with the factor 1.

  Args:
    text: at most 100 characters.

  Returns:
    The unit, and the factor.

  Raises:
    ValueError: if the text is not a unit, or has a numeric factor.

  Example:
    >>> unit, factor = parse_with_factor("deg/s")
    >>> str(unit), round(factor, 6)
    ('1/s', 0.017453)
  """
  if not isinstance(text, str):
    raise ValueError(f"A unit must be text: got {text!r}.")
  if len(text) > _MAX_LENGTH:
    raise ValueError(f"A unit has at most {_MAX_LENGTH} characters: got "
                     f"{len(text)}, starting with {text[:30]!r}.")
  unit, factor = Unit(), 1.
  for name, power in _structure(text).items():
    known = _meaning(name)
    base, scale = known[:2] if known else (Unit(((name, Fraction(1)),)), 1.)
    unit, factor = unit * base**power, factor * scale**float(power)
  return unit, factor


def is_known(text: str) -> bool:
  """Return whether a text is a unit of which every symbol is known to pint.

  Args:
    text: such as a cell below a header, which may be a remark as well.

  Returns:
    False for an empty text, a number, or what cannot be read.

  Example:
    >>> is_known("m/s^2"), is_known("smoothed")
    (True, False)
  """
  try:
    parse_with_factor(text)
    names = list(_structure(text))
  except ValueError:
    return False
  return bool(names) and all(_meaning(name) for name in names)


def is_time(text: str) -> bool:
  """Return whether a unit measures time.

  Example:
    >>> is_time("ms"), is_time("1/s")
    (True, False)
  """
  if not is_known(text):
    return False
  names = _structure(text)
  known = _meaning(next(iter(names)))
  return list(names.values()) == [1] and bool(known and known[2])


def _error(text: str, reason: str) -> ValueError:
  return ValueError(f"Cannot read the unit {text!r}: {reason}. Write it like "
                    "'kg*m/s^2'.")


def _structure(text: str) -> dict[str, Fraction]:
  """Exponents by name as written."""
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
  # Placeholders, for a name must not be read as a prefix and another name.
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
  if parts and not _meaning(match[0]) and _meaning(parts[1]):
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
def _meaning(name: str) -> tuple[Unit, float, bool] | None:
  """A name's unit, factor and whether it is a time; None if unknown."""
  if name == "rad":
    return Unit(is_angle=True), 1., False
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
    rest = Unit.from_mapping({
        registry.get_symbol(n): Fraction(p) for n, p in powers.items()
    })
    return (rest if powers else Unit(is_angle=turns == 1)), float(factor), False
  # Short symbols stay as written; long names and plurals become symbols.
  if not own and (len(name) <= len(symbol) or not _NAME.fullmatch(symbol)):
    symbol = name
  return Unit(((symbol, Fraction(1)),)), 1., is_time
