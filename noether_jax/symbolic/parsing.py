"""Formulas read from text."""

import re
from typing import Optional, Sequence

from noether_jax.symbolic.expression import Expression
from noether_jax.symbolic.expression import Input
from noether_jax.symbolic.expression import Operation
from noether_jax.symbolic.expression import Parameter
from noether_jax.symbolic.units import Unit

_MAX_LENGTH = 1000
_TOKEN = re.compile(r"\s*(?:(?P<parameter>c(?P<index>[0-9]{1,4})\s*"
                    r"\[(?P<unit>[^\]]*)\])|(?P<name>[^\W\d]\w*)|"
                    r"(?P<square>(?:\^|\*\*)\s*2(?![0-9.]))|"
                    r"(?P<op>[-+*/()]))")


def parse(text: str, inputs: Sequence[Input]) -> Expression:
  """Read a formula such as `p^2 - c0[1/s^2]*cos(q)`.

  Args:
    text: at most 1000 characters. Parameters are `c0[unit]`, `c1[unit]`, ...
    inputs: the inputs that may occur, by name.
  Returns:
    The formula; `parse(str(e), inputs) == e`.
  Raises:
    ValueError: if the text is no formula of these inputs, or its units clash.
  Example:
    >>> p = Input(1, "p", Unit.parse("1/s"))
    >>> str(parse("(p*p - c0[1/s^2])**2", [p]))
    '(p*p - c0[1/s^2])^2'
  """
  if not isinstance(text, str) or len(text) > _MAX_LENGTH:
    raise ValueError(f"A formula is text of at most {_MAX_LENGTH} characters.")
  try:
    return _Parser(text, inputs).parse()
  except RecursionError:
    raise ValueError("The formula is nested too deeply.") from None


class _Parser:
  """Recursive descent over the tokens of one formula."""

  def __init__(self, text: str, inputs: Sequence[Input]):
    self.text = text
    self.inputs = {i.name: i for i in inputs}
    self.tokens: list[re.Match] = []
    self.position = 0
    start, end = 0, len(text.rstrip())
    while start < end:
      match = _TOKEN.match(text, start)
      if match is None:
        raise self.error(f"unexpected {text[start:].lstrip()[:1]!r}")
      self.tokens.append(match)
      start = match.end()

  def error(self, reason: str) -> ValueError:
    return ValueError(f"Cannot read the formula {self.text!r}: {reason}. Write "
                      "it like 'p^2 - c0[1/s^2]*cos(q)'.")

  def parse(self) -> Expression:
    """Read the whole text."""
    expression = self.sum()
    if self.position < len(self.tokens):
      raise self.error(f"unexpected {self.peek('op') or 'operand'!r}")
    return expression

  def peek(self, kind: str) -> Optional[str]:
    if self.position == len(self.tokens):
      return None
    return self.tokens[self.position].group(kind)

  def accept(self, *operators: str) -> Optional[str]:
    token = self.peek("op")
    if token not in operators:
      return None
    self.position += 1
    return token

  def sum(self) -> Expression:
    left = self.product()
    while op := self.accept("+", "-"):
      left = Operation(op, (left, self.product()))
    return left

  def product(self) -> Expression:
    left = self.power()
    while op := self.accept("*", "/"):
      left = Operation(op, (left, self.power()))
    return left

  def power(self) -> Expression:
    base = self.atom()
    while self.peek("square"):
      self.position += 1
      base = Operation("square", (base,))
    return base

  def group(self) -> Expression:
    inside = self.sum()
    if not self.accept(")"):
      raise self.error("a parenthesis is not closed")
    return inside

  def atom(self) -> Expression:
    """Read an input, a parameter, sin(...), cos(...) or a group."""
    if self.accept("("):
      return self.group()
    if self.position == len(self.tokens):
      raise self.error("it ends too early")
    token = self.tokens[self.position]
    self.position += 1
    name = token.group("name")
    if token.group("parameter"):
      return Parameter(Unit.parse(token.group("unit")),
                       int(token.group("index")))
    if name in ("sin", "cos") and self.accept("("):
      return Operation(name, (self.group(),))
    if name in self.inputs:
      return self.inputs[name]
    if name:
      raise self.error(f"unknown name {name!r}, known are "
                       f"{', '.join(self.inputs)}")
    raise self.error(f"unexpected {token.group().strip()!r}")
