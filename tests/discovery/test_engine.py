"""Laws are found where they are, and only there."""

import numpy as np
import pytest

from benchmarks.systems import SAMPLINGS
from benchmarks.truth import exact
from benchmarks.truth import is_true
from noether_jax import discover
from noether_jax.data.columns import parse_columns
from noether_jax.discovery import law as law_lib
from noether_jax.discovery import sparse
from noether_jax.errors import InputError
from tests import paths

_DATA = paths.SHARED / "data" / "schmidt_lipson"


def _discover(name, noise=0., count=20, seed=0):
  sampling = SAMPLINGS[name]
  data = sampling.draw(count, noise, seed)
  found = discover(data.states, data.times, columns=data.variables)
  return found, sampling


@pytest.mark.parametrize("name", [
    "spring", "pendulum", "nonlinear spring 2-D", "Kepler", "Lotka-Volterra",
    "Henon-Heiles", "double pendulum"
])
def test_exact_laws(name):
  found, sampling = _discover(name)
  assert found.independent == len(sampling.system.law_names)
  assert all(is_true(law, exact(sampling)) for law in found.laws)


@pytest.mark.parametrize("noise", [0., .1])
@pytest.mark.parametrize("name", [
    "Van der Pol", "Lorenz", "damped spring", "weakly damped spring",
    "driven Duffing", "Rossler"
])
def test_no_false_alarm(name, noise):
  # Weak damping under strong noise needs many slopes to show.
  found, _ = _discover(name, noise, count=20 if "weakly" in name else 10)
  assert found.independent == 0


@pytest.mark.parametrize("noise,tolerance", [(.01, .02), (.1, .15)])
def test_pendulum_coefficient_lies_within_its_uncertainty(noise, tolerance):
  found, _ = _discover("pendulum", noise)
  (law,) = found.laws
  assert [t.text for t in law.terms] == ["p^2", "cos(q)"]
  error = abs(law.coefficients[1] + 3)
  assert error < tolerance and error < 5 * law.uncertainties[1]
  assert found.smoothed == (noise > .03)


@pytest.mark.parametrize("seed", [6, 9, 10, 12])
def test_the_energy_is_found_and_not_its_square(seed):
  random = np.random.default_rng(seed)
  times, states = np.arange(0, 8, .02), []
  for _ in range(10):
    size, phase = random.uniform(.05, .3), random.uniform(0, 6)
    x = size * np.cos(24**.5 * times + phase)
    v = -24**.5 * size * np.sin(24**.5 * times + phase)
    noise = random.standard_normal((len(times), 2)) * [.001, .005]
    states.append(np.stack([x, v], 1) + noise)
  found = discover(states, times, columns="x:m,v:m/s")
  assert [[t.text for t in law.terms] for law in found.laws] == [["x^2", "v^2"]]


def test_noise_does_not_excuse_an_approximation_of_a_lower_degree():
  found, _ = _discover("nonlinear spring 2-D", .1)
  assert "|r|^2, |p|^2, |r|^4" in [
      ", ".join(t.text for t in law.terms) for law in found.laws
  ]


def test_coefficients_carry_units():
  data = SAMPLINGS["Kepler"].draw(6, 0., 1)
  found = discover(data.states, data.times, columns=data.variables)
  energy = next(law for law in found.laws if law.terms[0].text == "|v|^2")
  assert energy.unit == "m^2/s^2"
  assert energy.coefficient_unit(1) == "m^3/s^2"
  np.testing.assert_allclose(energy.coefficients[1], -2, rtol=1e-6)


def test_scaling_a_column_scales_the_coefficient():
  data = SAMPLINGS["spring"].draw(8, 0., 0)
  scaled = [s * [1e12, 1e-9] for s in data.states]
  found = discover(scaled, data.times, columns="q,p")
  law = found.laws[0]
  np.testing.assert_allclose(law.coefficients[1], 1e42, rtol=1e-6)


def test_same_seed_same_discovery():
  one, two = (_discover("spring", .1)[0] for _ in range(2))
  assert [law.text for law in one.laws] == [law.text for law in two.laws]


def test_one_trajectory_is_never_a_law():
  found, _ = _discover("pendulum", count=1)
  assert found.independent == 0
  assert "no law can be verified" in found.verdict


def test_two_trajectories_are_unverified():
  found, _ = _discover("double pendulum", count=2)
  assert found.independent == 0


