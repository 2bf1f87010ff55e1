"""Networks count what is conserved, and claim nothing else."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.integrate

from noether_jax import conserve
from noether_jax import discover
from noether_jax import rungs
from noether_jax.data.conversion import as_trajectories
from noether_jax.discovery.known import known_laws
from noether_jax.discovery.network_search import learn_networks
from noether_jax.discovery.one_rung import RungSearch
from noether_jax.discovery.roles import make_subject
from noether_jax.discovery.samples import prepare
from noether_jax.errors import InputError
from noether_jax.reporting import verdicts

_TIMES = np.linspace(0., 12., 150)


def _solved(field, starts, times=_TIMES):
  return [
      scipy.integrate.solve_ivp(lambda _, x: field(x), (0., times[-1]),
                                start,
                                t_eval=times,
                                rtol=1e-10,
                                atol=1e-12).y.T for start in starts
  ]


def _starts(count, width=2, size=1.5, seed=0):
  return np.random.default_rng(seed).uniform(-size, size, (count, width))


def _bump(x):
  """A spring with a bump: no rung spells its potential."""
  q = x[0] - .3
  return np.array([x[1], -x[0] + 4 * q * np.exp(-2 * q**2)])


def _bump_energy(states):
  return states[..., 1]**2 / 2 + states[..., 0]**2 / 2 + np.exp(
      -2 * (states[..., 0] - .3)**2)


def _damped(x):
  return np.array([x[1], -x[0] - x[0]**3 - .3 * x[1]])


def _circular(x):
  """Two equal springs: energies and angular momentum."""
  return np.concatenate([x[2:], -x[:2]])


def _learn(states, columns="q,v", known=(), most=1, times=_TIMES):
  samples = prepare(as_trajectories(states, times, columns=columns), 0)
  subject = make_subject(samples, None, None)
  given = known_laws(known, subject)
  return learn_networks(samples, subject, given, most)


@pytest.fixture(name="bump", scope="module")
def _bump_states():
  return _solved(_bump, _starts(20))


@pytest.fixture(name="found", scope="module")
def _bump_found(bump):
  return discover(bump, _TIMES, columns="q,v", rungs=[rungs.network])


def test_with_a_number_inside_the_formula_is_the_law():
  # A Gaussian in the middle is a function with a number inside.
  field = lambda x: np.array([x[1], -x[0] + 4 * x[0] * np.exp(-2 * x[0]**2)])
  found = discover(_solved(field, _starts(20)),
                   _TIMES,
                   columns="q,v",
                   rungs=[rungs.network])
  assert [law.text for law in found.laws] == ["v^2 + q^2 + 2 exp(-2*(q^2))"]


def test_an_energy_without_a_formula_becomes_a_law(found):
  (law,) = found.laws
  assert (law.text, law.terms) == ("network g1(q, v)", ())
  assert law.evidence.ratio < 1e-2
  assert (found.count.estimate, found.count.with_formula) == (1, 0)
  assert "0 of 1 independent quantities have a formula" in str(found)
  states = np.concatenate(_solved(_bump, _starts(6, seed=1)))
  # Any function of the energy is conserved, too.
  g, energy = law(states), _bump_energy(states)
  fit = np.polynomial.Polynomial.fit(g, energy, 3)(g)
  assert np.var(fit - energy) < .03 * np.var(energy)


def test_a_network_is_a_law_of_arrays_of_both_kinds(bump, found):
  law = found.laws[0]
  states = np.concatenate(bump)[::500]
  one = jax.jit(jax.grad(lambda x: law(x)))
  slopes = jax.vmap(one)(jnp.asarray(states))
  np.testing.assert_allclose(slopes, law.gradient(states), rtol=1e-6)
  np.testing.assert_allclose(law(jnp.asarray(states)), law(states), rtol=1e-6)


def test_a_network_is_saved_and_loaded(bump, found, tmp_path):
  found.save(tmp_path)
  module = {}
  exec((tmp_path / "law.py").read_text(), module)  # pylint: disable=exec-used
  states = np.concatenate(bump)
  np.testing.assert_allclose(module["law_1"](states),
                             found.laws[0](states),
                             atol=1e-9)
  record = json.loads((tmp_path / "result.json").read_text())
  assert record["laws"][0]["law"].startswith("network g1")
  assert "network" in (tmp_path / "report.html").read_text()


def test_a_model_keeps_a_network_near_the_states_that_it_saw(bump, found):
  law = found.laws[0]
  # An oscillator that gains energy.
  model = (lambda w, x: w @ x, jnp.array([[.1, 1.], [-1., .1]]))
  for how in ("tailor", "project"):
    keeps = conserve(model, law, how=how)
    seen, far = jnp.asarray(bump[0][50]), jnp.array([30., 30.])
    near, away = keeps.predict(seen), keeps.predict(far)
    change = lambda out, x=seen: abs(float(law.gradient(x) @ out))
    assert change(near.value) < 1e-6 * change(near.initial)
    assert near.accepted and not away.accepted
    np.testing.assert_array_equal(away.value, away.initial)


def test_with_a_formula_the_formula_is_the_law():
  states = _solved(lambda x: np.array([x[1], -x[0]]), _starts(12))
  found = discover(states, _TIMES, columns="q,v", rungs=[rungs.network])
  (law,) = found.laws
  assert {t.text for t in law.terms} == {"q^2", "v^2"}
  assert str(found.count) == "1, with a formula"
  assert found.rungs[0] == "network"


def test_where_more_is_conserved_than_has_a_formula_a_network_is_learned(
    monkeypatch):
  # The dense combinations are verified, and every short form is lost.
  search = RungSearch.search
  monkeypatch.setattr(RungSearch, "search",
                      lambda *args: dataclasses.replace(search(*args), laws=()))
  states = _solved(lambda x: np.array([x[1], -x[0]]), _starts(12))
  found = discover(states, _TIMES, columns="q,v", rungs=[rungs.quadratic])
  assert found.rungs[:2] == ("quadratic", "network")
  assert found.count.with_formula == 0 and found.count.at_least == 1
  (law,) = found.laws
  assert not law.terms and "1 of 1" not in str(found.count)


@pytest.mark.parametrize("noise", (0., .01))
def test_losses_leave_nothing(noise):
  random = np.random.default_rng(0)
  states = [
      s + noise * random.normal(size=s.shape)
      for s in _solved(_damped, _starts(15))
  ]
  found = discover(states, _TIMES, columns="q,v", rungs=[rungs.network])
  assert found.count.estimate == 0
  assert found.independent == 0


def test_noise_alone_has_no_law():
  states = list(np.random.default_rng(0).normal(size=(15, 150, 3)))
  assert not _learn(states, "a,b,c", most=2).laws


def test_several_quantities_are_independent():
  states = _solved(_circular, _starts(15, 4), _TIMES)
  found = _learn(states, "x,y,vx,vy", most=3)
  assert len(found.laws) == 3
  points = np.concatenate(states)[::100]
  slopes = np.stack([law.gradient(points) for law in found.laws], 1)
  sizes = np.linalg.svd(slopes / np.linalg.norm(slopes, axis=-1, keepdims=True),
                        compute_uv=False)
  assert np.median(sizes[:, -1] / sizes[:, 0]) > .05


def test_a_known_law_is_not_learned_again():
  states = _solved(_bump, _starts(20))
  energy = "v^2/2 + q^2/2 + exp(-2*q^2)"
  found = _learn(states, known=[energy], most=1)
  assert not found.laws


@pytest.mark.parametrize("count", (3, 5))
def test_few_trajectories_leave_the_count_open(count):
  states = _solved(_bump, _starts(count))
  found = discover(states, _TIMES, columns="q,v", rungs=[rungs.network])
  assert found.count.is_open
  assert "too few to count" in str(found)


def test_equations_need_no_network():
  sample = _starts(60)
  with pytest.raises(InputError, match="`network` learns from trajectories"):
    discover(equations=_bump,
             sample=sample,
             columns="q,v",
             rungs=[rungs.network])


def test_a_network_judges_on_other_trajectories():
  """Each trajectory is its own line: any network tells them apart."""
  random = np.random.default_rng(0)
  lines = [
      np.linspace(0., 1., 60)[:, None] * d + o
      for d, o in random.normal(size=(12, 2, 6))
  ]
  found = _learn(lines, "a,b,c,d,e,f", most=5, times=np.arange(60.))
  assert found.is_open
  assert all(law.verdict != verdicts.CONSERVED for law in found.laws)
