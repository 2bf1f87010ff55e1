"""Features, libraries and their derivatives."""

import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax.data.columns import parse_columns
from noether_jax.data.columns import Variable
from noether_jax.discovery import library
from noether_jax.discovery import terms
from noether_jax.errors import InputError
from noether_jax.symbolic.units import Unit

_MIXED = parse_columns("a:rad,b:rad,w:1/s,u:1/s")
_BODY = parse_columns("x:m,y:m,vx:m/s,vy:m/s")


def _library(variables):
  positive = [i for i, v in enumerate(variables) if v.name == "x"]
  return library.library(variables, positive=positive)


@pytest.mark.parametrize("variables", [_MIXED, _BODY], ids=["angles", "body"])
class TestLibrary:

  def test_gradients_equal_central_differences(self, variables):
    found = _library(variables)
    states = np.random.default_rng(0).uniform(.5, 2., (7, len(variables)))
    got = terms.gradients(found, states)
    step = 1e-6
    for i in range(len(variables)):
      move = step * np.eye(len(variables))[i]
      wanted = (terms.term_values(found, states + move) -
                terms.term_values(found, states - move)) / (2 * step)
      np.testing.assert_allclose(got[:, :, i], wanted, rtol=1e-6, atol=1e-7)

  def test_numpy_equals_jax_and_code(self, variables):
    found = _library(variables)
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

  def test_no_feature_depends_linearly_on_the_others(self, variables):
    states = np.random.default_rng(2).uniform(.5, 2., (4000, len(variables)))
    values = terms.term_values(_library(variables), states)
    values = (values - values.mean(0)) / values.std(0)
    sizes = np.linalg.svd(values, compute_uv=False)
    assert sizes[-1] > 1e-6 * sizes[0]


def test_angles_enter_only_through_sine_and_cosine():
  texts = {f.text for f in library.library(parse_columns("q:rad,p:1/s"))}
  assert {"cos(q)", "sin(q)", "p^2", "p*cos(q)"} <= texts
  assert "q" not in texts and "q^2" not in texts


@pytest.mark.parametrize("text,unit", [("|v|^2", "m^2/s^2"), ("1/|r|", "1/m"),
                                       ("x*vy", "m^2/s"), ("log(x)", "1")])
def test_units(text, unit):
  found = {f.text: f for f in _library(_BODY)}
  assert found[text].unit == Unit.parse(unit)


def test_vectors_need_equal_units():
  assert library.find_vectors(parse_columns("x:m,y:m,vx:m/s,vy:m/s"))
  assert not library.find_vectors(parse_columns("x:m,y:1,vx:m/s,vy:m/s"))
  assert not library.find_vectors(parse_columns("x:m,y:m"))


def test_two_bodies_have_a_distance():
  columns = "x1:m,y1:m,vx1:m/s,vy1:m/s,x2:m,y2:m,vx2:m/s,vy2:m/s"
  texts = {f.text for f in library.library(parse_columns(columns), degree=1)}
  assert "1/|r1 - r2|" in texts


def test_degree_below_one():
  with pytest.raises(ValueError, match="must be at least 1: got 0"):
    library.library(_BODY, degree=0)


def test_too_large():
  with pytest.raises(ValueError, match="choose fewer columns"):
    library.library(_BODY, degree=8)


@pytest.mark.parametrize("name,identifier", [("θ", "θ"), ("x dot", "x_dot"),
                                             ("2x", "v_2x"), ("for", "v_for"),
                                             ("states", "v_states")])
def test_identifiers(name, identifier):
  assert Variable(name).identifier == identifier


@pytest.mark.parametrize("text,message", [
    ("x,z", "no column 'z'"),
    ("x", "two different columns"),
    ("x,t", "must have one unit"),
])
def test_bad_vectors(text, message):
  variables = parse_columns("x:m,y:m,t:s")
  with pytest.raises(InputError, match=message):
    library.as_vectors(text, variables)


def test_vectors_by_name():
  variables = parse_columns("x:m,y:m,t:s")
  assert library.as_vectors([("y", "x")], variables) == ((1, 0),)


@pytest.mark.parametrize("vectors", ["none", "", ()])
def test_no_vector(vectors):
  variables = parse_columns("x:m,y:m")
  assert library.as_vectors(vectors, variables) == ()
