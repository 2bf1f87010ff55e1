"""Build the text of a formula from the text of its parts."""

import re

PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "square": 3}


def number_text(value: float, digits: int) -> str:
  """Return a number with its significant digits; negative in parentheses.

  Example:
    >>> number_text(-0.5, 3), number_text(12.0, 3)
    ('(-0.500)', '12.0')
  """
  text = f"{float(value):#.{digits}g}".rstrip(".")
  return f"({text})" if text.startswith("-") else text


def operation_text(op: str, texts: list[str], ops: list[str]) -> str:
  """Return the text of an operation.

  Args:
    op: one of `+ - * / sin cos square`.
    texts: of its operands.
    ops: their own operations, "" for an input or a parameter.

  Example:
    >>> operation_text("*", ["p + q", "p"], ["+", ""])
    '(p + q)*p'
  """
  if op in ("sin", "cos"):
    return f"{op}({texts[0]})"
  level = PRECEDENCE[op]
  if op == "square":
    return f"{_group(texts[0], ops[0], level + 1)}^2"
  left = _group(texts[0], ops[0], level)
  right = _group(texts[1], ops[1], level + 1)
  return f"{left}{op}{right}" if level == 2 else _signed_sum(left, op, right)


def _group(text: str, op: str, level: int) -> str:
  """Put parentheses around an operand that binds too weakly."""
  return f"({text})" if PRECEDENCE.get(op, 9) < level else text


def _signed_sum(left: str, op: str, right: str) -> str:
  """Join two terms; a leading negative number changes the sign instead."""
  negative = re.match(r"\(-([0-9.e+-]+|inf|nan)\)", right)
  if negative:
    op = {"+": "-", "-": "+"}[op]
    right = negative.group(1) + right[negative.end():]
  return f"{left} {op} {right}"
