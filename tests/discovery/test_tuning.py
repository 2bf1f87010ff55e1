"""Functions with a number inside: exp(-1.3 q), soft cores, waves."""

import dataclasses
import re

import numpy as np
import pytest
import scipy.integrate

from benchmarks import truth
from benchmarks.systems import SAMPLINGS
from noether_jax import discover
from noether_jax.data import as_trajectories
from noether_jax.data import parse_columns
from noether_jax.discovery import Evidence
from noether_jax.discovery import families
from noether_jax.discovery import tuned_climb
from noether_jax.discovery.climbed import Climb
from noether_jax.discovery.features import Features
from noether_jax.discovery.fitted_law import to_law
from noether_jax.discovery.judging import TermFit
from noether_jax.discovery.moments import Moments
from noether_jax.discovery.roles import make_subject
from noether_jax.discovery.rungs import tuned
from noether_jax.discovery.samples import prepare
from noether_jax.discovery.subject import Subject
from noether_jax.discovery.tuned_climb import climb_tuned
from noether_jax.discovery.tuning import tune
from tests.discovery import laws

_FAMILIES = [
    *families.PLAIN, *families.SQUARED, *families.DISTANCE, *families.MOVING
]


def _found(name, noise=0., **more):
  sampling = SAMPLINGS[name]
  paths = sampling.paths(20, np.random.default_rng(4))
  data = sampling.observed(paths, noise, np.random.default_rng(5))
  return discover(data.states, data.times, columns=data.variables, **more)


@pytest.mark.parametrize("name, text", [
    ("stiff Morse", "p^2 - 4 exp(-1.3*q) + 2 exp(-2.6*q)"),
    ("soft core", "|p|^2 - 2/sqrt(x^2 + y^2 + 0.3"),
    ("Yukawa", "|p|^2 - 4 exp(-0.8*sqrt(x^2 + y^2))/sqrt(x^2 + y^2)"),
    ("sine chain", "cos(1.7*(a - b))"),
])
def test_the_number_inside_is_found(name, text):
  found = _found(name)
  known = truth.exact(SAMPLINGS[name])
  assert found.rungs[-1] == "tuned"
  assert any(text in law.text for law in found.laws)
  assert all(truth.is_true(law, known, 0.) for law in found.laws)
  assert found.independent == SAMPLINGS[name].system.num_conserved
  assert any("standard error" in m for m in found.messages)


@pytest.mark.parametrize("columns, rates, text", [
    ("x,p", lambda x, p: (p / np.sqrt(1 + p * p), -x), "2 sqrt(p^2 + 1)"),
    ("x,v", lambda x, v: (v, -x * (1 - v * v / 4)**1.5), "16/sqrt(4 - (v^2))"),
])
def test_a_kinetic_energy_with_a_limit_is_found(columns, rates, text):
  starts = np.random.default_rng(0).uniform(-1.6, 1.6, (2, 16))
  times = np.linspace(0, 12, 150)
  solved = scipy.integrate.solve_ivp(
      lambda _, s: np.concatenate(rates(*s.reshape(2, -1))), (0, 12),
      starts.ravel(),
      "DOP853",
      times,
      rtol=1e-11,
      atol=1e-11)
  states = solved.y.reshape(2, 16, -1).transpose(1, 2, 0)
  law, = discover(states, times, columns=columns).laws
  assert law.verdict == "conserved" and text in law.text


def _noisy(name, noise, seed):
  data = SAMPLINGS[name].observed(
      SAMPLINGS[name].paths(20, np.random.default_rng(seed)), noise,
      np.random.default_rng([seed, 1]))
  return discover(data.states, data.times, columns=data.variables)


def test_a_law_beside_a_long_energy_of_a_mode():
  # The energy of the mean of two columns has six terms, and is no other form.
  found = _noisy("sine chain", .01, 11)
  assert found.independent == 2
  number, = re.findall(r"cos\((.*)\*\(a - b\)\)", found.laws[-1].text)
  assert float(number) == pytest.approx(1.7, abs=.01)


def test_noise_does_not_draw_the_number_off():
  found = _noisy("soft core", .1, 11)
  law, = (w for w in found.laws if "sqrt" in w.text)
  number = float(law.text.split(" + ")[-1].rstrip(")"))
  assert .1 < number < .5


def test_law_is_saved_with_its_number(tmp_path):
  found = _found("Yukawa")
  found.save(tmp_path / "out")
  code = (tmp_path / "out" / "law.py").read_text()
  names: dict = {}
  exec(code, names)  # pylint: disable=exec-used
  assert "0.8" in code


@pytest.mark.parametrize("name", ["Lorenz", "Van der Pol", "white noise"])
def test_no_number_makes_a_law_of_systems_without_one(name):
  assert not _found(name).independent


