"""Which terms the rungs make, with which units, and none twice over."""

import numpy as np
import pytest

from noether_jax import rungs
from noether_jax.discovery import terms as terms_lib
from noether_jax.discovery.terms import Term
from tests.discovery import laws
from tests.discovery import test_rungs

_PLANE = "x1:m,y1:m,vx1:m/s,vy1:m/s,x2:m,y2:m,vx2:m/s,vy2:m/s"
_THREE = ",".join(f"{a}{n}:{u}" for n in (1, 2, 3)
                  for a, u in (("x", 1), ("y", 1), ("vx", "1/s"), ("vy",
                                                                   "1/s")))
_LINE = "q1,q2,q3,p1:1/s,p2:1/s,p3:1/s"
_ON_A_LINE = {"velocities": ((0, 3), (1, 4), (2, 5))}
SUBJECTS = {
    **test_rungs.SUBJECTS,
    "number and speed":
        laws.subject("q,p:1/s", positive=(0,)),
    "length and speed":
        laws.subject("x:m,v:m/s"),
    "height and speed":
        laws.subject("x:m,v:m/s", one_sided=(0,)),
    "line":
        laws.subject(_LINE, **_ON_A_LINE),
    "space":
        laws.subject("x:m,y:m,z:m,vx:m/s,vy:m/s,vz:m/s"),
    "two bodies":
        laws.subject(_PLANE),
    "three bodies":
        laws.subject(_THREE),
    "points":
        laws.subject("x1:m,y1:m,x2:m,y2:m,x3:m,y3:m"),
    "species":
        laws.subject("a,b,c", positive=(0, 1, 2)),
    "rotor":
        laws.subject("x:m,a:rad,v:m/s,w:1/s", velocities=((0, 2), (1, 3))),
    "angles":
        laws.subject("a:rad,b:rad,w:1/s,u:1/s", velocities=((0, 2), (1, 3))),
}


def _texts(rung, name):
  return {t.text for t in rung(SUBJECTS[name])}


@pytest.mark.parametrize("rung", rungs.default, ids=lambda r: r.__name__)
@pytest.mark.parametrize("name", list(SUBJECTS))
def test_no_term_is_a_combination_of_others(rung, name):
  subject = SUBJECTS[name]
  found = [t for t in rung(subject) if isinstance(t, Term)]
  if len(found) < 2:
    return
  states = np.random.default_rng(0).normal(size=(4000, len(subject.variables)))
  positive = [*subject.positive, *subject.constants]
  states[:, positive] = np.exp(states[:, positive])
  values = terms_lib.term_values(found, states)
  # Terms with a pole vary over many powers of ten.
  values = values / np.quantile(np.abs(values), .9, axis=0)
  values = values[(np.abs(values) < 10).all(1)]
  values = values - values.mean(0)
  sizes = np.linalg.svd(values / values.std(0), compute_uv=False)
  assert sizes[-1] > 1e-9 * sizes[0]


