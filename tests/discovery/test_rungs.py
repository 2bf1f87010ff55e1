"""Rungs make terms of what is known of the columns, none of them twice."""

import pytest

from noether_jax import rungs
from noether_jax.data.columns import parse_columns
from noether_jax.discovery import Subject
from noether_jax.discovery.terms import Term
from noether_jax.errors import InputError
from tests.discovery import laws

SUBJECTS = {
    "two numbers":
        laws.subject("x,y", positive=(0, 1)),
    "pendulum":
        laws.subject("q:rad,p:1/s"),
    "two angles":
        laws.subject("a:rad,b:rad,w:1/s,u:1/s", velocities=((0, 2), (1, 3))),
    "a body":
        laws.subject("x:m,y:m,vx:m/s,vy:m/s"),
    "two bodies":
        laws.subject("x1:m,y1:m,vx1:m/s,vy1:m/s,x2:m,y2:m,vx2:m/s,vy2:m/s",
                     velocities=((0, 2), (1, 3), (4, 6), (5, 7))),
    "a constant":
        laws.subject("x:m,v:m/s,k:1/s^2", constants=(2,)),
    "two constants":
        laws.subject("x,v,k,l", constants=(2, 3)),
}


def _texts(rung, subject):
  return [t.text for t in rung(subject)]


@pytest.mark.parametrize("rung", rungs.default, ids=lambda r: r.__name__)
def test_a_default_rung_is_public(rung):
  assert getattr(rungs, rung.__name__) is rung
  assert rung.__name__ in rungs.__all__ and rung.__doc__


@pytest.mark.parametrize("rung", rungs.default, ids=lambda r: r.__name__)
@pytest.mark.parametrize("name", list(SUBJECTS))
def test_no_term_comes_twice(name, rung):
  found = _texts(rung, SUBJECTS[name])
  assert len(found) == len(set(found))


def test_small_libraries_come_first():
  assert rungs.default[:2] == (rungs.weighted, rungs.linear)
  subject = SUBJECTS["two numbers"]
  assert not rungs.weighted(subject)
  sizes = [
      len(rung(subject))
      for rung in (rungs.linear, rungs.quadratic, rungs.polynomials)
  ]
  assert sizes == sorted(sizes) and sizes[1] == 5


def test_angles_enter_as_they_are_in_one_rung_only():
  known = laws.subject("q:rad,p:1/s")
  found = {
      rung.__name__: {t.text for t in rung(known) if isinstance(t, Term)}
      for rung in rungs.default
  }
  every = set().union(*found.values())
  assert {"cos(q)", "sin(q)", "p^2", "p*cos(q)"} <= every
  assert [name for name, texts in found.items() if {"q", "q^2"} & texts
         ] == ["torques"]


@pytest.mark.parametrize("rung,name,wanted", [
    (rungs.linear, "a body", ["x", "y", "vx", "vy"]),
    (rungs.logarithms, "two numbers", ["x", "y", "log(x)", "log(y)"]),
    (rungs.logarithms, "a body", []),
    (rungs.central, "a body", ["|r|^2", "r.v", "|v|^2", "1/|r|", "log|r|"]),
    (rungs.central, "two numbers", []),
    (rungs.mechanics, "two numbers", []),
    (rungs.mechanics, "two angles", ["w^2", "w*u*cos(a - b)", "cos(a)"]),
    (rungs.mechanics, "two bodies", ["1/|r1 - r2|", "vx1", "x1*vy1", "vx1^2"]),
    (rungs.trigonometric, "two numbers", []),
    (rungs.trigonometric, "pendulum", ["cos(q)^2", "p*sin(q)", "p^2"]),
])
def test_what_a_rung_holds(rung, name, wanted):
  found = _texts(rung, SUBJECTS[name])
  assert set(wanted) <= set(found) and (wanted or not found)


def test_constants_of_a_trial_multiply_terms():
  found = _texts(rungs.quadratic, SUBJECTS["a constant"])
  assert {"x^2", "k*x^2", "k^2*x^2", "x^2/k"} <= set(found)
  assert not {"k", "k^2", "1/k"} & set(found)
  assert "k*l*x^2" in _texts(rungs.quadratic, SUBJECTS["two constants"])


def test_the_degree_is_the_users():
  subject = Subject(parse_columns("x,y"), degree=3)
  assert max(t.degree for t in rungs.polynomials(subject)) == 3


def test_a_rung_is_made_of_formulas():
  subject = laws.subject("x:m,v:m/s")
  found = subject.terms("exp(-x/2)*v^2", "x*v")
  assert [t.text for t in found] == ["exp(-x/2)*v^2", "x*v"]
  assert [str(t.unit) for t in found] == ["m^2/s^2", "m^2/s"]


@pytest.mark.parametrize("text,message", [
    ("exp(-z)", "no column 'z'"),
    ("x + v", "units clash"),
    ("", "cannot be read"),
])
def test_mistakes_in_a_formula(text, message):
  with pytest.raises(InputError, match=message):
    laws.subject("x:m,v:m/s").terms(text)


def test_subjects_name_their_columns():
  subject = laws.subject("q:rad,p:1/s,k", constants=(2,))
  assert subject.angles == (0,) and subject.plain == (1,)
  assert laws.subject("q:rad,w:rad/s").velocities == ((0, 1),)