def test_a_law_of_its_functions_alone_has_no_other_terms_to_refine_it():
  sampling = SAMPLINGS["stiff Morse"]
  paths = sampling.paths(8, np.random.default_rng(4))
  data = sampling.observed(paths, 0., np.random.default_rng(5))
  ready = prepare(data, 0)
  subject = make_subject(ready, None, None)
  fixed = set(tuned(subject))

  def search(terms, done, most):
    del most
    own = [t for t in terms if t not in fixed]
    features = Features.make(ready, own)
    fit = TermFit.make(features, Moments.make(features, features.weights()))
    law = dataclasses.replace(to_law(fit, 0), verdict="conserved")
    return dataclasses.replace(done, laws=(*done.laws, law))

  found = climb_tuned(ready, subject, Climb(), 1, search, lambda line: None)
  assert found.laws and not fixed & set(found.laws[0].terms)


def test_an_exact_energy_costs_no_search():
  assert "tuned" not in _found("Henon-Heiles").rungs


def test_the_rung_can_be_left_out():
  assert "tuned" not in _found("soft core", rungs=[]).rungs


def test_terms_without_velocities():
  subject = Subject(parse_columns("x,y"))
  assert [t.text for t in tuned(subject)] == ["x", "y", "x^2", "x*y", "y^2"]


def test_a_number_has_its_standard_error():
  random = np.random.default_rng(0)
  t = np.linspace(0, 6, 100)
  paths = []
  for size in np.linspace(1, 2, 12):
    x = size * np.cos(t)
    paths.append(np.stack([x, size - np.exp(-.7 * x)], 1))
  paths = [p + 1e-3 * random.normal(size=p.shape) for p in paths]
  samples = prepare(as_trajectories(paths, t, columns="x,y"), 0)
  subject = Subject(samples.variables)
  fixed = subject.terms("y")
  best = tune(samples, subject, fixed, np.zeros((len(samples.points), 0, 2)))[0]
  # One of the two exponentials has the number, the other one twice as much.
  off = min(abs(best.number - .7), abs(2 * best.number - .7))
  assert off < 5 * best.error + .005
  assert 0 < best.error < .1 and "standard error" in best.text


@pytest.mark.parametrize("columns",
                         ["x:m,y:m,vx:m/s,vy:m/s", "q:rad,u:m,p:1/s,w:m/s"])
def test_functions_of_columns_with_units_are_terms(columns):
  known = laws.subject(columns)
  tried = list(families.arguments(known))
  assert tried
  for argument in tried:
    states = np.random.default_rng(0).uniform(.5, 2., (9, 4))
    for family in families.families(argument):
      texts = [families.written(t, argument, 9.) for t in family.texts]
      for term, function in zip(known.terms(*texts), family.functions):
        np.testing.assert_allclose(term.value(list(states.T)),
                                   function(argument.value(states), 9.)[0])


@pytest.mark.parametrize("family", _FAMILIES)
def test_derivatives_by_the_argument(family):
  u, step = np.linspace(.5, 2., 7), 1e-6
  for function in family.functions:
    slope = (function(u + step, 9.)[0] - function(u - step, 9.)[0]) / (2 * step)
    np.testing.assert_allclose(function(u, 9.)[1], slope, rtol=1e-6)


@pytest.mark.parametrize("family", _FAMILIES)
def test_texts_are_the_functions(family):
  subject = Subject(parse_columns("x,y"))
  states = np.random.default_rng(1).uniform(.5, 2., (9, 2))
  square = families.Argument("x^2 + y^2", (0, 1), squared=True)
  argument = square if family.squared else families.Argument("x", (0,))
  texts = [families.written(t, argument, 9.) for t in family.texts]
  for text, function in zip(texts, family.functions):
    (term,) = subject.terms(text)
    np.testing.assert_allclose(term.value(list(states.T)),
                               function(argument.value(states), 9.)[0])


@pytest.mark.parametrize("terms, excess, inside, better", [
    (2, 1.05, 1, False),
    (2, 1.02, 1, True),
    (1, 1.06, 1, True),
    (1, 1.1, 1, False),
    (3, 1.03, 1, False),
    (3, 1., 1, True),
    (3, .9, 1, True),
    (2, 1.06, 0, True),
    (2, 1.1, 0, False),
    (4, .5, 1, False),
])
def test_an_energy_gives_way_to_fewer_numbers_or_much_less_change(
    terms, excess, inside, better):
  texts = ["v^2", "x^2", "x", "x*v"]
  make = lambda count, left: dataclasses.replace(
      laws.make("x,v", **dict.fromkeys(texts[:count], 1.)),
      evidence=Evidence(.01, .001, left, 0.))
  old = make(3, 1.05)
  assert tuned_climb.is_better(make(terms, excess), old, inside) == better
  worse = dataclasses.replace(make(1, 1.), verdict="approximately conserved")
  assert not tuned_climb.is_better(worse, old, inside)


def test_without_noise_a_shorter_energy_is_as_exact():
  make = lambda ratio, *texts: dataclasses.replace(
      laws.make("x,v", **dict.fromkeys(texts, 1.)),
      evidence=Evidence(ratio, ratio, np.inf, 0.))
  old = make(1e-8, "v^2", "x^2", "x")
  assert tuned_climb.is_better(make(1e-12, "v^2", "x^2"), old, 1)
  assert not tuned_climb.is_better(make(1e-7, "v^2", "x^2"), old, 1)
  assert not tuned_climb.is_better(make(1e-12, "v^2", "x^2", "x"), old, 1)
