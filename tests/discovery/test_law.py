"""A law as a function, as text, and as a file."""

import dataclasses
import pickle

import jax
import jax.numpy as jnp
from jax.test_util import check_grads
import numpy as np
import pytest
import sympy

from noether_jax import discover
from noether_jax import InputError
from noether_jax import Law
from noether_jax.data.columns import parse_columns
from noether_jax.discovery import Combination
from noether_jax.discovery import Evidence
from noether_jax.discovery import law_file
from noether_jax.discovery import library
from noether_jax.discovery import Network
from tests.reporting import made

_GOOD = Evidence(1e-9, 1e-9, 1., 0.)


def _law(columns, spread=0., **coefficients):
  variables = parse_columns(columns)
  terms = {t.text: t for t in library.library(variables)}
  names = list(coefficients)
  if not coefficients:
    names, values = list(terms), np.linspace(1, 2, len(terms))
  else:
    values = np.array(list(coefficients.values()))
  form = Combination(tuple(terms[n] for n in names), values,
                     np.full(len(names), spread))
  return Law(variables, form, _GOOD, "conserved")


# Every kind of term: angles, their differences, vectors, distances.
_KINDS = {
    "angles": _law("a:rad,b:rad,w:1/s,u:1/s"),
    "bodies": _law("x1:m,y1:m,vx1:m/s,vy1:m/s,x2:m,y2:m,vx2:m/s,vy2:m/s")
}


def _square_and_product(params, state):
  return params["w"] * jnp.array([state[0]**2, state[0] * state[1]])


_KINDS["network"] = Law(
    parse_columns("q,p"),
    Network(_square_and_product, {"w": jnp.float64(2.)}, component=1), _GOOD,
    "conserved")


@pytest.fixture(params=list(_KINDS), name="law")
def _each_kind(request):
  return _KINDS[request.param]


def _states(law, *shape):
  random = np.random.default_rng(0)
  return random.uniform(.5, 2., (*shape, len(law.variables)))


class TestFunction:

  def test_numpy_in_numpy_out(self, law):
    states = _states(law, 3, 4)
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
    states = _states(law, 5)
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
    states = jnp.asarray(_states(law, 5), dtype)
    if law.terms:
      assert law(states).dtype == law.gradient(states).dtype == dtype

  def test_the_number_of_columns_is_checked(self, law):
    with pytest.raises(InputError, match=r"a law takes states \[..., "):
      law(np.zeros((5, 3)))

  def test_pickle(self, law):
    copy = pickle.loads(pickle.dumps(law))
    states = _states(law, 3)
    np.testing.assert_array_equal(copy(states), law(states))
    assert copy.text == law.text

  def test_immutable(self, law):
    with pytest.raises(dataclasses.FrozenInstanceError):
      law.verdict = "not conserved"


@pytest.mark.parametrize("kind", ["angles", "bodies"])
def test_sympy_equals_the_law(kind):
  law = _KINDS[kind]
  symbols = [sympy.Symbol(v.name) for v in law.variables]
  states = _states(law, 3)
  function = sympy.lambdify(symbols, law.sympy())
  np.testing.assert_allclose([function(*s) for s in states], law(states))


def test_a_network_shows_itself():
  law = _KINDS["network"]
  assert law.text == "network(q, p)" and law.terms == () and law.name is None
  assert law.latex == r"\mathrm{network}(q, p)"
  assert str(law.sympy()) == "network(q, p)"
  np.testing.assert_allclose(law([3., 4.]), 24.)
  assert repr(law) == "Law('network(q, p)', 'conserved')"


