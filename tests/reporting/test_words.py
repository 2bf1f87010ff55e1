"""Sentences made of statistics, and what to do next."""

import math

import numpy as np
import pytest

from noether_jax.data.columns import parse_columns
from noether_jax.discovery.evidence import Evidence
from noether_jax.reporting import advice
from noether_jax.reporting import verdicts
from noether_jax.reporting import words
from noether_jax.symbolic.noise import StateNoise
from tests.reporting import made


@pytest.mark.parametrize("ratio,text", [
    (1., "as much as 100 %"),
    (.25, "50 %"),
    (1e-6, "0.1 %"),
    (.99e-6, "less than 1 part in 10^3"),
    (1e-8, "less than 1 part in 10^4"),
    (1e-20, "less than 1 part in 10^7"),
    (-1e-20, "less than 1 part in 10^7"),
])
def test_share(ratio, text):
  assert words.share(ratio) == text


@pytest.mark.parametrize("evidence,text", [
    (Evidence(1e-9, 1e-9, 1e9, 9.), "10^4 of its spread over all data."),
    (Evidence(2e-18, 2e-18, 70., -90.), "10^7 of its spread over all data."),
    (Evidence(1e-3, 1e-3, math.inf, 0.), "and no measurement noise explains "
     "that; no drift."),
    (Evidence(1e-3, 1e-3, 1., -3.), "explains; it may fall slowly with time."),
    (Evidence(1e-3, 1e-3, 1., 0., 3.), "explains, but the change is smooth in "
     "time, as noise is not; no drift."),
    (Evidence(1e-3, 1e-3, 16., 5.), "4 times what the measurement noise "
     "explains; it rises steadily with time."),
])
def test_evidence(evidence, text):
  assert text in words.evidence_sentence(made.law(evidence=evidence))


def _none(columns, **changes):
  return made.found("not conserved",
                    variables=parse_columns(columns),
                    **changes)


def test_next_steps_of_a_failure_fit_the_data():
  steps = "".join(advice.next_steps(_none("x,y"), made.data(3)))
  assert "Add velocities" in steps and "Give units" in steps
  assert "3 may be too few" in steps and "20 candidates" in steps
  assert "Reduce the noise" not in steps
  noisy = _none("x:m,vx:m/s", noise=StateNoise(np.array([2., 2.])))
  steps = "".join(advice.next_steps(noisy, made.data(12)))
  assert "velocities" not in steps and "units" not in steps
  assert "may be too few" not in steps and "Reduce the noise" in steps


def test_next_steps_of_a_success_name_the_limit_of_few_trajectories():
  found = made.found(independent=1)
  assert "2 trajectories can tell at most 1" in "".join(
      advice.next_steps(found, made.data(2)))
  assert len(advice.next_steps(found, made.data(9))) == 1


@pytest.mark.parametrize("verdict,text", [
    (verdicts.FEW, "Measure more trajectories of the same system"),
    (verdicts.ONE_VALUE, "has other values"),
    (verdicts.UNTIMED, "Give the time of each row"),
    (verdicts.RATES, "Measure more states with their derivatives"),
    (verdicts.DISAGREE, "See that each derivative is that of its column"),
    (verdicts.CHANCE, "longer trajectories"),
    (verdicts.CONTRADICTION, "with less noise"),
    (verdicts.APPROXIMATE, "friction"),
    (verdicts.BALANCE, "Search other trajectories"),
])
def test_next_steps_of_other_verdicts(verdict, text):
  assert text in advice.next_steps(made.found(verdict), None)[0]


def test_each_verdict_has_words():
  kinds = {*verdicts.MEANINGS, *verdicts.REASONS} - {verdicts.UNKNOWN}
  assert kinds == set(made.EVIDENCE)
  told = [verdicts.explanation(made.law(kind)) for kind in made.EVIDENCE]
  assert len(set(told)) == len(told)
  assert all(text.endswith(".") for text in told)


def test_a_failure_says_what_was_searched():
  assert words.search_sentence(made.found()) == ""
  found = _none("x,y", rungs=("linear", "quadratic"))
  assert words.search_sentence(found) == (
      "None of the combinations of 20 candidate terms stays constant along the "
      "trajectories; the rungs that were climbed are linear, quadratic.")


@pytest.mark.parametrize("p_value,told", [(.01, True), (.5, False),
                                          (math.nan, False)])
def test_a_rare_constancy_without_a_formula_is_told(p_value, told):
  steps = advice.next_steps(_none("x,y", p_value=p_value), made.data())
  assert any("(p = 0.01)" in step for step in steps) == told
  assert any("--rungs=default,network" in step for step in steps) == told


@pytest.mark.parametrize("kind,names", [
    (verdicts.CONSERVED, {"p-value"}),
    (verdicts.BALANCE, {"p-value", "residual colour"}),
    (verdicts.FEW, set()),
])
def test_colour_and_p_value_are_shown_where_they_are_known(kind, names):
  shown = {s.name for s in words.statistics(made.EVIDENCE[kind])}
  assert shown & {"p-value", "residual colour"} == names


@pytest.mark.parametrize("verdict", ["conserved", "not conserved"])
def test_next_steps_in_python_name_no_option_of_the_program(verdict):
  steps = advice.next_steps(made.found(verdict), made.data(), program=False)
  assert steps and "--" not in "".join(steps)
  assert "--" in "".join(advice.next_steps(made.found(verdict), made.data()))
