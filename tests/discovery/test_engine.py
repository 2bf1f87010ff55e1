"""Laws are found where they are, and only there."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.integrate import solve_ivp

from benchmarks.systems import SAMPLINGS
from benchmarks.truth import exact
from benchmarks.truth import is_true
from noether_jax import discover
from noether_jax import rungs
from noether_jax.discovery import law as law_lib
from noether_jax.discovery import law_file
from noether_jax.dynamics import rk4
from noether_jax.dynamics import rollout
from noether_jax.errors import InputError
from noether_jax.reporting import verdicts


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
  assert found.independent == sampling.system.num_conserved
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
  assert found.rungs[:2] == ("linear", "quadratic")


@pytest.mark.parametrize("noise,tolerance", [(.01, .02), (.1, .15)])
def test_pendulum_coefficient_lies_within_its_uncertainty(noise, tolerance):
  found, _ = _discover("pendulum", noise)
  (law,) = found.laws
  assert [t.text for t in law.terms] == ["p^2", "cos(q)"]
  error = abs(law.coefficients[1] + 3)
  assert error < tolerance and error < 5 * law.uncertainties[1]
  assert found.smoothed


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
  assert found.verdict.startswith("cannot tell: ")
  assert found.laws[0].reason in (verdicts.ONE_VALUE, verdicts.FEW)


def test_two_trajectories_are_never_a_law():
  found, _ = _discover("double pendulum", count=2)
  assert found.independent == 0
  assert {law.verdict for law in found.laws
         } <= {verdicts.UNKNOWN, verdicts.APPROXIMATE}


def test_equal_energies_are_one_value():
  angle = np.linspace(0, 6, 60)
  circles = [
      np.stack([np.cos(angle + a), np.sin(angle + a)], -1) for a in range(5)
  ]
  found = discover(circles, angle, columns="q,p")
  (law,) = found.laws
  assert {t.text for t in law.terms} == {"q^2", "p^2"}
  assert (law.verdict, law.reason) == ("cannot tell", verdicts.ONE_VALUE)
  assert "only one value" in found.verdict


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
  energy, momentum, *_ = found.laws
  assert law_lib.rank([energy, momentum], states) == 2
  assert law_lib.rank([energy, energy], states) == 1


def test_very_many_rows_are_thinned(monkeypatch):
  for name in ("_MOST_ROWS", "_MOST_NOISY_ROWS"):
    monkeypatch.setattr(f"noether_jax.discovery.samples.{name}", 1000)
  t = np.arange(5000) * .01
  orbits = [a * np.stack([np.cos(t), -np.sin(t)], 1) for a in (1., 2., 3., 4.)]
  found = discover([*orbits, 5. * orbits[0][:60]], [t] * 4 + [t[:60]],
                   columns="q,p")
  assert found.laws[0].text == "q^2 + p^2" and found.independent == 1
  assert any("every 20th of each trajectory" in m for m in found.messages)


@pytest.mark.parametrize("vectors", [[("x", "y")], "x,y"])
def test_vectors_by_name_make_rotational_terms(vectors):
  angle = np.linspace(0, 6, 60)
  circle = np.stack([np.cos(angle), np.sin(angle)], -1)
  found = discover([r * circle for r in (1., 2., 3., 4.)],
                   columns="x,y",
                   vectors=vectors,
                   rungs=[rungs.central])
  assert found.laws[0].terms[0].text in ("|r|", "|r|^2", "1/|r|")


def test_a_rung_of_ones_own_is_climbed():
  """x'' = exp(-x) - 1."""
  step = rk4(lambda s: jnp.stack([s[1], jnp.exp(-s[0]) - 1]), .02)
  states = [
      rollout(step, jnp.array([x, 0.]), 400)[::4] for x in (.5, 1., 2., 3., 4.)
  ]
  times = .08 * np.arange(100)

  def morse(subject):
    return subject.terms("v^2", "x", "exp(-x)")

  wanted = {"v^2", "x", "exp(-x)"}
  for climbed in ([morse], [*rungs.default, morse]):
    found = discover(states, times, columns="x,v", rungs=climbed)
    law = next(w for w in found.laws if {t.text for t in w.terms} == wanted)
    assert law.verdict == "conserved" and found.independent == 1
    np.testing.assert_allclose(np.sort(law.coefficients), [1, 2, 2], rtol=1e-5)
  # The law goes on as any other one.
  module = {}
  exec(law_file.law_module([law]), module)  # pylint: disable=exec-used
  for one in (np.asarray(states[2]), jnp.asarray(states[2])):
    np.testing.assert_allclose(module["laws"](one)[:, 0], law(one), rtol=1e-9)
  slopes = jax.vmap(jax.grad(law))(jnp.asarray(states[2]))
  np.testing.assert_allclose(slopes, law.gradient(states[2]), rtol=1e-9)
  assert r"e^{-x}" in law.latex


def test_constants_of_a_trial_multiply_terms():
  times, states = np.linspace(0, 10, 150), []
  for n, k in enumerate((1., 2., 3., 1.5, 2.5, 4.)):
    angle, size = np.sqrt(k) * times, 1 + .3 * n
    states.append(size * np.stack(
        [np.cos(angle), -np.sqrt(k) * np.sin(angle),
         np.full(150, k) / size], 1))
  found = discover(states, times, columns="x:m,v:m/s,k:1/s^2")
  (law,) = found.laws
  assert law.verdict == "conserved"
  assert {t.text for t in law.terms} in ({"v^2", "k*x^2"}, {"x^2", "v^2/k"})
  np.testing.assert_allclose(law.coefficients, 1., rtol=1e-6)


def test_rows_without_times_have_no_order():
  data = SAMPLINGS["spring"].draw(10, 0., 0)
  random = np.random.default_rng(0)
  mixed = [random.permutation(s) for s in data.states]
  found = discover(mixed, columns=data.variables)
  assert found.independent == 1 and not found.smoothed
  assert not found.noise.sigma.any()
  assert any("no times: rows are points" in m for m in found.messages)


def test_the_p_value_of_a_law_is_small_and_of_chaos_is_not():
  law, _ = _discover("Lotka-Volterra")
  assert law.p_value == law.laws[0].evidence.p_value == .01
  chaos, _ = _discover("Lorenz", count=10)
  assert chaos.p_value > .05


def test_noise_of_other_columns_does_not_excuse_a_steady_one():
  # The column z wanders less than it differs between trials; x and v are noise.
  random = np.random.default_rng(3)
  states = [
      np.c_[random.normal(size=(200, 2)),
            20 + random.normal() + 1e-3 * np.cumsum(random.normal(size=200))]
      for _ in range(12)
  ]
  found = discover(states, np.arange(200.), columns="x,v,z")
  assert all(law.verdict == verdicts.APPROXIMATE for law in found.laws)


def test_a_long_form_of_few_noisy_rows_is_no_law():
  # Five short trajectories: two approximate actions look like laws.
  field = np.array([[0., 1., .5, -.5], [-1., 0., .8, .3], [-.5, -.8, 0., 1.],
                    [.5, -.3, -1., 0.]])
  rates = lambda t, x: x * (field @ (x - 1))
  times = np.linspace(0., 5., 20)
  for seed in range(4):
    random = np.random.default_rng(seed)
    clean = [
        solve_ivp(rates, (0., 5.),
                  random.uniform(.5, 2., 4),
                  t_eval=times,
                  rtol=1e-9).y.T for _ in range(5)
    ]
    noise = .01 * np.concatenate(clean).std(0)
    found = discover([s + noise * random.normal(size=s.shape) for s in clean],
                     times,
                     columns="a,b,c,d")
    sure = [w for w in found.laws if w.verdict == verdicts.CONSERVED]
    assert all(len(law.terms) == 8 for law in sure)


def test_a_noisy_column_that_stays_constant_is_a_law_by_itself():
  random = np.random.default_rng(0)
  times = np.linspace(0., 1.5, 60)
  speed, up = random.uniform([1., 4.], [5., 12.], (20, 2)).T[..., None]
  states = np.stack([
      speed * times, 2 + up * times - 4.905 * times**2, speed + 0 * times,
      up - 9.81 * times
  ], -1)
  states += .01 * states.std((0, 1)) * random.normal(size=states.shape)
  found = discover(states, times, columns="x,y,u,v")
  assert "u" in [law.text for law in found.laws]
  assert not any(law.text.startswith(("u +", "u -")) for law in found.laws)