@pytest.mark.parametrize("value,spread,text,latex", [
    (-2.99998, 1e-4, "p^2 - 3 cos(q)", r"p^{2} - 3 \, \cos{q}"),
    (1.00001, 1e-5, "p^2 + cos(q)", r"p^{2} + \cos{q}"),
    (.50001, 1e-5, "p^2 + 0.5 cos(q)", r"p^{2} + 0.5 \, \cos{q}"),
    (.33333, 1e-5, "p^2 + 1/3 cos(q)", r"p^{2} + \tfrac{1}{3} \, \cos{q}"),
    (-2.93, .04, "p^2 - 2.93 cos(q)", r"p^{2} - 2.93 \, \cos{q}"),
])
def test_simple_numbers_are_shown_and_fits_kept(value, spread, text, latex):
  law = _law("q:rad,p:1/s", spread, **{"p^2": 1., "cos(q)": value})
  assert law.text == text and law.latex == latex
  assert latex in law._repr_latex_()  # pylint: disable=protected-access
  assert law.coefficients[1] == value
  assert law.sympy().coeff(sympy.cos(sympy.Symbol("q"))) == value


def test_a_number_over_a_distance():
  law = _law("x,y,vx,vy", 1e-8, **{"|v|^2": 1., "1/|r|": -.0005918})
  assert law.text == "|v|^2 - 0.0005918/|r|"


@pytest.mark.parametrize("columns,coefficients,name", [
    ("q:rad,p:1/s", {
        "p^2": 1.,
        "cos(q)": -3.
    }, "energy"),
    ("x:m,v:m/s", {
        "x^2": 1.,
        "v^2": 2.
    }, "energy"),
    ("x,v", {
        "x^2": 1.,
        "v^2": 2.
    }, None),
    ("x:m,v:m/s", {
        "x^2": 1.,
        "v^2": -2.
    }, None),
    ("x:m,v:m/s", {
        "v^2": 1.,
        "x*v": 1.
    }, None),
    ("x:m,v:m/s,a:m/s^2", {
        "v^2": 1.,
        "x^2": 1.
    }, None),
    ("o1:rad,o2:rad,w1:1/s,w2:1/s", {
        "w1^2": 1.,
        "w2^2": .3,
        "w1*w2*cos(o1 - o2)": .8,
        "cos(o1)": -120.
    }, "energy"),
    ("o1:rad,o2:rad,w1:1/s,w2:1/s", {
        "w1^2": 1.,
        "cos(o1)": -120.
    }, None),
    ("x,y,vx,vy", {
        "|v|^2": 1.,
        "1/|r|": -2.
    }, "energy"),
    ("x,y,vx,vy", {
        "vx^2": 1.,
        "|v|^2": 1.,
        "x^2": 3.
    }, None),
    ("x,y,vx,vy", {
        "x*vy": 1.,
        "y*vx": -.9999873
    }, "angular momentum about z"),
    ("x,y,vx,vy", {
        "x*vy": 1.,
        "y*vx": -.9
    }, None),
    ("x,y,vx,vy", {
        "x*vy": 1.,
        "y*vx": 1.
    }, None),
    ("x,y,z,px,py,pz", {
        "x*pz": 1.,
        "z*px": -1.
    }, "angular momentum about y"),
    ("a,b,va,vb", {
        "a*vb": 1.,
        "b*va": -1.
    }, None),
    ("x1,y1,vx1,vy1,x2,y2,vx2,vy2", {
        "vx1": 1.,
        "vx2": 2.
    }, "momentum along x"),
    ("x1,y1,vx1,vy1,x2,y2,vx2,vy2", {
        "vx1": 1.
    }, None),
    ("x1,y1,vx1,vy1,x2,y2,vx2,vy2", {
        "x1*vy1": 1.,
        "y1*vx1": -1.,
        "x2*vy2": 3.,
        "y2*vx2": -3.
    }, "angular momentum about z"),
])
def test_names(columns, coefficients, name):
  assert _law(columns, 1e-5, **coefficients).name == name


def test_the_file_holds_all_laws(tmp_path):
  laws = [
      _KINDS["bodies"],
      _law("x1:m,y1:m,vx1:m/s,vy1:m/s,x2:m,y2:m,"
           "vx2:m/s,vy2:m/s", **{
               "vx1": 1.,
               "vx2": -2.
           })
  ]
  source = law_file.law_module(laws)
  assert "noether_jax" not in source
  module = {}
  exec(compile(source, "law.py", "exec"), module)  # pylint: disable=exec-used
  states = _states(laws[0], 4, 3)
  wanted = np.stack([law(states) for law in laws], -1)
  np.testing.assert_allclose(module["laws"](states), wanted)
  np.testing.assert_allclose(module["law_2"](states.tolist()), wanted[..., 1])
  for transformed in (jax.jit, jax.vmap):
    got = transformed(module["laws"])(jnp.asarray(states))
    assert isinstance(got, jax.Array)
    np.testing.assert_allclose(got, wanted, rtol=1e-12)
  jax.grad(lambda s: module["laws"](s).sum())(jnp.asarray(states))


