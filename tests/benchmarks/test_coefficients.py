"""Coefficients are compared with those that exact rates of change allow."""

import json

from absl import app
from absl import flags
from absl.testing import flagsaver
import numpy as np
import pytest

from benchmarks import coefficients
from benchmarks import truth
from benchmarks.systems import SAMPLINGS
from noether_jax.discovery.evidence import Evidence
from noether_jax.discovery.forms import Combination
from noether_jax.discovery.forms import Loss
from noether_jax.discovery.law import Law
from noether_jax.discovery.path_term import PathTerm
from noether_jax.discovery.subject import Subject


def _law(name, terms, found, rate=None, lost=0., reference=0):
  """A law whose coefficients have standard errors of .01."""
  variables = SAMPLINGS[name].system.variables
  losses = ()
  if rate:
    (term,) = Subject(variables).terms(rate)
    losses = (Loss(PathTerm(term, term.unit), lost, .01, .1),)
  form = Combination(
      Subject(variables).terms(*terms), np.array(found),
      np.full(len(found), .01), 19, losses, reference)
  return Law(variables, form, Evidence(0., 0., 0., 0.), "conserved")


@pytest.mark.parametrize("name, law, errors", [
    ("pendulum", (("p^2", "cos(q)"), [1., -3.]), [0.]),
    ("pendulum", (("p^2", "cos(q)"), [1., -3.03]), [-3.]),
    ("pendulum", (("cos(q)", "p^2"), [1., -1 / 3]), [0.]),
    ("Kepler",
     (("vx^2", "vy^2", "1/sqrt(x^2 + y^2)"), [1., 1.01, -2.]), [1., 0.]),
    ("damped spring", (("q^2", "p^2"), [1., .99], "p^2", .22), [-1., 2.]),
    ("spring of stiffness", (("p^2", "k*q^2"), [1., 1.02]), [2.]),
    ("three unequal bodies", (("vx1", "vx2", "vx3"), [1., .5, 1.5]), [0., 0.]),
    ("three unequal bodies",
     (("vx1", "vx2", "vx3"), [2.02, 1., 3.], None, 0., 1), [2., 0.]),
    ("damped spring", (("q^2", "p^2"), [2., 2.02], "p^2", .42, 0), [2., 2.]),
    ("pendulum", (("p^2", "cos(q)"), [.34, -1.], None, 0., 1), [.67]),
])
def test_errors_are_those_of_the_true_combination(name, law, errors):
  row = coefficients.compare(_law(name, *law), truth.exact(SAMPLINGS[name]))
  assert row["form"] == "same"
  np.testing.assert_allclose(row["errors"], errors, atol=.005)


@pytest.mark.parametrize("name, terms, form", [
    ("three bodies", ("vx1*vx1",), "one term"),
    ("pendulum", ("p^2", "q^2", "q^4"), "approximate"),
    ("damped spring", ("q^2", "p^2"), "approximate"),
    ("three bodies", ("vx1", "vx2", "vx3", "vy1", "vy2", "vy3"), "ambiguous"),
])
def test_what_cannot_be_compared_is_told(name, terms, form):
  law = _law(name, terms, [1.] * len(terms))
  row = coefficients.compare(law, truth.exact(SAMPLINGS[name]))
  assert row == {"form": form, "errors": []}


def test_a_spurious_term_is_compared_with_zero():
  law = _law("pendulum", ("p^2", "cos(q)", "q"), [1., -3., .05])
  row = coefficients.compare(law, truth.exact(SAMPLINGS["pendulum"]))
  np.testing.assert_allclose(row["errors"], [0., 5.], atol=.005)


def test_shares_are_of_coefficients_and_of_laws():
  rows = [{
      "form": "same",
      "errors": [.5, -1.9]
  }, {
      "form": "same",
      "errors": [-2.1]
  }, {
      "form": "approximate",
      "errors": []
  }]
  found = coefficients.summarise(rows)
  assert found == {
      "laws": 3,
      "one_term": 0,
      "approximate": 1,
      "ambiguous": 0,
      "coefficients": 3,
      "within_two": .667,
      "whole_laws": .5,
      "error": 1.9
  }
  assert coefficients.summarise([])["within_two"] is None


def _run(capsys, names):
  if not flags.FLAGS.is_parsed():
    flags.FLAGS(["x"])
  with flagsaver.flagsaver(coefficient_systems=names):
    coefficients.main(["x"])
  return json.loads(capsys.readouterr().out)


def test_by_noise_and_kind(capsys):
  found = _run(capsys, ["spring", "damped spring"])["0.01"]
  assert found["all"]["laws"] == 2 and found["all"]["coefficients"] == 3
  assert set(found["by_kind"]) == {"plain", "losses"}
  assert found["all"]["error"] < 5.


def test_unknown_systems_are_refused(capsys):
  with pytest.raises(app.UsageError, match="'Lorenz' is none of: spring"):
    _run(capsys, ["Lorenz"])