@pytest.mark.parametrize("rung,name,wanted", [
    (rungs.attraction, "two bodies", {"|v1|^2", "|v2|^2", "1/|r1 - r2|"}),
    (rungs.attraction, "points", set()),
    (rungs.springs, "three bodies", {"|v3|^2", "|r1 - r3|^2", "|r2 - r3|^4"}),
    (rungs.springs, "line", set()),
    (rungs.bodies, "two bodies",
     {"|v1|^2", "x1*vy1", "1/|r1 - r2|", "log|r1 - r2|", "|r1 - r2|^4"}),
    (rungs.bodies, "points", {"log|r1 - r3|", "1/|r2 - r3|"}),
    (rungs.bodies, "space", set()),
    (rungs.moments, "two bodies", {"x1*vy2", "y2*vx1"}),
    (rungs.moments, "points", set()),
    (rungs.distances, "two bodies", {"|v2|^2", "|r1 - r2|", "|r1 - r2|^3"}),
    (rungs.distances, "line", set()),
    (rungs.radial, "space", {"|r|", "|r|^3", "1/|r|^3"}),
    (rungs.lenz, "space", {"x/|r|", "x*vy^2", "z*vx*vz"}),
    (rungs.lenz, "two bodies",
     {"(x1 - x2)/|r1 - r2|", "(y1 - y2)*(vx1 - vx2)*(vy1 - vy2)"}),
    (rungs.lenz, "three bodies", {"x3/|r3|"}),
    (rungs.lenz, "line", set()),
    (rungs.functions, "number and speed",
     {"p^2", "q", "q^2", "1/q", "1/q^2", "log(q)"}),
    (rungs.functions, "length and speed", {"v^2", "x", "x^2", "|x|"}),
    (rungs.functions, "height and speed", {"v^2", "x", "x^2"}),
    (rungs.functions, "three bodies", set()),
    (rungs.exponentials, "number and speed",
     {"p^2", "exp(q)", "exp(-q)", "exp(2*q)", "exp(-2*q)"}),
    (rungs.exponentials, "line", {"exp(q1 - q2)", "exp(q3 - q1)"}),
    (rungs.exponentials, "length and speed", set()),
    (rungs.waves, "number and speed", {"cos(q)", "sin(q)", "cos(q)^2"}),
    (rungs.waves, "length and speed", set()),
    (rungs.pairs, "line", {"(q1 - q2)^4", "q3^3", "p2^2", "|q1 - q3|"}),
    (rungs.pairs, "two bodies", set()),
    (rungs.pairs, "rotor", set()),
    (rungs.forces, "line", {"1/|q1 - q2|^2", "log|q2 - q3|"}),
    (rungs.forces, "species", set()),
    (rungs.lattice, "line", {"p1*p2*p3", "p1*exp(q2 - q3)", "p3/|q1 - q2|^2"}),
    (rungs.lattice, "number and speed", set()),
    (rungs.reactions, "species",
     {"a*b", "1/a", "a*log(b)", "a/b", "b/a", "log(c)"}),
    (rungs.reactions, "length and speed", set()),
    (rungs.products, "number and speed", {"p^2*exp(q)", "q*exp(-q)"}),
    (rungs.products, "length and speed", set()),
    (rungs.products, "line", set()),
    (rungs.powers, "number and speed", {"sqrt(q)", "1/q^(2/3)", "q^(3/2)"}),
    (rungs.powers, "species", set()),
    (rungs.rotors, "rotor", {"v*w*cos(a)", "v", "w*cos(a)", "x"}),
    (rungs.rotors, "species", set()),
    (rungs.sines, "angles", {"cos(a)*cos(b)", "sin(a)*cos(b)", "w*u"}),
    (rungs.sines, "rotor", set()),
    (rungs.torques, "rotor", {"a", "a^2", "w^2", "cos(a)", "v*w"}),
    (rungs.torques, "angles", {"a", "a*b", "w*u*cos(a - b)"}),
    (rungs.torques, "line", set()),
])
def test_what_a_rung_holds(rung, name, wanted):
  found = _texts(rung, name)
  assert wanted <= found and (wanted or not found)


@pytest.mark.parametrize("rung", rungs.default, ids=lambda r: r.__name__)
@pytest.mark.parametrize("name", list(SUBJECTS))
def test_exponents_are_pure_numbers(rung, name):
  variables = SUBJECTS[name].variables
  for term in rung(SUBJECTS[name]):
    if isinstance(term, Term):
      for atom, _ in term.factors:
        if atom.kind == "exp":
          assert variables[atom.plus[0]].unit.is_dimensionless


@pytest.mark.parametrize("rung,name,text,unit", [
    (rungs.lenz, "space", "x*vy^2", "m^3/s^2"),
    (rungs.lenz, "space", "x/|r|", "1"),
    (rungs.radial, "space", "1/|r|^3", "1/m^3"),
    (rungs.powers, "number and speed", "sqrt(q)", "1"),
    (rungs.rotors, "rotor", "w*cos(a)", "1/s"),
    (rungs.bodies, "points", "log|r1 - r2|", "1"),
])
def test_units(rung, name, text, unit):
  found = {t.text: t for t in rung(SUBJECTS[name])}
  assert str(found[text].unit) == unit
