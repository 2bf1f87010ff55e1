"""A law as text: its numbers and its name."""

import pytest
import sympy

from tests.discovery import laws


@pytest.mark.parametrize("value,spread,text,latex", [
    (-2.99998, 1e-4, "p^2 - 3 cos(q)", r"p^{2} - 3 \, \cos{q}"),
    (1.00001, 1e-5, "p^2 + cos(q)", r"p^{2} + \cos{q}"),
    (.50001, 1e-5, "p^2 + 0.5 cos(q)", r"p^{2} + 0.5 \, \cos{q}"),
    (.33333, 1e-5, "p^2 + 1/3 cos(q)", r"p^{2} + \tfrac{1}{3} \, \cos{q}"),
    (-2.93, .04, "p^2 - 2.93 cos(q)", r"p^{2} - 2.93 \, \cos{q}"),
])
def test_simple_numbers_are_shown_and_fits_kept(value, spread, text, latex):
  law = laws.make("q:rad,p:1/s", spread, **{"p^2": 1., "cos(q)": value})
  assert law.text == text and law.latex == latex
  assert latex in law._repr_latex_()  # pylint: disable=protected-access
  assert law.coefficients[1] == value
  assert law.sympy().coeff(sympy.cos(sympy.Symbol("q"))) == value


@pytest.mark.parametrize("value,spread,text,latex", [
    (.37, 1e-4, "0.37 p^2 - cos(q)", r"0.37 \, p^{2} - \cos{q}"),
    (1.00001, 1e-5, "p^2 - cos(q)", r"p^{2} - \cos{q}"),
    (-2.99999, 1e-5, "-3 p^2 - cos(q)", r"-3 \, p^{2} - \cos{q}"),
    (.33333, 1e-5, "1/3 p^2 - cos(q)", r"\tfrac{1}{3} \, p^{2} - \cos{q}"),
])
def test_the_first_coefficient_is_shown(value, spread, text, latex):
  law = laws.make("q:rad,p:1/s", spread, **{"p^2": value, "cos(q)": -1.})
  assert law.text == text and law.latex == latex
  assert law.sympy().coeff(sympy.Symbol("p")**2) == value


def test_a_number_over_a_distance():
  law = laws.make("x,y,vx,vy", 1e-8, **{"|v|^2": 1., "1/|r|": -.0005918})
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
  assert laws.make(columns, 1e-5, **coefficients).name == name
