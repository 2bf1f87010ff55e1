"""The program from end to end, its files and its one-line errors."""

import dataclasses
import importlib.util
import json
import pathlib
import subprocess
import sys

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from benchmarks import fuzz_discover
from benchmarks import malformed
from noether_jax.app import cli
from noether_jax.app.options import parse_options
from noether_jax.data.columns import parse_columns
from noether_jax.data.files import write_atomically
from noether_jax.errors import InputError
from tests.reporting import made


def _spring(path, count=6, noise=0.):
  random = np.random.default_rng(0)
  rows = malformed.good_rows(random)
  rows = rows[rows[:, 0] < count]
  rows[:, 2:] += noise * random.normal(size=(len(rows), 2))
  text = malformed.to_csv([[int(r[0]), *r[1:]] for r in rows.tolist()])
  path.write_text(text)
  return str(path)


def _law(path):
  spec = importlib.util.spec_from_file_location("found_law", path)
  module = importlib.util.module_from_spec(spec)
  spec.loader.exec_module(module)
  return module


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
  """One whole run with a small predictor."""
  folder = tmp_path_factory.mktemp("run")
  code = cli.main([
      "noether-discover",
      _spring(folder / "data.csv"), "--columns=q:1,p:1/s", "--trial=trial",
      "--time=t:s", f"--out={folder / 'out'}", "--quick", "--steps=200"
  ])
  assert code == 0
  return folder / "out"


def test_result(finished):
  record = json.loads((finished / "result.json").read_text())
  assert record["independent_laws"] == 1
  law = record["laws"][0]
  assert law["law"] == "q^2 + p^2" and law["verdict"] == "conserved"
  assert law["terms"][1]["unit"] == "s^2"
  assert law["within_over_total"] < 1e-6
  variants = record["prediction"]["variants"]
  assert [v["name"] for v in variants] == [
      "without a law", "trained longer", "tailored, law 1", "projected, law 1"
  ]
  for kept in variants[2:]:
    assert kept["drift"] < .2 * variants[0]["drift"]
  errors = {v["name"]: v["validation_rmse"][0] for v in variants}
  assert record["recommended"] == min(errors, key=errors.get)


def test_law_file_is_the_law_in_numpy_and_jax(finished):
  module = _law(finished / "law.py")
  states = np.random.default_rng(0).normal(size=(4, 2))
  wanted = (states**2).sum(1)
  np.testing.assert_allclose(module.law_1(states), wanted, rtol=1e-9)
  np.testing.assert_allclose(jax.jit(module.laws)(jnp.asarray(states)),
                             wanted[:, None],
                             rtol=1e-9)


def test_report_is_one_file(finished):
  page = (finished / "report.html").read_text()
  assert page.count("<svg") == 6
  assert "q^2 + p^2" in page
  for name in ("quantity.png", "portrait.png", "horizon.png"):
    assert (finished / name).read_bytes().startswith(b"\x89PNG")
  assert not [p for p in finished.iterdir() if p.name.startswith(".")]


def _told(data, found):
  options = dataclasses.replace(parse_options(["x", "--quick", "--steps=20"]))
  # pylint: disable-next=protected-access
  return cli._predict(data, found, options, lambda text: None)


@pytest.mark.parametrize("changes,columns,message", [
    ({
        "timed": False
    }, "q,p", "no times, so no predictor"),
    ({}, "q,q_dot", "data lack (q_dot), so there is no predictor"),
    ({}, "p,q", "(another order of columns), so there is no predictor"),
])
def test_one_line_says_why_there_is_no_predictor(changes, columns, message):
  data = dataclasses.replace(made.data(columns="q,p"), **changes)
  found = made.found()
  law = dataclasses.replace(found.laws[0], variables=parse_columns(columns))
  outcome, why = _told(data, dataclasses.replace(found, laws=(law,)))
  assert outcome is None and message in why and "\n" not in why


def test_a_balance_law_gets_no_predictor():
  outcome, why = _told(made.data(), made.found("balance"))
  assert outcome is None and "losses or inputs change" in why


