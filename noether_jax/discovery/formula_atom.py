"""A factor of a term that is written as text, such as exp(q1 - q2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
import dataclasses
import functools
from typing import Any

import sympy

from noether_jax.data.columns import Variable
from noether_jax.discovery.formula_text import Formula
from noether_jax.reporting.formulas import symbol
from noether_jax.symbolic import units
from noether_jax.symbolic.operations import array_namespace


@dataclasses.dataclass(frozen=True)
class FormulaAtom:
  """A function of columns, read from text.

  Attributes:
    source: the formula, as `Formula` takes it.
    names: of all D columns.
    plus: indices of the columns that occur.
    physical: its unit.
    minus: empty; an `Atom` has such an attribute.
    kind: "formula".

  Raises:
    InputError: by `read`, if the text is no formula of the columns.

  Example:
    >>> from noether_jax.data import parse_columns
    >>> import numpy as np
    >>> atom = FormulaAtom.read("exp(a - b)", parse_columns("a,b"))
    >>> atom.value([np.array([1.]), np.array([1.])])
    array([1.])
    >>> atom.gradient([np.array([1.]), np.array([1.])])
    {0: array([1.]), 1: array([-1.])}
  """
  source: str
  names: tuple[str, ...]
  plus: tuple[int, ...]
  physical: units.Unit
  minus: tuple[int, ...] = ()
  kind: str = "formula"

  @classmethod
  def read(cls, text: str, variables: Sequence[Variable]) -> FormulaAtom:
    """Read a formula of the columns; numbers may carry units."""
    columns: dict[str, units.Unit | None] = {v.name: v.unit for v in variables}
    formula = Formula(text, columns)
    names = tuple(v.name for v in variables)
    used = tuple(sorted(names.index(n) for n in formula.names))
    return cls(text, names, used, units.Unit(formula.unit.exponents))

  def value(self, columns: Sequence[Any]) -> Any:
    """Evaluate on D columns of equal shape, NumPy or JAX arrays."""
    return self._evaluate(columns)[0]

  def gradient(self, columns: Sequence[Any]) -> dict[int, Any]:
    """Return derivatives by variable index, each of the columns' shape."""
    return dict(zip(self.plus, self._evaluate(columns)[1:]))

  def _evaluate(self, columns: Sequence[Any]) -> list[Any]:
    xp = array_namespace(columns[0])
    used = [columns[i] for i in self.plus]
    like = columns[0]
    return [
        xp.broadcast_to(xp.asarray(v, like.dtype), like.shape)
        for v in _compiled(self, xp.__name__.startswith("jax"))(*used)
    ]

  def to_sympy(self, symbols: Sequence[sympy.Symbol]) -> sympy.Expr:
    """Return the atom in SymPy, with one symbol for each column."""
    plain = _expression(self)
    return plain.subs({_symbol(self.names[i]): symbols[i] for i in self.plus})

  def unit(self, variables: Sequence[Variable]) -> units.Unit:
    """The physical unit."""
    del variables
    return self.physical

  def code(self, names: Sequence[str], module: str = "np") -> str:
    """Return a Python expression of the variables' identifiers."""
    expression = _expression(self).subs(
        {_symbol(self.names[i]): sympy.Symbol(names[i]) for i in self.plus})
    text = sympy.pycode(expression, fully_qualified_modules=True)
    text = text.replace("math.", f"{module}.").replace("abs(", f"{module}.abs(")
    return f"({text})"

  def text(self, variables: Sequence[Variable]) -> str:
    """Return the text for people, as it was written."""
    del variables
    return f"({self.source})" if self._is_loose else self.source

  def latex(self) -> str:
    """Return the atom in LaTeX, its columns as elsewhere in a law."""
    names = {_symbol(self.names[i]): symbol(self.names[i]) for i in self.plus}
    text = sympy.latex(_expression(self),
                       symbol_names=names,
                       mul_symbol=r" \, ")
    return rf"\left({text}\right)" if self._is_loose else text

  @property
  def is_tight(self) -> bool:
    """Whether a power needs no brackets: a column, or a function's value."""
    tree = _expression(self)
    return bool(tree.is_Symbol or tree.is_Function)

  @property
  def _is_loose(self) -> bool:
    """Whether a coefficient needs brackets: a sum, or a minus in front."""
    tree = _expression(self)
    return bool(tree.is_Add or tree.could_extract_minus_sign())


def _symbol(name: str) -> sympy.Symbol:
  return sympy.Symbol(name)


@functools.lru_cache(maxsize=4096)
def _expression(atom: FormulaAtom) -> sympy.Expr:
  formula = Formula(atom.source, {name: None for name in atom.names})
  return formula.to_sympy()


@functools.lru_cache(maxsize=4096)
def _compiled(atom: FormulaAtom, in_jax: bool) -> Callable[..., list[Any]]:
  """The value and its derivatives by the columns that occur."""
  names = [atom.names[i] for i in atom.plus]
  # Real numbers, so that an absolute value has a derivative.
  symbols = [sympy.Symbol(name, real=True) for name in names]
  expression = _expression(atom).subs({
      _symbol(name): s for name, s in zip(names, symbols)
  })
  outputs = [expression, *(expression.diff(s) for s in symbols)]
  return sympy.lambdify(symbols, outputs, "jax" if in_jax else "numpy")
