"""Physical units as vectors of exact exponents over named base symbols."""

import dataclasses
from fractions import Fraction
import functools
from typing import Mapping, Union

from noether_jax.symbolic.unit_text import exponents_by_name
from noether_jax.symbolic.unit_text import Meaning
from noether_jax.symbolic.unit_text import meaning

Exponents = tuple[tuple[str, Fraction], ...]

_MAX_LENGTH = 100


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
  """Read a unit, and the factor that converts data in the written unit to it.

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
  for name, power in exponents_by_name(text).items():
    known = meaning(name) or Meaning({name: Fraction(1)})
    base = dataclasses.replace(Unit.from_mapping(known.exponents),
                               is_angle=known.is_angle)
    unit, factor = unit * base**power, factor * known.factor**float(power)
  return unit, factor


def is_known(text: str) -> bool:
  """Return whether a text is a unit, and pint knows all of its symbols.

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
    names = list(exponents_by_name(text))
  except ValueError:
    return False
  return bool(names) and all(meaning(name) for name in names)


def is_time(text: str) -> bool:
  """Return whether a unit measures time.

  Example:
    >>> is_time("ms"), is_time("1/s")
    (True, False)
  """
  if not is_known(text):
    return False
  names = exponents_by_name(text)
  known = meaning(next(iter(names)))
  return list(names.values()) == [1] and bool(known and known.is_time)
