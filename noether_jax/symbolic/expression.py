"""Formulas as immutable values: callable, differentiable, printable."""

import dataclasses
import functools
from typing import Any, Callable, Iterator, Sequence, Union

import jax
import jax.numpy as jnp
import sympy

from noether_jax.symbolic import printing
from noether_jax.symbolic.operations import ARRAYS
from noether_jax.symbolic.operations import result_unit
from noether_jax.symbolic.operations import SYMPY
from noether_jax.symbolic.units import Unit


class Expression:
  """A formula of inputs and trainable parameters, with physical units.

  Build formulas from `Input`, `Parameter`, `+ - * /`, `sin`, `cos`, `square`.
  They are hashable values: equal trees are equal. The text form round-trips:
  `parse(str(e), inputs) == e`.

  Example:
    >>> q = Input(0, "q", Unit.parse("rad"))
    >>> p = Input(1, "p", Unit.parse("1/s"))
    >>> c = Parameter(Unit.parse("1/s^2"))
    >>> energy = square(p) - c * cos(q)
    >>> str(energy), str(energy.unit)
    ('p^2 - c0[1/s^2]*cos(q)', '1/s^2')
    >>> float(energy([0.0, 2.0], [3.0]))
    1.0
  """
  unit: Unit

  def __add__(self, other: "Expression") -> "Operation":
    return Operation("+", (self, other))

  def __sub__(self, other: "Expression") -> "Operation":
    return Operation("-", (self, other))

  def __mul__(self, other: "Expression") -> "Operation":
    return Operation("*", (self, other))

  def __truediv__(self, other: "Expression") -> "Operation":
    return Operation("/", (self, other))

  def __call__(self, inputs: Any, parameters: Any = ()) -> Any:
    """Evaluate the formula with NumPy or JAX, whichever the arguments are.

    Args:
      inputs: `[D, ...]` array, or a sequence of D arrays, one per input.
      parameters: `[P, ...]` array, or a sequence of P values.
    Returns:
      `[...]`, in `self.unit`. NumPy in, NumPy out.
    """
    return evaluate(self, inputs, parameters)

  def nodes(self) -> Iterator["Expression"]:
    """Yield the sub-formulas, arguments before the operation that uses them."""
    yield self

  @property
  def num_nodes(self) -> int:
    """Return the number of nodes, leaves included."""
    return sum(1 for _ in self.nodes())

  @property
  def num_parameters(self) -> int:
    """Return the largest parameter index plus one; 0 without parameters."""
    return max((n.index + 1 for n in self.nodes() if isinstance(n, Parameter)),
               default=0)

  @property
  def conserved_fn(self) -> Callable[[Any, jax.Array], jax.Array]:
    """Return this formula as `(parameters [P], state [D]) -> [1]`.

    Example:
      >>> q = Input(0, "q", Unit.parse("m"))
      >>> square(q).conserved_fn((), jnp.array([3.0, 1.0])).tolist()
      [9.0]
    """
    return functools.partial(_conserved, self)

  def to_sympy(self) -> sympy.Expr:
    """Return the formula in SymPy; inputs and parameters are real symbols."""
    return _fold(self, SYMPY, lambda leaf: sympy.Symbol(leaf.label, real=True))

  def to_latex(self) -> str:
    """Return the formula in LaTeX, as SymPy arranges it."""
    return sympy.latex(self.to_sympy())

  def with_parameters(self, values: Sequence[float], *, digits: int = 3) -> str:
    """Return the formula as text, with numbers in place of its parameters.

    Args:
      values: `[P]`, one number per parameter.
      digits: significant digits.
    Returns:
      Text such as `p^2 - 3.00*cos(q)`.
    Raises:
      ValueError: if there are fewer values than parameters.
    Example:
      >>> q = Input(0, "q", Unit.parse("m"))
      >>> (q + Parameter(Unit.parse("m"))).with_parameters([-0.5])
      'q - 0.500'
    """
    if len(values) < self.num_parameters:
      raise ValueError(f"The formula {self} has {self.num_parameters} "
                       f"parameter(s): got {len(values)} value(s).")
    return _to_text(self,
                    lambda p: printing.number_text(values[p.index], digits))

  def __str__(self) -> str:
    return _to_text(self, lambda p: f"{p.label}[{p.unit}]")


