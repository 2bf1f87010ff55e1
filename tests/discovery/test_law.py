"""A law as a function."""

import dataclasses
import pickle

import jax
import jax.numpy as jnp
from jax.test_util import check_grads
import numpy as np
import pytest
import sympy

from noether_jax import InputError
from tests.discovery import laws


@pytest.fixture(params=list(laws.KINDS), name="law")
def _each_kind(request):
  return laws.KINDS[request.param]


class TestFunction:

  def test_numpy_in_numpy_out(self, law):
    states = laws.states_of(law, 3, 4)
    values, slopes = law(states), law.gradient(states)
    assert isinstance(values, np.ndarray) and values.shape == (3, 4)
    assert isinstance(slopes, np.ndarray) and slopes.shape == states.shape

  def test_lists_and_integers(self, law):
    size = len(law.variables)
    states = [list(range(1, 1 + size)), [n**2 for n in range(2, 2 + size)]]
    wanted = law(np.asarray(states, np.float64))
    np.testing.assert_allclose(law(states), wanted)
    out = law([jnp.asarray(s) for s in states])
    assert isinstance(out, jax.Array)
    np.testing.assert_allclose(out, wanted)

  def test_jit_vmap_and_grad(self, law):
    states = laws.states_of(law, 5)
    wanted = law(states)
    for function in (law, jax.jit(law), jax.vmap(law), jax.jit(jax.vmap(law))):
      out = function(jnp.asarray(states))
      assert isinstance(out, jax.Array)
      np.testing.assert_allclose(out, wanted, rtol=1e-12)
    slopes = jax.vmap(jax.grad(law))(jnp.asarray(states))
    np.testing.assert_allclose(slopes, law.gradient(states), rtol=1e-9)
    np.testing.assert_allclose(jax.jit(law.gradient)(jnp.asarray(states)),
                               slopes,
                               rtol=1e-9)
    check_grads(law, (states[0],), order=2)

  @pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
  def test_the_precision_of_the_states_is_kept(self, law, dtype):
    states = jnp.asarray(laws.states_of(law, 5), dtype)
    if law.terms:
      assert law(states).dtype == law.gradient(states).dtype == dtype

  def test_the_number_of_columns_is_checked(self, law):
    with pytest.raises(InputError, match=r"a law takes states \[..., "):
      law(np.zeros((5, 3)))

  def test_pickle(self, law):
    copy = pickle.loads(pickle.dumps(law))
    states = laws.states_of(law, 3)
    np.testing.assert_array_equal(copy(states), law(states))
    assert copy.text == law.text

  def test_immutable(self, law):
    with pytest.raises(dataclasses.FrozenInstanceError):
      law.verdict = "not conserved"


@pytest.mark.parametrize("kind", ["angles", "bodies"])
def test_sympy_equals_the_law(kind):
  law = laws.KINDS[kind]
  symbols = [sympy.Symbol(v.name) for v in law.variables]
  states = laws.states_of(law, 3)
  function = sympy.lambdify(symbols, law.sympy())
  np.testing.assert_allclose([function(*s) for s in states], law(states))


def test_a_network_shows_itself():
  law = laws.KINDS["network"]
  assert law.text == "network(q, p)" and law.terms == () and law.name is None
  assert law.latex == r"\mathrm{network}(q, p)"
  assert str(law.sympy()) == "network(q, p)"
  np.testing.assert_allclose(law([3., 4.]), 24.)
  assert repr(law) == "Law('network(q, p)', 'conserved')"


@pytest.mark.parametrize("kind,k,message", [
    ("network", 0, r"network\(q, p\) has no coefficient 0: a network has none"),
    ("network", 1, "has no coefficient 1: a network has none"),
    ("formula", 2,
     r"p\^2 - 3 cos\(q\) has no coefficient 2: its terms are 0 to 1"),
    ("formula", -1, "has no coefficient -1: its terms are 0 to 1"),
])
def test_only_a_term_has_a_coefficient(kind, k, message):
  law = laws.KINDS["network"]
  if kind == "formula":
    law = laws.make("q:rad,p:1/s", 1e-4, **{"p^2": 1., "cos(q)": -3.})
    assert [law.coefficient_unit(n) for n in range(2)] == ["1", "1/s^2"]
  with pytest.raises(InputError, match=message):
    law.coefficient_unit(k)
