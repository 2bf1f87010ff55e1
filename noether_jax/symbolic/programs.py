"""Formulas as data: one compiled function evaluates any of them."""

from typing import NamedTuple, Optional, Sequence

import chex
import jax
import jax.numpy as jnp
import numpy as np

from noether_jax.symbolic.expression import Expression
from noether_jax.symbolic.expression import Input
from noether_jax.symbolic.expression import Operation
from noether_jax.symbolic.expression import Parameter

OPCODES = {
    op: code for code, op in enumerate(("copy", "+", "-", "*", "/", "sin",
                                        "cos", "square"))
}


class Program(NamedTuple):
  """Operations on slots: the state, the parameters, then the steps' results.

  Leaves may carry leading batch axes, to be removed by `jax.vmap`.

  Attributes:
    opcode: `[S]` int32, the operation of each step.
    left: `[S]` int32, the slot of its first operand.
    right: `[S]` int32, the slot of its second operand (the first's for one).
  """
  opcode: chex.Array
  left: chex.Array
  right: chex.Array


def encode(formulas: Sequence[Expression],
           num_inputs: int,
           *,
           num_parameters: Optional[int] = None,
           num_steps: Optional[int] = None) -> Program:
  """Encode formulas as integer arrays.

  Args:
    formulas: B formulas.
    num_inputs: D, the state's size.
    num_parameters: P, or None for the most that a formula needs.
    num_steps: S, or None for the most that a formula needs.
  Returns:
    A batched program, leaves `[B, S]`; shorter formulas are padded by copies.
  Raises:
    ValueError: if a formula does not fit D, P or S, or there is none.
  Example:
    >>> from noether_jax.symbolic.expression import square
    >>> from noether_jax.symbolic.units import Unit
    >>> q = Input(0, "q", Unit())
    >>> encode([square(q) + q], num_inputs=1).opcode.tolist()
    [[7, 1]]
  """
  if not formulas:
    raise ValueError("`formulas` must hold at least one formula: got none.")
  operations = [
      sum(isinstance(node, Operation)
          for node in formula.nodes())
      for formula in formulas
  ]
  steps = max(1, *operations) if num_steps is None else num_steps
  most = max(formula.num_parameters for formula in formulas)
  slots = most if num_parameters is None else num_parameters
  if max(operations) > steps or most > slots:
    raise ValueError(
        f"The formulas need {max(operations)} steps and {most} parameters: "
        f"got num_steps={num_steps}, num_parameters={num_parameters}.")
  rows = [_encode_one(f, num_inputs, slots, steps) for f in formulas]
  opcode, left, right = np.moveaxis(np.array(rows, np.int32), 2, 0)
  return Program(opcode, left, right)


def _encode_one(formula: Expression, num_inputs: int, num_parameters: int,
                num_steps: int) -> list[tuple[int, int, int]]:
  """Return the (opcode, left, right) rows of one formula."""
  rows: list[tuple[int, int, int]] = []
  first = num_inputs + num_parameters

  def slot(node: Expression) -> int:
    if isinstance(node, Input):
      if node.index >= num_inputs:
        raise ValueError(f"The formula {formula} uses input {node.index}: got "
                         f"num_inputs={num_inputs}.")
      return node.index
    if isinstance(node, Parameter):
      return num_inputs + node.index
    assert isinstance(node, Operation)
    operands = [slot(argument) for argument in node.arguments]
    rows.append((OPCODES[node.op], operands[0], operands[-1]))
    return first + len(rows) - 1

  last = slot(formula)
  while len(rows) < num_steps:
    rows.append((OPCODES["copy"], last, last))
    last = first + len(rows) - 1
  return rows


def run_program(program: Program, parameters: chex.Array,
                state: chex.Array) -> jax.Array:
  """Evaluate one program at one state.

  Operations that are not selected contribute exactly zero to every derivative,
  even where they are singular.

  Args:
    program: leaves `[S]`.
    parameters: `[P]`.
    state: `[D]`; D and P as in `encode`.
  Returns:
    Scalar `[]`.
  Example:
    >>> from noether_jax.symbolic.expression import square
    >>> from noether_jax.symbolic.units import Unit
    >>> q = Input(0, "q", Unit())
    >>> programs = encode([q, square(q) / Parameter(Unit())], num_inputs=1)
    >>> values = jax.vmap(run_program, (0, None, None))
    >>> values(programs, jnp.array([2.0]), jnp.array([3.0])).tolist()
    [3.0, 4.5]
  """
  dtype = jnp.result_type(parameters, state, jnp.float32)
  leaves = jnp.concatenate(
      [jnp.asarray(state, dtype),
       jnp.asarray(parameters, dtype)])
  num_steps = program.opcode.shape[0]
  slots = jnp.concatenate([leaves, jnp.zeros(num_steps, dtype)])

  def step(slots: jax.Array, row: tuple) -> tuple[jax.Array, None]:
    (opcode, left, right), position = row
    result = _operate(opcode, _select(slots, left), _select(slots, right))
    return jnp.where(jnp.arange(slots.shape[0]) == position, result,
                     slots), None

  # A scan compiles one step: a second derivative of six takes 10 s else.
  positions = jnp.arange(leaves.shape[0], slots.shape[0])
  return jax.lax.scan(step, slots, (tuple(program), positions))[0][-1]


def _select(slots: jax.Array, index: chex.Array) -> jax.Array:
  """Return the indexed slot.

  A masked sum replaces a gather, whose transpose is a scatter. A scatter is
  slow on every backend for so few elements.
  """
  return jnp.sum(jnp.where(jnp.arange(slots.shape[0]) == index, slots, 0.0))


def _operate(opcode: chex.Array, left: jax.Array,
             right: jax.Array) -> jax.Array:
  """Apply the selected operation.

  The operands of an operation that is not selected are replaced by a harmless
  number. Otherwise an infinite derivative times zero would give NaN.
  """
  is_op = {name: opcode == code for name, code in OPCODES.items()}
  angle = jnp.where(is_op["sin"] | is_op["cos"], left, 0.0)
  product = is_op["*"] | is_op["square"]
  factors = (jnp.where(product, left, 0.0), jnp.where(product, right, 0.0))
  divisor = jnp.where(is_op["/"], right, 1.0)
  result = jnp.where(is_op["+"], left + right, left)
  for name, value in (("-", left - right), ("*", factors[0] * factors[1]),
                      ("/", left / divisor), ("sin", jnp.sin(angle)),
                      ("cos", jnp.cos(angle)), ("square",
                                                factors[0] * factors[0])):
    result = jnp.where(is_op[name], value, result)
  return result


def conserved_fn(params: tuple[Program, chex.Array],
                 state: chex.Array) -> jax.Array:
  """Evaluate a program as a conserved quantity: `((program, [P]), [D]) -> [1]`.

  Args:
    params: a program with leaves `[S]`, and its parameters `[P]`.
    state: `[D]`.
  Returns:
    `[1]`.
  Example:
    >>> from noether_jax.symbolic.units import Unit
    >>> q = Input(0, "q", Unit())
    >>> program = jax.tree.map(lambda x: x[0], encode([q], num_inputs=1))
    >>> conserved_fn((program, jnp.zeros(0)), jnp.array([2.0])).tolist()
    [2.0]
  """
  program, parameters = params
  return jnp.reshape(run_program(program, parameters, state), (1,))
