"""The scale under which most coefficients of a law are simple numbers."""

import json
import math

import numpy as np
import pytest
from scipy.integrate import solve_ivp
import sympy

from noether_jax import discover
from noether_jax.discovery.scale import simplest
from tests.discovery import laws


def _scaled(fitted, spread=0., terms=None, count=20, seed=0, natural=()):
  """Coefficients as a search has them: any factor, 100 resamples."""
  fitted = np.array(fitted)
  random = np.random.default_rng(seed)
  draws = fitted * (1 + spread * random.normal(size=(100, len(fitted))))
  terms = range(len(fitted)) if terms is None else terms
  return simplest(-1.7 * fitted, -1.7 * draws, count - 1, terms, natural)


@pytest.mark.parametrize("fitted, wanted, reference", [
    ([.37, 1., 1., 2.], [.37, 1., 1., 2.], 1),
    ([.37, 2., 2., 4.], [.185, 1., 1., 2.], 1),
    ([.37, -1., 2., 3.], [.37, -1., 2., 3.], 1),
    ([-.37, -1., -2., 3.], [.37, 1., 2., -3.], 1),
    ([.37, 3., 2., 1.], [.37, 3., 2., 1.], 3),
    ([1.7, 3., 2., 4.], [1.7, 3., 2., 4.], 1),
    ([7., 3., 2., 4.], [7., 3., 2., 4.], 1),
    ([.37, .53, 1., 1., 1.], [.37, .53, 1., 1., 1.], 2),
    ([14., -14., -1., -6., 5.], [14., -14., -1., -6., 5.], 2),
    ([math.pi, 210., 140., 35.], [math.pi / 35, 6., 4., 1.], 3),
    ([.73, 1., 1., 1., -2 / 3, 2.], [.73, 1., 1., 1., -2 / 3, 2.], 1),
    ([1., math.pi, math.pi], [1 / math.pi, 1., 1.], 1),
])
def test_the_odd_coefficient_does_not_set_the_scale(fitted, wanted, reference):
  found = _scaled(fitted)
  np.testing.assert_allclose(found.coefficients, wanted, rtol=1e-12)
  assert found.reference == reference
  assert found.uncertainties[reference] == 0.


@pytest.mark.parametrize("fitted", [
    [1., 2., 2.],
    [1., 2 / 3, 2 / 3, 4 / 3],
    [1., math.pi],
    [1., 3 / 7],
    [1., math.pi, math.e],
    [1., 1., math.pi, math.pi],
    [1., .3, .3],
    [1., 2.7, 2.7, 5.4],
    [1., 19.62, 19.62],
    [1., .00271828, .00271828, 900.],
    [1., 1.000002, 2.000004, .500001],
    [math.pi / 20, 1., math.e, 20.04],
    [1.],
])
def test_the_first_coefficient_is_1_where_nothing_is_gained(fitted):
  found = _scaled(fitted)
  np.testing.assert_allclose(found.coefficients,
                             np.array(fitted) / fitted[0],
                             rtol=1e-12)
  assert found.reference == 0


@pytest.mark.parametrize("fitted, natural, wanted, reference", [
    ([.37, 1., 1., .5, .5], [], [.74, 2., 2., 1., 1.], 3),
    ([.37, 1., 1., .5, .5], [0, 1], [.37, 1., 1., .5, .5], 1),
    ([.37, 1., 1., .5, .5], [0], [.74, 2., 2., 1., 1.], 3),
    ([.37, 1., 4., 4., 4 / 3], [0, 1], [.37, 1., 4., 4., 4 / 3], 1),
    ([.37, .53, 1., 1.], [0, 1], [.37, .53, 1., 1.], 2),
])
def test_the_unit_stays_where_as_many_numbers_are_simple(
    fitted, natural, wanted, reference):
  found = _scaled(fitted, natural=natural)
  np.testing.assert_allclose(found.coefficients, wanted, rtol=1e-12)
  assert found.reference == reference


def test_uncertainties_are_of_the_scale():
  fitted = np.array([.37, 1., -1., 2.])
  random = np.random.default_rng(0)
  draws = fitted * (1 + .002 * random.normal(size=(100, 4)))
  found = simplest(fitted, draws, 19, range(4))
  assert found.reference == 1
  np.testing.assert_allclose(found.uncertainties,
                             np.std(draws / draws[:, [1]], axis=0))


@pytest.mark.parametrize("spread, reference", [(1e-4, 1), (.003, 1), (.03, 0)])
def test_uncertain_coefficients_leave_the_first_one_1(spread, reference):
  assert _scaled([.37, 1., 1., 2.], spread).reference == reference


def test_one_trajectory_shows_no_uncertainty():
  assert _scaled([.37, 1., 1., 2.], count=1).reference == 0
  assert _scaled([.37, 1., 1., 2.], count=2).reference == 1