def test_a_law_of_other_columns_leaves_the_others_a_predictor():
  data = made.data(6, columns="q,p")
  found = made.found()
  law = dataclasses.replace(found.laws[0], variables=data.variables)
  other = dataclasses.replace(law, variables=parse_columns("q,q_dot"))
  outcome, why = _told(data, dataclasses.replace(found, laws=(other, law)))
  assert len(outcome.variants) == 4 and why.endswith("lack (q_dot)")


def test_no_law_removes_an_old_law(tmp_path, capsys):
  data = tmp_path / "data.csv"
  out = tmp_path / "out"
  arguments = ["x", str(data), f"--out={out}", "--nopredict"]
  _spring(data)
  assert cli.main(arguments) == 0
  assert (out / "law.py").exists()
  _spring(data, noise=5.)
  assert cli.main(arguments) == 0
  assert not (out / "law.py").exists()
  assert "verdict: no law found" in capsys.readouterr().out


@pytest.mark.parametrize("arguments,message", [
    (["missing.csv"], "missing.csv: no such file"),
    (["a.csv", "b.csv"], "a.csv: no such file"),
    (["a.csv", "--dataset=planets"], "Give a file or --dataset"),
    (["--dataset=moons"], "--dataset=moons: known ones are planets"),
    (["--dataset=planets", "--columns=x"], "brings its own"),
    (["--bogus"], "Unknown command line flag"),
    (["--degree=0"], "degree"),
    (["--rungs=moons"], "--rungs=moons: no rung has this name; rungs are "),
])
def test_mistakes_are_one_line(arguments, message, capsys):
  assert cli.main(["x", *arguments]) == 2
  errors = capsys.readouterr().err
  assert message in errors and errors.count("\n") == 1


def test_a_network_counts_and_a_formula_explains_it(tmp_path, capsys):
  out = tmp_path / "out"
  data = _spring(tmp_path / "data.csv")
  assert cli.main(["x", data, f"--out={out}", "--rungs=network",
                   "--nopredict"]) == 0
  assert "conserved quantities: 1, with a formula" in capsys.readouterr().out
  record = json.loads((out / "result.json").read_text())
  assert record["rungs"][0] == "network"
  assert record["count"]["estimate"] == record["count"]["with_formula"] == 1
  assert not record["count"]["is_open"]


def test_arguments_are_named_as_the_programs_user_wrote_them(tmp_path, capsys):
  data = _spring(tmp_path / "data.csv")
  for flag in ("--columns=z", "--trial=z", "--time=z:s"):
    assert cli.main(["x", data, flag]) == 2
    told = capsys.readouterr().err
    assert f"{flag.split('=')[0]}: no column 'z'" in told


def test_one_column_gets_a_velocity(tmp_path, capsys):
  data = _spring(tmp_path / "data.csv")
  arguments = ["x", data, "--columns=q", "--time=t", f"--out={tmp_path}"]
  assert cli.main(arguments) == 0
  told = capsys.readouterr().out
  assert "q_dot" in told and "no velocities among the columns" in told
  assert "data lack (q_dot), so there is no predictor" in told
  page = (tmp_path / "report.html").read_text()
  assert "q_dot" in page and "<svg" in page


def test_one_column_without_times_is_refused(tmp_path, capsys):
  rows = [[n, q] for n in range(3) for q in np.sin(np.arange(60.) * n + n)]
  path = tmp_path / "data.csv"
  path.write_text(malformed.to_csv(rows, ("trial", "q")))
  assert cli.main(["x", str(path), "--columns=q", "--trial=trial"]) == 2
  assert "One column of state, 'q'" in capsys.readouterr().err


def test_several_files_and_a_folder(tmp_path, capsys):
  folder = tmp_path / "runs"
  folder.mkdir()
  rows = malformed.good_rows(np.random.default_rng(0))
  for n in range(6):
    text = malformed.to_csv(rows[rows[:, 0] == n][:, 1:].tolist(),
                            ("t", "q", "p"))
    (folder / f"run{n}.csv").write_text(text)
  files = [str(f) for f in sorted(folder.iterdir())]
  for given in (files, [str(folder)]):
    assert cli.main(["x", *given, f"--out={tmp_path}", "--nopredict"]) == 0
    printed = capsys.readouterr().out
    assert ": q^2 + p^2" in printed and "6 files: each is a trial" in printed


