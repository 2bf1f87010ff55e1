"""result.json is strict JSON, whatever the numbers are."""

import json

import numpy as np
import pytest

from noether_jax.reporting import records
from tests.reporting import made


def strict(text):
  """JSON without the constants that only Python knows."""

  def fail(name):
    raise AssertionError(name)

  return json.loads(text, parse_constant=fail)


@pytest.mark.parametrize("verdict", tuple(made.EVIDENCE))
def test_of_each_verdict(verdict):
  record = strict(
      records.result(made.found(verdict), made.Outcome(), {"title": "a"}))
  one = record["best_rejected"] or record["laws"][0]
  assert (one["verdict"], one["reason"] or "") == made.judged(verdict)
  evidence = made.EVIDENCE[verdict]
  assert one["residual_colour"] == evidence.colour
  assert one["p_value"] == (evidence.p_value if evidence.p_value > 0 else None)
  assert record["p_value"] is None and record["rungs"] == []
  assert one["law"].startswith("q^2 + 2.5 p^2") and one["name"] == "energy"
  assert one["latex"].startswith(r"q^{2} + 2.5 \, p^{2}")
  assert bool(one["losses"]) == (verdict == "balance")
  assert record["prediction"]["training_loss"] == [.1, None]
  assert record["title"] == "a"


def test_numbers_of_numpy_and_what_is_not_finite():
  law = made.law(uncertainties=np.array([0., np.nan]))
  extra = {"a": np.float32(2), "b": np.arange(2), 3: {"c": np.bool_(True)}}
  extra["path"] = object
  record = strict(records.result(made.found(laws=(law,)), None, extra))
  assert record["laws"][0]["terms"][1]["uncertainty"] is None
  assert record["a"] == 2. and record["b"] == [0, 1]
  assert record["3"] == {"c": True} and record["prediction"] is None