def test_uneven_times_estimate_noise_as_well():
  data = SAMPLINGS["spring"].draw(8, .01, 0)
  keep = np.sort(np.random.default_rng(0).permutation(len(data.times[0]))[:70])
  found = discover([s[keep] for s in data.states],
                   [t[keep] for t in data.times],
                   columns=data.variables)
  np.testing.assert_allclose(found.noise.sigma, .01, rtol=.6)
  assert found.independent == 1


@pytest.mark.parametrize("states,message", [
    ([], "trajector"),
    ([np.zeros((5, 1))], "has 5 rows: at least 20"),
    ([np.ones((30, 1))], "never changes"),
    ([np.full((30, 1), np.nan)], "every row holds NaN"),
    ([np.linspace(0, 1e31, 30)[:, None]], "beyond 1e30"),
    ([np.linspace(0, 1, 30)[:, None]], "One column of state, 'q'"),
])
def test_refusals(states, message):
  with pytest.raises(InputError, match=message):
    discover(states, columns="q")


def test_rank_counts_functions_of_one_law_once():
  found, sampling = _discover("Kepler")
  states = np.concatenate(sampling.draw(2, 0., 5).states)
  energy, momentum = found.laws
  assert law_lib.rank([energy, momentum], states) == 2
  assert law_lib.rank([energy, energy], states) == 1


@pytest.mark.parametrize("count,leave_one_out", [(1, False), (5, True),
                                                 (20, False)])
def test_split_folds_never_judge_what_they_fit(count, leave_one_out):
  split = sparse.Split.make(count, 3)
  assert split.leave_one_out == leave_one_out
  if count > 1:
    for fit, judge in split.folds():
      assert not set(fit) & set(judge)
  if count == 20:
    assert not set(split.chosen) & set(split.held_out)


@pytest.mark.skipif(not _DATA.exists(), reason="measured data are not here")
@pytest.mark.parametrize("file,columns,wanted", [
    ("real_pend_h_1", "o:rad,v:1/s", {
        "cos(o)": (-2.40, .1)
    }),
    ("real_linear_h_1", "x:px,v:px/s", {
        "v^2": (1 / 6.058, .002)
    }),
    ("real_double_pend_h_1", "o1:rad,o2:rad,w1:1/s,w2:1/s", {
        "w2^2": (.32, .01),
        "cos(o1)": (-124.13, 12.),
        "cos(o2)": (-46.82, 3.),
        "w1*w2*cos(o1 - o2)": (.82, .05)
    }),
])
def test_measured_data(file, columns, wanted):
  table = np.loadtxt(_DATA / f"{file}.txt", comments="%")
  parts = [table[table[:, 0] == k] for k in np.unique(table[:, 0])]
  variables = parse_columns(columns)
  found = discover([p[:, 2:2 + len(variables)] for p in parts],
                   [p[:, 1] for p in parts],
                   columns=variables)
  (law,) = found.laws
  assert law.verdict == "approximately conserved"
  got = dict(zip([t.text for t in law.terms[1:]], law.coefficients[1:]))
  assert set(got) == set(wanted)
  for term, (value, tolerance) in wanted.items():
    assert abs(got[term] - value) < tolerance


def test_very_many_rows_are_thinned(monkeypatch):
  monkeypatch.setattr("noether_jax.discovery.engine._MOST_ROWS", 1000)
  t = np.arange(5000) * .01
  orbits = [a * np.stack([np.cos(t), -np.sin(t)], 1) for a in (1., 2., 3., 4.)]
  found = discover([*orbits, 5. * orbits[0][:60]], [t] * 4 + [t[:60]],
                   columns="q,p")
  assert found.laws[0].text == "q^2 + p^2" and found.independent == 1
  assert any("every 20th of each trajectory" in m for m in found.messages)


def test_the_energy_of_a_damped_system_is_said_to_fall():
  times = np.linspace(0, 20, 401)
  decay, angle = np.exp(-.02 * times), 3 * times
  states = [
      a * decay[:, None] * np.stack([np.cos(angle), -3 * np.sin(angle)], -1)
      for a in np.linspace(.5, 2, 8)
  ]
  found = discover(states, times, columns="q:m,v:m/s")
  assert found.laws[0].evidence.drift < -4


@pytest.mark.parametrize("vectors", [[("x", "y")], "x,y"])
def test_vectors_by_name_make_rotational_terms(vectors):
  angle = np.linspace(0, 6, 60)
  circle = np.stack([np.cos(angle), np.sin(angle)], -1)
  found = discover([r * circle for r in (1., 2., 3., 4.)],
                   columns="x,y",
                   vectors=vectors,
                   degree=2)
  assert found.laws[0].terms[0].text in ("|r|", "|r|^2", "1/|r|")
