"""A factor that is written as text is a factor like the others."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import sympy

from noether_jax.data.columns import parse_columns
from noether_jax.discovery.formula_atom import FormulaAtom
from noether_jax.errors import InputError

_COLUMNS = "a:m,b:m,q:rad,w dot:1/s"
_FORMULAS = [
    "exp(-a/2)", "exp((a - b)/2)", "sin(q)^2*a", "sqrt(a^2 + b^2)",
    "abs(a - b)", "log(a/2)*b", "1/(a + b)", "a", "3*cos(q)", "tan(q)/b"
]


def _states():
  return np.random.default_rng(0).uniform(.5, 1.2, (6, 4))


@pytest.mark.parametrize("text", _FORMULAS)
class TestFormulaAtom:

  def _atom(self, text):
    return FormulaAtom.read(text, parse_columns(_COLUMNS))

  def test_the_gradient_equals_central_differences(self, text):
    atom, states, step = self._atom(text), _states(), 1e-6
    slopes = atom.gradient(list(states.T))
    assert set(slopes) == set(atom.plus)
    for i in range(4):
      move = step * np.eye(4)[i]
      wanted = (atom.value(list(
          (states + move).T)) - atom.value(list(
              (states - move).T))) / (2 * step)
      np.testing.assert_allclose(slopes.get(i, 0. * wanted),
                                 wanted,
                                 rtol=1e-6,
                                 atol=1e-7)

  def test_numpy_equals_jax_and_code(self, text):
    atom, states = self._atom(text), _states()
    values = atom.value(list(states.T))
    assert isinstance(values, np.ndarray) and values.shape == (6,)
    for function in (atom.value, jax.jit(atom.value)):
      out = function(list(jnp.asarray(states.T)))
      assert isinstance(out, jax.Array)
      np.testing.assert_allclose(out, values, rtol=1e-12)
    names = [v.identifier for v in parse_columns(_COLUMNS)]
    for module in (np, jnp):
      code = atom.code(names, "xp")
      known = {"xp": module, **dict(zip(names, states.T))}
      got = eval(code, known)  # pylint: disable=eval-used
      np.testing.assert_allclose(got, values, rtol=1e-12)

  def test_sympy_equals_the_value(self, text):
    atom, states = self._atom(text), _states()
    symbols = sympy.symbols("s:4")
    function = sympy.lambdify(symbols, atom.to_sympy(symbols))
    np.testing.assert_allclose([function(*s) for s in states],
                               atom.value(list(states.T)))


@pytest.mark.parametrize("text,unit", [("a^2*cos(q)", "m^2"), ("q", "1"),
                                       ("sqrt(a)/b", "1/m^(1/2)")])
def test_units(text, unit):
  variables = parse_columns(_COLUMNS)
  assert str(FormulaAtom.read(text, variables).unit(variables)) == unit


@pytest.mark.parametrize("text,message", [
    ("a + q", "units clash"),
    ("exp(z)", "no column 'z'"),
    ("a +", "cannot be read"),
])
def test_mistakes(text, message):
  with pytest.raises(InputError, match=message):
    FormulaAtom.read(text, parse_columns(_COLUMNS))


def test_the_precision_of_the_states_is_kept():
  atom = FormulaAtom.read("exp(-a/3)", parse_columns("a,b"))
  columns = list(jnp.ones((2, 3), jnp.float32))
  assert atom.value(columns).dtype == jnp.float32
