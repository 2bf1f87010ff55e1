"""Many different formulas evaluated together, with first derivatives.

In JAX, every node would compute all operations and select one, or every formula
would be compiled. Here each operation runs only on the formulas that need it.
"""

from __future__ import annotations

import numpy as np

from noether_jax.symbolic.programs import OPCODES
from noether_jax.symbolic.programs import Program

_NAMES = {code: name for name, code in OPCODES.items()}


def evaluate_duals(program: Program, leaves: np.ndarray,
                   slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
  """Return values and derivatives of F programs at M states.

  Args:
    program: leaves `[F, S]`.
    leaves: `[L, F, M]`, what the programs' first L slots hold.
    slopes: `[L, Q]`, derivatives of the leaves by Q variables.

  Returns:
    `(values [F, M], derivatives [Q, F, M])`; not finite where undefined.

  Example:
    >>> from noether_jax.symbolic.programs import encode
    >>> from noether_jax.symbolic.parsing import parse
    >>> from noether_jax.symbolic.grammar import make_grammar
    >>> q = make_grammar(["q"], ["1"]).inputs
    >>> program = encode([parse("q^2", q)], num_inputs=1)
    >>> values, slope = evaluate_duals(program, np.full((1, 1, 1), 3.0),
    ...                                np.eye(1))
    >>> values.tolist(), slope.tolist()
    ([[9.0]], [[[6.0]]])
  """
  count, num_formulas, num_states = leaves.shape
  steps = program.opcode.shape[1]
  values = np.empty((count + steps, num_formulas, num_states))
  values[:count] = leaves
  tangents = np.empty(
      (count + steps, slopes.shape[1], num_formulas, num_states))
  tangents[:count] = slopes[:, :, None, None]
  with np.errstate(all="ignore"):
    for step in range(steps):
      for code in np.unique(program.opcode[:, step]):
        rows = np.flatnonzero(program.opcode[:, step] == code)
        left, right = program.left[rows, step], program.right[rows, step]
        a, b = values[left, rows], values[right, rows]
        value, by_left, by_right = _operate(_NAMES[int(code)], a, b)
        values[count + step, rows] = value
        # Advanced indices around a slice put their axis first.
        slope = by_left[:, None] * tangents[left, :, rows]
        if by_right is not None:
          slope += by_right[:, None] * tangents[right, :, rows]
        tangents[count + step][:, rows] = np.swapaxes(slope, 0, 1)
  return values[-1], tangents[-1]


def _operate(name: str, a: np.ndarray, b: np.ndarray) -> tuple:
  """Return the result and its derivatives by one or two operands."""
  one = np.ones_like(a)
  if name == "copy":
    return a, one, None
  if name == "sin":
    return np.sin(a), np.cos(a), None
  if name == "cos":
    return np.cos(a), -np.sin(a), None
  if name == "square":
    return a * a, 2 * a, None
  if name == "+":
    return a + b, one, one
  if name == "-":
    return a - b, one, -one
  if name == "*":
    return a * b, b, a
  return a / b, 1 / b, -a / (b * b)
