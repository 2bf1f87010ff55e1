"""Equations of motion from the shell, terms of one's own, known laws."""

import json

import numpy as np
import pytest

from noether_jax.app import cli
from tests.app.test_cli import _spring

_ORBITS = """
def rates(state):
  x, y, vx, vy = state
  cube = (x * x + y * y)**1.5
  return [vx, vy, -x / cube, -y / cube]

def broken(state):
  return state[7]

def short(state):
  return state[:2]

number = 3
"""


@pytest.fixture(name="states")
def _states(tmp_path, monkeypatch):
  """A file of states, in a folder with equations for them."""
  random = np.random.default_rng(0)
  monkeypatch.chdir(tmp_path)
  (tmp_path / "wandering_orbits.py").write_text(_ORBITS)
  (tmp_path / "fails_at_import.py").write_text("raise SystemExit(1)")
  table = random.uniform(-2., 2., (300, 4))
  np.savetxt("states.csv",
             table,
             delimiter=",",
             header="x,y,vx,vy",
             comments="")
  return "states.csv"


def _record(arguments):
  assert cli.main(["x", *arguments, "--out=out"]) == 0
  with open("out/result.json", encoding="utf-8") as file:
    return json.load(file)


def test_laws_of_equations(states, capsys):
  record = _record([states, "--equations=wandering_orbits:rates"])
  told = capsys.readouterr()
  assert "300 states" in told.err and "no predictor" not in told.out
  assert record["independent_laws"] == 3 and record["prediction"] is None
  assert "x*vy - y*vx" in [law["law"] for law in record["laws"]]


def test_a_known_law_of_equations_is_left_out(states, capsys):
  record = _record([
      states, "--equations=wandering_orbits:rates",
      "--known=(x*vy - y*vx)**2; vx^2 + vy^2 - 2/sqrt(x^2 + y^2)"
  ])
  assert record["independent_laws"] == 1
  told = capsys.readouterr().out
  assert "known, so not looked for: (x*vy - y*vx)**2, vx^2 + vy^2" in told


@pytest.mark.parametrize("arguments,message", [
    (["--equations=wandering_orbits"], "write module:function"),
    (["--equations=wandering_orbits:number"], "has no function 'number'"),
    (["--equations=wandering_orbits:none"], "has no function 'none'"),
    (["--equations=no_such_module:f"], "ModuleNotFoundError"),
    (["--equations=fails_at_import:f"], "cannot be imported: SystemExit"),
    (["--equations=wandering_orbits:broken"], "fail at state 1 of 300"),
    (["--equations=wandering_orbits:short"], "one rate for each column"),
    (["--equations=wandering_orbits:rates", "--time=x"], "--trial, --time"),
    (["--equations=wandering_orbits:rates", "--trial=x"], "--trial, --time"),
    (["--equations=wandering_orbits:rates", "--check=x"
     ], "--equations is for a search"),
    (["--equations=wandering_orbits:rates", "--known=z"], "no column 'z'"),
    (["--equations=wandering_orbits:rates", "--terms=z"], "no column 'z'"),
])
def test_mistakes_with_equations_are_one_line(arguments, message, states,
                                              capsys):
  assert cli.main(["x", states, *arguments, "--out=out"]) == 2
  told = [
      line for line in capsys.readouterr().err.splitlines()
      if not line.startswith("[")
  ]
  assert len(told) == 1 and message in told[0]


def test_equations_need_a_file(capsys):
  assert cli.main(["x", "--equations=math:sqrt"]) == 2
  assert "--equations needs a file of states" in capsys.readouterr().err


def test_terms_of_ones_own(tmp_path, capsys):
  """x'' = v^2/4 - x: exp(-x/2) v^2 and exp(-x/2) (x + 2) make the law."""
  random = np.random.default_rng(0)
  (tmp_path /
   "wind.py").write_text("def rates(s):\n  return [s[1], s[1]**2 / 4 - s[0]]\n")
  file = tmp_path / "states.csv"
  np.savetxt(file,
             random.uniform(-2., 2., (200, 2)),
             delimiter=",",
             header="x,v",
             comments="")
  out = tmp_path / "out"
  with pytest.MonkeyPatch.context() as patch:
    patch.chdir(tmp_path)
    assert cli.main([
        "x",
        str(file), "--equations=wind:rates",
        "--terms=exp(-x/2)*v^2; x*exp(-x/2); exp(-x/2)", f"--out={out}"
    ]) == 0
  told = capsys.readouterr()
  assert "own: 8 terms" in told.err
  (law,) = json.loads((out / "result.json").read_text())["laws"]
  found = {t["term"]: t["coefficient"] for t in law["terms"]}
  scale = found["exp(-x/2)*v^2"]
  # d/dt (e^(-x/2) v^2) = -2 x v e^(-x/2), and that of (x + 2) is -x v/2.
  np.testing.assert_allclose(found["x*exp(-x/2)"] / scale, -4., rtol=1e-6)
  np.testing.assert_allclose(found["exp(-x/2)"] / scale, -8., rtol=1e-6)


def test_a_known_law_of_a_file(tmp_path, capsys):
  data = _spring(tmp_path / "data.csv")
  arguments = [
      data, "--columns=q,p", "--trial=trial", "--time=t", "--known=q^2 + p^2",
      "--certify", "--nopredict", f"--out={tmp_path}"
  ]
  assert cli.main(["x", *arguments]) == 0
  told = capsys.readouterr().out
  assert "no law found" in told and "known, so not looked for" in told
