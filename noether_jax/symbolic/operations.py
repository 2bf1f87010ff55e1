"""The operations of formulas: their units, and how to carry them out."""

import functools
from typing import Any, Callable

import jax
import jax.numpy as jnp
import numpy as np
import sympy

from noether_jax.symbolic.units import Unit

BINARY = ("+", "-", "*", "/")
UNARY = ("sin", "cos", "square")

_PURE = Unit()


@functools.lru_cache(maxsize=4096)
def result_unit(op: str, *units: Unit) -> Unit:
  """Return the unit of an operation's result.

  Args:
    op: one of `+ - * / sin cos square`.
    *units: the operands' units.
  Returns:
    The result's unit.
  Raises:
    ValueError: if the units do not allow the operation.
  Example:
    >>> str(result_unit("square", Unit.parse("1/s")))
    '1/s^2'
  """
  if op not in BINARY + UNARY or len(units) != (2 if op in BINARY else 1):
    raise ValueError(f"No operation {op!r} with {len(units)} operand(s): use "
                     f"{', '.join(BINARY)} with two or {', '.join(UNARY)} "
                     "with one.")
  if op in ("+", "-") and units[0] != units[1]:
    raise ValueError(f"Only like units are added or subtracted: got {units[0]} "
                     f"{op} {units[1]}.")
  if op in ("sin", "cos") and not units[0].is_dimensionless:
    raise ValueError(f"{op} takes an angle or a pure number: got {units[0]}.")
  if op in ("+", "-"):
    return units[0]
  if op == "*":
    return units[0] * units[1]
  if op == "/":
    return units[0] / units[1]
  return units[0]**2 if op == "square" else _PURE


def array_namespace(x: Any) -> Any:
  """Return jax.numpy for JAX arrays and tracers, else numpy.

  Example:
    >>> array_namespace(np.ones(2)).__name__
    'numpy'
  """
  return jnp if isinstance(x, jax.Array) else np


ARITHMETIC: dict[str, Callable] = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "/": lambda a, b: a / b,
}
ARRAYS: dict[str, Callable] = {
    **ARITHMETIC,
    "sin": lambda a: array_namespace(a).sin(a),
    "cos": lambda a: array_namespace(a).cos(a),
    "square": lambda a: a * a,
}
SYMPY: dict[str, Callable] = {
    **ARITHMETIC,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "square": lambda a: a**2,
}
