"""A given quantity: its text, its verdict and its drift."""

import json

import numpy as np
import pytest

from noether_jax import check
from noether_jax import discover
from noether_jax import InputError
from noether_jax.discovery.formula_text import Formula
from noether_jax.symbolic.units import Unit

_UNITS = {
    "v": Unit.parse("m/s"),
    "l": Unit.parse("m"),
    "q": Unit.parse("rad"),
    "w": Unit.parse("1/s"),
    "a": None
}
_TIMES = np.linspace(0., 12., 150)


def _orbits(sizes=(.5, 1., 1.5, 2.), noise=0., damping=0.):
  random = np.random.default_rng(0)
  shrink = np.exp(-damping * _TIMES)
  return [
      size * np.stack([np.cos(_TIMES + size), -np.sin(_TIMES + size)], -1) *
      shrink[:, None] + noise * random.normal(size=(len(_TIMES), 2))
      for size in sizes
  ]


class TestFormula:

  @pytest.mark.parametrize("text,unit", [
      ("v**2/2 - 9.81*l*cos(q)", "m^2/s^2"),
      ("v^2 - (l*w)**2", "m^2/s^2"),
      ("sqrt(l)*w", "m^(1/2)/s"),
      ("abs(-v)", "m/s"),
      ("exp(-q) + log(w/2)", "1"),
      ("v**(1/2)", "m^(1/2)/s^(1/2)"),
      ("v + a", "m/s"),
      ("pi*l + l", "m"),
  ])
  def test_units(self, text, unit):
    assert str(Formula(text, _UNITS).unit) == unit

  @pytest.mark.parametrize("text,message", [
      ("v + l", "units clash in 'v . l': m/s and m"),
      ("v**2 - l*cos(q)", "units clash"),
      ("sin(l)", "sin takes an angle or a pure number: 'l' is in m"),
      ("2**v", "the exponent 'v' is in m/s"),
      ("v**q", "only a pure number has a varying exponent"),
      ("x + v", "no column 'x'; columns are v, l, q, w, a"),
      ("v +", "cannot be read"),
      ("", "cannot be read"),
      ("(" * 400 + "v" + ")" * 400, "cannot be read|nested"),
      ("v" + "+v" * 600, "more than 1000 characters"),
      ("arctan(q)", "no function of one argument among sin, cos"),
      ("cos(q, q)", "no function of one argument"),
      ("__import__('os')", "no function of one argument"),
      ("v.real", "not allowed"),
      ("[v][0]", "not allowed"),
      ("v if v else l", "not allowed"),
      ("lambda: v", "not allowed"),
      ("'v'", "not allowed"),
      ("True*v", "not allowed"),
      ("v**1000", "a number up to 100"),
      ("v**(9**9**9)", "a number up to 100|not finite"),
      ("1/0 + v", "not finite"),
  ])
  def test_mistakes_are_one_line(self, text, message):
    with pytest.raises(InputError, match=message) as error:
      Formula(text, _UNITS)({n: np.ones(2) for n in _UNITS})
    assert "\n" not in str(error.value)

  def test_values(self):
    columns = {
        "v": np.array([2., 4.]),
        "l": np.array([1., 2.]),
        "q": np.array([0., np.pi])
    }
    formula = Formula("v**2/2 - 9.81*l*cos(q) + tan(0)", _UNITS)
    np.testing.assert_allclose(formula(columns), [2 - 9.81, 8 + 19.62])
    assert formula.names == ("v", "l", "q")


@pytest.mark.parametrize("noise,damping,text,verdict", [
    (0., 0., "q**2 + p**2", "conserved"),
    (.01, 0., "q**2 + p**2", "conserved"),
    (0., .005, "q**2 + p**2", "approximately conserved"),
    (0., .4, "q**2 + p**2", "not conserved"),
    (0., 0., "q**2 + 1.1*p**2", "approximately conserved"),
    (0., 0., "q**2", "not conserved"),
    (.01, 0., "q*p", "not conserved"),
])
def test_verdicts(noise, damping, text, verdict):
  found = check(text,
                _orbits(noise=noise, damping=damping),
                _TIMES,
                columns={
                    "q": "1",
                    "p": "1"
                })
  assert found.verdict == verdict
  assert str(found).splitlines()[-1] == f"verdict: {verdict}"
  assert "<math" in found._repr_html_()  # pylint: disable=protected-access


def test_drift_and_excursion():
  states = _orbits(damping=.02)
  found = check("q**2 + p**2", states, _TIMES, columns="q,p")
  low, high = found.drift_interval
  assert low < found.drift < high < 0
  change = [np.abs(v - v.mean()) for v in found.values]
  worst = int(np.argmax([c.max() for c in change]))
  assert found.excursion == change[worst].max()
  assert found.excursion_trial == found.data.labels[worst]
  assert found.excursion_time == _TIMES[np.argmax(change[worst])]


def test_equal_energies_are_compared_with_mixed_columns():
  states = [s / np.hypot(*s[0]) for s in _orbits()]
  random = np.random.default_rng(1)
  noisy = [s + .005 * random.normal(size=s.shape) for s in states]
  found = check("q**2 + p**2", noisy, _TIMES, columns="q,p")
  assert (found.verdict, found.reason) == ("cannot tell", "one value")
  assert "randomly combined columns" in found.messages[-1]
  assert check("q**2 + p**2", states, _TIMES,
               columns="q,p").reason == "one value"


def test_a_log_of_one_run_is_compared_with_its_size():
  random = np.random.default_rng(0)
  states = np.stack([5. + .001 * random.normal(size=150), _TIMES], -1)
  found = check("E", states, _TIMES, columns="E:J,x")
  assert found.reason == "few trajectories" and found.unit == "J"
  assert "its mean size" in found.messages[-1]
  assert check("x", states, _TIMES, columns="E:J,x").verdict == "not conserved"


