"""Fits of formulas: closed forms, Gauss-Newton, and what is rejected."""

import numpy as np
import pytest

from noether_jax.symbolic import duals
from noether_jax.symbolic import fitting
from noether_jax.symbolic import linear
from noether_jax.symbolic import nonlinear
from noether_jax.symbolic import samples as samples_lib
from noether_jax.symbolic.canonical import essential
from noether_jax.symbolic.grammar import enumerate_formulas
from noether_jax.symbolic.grammar import make_grammar
from noether_jax.symbolic.parsing import parse
from noether_jax.symbolic.programs import encode

INPUTS = make_grammar(["q", "p"], ["rad", "1/s"]).inputs


def orbits(count: int = 8) -> samples_lib.StackedStates:
  """Exact level sets of p^2 - 3 cos q."""
  q = np.linspace(-1.0, 1.0, 40)
  energies = np.linspace(-1.5, 1.5, count)
  return samples_lib.concatenate(
      [np.stack([q, np.sqrt(e + 3 * np.cos(q))], 1) for e in energies])


def formula(text: str):
  return parse(text, INPUTS)


@pytest.mark.parametrize("text", [
    "p^2 - c0[1/s^2]*cos(q)",
    "c0[1/s^2]*cos(q) - p^2",
    "p^2/c0[1/s^2] - cos(q)",
    "cos(q) - p^2/c0[1/s^2]",
])
def test_every_way_to_write_the_law_has_its_coefficient(text):
  fits = fitting.fit_formulas([formula(text)], orbits())
  assert fits.reason.tolist() == [""]
  assert fits.ratio[0] < 1e-10
  np.testing.assert_allclose(fits.parameters[0], [3.0], rtol=1e-5)


def test_parameters_within_functions_are_found():
  # cos(2 q) + p^2 / 2 along its own level sets.
  q = np.linspace(-0.7, 0.7, 40)
  paths = [
      np.stack([q, np.sqrt(2 * (e - np.cos(2 * q)))], 1)
      for e in (1.5, 2.0, 2.5, 3.0)
  ]
  fits = fitting.fit_formulas([formula("p^2/c0[1/s^2] + cos(c1[1]*q)")],
                              samples_lib.concatenate(paths))
  assert fits.ratio[0] < 1e-8
  np.testing.assert_allclose(np.abs(fits.parameters[0]), [2.0, 2.0], rtol=1e-3)


@pytest.mark.parametrize("text, reason", [
    ("q/q", "constant"),
    ("q - q", "constant"),
    ("c0[1]*p + p", "terms are collinear or absent"),
])
def test_degenerate_fits_are_rejected_by_name(text, reason):
  fits = fitting.fit_formulas([formula(text)], orbits())
  assert fits.reason.tolist() == [reason]
  assert np.isnan(fits.ratio[0])


def test_a_division_by_zero_is_not_finite():
  paths = [np.array([[0.0, 1.0], [1.0, 2.0]]), np.ones((2, 2))]
  fits = fitting.fit_formulas([formula("p/q")], samples_lib.concatenate(paths))
  assert fits.reason.tolist() == ["not finite"]
  assert fits.counts() == {"not finite": 1}


def test_a_scaled_and_shifted_formula_has_the_same_ratio():
  samples = orbits()
  rng = np.random.default_rng(0)
  for original in enumerate_formulas(
      make_grammar(["q", "p"], ["rad", "1/s"],
                   parameter_units=["1", "1/s^2"],
                   max_nodes=5))[::29]:
    reduced = essential(original)
    assert reduced.num_parameters <= original.num_parameters
    values = rng.uniform(0.5, 1.5, original.num_parameters)
    with np.errstate(all="ignore"):
      value = original(samples.states.T, values)
      fits = fitting.fit_formulas([reduced], samples)
    spread = value - np.mean(value)
    if fits.reason[0] or not np.sum(spread**2) > 1e-9:
      continue
    plain = np.sum(samples.centred(value)**2) / np.sum(spread**2)
    # The fit is the best of the family that the original belongs to.
    assert fits.ratio[0] <= plain * (1 + 1e-6) + 1e-12, (original, reduced)


@pytest.mark.parametrize("text, expected", [
    ("c0[1]*(q + c1[1])", "q"),
    ("(c0[1]*q)^2*c1[1]", "q^2"),
    ("c0[1] - cos(q)", "cos(q)"),
    ("cos(q + c0[1])", "cos(q + c0[1])"),
    ("(q + c0[1])^2", "(q + c0[1])^2"),
    ("q + c0[1]*(p*p)", "q + c0[1]*(p*p)"),
    ("c0[1]/(q*c1[1])", "c0[1]/q"),
])
def test_essential_forms(text, expected):
  inputs = make_grammar("qp", "11").inputs
  assert str(essential(parse(text, inputs))) == expected


def test_derivatives_equal_differences():
  texts = [
      "cos(c0[1]*x0) + x1/c1[1]", "(x0 - c0[1])^2*x1", "sin(x0/c0[1])*c1[1]"
  ]
  inputs = make_grammar(["x0", "x1"], ["1", "1"]).inputs
  program = encode([parse(t, inputs) for t in texts],
                   num_inputs=2,
                   num_parameters=2)
  rng = np.random.default_rng(0)
  leaves = rng.uniform(0.5, 1.5, (4, 3, 5))
  slopes = np.eye(4)[:, 2:]
  _, derivative = duals.evaluate_duals(program, leaves, slopes)
  for variable in range(2):
    step = np.zeros((4, 1, 1))
    step[2 + variable] = 1e-6
    above, below = (duals.evaluate_duals(program, leaves + s, slopes)[0]
                    for s in (step, -step))
    np.testing.assert_allclose(derivative[variable], (above - below) / 2e-6,
                               atol=1e-8)


def test_terms_share_out_the_parameters():
  terms = linear.linear_terms(formula("(p - c0[1/s]/q)*q + c1[1/s]*cos(q)"))
  assert [(t.parameter, t.sign) for t in terms] == [(None, 1.0), (0, -1.0),
                                                    (1, 1.0)]
  for text in ("c0[1]*(c1[1]*q)", "c0[1]/(c1[1] + q)", "q/c0[1]*c1[1]"):
    found = linear.linear_terms(formula(text))
    assert found is None or text.startswith("q/"), text


def test_a_long_series_is_thinned_evenly():
  samples = samples_lib.concatenate([np.ones((50, 1)), np.ones((30, 1))])
  assert samples.thinned(40).lengths.tolist() == [25, 15]


@pytest.mark.parametrize("bad, message", [
    ([np.ones((3, 2))], "at least 2 are needed, got 1"),
    ([np.ones((3, 2)), np.ones((3, 1))], "one D: got shapes"),
    ([np.ones((3, 2)), np.full((3, 2), np.nan)], "must be finite: got 6"),
])
def test_unusable_trajectories_say_so(bad, message):
  with pytest.raises(ValueError, match=message):
    samples_lib.concatenate(bad)


def test_no_start_of_nonlinear_fits_gets_worse():
  samples = orbits()
  formulas = [formula("(q - c0[1])^2"), formula("cos(c0[1]*q)*p")]
  starts = np.random.default_rng(0).normal(size=(1, 2, 1)) + 1.5
  _, before, _ = nonlinear.fit_nonlinear(formulas, samples, starts, num_steps=0)
  _, after, _ = nonlinear.fit_nonlinear(formulas, samples, starts)
  assert (after <= before).all() and (after < before).any()