@dataclasses.dataclass(frozen=True, repr=False)
class Input(Expression):
  """A component of the state.

  Attributes:
    index: position in the state.
    name: an identifier.
    unit: its physical unit.
  """
  index: int
  name: str
  unit: Unit

  def __post_init__(self) -> None:
    if not self.name.isidentifier() or self.name in ("sin", "cos"):
      raise ValueError(f"An input's name must be an identifier other than sin "
                       f"and cos: got {self.name!r}.")

  @property
  def label(self) -> str:
    return self.name

  def __repr__(self) -> str:
    return str(self)


@dataclasses.dataclass(frozen=True, repr=False)
class Parameter(Expression):
  """A trainable scalar with a unit.

  Attributes:
    unit: its physical unit.
    index: its position in the vector of parameters.
  """
  unit: Unit
  index: int = 0

  @property
  def label(self) -> str:
    return f"c{self.index}"

  def __repr__(self) -> str:
    return str(self)


@dataclasses.dataclass(frozen=True, repr=False)
class Operation(Expression):
  """An operation on one or two sub-formulas.

  Attributes:
    op: one of `+ - * / sin cos square`.
    arguments: its one or two operands.
    unit: follows from the operands; not part of equality.
  Raises:
    ValueError: if the operands' units do not allow the operation.
  """
  op: str
  arguments: tuple[Expression, ...]
  unit: Unit = dataclasses.field(init=False, compare=False)

  def __post_init__(self) -> None:
    units = tuple(argument.unit for argument in self.arguments)
    object.__setattr__(self, "unit", result_unit(self.op, *units))

  def nodes(self) -> Iterator[Expression]:
    for argument in self.arguments:
      yield from argument.nodes()
    yield self

  def __repr__(self) -> str:
    return str(self)


def sin(argument: Expression) -> Operation:
  """Return the sine of an angle or pure number, as a formula."""
  return Operation("sin", (argument,))


def cos(argument: Expression) -> Operation:
  """Return the cosine of an angle or pure number, as a formula."""
  return Operation("cos", (argument,))


def square(argument: Expression) -> Operation:
  """Return the square of a formula."""
  return Operation("square", (argument,))


def renumber(expression: Expression) -> Expression:
  """Number the parameters from left to right, each occurrence its own.

  Args:
    expression: any formula.
  Returns:
    An equal formula up to its parameters' indices.
  Example:
    >>> c = Parameter(Unit())
    >>> q = Input(0, "q", Unit())
    >>> str(renumber(c * q + c))
    'c0[1]*q + c1[1]'
  """
  return _renumber(expression, [0])


def _renumber(node: Expression, counter: list[int]) -> Expression:
  if isinstance(node, Parameter):
    counter[0] += 1
    return Parameter(node.unit, counter[0] - 1)
  if isinstance(node, Operation):
    return Operation(node.op,
                     tuple(_renumber(a, counter) for a in node.arguments))
  return node


def evaluate(expression: Expression, inputs: Any, parameters: Any) -> Any:
  """Evaluate a formula; see `Expression.__call__`."""

  def leaf_value(leaf: Union[Input, Parameter]) -> Any:
    values = inputs if isinstance(leaf, Input) else parameters
    return values[leaf.index]

  return _fold(expression, ARRAYS, leaf_value)


def _to_text(node: Expression, parameter_text: Callable[["Parameter"],
                                                        str]) -> str:
  """Write one node and everything below it."""
  if isinstance(node, Operation):
    texts = [_to_text(a, parameter_text) for a in node.arguments]
    ops = [a.op if isinstance(a, Operation) else "" for a in node.arguments]
    return printing.operation_text(node.op, texts, ops)
  if isinstance(node, Parameter):
    return parameter_text(node)
  assert isinstance(node, Input)
  return node.name


def _fold(node: Expression, table: dict[str, Callable],
          leaf_value: Callable) -> Any:
  """Fold a formula bottom-up."""
  if isinstance(node, Operation):
    values = [_fold(a, table, leaf_value) for a in node.arguments]
    return table[node.op](*values)
  return leaf_value(node)


def _conserved(expression: Expression, parameters: Any,
               state: jax.Array) -> jax.Array:
  return jnp.reshape(evaluate(expression, state, parameters), (1,))