def test_one_trial_never_tells():
  found = check("q**2 + p**2", _orbits((1.,), noise=.01), _TIMES, columns="q,p")
  assert (found.verdict, found.reason) == ("cannot tell", "few trajectories")
  assert check("q**2", _orbits((1.,)), _TIMES,
               columns="q,p").verdict == "not conserved"


def test_without_times_noise_is_not_told_from_change():
  states = _orbits(noise=.01)
  found = check("q**2 + p**2", states, columns="q,p")
  assert (found.verdict, found.reason) == ("cannot tell", "no times")
  assert found.evidence.excess == np.inf and found.evidence.drift == 0.
  assert check("q**2 + p**2", _orbits(), columns="q,p").verdict == "conserved"
  assert check("q**2", states, columns="q,p").verdict == "not conserved"


def test_a_slow_swing_of_the_size_of_noise_is_not_conserved():
  swing = .004 * np.sin(np.linspace(0., 50., 1500))
  random = np.random.default_rng(0)
  logs = [
      np.stack([1. * n + swing + .01 * random.normal(size=1500), swing], -1)
      for n in range(8)
  ]
  found = check("E", logs, np.arange(1500.), columns="E,x")
  assert found.evidence.excess < 2 and abs(found.evidence.drift) < 4
  assert found.evidence.colour > 1
  assert found.verdict == "approximately conserved"
  assert "smooth in time, as noise is not" in str(found)


def test_a_column_and_a_constant_of_each_trial():
  random = np.random.default_rng(0)
  table = {name: [] for name in ("trial", "t", "x", "v", "k", "log")}
  for n, k in enumerate((1., 2., 3., 4., 5.)):
    size = 1. + n / 3
    x = size * np.cos(np.sqrt(k) * _TIMES)
    v = -size * np.sqrt(k) * np.sin(np.sqrt(k) * _TIMES)
    energy = k * size**2 + .01 * random.normal(size=len(x))
    for name, column in zip(
        table, (np.full(len(x), n), _TIMES, x, v, np.full(len(x), k), energy)):
      table[name].append(column)
  table = {name: np.concatenate(parts) for name, parts in table.items()}
  known = {"trial": "trial", "time": "t", "columns": "x:m,v:m/s"}
  assert check("v**2 + k*x**2", table, **known).verdict == "conserved"
  assert check("log", table, **known).verdict == "conserved"
  assert check("v**2 + 1.*x**2", table, **known).verdict != "conserved"


@pytest.mark.parametrize("function", [
    lambda s: s[..., 0]**2 + s[..., 1]**2,
    lambda s: s[0]**2 + s[1]**2,
    lambda s: np.array([s[0]**2 + s[1]**2]),
],
                         ids=["batch", "one", "one in an array"])
@pytest.mark.parametrize("rows", [2, 150])
def test_functions(function, rows):
  states = _orbits()
  if rows == 2:  # As many states as columns would hide a wrong axis.
    states = [s[:6] for s in states]
  found = check(function, states, columns="q,p")
  for values, s in zip(found.values, states):
    np.testing.assert_allclose(values, (s**2).sum(-1))
  assert found.verdict == "conserved"


def test_a_law_checks_other_data():
  found = discover(_orbits(), _TIMES, columns="q,p", degree=2)
  law = found.laws[0]
  fresh = law.check(_orbits((.7, 1.2, 1.9)), _TIMES)
  assert fresh.verdict == "conserved" and fresh.text == law.text
  assert law.check(_orbits(damping=.4), _TIMES).verdict == "not conserved"


def test_saving(tmp_path):
  found = check("q**2 + p**2", _orbits(), _TIMES, columns="q,p")
  found.save(tmp_path, extra={"who": "me"})
  names = {p.name for p in tmp_path.iterdir()}
  assert names == {"result.json", "report.html", "quantity.png"}
  record = json.loads((tmp_path / "result.json").read_text())
  assert record["verdict"] == "conserved" and record["reason"] is None
  assert record["residual_colour"] == 0. and record["p_value"] is None
  assert len(record["drift_interval"]) == 2 and record["who"] == "me"
  page = (tmp_path / "report.html").read_text()
  assert "<title>Is q**2 + p**2 conserved?</title>" in page
  assert found.figure().png().startswith(b"\x89PNG")


@pytest.mark.parametrize("quantity,states,message", [
    ("1 + 2", _orbits(), "holds no column"),
    (3., _orbits(), "a formula, a column's name or a function: got float"),
    (lambda s: s[:2], _orbits(), "one number for each state"),
    ("log(q)", _orbits(), "is not finite in row"),
    ("q", [s[:4] for s in _orbits()], "fewer than 5 rows"),
])
def test_refusals(quantity, states, message):
  with pytest.raises(InputError, match=message):
    check(quantity, states, columns="q,p")


def test_a_formula_needs_no_note_on_the_columns(tmp_path):
  t = np.arange(40) * .1
  rows = np.concatenate([
      np.stack([0 * t + a, t, a * np.cos(t), -a * np.sin(t)], 1)
      for a in (1., 2., 3.)
  ])
  path = tmp_path / "a.csv"
  np.savetxt(path, rows, delimiter=",", header="trial,t,x,v", comments="")
  found = check("x**2 + v**2", path)
  assert found.verdict == "conserved" and not found.messages
  found = check(lambda s: s[..., 0]**2 + s[..., 1]**2, path)
  assert "columns not given: using x, v" in found.messages[0]
