"""All formulas of a units-checked language, up to a number of nodes."""

import collections
import dataclasses
from typing import Iterator, Sequence

from noether_jax.symbolic.expression import Expression
from noether_jax.symbolic.expression import Input
from noether_jax.symbolic.expression import Operation
from noether_jax.symbolic.expression import Parameter
from noether_jax.symbolic.expression import renumber
from noether_jax.symbolic.operations import UNARY
from noether_jax.symbolic.units import Unit


@dataclasses.dataclass(frozen=True)
class Grammar:
  """A language of formulas (Alet et al. 2021, section 5.1 and appendix).

  This definition gives 39,343 formulas for the pendulum:
    * a formula has 1 to `max_nodes` nodes, leaves included, and at least one
      input; a parameter is the only sub-formula without input;
    * `+` and `-` join like units, `sin` and `cos` take any dimensionless
      sub-formula, `square`, `*` and `/` take everything;
    * of `a + b` and `b + a`, and of `a * b` and `b * a`, one is kept; nothing
      else is pruned: `x - x`, `x / x` and `x * x` next to `x^2` stay;
    * every parameter is a trainable scalar of its own, with one of
      `parameter_units`.

  Attributes:
    inputs: the components of the state.
    parameter_units: units which a trainable parameter may have.
    max_nodes: the largest number of nodes; the paper's "depth 7" is 7.
  """
  inputs: tuple[Input, ...]
  parameter_units: tuple[Unit, ...]
  max_nodes: int = 7

  def __post_init__(self) -> None:
    if not self.inputs:
      raise ValueError("A grammar needs at least one input: got none.")
    if self.max_nodes < 1:
      raise ValueError(f"`max_nodes` must be at least 1: got "
                       f"{self.max_nodes}.")
    for what, values in (("inputs", [i.name for i in self.inputs]),
                         ("parameter_units", list(self.parameter_units))):
      if len(set(values)) < len(values):
        raise ValueError(f"`{what}` must differ from each other: got "
                         f"{[str(v) for v in values]}.")


def make_grammar(names: Sequence[str],
                 units: Sequence[str],
                 *,
                 parameter_units: Sequence[str] = ("1",),
                 max_nodes: int = 7) -> Grammar:
  """Return a grammar from text.

  Args:
    names: D names of the state's components.
    units: D units.
    parameter_units: units which a trainable parameter may have.
    max_nodes: the largest number of nodes of a formula.
  Returns:
    The grammar.
  Raises:
    ValueError: if names and units differ in number, or one is malformed.
  Example:
    >>> pendulum = make_grammar(["q", "p"], ["rad", "1/s"],
    ...                         parameter_units=["1", "1/s^2"])
    >>> sum(count_formulas(pendulum).values())
    39343
  """
  if len(names) != len(units):
    raise ValueError(f"`names` and `units` must have equal lengths: got "
                     f"{len(names)} and {len(units)}.")
  inputs = tuple(
      Input(i, name, Unit.parse(unit))
      for i, (name, unit) in enumerate(zip(names, units)))
  return Grammar(inputs, tuple(Unit.parse(u) for u in parameter_units),
                 max_nodes)


def enumerate_formulas(grammar: Grammar) -> list[Expression]:
  """Return every formula of the language, smaller ones first.

  Args:
    grammar: the language.
  Returns:
    The formulas, each with parameters numbered from left to right.
  Example:
    >>> spring = make_grammar(["q", "p"], ["m", "m/s"], max_nodes=2)
    >>> [str(formula) for formula in enumerate_formulas(spring)]
    ['q', 'p', 'q^2', 'p^2']
  """
  # Parameters stay unnumbered while sub-formulas are shared.
  constants = [Parameter(unit) for unit in grammar.parameter_units]
  by_size: list[list[Expression]] = [[], list(grammar.inputs)]
  for size in range(2, grammar.max_nodes + 1):
    level = list(_unary(by_size[size - 1]))
    for left_size in range(1, size - 1):
      right_size = size - 1 - left_size
      level.extend(_binary(by_size, constants, left_size, right_size))
    by_size.append(level)
  formulas = [f for level in by_size for f in level]
  return [renumber(f) for f in formulas]


def _unary(arguments: list[Expression]) -> Iterator[Expression]:
  for argument in arguments:
    for op in UNARY:
      if op == "square" or argument.unit.is_dimensionless:
        yield Operation(op, (argument,))


def _binary(by_size: list[list[Expression]], constants: list[Parameter],
            left_size: int, right_size: int) -> Iterator[Expression]:
  """Yield the operations on operands of two given sizes."""
  lefts, rights = by_size[left_size], by_size[right_size]
  pairs = [(a, b, left_size > right_size or
            (left_size == right_size and i >= j))
           for i, a in enumerate(lefts)
           for j, b in enumerate(rights)]
  # An input-free operand is a single parameter; it is listed on the left in
  # a commutative operation, but on both sides of `-` and `/`.
  if right_size == 1:
    pairs += [(a, c, False) for a in lefts for c in constants]
  if left_size == 1:
    pairs += [(c, b, True) for c in constants for b in rights]
  for left, right, kept in pairs:
    like = left.unit == right.unit
    if like and kept:
      yield Operation("+", (left, right))
    if like:
      yield Operation("-", (left, right))
    if kept:
      yield Operation("*", (left, right))
    yield Operation("/", (left, right))


def count_formulas(grammar: Grammar) -> dict[int, int]:
  """Return the number of formulas by number of nodes, without listing them.

  Args:
    grammar: the language.
  Returns:
    Number of nodes -> number of formulas.
  Example:
    >>> spring = make_grammar(["q", "p"], ["m", "m/s"], max_nodes=3)
    >>> count_formulas(spring)
    {1: 2, 2: 2, 3: 19}
  """
  counts = [collections.Counter(i.unit for i in grammar.inputs)]
  constants = collections.Counter(grammar.parameter_units)
  for size in range(2, grammar.max_nodes + 1):
    level: _Counts = collections.Counter()
    for unit, number in counts[size - 2].items():
      level[unit**2] += number
      level[Unit()] += 2 * number * unit.is_dimensionless
    pairs = [(counts[left - 1], counts[size - 2 - left], left - (size - 1) / 2)
             for left in range(1, size - 1)]
    if size > 2:
      pairs += [(counts[size - 3], constants, 1),
                (constants, counts[size - 3], -1)]
    for lefts, rights, order in pairs:
      _count_pairs(level, lefts, rights, order)
    counts.append(+level)
  return {size + 1: sum(level.values()) for size, level in enumerate(counts)}


_Counts = collections.Counter[Unit]


def _count_pairs(level: _Counts, lefts: _Counts, rights: _Counts,
                 order: float) -> None:
  """Add operations on pairs; commutative ones where `order` is positive.

  Order zero means operands of one size; these are counted as unordered pairs.
  """
  for i, (a, left) in enumerate(lefts.items()):
    for j, (b, right) in enumerate(rights.items()):
      ordered = left * right
      unordered = ordered if order > 0 else 0
      if order == 0:
        unordered = left * (left + 1) // 2 if i == j else ordered * (i > j)
      level[a / b] += ordered
      level[a * b] += unordered
      level[a] += (ordered + unordered) * (a == b)
