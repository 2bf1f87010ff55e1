"""Each search is measured in a process of its own."""

import json
import os

from absl import app
from absl import flags
from absl.testing import flagsaver
import pytest

from benchmarks import cost


def _run(capsys, names):
  if not flags.FLAGS.is_parsed():
    flags.FLAGS(["x"])
  with flagsaver.flagsaver(cost_cases=names):
    cost.main(["x"])
  return json.loads(capsys.readouterr().out)


def test_a_row_for_each_case(capsys):
  row = _run(capsys, ["4_columns"])["4_columns"]
  assert (row["rows"], row["columns"], row["laws"]) == (20 * 240, 4, 3)
  # JAX alone takes more than this.
  assert row["megabytes"] > 100
  assert 0 < row["processor"] < 2 * row["wall"] * os.cpu_count()


def test_noise_is_another_case():
  clean, noisy = (cost.case_data(f"4_columns{end}") for end in ("", "_noisy"))
  assert noisy.states[0].std() != clean.states[0].std()
  assert [v.name for v in noisy.variables] == [v.name for v in clean.variables]


def test_unknown_cases_are_refused(capsys):
  with pytest.raises(app.UsageError, match="'8_columns' is none of: planets"):
    _run(capsys, ["8_columns"])
