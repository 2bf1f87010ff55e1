"""Formulas: units, evaluation, text, the enumerated language."""

from hypothesis import given
from hypothesis import settings
from hypothesis import strategies as st
import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy

from noether_jax.symbolic import grammar
from noether_jax.symbolic.expression import cos
from noether_jax.symbolic.expression import Input
from noether_jax.symbolic.expression import Operation
from noether_jax.symbolic.expression import Parameter
from noether_jax.symbolic.expression import renumber
from noether_jax.symbolic.expression import sin
from noether_jax.symbolic.expression import square
from noether_jax.symbolic.operations import result_unit
from noether_jax.symbolic.parsing import parse
from noether_jax.symbolic.units import Unit

Q = Input(0, "q", Unit.parse("rad"))
P = Input(1, "p", Unit.parse("1/s"))
C = Parameter(Unit.parse("1/s^2"))
ENERGY = square(P) - C * cos(Q)


def _expressions():
  """Trees over dimensionless leaves, where every operation is allowed."""
  one = Unit()
  leaves = st.one_of(st.sampled_from([Input(0, "x", one),
                                      Input(1, "c0", one)]),
                     st.integers(0, 3).map(lambda i: Parameter(one, i)))
  return st.recursive(
      leaves,
      lambda inner: st.one_of(
          st.builds(lambda op, a: Operation(op, (a,)),
                    st.sampled_from(["sin", "cos", "square"]), inner),
          st.builds(lambda op, a, b: Operation(op, (a, b)),
                    st.sampled_from(["+", "-", "*", "/"]), inner, inner)),
      max_leaves=8)


@given(_expressions())
@settings(deadline=None)
def test_text_round_trip(expression):
  inputs = [Input(0, "x", Unit()), Input(1, "c0", Unit())]
  assert parse(str(expression), inputs) == expression


@given(st.text(alphabet="qp c0[1/s^2]*+-()sincos3é", max_size=40))
@settings(deadline=None)
def test_any_text_is_a_formula_or_one_clear_line(text):
  try:
    expression = parse(text, [Q, P])
  except ValueError as error:
    assert "\n" not in str(error)
  else:
    assert parse(str(expression), [Q, P]) == expression


@pytest.mark.parametrize("text, reason", [
    ("q +", "ends too early"),
    ("(q", "not closed"),
    ("q)", "unexpected"),
    ("z", "unknown name 'z'"),
    ("q^3", "unexpected"),
    ("3*q", "unexpected '3'"),
    ("q + p", "like units"),
    ("sin(p)", "pure number"),
    ("c0[2]*q", "conversion"),
    ("(" * 999, "nested too deeply|ends too early"),
    ("q" * 1001, "at most 1000"),
])
def test_parse_refuses(text, reason):
  with pytest.raises(ValueError, match=reason):
    parse(text, [Q, P])


def test_operations_refuse_clashing_units():
  with pytest.raises(ValueError, match="like units.*rad \\+ 1/s"):
    _ = Q + P
  with pytest.raises(ValueError, match="pure number: got 1/s"):
    cos(P)
  with pytest.raises(ValueError, match="No operation 'tan'"):
    result_unit("tan", Unit())
  with pytest.raises(ValueError, match="identifier"):
    Input(0, "2q", Unit())


def test_evaluation_follows_its_arguments():
  states = np.array([[0.3, 1.0], [2.0, -1.0]])
  expected = states[1]**2 - 3.0 * np.cos(states[0])
  plain = ENERGY(states, [3.0])
  assert isinstance(plain, np.ndarray)
  np.testing.assert_allclose(plain, expected)
  traced = jax.jit(ENERGY)(jnp.asarray(states), jnp.array([3.0]))
  np.testing.assert_allclose(traced, expected)


def test_conserved_fn_under_vmap_and_grad():
  g = ENERGY.conserved_fn
  states = jnp.array([[0.3, 1.0], [2.0, -1.0]])
  values = jax.vmap(g, (None, 0))(jnp.array([3.0]), states)
  assert values.shape == (2, 1)
  gradient = jax.grad(lambda s: g(jnp.array([3.0]), s)[0])(states[0])
  np.testing.assert_allclose(gradient, [3.0 * np.sin(0.3), 2.0])


def test_sympy_and_latex():
  q, p = sympy.symbols("q p", real=True)
  c = sympy.Symbol("c0", real=True)
  assert sympy.simplify(ENERGY.to_sympy() - (p**2 - c * sympy.cos(q))) == 0
  assert "\\cos" in ENERGY.to_latex()


@pytest.mark.parametrize("expression, values, expected", [
    (ENERGY, [3.0], "p^2 - 3.00*cos(q)"),
    (ENERGY, [-2.5], "p^2 + 2.50*cos(q)"),
    (C / P, [-1.0], "(-1.00)/p"),
    (square(C + square(P)), [0.01], "(0.0100 + p^2)^2"),
    (ENERGY, [1e9], "p^2 - 1.00e+09*cos(q)"),
])
def test_with_parameters(expression, values, expected):
  assert expression.with_parameters(values) == expected


def test_with_parameters_refuses_too_few():
  with pytest.raises(ValueError, match="1 parameter.*got 0"):
    ENERGY.with_parameters([])


def test_expressions_are_values():
  again = parse("p^2 - c0[1/s^2]*cos(q)", [Q, P])
  assert again == ENERGY and hash(again) == hash(ENERGY)
  assert ENERGY.num_nodes == 7 and ENERGY.num_parameters == 1
  assert renumber(C * Q + C).num_parameters == 2
  with pytest.raises(AttributeError):
    ENERGY.op = "+"
  assert sin(Q) != cos(Q)


PENDULUM = grammar.make_grammar(["q", "p"], ["rad", "1/s"],
                                parameter_units=["1", "1/s^2"])


def test_the_pendulum_language_has_39343_formulas():
  counts = grammar.count_formulas(PENDULUM)
  assert counts == {1: 2, 2: 4, 3: 36, 4: 145, 5: 966, 6: 5174, 7: 33016}
  assert sum(counts.values()) == 39343


def test_enumeration_equals_the_count():
  formulas = grammar.enumerate_formulas(PENDULUM)
  sizes = [f.num_nodes for f in formulas]
  assert len(set(formulas)) == len(formulas) == 39343
  assert sizes == sorted(sizes)
  assert {
      n: sizes.count(n) for n in set(sizes)
  } == grammar.count_formulas(PENDULUM)
  assert ENERGY in set(formulas)


def test_small_language_by_hand():
  language = grammar.make_grammar(["x"], ["m"],
                                  parameter_units=["m"],
                                  max_nodes=3)
  texts = {str(f) for f in grammar.enumerate_formulas(language)}
  assert texts == {
      "x", "x^2", "(x^2)^2", "x + x", "x - x", "x*x", "x/x", "c0[m] + x",
      "x - c0[m]", "c0[m]*x", "x/c0[m]", "c0[m] - x", "c0[m]/x"
  }


@pytest.mark.parametrize("arguments, reason", [
    ((["q"], ["m", "m"]), "equal lengths"),
    ((["q", "q"], ["m", "m"]), "differ from each other"),
    (([], []), "at least one input"),
])
def test_grammar_refuses(arguments, reason):
  with pytest.raises(ValueError, match=reason):
    grammar.make_grammar(*arguments)
  with pytest.raises(ValueError, match="at least 1"):
    grammar.make_grammar(["q"], ["m"], max_nodes=0)
