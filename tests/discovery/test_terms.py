"""Terms, their derivatives and their code."""

from fractions import Fraction

import jax.numpy as jnp
import numpy as np
import pytest
import sympy

from noether_jax.data.columns import parse_columns
from noether_jax.data.columns import Variable
from noether_jax.discovery import terms
from noether_jax.discovery import vectors
from noether_jax.discovery.terms import Atom
from noether_jax.discovery.terms import Term
from noether_jax.errors import InputError
from noether_jax.symbolic.units import Unit
from tests.discovery import laws

_MIXED = "a:rad,b:rad,w:1/s,u:1/s"
_BODY = "x:m,y:m,vx:m/s,vy:m/s"
_CONSTANT = "x:m,v:m/s,k:1/s^2"


def _candidates(columns):
  """Every term of the rungs; x stays positive, k is a constant of a trial."""
  names = [v.name for v in parse_columns(columns)]
  index = lambda name: (names.index(name),) if name in names else ()
  return tuple(
      laws.candidates(columns, positive=index("x"),
                      constants=index("k")).values())


@pytest.mark.parametrize("columns", [_MIXED, _BODY, _CONSTANT],
                         ids=["angles", "body", "constant"])
class TestTerms:

  def test_gradients_equal_central_differences(self, columns):
    found = _candidates(columns)
    size = len(columns.split(","))
    states = np.random.default_rng(0).uniform(.5, 2., (7, size))
    got = terms.gradients(found, states)
    step = 1e-6
    for i in range(size):
      move = step * np.eye(size)[i]
      wanted = (terms.term_values(found, states + move) -
                terms.term_values(found, states - move)) / (2 * step)
      np.testing.assert_allclose(got[:, :, i], wanted, rtol=1e-6, atol=1e-6)

  def test_numpy_equals_jax_and_code(self, columns):
    found, variables = _candidates(columns), parse_columns(columns)
    states = np.random.default_rng(1).uniform(.5, 2., (5, len(variables)))
    values = terms.term_values(found, states)
    np.testing.assert_allclose(terms.term_values(found, jnp.asarray(states)),
                               values,
                               rtol=1e-12)
    names = dict(zip([v.identifier for v in variables], states.T))
    for n, term in enumerate(found):
      code = term.code([v.identifier for v in variables])
      got = eval(code, {"np": np, **names})  # pylint: disable=eval-used
      np.testing.assert_allclose(got, values[:, n], rtol=1e-12)


@pytest.mark.parametrize("factors,text,unit", [
    ([("dot", (2, 3), (2, 3), 1)], "|v|^2", "m^2/s^2"),
    ([("dot", (2, 3), (2, 3), 2)], "|v|^4", "m^4/s^4"),
    ([("dot", (0, 1), (2, 3), 2)], "(r.v)^2", "m^4/s^2"),
    ([("inverse", (0, 1), (), 1)], "1/|r|", "1/m"),
    ([("inverse", (0, 1), (), 3), ("var", (0,), (), 1)], "x/|r|^3", "1/m^2"),
    ([("inverse", (0, 1), (), -1)], "|r|", "m"),
    ([("var", (0,), (), 1), ("var", (3,), (), 1)], "x*vy", "m^2/s"),
    ([("var", (0,), (), -1), ("var", (3,), (), 2)], "vy^2/x", "m/s^2"),
    ([("var", (0,), (), -2)], "1/x^2", "1/m^2"),
    ([("log", (0,), (), 1)], "log(x)", "1"),
    ([("lognorm", (0, 1), (), 1)], "log|r|", "1"),
    ([("exp", (0,), (), -1)], "exp(-x)", "1"),
    ([("exp", (0,), (), 2)], "exp(2*x)", "1"),
    ([("exp", (0,), (1,), -1)], "exp(-(x - y))", "1"),
    ([("abs", (0,), (), 1)], "|x|", "m"),
    ([("norm", (0,), (1,), 1)], "|x - y|", "m"),
    ([("difference", (0,), (1,), 3)], "(x - y)^3", "m^3"),
])
def test_text_and_units(factors, text, unit):
  term = Term.make([(Atom(*atom), power) for *atom, power in factors],
                   parse_columns(_BODY))
  assert term.text == text and term.unit == Unit.parse(unit)


@pytest.mark.parametrize("power,text,value", [
    (Fraction(1, 2), "sqrt(x)", 2.),
    (Fraction(-1, 2), "1/sqrt(x)", .5),
    (Fraction(-3, 2), "1/x^(3/2)", .125),
])
def test_powers_that_are_fractions(power, text, value):
  columns = parse_columns("x:m")
  term = Term.make([(Atom("var", (0,)), power)], columns)
  assert term.text == text and term.unit == Unit.parse("m")**power
  assert term.value([np.array([4.])]) == value
  assert float(term.to_sympy(sympy.symbols("x,")).subs("x", 4)) == value


def test_gradients_shape():
  found = tuple(laws.candidates("q,p").values())
  assert terms.gradients(found, np.ones((3, 2))).shape == (3, len(found), 2)


@pytest.mark.parametrize("name,identifier", [("θ", "θ"), ("x dot", "x_dot"),
                                             ("2x", "v_2x"), ("for", "v_for"),
                                             ("states", "v_states")])
def test_identifiers(name, identifier):
  assert Variable(name).identifier == identifier


@pytest.mark.parametrize("powers,wanted", [
    ([(1, 0, 0, -1), (0, 1, -1, 0)], [(1, 0, 1, 0), (0, 1, 0, 1)]),
    ([(2, 0, 1, 0), (0, 1, 2, 1)], [(2, 0, 0, 0), (0, 1, 1, 1)]),
    ([(1, 0, 1, 0), (0, 1, 0, 0)], [(1, 0, 1, 0), (0, 1, 0, 0)]),
])
def test_no_power_of_a_constant_is_common_to_all_terms(powers, wanted):
  columns = parse_columns("v1,v2,m1,m2")
  make = lambda all_powers: [
      Term.make([(Atom("var", (i,)), p)
                 for i, p in enumerate(one)
                 if p], columns)
      for one in all_powers
  ]
  found = terms.without_common_factor(make(powers), (2, 3), columns)
  assert [set(t.factors) for t in found
         ] == [set(t.factors) for t in make(wanted)]


class TestVectors:

  def test_equal_units_are_needed(self):
    assert vectors.find_vectors(parse_columns(_BODY)) == ((0, 1), (2, 3))
    assert not vectors.find_vectors(parse_columns("x:m,y:1,vx:m/s,vy:m/s"))
    assert not vectors.find_vectors(parse_columns("x:m,y:m"))

  @pytest.mark.parametrize("text,message", [
      ("x,z", "no column 'z'"),
      ("x", "two different columns"),
      ("x,t", "must have one unit"),
  ])
  def test_mistakes(self, text, message):
    variables = parse_columns("x:m,y:m,t:s")
    with pytest.raises(InputError, match=message):
      vectors.as_vectors(text, variables)

  def test_by_name(self):
    variables = parse_columns("x:m,y:m,t:s")
    assert vectors.as_vectors([("y", "x")], variables) == ((1, 0),)

  @pytest.mark.parametrize("none", ["none", "", ()])
  def test_no_vector(self, none):
    variables = parse_columns("x:m,y:m")
    assert vectors.as_vectors(none, variables) == ()
