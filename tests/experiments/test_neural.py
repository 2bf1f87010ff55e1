"""The neural study: measures, the program end to end, resuming, mistakes."""

import json
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from experiments.common import tables as common
from experiments.neural import config as configs
from experiments.neural import data
from experiments.neural import ideas
from experiments.neural import judging
from experiments.neural import main
from experiments.neural import measures
from experiments.neural import rows
from experiments.neural import tables
from tests.experiments.test_scientific import fixture_real_dir  # noqa: F401

RECIPES = ["control", "precise g", "final", "oracle", "discovered formula"]


def run(out, *flags):
  # The control is measured with them: all ratios are to it.
  chosen = [f"--recipe={name}" for name in RECIPES if name != rows.CONTROL]
  return main.main([
      "neural", "--quick", "--seeds=2", "--trajectories=6", "--noise=0.1",
      f"--out={out}", *chosen, *flags
  ])


def check_everything_is_written(folder):
  results = json.loads((folder / "results.json").read_text())
  assert [row["row"] for row in results["rows"]
         ] == [name for name in rows.ROWS if name in RECIPES]
  for row in results["rows"]:
    assert len(row["long"]) == len(row["short"]) == len(row["drift"]) == 2
  assert (folder / "ratios.png").read_bytes().startswith(b"\x89PNG")
  text, markdown = (
      (folder / f"table.{end}").read_text() for end in ("txt", "md"))
  assert len(text.splitlines()) == 3 + len(RECIPES)
  assert len(markdown.splitlines()) == 2 + len(RECIPES)


def check_the_oracle_keeps_the_energy_and_knows_it(folder):
  named = {
      row["row"]: row
      for row in json.loads((folder / "results.json").read_text())["rows"]
  }
  oracle, control = named["oracle"], named["control"]
  assert np.all(np.array(oracle["drift"]) < 0.1 * np.array(control["drift"]))
  np.testing.assert_allclose(oracle["spearman between paths"], 1., rtol=1e-12)
  # Between paths all ranks are equal. Along one, g and the law vary by rounding
  # errors of float32, which are the same in both only if XLA compiles both
  # alike (jax 0.12 does less of that than 0.10: 0.9897 here instead of 0.9931).
  # If they are independent, 1 - 1 / M^2 of the rank correlation is left with M
  # paths.
  paths = configs.make(quick=True).num_test
  assert min(oracle["spearman"]) > 1 - 1 / paths**2
  np.testing.assert_allclose(oracle["r2"], 1., atol=1e-5)
  assert oracle["r2 energy"] == oracle["r2"]
  assert max(oracle["angle"]) < 0.1 and max(oracle["within_total"]) < 1e-5
  learned = named["precise g"]
  assert max(learned["angle"]) < 5 and max(learned["within_total"]) < 0.05


def check_the_same_command_goes_on_and_others_are_refused(folder, capsys):
  before = (folder / "results.json").stat().st_mtime_ns
  trained = (folder / "control.npz").stat().st_mtime_ns
  assert run(folder) == 0
  assert (folder / "results.json").stat().st_mtime_ns > before
  assert (folder / "control.npz").stat().st_mtime_ns == trained
  assert run(folder, "--noise=0.2") == 2
  line = capsys.readouterr().err.strip().splitlines()[-1]
  assert line.startswith("neural: --out=") and "other settings" in line


@pytest.mark.slow
def test_a_run_of_the_program(tmp_path, capsys):
  before = jax.config.jax_numpy_rank_promotion
  assert run(tmp_path) == 0
  jax.config.update("jax_numpy_rank_promotion", before)
  check_everything_is_written(tmp_path)
  check_the_oracle_keeps_the_energy_and_knows_it(tmp_path)
  check_the_same_command_goes_on_and_others_are_refused(tmp_path, capsys)


@pytest.mark.parametrize("flags, message", [
    (["--system=moon"], "moon"),
    (["--noise=-1"], "noise"),
    (["--recipe=magic"], "magic"),
    (["stray"], "unexpected arguments: stray"),
    (["--trajectories=3"], "trajectories"),
    (["--system=real_pendulum", "--noise=0.2"
     ], "--noise is for simulated systems"),
])
def test_a_mistake_is_one_line(flags, message, tmp_path, capsys):
  assert main.main(["neural", f"--out={tmp_path}", *flags]) == 2
  err = capsys.readouterr().err
  assert message in err and len(err.strip().splitlines()) == 1


def test_the_measured_series_becomes_paths_without_gaps(tmp_path, real_dir):
  made = data.measured([3, 4],
                       stretch=4,
                       data_dir=tmp_path,
                       manual_dir=real_dir)
  count = made.states.shape[1]
  assert count >= 2
  assert made.states.shape == (2, count, data.WINDOW,
                               2) == made.derivatives.shape
  assert np.all(np.isfinite(made.states)) and not np.any(made.sigma)
  assert made.noisy and not made.shifted
  # Where the angle is smooth, its derivative is the measured velocity.
  turned, speed = made.derivatives[0, ..., 0], made.smooth[0, ..., 1]
  assert np.corrcoef(turned.ravel(), speed.ravel())[0, 1] > 0.99
  moved = np.abs(made.states - made.smooth)
  assert 0 < np.median(moved) < 0.1 * np.std(made.states)


