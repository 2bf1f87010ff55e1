"""Remove the parameters of a formula that do not affect its conservation.

If `g` is conserved, so is `a g + b`. Parameters that only scale or shift a
whole formula therefore need no fit.
"""

from noether_jax.symbolic.expression import Expression
from noether_jax.symbolic.expression import Operation
from noether_jax.symbolic.expression import Parameter
from noether_jax.symbolic.expression import renumber
from noether_jax.symbolic.units import Unit

ONE = Parameter(Unit())


def essential(formula: Expression) -> Expression:
  """Return the formula without the parameters that only scale or shift it.

  Quotients `c / a` keep a parameter in the numerator, whose value is
  irrelevant; units of dropped factors are dropped with them.

  Args:
    formula: any formula.

  Returns:
    A formula equal to the given one up to scale and shift, for some values
    of its parameters, which are numbered from left to right.

  Example:
    >>> from noether_jax.symbolic.parsing import parse
    >>> from noether_jax.symbolic.grammar import make_grammar
    >>> q = make_grammar(["q"], ["1"]).inputs
    >>> str(essential(parse("c0[1]*(cos(q)*c1[1])^2 + c2[1]", q)))
    'cos(q)^2'
  """
  return renumber(_reduce(formula, scale=True, shift=True))


def _reduce(node: Expression, *, scale: bool, shift: bool) -> Expression:
  """Remove factors where `scale` is free, and terms where `shift` is."""
  if not isinstance(node, Operation):
    return node
  arguments = node.arguments
  held = [isinstance(a, Parameter) for a in arguments]
  if node.op in ("+", "-") and shift and any(held):
    kept = arguments[held.index(False)]
    negated = node.op == "-" and held[0]
    if scale or not negated:
      return _reduce(kept, scale=scale, shift=shift)
  if node.op in ("*", "/") and scale and any(held):
    if node.op == "/" and held[0]:
      below = _reduce(arguments[1], scale=True, shift=False)
      return Operation("/", (ONE, below))
    return _reduce(arguments[held.index(False)], scale=True, shift=shift)
  return _inside(node, held, scale=scale, shift=shift)


def _inside(node: Operation, held: list[bool], *, scale: bool,
            shift: bool) -> Expression:
  """Reduce the operands by what the operation leaves free in them."""
  left, right = node.arguments[0], node.arguments[-1]
  if node.op in ("sin", "cos"):
    return Operation(node.op, (_reduce(left, scale=False, shift=False),))
  if node.op == "square":
    return Operation(node.op, (_reduce(left, scale=scale, shift=False),))
  if node.op in ("+", "-"):
    free = shift
    return _rebuild(node.op, _reduce(left, scale=False, shift=free),
                    _reduce(right, scale=False, shift=free))
  # A constant factor passes a shift through to the other operand.
  through = shift and any(held) and not (node.op == "/" and held[0])
  return _rebuild(node.op, _reduce(left, scale=scale, shift=through),
                  _reduce(right, scale=scale, shift=through))


def _rebuild(op: str, left: Expression, right: Expression) -> Expression:
  return Operation(op, (left, right))
