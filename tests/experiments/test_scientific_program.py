"""The scientific experiment's program: stages, tables, files, mistakes."""

import dataclasses
import json
import re

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from datasets.schmidt_lipson import files
from experiments.common import stages as stages_lib
from experiments.common import tables as common
from experiments.scientific import config as configs
from experiments.scientific import experiment as experiment_lib
from experiments.scientific import laws
from experiments.scientific import main
from experiments.scientific import rows
from experiments.scientific import tables
from noether_jax.errors import InputError
from tests.experiments.test_scientific import fixture_real_dir  # noqa: F401
from tests.experiments.test_scientific import interrupted


def row_of(name, errors, **new):
  return {
      "row": name,
      "formulas": [],
      "rmse": errors,
      "final_mse": errors,
      "drift": errors,
      **new
  }


def test_stages_count_for_themselves_and_survive(tmp_path, monkeypatch):
  clock = iter([0.0, 1.0, 4.0, 10.0])
  monkeypatch.setattr(stages_lib.time, "perf_counter", lambda: next(clock))
  stages = stages_lib.Stages(tmp_path)
  with stages.stage("outer") as counts:
    counts["things"] = 2
    with stages.stage("inner"):
      pass
  assert stages_lib.Stages(tmp_path).records == [{
      "name": "inner",
      "seconds": 3.0
  }, {
      "name": "outer",
      "seconds": 7.0,
      "things": 2
  }]


def test_kept_arrays_are_not_made_again(tmp_path):
  like = {"a": jnp.zeros((2, 3)), "b": jnp.zeros(1, jnp.int32)}
  made = {"a": jnp.arange(6.0).reshape(2, 3), "b": jnp.ones(1, jnp.int32)}
  first = stages_lib.Stages(tmp_path)
  with pytest.raises(KeyboardInterrupt):
    first.kept("weights", interrupted, like)
  assert not first.records and not list(tmp_path.glob("*.npz"))
  first.kept("weights", lambda counts: made, like)
  again = stages_lib.Stages(tmp_path).kept("weights", interrupted, like)
  jax.tree.map(np.testing.assert_array_equal, again, made)


def test_kept_arrays_that_do_not_fit_are_refused(tmp_path):
  stages = stages_lib.Stages(tmp_path)
  stages.kept("weights", lambda counts: jnp.ones(3), jnp.zeros(3))
  with pytest.raises(InputError, match="does not hold the arrays"):
    stages.kept("weights", interrupted, jnp.zeros(4))
  path = tmp_path / "weights.npz"
  path.write_bytes(path.read_bytes()[:-40])
  with pytest.raises(InputError, match="is damaged: delete it"):
    stages.kept("weights", interrupted, jnp.zeros(3))


def test_a_source_of_laws_brings_its_rows(monkeypatch):
  before = rows.names("spring")
  monkeypatch.setitem(rows.LAWS, "found", lambda e: laws.true(e.system, 2))
  added = [name for name in rows.names("spring") if name not in before]
  assert added == [f"{name} (found)" for name in rows.WITH_LAW]
  assert "vanilla, central differences" not in before
  assert "vanilla, central differences" in rows.names("real_pendulum")


def test_the_table_pairs_by_seed():
  body = tables.cells(
      [row_of("vanilla", [1., 2., 4.]),
       row_of("control", [.5, 3., 4.])])
  assert body[1][4:8] == ("1.000", "0.408", "1/3", "1.000")


def test_a_diverged_seed_is_no_win_and_shows():
  body = tables.cells([
      row_of("vanilla", [1., 2.]),
      row_of("control", [.5, None], formulas=["a", "b"])
  ])
  assert body[1][1] == "a (seed 0; 2 different)"
  assert body[1][2:7] == ("inf", "nan", "inf", "nan", "1/2")


def test_small_and_large_numbers_show():
  body = tables.cells([row_of("vanilla", [2e-5]), row_of("HNN", [3e4])])
  assert body[0][2] == "2.0e-05" and body[1][2] == "3.0e+04"
  assert body[1][3] == "0.0000"


def test_the_columns_of_the_text_are_aligned():
  body = tables.cells([row_of("vanilla", [1e6]), row_of("a long name", [2.0])])
  lines = common.text(tables.HEADER, body, left=2).splitlines()
  assert len(lines) == 5
  ends = {
      line.index(value) + len(value)
      for line, value in ((lines[3], "1.0e+06"), (lines[4], "2.0000"))
  }
  assert len(ends) == 1
  assert common.markdown(tables.HEADER, body[:1]).count("\n") == 3