@pytest.mark.parametrize("others", [0, 1])
def test_a_network_is_left_out_of_the_file_with_a_word(others):
  laws = [_KINDS["network"], *[_law("q,p", **{"q^2": 1., "p^2": 2.})] * others]
  source = law_file.law_module(laws)
  assert "law_1: network(q, p)" in source
  assert "call `found.laws[0](states)`" in source
  module = {}
  exec(compile(source, "law.py", "exec"), module)  # pylint: disable=exec-used
  states = _states(laws[0], 4)
  wanted = np.zeros((4, 0)) if not others else laws[1](states)[:, None]
  np.testing.assert_allclose(module["laws"](states), wanted)
  assert "law_1" not in module and ("law_2" in module) == bool(others)


@pytest.mark.parametrize("verdict", list(made.EVIDENCE))
def test_a_discovery_of_a_network_shows_and_saves_itself(verdict, tmp_path):
  law = dataclasses.replace(_KINDS["network"], verdict=verdict)
  rejected = verdict == "not conserved"
  found = made.found(verdict,
                     laws=() if rejected else (law,),
                     best_rejected=law if rejected else None)
  for text in (str(found), found._repr_html_()):  # pylint: disable=W0212
    assert "network" in text
  found.save(tmp_path)
  names = {p.name for p in tmp_path.iterdir()}
  assert {"portrait.png", "quantity.png", "report.html"} <= names
  assert ("law.py" in names) == (not rejected)
  assert str(law) and law.name is None and law.simple == ()
  assert law.check(made.data()).text == "network(q, p)"


@pytest.mark.parametrize(
    "name", ['a"""b', "a\nb", "a\\", "xp", "states", "_arrays", "for"])
def test_no_name_leaves_its_place_in_the_file(name):
  variables = tuple(
      dataclasses.replace(v, name=n)
      for v, n in zip(parse_columns("q,p"), (name, "p")))
  form = Combination(library.library(variables)[:5], np.ones(5), np.zeros(5))
  law = Law(variables, form, _GOOD, "conserved")
  module = {}
  exec(law_file.law_module([law]), module)  # pylint: disable=exec-used
  states = np.random.default_rng(0).normal(size=(4, 2))
  np.testing.assert_allclose(module["laws"](states)[:, 0], law(states))


def test_a_discovery_shows_and_saves_itself(tmp_path):
  angle = np.linspace(0, 6, 60)
  circle = np.stack([np.cos(angle), -np.sin(angle)], -1)
  found = discover([r * circle for r in (1., 2., 3., 4.)],
                   angle,
                   columns={
                       "q": "1",
                       "p": "1/s"
                   })
  assert "q^2 + p^2" in str(found) and len(repr(found)) < 100
  assert "<math" in found._repr_html_()  # pylint: disable=protected-access
  found.save(tmp_path / "new" / "folder")
  names = {p.name for p in (tmp_path / "new" / "folder").iterdir()}
  assert names == {
      "law.py", "result.json", "report.html", "quantity.png", "portrait.png"
  }
  (tmp_path / "file").write_text("")
  with pytest.raises(InputError, match="The folder .*file: "):
    found.save(tmp_path / "file")


@pytest.mark.parametrize("vectors", [[("x", "y")], "x,y"])
def test_vectors_by_name_make_rotational_terms(vectors):
  angle = np.linspace(0, 6, 60)
  circle = np.stack([np.cos(angle), np.sin(angle)], -1)
  found = discover([r * circle for r in (1., 2., 3., 4.)],
                   columns="x,y",
                   vectors=vectors,
                   degree=2)
  assert found.laws[0].terms[0].text in ("|r|", "|r|^2", "1/|r|")