@pytest.mark.slow
def test_the_measured_pendulum_runs(tmp_path, real_dir, capsys):
  out = tmp_path / "out"
  assert main.main([
      "neural", "--quick", "--seeds=1", "--system=real_pendulum",
      "--recipe=final", f"--out={out}", f"--data_dir={tmp_path / 'data'}",
      f"--manual_dir={real_dir}"
  ]) == 0
  results = json.loads((out / "results.json").read_text())
  assert results["settings"]["noise"] is None
  assert len(results["rows"]) == 2


@pytest.mark.slow
@pytest.mark.parametrize("system, names", [
    ("pendulum", list(ideas.IDEAS)),
    ("kepler", ["ensemble of g, damped, denoised states"]),
])
def test_the_ideas_run(system, names, tmp_path):
  out = tmp_path / "out"
  wanted = [f"--recipe={name}" for name in names]
  assert main.main([
      "neural", "--quick", "--seeds=1", "--trajectories=4",
      f"--system={system}", f"--out={out}", *wanted
  ]) == 0
  rows = json.loads((out / "results.json").read_text())["rows"]
  assert [row["row"] for row in rows] == ["control", *names]


def test_an_interruption_says_how_to_go_on(monkeypatch, tmp_path, capsys):

  def interrupt(*args, **kwargs):
    raise KeyboardInterrupt

  monkeypatch.setattr(main, "_evaluate", interrupt)
  assert run(tmp_path) == 130
  line = capsys.readouterr().err.strip().splitlines()[-1]
  assert line == "neural: interrupted; the same command goes on from here."


def test_out_is_needed(capsys):
  assert main.main(["neural"]) == 2
  assert "--out is needed" in capsys.readouterr().err


def test_a_quadratic_read_out_is_exact_where_it_can_be():
  g = np.random.default_rng(0).normal(size=(40, 2))
  laws = np.stack([g[:, 0] * g[:, 1] - 2, g[:, 0]**2 + g[:, 1]], -1)
  np.testing.assert_allclose(
      measures.read_out(g[:20], laws[:20], g[20:], laws[20:]), 1.)
  unknown = np.random.default_rng(1).normal(size=(20, 1))
  assert measures.read_out(g[:20], laws[:20, :1], g[20:], unknown)[0] < 0.5


@pytest.mark.parametrize("trajectories, kinds", [(19, 2), (20, 3)])
def test_few_trajectories_do_not_show_what_happens_beyond_them(
    trajectories, kinds):
  study = types.SimpleNamespace(
      config=configs.make(),
      data=types.SimpleNamespace(states=np.zeros((1, trajectories, 2, 2))))
  assert judging._kinds(study) == judging.KINDS[:kinds]


def test_rounding_is_no_win():
  base = {"drift": [0.] * 3, "seconds": 1., "short": [1.] * 3}
  body = tables.cells([{
      "row": "control",
      **base, "long": [1., 1., 1.]
  }, {
      "row": "final",
      **base, "long": [1 - 1e-6, .9, 1.1]
  }])
  assert body[1][6] == "1/3"


def test_the_table_says_when_a_rollout_diverged():
  base = {"short": [1.], "long": [1.], "drift": [0.], "seconds": 1.}
  body = tables.cells([{
      "row": "control",
      **base
  }, {
      "row": "bad",
      **base, "long": [None]
  }])
  assert body[1][4] == "inf" and "nan" in common.text(tables.HEADER, body)


@pytest.mark.parametrize("factor, chosen, guard", [
    ([.5, .5, .5, .5, .5], 3, False),
    ([.99, .9, 1.15, .98, .97], 2, True),
    ([2., 2., 2., 2., 2.], 2, True),
])
def test_tailoring_everywhere_must_be_surely_better(factor, chosen, guard):
  """Candidates: the control, f alone, and two fractions of the step."""
  plain = np.array([1., 2., 3., 4., 5.])
  near = np.stack([plain, plain * .9, plain * .6, plain * .7])
  everywhere = np.stack(
      [plain, plain * .9, near[2] * 1.1, near[2] * np.array(factor)])
  beyond = near * np.array([1., 1.1, 1.1, 1.1])[:, None]
  twice = lambda errors: judging._Judged(jnp.array(errors), jnp.array(errors))
  for order, kind in (((near, beyond), 0), ((beyond, near), 1)):
    found = judging._chosen((*map(twice, order), twice(everywhere)))
    assert (int(found[0]), int(found[1])) == (chosen, kind if guard else 2)
    # With few trajectories it is no candidate, however good it looks.
    few = judging._chosen(tuple(map(twice, order)))
    assert (int(few[0]), int(few[1])) == (2, kind)
  # Nothing daring where what is careful does not surely help.
  careful = twice(np.stack([plain, plain, plain * 2, plain * 2]))
  bold = judging._chosen((careful, twice(beyond), twice(everywhere)))
  assert (int(bold[0]), int(bold[1])) == (0, 0)
  gain = -np.mean(np.log((near if guard else everywhere)[chosen] / plain))
  np.testing.assert_allclose(found[2], gain, rtol=1e-6)
