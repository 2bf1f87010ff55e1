"""Laws of equations of motion, from exact rates at states in no order."""

import jax.numpy as jnp
import numpy as np
import pytest

from datasets.systems import bodies
from noether_jax import discover
from noether_jax.discovery.equations import from_equations
from noether_jax.errors import InputError
from noether_jax.reporting import verdicts


def _sample(count=300, width=2, seed=0):
  return np.random.default_rng(seed).uniform(-2., 2., (count, width))


def _spring(state):
  return np.stack([state[..., 1], -4 * state[..., 0]], -1)


def _spring_in_jax(state):
  return jnp.stack([state[..., 1], -4 * state[..., 0]], -1)


def _spring_one(state):
  x, v = state
  return [float(v), -4 * float(x)]


def _texts(law):
  return {t.text for t in law.terms}


@pytest.mark.parametrize("rates", [_spring, _spring_in_jax, _spring_one])
def test_functions_of_one_state_or_many(rates):
  found = discover(equations=rates, sample=_sample(), columns="x:m,v:m/s")
  (law,) = found.laws
  assert law.verdict == verdicts.CONSERVED and found.independent == 1
  assert _texts(law) == {"x^2", "v^2"} and law.name == "energy"
  ratio = dict(zip([t.text for t in law.terms], law.coefficients))
  np.testing.assert_allclose(ratio["x^2"] / ratio["v^2"], 4., rtol=1e-9)
  assert not found.data.timed and not found.smoothed


def test_columns_have_names_without_any():
  found = discover(equations=_spring, sample=_sample())
  assert [v.name for v in found.variables] == ["x0", "x1"]


def test_kepler_has_three_laws():

  def rates(s):
    return np.r_[s[2:], -2 * s[:2] / np.hypot(*s[:2])**3]

  found = discover(equations=rates,
                   sample=_sample(width=4),
                   columns="x:m,y:m,vx:m/s,vy:m/s")
  assert found.independent == 3
  assert [{"x*vy", "y*vx"}, {"|v|^2", "1/|r|"}] == sorted(
      (_texts(law) for law in found.laws[:2]), key=sorted, reverse=True)
  energy = next(w for w in found.laws if "1/|r|" in _texts(w))
  ratio = dict(zip([t.text for t in energy.terms], energy.coefficients))
  np.testing.assert_allclose(ratio["1/|r|"] / ratio["|v|^2"], -4., rtol=1e-9)
  # The third one is a component of the Laplace-Runge-Lenz vector.
  assert "|r|" in found.laws[2].text


def test_three_bodies_have_five_laws():
  field = bodies.planar_field((1., 2., 3.), lambda d, m, n: m * n * d**-1.5)
  columns = ",".join([
      *(f"{c}{i}:m" for i in (1, 2, 3) for c in "xy"),
      *(f"v{c}{i}:m/s" for i in (1, 2, 3) for c in "xy")
  ])
  found = discover(equations=lambda s: field(s, np),
                   sample=_sample(600, 12),
                   columns=columns)
  assert found.independent == 5
  laws = {law.name: law for law in found.laws}
  assert _texts(laws["momentum along x"]) == {"vx1", "vx2", "vx3"}
  assert _texts(laws["momentum along y"]) == {"vy1", "vy2", "vy3"}
  assert _texts(laws["energy"]) == {
      "|v1|^2", "|v2|^2", "|v3|^2", "1/|r1 - r2|", "1/|r1 - r3|", "1/|r2 - r3|"
  }
  turn = laws["angular momentum about z"]
  assert _texts(turn) == {
      f"{c}{i}*v{d}{i}" for c, d in ("xy", "yx") for i in (1, 2, 3)
  }
  np.testing.assert_allclose(np.sort(np.abs(turn.coefficients)),
                             [1, 1, 2, 2, 3, 3],
                             rtol=1e-8)