def test_debug_raises():
  with pytest.raises(InputError, match="no such file"):
    cli.main(["x", "missing.csv", "--debug"])


def test_out_must_be_a_folder(tmp_path, capsys):
  data = _spring(tmp_path / "data.csv")
  assert cli.main(["x", data, f"--out={data}"]) == 2
  assert f"The folder {data}: File exists" in capsys.readouterr().err


def test_help_names_every_option(capsys):
  assert cli.main(["x", "--help"]) == 0
  text = capsys.readouterr().out
  for group in ("data:", "search:", "prediction:", "output:", "running:"):
    assert f"\n{group}\n" in text
  assert all(len(line) <= 80 for line in text.splitlines())


def test_the_module_is_the_program():
  done = subprocess.run([sys.executable, "-m", "noether_jax.app.cli", "--help"],
                        capture_output=True,
                        text=True,
                        check=True)
  assert done.stdout.startswith("usage: noether-discover") and not done.stderr


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
  path = tmp_path / "a"
  write_atomically(path, "old")

  def fail(*_):
    raise OSError("full")

  monkeypatch.setattr("os.replace", fail)
  with pytest.raises(OSError, match="full"):
    write_atomically(path, "new")
  assert path.read_text() == "old" and list(tmp_path.iterdir()) == [path]


def test_planets(tmp_path):
  pytest.importorskip("skyfield_data")
  pytest.importorskip("jplephem")
  assert cli.main(["x", f"--out={tmp_path}", "--nopredict"]) == 0
  record = json.loads((tmp_path / "result.json").read_text())
  laws = {w["terms"][0]["term"]: w for w in record["laws"]}
  energy = laws["|v|^2"]
  assert [t["term"] for t in energy["terms"]] == ["|v|^2", "1/|r|"]
  gm = -energy["terms"][1]["coefficient"] / 2
  assert abs(gm / 2.9591220828e-4 - 1) < 1e-4
  assert energy["terms"][1]["unit"] == "AU^3/day^2"
  assert "x*vy - " in laws["x*vy"]["law"]


@pytest.mark.parametrize("number", range(0, 81, 9))
def test_slice_of_the_fuzzing(number, tmp_path: pathlib.Path):
  case = malformed.cases()[number]
  result = fuzz_discover.run_case(case, number, tmp_path)
  assert not result["wrong"]


def test_check_writes_a_verdict(tmp_path, capsys):
  data = _spring(tmp_path / "data.csv", noise=.01)
  shared = ["--columns=q:1,p:1", "--trial=trial", "--time=t:s"]
  for formula, verdict in (("q**2 + p**2", "conserved"),
                           ("q**2", "not conserved"), ("p", "not conserved")):
    out = tmp_path / "out"
    assert cli.main(["x", data, *shared, f"--check={formula}",
                     f"--out={out}"]) == 0
    assert f"verdict: {verdict}\n" in capsys.readouterr().out
    record = json.loads((out / "result.json").read_text())
    assert record["quantity"] == formula and record["verdict"] == verdict
    names = {p.name for p in out.iterdir()}
    assert names == {"result.json", "report.html", "quantity.png"}


@pytest.mark.parametrize("arguments,message", [
    (("--check=q + x",), "no column 'x'"),
    (("--check=q + p",), "units clash in 'q + p': 1 and 1/s"),
    (("--check=",), "cannot be read"),
    (("--check=q", "--degree=2"), "--degree is for a search"),
    (("--check=q", "--rungs=linear"), "--rungs is for a search"),
])
def test_mistakes_in_a_check(arguments, message, tmp_path, capsys):
  data = _spring(tmp_path / "data.csv")
  assert cli.main(
      ["x", data, "--columns=q:1,p:1/s", "--trial=trial", *arguments]) == 2
  errors = capsys.readouterr().err
  assert message in errors and "Traceback" not in errors
