"""Comparing runs of experiments with frames whose settings differ."""

import json

import numpy as np
import pytest

from experiments.frames import compare
from experiments.frames.rows import CONTROL
from experiments.frames.rows import NOETHER


def row(name, seed, error):
  return {
      "row": name,
      "seed": seed,
      "inner_steps": 1,
      "mse": [error / 2, error],
      "psnr": [20., 10.],
      "ssim": [.9, .8],
      "training_seconds": 5.
  }


@pytest.fixture
def run(tmp_path):

  def write(name, rows, **settings):
    out = tmp_path / name
    out.mkdir()
    known = {
        "control_factor": 3.5,
        "steps": 10,
        "inner_rate": .1,
        "num_train": None,
        "seeds": 2
    }
    results = {"settings": known | settings, "rows": rows}
    (out / "results.json").write_text(json.dumps(results))
    return str(out)

  return write


@pytest.fixture
def base(run):
  return run("base", [
      row(name, seed, error)
      for seed in (0, 1)
      for name, error in ((CONTROL, seed + 1.), (NOETHER, seed + 2.))
  ])


def compared(tmp_path, base, *others):
  out = tmp_path / "out"
  code = compare.main([
      "compare", f"--base={base}", f"--out={out}",
      *(f"--other={other}" for other in others)
  ])
  return code, out


def test_a_run_borrows_the_control_of_the_same_seed(tmp_path, base, run,
                                                    capsys):
  # Only the second seed: the base's first one is easier.
  other = run("other", [row(NOETHER, 1, 1.)], inner_rate=1., seeds=1)
  code, out = compared(tmp_path, base, other)
  assert code == 0
  lines = (out / "table.md").read_text().splitlines()
  cells = [[cell.strip() for cell in line.split("|")[1:7]] for line in lines]
  assert [cell[0] for cell in cells[2:]
         ] == [CONTROL, NOETHER, f"{NOETHER}; inner_rate=1.0"]
  assert float(cells[3][3]) == np.mean([2 / 1, 3 / 2])
  assert cells[4][3:] == ["0.500", "0.000", "1/1"]
  assert (out / "table.txt").read_text() == capsys.readouterr().out


def test_a_run_with_its_own_control_is_measured_against_it(tmp_path, base, run):
  rows = [row(CONTROL, 0, 4.), row(NOETHER, 0, 1.)]
  code, out = compared(tmp_path, base, run("few", rows, num_train=5))
  assert code == 0
  last = (out / "table.md").read_text().splitlines()[-1]
  assert last.startswith(f"| {NOETHER}; num_train=5 | 1 | 1 | 0.250 |")


@pytest.mark.parametrize("settings, message", [
    ({
        "steps": 20
    }, "other steps needs a control of its own"),
    ({
        "control_factor": 2.,
        "steps": 20
    }, "other control_factor, steps needs"),
])
def test_what_the_control_depends_on_needs_one(settings, message, tmp_path,
                                               base, run, capsys):
  other = run("other", [row(NOETHER, 0, 1.)], **settings)
  assert compared(tmp_path, base, other)[0] == 2
  assert message in capsys.readouterr().err


def test_every_seed_needs_a_control(tmp_path, base, run, capsys):
  other = run("other", [row(NOETHER, s, 1.) for s in (1, 2, 3)])
  assert compared(tmp_path, base, other)[0] == 2
  assert f"no row '{CONTROL}' of seeds 2, 3" in capsys.readouterr().err


def test_settings_that_rows_with_g_depend_on_are_named(tmp_path, base, run):
  other = run("other", [row(NOETHER, 0, 1.)], chosen_up_to=5, seeds=1)
  code, out = compared(tmp_path, base, other)
  assert code == 0
  last = (out / "table.md").read_text().splitlines()[-1]
  assert last.startswith(f"| {NOETHER}; chosen_up_to=5 | 1 | 1 | 1.000 |")


def test_folders_must_hold_results(tmp_path, base, capsys):
  assert compared(tmp_path, tmp_path / "none")[0] == 2
  assert "none has no results.json" in capsys.readouterr().err
  (tmp_path / "results.json").write_text('{"rows')
  assert compared(tmp_path, base, tmp_path)[0] == 2
  assert "results.json is damaged" in capsys.readouterr().err
  (tmp_path / "results.json").write_text("{}")
  assert compared(tmp_path, base, tmp_path)[0] == 2
  assert "not of an experiment with frames" in capsys.readouterr().err
  assert compare.main(["compare", f"--out={tmp_path / 'out'}"]) == 2
  assert "--base is needed" in capsys.readouterr().err
