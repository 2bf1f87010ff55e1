"""A quantity written as text, with its units checked."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
import dataclasses
from fractions import Fraction
import math
from typing import Any
import unicodedata

import numpy as np
import sympy

from noether_jax.errors import InputError
from noether_jax.symbolic.units import Unit

_MAX_LENGTH = 1000
_FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs
}
_SYMPY = {
    **{
        n: getattr(sympy, n) for n in _FUNCTIONS if n != "abs"
    }, "abs": sympy.Abs
}
_OPERATORS: dict[type, tuple[str, Callable[[Any, Any], Any]]] = {
    ast.Add: ("+", lambda a, b: a + b),
    ast.Sub: ("-", lambda a, b: a - b),
    ast.Mult: ("*", lambda a, b: a * b),
    ast.Div: ("/", lambda a, b: a / b),
    ast.Pow: ("**", lambda a, b: a**b),
}


@dataclasses.dataclass(frozen=True)
class _Dimension:
  """A unit; `free` where a number in the formula may carry another one."""
  unit: Unit
  free: bool = False


class Formula:
  """A formula of columns, read without evaluating the user's text.

  It has the columns' names, numbers, pi, + - * / ** (or ^), parentheses, and
  sin, cos, tan, exp, log, sqrt, abs. Numbers may carry whatever unit is needed.

  Args:
    text: at most 1000 characters.
    columns: units by name; None where a unit is not known.

  Attributes:
    text: as given.
    unit: of the result, where numbers are pure.

  Raises:
    InputError: if the text is no formula of the columns, or units clash.

  Example:
    >>> columns = {"v": Unit.parse("m/s"), "x": Unit.parse("m")}
    >>> formula = Formula("v**2/2 + 9.81*x", columns)
    >>> str(formula.unit), formula({"v": 2., "x": 1.})
    ('m^2/s^2', 11.81)
    >>> Formula("v + x", columns)
    Traceback (most recent call last):
    ...
    noether_jax.errors.InputError: The formula 'v + x': units clash in ...
  """

  def __init__(self, text: str, columns: Mapping[str, Unit | None]):
    self.text = text
    self._columns = {
        unicodedata.normalize("NFKC", name): name for name in columns
    }
    self._tree = self._parse(text)
    try:
      self.unit = self._dimension(self._tree, columns).unit
    except RecursionError:
      raise self._error("it is nested too deeply") from None

  def __call__(self, columns: Mapping[str, Any]) -> Any:
    """Evaluate on columns of equal shape, by name."""
    with np.errstate(all="ignore"):
      return self._fold(self._tree, lambda name: columns[name], float,
                        _FUNCTIONS, math.pi)

  def to_sympy(self) -> sympy.Expr:
    """Return the formula in SymPy."""
    return self._fold(self._tree, sympy.Symbol, sympy.sympify, _SYMPY, sympy.pi)

  @property
  def names(self) -> tuple[str, ...]:
    """The columns that occur."""
    found = (self._columns.get(n.id)
             for n in ast.walk(self._tree)
             if isinstance(n, ast.Name))
    return tuple(dict.fromkeys(n for n in found if n is not None))

  def _error(self, reason: str) -> InputError:
    return InputError(f"The formula {self.text[:80]!r}: {reason}.")

  def _parse(self, text: str) -> ast.expr:
    if len(text) > _MAX_LENGTH:
      raise self._error(f"it has more than {_MAX_LENGTH} characters")
    try:
      return ast.parse(text.strip().replace("^", "**"), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError):
      raise self._error("it cannot be read; write it like "
                        "'v**2/2 - 9.81*l*cos(q)'") from None

  def _name(self, node: ast.Name) -> str | None:
    """The column's name; None for pi.

    Raises:
      InputError: for an unknown name.
    """
    known = self._columns.get(unicodedata.normalize("NFKC", node.id))
    if known is not None:
      return known
    if node.id == "pi":
      return None
    raise self._error(f"no column {node.id!r}; columns are "
                      f"{', '.join(self._columns.values())[:200]}")

  def _function(self, node: ast.Call) -> str:
    name = node.func.id if isinstance(node.func, ast.Name) else ""
    if name not in _FUNCTIONS or len(node.args) != 1 or node.keywords:
      shown = ast.unparse(node)[:40]
      raise self._error(f"{shown!r} is no function of one argument among "
                        f"{', '.join(_FUNCTIONS)}")
    return name

  def _dimension(self, node: ast.expr,
                 columns: Mapping[str, Unit | None]) -> _Dimension:
    """The unit of one part; every kind of node that is allowed.

    Raises:
      InputError: if the part is not allowed, or its units clash.
    """
    if isinstance(node, ast.Constant) and type(node.value) in (int, float):
      return _Dimension(Unit(), True)
    if isinstance(node, ast.Name):
      name = self._name(node)
      unit = columns[name] if name is not None else Unit()
      return _Dimension(unit or Unit(), unit is None)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op,
                                                    (ast.UAdd, ast.USub)):
      return self._dimension(node.operand, columns)
    if isinstance(node, ast.Call):
      return self._of_call(node, columns)
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
      return self._of_operation(node, columns)
    raise self._error(f"{ast.unparse(node)[:40]!r} is not allowed")

  def _of_call(self, node: ast.Call,
               columns: Mapping[str, Unit | None]) -> _Dimension:
    name = self._function(node)
    inner = self._dimension(node.args[0], columns)
    if name == "abs":
      return inner
    if name == "sqrt":
      return _Dimension(inner.unit**Fraction(1, 2), inner.free)
    if not inner.free and not inner.unit.is_dimensionless:
      raise self._error(f"{name} takes an angle or a pure number: "
                        f"{ast.unparse(node.args[0])!r} is in {inner.unit}")
    return _Dimension(Unit())

  def _of_operation(self, node: ast.BinOp,
                    columns: Mapping[str, Unit | None]) -> _Dimension:
    left = self._dimension(node.left, columns)
    right = self._dimension(node.right, columns)
    free = left.free or right.free
    if isinstance(node.op, ast.Mult):
      return _Dimension(left.unit * right.unit, free)
    if isinstance(node.op, ast.Div):
      return _Dimension(left.unit / right.unit, free)
    if isinstance(node.op, ast.Pow):
      return self._of_power(node, left, right)
    if not free and left.unit != right.unit:
      raise self._error(f"units clash in {ast.unparse(node)[:60]!r}: "
                        f"{left.unit} and {right.unit}")
    return right if left.free and not right.free else dataclasses.replace(
        left, free=left.free and right.free)

  def _of_power(self, node: ast.BinOp, base: _Dimension,
                exponent: _Dimension) -> _Dimension:
    if not exponent.free and not exponent.unit.is_dimensionless:
      raise self._error(f"the exponent {ast.unparse(node.right)[:40]!r} is in "
                        f"{exponent.unit}")
    constant = not any(isinstance(n, ast.Name) for n in ast.walk(node.right))
    if constant:
      power = self._fold(node.right, lambda name: 0., float, _FUNCTIONS,
                         math.pi)
      if not math.isfinite(abs(power)) or abs(power) > 100:
        raise self._error("an exponent must be a number up to 100")
      exact = Fraction(power).limit_denominator(100)
      return _Dimension(base.unit**exact, base.free)
    if not base.free and not base.unit.is_dimensionless:
      raise self._error(f"{ast.unparse(node.left)[:40]!r} is in {base.unit}: "
                        "only a pure number has a varying exponent")
    return _Dimension(Unit())

  def _fold(self, node: ast.expr, column: Callable[[str], Any],
            number: Callable[[Any], Any], functions: Mapping[str, Any],
            pi: Any) -> Any:
    """Evaluate bottom-up; `_dimension` has checked every node."""
    go = lambda n: self._fold(n, column, number, functions, pi)
    if isinstance(node, ast.Constant):
      return number(node.value)
    if isinstance(node, ast.Name):
      name = self._name(node)
      return pi if name is None else column(name)
    if isinstance(node, ast.UnaryOp):
      value = go(node.operand)
      return -value if isinstance(node.op, ast.USub) else value
    if isinstance(node, ast.Call):
      return functions[self._function(node)](go(node.args[0]))
    if isinstance(node, ast.BinOp) and type(node.op) in _OPERATORS:
      try:
        return _OPERATORS[type(node.op)][1](go(node.left), go(node.right))
      except (ZeroDivisionError, OverflowError):
        raise self._error(f"{ast.unparse(node)[:40]!r} is not finite") from None
    raise self._error(f"{ast.unparse(node)[:40]!r} is not allowed")
