"""Physical units as vectors of exact exponents over named base symbols."""

import dataclasses
from fractions import Fraction
import re
from typing import Iterator, Mapping, Union

Exponents = tuple[tuple[str, Fraction], ...]

_MAX_LENGTH = 100
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SUPERSCRIPT_RUN = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
_TOKEN = re.compile(r"\s*(?:(?P<number>[0-9]+)|(?P<name>[^\W\d]\w*)|"
                    r"(?P<op>\*\*|[*/^()·⋅×-]))")
_POWERS = ("^", "**")
_TIMES = ("*", "·", "⋅", "×")


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
    """Reads a unit such as `kg*m/s^2`, `1/s`, `m s^-1`, `AU³/day²`, `rad`.

    Products (`*`, `·` or a space) and quotients bind equally and from left to
    right, so `W/m/K` is `W/(m*K)`. An empty text is the pure number.

    Args:
      text: at most 100 characters.
    Returns:
      The unit.
    Raises:
      ValueError: if the text is not a unit, or asks for a conversion (a
        numeric factor other than 1, or degrees).
    Example:
      >>> str(Unit.parse("AU³/day²"))
      'AU^3/day^2'
    """
    if not isinstance(text, str):
      raise ValueError(f"A unit must be text: got {text!r}.")
    if len(text) > _MAX_LENGTH:
      raise ValueError(f"A unit has at most {_MAX_LENGTH} characters: got "
                       f"{len(text)}, starting with {text[:30]!r}.")
    return _Parser(text).parse()

  @classmethod
  def from_mapping(cls, exponents: Mapping[str, Union[int,
                                                      Fraction]]) -> "Unit":
    """Makes a unit from symbol -> exponent; zero exponents are dropped.

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
    """Whether this is a pure number (angles included)."""
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
  """Formats a positive power of a base symbol."""
  if power == 1:
    return name
  if power.denominator == 1:
    return f"{name}^{power.numerator}"
  return f"{name}^({power.numerator}/{power.denominator})"


def _tokens(text: str) -> Iterator[tuple[str, str]]:
  """Yields (kind, token) pairs; kind is number, name or op."""
  plain = _SUPERSCRIPT_RUN.sub(
      lambda run: "^" + run.group().translate(_SUPERSCRIPTS), text).rstrip()
  position = 0
  while position < len(plain):
    match = _TOKEN.match(plain, position)
    if match is None:
      rest = plain[position:].lstrip()
      raise ValueError(f"Cannot read the unit {text!r}: unexpected "
                       f"{rest[:1]!r}. Write it like 'kg*m/s^2'.")
    kind = match.lastgroup
    assert kind is not None
    yield kind, match.group(kind)
    position = match.end()


class _Parser:
  """Recursive descent over the tokens of one unit."""

  def __init__(self, text: str):
    self.text = text
    self.tokens = list(_tokens(text))
    self.position = 0

  def parse(self) -> Unit:
    """Reads the whole text."""
    if not self.tokens:
      return Unit()
    unit = self.product()
    if self.position < len(self.tokens):
      raise self.error(f"unexpected {self.peek()!r}")
    return unit

  def error(self, reason: str) -> ValueError:
    return ValueError(f"Cannot read the unit {self.text!r}: {reason}. "
                      "Write it like 'kg*m/s^2'.")

  def peek(self) -> str:
    if self.position == len(self.tokens):
      return ""
    return self.tokens[self.position][1]

  def accept(self, *expected: str) -> bool:
    if self.peek() in expected:
      self.position += 1
      return True
    return False

  def product(self) -> Unit:
    """Reads factors joined by `*`, `/` or a space."""
    unit = self.factor()
    while self.peek() not in ("", ")"):
      if self.accept("/"):
        unit = unit / self.factor()
      else:
        self.accept(*_TIMES)
        unit = unit * self.factor()
    return unit

  def factor(self) -> Unit:
    """Reads a base symbol, 1 or a group, with an optional exponent."""
    unit = self.atom()
    return unit**self.exponent() if self.accept(*_POWERS) else unit

  def atom(self) -> Unit:
    """Reads a base symbol, 1, or a group in parentheses."""
    if self.accept("("):
      unit = self.product()
      if not self.accept(")"):
        raise self.error("a parenthesis is not closed")
      return unit
    if self.position == len(self.tokens):
      raise self.error("it ends too early")
    kind, token = self.tokens[self.position]
    self.position += 1
    if kind == "number" and token == "1":
      return Unit()
    if kind == "number":
      raise self.error(f"the factor {token} would need a conversion; only 1 "
                       "is a factor, scale the data instead")
    if kind != "name":
      raise self.error(f"unexpected {token!r}")
    if token in ("deg", "degree", "degrees"):
      raise self.error("degrees are not converted; give radians ('rad')")
    if token == "rad":
      return Unit(is_angle=True)
    return Unit(((token, Fraction(1)),))

  def exponent(self) -> Fraction:
    """Reads an integer, or a signed fraction in parentheses."""
    group = self.accept("(")
    sign = -1 if self.accept("-") else 1
    value = Fraction(sign * self.integer())
    if group:
      if self.accept("/"):
        below = self.integer()
        if not below:
          raise self.error("an exponent is divided by zero")
        value /= below
      if not self.accept(")"):
        raise self.error("a parenthesis is not closed")
    return value

  def integer(self) -> int:
    if (self.position == len(self.tokens) or
        self.tokens[self.position][0] != "number"):
      raise self.error("an exponent must be an integer or like '(1/2)'")
    self.position += 1
    return int(self.tokens[self.position - 1][1])
