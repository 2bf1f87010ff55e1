"""Systems that lose energy: simulated ones, and measured ones."""

import jax.numpy as jnp
import numpy as np
import pytest

from noether_jax import discover
from noether_jax import rungs
from noether_jax.data.columns import parse_columns
from noether_jax.dynamics import rk4
from noether_jax.dynamics import rollout
from tests import paths

_DATA = paths.SHARED / "data" / "schmidt_lipson"


def test_without_losses_an_energy_is_said_to_fall():
  times = np.linspace(0, 20, 401)
  decay, angle = np.exp(-.02 * times), 3 * times
  states = [
      a * decay[:, None] * np.stack([np.cos(angle), -3 * np.sin(angle)], -1)
      for a in np.linspace(.5, 2, 8)
  ]
  found = discover(states,
                   times,
                   columns="q:m,v:m/s",
                   rungs=[rungs.linear, rungs.quadratic])
  (law,) = found.laws
  assert law.verdict == "approximately conserved" and law.evidence.drift < -4


@pytest.mark.parametrize("noise", [0., .01])
def test_a_damped_system_has_a_balance_law(noise):
  random, times = np.random.default_rng(0), np.linspace(0, 20, 401)
  damped = rk4(lambda s: jnp.stack([s[1], -9. * s[0] - .1 * s[1]]), .05)
  states = []
  for size in np.linspace(.5, 2, 10):
    path = rollout(damped, jnp.array([size, 0.]), 400)
    path = np.concatenate([[[size, 0.]], path])
    states.append(path + noise * random.normal(size=path.shape) * [1., 3.])
  found = discover(states, times, columns="q:m,v:m/s")
  (law,) = found.laws
  assert law.verdict == "balance" and "balance law" in found.verdict
  assert law.name == "energy" and [t.text for t in law.terms] == ["v^2", "q^2"]
  np.testing.assert_allclose(law.coefficients[1], 9., rtol=.01)
  (loss,) = law.losses
  # d(v^2 + 9 q^2)/dt = -0.2 v^2
  np.testing.assert_allclose(loss.coefficient, .2, rtol=.05)
  assert law.loss_unit(0) == "1"


def test_a_body_that_slides_one_way_has_a_balance():
  # v' = -v^2 / 2, so v^2 falls by the integral of v^3; and x is that of |v|.
  times, random = np.linspace(0, 6, 300), np.random.default_rng(3)
  states = []
  for start in random.uniform(1., 3., 10):
    gone = 1 + start * times / 2
    path = np.stack([random.normal() + 2 * np.log(gone), start / gone], 1)
    states.append(path + .005 * random.normal(size=path.shape))
  found = discover(states, times, columns="x:m,v:m/s", rungs=[rungs.losses])
  (law,) = found.laws
  assert law.verdict == "balance" and law.terms[0].text == "v^2"
  cube = next(w for w in law.losses if w.term.text == "integral(|v|^3)")
  np.testing.assert_allclose(cube.coefficient, 1., rtol=.1)


def _filtered(random, shape, keep=.6):
  """Noise of unit size that a sensor remembers."""
  noise = random.normal(size=shape)
  for i in range(1, len(noise)):
    noise[i] = keep * noise[i - 1] + np.sqrt(1 - keep**2) * noise[i]
  return noise


@pytest.mark.parametrize("friction,verdict", [(.1, "balance"),
                                              (0., "approximately conserved")])
def test_a_balance_holds_though_noise_is_not_white(friction, verdict):
  random, times = np.random.default_rng(1), np.linspace(0, 20, 401)
  damped = rk4(lambda s: jnp.stack([s[1], -9. * s[0] - friction * s[1]]), .05)
  states = []
  for size in np.linspace(.5, 2, 10):
    path = rollout(damped, jnp.array([size, 0.]), 400)
    path = np.concatenate([[[size, 0.]], path])
    states.append(path + .02 * _filtered(random, path.shape) * [1., 3.])
  found = discover(states,
                   times,
                   columns="q:m,v:m/s",
                   rungs=[rungs.quadratic, rungs.losses])
  (law,) = found.laws
  assert law.evidence.colour > 1 and law.verdict == verdict
  assert bool(law.losses) == bool(friction)


@pytest.mark.skipif(not _DATA.exists(), reason="measured data are not here")
@pytest.mark.parametrize("file,columns,wanted", [
    ("real_pend_h_1", "o:rad,v:1/s", {
        "cos(o)": (-2.40, .1)
    }),
    ("real_linear_h_1", "x:px,v:px/s", {
        "x^2": (6.058, .05)
    }),
    ("real_double_pend_h_1", "o1:rad,o2:rad,w1:1/s,w2:1/s", {
        "w2^2": (.32, .016),
        "cos(o1)": (-124., 6.2),
        "cos(o2)": (-46.5, 2.3),
        "w1*w2*cos(o1 - o2)": (.77, .038)
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
  assert law.verdict == "balance" and law.losses
  got = dict(zip([t.text for t in law.terms[1:]], law.coefficients[1:]))
  assert set(got) == set(wanted)
  for term, (value, tolerance) in wanted.items():
    assert abs(got[term] - value) < tolerance