def run(out, *arguments):
  return main.main(["scientific", "--seeds=1", f"--out={out}", *arguments])


@pytest.fixture(name="short")
def fixture_short(monkeypatch):
  """Protocols of a few steps."""
  short = {
      name:
          dataclasses.replace(config,
                              steps=3,
                              fine_steps=2,
                              trajectories=6,
                              inner_rates=(0.1,))
      for name, config in configs.PROTOCOLS.items()
  }
  monkeypatch.setattr(configs, "PROTOCOLS", short)


def test_the_program_resumes_and_keeps_settings_apart(tmp_path, short, capsys,
                                                      monkeypatch):
  run(tmp_path, "--row=control")
  stored = (tmp_path / "row_vanilla.json").read_bytes()
  monkeypatch.setattr(experiment_lib, "fit", interrupted)
  run(tmp_path, "--row=SINDy", "--row=projection (oracle)")
  assert (tmp_path / "row_vanilla.json").read_bytes() == stored
  results = json.loads((tmp_path / "results.json").read_text())
  assert [row["row"] for row in results["rows"]
         ] == ["vanilla", "control", "SINDy", "projection (oracle)"]
  assert results["system"] == "pendulum" and results["versions"]["jax"]
  assert "nan" not in (tmp_path / "table.txt").read_text().splitlines()[-1]
  done = {stage["name"]: stage for stage in results["stages"]}
  assert done["vanilla training"]["steps"] == 3
  assert done["rollouts: vanilla"]["rollouts"] == 3
  assert results["seconds"] == pytest.approx(sum(
      stage["seconds"] for stage in done.values()),
                                             abs=0.1)
  assert (tmp_path / "table.txt").read_text() in capsys.readouterr().out
  assert run(tmp_path, "--system=spring") == 2
  assert "results of other settings" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("system, protocol", [
    ("spring", "paper"),
    ("pendulum", "physics"),
    ("real_pendulum", "paper"),
    ("real_pendulum", "physics"),
])
def test_all_rows_run(tmp_path, short, real_dir, system, protocol):
  out = tmp_path / "out"
  run(out, f"--system={system}", f"--protocol={protocol}",
      f"--data_dir={tmp_path / 'data'}", f"--manual_dir={real_dir}")
  results = json.loads((out / "results.json").read_text())
  assert [row["row"] for row in results["rows"]] == rows.names(system)
  assert sorted(p.name for p in out.glob("*.png")) == [
      "horizon.png", "portrait.png", "ratios.png"
  ]


def test_training_that_fails_costs_one_row(tmp_path, short, monkeypatch):

  def diverged(e):
    raise FloatingPointError("the loss of a seed is not finite")

  monkeypatch.setitem(rows.WITHOUT_LAW, "HNN", diverged)
  run(tmp_path, "--row=vanilla", "--row=HNN")
  results = json.loads((tmp_path / "results.json").read_text())
  assert results["rows"][2]["failed"] == "the loss of a seed is not finite"
  assert results["rows"][2]["rmse"] == [None]


@pytest.mark.parametrize(
    "arguments, message",
    [(["--row=none"], "--row=none: the rows are vanilla; "),
     (["--system=moon"], "flag --system=moon: value should be one of"),
     (["more"], "unexpected arguments: more"),
     (["--system=real_pendulum", "--manual_dir=/nowhere"
      ], "real_pend_h_1.txt is missing: .* pass --manual_dir=FOLDER")])
def test_a_mistake_gives_one_line(tmp_path, capsys, monkeypatch, arguments,
                                  message):
  file = files.FILES["real_pend_h_1"]
  source = dataclasses.replace(file.source, url="file:///nowhere.zip")
  monkeypatch.setitem(files.FILES, "real_pend_h_1",
                      dataclasses.replace(file, source=source))
  assert run(tmp_path / "out", *arguments,
             f"--data_dir={tmp_path / 'data'}") == 2
  told = capsys.readouterr().err
  assert told.count("\n") == 1
  assert re.search(message, told)


def test_an_interruption_is_told_in_one_line(tmp_path, short, capsys,
                                             monkeypatch):
  monkeypatch.setattr(experiment_lib, "fit", interrupted)
  assert run(tmp_path, "--row=vanilla") == 130
  assert capsys.readouterr().err.endswith("goes on from here.\n")
  assert not (tmp_path / "results.json").exists()
