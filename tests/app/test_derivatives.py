"""Measured derivatives from the shell."""

import json

import numpy as np
import pytest

from noether_jax.app import cli


@pytest.fixture(name="table")
def _table(tmp_path, monkeypatch):
  """A file of single states with noisy derivatives."""
  monkeypatch.chdir(tmp_path)
  random = np.random.default_rng(0)
  x, v = random.uniform(-2, 2, (2, 300))
  rates = np.c_[v, -4 * x] + .02 * random.normal(size=(300, 2))
  np.savetxt("rates.csv",
             np.c_[x, v, rates],
             delimiter=",",
             header="x,v,dx,dv",
             comments="")
  return "rates.csv"


@pytest.mark.parametrize("columns", [[], ["--columns=x:m,v:m/s"]])
def test_a_law_of_single_states(table, columns):
  assert cli.main(["x", table, "--derivatives=dx,dv", "--out=out",
                   *columns]) == 0
  with open("out/result.json", encoding="utf-8") as file:
    record = json.load(file)
  assert record["independent_laws"] == 1 and record["prediction"] is None
  assert any("measured derivatives" in m for m in record["messages"])


@pytest.mark.parametrize("arguments, message", [
    (["rates.csv", "--derivatives=dx,dy"], "--derivatives: no column 'dy'"),
    (["--dataset=planets", "--derivatives=dx"], "names columns of a file"),
    (["rates.csv", "--derivatives=dx,dv", "--check=x"], "is for a search"),
    (["rates.csv", "--derivatives=dx,dv", "--equations=a:b"], "no order"),
])
def test_a_mistake_is_one_line(table, capsys, arguments, message):
  assert table and cli.main(["x", *arguments, "--out=out"]) == 2
  (line,) = capsys.readouterr().err.strip().splitlines()[-1:]
  assert message in line