def test_a_constant_of_the_equations_multiplies_terms():

  def rates(s):
    x, v, k = s[..., 0], s[..., 1], s[..., 2]
    return np.stack([v, -k * x, 0 * k], -1)

  sample = _sample(width=3)
  sample[:, 2] = np.abs(sample[:, 2]) + .5
  found = discover(equations=rates, sample=sample, columns="x:m,v:m/s,k:1/s^2")
  (law,) = found.laws
  assert _texts(law) in ({"v^2", "k*x^2"}, {"x^2", "v^2/k"})


def test_equations_without_a_law():
  friction = lambda s: np.stack([s[..., 1], -s[..., 0] - s[..., 1]], -1)
  found = discover(equations=friction, sample=_sample(), columns="x,v")
  assert not found.laws and found.verdict == "no law found"


def test_states_without_finite_rates_are_left_out():
  rates = lambda s: np.where(s[..., :1] > 0, _spring(s), np.nan)
  data, samples = from_equations(rates, _sample(), "x,v")
  assert all((s[:, 0] > 0).all() for s in data.states)
  assert sum(map(len, samples.rates)) == sum(map(len, data.states))
  left = 300 - sum(map(len, data.states))
  assert f"{left} of 300 states left out" in samples.messages[0]


def test_of_many_states_some_are_drawn():
  states = np.sort(_sample(5000), axis=0)
  data, samples = from_equations(_spring, states, "x,v")
  drawn = np.concatenate(data.states)
  assert len(drawn) == 4000 and drawn[:, 0].max() > 1.9
  assert samples.messages == ("4000 of 5000 states were used",)


def test_the_seed_chooses_the_groups():
  one, two = (
      from_equations(_spring, _sample(), "x,v", seed)[0] for seed in (0, 1))
  assert not np.array_equal(one.states[0], two.states[0])


def _fails(_):
  raise ZeroDivisionError("a wall")


def _fails_later(state):
  x, v = state
  if x > 1.5:
    raise ZeroDivisionError("a wall")
  return [v, -x]


def _changes_shape(state):
  x, v = state
  return [v, -x] if x < 1.5 else [v]


@pytest.mark.parametrize("rates,sample,columns,message", [
    (_spring, _sample(49), "x,v", "at least 50 states"),
    (_spring, np.zeros(60), "x,v", "at least 50 states"),
    (_spring, "states", "x,v", "must be states"),
    (_spring, np.full((60, 2), np.inf), "x,v", "must be finite"),
    (_spring, _sample(), "x,v,w", "names 3 columns"),
    (lambda s: s[..., :1], _sample(), "x,v", "one rate for each column"),
    (lambda s: 0 * s, _sample(), "x,v", "change nothing"),
    (lambda s: s * np.nan, _sample(), "x,v", "at only 0 states"),
    (lambda s: [s[1], 0. * s[0]], _sample() * [1., 0.], "x,v",
     "'v' never changes"),
    (_fails, _sample(), "x,v", "fail at state 1 of 300, .*: ZeroDivisionError"),
    (_fails_later, _sample(), "x,v", "fail at state .*: ZeroDivisionError"),
    (_changes_shape, _sample(), "x,v", r"the shape \(1,\) at state"),
])
def test_refusals(rates, sample, columns, message):
  with pytest.raises(InputError, match=message):
    discover(equations=rates, sample=sample, columns=columns)


@pytest.mark.parametrize("arguments,message", [
    ({}, "Give data, or `equations`"),
    ({
        "equations": _spring
    }, "Give data, or `equations`"),
    ({
        "data": [np.zeros((30, 2))],
        "sample": _sample()
    }, "Give data, or"),
    ({
        "equations": _spring,
        "sample": _sample(),
        "times": np.arange(3.)
    }, "equations have none"),
    ({
        "equations": _spring,
        "sample": _sample(),
        "trial": "k"
    }, "equations have none"),
])
def test_data_or_equations(arguments, message):
  with pytest.raises(InputError, match=message):
    discover(**arguments)
