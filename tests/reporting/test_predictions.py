"""Which predictor is recommended, and why laws do harm."""

import math

import pytest

from noether_jax.reporting import predictions
from tests.reporting import made


def _summary(*arguments, **more):
  return made.Outcome(*arguments, **more).summary


def test_the_recommended_one_is_named():
  assert predictions.recommendation(_summary(.5)).startswith(
      "Recommended: tailored, law 1. On the data held out to choose, its error "
      "is 0.5; without a law it is 1.")
  assert predictions.recommendation(_summary(
      1.3, 0)).startswith("Recommended: without a law.")


def test_a_law_that_helps_needs_no_reason():
  assert not predictions.explanations(_summary(.5))


@pytest.mark.parametrize("more,text", [
    ({}, "Why law 1 made the prediction worse: 7 % of the squared error"),
    ({
        "speed_only": ("vx", "vy")
    }, "fixes the size of the velocity (vx, vy), not its direction"),
    ({
        "growth": 120.
    }, "grows 120 times to the end of a rollout; without a law, 2 times"),
    ({
        "growth": math.inf
    }, "grows without bound to the end of a rollout; without a law, 2 times"),
    ({
        "across": 3.
    }, "The tailored field has 3 times the error in the directions left free"),
])
def test_reasons_are_measured(more, text):
  told = predictions.explanations(_summary(7., 0, **more))
  assert text in told[0] and told[1].startswith("No law helps here.")
  if "growth" not in more:
    assert "grows" not in told[0]


def test_what_helps_is_named():
  summary = _summary(7., 0)
  other = {
      **summary["variants"][1], "name": "tailored, both laws",
      "laws": 2,
      "ratio_paired": [.3, .1],
      "validation_ratio": [.2, .1],
      "wins": 2
  }
  summary["variants"].append(other)
  told = predictions.explanations(summary)
  assert len(told) == 2 and "tailored, both laws (0.2 times" in told[1]
