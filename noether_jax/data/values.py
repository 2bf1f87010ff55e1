"""Whether a cell of text holds a number, a time, or nothing."""

from __future__ import annotations

import re

from noether_jax.data.cells import is_quantity

BLANKS = ("", "-", "--", "---", "nan", "na", "n/a", "null", "none", "#n/a",
          "#div/0!", "#value!", "#num!", "#ref!")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eEdD][+-]?\d+)?|[+-]?inf",
                     re.IGNORECASE)
THOUSANDS = re.compile(r"[+-]?\d{1,3}([.,]\d{3})+([.,]\d+)?")
_STAMP = re.compile(r"\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d([.,]\d+)?)?)?"
                    r"(Z|[+-]\d\d:?\d\d)?|\d{1,2}:\d\d:\d\d([.,]\d+)?|"
                    r"\d{1,3}:\d\d[.,]\d+")


def is_blank(cell: str) -> bool:
  """Return whether a cell holds no value.

  Example:
    >>> is_blank(" NaN "), is_blank("0")
    (True, False)
  """
  return cell.strip().lower() in BLANKS


def is_number(cell: str, decimal: str = ".") -> bool:
  """Return whether a cell reads as a number.

  Example:
    >>> is_number("1e3"), is_number("two"), is_number("0,5", ",")
    (True, False, True)
  """
  text = cell.strip()
  if decimal == ",":
    if THOUSANDS.fullmatch(text) and "." in text:
      text = text.replace(".", "")
    elif "." in text:
      return False
    text = text.replace(",", ".")
  return bool(_NUMBER.fullmatch(text))


def is_value(cell: str, decimal: str) -> bool:
  """Return whether a cell is a number, a time, or a number with its unit.

  Example:
    >>> is_value("2.5 m", "."), is_value("12:30:05", "."), is_value("x", ".")
    (True, True, False)
  """
  return is_number(cell, decimal) or bool(_STAMP.fullmatch(
      cell.strip())) or is_quantity(cell)