def test_a_resample_may_lack_a_term():
  draws = np.array([[.37, 1., 1., 2.], [.37, 0., 1., 2.]])
  found = simplest(draws[0], draws, 19, range(4))
  assert found.reference == 2 and not np.isnan(found.uncertainties).any()


def test_losses_are_scaled_and_do_not_count():
  found = _scaled([.37, .5, 1., math.pi, .5, .5, .5], terms=[0, 2, 3])
  assert found.reference == 0
  found = _scaled([.37, .2, 2., 2.], terms=[0, 2, 3])
  np.testing.assert_allclose(found.coefficients, [.185, .1, 1., 1.])


@pytest.mark.parametrize("spread", [1e-6, 1e-3, 1e-2])
@pytest.mark.parametrize("count", [3, 5, 9])
def test_random_coefficients_keep_their_scale(count, spread):
  random = np.random.default_rng(count)
  changed = [
      _scaled(np.exp(random.normal(size=count)), spread, seed=n).reference > 0
      for n in range(300)
  ]
  assert np.mean(changed) < .05 + 3 * math.sqrt(.05 * .95 / 300)


def _solved(field, count, random):
  """Trajectories `[161, 4]` from random starts, and their times."""
  times = np.linspace(0., 8., 161)
  paths = [
      solve_ivp(field, (0., 8.),
                random.uniform(-1.2, 1.2, 4),
                t_eval=times,
                rtol=1e-10,
                atol=1e-12).y.T for _ in range(count)
  ]
  return paths, times


def _two_masses(mass, noise, seed=0):
  """Trajectories of mass v1^2 + v2^2 + x1^2 + 2 x2^2 + x1^2 x2^2."""
  random = np.random.default_rng(seed)

  def field(_, s):
    x1, x2, v1, v2 = s
    return [v1, v2, -(x1 + x1 * x2**2) / mass, -2 * x2 - x1**2 * x2]

  paths, times = _solved(field, 12, random)
  return [p + noise * random.normal(size=p.shape) for p in paths], times


@pytest.mark.parametrize("mass, noise", [(.37, 0.), (.37, .01), (2.3, .005)])
def test_a_search_finds_the_scale(mass, noise, tmp_path):
  states, times = _two_masses(mass, noise)
  found = discover(states, times, columns="x1:m,x2:m,v1:m/s,v2:m/s")
  law = found.laws[0]
  assert " v1^2 + v2^2 + x1^2 + 2 x2^2 + " in law.text
  assert law.reference == 1 and law.unit == "m^2/s^2"
  units = ["1", "1", "1/s^2", "1/s^2", "1/m^2/s^2"]
  assert [law.coefficient_unit(k) for k in range(5)] == units
  spread = law.uncertainties
  assert spread[1] == 0. and (spread[[0, 2, 3, 4]] > 0).all()
  off = np.abs(law.coefficients - [mass, 1., 1., 2., 1.])
  assert (off < 4 * spread + 1e-6).all()
  assert (law.name, law.symmetry) == ("energy", "shift in time")
  _check_files(found, law, tmp_path / "out")


def _check_files(found, law, folder):
  """What is written has the scale of the law."""
  found.save(folder)
  code = (folder / "law.py").read_text()
  (chosen,) = [line for line in code.splitlines() if "# chosen" in line]
  assert "1.0 * v2**2" in chosen
  module: dict = {}
  exec(code, module)  # pylint: disable=exec-used
  at = laws.states_of(law, 5)
  np.testing.assert_allclose(module["laws"](at)[:, 0], law(at))
  (record, *_) = json.loads((folder / "result.json").read_text())["laws"]
  assert record["law"] == law.text and record["latex"] == law.latex
  assert [t["chosen"] for t in record["terms"]] == [False, True] + 3 * [False]
  first = str(law.text).split(" ", maxsplit=1)[0]
  assert law.latex.startswith(rf"{first} \, v_{{1}}^{{2}} + v_{{2}}^{{2}}")
  v1, v2 = sympy.symbols("v1,v2")
  assert law.sympy().coeff(v1**2) == law.coefficients[0]
  assert law.sympy().coeff(v2**2) == sympy.Integer(1)


def test_a_balance_law_has_the_scale_of_its_energy():

  def field(_, s):
    x1, x2, v1, v2 = s
    return [
        v1, v2, (-x1 - x1 * x2**2 - .05 * v1) / .37,
        -2 * x2 - x1**2 * x2 - .05 * v2
    ]

  states, times = _solved(field, 16, np.random.default_rng(2))
  law = discover(states, times, columns="x1:m,x2:m,v1:m/s,v2:m/s").laws[0]
  assert law.verdict == "balance" and law.reference == 1
  assert law.text.startswith("0.37 v1^2 + v2^2 + x1^2 + 2 x2^2 + ")
  assert len(law.losses) == 2
  np.testing.assert_allclose([x.coefficient for x in law.losses], .1, rtol=1e-3)
  assert law.unit == "m^2/s^2" and law.coefficient_unit(0) == "1"
